/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * batch.c - CIOCCRYPTBATCH: any mix of operations has the outcome of one after the other.
 */
#include "auth.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int batch(int fd, const struct crypt_op *ops, uint32_t n, int32_t *status)
{
	struct crypt_batch b = {.count = n, .ops = (uintptr_t)ops, .status = (uintptr_t)status};

	return dev_ioctl(fd, CIOCCRYPTBATCH, &b);
}

enum { CBC, CTR, ECB, SHA, PAIR, NONE, KINDS };

/* Two devices' worth of the same sessions: one for the batch, one for single calls. */
struct twins {
	int fd[2];
	uint32_t ses[2][KINDS];
};

static void twins_make(struct twins *t)
{
	for (int i = 0; i < 2; i++) {
		int fd = t->fd[i] = must_open();
		uint32_t *ses = t->ses[i];

		ses[CBC] = must_session(fd, CRYPTO_AES_CBC);
		ses[CTR] = must_session(fd, CRYPTO_AES_CTR);
		ses[ECB] = must_session(fd, CRYPTO_AES_ECB);
		expect_ret(0, dev_session(fd, CRYPTO_NULL, NULL, 0, &ses[NONE]));
		if (dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &ses[SHA]))
			ses[SHA] = ses[CTR];
		if (dev_mac_session(fd, CRYPTO_AES_CBC, test_key, 16, CRYPTO_SHA1_HMAC, test_key,
				    16, &ses[PAIR]))
			ses[PAIR] = ses[CBC];
	}
}

#define ROOM 9000u

/* What an operation reads and writes, besides the common source. */
struct place {
	uint8_t dst[ROOM], mac[40], iv[16];
};

/* A random operation; the same random numbers give both sides the same one. */
static void random_op(struct rnd *r, struct crypt_op *op, const uint32_t ses[KINDS], uint8_t *src,
		      struct place *at)
{
	static const uint16_t flags[] = {0,
					 0,
					 0,
					 COP_FLAG_UPDATE,
					 COP_FLAG_FINAL,
					 COP_FLAG_RESET,
					 COP_FLAG_RESET | COP_FLAG_UPDATE,
					 COP_FLAG_WRITE_IV,
					 COP_FLAG_NO_ZC,
					 COP_FLAG_UPDATE | COP_FLAG_FINAL};
	uint32_t kind = rnd_below(r, KINDS), dice = rnd_below(r, 20);

	memset(at, 0, sizeof(*at));
	rnd_fill(r, at->iv, 16);
	*op = (struct crypt_op){
	    .ses = ses[kind],
	    .op = (uint16_t)rnd_below(r, 2),
	    .flags = flags[rnd_below(r, ARRAY_SIZE(flags))],
	    .len = 16 * (dice ? rnd_below(r, 20) : rnd_below(r, ROOM / 16)),
	    .src = src + rnd_below(r, 1000),
	    .dst = at->dst,
	    .mac = at->mac,
	    .iv = rnd_below(r, 3) ? at->iv : NULL,
	};
	if (dice == 1)
		op->len += 1;
	if (dice == 2)
		op->op = 2;
	if (dice == 3)
		op->ses ^= 0x100000;
	if (dice == 4)
		op->src = NULL;
	if (dice == 5)
		op->dst = NULL;
}

