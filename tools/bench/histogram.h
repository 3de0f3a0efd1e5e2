/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram.h - latencies in a log-linear histogram.
 *
 * The relative error is at most 1/64: see common/histogram.h.
 */
#ifndef VCD_BENCH_HISTOGRAM_H
#define VCD_BENCH_HISTOGRAM_H

#include <stdint.h>

#include "common/histogram.h"
#include "common/json.h"

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_SUB (1u << HISTOGRAM_SUB_BITS)

/** Values from here on count as this: 2^40 ns are 18 minutes. */
#define HISTOGRAM_MAX_BITS 40

#define HISTOGRAM_BUCKETS HISTOGRAM_COUNT(HISTOGRAM_SUB_BITS, HISTOGRAM_MAX_BITS)

/**
 * struct histogram - a histogram; all zero is an empty one.
 * @count: values recorded
 * @sum: of them; it saturates
 * @min: smallest, exactly; without meaning in an empty one
 * @max: largest, exactly
 * @bucket: how many of them fell into each bucket
 */
struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/** histogram_add - record @value @times times. */
void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times);

/** histogram_merge - add all values of @from to @to. */
void histogram_merge(struct histogram *to, const struct histogram *from);

/**
 * histogram_percentile - the value that @percent of the values do not exceed.
 *
 * Return: middle of the bucket it falls into, but not less than the smallest value and not more
 * than the largest; 0 for an empty histogram.
 */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

/** histogram_mean - arithmetic mean; 0 for an empty histogram. */
double histogram_mean(const struct histogram *histogram);

/**
 * histogram_write_json - the whole of it as a JSON object.
 *
 * Members: count, min, max, mean, and buckets: an array of [smallest value of the bucket, how
 * many] for those that are not empty, in order.
 */
void histogram_write_json(const struct histogram *histogram, struct json *json, const char *name);

#endif /* VCD_BENCH_HISTOGRAM_H */
