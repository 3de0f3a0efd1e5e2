/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_baseline.c - what a round trip between two processes costs here, with nothing in it.
 *
 *	pingpong	both look at a word of shared memory all the time
 *	eventfd		both sleep in read() on an eventfd and wake each other
 *	syscall		no partner: a system call that does nothing (getppid), which is the least
 *			that an ioctl can cost
 *
 * A device in another process cannot answer faster than that; the round trips of `wire`, polling
 * and sleeping, are to be seen as multiples of these.
 *
 * Each thread has a child process as its partner. Between slices it sleeps, so that it takes
 * nothing from what is compared with; it ends when our end of its socket closes or we die.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench/affinity.h"
#include "tools/bench/bench.h"

/* Value of the word that ends a slice. */
#define STOP UINT32_MAX

/* Times that the CPU is given up between two looks whether the partner is alive. */
#define YIELDS 4096

/**
 * struct ball - what goes forth and back; both words on lines of their own.
 * @ping: written by us
 * @pong: written by the partner
 */
struct ball {
	_Alignas(128) uint32_t ping;
	_Alignas(128) uint32_t pong;
};

struct partner {
	pid_t pid;
	int socket;
	int ping_fd;
	int pong_fd;
	struct ball *ball;
	bool spin;
};

/* ---- both sides ----------------------------------------------------------------------- */