static void as_single_calls(void)
{
	static const uint32_t counts[] = {1, 2, 63, 64, 65, 128, 500, CRYPT_BATCH_MAX};
	struct place *at[2] = {must_map(CRYPT_BATCH_MAX * sizeof(struct place)),
			       must_map(CRYPT_BATCH_MAX * sizeof(struct place))};
	struct crypt_op *ops[2] = {must_map(CRYPT_BATCH_MAX * sizeof(struct crypt_op)),
				   must_map(CRYPT_BATCH_MAX * sizeof(struct crypt_op))};
	struct crypt_op *before = must_map(CRYPT_BATCH_MAX * sizeof(struct crypt_op));
	int32_t status[CRYPT_BATCH_MAX + 1];
	uint8_t *src = random_map(16384, 50);
	struct twins t;

	twins_make(&t);
	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
		uint32_t n = counts[c];

		for (int side = 0; side < 2; side++) {
			struct rnd r;

			rnd_seed(&r, 51, c);
			for (uint32_t i = 0; i < n; i++)
				random_op(&r, &ops[side][i], t.ses[side], src, &at[side][i]);
		}
		memcpy(before, ops[0], n * sizeof(*before));
		memset(status, 0x66, sizeof(status));
		expect_ret(0, batch(t.fd[0], ops[0], n, status));
		expect(status[n] == 0x66666666, "written behind the status array");
		expect_same(ops[0], before, n * sizeof(*before), "the operations");
		for (uint32_t i = 0; i < n; i++) {
			struct crypt_op *op = &ops[1][i];
			int err = dev_ioctl(t.fd[1], CIOCCRYPT, op);

			expect(status[i] == err, "operation %u of %u: %d in the batch, %d alone", i,
			       n, status[i], err);
			if (err)
				continue;
			expect_same(&at[0][i], &at[1][i], sizeof(struct place),
				    "operation %u of %u, len %u flags 0x%x", i, n, op->len,
				    op->flags);
		}
	}
}

/* A chain within a batch, against libcrypto. */
static void chain(void)
{
	enum { N = 300 };
	uint8_t *src = random_map(8192, 52), *dst = must_map(N * 640), want[640];
	struct crypt_op ops[N];
	int32_t status[N];
	struct ref_session ref[2];
	uint32_t ses[2];
	int fd = must_open();

	ses[0] = must_session(fd, CRYPTO_AES_CBC);
	ses[1] = must_session(fd, CRYPTO_AES_CTR);
	ref_session_init(&ref[0], ref_cipher_find(CRYPTO_AES_CBC), test_key, 16);
	ref_session_init(&ref[1], ref_cipher_find(CRYPTO_AES_CTR), test_key, 16);
	for (uint32_t i = 0; i < N; i++)
		ops[i] = (struct crypt_op){.ses = ses[i & 1],
					   .op = i / 7 & 1,
					   .len = 16 * (1 + i % 40),
					   .src = src + i,
					   .dst = dst + (size_t)i * 640,
					   .iv = i % 10 == 3 ? (uint8_t *)test_iv : NULL};
	expect_ret(0, batch(fd, ops, N, status));
	for (uint32_t i = 0; i < N; i++) {
		expect(!status[i], "operation %u: %s", i, strerror(-status[i]));
		expect_ret(
		    0, ref_crypt(&ref[i & 1], ops[i].op, ops[i].iv, ops[i].src, want, ops[i].len));
		expect_same(ops[i].dst, want, ops[i].len, "operation %u", i);
	}
}

/* A hash in 1000 parts, its digest at the end; another one beside it. */
static void hash_in_parts(void)
{
	enum { N = 1000 };
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA2_256);
	uint8_t *src = random_map(N * 50, 53), mac[2][32], want[32];
	struct crypt_op ops[N];
	int32_t status[N];
	uint32_t ses[2];
	int fd = must_open();

	for (int i = 0; i < 2; i++)
		if (dev_mac_session(fd, 0, NULL, 0, m->id, NULL, 0, &ses[i]))
			skip("the device has no SHA-256");
	for (uint32_t i = 0; i < N; i++)
		ops[i] = (struct crypt_op){.ses = ses[i & 1],
					   .flags = i < N - 2 ? COP_FLAG_UPDATE : COP_FLAG_FINAL,
					   .len = 100,
					   .src = src + i / 2 * 100,
					   .mac = mac[i & 1]};
	expect_ret(0, batch(fd, ops, N, status));
	for (uint32_t i = 0; i < N; i++)
		expect(!status[i], "operation %u: %s", i, strerror(-status[i]));
	ref_digest(m, NULL, 0, src, N * 50, want);
	expect_same(mac[0], want, 32, "the one");
	expect_same(mac[1], want, 32, "the other");
}

