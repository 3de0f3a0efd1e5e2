/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_histogram.c - common/histogram.h: buckets cover all values and are as fine as they claim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/histogram.h"

/* Each bucket begins where the one before it ends, and is at most 2^-sub_bits of its values wide. */
static void buckets_cover(void **state)
{
	for (unsigned int sub = 1; sub <= 8; sub++) {
		for (unsigned int max = sub; max <= 50; max += 7) {
			unsigned int count = HISTOGRAM_COUNT(sub, max);

			for (unsigned int i = 0; i < count; i++) {
				uint64_t low = histogram_low(i, sub);
				uint64_t next = histogram_low(i + 1, sub);

				assert_true(next > low);
				assert_true(i < 1u << sub || (next - low) << sub <= low);
				assert_int_equal(histogram_index(low, sub, max), i);
				assert_int_equal(histogram_index(next - 1, sub, max), i);
			}
			assert_int_equal(histogram_low(count, sub), UINT64_C(1) << max);
			assert_int_equal(histogram_index(UINT64_C(1) << max, sub, max), count - 1);
			assert_int_equal(histogram_index(UINT64_MAX, sub, max), count - 1);
		}
	}
}

static void finds(void **state)
{
	static const uint64_t buckets[] = {0, 3, 0, 2, 0};

	assert_int_equal(histogram_find(buckets, 5, 0), 1);
	assert_int_equal(histogram_find(buckets, 5, 3), 1);
	assert_int_equal(histogram_find(buckets, 5, 4), 3);
	assert_int_equal(histogram_find(buckets, 5, 5), 3);
	assert_int_equal(histogram_find(buckets, 5, 6), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(buckets_cover),
	    cmocka_unit_test(finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
