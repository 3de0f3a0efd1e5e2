/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_regions.c - guest memory in regions: requests and tables that lie in two of
 * them, regions that come, go, make no sense, or are too many.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#define BIT(n) (1ull << (n))

/* A request whose buffers go over from one region into the next. */
static void test_two_regions(void **state)
{
	static const uint8_t iv[16];
	struct rig rig;
	struct front *front;
	struct front_queue *queue;
	struct front_request across;
	uint8_t *end;
	uint64_t id;

	rig_start(&rig, &(struct front_options){.regions = 2, .adjacent = true}, NULL);
	front = rig.front;
	queue = &front->queue[0];
	id = rig_session(&rig, queue);

	/* Header in the first region, payload in both. The reply lies in the second. */
	end = (uint8_t *)front_region_at(front, 1);
	across = (struct front_request){
	    .header = (void *)(end - sizeof(struct vcd_req) - 32),
	    .in = end - 32,
	    .in_size = 128,
	    .reply = (void *)(end + 4096),
	    .out = end + 4096 + sizeof(struct vcd_reply),
	    .out_size = 128,
	};
	front_prepare_crypt(&across, id, 0, 128, iv, sizeof(iv));
	memset(across.in, 'x', 128);
	assert_int_equal(front_execute(queue, &across, 128, 128), 0);
	assert_int_equal(front_status(&across), VCD_S_OK);

	/* The same within one region. */
	front_prepare_crypt(&rig.request, id, 0, 128, iv, sizeof(iv));
	memset(rig.request.in, 'x', 128);
	assert_int_equal(front_execute(queue, &rig.request, 128, 128), 0);
	assert_memory_equal(rig.request.out, across.out, 128);

	/* The other way round: the reply's header itself lies in two regions. */
	across.header = (void *)(end + 4096);
	across.in = end + 4096 + sizeof(struct vcd_req);
	across.reply = (void *)(end - 16);
	across.out = end + 16;
	front_prepare_crypt(&across, id, 0, 128, iv, sizeof(iv));
	memset(across.in, 'x', 128);
	assert_int_equal(front_execute(queue, &across, 128, 128), 0);
	assert_int_equal(front_status(&across), VCD_S_OK);
	assert_memory_equal(rig.request.out, across.out, 128);
	rig_stop(&rig);
}

/* An indirect table that begins in one region and ends in the next, one descriptor in both, too. */
static void test_table_across_regions(void **state)
{
	static const uint8_t iv[16];
	struct rig rig;
	struct front *front;
	struct front_queue *queue;
	struct vring_desc *tables;
	uint8_t expected[128], *end;
	unsigned int before;
	uint64_t id;

	rig_start(&rig, &(struct front_options){.regions = 2, .adjacent = true}, NULL);
	front = rig.front;
	queue = &front->queue[0];
	id = rig_session(&rig, queue);
	memset(rig.request.in, 'x', 128);
	front_prepare_crypt(&rig.request, id, 0, 128, iv, sizeof(iv));
	assert_int_equal(front_execute(queue, &rig.request, 128, 128), 0);
	assert_int_equal(front_status(&rig.request), VCD_S_OK);
	memcpy(expected, rig.request.out, 128);

	end = (uint8_t *)front_region_at(front, 1);
	tables = queue->tables;
	for (before = 8; before < 32; before += 8) {
		uint16_t head = queue->free[queue->free_count - 1];

		queue->tables = (struct vring_desc *)(void *)(end - before) - head * FRONT_TABLE;
		memset(rig.request.out, 0, 128);
		front_prepare_crypt(&rig.request, id, 0, 128, iv, sizeof(iv));
		assert_int_equal(front_execute(queue, &rig.request, 128, 128), 0);
		assert_int_equal(front_status(&rig.request), VCD_S_OK);
		assert_memory_equal(rig.request.out, expected, 128);
	}
	queue->tables = tables;
	rig_stop(&rig);
}

/* Regions that come and go while a queue is in use. */
static void test_hotplug(void **state)
{
	struct rig rig;
	struct front *front;
	struct vu_one_region one = {.region = {.guest_addr = BIT(40), .user_addr = BIT(46)}};
	unsigned int i;
	int fd;

	rig_start(&rig, NULL, NULL);
	front = rig.front;
	fd = memfd_create("more", MFD_CLOEXEC);
	assert_true(fd >= 0);
	one.region.size = 1 << 20;
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	for (i = 0; i < 50; i++) {
		rig_check(&rig);
		assert_int_equal(front_set(front, VU_ADD_MEM_REG, &one, sizeof(one), fd), 0);
		/* Twice is refused, and so is what overlaps or does not exist. */
		assert_int_equal(front_set(front, VU_ADD_MEM_REG, &one, sizeof(one), fd),
				 -EREMOTEIO);
		rig_check(&rig);
		assert_int_equal(front_set(front, VU_REM_MEM_REG, &one, sizeof(one), -1), 0);
		assert_int_equal(front_set(front, VU_REM_MEM_REG, &one, sizeof(one), fd),
				 -EREMOTEIO);
	}
	close(fd);
	rig_check(&rig);
	rig_stop(&rig);
}