static bool is_gone(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

/*
 * Until the word is no longer @old: its new value, or @old when the child @pid (0: none to look
 * after) has ended. As in wire, the CPU is given up now and then.
 */
static uint32_t await(const uint32_t *word, uint32_t old, pid_t pid)
{
	unsigned int yields = 0;
	uint32_t now;

	for (;;) {
		for (unsigned int i = 0; i < BENCH_SPINS; i++) {
			now = __atomic_load_n(word, __ATOMIC_ACQUIRE);
			if (now != old)
				return now;
			bench_pause();
		}
		sched_yield();
		if (pid && ++yields % YIELDS == 0 && is_gone(pid))
			return old;
	}
}

static bool signal_fd(int fd)
{
	const uint64_t one = 1;

	return write(fd, &one, sizeof(one)) == sizeof(one);
}

static bool wait_fd(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

/* ---- the partner ---------------------------------------------------------------------- */

static void answer_spinning(struct ball *ball)
{
	uint32_t last = __atomic_load_n(&ball->pong, __ATOMIC_RELAXED);

	while (last != STOP) {
		last = await(&ball->ping, last, 0);
		__atomic_store_n(&ball->pong, last, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&ball->pong, 0, __ATOMIC_RELEASE);
}

static bool answer_sleeping(struct partner *partner)
{
	bool stop = false;

	while (!stop) {
		if (!wait_fd(partner->ping_fd))
			return false;
		stop = __atomic_load_n(&partner->ball->ping, __ATOMIC_ACQUIRE) == STOP;
		if (!signal_fd(partner->pong_fd))
			return false;
	}
	return true;
}

/* A byte on the socket begins a slice and is sent back at its end. */
static void __attribute__((noreturn)) play(struct partner *partner, int socket)
{
	char byte;

	while (read(socket, &byte, 1) == 1) {
		if (partner->spin)
			answer_spinning(partner->ball);
		else if (!answer_sleeping(partner))
			break;
		if (write(socket, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

/* ---- our side ------------------------------------------------------------------------- */

static int baseline_open(struct bench *bench)
{
	bench->work.name = "none";
	bench->work.size = 0;
	bench->work.depth = 1;
	bench->work.sessions = 1;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "none");
	return 0;
}

static void baseline_close(struct bench *bench)
{
}

static void baseline_thread_close(struct bench_thread *thread)
{
	struct partner *partner = thread->state;

	if (partner->socket >= 0)
		close(partner->socket);
	if (partner->pid > 0)
		(void)waitpid(partner->pid, NULL, 0);
	if (partner->ping_fd >= 0)
		close(partner->ping_fd);
	if (partner->pong_fd >= 0)
		close(partner->pong_fd);
	if (partner->ball)
		(void)munmap(partner->ball, sizeof(*partner->ball));
	free(partner);
	thread->state = NULL;
}

static void place_partner(const struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	cpu_set_t all, set;

	if (bench->target.place && sched_getaffinity(0, sizeof(all), &all) == 0) {
		set = bench->target.place == BENCH_PLACE_TOGETHER
			  ? affinity_one(&all, thread->number)
			  : affinity_theirs(&all, bench->work.threads);
		(void)sched_setaffinity(0, sizeof(set), &set);
	}
}

static int start_partner(const struct bench_thread *thread, struct partner *partner)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	partner->pid = fork();
	if (partner->pid < 0) {
		int err = -errno;

		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (partner->pid == 0) {
		/* It may be spinning when we die. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		place_partner(thread);
		if (getppid() == parent)
			play(partner, pair[1]);
		_exit(0);
	}
	close(pair[1]);
	partner->socket = pair[0];
	return 0;
}

static int thread_open(struct bench_thread *thread, bool spin)
{
	struct partner *partner = calloc(1, sizeof(*partner));
	void *ball;

	if (!partner)
		return -ENOMEM;
	thread->state = partner;
	partner->spin = spin;
	partner->socket = -1;
	partner->ping_fd = eventfd(0, EFD_CLOEXEC);
	partner->pong_fd = eventfd(0, EFD_CLOEXEC);
	ball = mmap(NULL, sizeof(*partner->ball), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ball == MAP_FAILED)
		return -errno;
	partner->ball = ball;
	if (partner->ping_fd < 0 || partner->pong_fd < 0)
		return -EMFILE;
	return start_partner(thread, partner);
}

static int pingpong_thread_open(struct bench_thread *thread)
{
	return thread_open(thread, true);
}

static int eventfd_thread_open(struct bench_thread *thread)
{
	return thread_open(thread, false);
}

/* Forth and back with @value. */
static int round_trip(struct partner *partner, uint32_t value)
{
	struct ball *ball = partner->ball;
	uint32_t old = __atomic_load_n(&ball->pong, __ATOMIC_RELAXED);

	__atomic_store_n(&ball->ping, value, __ATOMIC_RELEASE);
	if (partner->spin)
		return await(&ball->pong, old, partner->pid) == old ? -EPIPE : 0;
	return signal_fd(partner->ping_fd) && wait_fd(partner->pong_fd) ? 0 : -EIO;
}

static int baseline_run(struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	struct partner *partner = thread->state;
	uint64_t now;
	uint32_t value = 0;
	char byte = 1;
	int err;

	partner->ball->ping = 0;
	partner->ball->pong = 0;
	if (write(partner->socket, &byte, 1) != 1)
		return -EPIPE;
	/* The first one waits for the partner to wake up, and does not count. */
	err = round_trip(partner, ++value);
	now = bench_now_ns();
	do {
		uint64_t begin = now;

		if (err)
			return err;
		value = value + 1 == STOP ? 1 : value + 1;
		err = round_trip(partner, value);
		now = bench_now_ns();
		bench_done(thread, now - begin, 1);
	} while (!bench_time_up(bench, now));
	if (!err)
		err = round_trip(partner, STOP);
	if (!err && read(partner->socket, &byte, 1) != 1)
		err = -EPIPE;
	return err;
}

static int baseline_check(struct bench_thread *thread)
{
	thread->bench->end_ns = 0;
	return baseline_run(thread);
}

/* That of the first thread: one thread is what these modes are for. */
static pid_t baseline_worker(struct bench *bench, unsigned int n)
{
	const struct partner *partner = bench->threads ? bench->threads[0].state : NULL;

	return partner && n == 0 ? partner->pid : 0;
}

const struct bench_mode bench_mode_pingpong = {
    .name = "pingpong",
    .open = baseline_open,
    .close = baseline_close,
    .thread_open = pingpong_thread_open,
    .thread_close = baseline_thread_close,
    .check = baseline_check,
    .run = baseline_run,
    .worker = baseline_worker,
};

const struct bench_mode bench_mode_eventfd = {
    .name = "eventfd",
    .open = baseline_open,
    .close = baseline_close,
    .thread_open = eventfd_thread_open,
    .thread_close = baseline_thread_close,
    .check = baseline_check,
    .run = baseline_run,
    .worker = baseline_worker,
};

/* ---- no partner ----------------------------------------------------------------------- */

static int syscall_thread_open(struct bench_thread *thread)
{
	thread->state = thread;
	return 0;
}

static void syscall_thread_close(struct bench_thread *thread)
{
	thread->state = NULL;
}

/* Not getppid(): a library might remember. */
static int syscall_step(struct bench_thread *thread)
{
	return syscall(SYS_getppid) >= 0 ? 1 : -errno;
}

static int syscall_check(struct bench_thread *thread)
{
	return syscall(SYS_getppid) == getppid() ? 0 : -EIO;
}

const struct bench_mode bench_mode_syscall = {
    .name = "syscall",
    .open = baseline_open,
    .close = baseline_close,
    .thread_open = syscall_thread_open,
    .thread_close = syscall_thread_close,
    .check = syscall_check,
    .step = syscall_step,
};
