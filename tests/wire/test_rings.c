/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rings.c - hostile rings. Each case breaks the ring of queue 0; the device
 * must report that, leave queue 1 alone, and serve queue 0 again after the driver
 * stopped and started it. What is odd but allowed must simply work.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

/* Guest-physical addresses where there is no memory. */
#define NOWHERE 0x7000000000ull

static void set_desc(struct vring_desc *desc, uint64_t addr, uint32_t len, uint16_t flags,
		     uint16_t next)
{
	*desc = (struct vring_desc){htole64(addr), htole32(len), htole16(flags), htole16(next)};
}

/* A good chain of two, for a request that is answered NOTSUPP: 0 -> 1. */
static void good_chain(struct rig *rig, struct vring_desc *table)
{
	memset(rig->request.header, 0, sizeof(*rig->request.header));
	set_desc(&table[0], front_gpa(rig->front, rig->request.header), 64, VRING_DESC_F_NEXT, 1);
	set_desc(&table[1], front_gpa(rig->front, rig->request.reply), 32, VRING_DESC_F_WRITE, 0);
}

/* A case: writes to the queue's descriptors; chain 0 is then made available. */
struct ring_case {
	const char *name;
	void (*make)(struct rig *rig, struct front_queue *queue, struct vring_desc *table);
};

/* Descriptor 0 names @table, of @entries entries, as an indirect one. */
static void use_table(struct rig *rig, struct front_queue *queue, struct vring_desc *table,
		      uint32_t len, uint16_t flags)
{
	set_desc(&queue->desc[0], front_gpa(rig->front, table), len,
		 (uint16_t)(VRING_DESC_F_INDIRECT | flags), 1);
}

static void next_out_of_range(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].next = htole16((uint16_t)q->num);
}

static void next_far_out_of_range(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].next = htole16(0xffff);
}

static void loop_of_one(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].next = htole16(0);
}

static void loop_of_two(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[1].flags |= htole16(VRING_DESC_F_NEXT);
	q->desc[1].next = htole16(1);
}

static void loop_of_empty(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].len = 0;
	q->desc[0].next = htole16(0);
}

static void no_memory(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].addr = htole64(NOWHERE);
}

static void no_memory_for_reply(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[1].addr = htole64(0);
}

static void beyond_the_end(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	const struct front_region *region = &rig->front->region[0];

	good_chain(rig, q->desc);
	q->desc[0].addr = htole64(region->gpa + region->size - 63);
}

static void address_wraps(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].addr = htole64(UINT64_MAX - 31);
}

static void giant_length(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].len = htole32(UINT32_MAX);
}

static void giant_reply(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[1].len = htole32(UINT32_MAX);
}

static void readable_after_writable(struct rig *rig, struct front_queue *q,
				    struct vring_desc *table)
{
	good_chain(rig, q->desc);
	q->desc[0].flags |= htole16(VRING_DESC_F_WRITE);
	q->desc[1].flags = 0;
}

static void table_in_table(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	table[0].flags = htole16(VRING_DESC_F_INDIRECT);
	table[0].addr = htole64(front_gpa(rig->front, table));
	table[0].len = htole32(32);
	use_table(rig, q, table, 32, 0);
}

static void table_with_next(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	use_table(rig, q, table, 32, VRING_DESC_F_NEXT);
}

static void table_of_odd_length(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	use_table(rig, q, table, 33, 0);
}

static void table_of_half_a_descriptor(struct rig *rig, struct front_queue *q,
				       struct vring_desc *table)
{
	good_chain(rig, table);
	use_table(rig, q, table, 8, 0);
}

static void table_of_nothing(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	use_table(rig, q, table, 0, 0);
}

static void table_too_long(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	use_table(rig, q, table, (q->num + 1) * 16, 0);
}

static void table_giant(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	use_table(rig, q, table, UINT32_MAX - 15, 0);
}

static void table_nowhere(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	use_table(rig, q, table, 32, 0);
	q->desc[0].addr = htole64(NOWHERE);
}

