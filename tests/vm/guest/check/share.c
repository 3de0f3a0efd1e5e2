/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * share.c - who sees which sessions: one open file description has one set,
 * however many descriptors, processes and threads name it.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void separate_opens(void)
{
	int a = must_open(), b = must_open();
	uint32_t in_a = must_session(a, CRYPTO_AES_CBC);
	uint8_t out[16];

	expect_ret(-EINVAL, dev_crypt(b, in_a, 0, 0, test_pt, out, 16, NULL));
	/* whatever b's ids are, ending all plausible ones there does nothing to a */
	for (uint32_t id = 0; id < 100; id++)
		expect_ret(0, dev_end(b, id));
	must_answer(a, in_a);
	close(b);
	must_answer(a, in_a);
}

static void dup_shares(void)
{
	int a = must_open(), b = dup(a), c = fcntl(a, F_DUPFD_CLOEXEC, 100);
	uint32_t ses = must_session(b, CRYPTO_AES_CBC);

	must_answer(a, ses);
	must_answer(c, ses);
	close(a);
	close(b);
	must_answer(c, ses);
	expect(dup2(c, 50) == 50, "dup2: %s", strerror(errno));
	close(c);
	must_answer(50, ses);
	expect_ret(0, dev_end(50, ses));
}

/* dup2() over a descriptor closes what it was; its sessions end, others stay. */
static void dup2_over(void)
{
	int a = must_open(), b = must_open();
	uint32_t in_a = must_session(a, CRYPTO_AES_CBC);
	uint32_t in_b = must_session(b, CRYPTO_AES_CBC);
	uint8_t out[16];

	if (in_a == in_b)
		in_b = must_session(b, CRYPTO_AES_CBC);
	expect(dup2(a, b) == b, "dup2: %s", strerror(errno));
	must_answer(b, in_a);
	expect_ret(-EINVAL, dev_crypt(b, in_b, 0, 0, test_pt, out, 16, NULL));
}

static void fork_shares(void)
{
	int fd = must_open();
	uint32_t *shared =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t mine = must_session(fd, CRYPTO_AES_CBC), ends = must_session(fd, CRYPTO_AES_CBC);
	uint8_t out[16];
	pid_t pid = must_fork();

	if (!pid) {
		must_answer(fd, mine);
		shared[0] = must_session(fd, CRYPTO_AES_CBC);
		expect_ret(0, dev_end(fd, ends));
		_exit(0);
	}
	child_ok(pid);
	/* the child's exit closed its descriptor, not the description */
	must_answer(fd, mine);
	must_answer(fd, shared[0]);
	expect_ret(-EINVAL, dev_crypt(fd, ends, 0, 0, test_pt, out, 16, NULL));

	/* and the other way about: the parent closes, the child continues */
	pid = must_fork();
	if (!pid) {
		while (!__atomic_load_n(&shared[1], __ATOMIC_ACQUIRE))
			usleep(1000);
		must_answer(fd, mine);
		must_answer(fd, shared[0]);
		_exit(0);
	}
	close(fd);
	__atomic_store_n(&shared[1], 1, __ATOMIC_RELEASE);
	child_ok(pid);
}

/* The running IV is the session's, not the process's. */
static void fork_continues(void)
{
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint8_t out[64], iv[16];
	pid_t pid;

	memcpy(iv, test_iv, 16);
	expect_ret(0, dev_crypt(fd, ses, 0, 0, test_pt, out, 32, iv));
	pid = must_fork();
	if (!pid) {
		expect_ret(0, dev_crypt(fd, ses, 0, 0, test_pt + 32, out + 32, 16, NULL));
		expect_same(out, test_cbc, 48, "continued by the child");
		_exit(0);
	}
	child_ok(pid);
	expect_ret(0, dev_crypt(fd, ses, 0, 0, test_pt + 48, out + 48, 16, NULL));
	expect_same(out + 48, test_cbc + 48, 16, "continued by the parent after the child");
}

static void send_fd(int socket, int fd, uint32_t ses)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = &ses, .iov_len = sizeof(ses)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.room,
			     .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	expect(sendmsg(socket, &msg, 0) == sizeof(ses), "sendmsg: %s", strerror(errno));
}

