/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * util.h - the few helpers that every file of the daemon uses.
 */
#ifndef VCD_COMMON_UTIL_H
#define VCD_COMMON_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/** close_fd - close *@fd when it is one and forget it. */
static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/** Frees the pointer at the end of its scope. */
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))

/** Closes the file descriptor at the end of its scope; -1 is none. */
#define _cleanup_fd_ __attribute__((cleanup(close_fd)))

/** take_fd - give *@fd away: return it, and leave -1 behind. */
static inline int take_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}

/** now_ns - CLOCK_MONOTONIC in nanoseconds. */
static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/** counter_add - add to a counter that one thread writes and others read. */
static inline void counter_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/** counter_get - read such a counter from another thread. */
static inline uint64_t counter_get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/**
 * prefetch_write - have the cache line of @p come here, to be written; any address is fine.
 *
 * The compiler's own with "write" only reads where it does not know of prefetchw.
 */
static inline void prefetch_write(const void *p)
{
#ifdef __x86_64__
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
	__builtin_prefetch(p, 1);
#endif
}

#endif /* VCD_COMMON_UTIL_H */
