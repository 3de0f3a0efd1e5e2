/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_latency.c - daemon/base/latency.c: where values fall, and what is read from that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/latency.h"

static unsigned int bucket_with_a_value(const struct latency *latency)
{
	unsigned int i = 0;

	while (i < LATENCY_BUCKETS && !latency->bucket[i])
		i++;
	return i;
}

static void test_buckets_cover(void **state)
{
	/* every value is in the first bucket whose upper end it does not exceed */
	for (unsigned int i = 1; i < LATENCY_BUCKETS; i++) {
		uint64_t ends[] = {latency_upper(i - 1) + 1, latency_upper(i)};

		assert_true(latency_upper(i) > latency_upper(i - 1));
		for (unsigned int k = 0; k < 2; k++) {
			struct latency latency = {0};

			latency_add(&latency, ends[k], 1);
			assert_int_equal(bucket_with_a_value(&latency), i);
		}
	}
	assert_int_equal(latency_upper(LATENCY_BUCKETS - 1), (UINT64_C(1) << LATENCY_MAX_BITS) - 1);
}

static void test_resolution(void **state)
{
	for (unsigned int i = LATENCY_SUB; i < LATENCY_BUCKETS; i++) {
		uint64_t low = latency_upper(i - 1) + 1, width = latency_upper(i) - low + 1;

		assert_true(width * LATENCY_SUB <= low);
	}
}

static void test_too_long(void **state)
{
	struct latency latency = {0};

	latency_add(&latency, UINT64_C(1) << LATENCY_MAX_BITS, 1);
	latency_add(&latency, UINT64_MAX >> 1, 1);
	assert_int_equal(latency.bucket[LATENCY_BUCKETS - 1], 2);
}

static void test_percentiles(void **state)
{
	struct latency latency = {0}, sum = {0};

	assert_int_equal(latency_percentile(&latency, 500), 0);
	latency_add(&latency, 3, 990);
	latency_add(&latency, 5, 9);
	latency_add(&latency, 7, 1);
	assert_int_equal(latency_count(&latency), 1000);
	assert_int_equal(latency.sum_ns, 3 * 990 + 5 * 9 + 7);
	assert_int_equal(latency_percentile(&latency, 0), 3);
	assert_int_equal(latency_percentile(&latency, 990), 3);
	assert_int_equal(latency_percentile(&latency, 991), 5);
	assert_int_equal(latency_percentile(&latency, 999), 5);
	assert_int_equal(latency_percentile(&latency, 1000), 7);
	latency_merge(&sum, &latency);
	latency_merge(&sum, &latency);
	assert_int_equal(latency_count(&sum), 2000);
	assert_int_equal(sum.sum_ns, 2 * latency.sum_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buckets_cover),
	    cmocka_unit_test(test_resolution),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_percentiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
