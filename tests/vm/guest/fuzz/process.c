/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.c - a process that callers run in, while their memory and descriptors are taken away.
 */
#include "fuzz.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct proc proc;

static uint8_t *arena_map(void *at)
{
	return mmap(at, ARENA, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);
}

static void *calling(void *arg)
{
	struct caller *c = arg;

	while (!__atomic_load_n(&all->stop, __ATOMIC_RELAXED))
		call_one(c);
	return NULL;
}

/* Fork with calls in other threads outstanding, and end at once. */
static void fork_and_end(struct rnd *r)
{
	pid_t pid = fork();

	if (!pid) {
		struct crypt_op op;

		ioctl(proc.fd[rnd_below(r, FILES)], CIOCASYNCFETCH, &op);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* A descriptor's number continues to mean another file, in the midst of calls. */
static void disturb_files(struct rnd *r, int common)
{
	int slot = 1 + (int)rnd_below(r, FILES - 1), fd;

	switch (rnd_below(r, 3)) {
	case 0:
		fd = dev_open();
		if (fd >= 0) {
			dup2(fd, proc.fd[slot]);
			close(fd);
		}
		break;
	case 1:
		dup2(common, proc.fd[slot]);
		break;
	default:
		dup2(proc.fd[1 + rnd_below(r, FILES - 1)], proc.fd[slot]);
	}
}

static void disturb(struct rnd *r, int common)
{
	size_t at = PAGE * rnd_below(r, ARENA / PAGE), n = PAGE * rnd_below(r, 64);

	if (n > ARENA - at)
		n = ARENA - at;
	switch (rnd_below(r, 16)) {
	case 0:
		munmap(proc.arena + at, n);
		break;
	case 1:
		mprotect(proc.arena + at, n, PROT_READ);
		break;
	case 2:
		mprotect(proc.arena + at, n, PROT_NONE);
		break;
	case 3:
		madvise(proc.arena + at, n, MADV_DONTNEED);
		break;
	case 11 ... 15:
	case 4 ... 6:
		arena_map(proc.arena);
		break;
	case 7 ... 9:
		if (!rnd_below(r, 20))
			disturb_files(r, common);
		break;
	case 10:
		if (!rnd_below(r, 8))
			fork_and_end(r);
		break;
	default:
		sched_yield();
	}
}

static void caller_make(struct caller *c, uint64_t stream)
{
	rnd_seed(&c->r, options.seed, stream);
	c->args = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	c->ops = calloc(CRYPT_BATCH_MAX, sizeof(*c->ops));
	c->status = calloc(CRYPT_BATCH_MAX, sizeof(*c->status));
	if (c->args == MAP_FAILED || mprotect(c->args + 2 * PAGE, PAGE, PROT_NONE) || !c->ops ||
	    !c->status) {
		perror("memory");
		_exit(1);
	}
}

_Noreturn void process_main(int common, uint64_t stream)
{
	struct rlimit files = {128, 128};
	struct caller c[CALLERS];
	pthread_t t[CALLERS];
	struct rnd r;

	setrlimit(RLIMIT_NOFILE, &files);
	rnd_seed(&r, options.seed, stream);
	/* a range of its own, with nothing behind it or before */
	proc.arena = mmap(NULL, ARENA + 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (proc.arena == MAP_FAILED)
		_exit(1);
	proc.arena += 32 * PAGE;
	arena_map(proc.arena);
	proc.fd[0] = common;
	for (int i = 1; i < FILES; i++)
		proc.fd[i] = dev_open();
	for (unsigned int i = 0; i < CALLERS; i++) {
		caller_make(&c[i], stream * 16 + i + 1);
		if (pthread_create(&t[i], NULL, calling, &c[i]))
			_exit(1);
	}
	while (!__atomic_load_n(&all->stop, __ATOMIC_RELAXED)) {
		disturb(&r, common);
		usleep(rnd_below(&r, 300));
	}
	for (int i = 0; i < CALLERS; i++)
		pthread_join(t[i], NULL);
	fflush(stdout);
	_exit(0);
}
