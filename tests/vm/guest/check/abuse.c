/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abuse.c - signals, kill -9 in the middle of a request, memory that goes away
 * under it, programs that end with requests outstanding. Afterwards the device
 * works as before.
 */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLS 300
#define BIG (512u << 10)

static volatile sig_atomic_t alarms;

/* End @pid, which works without end. That it ended by itself is a failure it has explained. */
static void kill_hard(pid_t pid)
{
	int status;

	expect(!kill(pid, SIGKILL), "kill: %s", strerror(errno));
	expect(waitpid(pid, &status, 0) == pid, "waitpid: %s", strerror(errno));
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	       "a child ended by itself, status 0x%x", status);
}

static void on_alarm(int sig)
{
	alarms = alarms + 1;
}

/*
 * A program with a timer need not know about EINTR: operations that were
 * interrupted are completed or restarted, and each is done exactly once.
 */
static void signal_storm(void)
{
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = 0};
	struct itimerval often = {.it_interval = {.tv_usec = 500}, .it_value = {.tv_usec = 500}};
	struct itimerval never = {0};
	const size_t len = 256u << 10;
	uint8_t *buf = must_map(len), *src = must_map(len), *want = must_map(len), iv[16] = {3};
	struct ref_session ref;
	int fd = must_open();
	uint32_t big = must_session(fd, CRYPTO_AES_CBC), chained = must_session(fd, CRYPTO_AES_CTR);

	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, iv, src, want, len, NULL);
	expect_ret(0, ref_session_init(&ref, ref_cipher_find(CRYPTO_AES_CTR), test_key, 16));
	expect(!sigaction(SIGALRM, &sa, NULL), "sigaction");
	expect(!setitimer(ITIMER_REAL, &often, NULL), "setitimer");
	for (int n = 0; n < 2000 || (alarms < 200 && n < 20000); n++) {
		uint8_t out[100], right[100];
		uint32_t ses;

		expect_ret(0, dev_crypt(fd, chained, 0, 0, test_pt, out, 60, NULL));
		expect_ret(0, ref_crypt(&ref, 0, NULL, test_pt, right, 60));
		expect_same(out, right, 60, "operation %d of a chain, %d signals", n, (int)alarms);
		if (n % 50)
			continue;
		expect_ret(0, dev_crypt(fd, big, 0, 0, src, buf, len, iv));
		expect_same(buf, want, len, "256 KiB under signals");
		expect_ret(0, dev_session(fd, CRYPTO_AES_CBC, test_key, 16, &ses));
		expect_ret(0, dev_end(fd, ses));
	}
	expect(!setitimer(ITIMER_REAL, &never, NULL), "setitimer");
	expect(alarms > 0, "no signal came");
	note("%d signals", (int)alarms);
}

static struct {
	int fd;
	uint32_t ses;
	volatile sig_atomic_t ran;
} in_handler;

static void on_usr1_crypt(int sig)
{
	uint8_t out[64], iv[16];
	int saved = errno;

	memcpy(iv, test_iv, 16);
	if (dev_crypt(in_handler.fd, in_handler.ses, 0, 0, test_pt, out, 64, iv) ||
	    memcmp(out, test_cbc, 64))
		_exit(3);
	in_handler.ran = in_handler.ran + 1;
	errno = saved;
}

/* An operation in a signal handler, on the very session that was interrupted. */
static void in_signal_handler(void)
{
	struct sigaction sa = {.sa_handler = on_usr1_crypt, .sa_flags = SA_RESTART};
	pid_t self = getpid(), pid;
	int fd = must_open();

#ifdef CRYPTODEV_MODEL
	skip("the model, unlike a kernel, cannot be called from a handler");
#endif
	in_handler.fd = fd;
	in_handler.ses = must_session(fd, CRYPTO_AES_CBC);
	expect(!sigaction(SIGUSR1, &sa, NULL), "sigaction");
	pid = must_fork();
	if (!pid) {
		for (int i = 0; i < 500; i++) {
			kill(self, SIGUSR1);
			usleep(500);
		}
		_exit(0);
	}
	while (waitpid(pid, NULL, WNOHANG) == 0)
		must_answer(fd, in_handler.ses);
	expect(in_handler.ran > 0, "no signal came");
}

