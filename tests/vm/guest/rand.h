/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rand.h - a small repeatable random generator for tests. Not for keys.
 */
#ifndef TESTS_VM_GUEST_RAND_H
#define TESTS_VM_GUEST_RAND_H

#include <stddef.h>
#include <stdint.h>

/** struct rnd - state of one xoshiro256** generator. */
struct rnd {
	uint64_t s[4];
};

/** rnd_seed - start @r from @seed and @stream; equal arguments give equal sequences. */
void rnd_seed(struct rnd *r, uint64_t seed, uint64_t stream);

/** rnd_u64 - next 64 bits. */
uint64_t rnd_u64(struct rnd *r);

/** rnd_below - a number from 0 to @n - 1; @n is not 0. */
uint32_t rnd_below(struct rnd *r, uint32_t n);

/** rnd_fill - @len bytes to @p. */
void rnd_fill(struct rnd *r, void *p, size_t len);

#endif
