/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.c - what time it is.
 *
 * The system's clock as a rule. The time stamp counter, where asked for, is turned into
 * nanoseconds by one multiplication with what it was found to run at; that it is constant is what
 * the processor promises by its "invariant" bit.
 */
#include <errno.h>
#include <time.h>

#include "tools/bench/bench.h"

/* How long the counter is watched. */
#define WATCH_NS 50000000u

/* Nanoseconds for a tick of the counter, times 2^32; 0: the system's clock is read. */
static uint64_t tick;
static uint64_t tick_base;

static uint64_t system_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t counter(void)
{
	return __builtin_ia32_rdtsc();
}

static bool counter_is_even(void)
{
	unsigned int a, b, c, d;

	/* "Invariant TSC" */
	return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1u << 8;
}
#else
static uint64_t counter(void)
{
	return 0;
}

static bool counter_is_even(void)
{
	return false;
}
#endif

int bench_clock_tsc(void)
{
	uint64_t begin_ns;
	uint64_t begin;
	uint64_t ticks;
	uint64_t ns;

	if (!counter_is_even())
		return -ENOTSUP;
	begin_ns = system_ns();
	begin = counter();
	do {
		ns = system_ns() - begin_ns;
		ticks = counter() - begin;
	} while (ns < WATCH_NS);
	if (ticks == 0)
		return -ENOTSUP;
	tick = (uint64_t)(((unsigned __int128)ns << 32) / ticks);
	tick_base = begin;
	return 0;
}

uint64_t bench_now_ns(void)
{
	if (tick)
		return (uint64_t)(((unsigned __int128)(counter() - tick_base) * tick) >> 32);
	return system_ns();
}
