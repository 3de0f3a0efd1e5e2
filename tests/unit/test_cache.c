/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cache.c - slots of sessions: who goes, who stays, who is gone. */
#include "tests/unit/unit.h"

#include <string.h>

#include "engine/cache.h"

static struct eng_cache cache;
static unsigned int released[ENG_CACHE_SLOTS];

static void release(void *lanes, uint16_t slot)
{
	assert_ptr_equal(lanes, released);
	released[slot]++;
}

static uint16_t take(uint64_t owner)
{
	return eng_cache_take(&cache, owner, release, released);
}

static int fresh(void **state)
{
	memset(&cache, 0, sizeof(cache));
	memset(released, 0, sizeof(released));
	eng_cache_init(&cache);
	return 0;
}

static int end(void **state)
{
	eng_cache_end(&cache, release, released);
	return 0;
}

static unsigned int releases(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < ENG_CACHE_SLOTS; i++)
		n += released[i];
	return n;
}

static void fill(uint16_t *slots)
{
	for (uint64_t owner = 1; owner <= ENG_CACHE_SLOTS; owner++) {
		slots[owner - 1] = take(owner);
		assert_int_equal(slots[owner - 1], owner - 1);
	}
	assert_int_equal(releases(), 0);
}

static void hits(void **state)
{
	uint16_t slot = take(7);

	assert_true(eng_cache_hit(&cache, slot, 7));
	assert_false(eng_cache_hit(&cache, slot, 8));
	assert_false(eng_cache_hit(&cache, (uint16_t)(slot + 1), 7));
}

/* Of a full one, that which was used longest ago goes; and only that. */
static void least_recently_used_goes(void **state)
{
	uint16_t slots[ENG_CACHE_SLOTS], slot;

	fill(slots);
	assert_true(eng_cache_hit(&cache, slots[0], 1));
	assert_true(eng_cache_hit(&cache, slots[2], 3));
	slot = take(5000);
	assert_int_equal(slot, slots[1]);
	assert_int_equal(released[slot], 1);
	assert_int_equal(releases(), 1);
	assert_false(eng_cache_hit(&cache, slots[1], 2));
	assert_true(eng_cache_hit(&cache, slots[0], 1));
	assert_int_equal(take(5001), slots[3]);
	/* Whoever just came is not the next to go. */
	for (uint64_t i = 0; i < ENG_CACHE_SLOTS - 5; i++)
		take(6000 + i);
	assert_true(eng_cache_hit(&cache, slot, 5000));
	assert_true(eng_cache_hit(&cache, slots[3], 5001));
}

/* The last of the slots can go, too. */
static void last_slot(void **state)
{
	uint16_t slots[ENG_CACHE_SLOTS];

	fill(slots);
	for (uint64_t owner = 1; owner < ENG_CACHE_SLOTS; owner++)
		assert_true(eng_cache_hit(&cache, slots[owner - 1], owner));
	assert_int_equal(take(9999), ENG_CACHE_SLOTS - 1);
}

static void dropped(void **state)
{
	uint16_t slots[ENG_CACHE_SLOTS];

	fill(slots);
	/* Not the owner: nothing happens. */
	eng_cache_drop(&cache, slots[9], 9, release, released);
	assert_int_equal(releases(), 0);
	eng_cache_drop(&cache, slots[9], 10, release, released);
	eng_cache_drop(&cache, slots[20], 21, release, released);
	assert_int_equal(released[slots[9]], 1);
	assert_int_equal(released[slots[20]], 1);
	assert_false(eng_cache_hit(&cache, slots[9], 10));
	eng_cache_drop(&cache, slots[9], 10, release, released);
	assert_int_equal(releases(), 2);
	/* Free ones are taken before anybody has to go. */
	assert_int_equal(take(2000), slots[20]);
	assert_int_equal(take(2001), slots[9]);
	assert_int_equal(releases(), 2);
	assert_int_equal(take(2002), slots[0]);
	assert_int_equal(releases(), 3);
}

static void ended(void **state)
{
	uint16_t a = take(1), b = take(2), c = take(3);

	eng_cache_drop(&cache, b, 2, release, released);
	eng_cache_end(&cache, release, released);
	assert_int_equal(released[a], 1);
	assert_int_equal(released[b], 1);
	assert_int_equal(released[c], 1);
	assert_int_equal(releases(), 3);
	eng_cache_init(&cache);
}

#define CACHE(test) cmocka_unit_test_setup_teardown(test, fresh, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CACHE(hits),  CACHE(least_recently_used_goes), CACHE(last_slot), CACHE(dropped),
	    CACHE(ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
