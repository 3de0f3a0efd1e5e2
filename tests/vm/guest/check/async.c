/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * async.c - CIOCASYNCCRYPT, CIOCASYNCFETCH and poll: order, limits, errors, operations that go
 * on from others, and everything that can happen to a program meanwhile.
 *
 * Several threads and programs that end with operations outstanding are in asyncabuse.c.
 */
#include "async.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PARAMETER "/sys/module/virtio_cryptodev/parameters/async_max"

int submit(int fd, const struct crypt_op *op)
{
	return dev_ioctl(fd, CIOCASYNCCRYPT, (void *)op);
}

int fetch(int fd, struct crypt_op *op)
{
	return dev_ioctl(fd, CIOCASYNCFETCH, op);
}

int poll_mask(int fd, short events, int timeout)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n = poll(&p, 1, timeout);

	expect(n >= 0, "poll: %s", strerror(errno));
	return n ? p.revents : 0;
}

int fetch_next(int fd, struct crypt_op *op)
{
	expect(poll_mask(fd, POLLIN, ASYNC_WAIT) == POLLIN, "nothing is done");
	return fetch(fd, op);
}

unsigned int async_limit(void)
{
	unsigned int n = 64;
	FILE *f = fopen(PARAMETER, "re");

	if (f && fscanf(f, "%u", &n) != 1)
		n = 64;
	if (f)
		fclose(f);
	return n;
}

/* Operations of all sizes and sessions come back in order, each right and as it was. */
static void order(void)
{
	static const size_t lens[] = {16, 64, 4096, 4112, 65536, 16, 200000, 32, 1u << 20, 16};
	enum { N = 40 };
	int fd = must_open();
	uint32_t cbc = must_session(fd, CRYPTO_AES_CBC), ctr = must_session(fd, CRYPTO_AES_CTR);
	uint8_t *src = random_map(1u << 20, 40), *dst[N], *want = must_map(1u << 20);
	struct crypt_op ops[N], got;

	for (size_t i = 0; i < N; i++) {
		size_t len = lens[i % ARRAY_SIZE(lens)];

		dst[i] = must_map(len);
		ops[i] = (struct crypt_op){.ses = i % 3 ? cbc : ctr,
					   .op = i / 3 & 1 ? COP_DECRYPT : COP_ENCRYPT,
					   .flags = (uint16_t)(i & 1 ? 0x8000 : 0),
					   .len = (uint32_t)len,
					   .src = src,
					   .dst = dst[i],
					   .mac = (uint8_t *)(i + 1), /* the caller's own mark */
					   .iv = (uint8_t *)test_iv};
		expect_ret(0, submit(fd, &ops[i]));
	}
	for (size_t i = 0; i < N; i++) {
		memset(&got, 0xff, sizeof(got));
		expect_ret(0, fetch_next(fd, &got));
		expect(got.mac == (uint8_t *)(i + 1), "operation %zu came as number %zu",
		       (size_t)got.mac - 1, i);
		expect_same(&got, &ops[i], sizeof(got), "operation %zu's structure", i);
		expect_ret(0, ref_once(i % 3 ? CRYPTO_AES_CBC : CRYPTO_AES_CTR, test_key, 16,
				       ops[i].op, test_iv, src, want, ops[i].len, NULL));
		expect_same(dst[i], want, ops[i].len, "operation %zu", i);
	}
	expect_ret(-EBUSY, fetch(fd, &got));
}

