/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_memory.c - daemon/virtio/memory.c: the map of guest memory, and what is at its edges.
 *
 * Mapping what a front end sends is tried by tests/wire.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/virtio/memory.h"

#define BYTES 64u
#define USER 0x7f0000000000u

/* Two regions that touch, a gap of one byte, and a region at the very end of the address space. */
static const uint64_t PLACES[] = {0x1000, 0x1000 + BYTES, 0x1000 + 2 * BYTES + 1,
				  UINT64_MAX - BYTES};
static uint8_t bytes[ARRAY_SIZE(PLACES)][BYTES];
static struct memory memory;

static struct memory_region region(uint64_t guest_addr, uint64_t size)
{
	return (struct memory_region){.guest_addr = guest_addr, .size = size};
}

static int setup(void **state)
{
	/* Not in their order: the map sorts them. */
	static const unsigned int order[] = {2, 0, 3, 1};

	memory = (struct memory){0};
	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
		unsigned int n = order[i];
		struct memory_region r = region(PLACES[n], BYTES);

		for (unsigned int b = 0; b < BYTES; b++)
			bytes[n][b] = (uint8_t)(n * BYTES + b);
		r.user_addr = USER + n * 0x10000;
		r.host = bytes[n];
		if (memory_add(&memory, &r) < 0)
			return -1;
	}
	return 0;
}

static void test_order(void **state)
{
	assert_int_equal(memory.count, ARRAY_SIZE(PLACES));
	for (unsigned int i = 0; i < memory.count; i++)
		assert_int_equal(memory.regions[i].guest_addr, PLACES[i]);
}

/* A region may touch others, and may share no byte with one. */
static void test_overlap(void **state)
{
	const struct memory_region bad[] = {
	    region(0x1000, 1),	   region(0x1000 + BYTES - 1, 1),
	    region(0xfff, 2),	   region(0x1000 + 2 * BYTES, 2),
	    region(0, UINT64_MAX),
	};
	const struct memory_region good[] = {region(0xfff, 1), region(0x1000 + 2 * BYTES, 1)};
	struct memory before = memory;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(memory_add(&memory, &bad[i]), -EEXIST);
	assert_memory_equal(&memory, &before, sizeof(memory));
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(memory_add(&memory, &good[i]), 0);
}

static void test_full(void **state)
{
	struct memory_region r = region(0x100000, 1);

	while (memory.count < MEMORY_MAX_REGIONS) {
		assert_int_equal(memory_add(&memory, &r), 0);
		r.guest_addr++;
	}
	assert_int_equal(memory_add(&memory, &r), -ENOSPC);
	/* An overlap is reported first. */
	assert_int_equal(memory_add(&memory, &memory.regions[0]), -EEXIST);
}

/* A region is removed only when all three numbers are its own. */
static void test_remove(void **state)
{
	struct memory_region key = memory.regions[1], removed;
	struct memory_region wrong[] = {key, key, key};

	wrong[0].guest_addr++;
	wrong[1].size++;
	wrong[2].user_addr++;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(memory_remove(&memory, &wrong[i], &removed), -ENOENT);
	assert_int_equal(memory_remove(&memory, &key, &removed), 0);
	assert_ptr_equal(removed.host, bytes[1]);
	assert_int_equal(memory.count, 3);
	assert_int_equal(memory.regions[0].guest_addr, PLACES[0]);
	assert_int_equal(memory.regions[1].guest_addr, PLACES[2]);
	assert_int_equal(memory.regions[2].guest_addr, PLACES[3]);
	assert_int_equal(memory_remove(&memory, &key, &removed), -ENOENT);
}

struct range {
	uint64_t guest_addr;
	uint64_t len;
	int pieces; /* or an errno */
};

static const struct range RANGES[] = {
    {0x1000, 1, 1},
    {0x1000, BYTES, 1},
    {0x1000 + BYTES - 1, 1, 1},
    {0x1000 + BYTES - 1, 2, 2},
    {0x1000, 2 * BYTES, 2},
    {0x1000, 2 * BYTES + 1, -EFAULT},
    {0x1000 + 2 * BYTES - 1, 2, -EFAULT},
    {0x1000 + 2 * BYTES, 1, -EFAULT},
    {0xfff, 2, -EFAULT},
    {0, 1, -EFAULT},
    {0x1000 + 2 * BYTES + 1, BYTES, 1},
    {0x1000 + 2 * BYTES + 1, BYTES + 1, -EFAULT},
    {UINT64_MAX - BYTES, BYTES, 1},
    {UINT64_MAX - BYTES, BYTES + 1, -EFAULT},
    {UINT64_MAX - 1, 1, 1},
    {UINT64_MAX, 1, -EFAULT},
    {UINT64_MAX - 1, UINT64_MAX, -EFAULT},
};

/* Compare the bytes of @range: each has its number as its value. */
static void assert_bytes(const struct range *range, const uint8_t *at)
{
	for (uint64_t i = 0; i < range->len; i++) {
		uint64_t addr = range->guest_addr + i;
		unsigned int n = addr >= PLACES[3]   ? 3
				 : addr >= PLACES[2] ? 2
				 : addr >= PLACES[1] ? 1
						     : 0;

		assert_int_equal(at[i], (uint8_t)(n * BYTES + (addr - PLACES[n])));
	}
}

