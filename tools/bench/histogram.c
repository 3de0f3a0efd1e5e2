/* SPDX-License-Identifier: GPL-2.0-or-later */
/* histogram.c - latencies in a log-linear histogram. See histogram.h. */
#include "tools/bench/histogram.h"

/* Middle of a bucket. */
static uint64_t middle_of(unsigned int bucket)
{
	uint64_t low = histogram_low(bucket, HISTOGRAM_SUB_BITS);

	return low + (histogram_low(bucket + 1, HISTOGRAM_SUB_BITS) - 1 - low) / 2;
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
	histogram->bucket[histogram_index(value, HISTOGRAM_SUB_BITS, HISTOGRAM_MAX_BITS)] += times;
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
	double exact = percent / 100.0 * (double)histogram->count;
	uint64_t wanted = (uint64_t)exact, value;

	if (histogram->count == 0)
		return 0;
	wanted += (double)wanted < exact;
	value = middle_of(histogram_find(histogram->bucket, HISTOGRAM_BUCKETS, wanted));
	if (value < histogram->min)
		return histogram->min;
	return value > histogram->max ? histogram->max : value;
}

double histogram_mean(const struct histogram *histogram)
{
	return histogram->count ? (double)histogram->sum / (double)histogram->count : 0;
}

void histogram_write_json(const struct histogram *histogram, struct json *json, const char *name)
{
	json_begin(json, name, '{');
	json_number(json, "count", histogram->count);
	json_number(json, "min", histogram->min);
	json_number(json, "max", histogram->max);
	json_decimal(json, "mean", histogram_mean(histogram), 1);
	json_begin(json, "buckets", '[');
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!histogram->bucket[i])
			continue;
		json_begin(json, NULL, '[');
		json_number(json, NULL, histogram_low(i, HISTOGRAM_SUB_BITS));
		json_number(json, NULL, histogram->bucket[i]);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}