static int receive_fd(int socket, uint32_t *ses)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = ses, .iov_len = sizeof(*ses)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.room,
			     .msg_controllen = sizeof(control.room)};
	int fd;

	expect(recvmsg(socket, &msg, 0) == sizeof(*ses), "recvmsg: %s", strerror(errno));
	expect(CMSG_FIRSTHDR(&msg), "no descriptor came");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* A descriptor sent over a socket; the sender is gone before it is used. */
static void passed_over_socket(void)
{
	uint32_t ses;
	int pair[2], fd;
	pid_t pid;

	expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair: %s", strerror(errno));
	pid = must_fork();
	if (!pid) {
		fd = must_open();
		send_fd(pair[1], fd, must_session(fd, CRYPTO_AES_CBC));
		_exit(0);
	}
	child_ok(pid);
	fd = receive_fd(pair[0], &ses);
	must_answer(fd, ses);
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
	expect_ret(0, dev_end(fd, ses));
}

/* A descriptor outstanding that nobody ever receives. */
static void lost_in_socket(void)
{
	int pair[2], fd = must_open();

	expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair: %s", strerror(errno));
	send_fd(pair[1], fd, must_session(fd, CRYPTO_AES_CBC));
	close(fd);
	close(pair[0]);
	close(pair[1]);
	must_work();
}

/* Without close-on-exec the description survives execve(); the new program finds its sessions. */
static void survives_exec(void)
{
	int fd = must_open(), clone;
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	char path[64], number[64];
	pid_t pid;

	if (access("/proc/self/exe", X_OK))
		skip("no /proc");
	expect_ret(0, dev_ioctl(fd, CRIOGET, &clone));
	snprintf(path, sizeof(path), "/proc/self/exe");
	snprintf(number, sizeof(number), "--answer=%d,%u", clone, ses);
	pid = must_fork();
	if (!pid) {
		execl(path, "cryptodev-check", number, (char *)NULL);
		fail("execl: %s", strerror(errno));
	}
	child_ok(pid);
	must_answer(fd, ses);
}

#define THREADS 8
#define THREAD_OPS 400
#define THREAD_LEN 5000

struct worker {
	pthread_t thread;
	int fd;
	uint32_t ses;
	unsigned int number;
	const uint8_t *plain;
	const uint8_t *want;
	uint8_t iv[16];
};

static void *work(void *arg)
{
	struct worker *w = arg;
	uint8_t out[THREAD_LEN], iv[16];
	struct rnd r;

	rnd_seed(&r, 30, w->number);
	for (int n = 0; n < THREAD_OPS; n++) {
		size_t len = 1 + rnd_below(&r, n % 8 ? 300 : THREAD_LEN - 1);

		memcpy(iv, w->iv, 16);
		expect_ret(0, dev_crypt(w->fd, w->ses, n & 1, 0, w->plain, out, len, iv));
		expect_same(out, w->want, len, "thread %u, operation %d", w->number, n);
	}
	return NULL;
}

/* CTR encrypts and decrypts alike, so one answer per IV serves every operation. */
static void threads(bool one_session)
{
	static uint8_t plain[THREAD_LEN], want[THREADS][THREAD_LEN];
	struct worker w[THREADS] = {0};
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CTR);

	for (unsigned int i = 0; i < THREADS; i++) {
		w[i] = (struct worker){.fd = fd, .number = i, .plain = plain, .want = want[i]};
		w[i].ses = one_session ? ses : must_session(fd, CRYPTO_AES_CTR);
		memset(w[i].iv, (int)(i * 17 + 1), 16);
		ref_once(CRYPTO_AES_CTR, test_key, 16, 0, w[i].iv, plain, want[i], THREAD_LEN,
			 NULL);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		expect(!pthread_create(&w[i].thread, NULL, work, &w[i]), "pthread_create");
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(w[i].thread, NULL);
}

static void threads_own_sessions(void)
{
	threads(false);
}

static void threads_one_session(void)
{
	threads(true);
}

struct chainer {
	pthread_t thread;
	int fd;
	uint32_t ses;
	uint8_t blocks[THREAD_OPS][16];
};

static void *chain(void *arg)
{
	static const uint8_t zero[16];
	struct chainer *c = arg;

	for (int n = 0; n < THREAD_OPS; n++)
		expect_ret(0, dev_crypt(c->fd, c->ses, 0, 0, zero, c->blocks[n], 16, NULL));
	return NULL;
}