static void table_wraps(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	use_table(rig, q, table, 32, 0);
	q->desc[0].addr = htole64(UINT64_MAX - 15);
}

static void table_half_nowhere(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	const struct front_region *region = &rig->front->region[0];

	good_chain(rig, table);
	memcpy(rig->front->memory + region->size - sizeof(table[0]), &table[0], sizeof(table[0]));
	use_table(rig, q, table, 32, 0);
	q->desc[0].addr = htole64(region->gpa + region->size - 16);
}

/* What the chain uses of it is there. */
static void table_end_nowhere(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	const struct front_region *region = &rig->front->region[0];

	good_chain(rig, table);
	memcpy(rig->front->memory + region->size - 32, table, 32);
	use_table(rig, q, table, 48, 0);
	q->desc[0].addr = htole64(region->gpa + region->size - 32);
}

static void table_next_out_of_range(struct rig *rig, struct front_queue *q,
				    struct vring_desc *table)
{
	good_chain(rig, table);
	table[0].next = htole16(2);
	use_table(rig, q, table, 32, 0);
}

static void table_loop(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	table[0].next = htole16(0);
	use_table(rig, q, table, 32, 0);
}

static void table_wrong_order(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, table);
	table[0].flags |= htole16(VRING_DESC_F_WRITE);
	table[1].flags = 0;
	use_table(rig, q, table, 32, 0);
}

static void bad_table_behind_good(struct rig *rig, struct front_queue *q, struct vring_desc *table)
{
	good_chain(rig, q->desc);
	good_chain(rig, table);
	set_desc(&q->desc[1], front_gpa(rig->front, table), 24, VRING_DESC_F_INDIRECT, 0);
}

#define CASE(f)                                                                                    \
	{                                                                                          \
#f, f                                                                              \
	}

static const struct ring_case cases[] = {
    CASE(next_out_of_range),
    CASE(next_far_out_of_range),
    CASE(loop_of_one),
    CASE(loop_of_two),
    CASE(loop_of_empty),
    CASE(no_memory),
    CASE(no_memory_for_reply),
    CASE(beyond_the_end),
    CASE(address_wraps),
    CASE(giant_length),
    CASE(giant_reply),
    CASE(readable_after_writable),
    CASE(table_in_table),
    CASE(table_with_next),
    CASE(table_of_odd_length),
    CASE(table_of_half_a_descriptor),
    CASE(table_of_nothing),
    CASE(table_too_long),
    CASE(table_giant),
    CASE(table_nowhere),
    CASE(table_wraps),
    CASE(table_half_nowhere),
    CASE(table_end_nowhere),
    CASE(table_next_out_of_range),
    CASE(table_loop),
    CASE(table_wrong_order),
    CASE(bad_table_behind_good),
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

/* Queue 0 is broken: told so, and silent, while queue 1 works. Then all is well again. */
static void expect_broken(struct rig *rig, const char *name)
{
	struct front_queue *queue = &rig->front->queue[0];
	uint16_t used = le16toh(queue->used->idx);

	print_message("  %s\n", name);
	assert_int_equal(front_queue_wait_broken(queue), 0);
	rig_check_queue(rig, 1);
	assert_int_equal(le16toh(queue->used->idx), used);
	/* More of the same is not looked at. */
	front_queue_signal(queue);
	rig_check_queue(rig, 1);
	assert_int_equal(le16toh(queue->used->idx), used);

	assert_int_equal(front_restart(rig->front), 0);
	rig_check(rig);
}

static void run_cases(const struct front_options *options)
{
	const char *const args[] = {"--num-queues=2", NULL};
	struct front_queue *queue;
	struct vring_desc *table;
	struct rig rig;
	size_t i;

	rig_start(&rig, options, args);
	queue = &rig.front->queue[0];
	table = front_alloc(rig.front, (queue->num + 2) * sizeof(*table));
	assert_non_null(table);
	for (i = 0; i < CASES; i++) {
		cases[i].make(&rig, queue, table);
		front_queue_push(queue, 0);
		front_queue_kick(queue);
		front_queue_signal(queue);
		expect_broken(&rig, cases[i].name);
	}
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "ring_errors"), CASES);
	rig_stop(&rig);
}

