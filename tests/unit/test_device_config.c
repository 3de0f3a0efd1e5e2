/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_config.c - what a device can be made with, and what it says of itself.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <errno.h>

#include "cryptodev.h"
#include "device/state.h"

static struct devtest test;

static int setup(void **state)
{
	devtest_open(&test, 1, NULL);
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

static void options(void **state)
{
	const struct vdev_options good = {
	    .engine = test.engine,
	    .threads = 1,
	    .num_queues = 64,
	};
	struct vdev_options bad;
	struct vdev *device = NULL;

#define REFUSED(field, wrong)                                                                      \
	do {                                                                                       \
		bad = good;                                                                        \
		bad.field = (wrong);                                                               \
		assert_int_equal(vdev_new(&bad, &device), -EINVAL);                                \
		assert_null(device);                                                               \
	} while (0)
	REFUSED(engine, NULL);
	REFUSED(threads, 0);
	REFUSED(threads, 2); /* the engine has one */
	REFUSED(num_queues, 0);
	REFUSED(num_queues, 65);
	REFUSED(max_sessions, (1u << 20) + 1);
	REFUSED(max_request, 4095);
	REFUSED(max_request, (16u << 20) + 1);
	REFUSED(max_segments, 3);
	REFUSED(max_segments, 32769);
#undef REFUSED
	/* The last values that are accepted. */
#define ACCEPTED(field, right)                                                                     \
	do {                                                                                       \
		bad = good;                                                                        \
		bad.field = (right);                                                               \
		assert_int_equal(vdev_new(&bad, &device), 0);                                      \
		assert_null(vdev_free(device));                                                    \
		device = NULL;                                                                     \
	} while (0)
	ACCEPTED(num_queues, 1);
	ACCEPTED(max_sessions, 1);
	ACCEPTED(max_sessions, 1u << 20);
	ACCEPTED(max_request, 4096);
	ACCEPTED(max_request, 16u << 20);
	ACCEPTED(max_segments, 4);
	ACCEPTED(max_segments, 32768);
#undef ACCEPTED
	assert_int_equal(vdev_new(&good, &device), 0);
	assert_null(vdev_free(device));
	assert_null(vdev_free(NULL));
}

static void config(void **state)
{
	const struct vdev_options with = {
	    .engine = test.engine,
	    .threads = 1,
	    .num_queues = 5,
	    .poll_us = 7,
	};
	struct vdev *device;
	struct vcd_config space;
	const struct eng_alg *alg;

	assert_int_equal(vdev_new_at(&with, 1, 0x01020304, &device), 0);
	vdev_config(device, &space);
	assert_int_equal(le32toh(space.version), 1);
	assert_int_equal(le32toh(space.num_queues), 5);
	assert_int_equal(le32toh(space.max_request), VDEV_DEFAULT_MAX_REQUEST);
	assert_int_equal(le32toh(space.max_segments), VDEV_DEFAULT_MAX_SEGMENTS);
	assert_int_equal(le32toh(space.max_sessions), VDEV_DEFAULT_MAX_SESSIONS);
	assert_int_equal(le32toh(space.max_aad), VDEV_MAX_AAD);
	assert_int_equal(le32toh(space.epoch), 0x01020304);
	assert_int_equal(le32toh(space.poll_us), 7);
	for (size_t i = 0; i < sizeof(space.reserved); i++)
		assert_int_equal(space.reserved[i], 0);
	for (uint32_t id = 0; id < 128; id++) {
		uint64_t bit = UINT64_C(1) << id % 64;
		bool cipher = le64toh(space.ciphers[id / 64]) & bit;
		bool mac = le64toh(space.macs[id / 64]) & bit;
		bool aead = le64toh(space.aeads[id / 64]) & bit;

		alg = eng_alg_find(id);
		assert_int_equal(cipher + aead, alg && eng_has(test.engine, alg, NULL));
		assert_int_equal(mac, alg && eng_has(test.engine, NULL, alg));
		assert_true(!aead || alg->kind == ENG_ALG_AEAD);
	}
	vdev_free(device);
}

static uint64_t create(struct vdev *device)
{
	struct devtest on = {.device = device};
	static const uint8_t key[16];

	return devtest_session(&on, CRYPTO_AES_CBC, key, sizeof(key), 0, NULL, 0);
}

/*
 * Two devices on one counter, as at an upgrade: the second is made while the first one continues. A
 * reset of either is no reason to begin again.
 */
static void ids_of_two_devices(void **state)
{
	uint64_t counter = 0, ids[200];
	const struct vdev_options with = {
	    .engine = test.engine,
	    .threads = 1,
	    .num_queues = 1,
	    .serial = &counter,
	};
	struct vdev *first, *second;
	unsigned int n = 0;

	assert_int_equal(vdev_new(&with, &first), 0);
	assert_true(counter != 0);
	ids[n++] = create(first);
	assert_int_equal(vdev_new(&with, &second), 0);
	while (n + 1 < sizeof(ids) / sizeof(ids[0])) {
		/* Reset: their slots are the same, each time. */
		vdev_reset(first);
		vdev_reset(second);
		ids[n++] = create(first);
		ids[n++] = create(second);
	}
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_true(ids[i] != ids[j]);
	vdev_free(first);
	vdev_free(second);
}

/* Without a counter ids begin by chance: a device does not know those of the one before it. */
static void ids_begin_by_chance(void **state)
{
	const struct vdev_options with = {
	    .engine = test.engine,
	    .threads = 1,
	    .num_queues = 1,
	};
	struct vdev *device;
	uint64_t ids[3];

	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(vdev_new(&with, &device), 0);
		ids[i] = create(device);
		vdev_free(device);
	}
	assert_true(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

static void status_names(void **state)
{
	for (uint32_t i = 0; i < VCD_S_COUNT; i++) {
		assert_string_not_equal(vdev_status_name(i), "?");
		for (uint32_t j = 0; j < i; j++)
			assert_string_not_equal(vdev_status_name(i), vdev_status_name(j));
	}
	assert_string_equal(vdev_status_name(VCD_S_OK), "OK");
	assert_string_equal(vdev_status_name(VCD_S_COUNT), "?");
	assert_string_equal(vdev_status_name(UINT32_MAX), "?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(options),	TEST(config), TEST(ids_of_two_devices), TEST(ids_begin_by_chance),
	    TEST(status_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
