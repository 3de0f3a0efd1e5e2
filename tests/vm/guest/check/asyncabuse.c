/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asyncabuse.c - asynchronous operations of several threads and processes, and programs that
 * end, fork or close with operations outstanding.
 */
#include "async.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG (256u << 10)

/* As many as there is room for, without a look at what becomes of them. */
static void submit_many(int fd, uint32_t ses, uint8_t *src, uint8_t *dst, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct crypt_op op = {.ses = ses,
				      .len = i % 3 ? 4096 : BIG,
				      .src = src,
				      .dst = dst,
				      .iv = i % 7 ? (uint8_t *)test_iv : NULL};

		expect_ret(0, submit(fd, &op));
	}
}

static void closed(void)
{
	uint8_t *src = must_map(BIG), *dst = must_map(BIG);

	for (unsigned int n = 0; n < 40; n++) {
		int fd = must_open();

		submit_many(fd, must_session(fd, CRYPTO_AES_CBC), src, dst, 1 + n * 3 / 2);
		if (n % 4 == 1) {
			struct crypt_op op;

			expect_ret(0, fetch_next(fd, &op));
		}
		close(fd);
		if (n % 10 == 0)
			must_work();
	}
	must_work();
}

/* A program that submits without end is killed in the middle of it. */
static void killed(void)
{
	struct rnd r;

	rnd_seed(&r, 45, 0);
	for (int n = 0; n < 40; n++) {
		pid_t pid = must_fork();
		int status;

		if (!pid) {
			uint8_t *src = must_map(BIG), *dst = must_map(BIG);
			int fd = must_open();
			uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
			struct crypt_op op;

			for (;;) {
				submit_many(fd, ses, src, dst, 40);
				for (int i = 0; i < 40; i++)
					expect_ret(0, fetch_next(fd, &op));
			}
		}
		usleep(rnd_below(&r, 60000));
		kill(pid, SIGKILL);
		expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status),
		       "a child ended by itself, status 0x%x", status);
	}
	must_work();
}

/* The child fetches what the parent submitted: the data is in the parent's memory. */
static void forked(void)
{
	uint8_t *src = random_map(BIG, 46), *dst = must_map(BIG), *want = must_map(BIG);
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	for (int n = 0; n < 10; n++) {
		size_t len = n & 1 ? BIG : 4096;
		struct crypt_op op = {.ses = ses,
				      .len = (uint32_t)len,
				      .src = src,
				      .dst = dst,
				      .iv = (uint8_t *)test_iv};
		pid_t pid;

		src[0] = (uint8_t)n;
		memset(dst, 0, BIG);
		expect_ret(0, submit(fd, &op));
		pid = must_fork();
		if (!pid) {
			struct crypt_op got;

			/* its copy of the memory may be written, the parent's must not notice */
			memset(dst, 0x55, BIG);
			expect_ret(0, fetch_next(fd, &got));
			expect(got.dst == dst && got.len == len, "another operation");
			_exit(0);
		}
		child_ok(pid);
		expect_ret(-EBUSY, fetch(fd, &op));
		ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, src, want, len, NULL);
		expect_same(dst, want, len, "round %d", n);
	}
	must_answer(fd, ses);
}

/*
 * A digest is written where it is fetched. What another process submits on the same session in
 * the meantime makes no difference, though it may have to wait for what is before it.
 */
static void fetched_where(void)
{
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA2_256);
	uint8_t mac[32], want[32];
	int fd = must_open();
	uint32_t ses;
	struct crypt_op op;
	pid_t pid;

	if (dev_mac_session(fd, 0, NULL, 0, m->id, NULL, 0, &ses))
		skip("the device has no SHA-256");
	op = (struct crypt_op){.ses = ses, .len = 64, .src = (uint8_t *)test_pt, .mac = mac};
	for (int n = 0; n < 10; n++) {
		memset(mac, 0, sizeof(mac));
		expect_ret(0, submit(fd, &op));
		pid = must_fork();
		if (!pid) {
			op.flags = COP_FLAG_UPDATE;
			expect_ret(0, submit(fd, &op));
			/* nothing of what the parent submitted is written here */
			for (int i = 0; i < 32; i++)
				expect(!mac[i], "the digest is in the other process");
			_exit(0);
		}
		child_ok(pid);
		expect_ret(0, fetch_next(fd, &op));
		ref_digest(m, NULL, 0, test_pt, 64, want);
		expect_same(mac, want, 32, "round %d", n);
		expect_ret(0, fetch_next(fd, &(struct crypt_op){0}));
		op.flags = 0;
	}
}

