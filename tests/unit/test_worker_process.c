/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_worker_process.c - daemon/supervisor/worker_process.c: when the next worker starts, deadlines. */
#include "tests/unit/unit.h"

#include "daemon/supervisor/worker_process.h"

/* At once after the first failure, then 10 ms, twice as long each time, 10 s at most. */
static void retry(void **state)
{
	const struct {
		unsigned int failures;
		unsigned int ms;
	} cases[] = {{0, 0},	  {1, 0},      {2, 10},	    {3, 20},
		     {4, 40},	  {10, 2560},  {11, 5120},  {12, 10000},
		     {13, 10000}, {18, 10000}, {50, 10000}, {UINT32_MAX, 10000}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(worker_retry_ms(cases[i].failures), cases[i].ms);
}

static void deadline(void **state)
{
	struct worker_process worker;

	worker_init(&worker);
	assert_int_equal(worker.state, WORKER_NONE);
	assert_int_equal(worker.channel, -1);
	/* None: it may take as long as it likes. */
	assert_int_equal(worker_check(&worker, UINT64_MAX), EVENT_NOTHING);
	worker.deadline_ns = 1000;
	assert_int_equal(worker_check(&worker, 999), EVENT_NOTHING);
	assert_int_equal(worker_check(&worker, 1001), EVENT_LATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(retry),
	    cmocka_unit_test(deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
