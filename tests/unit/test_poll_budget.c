/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_poll_budget.c - a worker's share of a CPU for polling. */
#include "tests/unit/unit.h"

#include "daemon/vm/poll_budget.h"

#define SECOND 1000000000ull

static void all_of_a_cpu(void **state)
{
	struct poll_budget budget = {.percent = 100};

	for (uint64_t now = SECOND; now < 2 * SECOND; now += 50000) {
		assert_int_equal(poll_budget_left(&budget, now, 50000), 50000);
		poll_budget_use(&budget, 50000);
	}
}

/* Whoever polls all the time gets his share of it, in each window. */
static void a_share(void **state)
{
	struct poll_budget budget = {.percent = 20};
	uint64_t polled = 0;

	for (uint64_t now = SECOND; now < 3 * SECOND; now += 50000) {
		uint64_t ns = poll_budget_left(&budget, now, 50000);

		assert_true(ns <= 50000);
		poll_budget_use(&budget, ns);
		polled += ns;
	}
	assert_int_equal(polled, 2 * SECOND / 5);
}

static void a_poll_is_cut_short(void **state)
{
	struct poll_budget budget = {.percent = 1};

	/* A hundredth of a window of 100 ms */
	assert_int_equal(poll_budget_left(&budget, SECOND, 5000000), 1000000);
	poll_budget_use(&budget, 600000);
	assert_int_equal(poll_budget_left(&budget, SECOND, 5000000), 400000);
	/* It looked at the clock too late. */
	poll_budget_use(&budget, 500000);
	assert_int_equal(poll_budget_left(&budget, SECOND + POLL_BUDGET_WINDOW - 1, 1), 0);
	assert_int_equal(poll_budget_left(&budget, SECOND + POLL_BUDGET_WINDOW, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_of_a_cpu),
	    cmocka_unit_test(a_share),
	    cmocka_unit_test(a_poll_is_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