/* What fails as a whole, and that nothing was done then. */
static void refusals(void)
{
	uint8_t out[64] = {0}, *bad = bad_page();
	int fd = must_open();
	struct crypt_op op = {.ses = must_session(fd, CRYPTO_AES_CBC),
			      .len = 64,
			      .src = (uint8_t *)test_pt,
			      .dst = out,
			      .iv = (uint8_t *)test_iv};
	int32_t status[4] = {7, 7, 7, 7};
	struct crypt_batch good = {.count = 1, .ops = (uintptr_t)&op, .status = (uintptr_t)status};
	struct crypt_batch b;
	const struct crypt_batch wrong[] = {
	    {0, 0, good.ops, good.status},	    {CRYPT_BATCH_MAX + 1, 0, good.ops, good.status},
	    {0xffffffff, 0, good.ops, good.status}, {1, 1, good.ops, good.status},
	    {1, 0x80000000, good.ops, good.status},
	};
	const uint64_t nowhere[] = {0, (uintptr_t)bad, -4096ull, 1ull << 63, 0x800000000000ull};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		b = wrong[i];
		expect_ret(-EINVAL, dev_ioctl(fd, CIOCCRYPTBATCH, &b));
	}
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
		b = good;
		b.ops = nowhere[i];
		expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPTBATCH, &b));
	}
	expect(status[0] == 7 && !out[0], "something was done");
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
		b = good;
		b.status = nowhere[i];
		expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPTBATCH, &b));
	}
	b = good;
	b.status = (uintptr_t)readonly_page(0);
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPTBATCH, &b));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPTBATCH, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPTBATCH, bad));
	b = good;
	expect_ret(0, dev_ioctl(fd, CIOCCRYPTBATCH, &b));
	expect(!status[0] && status[1] == 7, "status %d, %d", status[0], status[1]);
	expect_same(out, test_cbc, 64, "afterwards");
}

/* The arrays may be anywhere, but end before their time: what was read is executed. */
static void array_edges(void)
{
	const size_t page = page_size();
	uint8_t *map = must_map(3 * page), *out = must_map(200 * 64);
	struct crypt_op *ops;
	int32_t status[200];
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	expect(!mprotect(map + 2 * page, page, PROT_NONE), "mprotect");
	for (uint32_t fit = 0; fit <= 100; fit += 10) {
		/* @fit operations and a half lie before the end */
		ops = (void *)(map + 2 * page - fit * sizeof(*ops) -
			       (fit < 100 ? sizeof(*ops) / 2 / 8 * 8 : 0));
		for (uint32_t i = 0; i < fit; i++) {
			struct crypt_op op = {.ses = ses,
					      .len = 64,
					      .src = (uint8_t *)test_pt,
					      .dst = out + (size_t)i * 64,
					      .iv = (uint8_t *)test_iv};

			memcpy(&ops[i], &op, sizeof(op));
		}
		memset(out, 0, 200 * 64);
		memset(status, 9, sizeof(status));
		expect_ret(fit < 100 ? -EFAULT : 0, batch(fd, ops, 100, status));
		for (uint32_t i = 0; i < fit; i++) {
			expect(!status[i], "operation %u of %u: %d", i, fit, status[i]);
			expect_same(out + (size_t)i * 64, test_cbc, 64, "operation %u of %u", i,
				    fit);
		}
	}
	/* a read-only array is as good: nothing is written to it */
	expect(!mprotect(map, 2 * page, PROT_READ), "mprotect");
	expect_ret(0, batch(fd, ops, 100, status));
}

