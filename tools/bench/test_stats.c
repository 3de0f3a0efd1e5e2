/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stats.c - median, quartiles and extremes, against values worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/bench/affinity.h"
#include "tools/bench/stats.h"

static void check(struct spread s, double low, double median, double high, double min, double max)
{
	assert_float_equal(s.low, low, 1e-9);
	assert_float_equal(s.median, median, 1e-9);
	assert_float_equal(s.high, high, 1e-9);
	assert_float_equal(s.min, min, 1e-9);
	assert_float_equal(s.max, max, 1e-9);
}

static void test_spread(void **state)
{
	double one[] = {7};
	double two[] = {4, 2};
	double odd[] = {5, 1, 4, 2, 3};
	double even[] = {8, 1, 3, 6, 2, 9, 4, 7, 5, 10};
	double outlier[] = {1, 1, 1, 1000};
	struct spread s = spread_of(even, 10);

	assert_int_equal(s.count, 10);
	check(s, 3.25, 5.5, 7.75, 1, 10);
	check(spread_of(one, 1), 7, 7, 7, 7, 7);
	check(spread_of(two, 2), 2.5, 3, 3.5, 2, 4);
	check(spread_of(odd, 5), 2, 3, 4, 1, 5);
	/* One bad pair does not move the median. */
	check(spread_of(outlier, 4), 1, 1, 250.75, 1, 1000);
}

static void test_ratio(void **state)
{
	assert_float_equal(ratio_of(3, 2), 1.5, 1e-9);
	assert_float_equal(ratio_of(0, 2), 0, 1e-9);
	/* A slice without a single operation compares with nothing. */
	assert_float_equal(ratio_of(3, 0), 0, 1e-9);
}

/* Everybody has a CPU, and nobody's is another's unless there is but one. */
static void test_affinity(void **state)
{
	unsigned int cpus, threads, i;

	for (cpus = 1; cpus <= 9; cpus++) {
		for (threads = 1; threads <= 10; threads++) {
			cpu_set_t all, ours, theirs, both;

			CPU_ZERO(&all);
			for (i = 0; i < cpus; i++)
				CPU_SET((size_t)3 * i + 1, &all);
			theirs = affinity_theirs(&all, threads);
			assert_true(CPU_COUNT(&theirs) >= 1);
			for (i = 0; i < threads; i++) {
				ours = affinity_ours(&all, threads, i);
				assert_int_equal(CPU_COUNT(&ours), 1);
				CPU_AND(&both, &ours, &all);
				assert_true(CPU_EQUAL(&both, &ours));
				CPU_AND(&both, &ours, &theirs);
				assert_int_equal(CPU_COUNT(&both), cpus == 1);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spread),
	    cmocka_unit_test(test_ratio),
	    cmocka_unit_test(test_affinity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
