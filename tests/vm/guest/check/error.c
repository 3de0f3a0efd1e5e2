/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.c - the errno table of CIOCCRYPT, row by row, and that a session is as
 * good as before after each refusal.
 *
 * Where the known implementation crashes (NULL and unwritable buffers), EFAULT
 * or EINVAL is right.
 */
#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

struct fixture {
	int fd;
	uint32_t cbc, ecb, ctr, null;
	uint8_t *bad, *ro;
	uint8_t out[4096], iv[16];
};

static void fixture_make(struct fixture *f)
{
	f->fd = must_open();
	f->cbc = must_session(f->fd, CRYPTO_AES_CBC);
	f->ecb = must_session(f->fd, CRYPTO_AES_ECB);
	f->ctr = must_session(f->fd, CRYPTO_AES_CTR);
	expect_ret(0, dev_session(f->fd, CRYPTO_NULL, NULL, 0, &f->null));
	f->bad = bad_page();
	f->ro = readonly_page(0x21);
	memcpy(f->iv, test_iv, 16);
}

static void bad_lengths(void)
{
	struct fixture f;

	fixture_make(&f);
	for (size_t len = 1; len <= 200; len++) {
		int want = len % 16 ? -EINVAL : 0;

		for (unsigned int op = 0; op < 2; op++) {
			memset(f.out, 0x61, sizeof(f.out));
			int err = dev_crypt(f.fd, f.cbc, op, 0, f.ro, f.out, len, f.iv);

			expect(err == want, "CBC, %zu bytes: %s", len, strerror(-err));
			expect(!want || f.out[0] == 0x61, "refused, but there is output");
			err = dev_crypt(f.fd, f.ecb, op, 0, f.ro, f.out, len, NULL);
			expect(err == want, "ECB, %zu bytes: %s", len, strerror(-err));
			err = dev_crypt(f.fd, f.ctr, op, 0, f.ro, f.out, len, f.iv);
			expect(!err, "CTR, %zu bytes: %s", len, strerror(-err));
			err = dev_crypt(f.fd, f.null, op, 0, f.ro, f.out, len, NULL);
			expect(!err, "NULL, %zu bytes: %s", len, strerror(-err));
		}
	}
	expect_ret(-EINVAL, dev_crypt(f.fd, f.cbc, 0, 0, f.ro, f.out, 0xffffffff, f.iv));
	expect_ret(-EINVAL, dev_crypt(f.fd, f.cbc, 0, 0, f.ro, f.out, 0x80000001, f.iv));
	must_answer(f.fd, f.cbc);
}

/* Nothing to do is done, whatever the pointers say. */
static void zero_length(void)
{
	struct fixture f;

	fixture_make(&f);
	const uint32_t all[] = {f.cbc, f.ecb, f.ctr, f.null};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (unsigned int op = 0; op < 2; op++) {
			expect_ret(0, dev_crypt(f.fd, all[i], op, 0, test_pt, f.out, 0, f.iv));
			expect_ret(0, dev_crypt(f.fd, all[i], op, 0, NULL, NULL, 0, f.iv));
			expect_ret(0, dev_crypt(f.fd, all[i], op, 0, NULL, NULL, 0, NULL));
			expect_ret(0, dev_crypt(f.fd, all[i], op, 0, f.bad, f.bad, 0, f.iv));
			expect_ret(0, dev_crypt(f.fd, all[i], op, 0, f.ro, f.ro, 0, f.iv));
		}
	}
	must_answer(f.fd, f.cbc);
}

static void bad_op(void)
{
	static const unsigned int ops[] = {2, 3, 4, 0xff, 0x100, 0x101, 0x8000, 0xffff};
	struct fixture f;

	fixture_make(&f);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		expect_ret(-EINVAL, dev_crypt(f.fd, f.cbc, ops[i], 0, test_pt, f.out, 64, f.iv));
		expect_ret(-EINVAL, dev_crypt(f.fd, f.null, ops[i], 0, test_pt, f.out, 64, NULL));
	}
	must_answer(f.fd, f.cbc);
}

static void unknown_session(void)
{
	struct fixture f;
	int empty = must_open();

	fixture_make(&f);
	expect_ret(-EINVAL, dev_crypt(empty, f.cbc, 0, 0, test_pt, f.out, 64, f.iv));
	expect_ret(-EINVAL, dev_crypt(empty, 0, 0, 0, test_pt, f.out, 0, NULL));
	expect_ret(-EINVAL, dev_crypt(f.fd, 0, 0, 0, test_pt, f.out, 64, f.iv));
	expect_ret(-EINVAL, dev_crypt(f.fd, 0xffffffff, 0, 0, test_pt, f.out, 64, f.iv));
	expect_ret(0, dev_end(f.fd, f.cbc));
	expect_ret(-EINVAL, dev_crypt(f.fd, f.cbc, 0, 0, test_pt, f.out, 64, f.iv));
	expect_ret(0, dev_crypt(f.fd, f.ctr, 0, 0, test_pt, f.out, 64, f.iv));
}

