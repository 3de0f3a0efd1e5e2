/* SPDX-License-Identifier: GPL-2.0-or-later */
/* latency.c - how long requests took. See latency.h. */
#include "daemon/base/latency.h"

#include "common/util.h"

uint64_t latency_upper(unsigned int i)
{
	return histogram_low(i + 1, LATENCY_SUB_BITS) - 1;
}

void latency_add(struct latency *latency, uint64_t ns, uint64_t times)
{
	counter_add(&latency->bucket[histogram_index(ns, LATENCY_SUB_BITS, LATENCY_MAX_BITS)],
		    times);
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
	uint64_t count = latency_count(latency);
	/* Rounded up: of 10 values, the 999th thousandth is the last. */
	uint64_t wanted = (uint64_t)(((unsigned __int128)count * per_mille + 999) / 1000);

	return count ? latency_upper(histogram_find(latency->bucket, LATENCY_BUCKETS, wanted)) : 0;
}
