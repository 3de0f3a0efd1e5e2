/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_histogram.c - is what the histogram says as exact as it claims?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/bench/histogram.h"

/* One value alone is every percentile; it comes back within 1/64. */
static void test_error(void **state)
{
	static struct histogram h;
	uint64_t value;
	unsigned int shift;

	for (shift = 0; shift < HISTOGRAM_MAX_BITS; shift++) {
		for (value = 1ull << shift; value < 2ull << shift;
		     value += 1 + (1ull << shift) / 97) {
			uint64_t got;
			uint64_t error;

			memset(&h, 0, sizeof(h));
			histogram_add(&h, value, 1);
			got = histogram_percentile(&h, 50);
			error = got > value ? got - value : value - got;
			assert_true(error * HISTOGRAM_SUB <= value);
			assert_int_equal(got, histogram_percentile(&h, 99.9));
		}
	}
}

static void test_edges(void **state)
{
	static struct histogram h;

	assert_int_equal(histogram_percentile(&h, 50), 0);
	histogram_add(&h, 0, 3);
	assert_int_equal(h.count, 3);
	assert_int_equal(histogram_percentile(&h, 50), 0);
	/* What is larger than the largest counts as that. */
	memset(&h, 0, sizeof(h));
	histogram_add(&h, UINT64_MAX, 1);
	histogram_add(&h, 1ull << HISTOGRAM_MAX_BITS, 1);
	assert_in_range(histogram_percentile(&h, 99), (1ull << HISTOGRAM_MAX_BITS) * 63 / 64,
			1ull << HISTOGRAM_MAX_BITS);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Against sorting. */
static void test_percentiles(void **state)
{
	static const double percents[] = {1, 10, 50, 90, 99, 99.9, 100};
	static struct histogram one, two;
	static uint64_t values[20000];
	const size_t n = sizeof(values) / sizeof(values[0]);
	size_t i;

	srand(1);
	for (i = 0; i < n; i++) {
		values[i] = (uint64_t)rand() >> rand() % 25;
		histogram_add(i % 2 ? &one : &two, values[i], 1);
	}
	histogram_merge(&one, &two);
	assert_int_equal(one.count, n);
	qsort(values, n, sizeof(values[0]), compare);
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		size_t rank = (size_t)(percents[i] / 100 * (double)n);
		uint64_t exact = values[rank ? rank - 1 : 0];
		uint64_t got = histogram_percentile(&one, percents[i]);

		assert_in_range(got, exact - exact / HISTOGRAM_SUB, exact + exact / HISTOGRAM_SUB);
	}
}

/* Count, sum and extremes are exact, also of what was merged. */
static void test_exact(void **state)
{
	static struct histogram one, two, empty;

	histogram_add(&one, 1000003, 2);
	histogram_add(&one, 5, 0);
	assert_int_equal(one.min, 1000003);
	assert_int_equal(histogram_percentile(&one, 50), 1000003);
	histogram_add(&two, 17, 1);
	histogram_add(&two, 2000001, 1);
	histogram_merge(&one, &empty);
	assert_int_equal(one.min, 1000003);
	histogram_merge(&empty, &one);
	assert_int_equal(empty.min, 1000003);
	histogram_merge(&one, &two);
	assert_int_equal(one.count, 4);
	assert_int_equal(one.min, 17);
	assert_int_equal(one.max, 2000001);
	assert_float_equal(histogram_mean(&one), (2 * 1000003 + 17 + 2000001) / 4.0, 1e-6);
	assert_int_equal(histogram_percentile(&one, 0), 17);
	assert_int_equal(histogram_percentile(&one, 100), 2000001);
	/* A sum that does not fit stays at the largest value. */
	histogram_add(&one, UINT64_MAX, 2);
	assert_true(one.sum == UINT64_MAX);
	assert_true(one.max == UINT64_MAX);
}

/* What is written can be read back: the buckets' counts add up, each within 1/64. */
static void test_json(void **state)
{
	struct json json;
	static struct histogram h, none;
	unsigned long long low, times, count = 0, sum = 0;
	char *text = NULL;
	size_t size;
	char *p;
	FILE *file = open_memstream(&text, &size);

	json = json_to(file, 0);
	histogram_write_json(&none, &json, NULL);
	fclose(file);
	assert_string_equal(text, "{\"count\":0,\"min\":0,\"max\":0,\"mean\":0.0,\"buckets\":[]}");
	free(text);
	for (low = 1; low < 1000000; low += low / 3 + 1)
		histogram_add(&h, low, low % 7 + 1);
	file = open_memstream(&text, &size);
	json = json_to(file, 0);
	histogram_write_json(&h, &json, NULL);
	fclose(file);
	p = strstr(text, "\"buckets\":[");
	assert_non_null(p);
	for (p = strchr(p, '[') + 1; sscanf(p, "[%llu,%llu]", &low, &times) == 2;
	     p = strchr(p, ']') + 2) {
		count += times;
		sum += low * times;
	}
	assert_int_equal(count, h.count);
	assert_true(sum <= h.sum && sum + sum / HISTOGRAM_SUB * 2 >= h.sum);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_error),	cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_percentiles), cmocka_unit_test(test_exact),
	    cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
