/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rand.c - xoshiro256** (Blackman and Vigna), seeded by splitmix64.
 *
 * Tests print their seed and can be repeated from it; the C library's generators
 * differ between libraries.
 */
#include "rand.h"

#include <string.h>

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void rnd_seed(struct rnd *r, uint64_t seed, uint64_t stream)
{
	uint64_t x = seed ^ (stream * 0xd1342543de82ef95);

	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&x);
}

static uint64_t rotl(uint64_t v, unsigned int n)
{
	return v << n | v >> (64 - n);
}

uint64_t rnd_u64(struct rnd *r)
{
	uint64_t out = rotl(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotl(r->s[3], 45);
	return out;
}

uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	return (uint32_t)((rnd_u64(r) >> 32) * n >> 32);
}

void rnd_fill(struct rnd *r, void *p, size_t len)
{
	uint8_t *out = p;

	while (len) {
		uint64_t v = rnd_u64(r);
		size_t n = len < sizeof(v) ? len : sizeof(v);

		memcpy(out, &v, n);
		out += n;
		len -= n;
	}
}
