/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rate_limits.c - daemon/recovery/rate_limits.c: the arithmetic, on a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "daemon/recovery/rate_limits.h"

#define S 1000000000ull

static struct limits limits;

static int setup(void **state)
{
	limits_init(&limits);
	return 0;
}

static void charge(uint64_t now, uint64_t ops, uint64_t bytes, uint64_t keys)
{
	limits_charge(&limits, now, (const uint64_t[LIMIT_KINDS]){ops, bytes, keys});
}

static void test_none(void **state)
{
	assert_false(limits_any(&limits));
	charge(5 * S, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	assert_int_equal(limits_wait(&limits, 5 * S), 0);
	limits_set(&limits, LIMIT_OPS, (struct limit){.rate = 7});
	assert_true(limits_any(&limits));
	limits_set(&limits, LIMIT_OPS, (struct limit){0});
	assert_false(limits_any(&limits));
}

static void test_burst_then_rate(void **state)
{
	uint64_t now = 100 * S;

	limits_set(&limits, LIMIT_OPS, (struct limit){.rate = 1000, .burst = 50});
	charge(now, 50, 0, 0);
	assert_int_equal(limits_wait(&limits, now), 0);
	/* the debt of what goes beyond is its time at the rate */
	charge(now, 64, 0, 0);
	assert_int_equal(limits_wait(&limits, now), 64 * S / 1000);
	assert_int_equal(limits_wait(&limits, now + 60 * S / 1000), 4 * S / 1000);
	assert_int_equal(limits_wait(&limits, now + 64 * S / 1000), 0);
	/* a rest gives the burst back, and no more than that */
	now += 1000 * S;
	charge(now, 51, 0, 0);
	assert_int_equal(limits_wait(&limits, now), S / 1000);
}

/* However it is cut, the same work takes the same time: nothing is lost in rounding. */
static void test_long_run(void **state)
{
	static const uint64_t rates[] = {1, 3, 7, 999983, 3000000019ull, LIMIT_MAX};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint64_t now = 1;

		setup(NULL);
		limits_set(&limits, LIMIT_BYTES, (struct limit){.rate = rates[i], .burst = 1});
		for (unsigned int n = 0; n < 1000; n++)
			charge(now, 0, rates[i] / 500 + 1, 0);
		assert_int_equal(
		    limits_wait(&limits, now),
		    (uint64_t)((unsigned __int128)(rates[i] / 500 + 1) * 1000 * S / rates[i]) -
			S / rates[i]);
	}
}

static void test_worst_counts(void **state)
{
	uint64_t now = 1000 * S;

	limits_set(&limits, LIMIT_KEYS, (struct limit){.rate = 1, .burst = 3});
	limits_set(&limits, LIMIT_OPS, (struct limit){.rate = 1000, .burst = 10});
	charge(now, 20, 0, 4);
	assert_int_equal(limits_wait(&limits, now), S);
	assert_int_equal(limits_wait(&limits, now + S), 0);
}

static void test_changed(void **state)
{
	unsigned int generation = limits_generation(&limits);
	struct limit set[LIMIT_KINDS];
	uint64_t waits, ns;

	limits_set(&limits, LIMIT_OPS, (struct limit){.rate = 1, .burst = 1});
	assert_int_not_equal(limits_generation(&limits), generation);
	charge(S, 100, 0, 0);
	assert_int_equal(limits_wait(&limits, S), 99 * S);
	/* a new limit begins without the old one's debts; the burst is a tenth of a second's */
	limits_set(&limits, LIMIT_OPS, (struct limit){.rate = 500});
	assert_int_equal(limits_wait(&limits, S), 0);
	assert_int_equal(limits_get(&limits, LIMIT_OPS).burst, 50);
	limits_waited(&limits, 7);
	limits_waited(&limits, 8);
	limits_snapshot(&limits, set, &waits, &ns);
	assert_int_equal(set[LIMIT_OPS].rate, 500);
	assert_int_equal(set[LIMIT_BYTES].rate, 0);
	assert_int_equal(waits, 2);
	assert_int_equal(ns, 15);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		uint64_t rate, burst;
	} good[] = {
	    {"none", 0, 0},	      {"1000", 1000, 0},       {"5k", 5000, 0},
	    {"2M:3K", 2000000, 3000}, {"1000G", LIMIT_MAX, 0}, {"7:1", 7, 1},
	};
	static const char *const bad[] = {
	    "",	     " ",      "0",	  "0:5",
	    "00K",   "-1",     "+1",	  "1x",
	    "1KK",   "K",      ":",	  "1:",
	    ":1",    "1:0",    "1:-1",	  "1:2:3",
	    "nonee", "1001G",  "1.5",	  "0x10",
	    "1 ",    "1K ",    "1:1001G", "99999999999999999999",
	    "1T",    "none:1", "1\n",	  "18446744073709551615G",
	};
	struct limit limit = {1, 2};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(limit_parse(bad[i], &limit));
		assert_int_equal(limit.rate, 1);
		assert_int_equal(limit.burst, 2);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(limit_parse(good[i].text, &limit));
		assert_int_equal(limit.rate, good[i].rate);
		assert_int_equal(limit.burst, good[i].burst);
	}
}