/* Loops over one kind of work until it is killed. */
static _Noreturn void victim(int fd, uint32_t shared_ses, unsigned int kind)
{
	const size_t len = kind % 3 == 0 ? BIG : kind % 3 == 1 ? 20000 : 64;
	uint8_t *src = must_map(len), *dst = must_map(len), iv[16] = {1};
	uint32_t ses = shared_ses;

	if (kind % 2) {
		fd = must_open();
		ses = must_session(fd, CRYPTO_AES_CTR);
	}
	for (;;) {
		if (kind % 5 == 4) {
			expect_ret(0, dev_end(fd, must_session(fd, CRYPTO_AES_CBC)));
			continue;
		}
		expect_ret(0, dev_crypt(fd, ses, 0, kind % 7 ? COP_FLAG_WRITE_IV : 0, src,
					kind % 4 ? dst : src, len, kind % 7 ? iv : NULL));
	}
}

/* Children that work without pause, killed at random times, several at once. */
static void killed(void)
{
	int fd = must_open();
	uint32_t shared = must_session(fd, CRYPTO_AES_CTR), mine = must_session(fd, CRYPTO_AES_CBC);
	pid_t pids[6];
	struct rnd r;

	rnd_seed(&r, 40, 0);
	for (unsigned int n = 0; n < KILLS; n += (unsigned int)ARRAY_SIZE(pids)) {
		for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
			pids[i] = must_fork();
			if (!pids[i])
				victim(fd, shared, n + (unsigned int)i);
		}
		for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
			usleep(rnd_below(&r, 20000));
			kill_hard(pids[i]);
		}
		must_answer(fd, mine);
	}
	must_work();
}

/* All threads of a process are in requests when it is killed. */
static void *endless(void *arg)
{
	victim(((int *)arg)[0], (uint32_t)((int *)arg)[1], (unsigned int)((int *)arg)[2]);
}

static void threads_killed(void)
{
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CTR);

	for (int round = 0; round < 20; round++) {
		pid_t pid = must_fork();

		if (!pid) {
			static int args[8][3];
			pthread_t t;

			for (int i = 0; i < 8; i++) {
				args[i][0] = fd;
				args[i][1] = (int)ses;
				args[i][2] = i;
				expect(!pthread_create(&t, NULL, endless, args[i]),
				       "pthread_create");
			}
			pause();
		}
		usleep((useconds_t)(5000 + round * 3000));
		kill_hard(pid);
	}
	must_work();
}

/* exit_group() with threads in requests; nobody kills anything. */
static void exits_in_flight(void)
{
	for (int round = 0; round < 20; round++) {
		pid_t pid = must_fork();

		if (!pid) {
			int fd = must_open();
			static int args[4][3];
			pthread_t t;

			for (int i = 0; i < 4; i++) {
				args[i][0] = fd;
				args[i][1] = (int)must_session(fd, CRYPTO_AES_CTR);
				args[i][2] = i;
				expect(!pthread_create(&t, NULL, endless, args[i]),
				       "pthread_create");
			}
			usleep((useconds_t)(round * 1500));
			_exit(0);
		}
		child_ok(pid);
	}
	must_work();
}

struct vanishing {
	uint8_t *buf;
	size_t len;
	int stop;
	bool protect;
};