/* poll: idle, something done, full. */
static void limits(unsigned int limit)
{
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint8_t *out = must_map((size_t)limit * 64);
	struct crypt_op op = {
	    .ses = ses, .len = 64, .src = (uint8_t *)test_pt, .iv = (uint8_t *)test_iv};
	const short both = POLLIN | POLLOUT;

	expect_ret(-EBUSY, fetch(fd, &op));
	expect(poll_mask(fd, both, 0) == POLLOUT, "idle");
	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < limit; i++) {
			op.dst = out + (size_t)i * 64;
			expect(poll_mask(fd, POLLOUT, 0) == POLLOUT, "no room for number %u", i);
			expect_ret(0, submit(fd, &op));
		}
		expect_ret(-EBUSY, submit(fd, &op));
		expect(poll_mask(fd, POLLIN, ASYNC_WAIT) == POLLIN, "nothing is done");
		expect(poll_mask(fd, both, 0) == POLLIN, "full and done: 0x%x",
		       poll_mask(fd, both, 0));
		expect_ret(0, fetch(fd, &op));
		expect(poll_mask(fd, POLLOUT, 0) == POLLOUT, "no room after a fetch");
		expect_ret(0, submit(fd, &op));
		expect_ret(-EBUSY, submit(fd, &op));
		for (unsigned int i = 0; i < limit; i++)
			expect_ret(0, fetch_next(fd, &op));
		expect_ret(-EBUSY, fetch(fd, &op));
		expect(poll_mask(fd, both, 0) == POLLOUT, "idle again");
		for (unsigned int i = 0; i < limit; i++)
			expect_same(out + (size_t)i * 64, test_cbc, 64, "number %u", i);
	}
}

static void full(void)
{
	unsigned int limit = async_limit();

	note("%u operations may be outstanding", limit);
	expect(limit >= 64, "fewer than 64");
	limits(limit);
}

static void set_limit(unsigned int n)
{
	FILE *f = fopen(PARAMETER, "we");

	if (!f)
		skip("%s: %s", PARAMETER, strerror(errno));
	fprintf(f, "%u\n", n);
	expect(!fclose(f), "%s: %s", PARAMETER, strerror(errno));
}

/* More than 64, where the administrator allows it; each file on its own. */
static void more(void)
{
	unsigned int before = async_limit();

	set_limit(500);
	limits(500);
	set_limit(before);
	limits(before);
}

/* Only an unknown session and NO_ZC are refused at once; the rest is told when fetched. */
static void errors(void)
{
	int fd = must_open();
	uint32_t cbc = must_session(fd, CRYPTO_AES_CBC), gcm;
	uint8_t *bad = bad_page(), *ro = readonly_page(9), *src = random_map(65536, 41);
	uint8_t out[64], iv[16] = {0}, *edge = must_map(2 * page_size());
	struct crypt_op good = {
	    .ses = cbc, .len = 64, .src = (uint8_t *)test_pt, .dst = out, .iv = (uint8_t *)test_iv};
	struct crypt_op op, got;

	expect(!mprotect(edge + page_size(), page_size(), PROT_NONE), "mprotect");
#define LATE(want, ...)                                                                            \
	do {                                                                                       \
		op = good;                                                                         \
		__VA_ARGS__;                                                                       \
		expect_ret(0, submit(fd, &op));                                                    \
		expect_ret(0, submit(fd, &good));                                                  \
		expect_ret(want, fetch_next(fd, &got));                                            \
		expect_same(&got, &op, sizeof(op), "the structure of what failed");                \
		memset(out, 0, sizeof(out));                                                       \
		expect_ret(0, fetch_next(fd, &got));                                               \
	} while (0)
	LATE(-EINVAL, op.len = 63);
	LATE(-EINVAL, op.len = 0xffffffff);
	LATE(-EINVAL, op.op = 2);
	LATE(-EFAULT, op.src = bad);
	LATE(-EFAULT, op.src = NULL);
	LATE(-EFAULT, op.src = (uint8_t *)-4096L);
	LATE(-EFAULT, op.dst = bad);
	LATE(-EFAULT, op.dst = NULL);
	LATE(-EFAULT, op.dst = ro);
	LATE(-EFAULT, op.dst = ro; op.src = src; op.len = 4096);
	LATE(-EFAULT, op.dst = edge; op.src = src; op.len = 8192);
	LATE(-EFAULT, op.src = bad; op.len = 65536);
	LATE(-EFAULT, op.iv = bad);
	LATE(-EFAULT, op.iv = ro; op.flags = COP_FLAG_WRITE_IV);
	LATE(-EFAULT, op.src = bad; op.iv = NULL);
	LATE(0, op.len = 0; op.src = op.dst = bad);
	if (!dev_session(fd, CRYPTO_AES_GCM, test_key, 16, &gcm))
		LATE(-EINVAL, op.ses = gcm);
#undef LATE
	op = good;
	op.flags = COP_FLAG_NO_ZC;
	expect_ret(-EINVAL, submit(fd, &op));
	op = good;
	op.ses ^= 0x40000;
	expect_ret(-EINVAL, submit(fd, &op));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCASYNCCRYPT, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCASYNCCRYPT, bad));
	expect_ret(-EBUSY, fetch(fd, &got));
	/* there is nothing to tell, so the pointer is not looked at */
	expect_ret(-EBUSY, dev_ioctl(fd, CIOCASYNCFETCH, bad));
	op = good;
	op.iv = iv;
	expect_ret(0, submit(fd, &op));
	expect(poll_mask(fd, POLLIN, ASYNC_WAIT) == POLLIN, "nothing is done");
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCASYNCFETCH, bad));
	expect_ret(-EBUSY, fetch(fd, &got));
	must_answer(fd, cbc);
}

