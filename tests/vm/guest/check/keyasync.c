/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keyasync.c - checks of CIOCKEYASYNC, CIOCKEYFETCH and poll, and of tasks that are killed.
 */
#include "keys.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 64
#define WAIT_MS 120000
#define ROOM 1024

/* A key that signs, its session, and its public key. */
struct signer {
	struct keys k;
	const struct crypt_key *key;
	const struct key_scheme *s;
	EVP_PKEY *pkey;
	uint32_t ses;
};

static void signer_open(struct signer *g)
{
	keys_open(&g->k);
	g->key = keys_any_signer(&g->k);
	g->s = keys_scheme(g->key);
	g->ses = keys_session(&g->k, g->key);
	g->pkey = keys_public(&g->k, g->key);
}

static int submit(struct signer *g, const uint8_t *message, size_t len, uint64_t cookie)
{
	struct crypt_key_op op = keys_sign_op(g->ses, g->s, message, len, NULL, 0);

	op.cookie = cookie;
	return dev_ioctl(g->k.fd, CIOCKEYASYNC, &op);
}

static short ready(int fd, short events, int timeout)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, timeout) == 1 ? p.revents : 0;
}

/* The result of the next one, which is awaited. */
static uint64_t fetch(struct signer *g, uint8_t out[ROOM], uint32_t *len)
{
	struct crypt_key_fetch f = {.out = (uintptr_t)out, .out_len = ROOM};

	expect(ready(g->k.fd, POLLIN, WAIT_MS) & POLLIN, "none is done");
	expect_ret(0, dev_ioctl(g->k.fd, CIOCKEYFETCH, &f));
	expect_ret(0, f.status);
	*len = f.out_len;
	return f.cookie;
}

static void outstanding(void)
{
	uint8_t messages[MOST][40], out[ROOM];
	bool seen[MOST] = {false};
	struct signer g;
	uint32_t len;

	signer_open(&g);
	expect(ready(g.k.fd, POLLIN | POLLOUT, 0) == POLLOUT, "not just room at first");
	for (int round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (unsigned int i = 0; i < MOST; i++) {
			memset(messages[i], (int)i + round, sizeof(messages[i]));
			expect_ret(0, submit(&g, messages[i], sizeof(messages[i]),
					     i + (UINT64_C(1) << 40)));
		}
		expect_ret(-EBUSY, submit(&g, messages[0], 40, 0));
		expect(!(ready(g.k.fd, POLLOUT, 0) & POLLOUT), "POLLOUT, and there is no room");
		for (unsigned int n = 0; n < MOST; n++) {
			uint64_t i = fetch(&g, out, &len) - (UINT64_C(1) << 40);

			expect(i < MOST && !seen[i], "cookie %llu", (unsigned long long)i);
			seen[i] = true;
			expect(!g.pkey || keys_verify(g.pkey, g.s, messages[i], 40, out, len),
			       "the signature of message %llu is wrong", (unsigned long long)i);
		}
		expect(ready(g.k.fd, POLLIN | POLLOUT, 0) == POLLOUT, "not just room at the end");
	}
}

static void nothing_to_fetch(void)
{
	struct crypt_key_fetch f = {0};
	struct signer g;

	signer_open(&g);
	expect_ret(-EBUSY, dev_ioctl(g.k.fd, CIOCKEYFETCH, &f));
	expect_ret(-EFAULT, dev_ioctl(g.k.fd, CIOCKEYFETCH, bad_page()));
}

/* What cannot be delivered stays to be fetched. */
static void too_small_to_fetch(void)
{
	uint8_t message[20] = {7}, out[ROOM];
	struct crypt_key_fetch f = {.out = (uintptr_t)out};
	struct signer g;
	uint32_t len;

	signer_open(&g);
	expect_ret(0, submit(&g, message, sizeof(message), 5));
	expect(ready(g.k.fd, POLLIN, WAIT_MS) & POLLIN, "it is not done");
	expect_ret(-EMSGSIZE, dev_ioctl(g.k.fd, CIOCKEYFETCH, &f));
	len = f.out_len;
	expect(len && len <= g.key->max_out, "it takes %u bytes", len);
	f.out_len = len - 1;
	expect_ret(-EMSGSIZE, dev_ioctl(g.k.fd, CIOCKEYFETCH, &f));
	f.out_len = len;
	f.out = (uintptr_t)bad_page();
	expect_ret(-EFAULT, dev_ioctl(g.k.fd, CIOCKEYFETCH, &f));
	expect(ready(g.k.fd, POLLIN, 0) & POLLIN, "it is lost");
	f.out = (uintptr_t)out;
	expect_ret(0, dev_ioctl(g.k.fd, CIOCKEYFETCH, &f));
	expect_ret(0, f.status);
	expect(f.cookie == 5 && f.out_len == len, "another result");
	expect(!g.pkey || keys_verify(g.pkey, g.s, message, sizeof(message), out, len),
	       "the signature is wrong");
	expect_ret(-EBUSY, dev_ioctl(g.k.fd, CIOCKEYFETCH, &f));
}