static void test_bad_regions(void **state)
{
	const struct vu_region bad[] = {
	    {.guest_addr = BIT(40), .size = 0},
	    {.guest_addr = BIT(40), .size = 2 << 20}, /* beyond the file */
	    {.guest_addr = BIT(40), .size = 1 << 20, .mmap_offset = 1},
	    {.guest_addr = BIT(40), .size = 1 << 20, .mmap_offset = UINT64_MAX - 4095},
	    {.guest_addr = UINT64_MAX - 4095, .size = 1 << 20},
	    {.guest_addr = BIT(40), .size = UINT64_MAX},
	    {.guest_addr = BIT(40), .size = 1 << 20, .user_addr = UINT64_MAX - 4095},
	    {.guest_addr = 0, .size = 1 << 20, .mmap_offset = 0}, /* borders, no overlap */
	    {.guest_addr = 4096, .size = 1 << 20},		  /* overlap */
	};
	struct rig rig;
	unsigned int i;
	int fd;

	rig_start(&rig, NULL, NULL);
	fd = memfd_create("bad", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct vu_one_region one = {.region = bad[i]};
		bool fine = bad[i].guest_addr == 0;

		assert_int_equal(front_set(rig.front, VU_ADD_MEM_REG, &one, sizeof(one), fd),
				 fine ? 0 : -EREMOTEIO);
		rig_check(&rig);
		if (fine)
			assert_int_equal(
			    front_set(rig.front, VU_REM_MEM_REG, &one, sizeof(one), -1), 0);
	}
	close(fd);
	rig_stop(&rig);
}

static void test_mem_slots(void **state)
{
	struct vu_one_region one = {.region = {.size = 4096}};
	struct rig rig;
	uint64_t slots;
	unsigned int i;
	int fd;

	rig_start(&rig, NULL, NULL);
	assert_int_equal(front_get_u64(rig.front, VU_GET_MAX_MEM_SLOTS, &slots), 0);
	assert_in_range(slots, 32, 4096);
	fd = memfd_create("slots", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	/* One is taken. From high to low and low to high, so that sorting has work. */
	for (i = 1; i <= slots; i++) {
		one.region.guest_addr = i % 2 ? BIT(41) + i * 8192ull : BIT(41) - i * 8192ull;
		assert_int_equal(front_set(rig.front, VU_ADD_MEM_REG, &one, sizeof(one), fd),
				 i < slots ? 0 : -EREMOTEIO);
	}
	rig_check(&rig);
	close(fd);
	rig_stop(&rig);
}

/* Old QEMU and the specification's examples: SET_MEM_TABLE with MQ and all. */
static void test_mem_table_replaced(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_start(&rig, NULL, NULL);
	rig.front->protocol_features &= ~BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS);
	for (i = 0; i < 20; i++) {
		assert_int_equal(front_share_memory(rig.front), 0);
		rig_check(&rig);
	}
	rig_stop(&rig);
}

/* Memory goes away under a running queue, and comes back. */
static void test_memory_lost(void **state)
{
	struct vu_one_region one;
	struct rig rig;

	rig_start(&rig, NULL, NULL);
	rig_check(&rig);
	one = (struct vu_one_region){
	    .region =
		{
		    .guest_addr = rig.front->region[0].gpa,
		    .size = rig.front->region[0].size,
		    .user_addr = (uintptr_t)rig.front->memory,
		    .mmap_offset = rig.front->region[0].offset,
		},
	};
	assert_int_equal(front_set(rig.front, VU_REM_MEM_REG, &one, sizeof(one), -1), 0);
	/* Its rings are nowhere now: enabling it is refused, the daemon continues. */
	assert_int_equal(front_set_state(rig.front, VU_SET_VRING_ENABLE, 0, 1), -EREMOTEIO);
	assert_int_equal(front_share_memory(rig.front), 0);
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "REM_MEM_REG names an unknown region", "refused: File exists",
    "refused: Invalid argument",	   "refused: No space left on device",
    "its rings are not in shared memory",  NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_regions), cmocka_unit_test(test_hotplug),
	    cmocka_unit_test(test_bad_regions), cmocka_unit_test(test_table_across_regions),
	    cmocka_unit_test(test_mem_slots),	cmocka_unit_test(test_mem_table_replaced),
	    cmocka_unit_test(test_memory_lost),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