/* The result does not depend on where the cursor was before. */
static void test_read(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(RANGES); i++)
		for (unsigned int from = 0; from <= memory.count; from++) {
			const struct range *range = &RANGES[i];
			struct memory_cursor cursor = memory_cursor(&memory, from);
			uint8_t copy[2 * BYTES + 2];
			size_t len = range->len < sizeof(copy) ? (size_t)range->len : sizeof(copy);
			int err = memory_read(&memory, &cursor, range->guest_addr, copy, len);

			assert_int_equal(err, range->pieces < 0 ? range->pieces : 0);
			if (!err)
				assert_bytes(range, copy);
		}
}

static void test_translate(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(RANGES); i++)
		for (unsigned int from = 0; from <= memory.count; from++) {
			const struct range *range = &RANGES[i];
			struct memory_cursor cursor = memory_cursor(&memory, from);
			struct iovec iov[2];
			uint8_t *host = NULL;
			int n;

			n = memory_iov_search(&memory, &cursor, range->guest_addr, range->len, iov,
					      2);
			assert_int_equal(n, range->pieces);
			cursor = memory_cursor(&memory, from);
			n = memory_at(&memory, &cursor, range->guest_addr, range->len, &host);
			/* A range with a gap and one in two regions both fail at the second piece. */
			if (range->pieces == 1)
				assert_int_equal(n, 0);
			else
				assert_true(n == -ENOSPC || n == -EFAULT);
			if (!n)
				assert_bytes(range, host);
		}
}

/* Each piece ends where its region ends. */
static void test_pieces(void **state)
{
	struct memory_cursor cursor = memory_cursor(&memory, 0);
	struct iovec iov[2];

	assert_int_equal(memory_iov_search(&memory, &cursor, 0x1000 + 60, 8, iov, 2), 2);
	assert_ptr_equal(iov[0].iov_base, bytes[0] + 60);
	assert_int_equal(iov[0].iov_len, 4);
	assert_ptr_equal(iov[1].iov_base, bytes[1]);
	assert_int_equal(iov[1].iov_len, 4);
	/* The next translation begins in the second region. */
	assert_int_equal(cursor.region, 1);
	assert_int_equal(memory_iov_search(&memory, &cursor, 0x1000 + 60, 8, iov, 1), -ENOSPC);
}

static void test_back(void **state)
{
	uint64_t addr;

	for (unsigned int i = 0; i < ARRAY_SIZE(PLACES); i++) {
		assert_true(memory_guest(&memory, bytes[i], &addr));
		assert_int_equal(addr, PLACES[i]);
		assert_true(memory_guest(&memory, &bytes[i][BYTES - 1], &addr));
		assert_int_equal(addr, PLACES[i] + BYTES - 1);
	}
	assert_false(memory_guest(&memory, &addr, &addr));
}

/* A range of the front end's own addresses must lie within one region. */
static void test_user(void **state)
{
	assert_ptr_equal(memory_user(&memory, USER, BYTES), bytes[0]);
	assert_ptr_equal(memory_user(&memory, USER + BYTES - 1, 1), &bytes[0][BYTES - 1]);
	assert_ptr_equal(memory_user(&memory, USER + 0x30000, 1), bytes[3]);
	assert_null(memory_user(&memory, USER + BYTES - 1, 2));
	assert_null(memory_user(&memory, USER + BYTES, 1));
	assert_null(memory_user(&memory, USER - 1, 1));
	assert_null(memory_user(&memory, USER, BYTES + 1));
	assert_null(memory_user(&memory, USER, UINT64_MAX));
}

/* A cursor with an index beyond the map finds nothing. */
static void test_cursor(void **state)
{
	struct memory_cursor cursor = memory_cursor(&memory, memory.count);
	uint8_t *host;

	assert_false(memory_last(&cursor, PLACES[0], 1, &host));
	cursor = memory_cursor(&memory, 1);
	assert_true(memory_last(&cursor, PLACES[1], BYTES, &host));
	assert_ptr_equal(host, bytes[1]);
	assert_false(memory_last(&cursor, PLACES[1], BYTES + 1, &host));
	assert_false(memory_last(&cursor, PLACES[1] - 1, 1, &host));
	assert_false(memory_last(&cursor, PLACES[1] + BYTES, 1, &host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_order, setup),
	    cmocka_unit_test_setup(test_overlap, setup),
	    cmocka_unit_test_setup(test_full, setup),
	    cmocka_unit_test_setup(test_remove, setup),
	    cmocka_unit_test_setup(test_read, setup),
	    cmocka_unit_test_setup(test_translate, setup),
	    cmocka_unit_test_setup(test_pieces, setup),
	    cmocka_unit_test_setup(test_back, setup),
	    cmocka_unit_test_setup(test_user, setup),
	    cmocka_unit_test_setup(test_cursor, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
