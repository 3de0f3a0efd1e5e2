/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_threads.c - several workers on one device, sharing sessions that
 * come and go under them. Meant for the thread sanitizer too.
 *
 * Whatever the others do, a request is answered OK with the right data, or STALE.
 */
#include "tests/unit/unit.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "cryptodev.h"
#include "device/device.h"
#include "tests/lib/engine.h"
#include "tests/unit/evp_reference.h"

#define WORKERS 4
#define KEYS 8
#define LEN 64
#define ROUNDS 6000
#define REPLY sizeof(struct vcd_reply)

static struct engine *engine;
static struct vdev *device;

/* Session of key k, as last made by anybody; its ciphertext is known. */
static _Atomic(uint64_t) ids[KEYS];
static uint8_t expected[KEYS][LEN];
static _Atomic(unsigned int) right, stale, wrong;

static void key_of(unsigned int k, uint8_t key[16])
{
	memset(key, (int)k + 1, 16);
}

static uint32_t execute(unsigned int worker, const void *in, size_t len, uint8_t *out, size_t room)
{
	uint8_t copy[sizeof(struct vcd_req) + LEN];
	struct iovec readable = {copy, len}, writable = {out, room};
	struct vdev_request request = {&readable, &writable, 1, 1, 0}, *requests = &request;
	struct vcd_reply reply;

	memcpy(copy, in, len);
	vdev_execute(device, worker, &requests, 1);
	memcpy(&reply, out, sizeof(reply));
	return le32toh(reply.status);
}

static uint64_t create(unsigned int worker, unsigned int k)
{
	struct vcd_req_create req = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(CRYPTO_AES_CBC),
	    .key_len = htole32(16),
	};
	uint8_t in[sizeof(req) + 16], out[REPLY];
	struct vcd_reply reply;

	memcpy(in, &req, sizeof(req));
	key_of(k, in + sizeof(req));
	if (execute(worker, in, sizeof(in), out, sizeof(out)) != VCD_S_OK)
		return 0;
	memcpy(&reply, out, sizeof(reply));
	return le64toh(reply.value);
}

static void destroy(unsigned int worker, uint64_t id)
{
	struct vcd_req req = {.opcode = htole16(VCD_OP_SESSION_DESTROY), .session = htole64(id)};
	uint8_t out[REPLY];
	uint32_t status = execute(worker, &req, sizeof(req), out, sizeof(out));

	if (status != VCD_S_OK && status != VCD_S_STALE)
		wrong++;
}

static void crypt(unsigned int worker, unsigned int k)
{
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(LEN),
	    .session = htole64(ids[k]),
	    .iv_len = 16,
	};
	uint8_t in[sizeof(req) + LEN] = {0}, out[REPLY + LEN];

	memcpy(in, &req, sizeof(req));
	switch (execute(worker, in, sizeof(in), out, sizeof(out))) {
	case VCD_S_OK:
		if (memcmp(out + REPLY, expected[k], LEN))
			wrong++;
		else
			right++;
		break;
	case VCD_S_STALE:
		stale++;
		break;
	default:
		wrong++;
	}
}

static void *work(void *arg)
{
	unsigned int worker = (unsigned int)(uintptr_t)arg;
	struct test_random random = {1000 + worker};

	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int k = (unsigned int)test_random_below(&random, KEYS);
		struct vdev_stats stats;
		uint64_t old;

		switch (test_random_below(&random, 20)) {
		case 0:
			old = atomic_exchange(&ids[k], create(worker, k));
			destroy(worker, old);
			break;
		case 1:
			destroy(worker, ids[k]);
			break;
		case 2:
			if (!test_random_below(&random, 100))
				vdev_reset(device);
			else
				vdev_stats_get(device, &stats);
			break;
		default:
			crypt(worker, k);
		}
	}
	return NULL;
}

static void shared_sessions(void **state)
{
	static const uint8_t zero[LEN];
	struct vdev_stats stats;
	pthread_t threads[WORKERS];
	uint64_t live = 0;

	for (unsigned int k = 0; k < KEYS; k++) {
		uint8_t key[16];

		key_of(k, key);
		reference_crypt(&reference_ciphers[0], true, key, zero, zero, expected[k], LEN);
		ids[k] = create(0, k);
		assert_true(ids[k] != 0);
	}
	for (uintptr_t i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (unsigned int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	print_message("%u right, %u stale\n", right, stale);
	assert_int_equal(wrong, 0);
	assert_true(right > 0 && stale > 0);
	/* Exactly those still known are live. */
	for (unsigned int k = 0; k < KEYS; k++) {
		unsigned int before = right;

		crypt(0, k);
		live += right - before;
	}
	vdev_stats_get(device, &stats);
	assert_int_equal(stats.sessions_live, live);
	assert_int_equal(stats.crypt, right);
	assert_int_equal(stats.status[VCD_S_OK] + stats.status[VCD_S_STALE] +
			     stats.status[VCD_S_NOSPACE],
			 stats.requests);
}

int main(void)
{
	const struct vdev_options options = {
	    .threads = WORKERS,
	    .num_queues = WORKERS,
	    .max_sessions = KEYS + WORKERS,
	};
	const struct CMUnitTest tests[] = {cmocka_unit_test(shared_sessions)};
	struct vdev_options with = options;
	int failed;

	if (test_engine_open(WORKERS, &engine))
		return 1;
	with.engine = engine;
	if (vdev_new(&with, &device))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vdev_free(device);
	eng_close(engine);
	return failed;
}