/* What is wrong with the call is said at once, what the host says when it is fetched. */
static void submissions_that_fail(void)
{
	struct crypt_key_fetch f = {0};
	struct crypt_key_op op;
	uint8_t message[20] = {0};
	struct signer g;

	signer_open(&g);
	op = keys_sign_op(g.ses + 1000, g.s, message, sizeof(message), NULL, 0);
	expect_ret(-EINVAL, dev_ioctl(g.k.fd, CIOCKEYASYNC, &op));
	op.ses = g.ses;
	op.in = (uintptr_t)bad_page();
	expect_ret(-EFAULT, dev_ioctl(g.k.fd, CIOCKEYASYNC, &op));
	expect_ret(-EFAULT, dev_ioctl(g.k.fd, CIOCKEYASYNC, bad_page()));
	op.in = (uintptr_t)message;
	op.scheme = 63;
	op.cookie = 77;
	expect_ret(0, dev_ioctl(g.k.fd, CIOCKEYASYNC, &op));
	expect(ready(g.k.fd, POLLIN, WAIT_MS) & POLLIN, "it is not done");
	expect_ret(0, dev_ioctl(g.k.fd, CIOCKEYFETCH, &f));
	expect(f.status == -EINVAL || f.status == -EACCES, "a scheme that is none: %s",
	       strerror(-f.status));
	expect(f.cookie == 77 && !f.out_len, "the result of another one");
}

/* A file description has one kind of them at a time. */
static void two_kinds(void)
{
	uint8_t message[32] = {1}, out[ROOM], block[16] = {0}, iv[16] = {0};
	struct crypt_op op = {.src = block, .dst = block, .len = 16, .iv = iv};
	struct signer g;
	uint32_t len;
	int err;

	signer_open(&g);
	op.ses = must_session(g.k.fd, CRYPTO_AES_CBC);
	expect_ret(0, submit(&g, message, sizeof(message), 1));
	expect_ret(-EBUSY, dev_ioctl(g.k.fd, CIOCASYNCCRYPT, &op));
	expect_ret(1, (int)fetch(&g, out, &len));
	expect_ret(0, dev_ioctl(g.k.fd, CIOCASYNCCRYPT, &op));
	expect_ret(-EBUSY, submit(&g, message, sizeof(message), 1));
	do {
		expect(ready(g.k.fd, POLLIN, WAIT_MS) & POLLIN, "it is not done");
		err = dev_ioctl(g.k.fd, CIOCASYNCFETCH, &op);
	} while (err == -EBUSY);
	expect_ret(0, err);
	expect_ret(0, submit(&g, message, sizeof(message), 2));
	expect_ret(2, (int)fetch(&g, out, &len));
}

/* The session ends, the file is closed, and there are some outstanding. */
static void left_outstanding(void)
{
	uint8_t message[32] = {1}, out[ROOM];
	struct signer g;
	uint32_t len;

	for (int i = 0; i < 5; i++) {
		signer_open(&g);
		for (unsigned int n = 0; n < MOST; n++)
			expect_ret(0, submit(&g, message, sizeof(message), n));
		expect_ret(0, dev_end(g.k.fd, g.ses));
		expect(submit(&g, message, sizeof(message), 0) < 0, "the session is there");
		for (int n = 0; n < i; n++) {
			fetch(&g, out, &len);
			expect(!g.pkey ||
				   keys_verify(g.pkey, g.s, message, sizeof(message), out, len),
			       "the signature is wrong");
		}
		close(g.k.fd);
		EVP_PKEY_free(g.pkey);
	}
	must_work();
}

/* Signs until it is killed, alone or with MOST outstanding. */
static _Noreturn void sign_for_ever(bool async)
{
	uint8_t message[32] = {1}, out[ROOM];
	struct signer g;

	signer_open(&g);
	for (;;) {
		struct crypt_key_op op =
		    keys_sign_op(g.ses, g.s, message, sizeof(message), out, sizeof(out));
		struct crypt_key_fetch f = {.out = (uintptr_t)out, .out_len = sizeof(out)};

		if (!async)
			expect_ret(0, dev_ioctl(g.k.fd, CIOCKEYOP, &op));
		else if (submit(&g, message, sizeof(message), 0) == -EBUSY)
			dev_ioctl(g.k.fd, CIOCKEYFETCH, &f);
	}
}

static void killed(void)
{
	struct keys k;

	keys_open(&k);
	for (int i = 0; i < 20; i++) {
		struct timespec pause = {.tv_nsec = 3000000L * (i + 1)};
		pid_t pid = must_fork();
		int status;

		if (!pid)
			sign_for_ever(i % 2);
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		expect(waitpid(pid, &status, 0) == pid, "no child");
		expect(WIFSIGNALED(status), "it ended by itself");
	}
	must_work();
}

/* One session, used by threads at once. */
static void *sign_in_thread(void *arg)
{
	struct signer *g = arg;
	uint8_t message[64], out[ROOM];

	for (int i = 0; i < 20; i++) {
		struct crypt_key_op op =
		    keys_sign_op(g->ses, g->s, message, sizeof(message), out, sizeof(out));

		memset(message, i, sizeof(message));
		expect_ret(0, dev_ioctl(g->k.fd, CIOCKEYOP, &op));
		expect(!g->pkey ||
			   keys_verify(g->pkey, g->s, message, sizeof(message), out, op.out_len),
		       "the signature is wrong");
	}
	return NULL;
}

static void threads(void)
{
	pthread_t t[8];
	struct signer g;

	signer_open(&g);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		expect(!pthread_create(&t[i], NULL, sign_in_thread, &g), "no thread");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
}

const struct check keyasync_checks[] = {
    {"keys/64-outstanding", outstanding},
    {"keys/nothing-to-fetch", nothing_to_fetch},
    {"keys/too-small-to-fetch", too_small_to_fetch},
    {"keys/submissions-that-fail", submissions_that_fail},
    {"keys/two-kinds", two_kinds},
    {"keys/left-outstanding", left_outstanding},
    {"keys/killed", killed},
    {"keys/threads", threads},
    {NULL, NULL},
};
