/* SPDX-License-Identifier: GPL-2.0-or-later */
/* split.c - a buffer as iovecs, cut at random. See split.h. */
#include "tests/lib/split.h"

#include <string.h>

uint64_t test_random_next(struct test_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

size_t test_random_below(struct test_random *random, size_t n)
{
	return (size_t)(test_random_next(random) % n);
}

void test_random_fill(struct test_random *random, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		uint64_t bits = test_random_next(random);
		size_t n = len < sizeof(bits) ? len : sizeof(bits);

		memcpy(p, &bits, n);
		p += n;
		len -= n;
	}
}

unsigned int split_at_random(struct test_random *random, void *buf, size_t len, struct iovec *iov,
			     unsigned int max)
{
	unsigned int n = 0;
	uint8_t *p = buf;

	while (n + 1 < max && (len || !test_random_below(random, 3))) {
		/* Mostly small pieces, now and then an empty one or a long one. */
		size_t piece = test_random_below(random, 8) ? test_random_below(random, 40)
							    : test_random_below(random, len + 1);

		if (!test_random_below(random, 10))
			piece = 0;
		if (piece > len)
			piece = len;
		iov[n++] = (struct iovec){.iov_base = piece ? p : NULL, .iov_len = piece};
		p += piece;
		len -= piece;
	}
	if (len || !n)
		iov[n++] = (struct iovec){.iov_base = p, .iov_len = len};
	return n;
}