/* Every way a source or destination can be wrong, in small and large, copied and mapped. */
static void bad_buffers(void)
{
	static const size_t lens[] = {16, 64, 4096, 8192, 65536, 262144, 4u << 20};
	static const unsigned int flags[] = {0, COP_FLAG_NO_ZC, COP_FLAG_WRITE_IV};
	struct fixture f;
	uint8_t *big = must_map(4u << 20);

	fixture_make(&f);
	/* far from anything mapped, in the kernel's half, not canonical, around the top */
	uint8_t *const nowhere[] = {
	    NULL,
	    f.bad,
	    (uint8_t *)16,
	    (uint8_t *)-4096L,
	    (uint8_t *)-1L,
	    (uint8_t *)0x4000000000000000,
	    (uint8_t *)0xffffc00000000000,
	    (uint8_t *)0x7ffffffff000,
	};
	for (size_t n = 0; n < ARRAY_SIZE(nowhere); n++) {
		for (size_t i = 0; i < ARRAY_SIZE(lens) * ARRAY_SIZE(flags); i++) {
			size_t len = lens[i / ARRAY_SIZE(flags)];
			unsigned int flag = flags[i % ARRAY_SIZE(flags)];

			expect_refused(dev_crypt(f.fd, f.cbc, 0, flag, nowhere[n], big, len, f.iv));
			expect_refused(dev_crypt(f.fd, f.cbc, 0, flag, big, nowhere[n], len, f.iv));
			expect_refused(
			    dev_crypt(f.fd, f.ctr, 1, flag, nowhere[n], nowhere[n], len - 1, f.iv));
			expect_refused(
			    dev_crypt(f.fd, f.null, 0, flag, big, nowhere[n], len, f.iv));
		}
		must_answer(f.fd, f.cbc);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lens) && lens[i] <= 4096; i++) {
		expect_refused(dev_crypt(f.fd, f.cbc, 0, 0, big, f.ro, lens[i], f.iv));
		expect_refused(dev_crypt(f.fd, f.cbc, 0, 0, f.ro, f.ro, lens[i], f.iv));
	}
	must_answer(f.fd, f.cbc);
}

static void bad_iv(void)
{
	struct fixture f;
	struct guard g;

	fixture_make(&f);
	expect_ret(-EFAULT, dev_crypt(f.fd, f.cbc, 0, 0, test_pt, f.out, 64, f.bad));
	expect_ret(-EFAULT, dev_crypt(f.fd, f.ctr, 0, 0, test_pt, f.out, 64, f.bad));
	expect_ret(-EFAULT, dev_crypt(f.fd, f.cbc, 0, 0, test_pt, f.out, 64, (void *)-4096L));
	expect_ret(-EFAULT,
		   dev_crypt(f.fd, f.cbc, 0, COP_FLAG_WRITE_IV, test_pt, f.out, 64, f.bad));
	guard_make(&g, 15, true);
	expect_ret(-EFAULT, dev_crypt(f.fd, f.cbc, 0, 0, test_pt, f.out, 64, g.buf));
	guard_check(&g);
	/* readable but not writable: only a fault when it is to be written */
	expect_ret(0, dev_crypt(f.fd, f.cbc, 0, 0, test_pt, f.out, 64, f.ro));
	expect_refused(dev_crypt(f.fd, f.cbc, 0, COP_FLAG_WRITE_IV, test_pt, f.out, 64, f.ro));
	expect_refused(dev_crypt(f.fd, f.ctr, 0, COP_FLAG_WRITE_IV, test_pt, f.out, 64, f.ro));
	must_answer(f.fd, f.cbc);
}

static void unknown_flags(void)
{
	struct fixture f;

	fixture_make(&f);
	for (unsigned int bit = COP_FLAG_RESET; bit <= 0x8000; bit <<= 1) {
		memset(f.out, 0, 64);
		expect_ret(0, dev_crypt(f.fd, f.cbc, 0, bit, test_pt, f.out, 64, f.iv));
		expect_same(f.out, test_cbc, 64, "flag 0x%x", bit);
	}
	for (unsigned int flags = 0; flags < 128; flags++) {
		memcpy(f.iv, test_iv, 16);
		memset(f.out, 0, 64);
		/* the AEAD types belong to another call */
		if (flags & (COP_FLAG_AEAD_TLS_TYPE | COP_FLAG_AEAD_SRTP_TYPE))
			continue;
		expect_ret(0, dev_crypt(f.fd, f.cbc, 0, flags, test_pt, f.out, 64, f.iv));
		expect_same(f.out, test_cbc, 64, "flags 0x%x", flags);
	}
}

