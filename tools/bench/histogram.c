/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram.c - latencies in a log-linear histogram.
 *
 * Values below HISTOGRAM_SUB have a bucket each. Above, a value with its highest
 * bit at position b falls into row b - SUB_BITS + 1, in which its SUB_BITS bits
 * below the highest one choose the bucket.
 */
#include "tools/bench/histogram.h"

static unsigned int bucket_of(uint64_t value)
{
	unsigned int shift;

	if (value >> HISTOGRAM_MAX_BITS)
		value = (1ull << HISTOGRAM_MAX_BITS) - 1;
	if (value < HISTOGRAM_SUB)
		return (unsigned int)value;
	shift = 63u - (unsigned int)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return (shift + 1) * HISTOGRAM_SUB + (unsigned int)(value >> shift) - HISTOGRAM_SUB;
}

/* Middle of a bucket. */
static uint64_t value_of(unsigned int bucket)
{
	unsigned int row = bucket / HISTOGRAM_SUB;
	uint64_t low;

	if (row == 0)
		return bucket;
	low = (uint64_t)(bucket % HISTOGRAM_SUB + HISTOGRAM_SUB) << (row - 1);
	return low + ((1ull << (row - 1)) - 1) / 2;
}

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times)
{
	histogram->bucket[bucket_of(value)] += times;
	histogram->count += times;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	unsigned int i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	to->count += from->count;
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
	double want = percent / 100.0 * (double)histogram->count;
	uint64_t seen = 0;
	unsigned int i;

	if (histogram->count == 0)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if ((double)seen >= want && seen)
			break;
	}
	return value_of(i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1);
}
