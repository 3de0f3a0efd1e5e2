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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_error),
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_percentiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
