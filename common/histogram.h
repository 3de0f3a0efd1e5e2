/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram.h - where values fall in a log-linear histogram.
 *
 * As HdrHistogram does: each power of two is divided into 2^sub_bits linear buckets, so that the
 * relative error is bounded by 2^-sub_bits over the whole range, and recording is a shift and an
 * increment. Values below 2^sub_bits have a bucket each. Values from 2^max_bits on fall into the
 * last bucket.
 *
 * Users differ in how fine their buckets are and in what they keep beside them: the daemon's are
 * coarse and read by other threads (daemon/base/latency.h), those of vcrypto-bench are fine
 * (tools/bench/histogram.h). What is the same is here.
 */
#ifndef VCD_COMMON_HISTOGRAM_H
#define VCD_COMMON_HISTOGRAM_H

#include <stdint.h>

/** How many buckets there are. */
#define HISTOGRAM_COUNT(sub_bits, max_bits) (((max_bits) - (sub_bits) + 1u) << (sub_bits))

/** histogram_index - the bucket of @value. */
static inline unsigned int histogram_index(uint64_t value, unsigned int sub_bits,
					   unsigned int max_bits)
{
	unsigned int shift;

	if (value >> max_bits)
		return HISTOGRAM_COUNT(sub_bits, max_bits) - 1;
	if (value >> sub_bits == 0)
		return (unsigned int)value;
	shift = 63 - (unsigned int)__builtin_clzll(value) - sub_bits;
	return (shift << sub_bits) + (unsigned int)(value >> shift);
}

/** histogram_low - the smallest value of bucket @i; that of @i + 1 is the first one above it. */
static inline uint64_t histogram_low(unsigned int i, unsigned int sub_bits)
{
	unsigned int row = i >> sub_bits;

	if (!row)
		return i;
	return (uint64_t)((i & ((1u << sub_bits) - 1)) + (1u << sub_bits)) << (row - 1);
}

/**
 * histogram_find - the first bucket that, with those before it, holds @wanted values.
 * @buckets: how many values fell into each
 * @count: buckets
 *
 * Buckets at the beginning that hold none are passed over. Return: the last one, if all hold fewer.
 */
static inline unsigned int histogram_find(const uint64_t *buckets, unsigned int count,
					  uint64_t wanted)
{
	uint64_t seen = 0;

	for (unsigned int i = 0; i < count; i++) {
		seen += buckets[i];
		if (seen >= wanted && seen)
			return i;
	}
	return count - 1;
}

#endif /* VCD_COMMON_HISTOGRAM_H */
