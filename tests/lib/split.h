/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split.h - a buffer as iovecs, cut at random.
 *
 * The same seed gives the same cuts, so that a failure can be repeated; a fuzz
 * target takes the seed from its input.
 */
#ifndef VCD_TEST_SPLIT_H
#define VCD_TEST_SPLIT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/** struct test_random - a small generator (splitmix64); any seed is fine. */
struct test_random {
	uint64_t state;
};

/** test_random_next - 64 random bits. */
uint64_t test_random_next(struct test_random *random);

/** test_random_below - a number of 0 to @n - 1. */
size_t test_random_below(struct test_random *random, size_t n);

/** test_random_fill - @len random bytes. */
void test_random_fill(struct test_random *random, void *buf, size_t len);

/**
 * split_at_random - cut @len bytes at @buf into iovecs, some of them empty.
 * @iov: result
 * @max: most iovecs, at least 1
 *
 * Return: iovecs used.
 */
unsigned int split_at_random(struct test_random *random, void *buf, size_t len, struct iovec *iov,
			     unsigned int max);

#endif /* VCD_TEST_SPLIT_H */