/* `mac` is looked at only where there is a MAC. */
static void mac_ignored(void)
{
	struct fixture f;

	fixture_make(&f);
	struct crypt_op op = {.ses = f.cbc,
			      .len = 64,
			      .src = (uint8_t *)test_pt,
			      .dst = f.out,
			      .mac = f.bad,
			      .iv = f.iv};

	expect_ret(0, dev_ioctl(f.fd, CIOCCRYPT, &op));
	expect_same(f.out, test_cbc, 64, "with a mac pointer");
	op.flags = COP_FLAG_FINAL;
	expect_ret(0, dev_ioctl(f.fd, CIOCCRYPT, &op));
	op.mac = (uint8_t *)-4096L;
	expect_ret(0, dev_ioctl(f.fd, CIOCCRYPT, &op));
}

/* The struct cannot be written back. */
static void struct_readonly(void)
{
	struct fixture f;
	struct crypt_op *op;

	fixture_make(&f);
	op = must_map(4096);
	*op = (struct crypt_op){
	    .ses = f.cbc, .len = 64, .src = (uint8_t *)test_pt, .dst = f.out, .iv = f.iv};
	expect(!mprotect(op, 4096, PROT_READ), "mprotect");
	expect_ret(-EFAULT, dev_ioctl(f.fd, CIOCCRYPT, op));
	must_answer(f.fd, f.cbc);
}

/* AEAD calls on what is no AEAD session, or none at all. */
static void authcrypt_refused(void)
{
	struct fixture f;
	struct crypt_auth_op op = {
	    .len = 64, .src = (uint8_t *)test_pt, .auth_len = 16, .auth_src = (uint8_t *)test_iv};

	fixture_make(&f);
	op.dst = f.out;
	op.iv = f.iv;
	expect_ret(-EINVAL, dev_ioctl(f.fd, CIOCAUTHCRYPT, &op));
	op.ses = f.cbc;
	expect_ret(-EINVAL, dev_ioctl(f.fd, CIOCAUTHCRYPT, &op));
	op.ses = f.ctr;
	expect_ret(-EINVAL, dev_ioctl(f.fd, CIOCAUTHCRYPT, &op));
	op.op = 2;
	expect_ret(-EINVAL, dev_ioctl(f.fd, CIOCAUTHCRYPT, &op));
	must_answer(f.fd, f.cbc);
}

/* Random fields, mostly nonsense. Any of the table's answers will do. */
static void nonsense(void)
{
	struct fixture f;
	struct rnd r;
	uint8_t *room = must_map(1u << 20);

	fixture_make(&f);
	rnd_seed(&r, 20, 0);
	for (int n = 0; n < 20000; n++) {
		uint8_t *const ptrs[] = {NULL,
					 f.bad,
					 f.ro,
					 room,
					 room + rnd_below(&r, 1u << 20),
					 f.out,
					 (uint8_t *)rnd_u64(&r),
					 (uint8_t *)-16L};
		const uint32_t sessions[] = {f.cbc, f.ecb, f.ctr, f.null, (uint32_t)rnd_u64(&r)};
		struct crypt_op op = {
		    .ses = sessions[rnd_below(&r, ARRAY_SIZE(sessions))],
		    .op = (uint16_t)(rnd_below(&r, 10) ? rnd_below(&r, 2) : rnd_u64(&r)),
		    .flags = (uint16_t)rnd_u64(&r),
		    .len = rnd_below(&r, 4) ? rnd_below(&r, 200) * 16 : (uint32_t)rnd_u64(&r),
		    .src = ptrs[rnd_below(&r, ARRAY_SIZE(ptrs))],
		    .dst = ptrs[rnd_below(&r, 6)],
		    .mac = ptrs[rnd_below(&r, ARRAY_SIZE(ptrs))],
		    .iv = ptrs[rnd_below(&r, 6)],
		};
		/* do not let it write over this program */
		if (op.dst == f.out && op.len > sizeof(f.out))
			op.len = sizeof(f.out);
		if (op.iv == f.out)
			op.iv = f.iv;
		if (op.dst >= room && op.dst < room + (1u << 20) &&
		    op.len > room + (1u << 20) - op.dst)
			op.dst = room, op.len %= 1u << 20;
		if (op.iv >= room + (1u << 20) - 16 && op.iv < room + (1u << 20))
			op.iv = room;
		op.mac = f.bad;
		int err = dev_ioctl(f.fd, CIOCCRYPT, &op);

		expect(err == 0 || err == -EINVAL || err == -EFAULT || err == -ENOMEM,
		       "operation %d: %s", n, strerror(-err));
	}
	must_answer(f.fd, f.cbc);
}

const struct check error_checks[] = {
    {"error/bad-lengths", bad_lengths},
    {"error/zero-length", zero_length},
    {"error/bad-op", bad_op},
    {"error/unknown-session", unknown_session},
    {"error/bad-buffers", bad_buffers},
    {"error/bad-iv", bad_iv},
    {"error/unknown-flags", unknown_flags},
    {"error/mac-ignored", mac_ignored},
    {"error/struct-readonly", struct_readonly},
    {"error/authcrypt-refused", authcrypt_refused},
    {"error/nonsense", nonsense},
    {NULL, NULL},
};