/* Elements of any size: pinned, cut, in place, mixed with small ones. */
static void large(void)
{
	static const size_t lens[] = {16, 3u << 20, 64, 65536, (1u << 20) + 16, 4096, 200000, 32};
	enum { N = 16 };
	uint8_t *src = random_map(3u << 20, 54), *want = must_map(3u << 20), *dst[N];
	struct crypt_op ops[N];
	int32_t status[N];
	int fd = must_open();
	uint32_t cbc = must_session(fd, CRYPTO_AES_CBC), ctr = must_session(fd, CRYPTO_AES_CTR);

	for (size_t i = 0; i < N; i++) {
		size_t len = lens[i % ARRAY_SIZE(lens)];

		dst[i] = must_map(len);
		memcpy(dst[i], src, len);
		ops[i] = (struct crypt_op){.ses = i & 1 ? cbc : ctr,
					   .op = i / 2 & 1,
					   .flags = i % 5 ? 0 : COP_FLAG_NO_ZC,
					   .len = (uint32_t)len,
					   .src = i % 3 ? src : dst[i],
					   .dst = dst[i],
					   .iv = (uint8_t *)test_iv};
	}
	expect_ret(0, batch(fd, ops, N, status));
	for (size_t i = 0; i < N; i++) {
		expect(!status[i], "operation %zu: %s", i, strerror(-status[i]));
		ref_once(i & 1 ? CRYPTO_AES_CBC : CRYPTO_AES_CTR, test_key, 16, ops[i].op, test_iv,
			 src, want, ops[i].len, NULL);
		expect_same(dst[i], want, ops[i].len, "operation %zu of %u bytes", i, ops[i].len);
	}
}

struct sharer {
	int fd;
	uint32_t ses;
	uint8_t number;
};

static void *share_one(void *arg)
{
	struct sharer *s = arg;
	enum { N = 100 };
	uint8_t *out = must_map(N * 64), want[64], iv[16];
	struct crypt_op ops[N];
	int32_t status[N];

	memcpy(iv, test_iv, 16);
	iv[3] = s->number;
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, iv, test_pt, want, 64, NULL);
	for (int round = 0; round < 20; round++) {
		memset(out, 0, N * 64);
		for (uint32_t i = 0; i < N; i++)
			ops[i] = (struct crypt_op){.ses = s->ses,
						   .len = 64,
						   .src = (uint8_t *)test_pt,
						   .dst = out + (size_t)i * 64,
						   .iv = iv};
		expect_ret(0, batch(s->fd, ops, N, status));
		for (uint32_t i = 0; i < N; i++) {
			expect(!status[i], "operation %u: %s", i, strerror(-status[i]));
			expect_same(ops[i].dst, want, 64, "operation %u", i);
		}
	}
	return NULL;
}

static void threads(void)
{
	struct sharer s[6];
	pthread_t t[6];
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	for (uint8_t i = 0; i < 6; i++) {
		s[i] = (struct sharer){fd, ses, i};
		expect(!pthread_create(&t[i], NULL, share_one, &s[i]), "pthread_create");
	}
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
}

static void killed(void)
{
	struct rnd r;

	rnd_seed(&r, 55, 0);
	for (int n = 0; n < 30; n++) {
		pid_t pid = must_fork();
		int status;

		if (!pid) {
			struct crypt_op *ops = must_map(CRYPT_BATCH_MAX * sizeof(*ops));
			int32_t *results = must_map(CRYPT_BATCH_MAX * sizeof(*results));
			uint8_t *buf = must_map(CRYPT_BATCH_MAX * 8192);
			int fd = must_open();
			uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

			for (uint32_t i = 0; i < CRYPT_BATCH_MAX; i++)
				ops[i] =
				    (struct crypt_op){.ses = ses,
						      .len = i % 9 ? 64 : 8192,
						      .src = buf + (size_t)i * 8192,
						      .dst = buf + (size_t)i * 8192,
						      .iv = i % 50 ? (uint8_t *)test_iv : NULL};
			for (;;)
				expect_ret(0, batch(fd, ops, CRYPT_BATCH_MAX, results));
		}
		usleep(rnd_below(&r, 60000));
		kill(pid, SIGKILL);
		expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status),
		       "a child ended by itself, status 0x%x", status);
	}
	must_work();
}

const struct check batch_checks[] = {
    {"batch/as-single-calls", as_single_calls},
    {"batch/chain", chain},
    {"batch/hash-in-parts", hash_in_parts},
    {"batch/refusals", refusals},
    {"batch/array-edges", array_edges},
    {"batch/large", large},
    {"batch/threads", threads},
    {"batch/killed", killed},
    {NULL, NULL},
};