static void test_broken(void **state)
{
	run_cases(&(struct front_options){.queues = 2});
}

static void test_broken_no_event_idx(void **state)
{
	run_cases(&(struct front_options){.queues = 2, .no_event_idx = true, .queue_size = 16});
}

/* The available ring itself. */
static void test_broken_avail(void **state)
{
	const char *const args[] = {"--num-queues=2", NULL};
	static const uint16_t heads[] = {256, 257, 0x7fff, 0xffff};
	static const uint16_t jumps[] = {257, 0x7fff, 0x8000, 0xffff};
	struct front_queue *queue;
	struct rig rig;
	size_t i;

	rig_start(&rig, &(struct front_options){.queues = 2}, args);
	queue = &rig.front->queue[0];
	for (i = 0; i < 4; i++) {
		front_queue_push(queue, heads[i]);
		front_queue_kick(queue);
		front_queue_signal(queue);
		expect_broken(&rig, "head out of range");
	}
	for (i = 0; i < 4; i++) {
		queue->avail_idx = (uint16_t)(queue->avail_idx + jumps[i]);
		front_queue_kick(queue);
		front_queue_signal(queue);
		expect_broken(&rig, "available index jumps");
	}
	/* A jump by the whole ring is a full ring: 256 times the same head, which is fine. */
	good_chain(&rig, queue->desc);
	for (i = 0; i < queue->num; i++)
		front_queue_push(queue, 0);
	front_queue_kick(queue);
	while (le16toh(queue->used->idx) != queue->published)
		usleep(1000);
	assert_int_equal(front_status(&rig.request), VCD_S_NOTSUPP);
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* What came before the broken chain in the same batch is answered. */
static void test_good_before_broken(void **state)
{
	const char *const args[] = {"--num-queues=2", NULL};
	struct front_request good[5];
	struct front_queue *queue;
	struct rig rig;
	unsigned int i;
	uint32_t len;
	void *token;

	rig_start(&rig, &(struct front_options){.queues = 2}, args);
	queue = &rig.front->queue[0];
	for (i = 0; i < 5; i++) {
		assert_int_equal(front_request_init(rig.front, &good[i], 0, 0), 0);
		assert_int_equal(front_submit(queue, &good[i], 0, 0), 0);
	}
	front_queue_push(queue, 0xffff);
	front_queue_kick(queue);
	assert_int_equal(front_queue_wait_broken(queue), 0);
	for (i = 0; i < 5; i++) {
		assert_int_equal(front_queue_reap(queue, &token, &len), 1);
		assert_ptr_equal(token, &good[i]);
		assert_int_equal(len, 32);
	}
	assert_int_equal(front_queue_reap(queue, &token, &len), 0);
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* ---- odd, but allowed ----------------------------------------------------------------- */

static void execute_raw(struct rig *rig, struct front_queue *queue, uint32_t used)
{
	uint16_t before = le16toh(queue->used->idx);

	memset(rig->request.reply, 0xff, sizeof(*rig->request.reply));
	front_queue_push(queue, 0);
	front_queue_kick(queue);
	assert_int_equal(front_queue_wait(queue), 0);
	assert_int_equal(le16toh(queue->used->idx), (uint16_t)(before + 1));
	assert_int_equal(le32toh(queue->used->ring[before % queue->num].id), 0);
	assert_int_equal(le32toh(queue->used->ring[before % queue->num].len), used);
	queue->last_used++;
}

static void test_odd(void **state)
{
	struct front_queue *q;
	struct vring_desc *table;
	uint8_t *bytes;
	struct rig rig;

	rig_start(&rig, NULL, NULL);
	q = &rig.front->queue[0];
	table = front_alloc(rig.front, 4096);

	good_chain(&rig, q->desc);
	execute_raw(&rig, q, 32);
	assert_int_equal(front_status(&rig.request), VCD_S_NOTSUPP);

	/* WRITE on the descriptor that names the table is to be ignored. */
	good_chain(&rig, table);
	use_table(&rig, q, table, 32, VRING_DESC_F_WRITE);
	execute_raw(&rig, q, 32);
	assert_int_equal(front_status(&rig.request), VCD_S_NOTSUPP);

	/* A table with room to spare, and one at an odd address. */
	use_table(&rig, q, table, 64, 0);
	execute_raw(&rig, q, 32);
	bytes = (uint8_t *)table + 1;
	memmove(bytes, table, 32);
	use_table(&rig, q, table, 32, 0);
	q->desc[0].addr = htole64(front_gpa(rig.front, bytes));
	execute_raw(&rig, q, 32);
	assert_int_equal(front_status(&rig.request), VCD_S_NOTSUPP);

	/* Descriptors in the ring, then a table: the header there, the reply here. */
	good_chain(&rig, q->desc);
	set_desc(&q->desc[1], front_gpa(rig.front, table), 16, VRING_DESC_F_INDIRECT, 0);
	set_desc(&table[0], front_gpa(rig.front, rig.request.reply), 32, VRING_DESC_F_WRITE, 0);
	execute_raw(&rig, q, 32);
	assert_int_equal(front_status(&rig.request), VCD_S_NOTSUPP);

	/* Descriptors of length 0 have no address that could be wrong. */
	good_chain(&rig, q->desc);
	set_desc(&q->desc[2], NOWHERE, 0, VRING_DESC_F_NEXT, 1);
	q->desc[0].next = htole16(2);
	execute_raw(&rig, q, 32);
	assert_int_equal(front_status(&rig.request), VCD_S_NOTSUPP);

	/* Nothing at all. */
	set_desc(&q->desc[0], 0, 0, 0, 0);
	execute_raw(&rig, q, 0);
	/* A readable part only. */
	set_desc(&q->desc[0], front_gpa(rig.front, rig.request.header), 64, 0, 0);
	execute_raw(&rig, q, 0);
	rig_stop(&rig);
}

/* The rings themselves at places where they cannot be. */
static void test_ring_addresses(void **state)
{
	struct front_queue *q;
	struct vu_vring_addr good;
	struct rig rig;
	unsigned int i;

	rig_start(&rig, NULL, NULL);
	q = &rig.front->queue[0];
	good = (struct vu_vring_addr){
	    .desc_user = (uintptr_t)q->desc,
	    .avail_user = (uintptr_t)q->avail,
	    .used_user = (uintptr_t)q->used,
	};
	for (i = 0; i < 12; i++) {
		const uint64_t base = (uintptr_t)rig.front->memory;
		const uint64_t end = base + rig.front->options.memory;
		const uint64_t bad[4] = {0, base - 16, end - 16, UINT64_MAX - 15};
		struct vu_vring_addr addr = good;

		if (i / 4 == 0)
			addr.desc_user = bad[i % 4];
		else if (i / 4 == 1)
			addr.avail_user = bad[i % 4];
		else
			addr.used_user = bad[i % 4];
		assert_int_equal(front_set(rig.front, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1),
				 -EREMOTEIO);
	}
	/* Not aligned. */
	for (i = 0; i < 3; i++) {
		struct vu_vring_addr addr = good;

		addr.desc_user += i == 0 ? 8 : 0;
		addr.avail_user += i == 1;
		addr.used_user += i == 2 ? 2 : 0;
		assert_int_equal(front_set(rig.front, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1),
				 -EREMOTEIO);
	}
	assert_int_equal(front_set(rig.front, VU_SET_VRING_ADDR, &good, sizeof(good), -1), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "its rings are not aligned",
    "its rings are not in shared memory",
    "a bad indirect table",
    "a chain is longer than the queue",
    "a readable descriptor follows a writable one",
    "an address is not in guest memory",
    "an index is out of range",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_broken),	 cmocka_unit_test(test_broken_no_event_idx),
	    cmocka_unit_test(test_broken_avail), cmocka_unit_test(test_good_before_broken),
	    cmocka_unit_test(test_odd),		 cmocka_unit_test(test_ring_addresses),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