/*
 * iv NULL continues from the operation submitted before it on the session, whether or not that
 * is done, and whatever its size.
 */
static void chains(void)
{
	static const size_t lens[] = {64, 16, 4096, 32, 70000, 48, 1u << 20, 16, 2u << 20, 160};
	static const uint32_t ciphers[] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR};
	enum { N = 60 };
	uint8_t *src = random_map(2u << 20, 42), *dst[N], *want = must_map(2u << 20), back[N][16];
	struct ref_session ref[2];
	uint32_t ses[2], c;
	struct crypt_op op;
	int fd = must_open();

	for (c = 0; c < 2; c++) {
		ses[c] = must_session(fd, ciphers[c]);
		ref_session_init(&ref[c], ref_cipher_find(ciphers[c]), test_key, 16);
	}
	for (size_t i = 0; i < N; i++) {
		size_t len = lens[i % ARRAY_SIZE(lens)] / 16 * 16;

		memcpy(back[i], test_iv, 16);
		back[i][15] = (uint8_t)i;
		dst[i] = must_map(len);
		op = (struct crypt_op){.ses = ses[i & 1],
				       .op = i / 5 & 1 ? COP_DECRYPT : COP_ENCRYPT,
				       .flags = i % 4 ? 0 : COP_FLAG_WRITE_IV,
				       .len = (uint32_t)len,
				       .src = src,
				       .dst = dst[i],
				       .iv = i % 4 < 2 ? back[i] : NULL};
		expect_ret(0, submit(fd, &op));
	}
	for (size_t i = 0; i < N; i++) {
		uint8_t iv[16];

		memcpy(iv, test_iv, 16);
		iv[15] = (uint8_t)i;
		expect_ret(0, fetch_next(fd, &op));
		c = i & 1;
		expect_ret(0, ref_crypt(&ref[c], op.op, i % 4 < 2 ? iv : NULL, src, want, op.len));
		expect_same(dst[i], want, op.len, "operation %zu, %s", i,
			    op.iv ? "iv given" : "iv NULL");
		if (i % 4 == 0)
			expect_same(back[i], ref[c].iv, 16, "IV of operation %zu", i);
	}
	/* and a call that is not asynchronous continues from the last */
	expect_ret(0, dev_crypt(fd, ses[0], 0, 0, src, dst[0], 64, NULL));
	expect_ret(0, ref_crypt(&ref[0], 0, NULL, src, want, 64));
	expect_same(dst[0], want, 64, "a call after all were fetched");
}