static void *vanish(void *arg)
{
	struct vanishing *v = arg;

	while (!__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE)) {
		if (v->protect) {
			mprotect(v->buf, v->len, PROT_NONE);
			sched_yield();
			mprotect(v->buf, v->len, PROT_READ | PROT_WRITE);
		} else {
			munmap(v->buf, v->len);
			sched_yield();
			mmap(v->buf, v->len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
		usleep(200);
	}
	return NULL;
}

/* Another thread takes the buffer away during the call: a fault or success, no harm. */
static void memory_vanishes(void)
{
	static const size_t lens[] = {4096, 65536, 1u << 20};
	int fd = must_open(), ok = 0, faults = 0;
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	for (size_t i = 0; i < 2 * ARRAY_SIZE(lens); i++) {
		struct vanishing v = {.len = lens[i / 2], .protect = i % 2};
		uint8_t *other = must_map(v.len), iv[16] = {0};
		pthread_t t;

		v.buf = must_map(v.len);
		expect(!pthread_create(&t, NULL, vanish, &v), "pthread_create");
		for (int n = 0; n < 300; n++) {
			uint8_t *src = n % 3 == 0 ? other : v.buf,
				*dst = n % 3 == 1 ? other : v.buf;
			int err = dev_crypt(fd, ses, 0, 0, src, dst, v.len, iv);

			expect(err == 0 || err == -EFAULT, "memory vanishes: %s", strerror(-err));
			ok += !err;
			faults += !!err;
		}
		__atomic_store_n(&v.stop, 1, __ATOMIC_RELEASE);
		pthread_join(t, NULL);
		munmap(v.buf, v.len);
		munmap(other, v.len);
	}
	note("%d calls succeeded, %d faulted", ok, faults);
	must_answer(fd, ses);
}

/* The source changes while it is read: any answer, but only inside the output. */
static void *scribble(void *arg)
{
	struct vanishing *v = arg;
	struct rnd r;

	rnd_seed(&r, 41, 0);
	while (!__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE))
		rnd_fill(&r, v->buf, 4096);
	return NULL;
}

static void source_changes(void)
{
	struct vanishing v = {.len = 4096};
	struct guard dst;
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint8_t iv[16] = {0};
	pthread_t t;

	v.buf = must_map(v.len);
	guard_make(&dst, 4096 - 32, true);
	expect(!pthread_create(&t, NULL, scribble, &v), "pthread_create");
	for (int n = 0; n < 1000; n++)
		expect_ret(0, dev_crypt(fd, ses, n & 1, 0, v.buf, dst.buf, dst.len, iv));
	__atomic_store_n(&v.stop, 1, __ATOMIC_RELEASE);
	pthread_join(t, NULL);
	guard_check(&dst);
	must_answer(fd, ses);
}

/* Opening, using, and dying without any clean-up, as fast as possible. */
static void short_lives(void)
{
	for (int n = 0; n < 200; n++) {
		pid_t pid = must_fork();

		if (!pid) {
			int fd = must_open();

			for (int i = 0; i <= n % 5; i++)
				must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
			_exit(0);
		}
		child_ok(pid);
	}
}

/* A locked-memory limit of 0 is no reason to fail: pinning is the driver's business. */
static void memory_limits(void)
{
	struct rlimit none = {0, 0};
	const size_t len = 1u << 20;
	uint8_t *buf = must_map(len), iv[16] = {0};
	int fd = must_open(), err;
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	expect(!setrlimit(RLIMIT_MEMLOCK, &none), "setrlimit: %s", strerror(errno));
	err = dev_crypt(fd, ses, 0, 0, buf, buf, len, iv);
	expect(!err, "1 MiB with RLIMIT_MEMLOCK 0: %s", strerror(-err));
	must_answer(fd, ses);
}

/* Without root's rights, where the node's mode or the group lets one in. */
static void ordinary_user(void)
{
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	if (getuid())
		skip("runs as an ordinary user already");
	if (setgid(65534) || setuid(65534))
		skip("cannot become an ordinary user: %s", strerror(errno));
	/* an open descriptor is all the right that is needed */
	must_answer(fd, ses);
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
	fd = dev_open();
	expect(fd >= 0 || fd == -EACCES, "open: %s", strerror(-fd));
	note("others %s open it", fd >= 0 ? "may" : "may not");
}

const struct check abuse_checks[] = {
    {"abuse/signal-storm", signal_storm},
    {"abuse/in-signal-handler", in_signal_handler},
    {"abuse/killed", killed},
    {"abuse/threads-killed", threads_killed},
    {"abuse/exits-in-flight", exits_in_flight},
    {"abuse/memory-vanishes", memory_vanishes},
    {"abuse/source-changes", source_changes},
    {"abuse/short-lives", short_lives},
    {"abuse/memory-limits", memory_limits},
    {"abuse/ordinary-user", ordinary_user},
    {NULL, NULL},
};