static uint64_t claim(uint64_t now, unsigned int sharers, uint64_t bytes)
{
	uint64_t got[LIMIT_KINDS];

	limits_claim(&limits, now, sharers, (const uint64_t[LIMIT_KINDS]){1, bytes, 0}, got);
	/* What is not limited is paid whatever it is. */
	assert_true(got[LIMIT_OPS] == UINT64_MAX && got[LIMIT_KEYS] == UINT64_MAX);
	return got[LIMIT_BYTES];
}

static void refund(uint64_t bytes)
{
	limits_refund(&limits, (const uint64_t[LIMIT_KINDS]){UINT64_MAX, bytes, UINT64_MAX});
}

/* A claim is a share of what there is, or what is needed, which then has to be waited for. */
static void test_claims(void **state)
{
	uint64_t now = 100 * S;

	limits_set(&limits, LIMIT_BYTES, (struct limit){.rate = 1000, .burst = 100});
	assert_int_equal(claim(now, 4, 0), 25);
	assert_int_equal(claim(now, 4, 0), 18);
	assert_int_equal(claim(now, 1, 0), 57);
	assert_int_equal(claim(now, 1, 0), 0);
	assert_int_equal(limits_wait(&limits, now), 0);
	/* 40 come back, and can be had again. */
	refund(40);
	assert_int_equal(claim(now, 2, 0), 20);
	assert_int_equal(claim(now, 1, 50), 50);
	assert_int_equal(limits_wait(&limits, now), 30 * S / 1000);
	/* Larger than the burst: as long as the rate says, and not refused. */
	now += 30 * S / 1000;
	assert_int_equal(claim(now, 1, 5000), 5000);
	assert_int_equal(limits_wait(&limits, now), 5 * S);
	assert_int_equal(limits_wait(&limits, now + 5 * S), 0);
	/* It was not used after all. */
	refund(5000);
	assert_int_equal(limits_wait(&limits, now), 0);
	assert_int_equal(claim(now, 1, 0), 0);
	assert_int_equal(claim(now + S, 1, 0), 100);
}

/* Whatever is claimed, used and given back, no more is used in a time than its rate and the burst.
 */
static void test_claims_in_the_long_run(void **state)
{
	const uint64_t rate = 1000, burst = 100, begin = 7 * S;
	uint64_t now = begin, used = 0, seed = 1;

	limits_set(&limits, LIMIT_BYTES, (struct limit){.rate = rate, .burst = burst});
	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t want, got, some;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		want = seed >> 60 ? 0 : seed >> 40 & 1023;
		got = claim(now, 1 + i % 8, want);
		now += limits_wait(&limits, now);
		some = seed >> 33 & 1 ? got : got / 2;
		refund(got - some);
		used += some;
		assert_true(used <= (now - begin) * rate / S + burst + 1);
	}
}

/** struct look - a snapshot that another thread takes. */
struct look {
	bool begun;
	uint64_t waits;
	uint64_t waited_ns;
};

static void *look(void *arg)
{
	struct limit set[LIMIT_KINDS];
	struct look *look = arg;

	__atomic_store_n(&look->begun, true, __ATOMIC_RELEASE);
	limits_snapshot(&limits, set, &look->waits, &look->waited_ns);
	return NULL;
}

/* A snapshot is of one moment: not of one in which a worker has counted its wait, but not its time.
 */
static void test_snapshot(void **state)
{
	struct look seen = {0};
	pthread_t thread;

	limits_waited(&limits, 7);
	limits_waited(&limits, 7);
	/* We are a worker in the middle of it. */
	pthread_mutex_lock(&limits.lock);
	limits.waits++;
	assert_int_equal(pthread_create(&thread, NULL, look, &seen), 0);
	while (!__atomic_load_n(&seen.begun, __ATOMIC_ACQUIRE))
		sched_yield();
	/* Time for it to look, if it does not wait for us. */
	usleep(20000);
	limits.waited_ns += 7;
	pthread_mutex_unlock(&limits.lock);
	pthread_join(thread, NULL);
	assert_int_equal(seen.waits, 3);
	assert_int_equal(seen.waited_ns, 3 * 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_none, setup),
	    cmocka_unit_test_setup(test_burst_then_rate, setup),
	    cmocka_unit_test_setup(test_long_run, setup),
	    cmocka_unit_test_setup(test_worst_counts, setup),
	    cmocka_unit_test_setup(test_changed, setup),
	    cmocka_unit_test_setup(test_claims, setup),
	    cmocka_unit_test_setup(test_claims_in_the_long_run, setup),
	    cmocka_unit_test_setup(test_snapshot, setup),
	    cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