/* Hashes: whole, in parts, of nothing, with a cipher. */
static void hashes(void)
{
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA2_256);
	const struct ref_mac *hm = ref_mac_find(CRYPTO_SHA1_HMAC);
	uint8_t *src = random_map(100000, 43), *out = must_map(100000), want[64], mac[8][72];
	uint32_t whole, parts, pair;
	struct crypt_op op;
	int fd = must_open();

	if (dev_mac_session(fd, 0, NULL, 0, m->id, NULL, 0, &whole) ||
	    dev_mac_session(fd, 0, NULL, 0, m->id, NULL, 0, &parts) ||
	    dev_mac_session(fd, CRYPTO_AES_CBC, test_key, 16, hm->id, test_key, 16, &pair))
		skip("the device has no SHA-256, or no AES-CBC with HMAC-SHA1");
	memset(mac, 0x5c, sizeof(mac));
	const struct crypt_op ops[] = {
	    {.ses = whole, .len = 100000, .src = src, .mac = mac[0]},
	    {.ses = parts, .len = 70000, .src = src, .flags = COP_FLAG_UPDATE | COP_FLAG_RESET},
	    {.ses = whole, .len = 10, .src = src, .mac = mac[1]},
	    {.ses = parts, .len = 29000, .src = src + 70000, .flags = COP_FLAG_UPDATE},
	    {.ses = pair,
	     .len = 96000,
	     .src = src,
	     .dst = out,
	     .mac = mac[2],
	     .iv = (uint8_t *)test_iv},
	    {.ses = parts, .len = 1000, .src = src + 99000, .flags = COP_FLAG_FINAL, .mac = mac[3]},
	    {.ses = whole, .mac = mac[4]},
	    {.ses = whole,
	     .len = 10,
	     .src = src,
	     .flags = COP_FLAG_UPDATE | COP_FLAG_RESET | COP_FLAG_FINAL,
	     .mac = mac[5]},
	};
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		expect_ret(0, submit(fd, &ops[i]));
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		expect_ret(0, fetch_next(fd, &op));
	ref_digest(m, NULL, 0, src, 100000, want);
	expect_same(mac[0], want, 32, "whole");
	expect_same(mac[3], want, 32, "in parts");
	ref_digest(m, NULL, 0, src, 10, want);
	expect_same(mac[1], want, 32, "10 bytes");
	expect_same(mac[5], want, 32, "10 bytes with all flags");
	ref_digest(m, NULL, 0, src, 0, want);
	expect_same(mac[4], want, 32, "nothing");
	ref_digest(hm, test_key, 16, src, 96000, want);
	expect_same(mac[2], want, 20, "cipher and MAC");
	expect(mac[2][20] == 0x5c && mac[0][32] == 0x5c, "written behind a digest");
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, src, src, 96000, NULL);
	expect_same(out, src, 96000, "the cipher beside the MAC");
}

/* The memory may be unmapped, the session ended: what was submitted is executed. */
static void let_go(void)
{
	const size_t len = 256u << 10;
	uint8_t *keep = must_map(len), *want = random_map(len, 44);
	struct crypt_op op;
	int fd = must_open();
	uint32_t ses;

	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, want, want, len, NULL);
	for (int n = 0; n < 20; n++) {
		uint8_t *src = random_map(len, 44), *gone = must_map(len);

		ses = must_session(fd, CRYPTO_AES_CBC);
		op = (struct crypt_op){.ses = ses,
				       .len = (uint32_t)len,
				       .src = src,
				       .dst = gone,
				       .iv = (uint8_t *)test_iv};
		expect_ret(0, submit(fd, &op));
		op.dst = keep;
		expect_ret(0, submit(fd, &op));
		munmap(src, len);
		munmap(gone, len);
		expect_ret(0, dev_end(fd, ses));
		expect_ret(-EINVAL, submit(fd, &op));
		expect_ret(0, fetch_next(fd, &op));
		expect_ret(0, fetch_next(fd, &op));
		expect_same(keep, want, len, "after munmap and CIOCFSESSION");
		memset(keep, 0, len);
	}
}

/* Every descriptor of the file can fetch; other files have their own. */
static void files(void)
{
	uint8_t out[64], out2[64];
	int fd = must_open(), twin, other = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint32_t foreign = must_session(other, CRYPTO_AES_CBC);
	struct crypt_op op = {
	    .ses = ses, .len = 64, .src = (uint8_t *)test_pt, .dst = out, .iv = (uint8_t *)test_iv};

	expect_ret(0, dev_ioctl(fd, CRIOGET, &twin));
	expect_ret(0, submit(fd, &op));
	op.ses = foreign;
	op.dst = out2;
	expect_ret(0, submit(other, &op));
	expect_ret(0, fetch_next(twin, &op));
	expect(op.dst == out, "another file's operation");
	expect_same(out, test_cbc, 64, "fetched from the clone");
	expect_ret(-EBUSY, fetch(fd, &op));
	expect_ret(0, fetch_next(other, &op));
	expect_same(out2, test_cbc, 64, "the other file's");
}

const struct check async_checks[] = {
    {"async/order", order},   {"async/full", full},	{"async/more", more},
    {"async/errors", errors}, {"async/chains", chains}, {"async/hashes", hashes},
    {"async/let-go", let_go}, {"async/files", files},	{NULL, NULL},
};
