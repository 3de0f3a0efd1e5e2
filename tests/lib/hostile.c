/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostile.c - what a guest that lies puts into descriptors. See hostile.h. */
#include "tests/lib/hostile.h"

#include <stdbool.h>

uint32_t test_hostile_length(struct test_random *random)
{
	static const uint32_t lengths[] = {0,
					   1,
					   8,
					   16,
					   31,
					   32,
					   48,
					   63,
					   64,
					   65,
					   80,
					   96,
					   592,
					   4096,
					   65536,
					   262144,
					   262145,
					   1 << 20,
					   (1 << 20) + 64,
					   1u << 25,
					   0x7fffffff,
					   0x80000000,
					   0xffffffff};
	bool small = test_random_below(random, 4) == 0;

	return small ? (uint32_t)test_random_below(random, 5000)
		     : lengths[test_random_below(random, sizeof(lengths) / sizeof(lengths[0]))];
}
