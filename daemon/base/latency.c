/* SPDX-License-Identifier: GPL-2.0-or-later */
/* latency.c - how long requests took. See latency.h. */
#include "daemon/base/latency.h"

#include "common/util.h"

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < LATENCY_SUB)
		return (unsigned int)ns;
	if (ns >> LATENCY_MAX_BITS)
		return LATENCY_BUCKETS - 1;
	shift = 63 - (unsigned int)__builtin_clzll(ns) - LATENCY_SUB_BITS;
	return (shift + 1) * LATENCY_SUB + (unsigned int)((ns >> shift) & (LATENCY_SUB - 1));
}

uint64_t latency_upper(unsigned int i)
{
	unsigned int shift;

	if (i < LATENCY_SUB)
		return i;
	shift = i / LATENCY_SUB - 1;
	return ((uint64_t)(LATENCY_SUB + i % LATENCY_SUB + 1) << shift) - 1;
}

void latency_add(struct latency *latency, uint64_t ns, uint64_t times)
{
	counter_add(&latency->bucket[bucket_of(ns)], times);
	counter_add(&latency->sum_ns, ns * times);
}

void latency_merge(struct latency *to, const struct latency *from)
{
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		to->bucket[i] += counter_get(&from->bucket[i]);
	to->sum_ns += counter_get(&from->sum_ns);
}

uint64_t latency_count(const struct latency *latency)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		count += latency->bucket[i];
	return count;
}

uint64_t latency_percentile(const struct latency *latency, unsigned int per_mille)
{
	uint64_t count = latency_count(latency), seen = 0;
	/* Rounded up: of 10 values, the 999th thousandth is the last. */
	uint64_t wanted = (uint64_t)(((unsigned __int128)count * per_mille + 999) / 1000);

	if (!count)
		return 0;
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->bucket[i];
		if (seen >= wanted && seen)
			return latency_upper(i);
	}
	return latency_upper(LATENCY_BUCKETS - 1);
}