/* Several submit, several fetch, all on one file. */
struct pool {
	int fd;
	uint32_t ses;
	unsigned int to_fetch;
	uint8_t *src, *slots;
	uint8_t *want;
	unsigned int next;
};

#define POOL_OPS 600u
#define POOL_LEN 4160u

static void *pool_submit(void *arg)
{
	struct pool *p = arg;
	unsigned int i;
	int err;

	while ((i = __atomic_fetch_add(&p->next, 1, __ATOMIC_RELAXED)) < POOL_OPS) {
		struct crypt_op op = {.ses = p->ses,
				      .len = i % 4 ? 64 : POOL_LEN,
				      .src = p->src,
				      .dst = p->slots + (size_t)i * POOL_LEN,
				      .iv = (uint8_t *)test_iv};

		while ((err = submit(p->fd, &op)) == -EBUSY)
			poll_mask(p->fd, POLLOUT, 100);
		expect_ret(0, err);
	}
	return NULL;
}

static void *pool_fetch(void *arg)
{
	struct pool *p = arg;

	while (__atomic_load_n(&p->to_fetch, __ATOMIC_ACQUIRE)) {
		struct crypt_op op;
		int err = fetch(p->fd, &op);

		if (err == -EBUSY) {
			poll_mask(p->fd, POLLIN, 100);
			continue;
		}
		expect_ret(0, err);
		expect_same(op.dst, p->want, op.len, "operation %zu",
			    (size_t)(op.dst - p->slots) / POOL_LEN);
		/* nobody may get it twice */
		expect(op.dst[0] == p->want[0], "fetched twice");
		op.dst[0] = (uint8_t)~p->want[0];
		__atomic_fetch_sub(&p->to_fetch, 1, __ATOMIC_ACQ_REL);
	}
	return NULL;
}

static void threads(void)
{
	struct pool p = {.fd = must_open(), .to_fetch = POOL_OPS};
	pthread_t t[6];

	p.ses = must_session(p.fd, CRYPTO_AES_CBC);
	p.src = random_map(POOL_LEN, 47);
	p.want = must_map(POOL_LEN);
	p.slots = must_map((size_t)POOL_OPS * POOL_LEN);
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, p.src, p.want, POOL_LEN, NULL);
	for (int i = 0; i < 6; i++)
		expect(!pthread_create(&t[i], NULL, i & 1 ? pool_submit : pool_fetch, &p),
		       "pthread_create");
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	expect(!p.to_fetch, "%u are missing", p.to_fetch);
}

/* Two processes share a file; one is killed in the middle of submitting and fetching. */
static void shared(void)
{
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	for (int n = 0; n < 20; n++) {
		pid_t pid = must_fork();
		struct crypt_op op;
		uint8_t out[64];

		if (!pid) {
			uint8_t *src = must_map(BIG), *dst = must_map(BIG);

			op = (struct crypt_op){.ses = ses,
					       .len = BIG,
					       .src = src,
					       .dst = dst,
					       .iv = (uint8_t *)test_iv};
			for (;;) {
				submit(fd, &op);
				fetch(fd, &(struct crypt_op){0});
			}
		}
		for (int i = 0; i < 10; i++)
			must_answer(fd, ses);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		/* what the dead one left is fetched like any other; ours is behind it */
		op = (struct crypt_op){.ses = ses,
				       .len = 64,
				       .src = (uint8_t *)test_pt,
				       .dst = out,
				       .iv = (uint8_t *)test_iv};
		while (submit(fd, &op) == -EBUSY)
			expect_ret(0, fetch_next(fd, &(struct crypt_op){0}));
		do {
			expect_ret(0, fetch_next(fd, &op));
		} while (op.dst != out);
		expect_same(out, test_cbc, 64, "after a kill");
	}
}

const struct check asyncabuse_checks[] = {
    {"async/closed-in-flight", closed},
    {"async/killed-in-flight", killed},
    {"async/forked", forked},
    {"async/fetched-where", fetched_where},
    {"async/threads", threads},
    {"async/shared-with-a-killed-one", shared},
    {NULL, NULL},
};