static int by_content(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/*
 * Threads that continue one session's IV take turns: together they get every
 * block of the one key stream, none twice.
 */
static void threads_one_chain(void)
{
	static uint8_t got[4 * THREAD_OPS][16], want[4 * THREAD_OPS][16];
	static const uint8_t zeros[sizeof(want)], iv[16];
	static struct chainer c[4];
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CTR);

	for (size_t i = 0; i < 4; i++) {
		c[i].fd = fd;
		c[i].ses = ses;
		expect(!pthread_create(&c[i].thread, NULL, chain, &c[i]), "pthread_create");
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(c[i].thread, NULL);
		memcpy(got[i * THREAD_OPS], c[i].blocks, sizeof(c[i].blocks));
	}
	ref_once(CRYPTO_AES_CTR, test_key, 16, 0, iv, zeros, want[0], sizeof(want), NULL);
	qsort(got, 4 * THREAD_OPS, 16, by_content);
	qsort(want, 4 * THREAD_OPS, 16, by_content);
	expect_same(got, want, sizeof(want), "blocks that four threads drew");
}

static void *come_and_go(void *arg)
{
	int fd = *(int *)arg;

	for (int n = 0; n < 200; n++) {
		uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

		if (n % 4 == 0)
			must_answer(fd, ses);
		expect_ret(0, dev_end(fd, ses));
	}
	return NULL;
}

static void threads_sessions_come_and_go(void)
{
	pthread_t t[THREADS];
	int fd = must_open();

	for (int i = 0; i < THREADS; i++)
		expect(!pthread_create(&t[i], NULL, come_and_go, &fd), "pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
}

struct ender {
	int fd;
	uint32_t ses;
	int stop;
};

static void *use_until_gone(void *arg)
{
	struct ender *e = arg;
	uint8_t out[4096], in[4096] = {0};
	int err;

	do {
		err = dev_crypt(e->fd, e->ses, 0, 0, in, out, sizeof(in), NULL);
	} while (!err);
	expect(err == -EINVAL, "an operation on a session that ends: %s", strerror(-err));
	return NULL;
}

/* A session ends while others use it: each operation succeeds or does not know it. */
static void ended_in_use(void)
{
	struct ender e = {.fd = must_open()};
	pthread_t t[4];

	for (int round = 0; round < 50; round++) {
		e.ses = must_session(e.fd, CRYPTO_AES_CBC);
		for (int i = 0; i < 4; i++)
			expect(!pthread_create(&t[i], NULL, use_until_gone, &e), "pthread_create");
		usleep((useconds_t)(round * 100));
		expect_ret(0, dev_end(e.fd, e.ses));
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	}
	must_answer(e.fd, must_session(e.fd, CRYPTO_AES_CBC));
}

/* The descriptor is closed under a running operation: the operation keeps the description. */
static void closed_in_use(void)
{
	for (int round = 0; round < 30; round++) {
		struct ender e = {.fd = must_open()};
		pthread_t t;
		int copy = dup(e.fd);

		e.ses = must_session(e.fd, CRYPTO_AES_CBC);
		e.fd = copy;
		expect(!pthread_create(&t, NULL, use_until_gone, &e), "pthread_create");
		usleep((useconds_t)(round * 100));
		expect_ret(0, dev_end(copy, e.ses));
		pthread_join(t, NULL);
		close(copy);
	}
	must_work();
}

static void many_opens(void)
{
	int fds[200];
	uint32_t ses[200];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = must_open();
		ses[i] = must_session(fds[i], CRYPTO_AES_CBC);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		must_answer(fds[i], ses[i]);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i += 2)
		close(fds[i]);
	for (size_t i = 1; i < ARRAY_SIZE(fds); i += 2)
		must_answer(fds[i], ses[i]);
}

const struct check share_checks[] = {
    {"share/separate-opens", separate_opens},
    {"share/dup", dup_shares},
    {"share/dup2-over", dup2_over},
    {"share/fork", fork_shares},
    {"share/fork-continues", fork_continues},
    {"share/passed-over-socket", passed_over_socket},
    {"share/lost-in-socket", lost_in_socket},
    {"share/survives-exec", survives_exec},
    {"share/threads-own-sessions", threads_own_sessions},
    {"share/threads-one-session", threads_one_session},
    {"share/threads-one-chain", threads_one_chain},
    {"share/threads-come-and-go", threads_sessions_come_and_go},
    {"share/ended-in-use", ended_in_use},
    {"share/closed-in-use", closed_in_use},
    {"share/many-opens", many_opens},
    {NULL, NULL},
};
