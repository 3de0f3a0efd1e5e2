/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devtest.c - sends single requests to a device and looks at the replies. See devtest.h. */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "device/state.h"
#include "tests/lib/engine.h"

#define POISON 0xee
#define MAX_IOV 100

void devtest_open(struct devtest *test, unsigned int threads, const struct vdev_options *options)
{
	struct vdev_options all = {.num_queues = 1};

	*test = (struct devtest){0};
	assert_int_equal(test_engine_open(threads, &test->engine), 0);
	if (options)
		all = *options;
	all.engine = test->engine;
	all.threads = threads;
	assert_int_equal(vdev_new_at(&all, 1, 1, &test->device), 0);
}

void devtest_close(struct devtest *test)
{
	test->device = vdev_free(test->device);
	test->engine = eng_close(test->engine);
}

static void decode(struct answer *answer, const uint8_t *out, uint32_t written, size_t room)
{
	struct vcd_reply reply;

	answer->written = written;
	answer->status = VCD_S_COUNT;
	assert_true(written <= room);
	if (!written) {
		for (size_t i = 0; i < room; i++)
			assert_int_equal(out[i], POISON);
		return;
	}
	assert_true(written >= sizeof(reply));
	memcpy(&reply, out, sizeof(reply));
	answer->status = le32toh(reply.status);
	answer->out_len = le32toh(reply.out_len);
	answer->value = le64toh(reply.value);
	memcpy(answer->iv, reply.iv, sizeof(answer->iv));
	assert_int_equal(written, sizeof(reply) + answer->out_len);
	memcpy(answer->out, out + sizeof(reply), answer->out_len);
	if (answer->status != VCD_S_OK) {
		assert_int_equal(answer->out_len, 0);
		assert_int_equal(answer->value, 0);
		for (size_t i = 0; i < sizeof(reply.iv); i++)
			assert_int_equal(answer->iv[i], 0);
	}
	for (size_t i = written; i < room; i++)
		assert_int_equal(out[i], POISON);
}

const struct answer *devtest_raw(struct devtest *test, const void *in, size_t len, size_t room)
{
	static struct answer answer;
	struct iovec in_iov[MAX_IOV] = {0}, out_iov[MAX_IOV] = {0};
	uint8_t *readable = malloc(len ? len : 1), *writable = malloc(room ? room : 1);
	struct vdev_request request = {.in = in_iov, .out = out_iov, .written = 0x5555};
	struct vdev_request *requests = &request;

	assert_non_null(readable);
	assert_non_null(writable);
	assert_true(room <= DEVTEST_MAX_OUT);
	memcpy(readable, in, len);
	memset(writable, POISON, room);
	if (test->random) {
		request.in_count = split_at_random(test->random, readable, len, in_iov, MAX_IOV);
		request.out_count = split_at_random(test->random, writable, room, out_iov, MAX_IOV);
	} else {
		in_iov[0] = (struct iovec){readable, len};
		out_iov[0] = (struct iovec){writable, room};
		request.in_count = request.out_count = 1;
	}
	vdev_execute(test->device, test->thread, &requests, 1);
	assert_memory_equal(readable, in, len);
	decode(&answer, writable, request.written, room);
	free(readable);
	free(writable);
	return &answer;
}

const struct answer *devtest_send(struct devtest *test, const void *header, const void *payload,
				  size_t len, size_t room)
{
	const struct answer *answer;
	uint8_t *in = malloc(sizeof(struct vcd_req) + len);

	assert_non_null(in);
	memcpy(in, header, sizeof(struct vcd_req));
	if (len)
		memcpy(in + sizeof(struct vcd_req), payload, len);
	answer = devtest_raw(test, in, sizeof(struct vcd_req) + len, room);
	free(in);
	return answer;
}

const struct answer *devtest_create(struct devtest *test, uint32_t cipher, const void *key,
				    size_t key_len, uint32_t mac, const void *mackey,
				    size_t mackey_len)
{
	struct vcd_req_create req = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(cipher),
	    .mac = htole32(mac),
	    .key_len = htole32((uint32_t)key_len),
	    .mackey_len = htole32((uint32_t)mackey_len),
	};
	uint8_t keys[2048];

	assert_true(key_len + mackey_len <= sizeof(keys));
	if (key_len)
		memcpy(keys, key, key_len);
	if (mackey_len)
		memcpy(keys + key_len, mackey, mackey_len);
	return devtest_send(test, &req, keys, key_len + mackey_len, sizeof(struct vcd_reply));
}

uint64_t devtest_session(struct devtest *test, uint32_t cipher, const void *key, size_t key_len,
			 uint32_t mac, const void *mackey, size_t mackey_len)
{
	const struct answer *answer =
	    devtest_create(test, cipher, key, key_len, mac, mackey, mackey_len);

	assert_int_equal(answer->status, VCD_S_OK);
	assert_true(answer->value != 0);
	return answer->value;
}

const struct answer *devtest_simple(struct devtest *test, uint16_t opcode, uint64_t session,
				    size_t room)
{
	struct vcd_req req = {.opcode = htole16(opcode), .session = htole64(session)};

	return devtest_send(test, &req, NULL, 0, room);
}

const struct answer *devtest_crypt(struct devtest *test, uint64_t session, uint16_t flags,
				   const uint8_t *iv, size_t iv_len, const void *data, size_t len,
				   size_t out_len)
{
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .flags = htole16(flags),
	    .src_len = htole32((uint32_t)len),
	    .session = htole64(session),
	    .iv_len = (uint8_t)iv_len,
	};

	if (iv_len)
		memcpy(req.iv, iv, iv_len);
	return devtest_send(test, &req, data, len, sizeof(struct vcd_reply) + out_len);
}

uint64_t devtest_live(const struct devtest *test)
{
	struct vdev_stats stats;

	vdev_stats_get(test->device, &stats);
	return stats.sessions_live;
}
