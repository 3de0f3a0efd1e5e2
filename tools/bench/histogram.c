/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram.c - latencies in a log-linear histogram.
 *
 * Values below HISTOGRAM_SUB have a bucket each. Above, a value with its highest
 * bit at position b falls into row b - SUB_BITS + 1, in which its SUB_BITS bits
 * below the highest one choose the bucket.
 */
#include "tools/bench/histogram.h"

#include <inttypes.h>

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

/* Smallest value of a bucket. */
static uint64_t low_of(unsigned int bucket)
{
	unsigned int row = bucket / HISTOGRAM_SUB;

	if (row == 0)
		return bucket;
	return (uint64_t)(bucket % HISTOGRAM_SUB + HISTOGRAM_SUB) << (row - 1);
}

/* Middle of a bucket. */
static uint64_t middle_of(unsigned int bucket)
{
	unsigned int row = bucket / HISTOGRAM_SUB;

	return row == 0 ? bucket : low_of(bucket) + ((1ull << (row - 1)) - 1) / 2;
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static void note_extremes(struct histogram *histogram, uint64_t min, uint64_t max)
{
	if (histogram->count == 0 || min < histogram->min)
		histogram->min = min;
	if (max > histogram->max)
		histogram->max = max;
}

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times)
{
	uint64_t product;

	if (times == 0)
		return;
	if (__builtin_mul_overflow(value, times, &product))
		product = UINT64_MAX;
	note_extremes(histogram, value, value);
	histogram->sum = add_saturated(histogram->sum, product);
	histogram->bucket[bucket_of(value)] += times;
	histogram->count += times;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	unsigned int i;

	if (from->count == 0)
		return;
	note_extremes(to, from->min, from->max);
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	to->sum = add_saturated(to->sum, from->sum);
	to->count += from->count;
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
	double want = percent / 100.0 * (double)histogram->count;
	uint64_t seen = 0;
	uint64_t value;
	unsigned int i;

	if (histogram->count == 0)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if ((double)seen >= want && seen)
			break;
	}
	value = middle_of(i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1);
	if (value < histogram->min)
		return histogram->min;
	return value > histogram->max ? histogram->max : value;
}

double histogram_mean(const struct histogram *histogram)
{
	return histogram->count ? (double)histogram->sum / (double)histogram->count : 0;
}

void histogram_write_json(const struct histogram *histogram, FILE *file)
{
	const char *comma = "";
	unsigned int i;

	fprintf(file,
		"{\"count\":%" PRIu64 ",\"min\":%" PRIu64 ",\"max\":%" PRIu64
		",\"mean\":%.1f,\"buckets\":[",
		histogram->count, histogram->min, histogram->max, histogram_mean(histogram));
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!histogram->bucket[i])
			continue;
		fprintf(file, "%s[%" PRIu64 ",%" PRIu64 "]", comma, low_of(i),
			histogram->bucket[i]);
		comma = ",";
	}
	fputs("]}", file);
}
