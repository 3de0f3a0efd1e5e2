/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency.h - how long requests took, in a log-linear histogram that one thread
 * writes and others read.
 *
 * Each power of two is divided into LATENCY_SUB buckets, so a value is known to
 * an eighth of itself. Coarser than the one of vcrypto-bench, and so small that a
 * queue can have its own.
 */
#ifndef VCD_DAEMON_BASE_LATENCY_H
#define VCD_DAEMON_BASE_LATENCY_H

#include <stdint.h>

#include "common/histogram.h"

#define LATENCY_SUB_BITS 3
#define LATENCY_SUB (1u << LATENCY_SUB_BITS)

/** Values from here on count as the largest: 2^36 ns are a minute. */
#define LATENCY_MAX_BITS 36

#define LATENCY_BUCKETS HISTOGRAM_COUNT(LATENCY_SUB_BITS, LATENCY_MAX_BITS)

/**
 * struct latency - a histogram; all zero is an empty one.
 * @sum_ns: of all values
 * @bucket: how many values fell into each
 */
struct latency {
	uint64_t sum_ns;
	uint64_t bucket[LATENCY_BUCKETS];
};

/** latency_add - @times values of @ns; by the one thread that writes. */
void latency_add(struct latency *latency, uint64_t ns, uint64_t times);

/** latency_merge - add a histogram that another thread may be writing to @to. */
void latency_merge(struct latency *to, const struct latency *from);

/** latency_count - values in it. */
uint64_t latency_count(const struct latency *latency);

/** latency_upper - the largest value, in ns, that falls into bucket @i. */
uint64_t latency_upper(unsigned int i);

/**
 * latency_percentile - a value that @per_mille thousandths of the values do not exceed.
 *
 * Return: upper end of its bucket, ns; 0 for an empty histogram.
 */
uint64_t latency_percentile(const struct latency *latency, unsigned int per_mille);

#endif /* VCD_DAEMON_BASE_LATENCY_H */
