/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_arena.c - the scratch gives what it has and no more, whatever is asked. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "device/arena.h"
#include "device/device.h"

#define MAX_REQUEST 4096u

static void any_single_request_fits(void **state)
{
	struct vdev_arena arena = {0};

	assert_int_equal(vdev_arena_init(&arena, MAX_REQUEST), 0);
	assert_true(vdev_arena_fits(&arena, VDEV_MAX_AAD, MAX_REQUEST));
	/* Twice, as promised */
	for (unsigned int i = 0; i < 2; i++) {
		assert_non_null(vdev_arena_take(&arena, VDEV_MAX_AAD));
		assert_non_null(vdev_arena_take(&arena, MAX_REQUEST));
	}
	vdev_arena_fini(&arena);
	vdev_arena_fini(&arena);
}

static void absurd_sizes(void **state)
{
	static const size_t sizes[] = {SIZE_MAX,      SIZE_MAX - 1, SIZE_MAX - 63,
				       SIZE_MAX - 64, SIZE_MAX / 2, 1u << 30};
	struct vdev_arena arena = {0};

	assert_int_equal(vdev_arena_init(&arena, MAX_REQUEST), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_null(vdev_arena_take(&arena, sizes[i]));
		assert_false(vdev_arena_fits(&arena, sizes[i], 0));
		assert_false(vdev_arena_fits(&arena, 0, sizes[i]));
		assert_false(vdev_arena_fits(&arena, sizes[i], sizes[i]));
		assert_false(vdev_arena_fits(&arena, 1, sizes[i]));
	}
	assert_int_equal(arena.used, 0);
	vdev_arena_fini(&arena);
}

/* Random pieces until it is full: inside, aligned, apart, and "fits" is never a lie. */
static void pieces(void **state)
{
	struct test_random random = {91};
	struct vdev_arena arena = {0};

	assert_int_equal(vdev_arena_init(&arena, MAX_REQUEST), 0);
	for (unsigned int round = 0; round < 2000; round++) {
		uint8_t *end = arena.memory;

		for (;;) {
			size_t a = test_random_below(&random, 700);
			size_t b = test_random_below(&random, 700);
			bool fits = vdev_arena_fits(&arena, a, b);
			uint8_t *first = vdev_arena_take(&arena, a), *second;

			second = first ? vdev_arena_take(&arena, b) : NULL;
			assert_true(!fits || (first && second));
			if (!first || !second)
				break;
			assert_true(first >= end && second >= first + a);
			assert_int_equal((uintptr_t)first % 64, 0);
			assert_int_equal((uintptr_t)second % 64, 0);
			end = second + b;
			assert_true(end <= arena.memory + arena.size);
			memset(first, 1, a);
			memset(second, 2, b);
		}
		vdev_arena_empty(&arena);
	}
	vdev_arena_fini(&arena);
}

/* What was taken, and no more, is zero afterwards. */
static void wiped(void **state)
{
	struct vdev_arena arena = {0};
	uint8_t *piece;

	assert_int_equal(vdev_arena_init(&arena, MAX_REQUEST), 0);
	memset(arena.memory, 9, arena.size);
	piece = vdev_arena_take(&arena, 1000);
	vdev_arena_empty(&arena);
	vdev_arena_take(&arena, 10);
	vdev_arena_wipe(&arena);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(piece[i], 0);
	assert_int_equal(piece[1024], 9);
	assert_ptr_equal(vdev_arena_take(&arena, 10), arena.memory);
	vdev_arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_single_request_fits),
	    cmocka_unit_test(absurd_sizes),
	    cmocka_unit_test(pieces),
	    cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
