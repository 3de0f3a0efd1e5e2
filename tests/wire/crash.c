/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash.c - crash_point() of the daemon's test build: dies as the plan says.
 *
 * The plan is mapped before main(), as a confined process cannot open it.
 */
#include "tests/wire/crash.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct crash_plan *plan;

static void __attribute__((constructor)) crash_open(void)
{
	const char *path = getenv("VCD_CRASH");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		plan = p;
	close(fd);
}

void crash_point(enum crash_place place)
{
	static uint32_t times;
	static uint32_t dying;

	if (!plan || __atomic_load_n(&plan->left, __ATOMIC_ACQUIRE) <= 0 || plan->place != place ||
	    __atomic_add_fetch(&times, 1, __ATOMIC_RELAXED) % plan->every)
		return;
	/* Threads may come here at the same time; a process dies once. */
	if (__atomic_exchange_n(&dying, 1, __ATOMIC_ACQ_REL) == 0)
		__atomic_fetch_sub(&plan->left, 1, __ATOMIC_ACQ_REL);
	/* Not a signal: number 1 of a PID namespace would not die of its own. */
	__builtin_trap();
}
