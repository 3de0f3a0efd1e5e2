/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_chain.c - daemon/virtio/chain.c: descriptors that lie in several regions of guest memory, and what
 * becomes of chains with more pieces than a request may have.
 *
 * How chains can be malformed is the business of tests/wire.
 */
#include "tests/unit/unit.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/virtio/chain.h"

#define REGIONS 12u
#define BYTES 4096u
#define GPA 0x100000u
#define MOST 4u /* segments of a direction */
#define ENTRIES 16u

/* Regions that follow each other in the guest, but not here: a block each, for sanitizers. */
static struct memory memory;
static struct vring_desc table[ENTRIES];
static struct iovec iov[CHAIN_ROOM(MOST)];
static struct chain chain;

static int setup(void **state)
{
	memory = (struct memory){.count = REGIONS};
	for (unsigned int i = 0; i < REGIONS; i++) {
		memory.regions[i] = (struct memory_region){
		    .guest_addr = GPA + i * BYTES,
		    .size = BYTES,
		    .host = malloc(BYTES),
		};
		if (!memory.regions[i].host)
			return -1;
	}
	memset(table, 0, sizeof(table));
	/* What is not written stays so. */
	memset(iov, 0x77, sizeof(iov));
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < REGIONS; i++)
		free(memory.regions[i].host);
	return 0;
}

/* Descriptor @i: @len bytes at @offset of guest memory; with the next one behind it. */
static void describe(unsigned int i, uint32_t offset, uint32_t len, uint16_t flags)
{
	table[i] = (struct vring_desc){
	    .addr = htole64(GPA + offset),
	    .len = htole32(len),
	    .flags = htole16(flags),
	    .next = htole16((uint16_t)(i + 1)),
	};
}

static int walk(void)
{
	struct memory_cursor cursor = memory_cursor(&memory, 0);
	const struct chain_source source = {
	    .memory = &memory,
	    .cursor = &cursor,
	    .desc = table,
	    .num = ENTRIES,
	    .max_segments = MOST,
	};

	return chain_walk(&source, 0, iov, &chain);
}

/* iovecs @at: @len bytes from @offset of guest memory, a piece for each region. */
static void assert_pieces(const struct iovec *at, unsigned int count, uint32_t offset, uint32_t len)
{
	for (unsigned int i = 0; i < count; i++) {
		uint32_t in_region = offset % BYTES;
		uint32_t n = len < BYTES - in_region ? len : BYTES - in_region;

		assert_ptr_equal(at[i].iov_base, memory.regions[offset / BYTES].host + in_region);
		assert_int_equal(at[i].iov_len, n);
		offset += n;
		len -= n;
	}
}

static void crosses_a_border(void **state)
{
	describe(0, 100, 2 * BYTES, VRING_DESC_F_NEXT);
	describe(1, 5 * BYTES - 1, 2, VRING_DESC_F_WRITE);
	assert_int_equal(walk(), 0);
	assert_int_equal(chain.in_count, 3);
	assert_pieces(chain.in, 3, 100, 2 * BYTES);
	assert_int_equal(chain.out_count, 2);
	assert_pieces(chain.out, 2, 5 * BYTES - 1, 2);
	assert_int_equal(chain.bytes, 2 * BYTES + 2);
}

/*
 * A descriptor that lies in more regions than there is room for pieces: the direction gets one
 * piece more than a request may have, so that the device refuses it, and no more than there is room
 * for.
 */
static void crosses_too_many(void **state)
{
	describe(0, 0, 10 * BYTES, VRING_DESC_F_NEXT);
	describe(1, 10 * BYTES, 64, VRING_DESC_F_NEXT);
	describe(2, BYTES / 2, 10 * BYTES, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT);
	describe(3, 0, 64, VRING_DESC_F_WRITE);
	assert_int_equal(walk(), 0);
	assert_int_equal(chain.in_count, MOST + 1);
	assert_pieces(chain.in, MOST + 1, 0, 10 * BYTES);
	assert_int_equal(chain.out_count, MOST + 1);
	assert_pieces(chain.out, MOST + 1, BYTES / 2, 10 * BYTES);
	assert_ptr_equal(chain.out, chain.in + MOST + 1);
}

/* As much as there is room for, and one piece less. */
static void just_fits(void **state)
{
	describe(0, 0, (MOST + 1) * BYTES, VRING_DESC_F_NEXT);
	describe(1, 0, 64, VRING_DESC_F_WRITE);
	assert_int_equal(walk(), 0);
	assert_int_equal(chain.in_count, MOST + 1);
	describe(0, 0, MOST * BYTES, VRING_DESC_F_NEXT);
	assert_int_equal(walk(), 0);
	assert_int_equal(chain.in_count, MOST);
	assert_pieces(chain.in, MOST, 0, MOST * BYTES);
	assert_int_equal(chain.out_count, 1);
}

/* A part of it is in no region: the ring is broken, however much room there is. */
static void leaves_memory(void **state)
{
	describe(0, (REGIONS - 1) * BYTES, BYTES + 1, 0);
	assert_int_equal(walk(), -EFAULT);
	describe(0, 0, (MOST + 1) * BYTES, VRING_DESC_F_NEXT);
	describe(1, REGIONS * BYTES, 1, VRING_DESC_F_WRITE);
	assert_int_equal(walk(), -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(crosses_a_border, setup, teardown),
	    cmocka_unit_test_setup_teardown(crosses_too_many, setup, teardown),
	    cmocka_unit_test_setup_teardown(just_fits, setup, teardown),
	    cmocka_unit_test_setup_teardown(leaves_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
