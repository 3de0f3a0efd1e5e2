/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_messages.c - vhost-user messages: the sequences of the front ends that
 * matter, their quirks, and each message by itself.
 */
#include <endian.h>
#include <errno.h>
#include <linux/virtio_config.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#define BIT(n) (1ull << (n))

/* Start, work, restart, work again, stop; the old sessions are gone each time. */
static void run_style(const struct front_options *options)
{
	struct rig rig;
	struct front_queue *queue;
	unsigned int round;
	uint64_t id;

	rig_start(&rig, options, (const char *const[]){"--num-queues=4", NULL});
	queue = &rig.front->queue[0];
	for (round = 0; round < 3; round++) {
		rig_check(&rig);
		assert_int_equal(front_hello(queue, &rig.request), VCD_S_OK);
		id = rig_session(&rig, queue);
		assert_int_equal(front_restart(rig.front), 0);
		assert_int_equal(front_session_destroy(queue, &rig.request, id), VCD_S_STALE);
	}
	rig_session(&rig, queue);
	assert_int_equal(front_stop(rig.front), 0);
	rig_stop(&rig);
}

static void test_qemu(void **state)
{
	run_style(&(struct front_options){.style = FRONT_QEMU, .queues = 3});
}

static void test_uml(void **state)
{
	run_style(&(struct front_options){.style = FRONT_UML, .queues = 2});
}

static void test_bare(void **state)
{
	run_style(&(struct front_options){.style = FRONT_BARE});
}

static void test_all_shapes(void **state)
{
	static const enum front_style styles[] = {FRONT_QEMU, FRONT_UML, FRONT_BARE};
	unsigned int i;

	for (i = 0; i < 24; i++) {
		const struct front_options options = {
		    .style = styles[i / 8],
		    .regions = 1 + (i & 1),
		    .no_event_idx = i & 2,
		    .no_indirect = i & 4,
		    .queue_size = i % 3 ? 64 : 1024,
		};

		run_style(&options);
	}
}

/* A driver with NO_VECTOR: CALL without a descriptor; it polls. */
static void test_no_call_fd(void **state)
{
	struct rig rig;
	struct front_queue *queue;
	const uint64_t none = VU_VRING_NO_FD;
	uint64_t count;
	void *token;

	rig_start(&rig, NULL, NULL);
	queue = &rig.front->queue[0];
	rig_check(&rig);
	assert_int_equal(front_set(rig.front, VU_SET_VRING_CALL, &none, sizeof(none), -1), 0);
	while (read(queue->call_fd, &count, sizeof(count)) == sizeof(count))
		;
	memset(rig.request.header, 0, sizeof(*rig.request.header));
	front_queue_arm(queue, 1);
	assert_int_equal(front_submit(queue, &rig.request, 0, 0), 0);
	front_queue_kick(queue);
	while (front_queue_reap(queue, &token, &rig.request.used) == 0)
		usleep(1000);
	assert_int_equal(front_status(&rig.request), VCD_S_NOTSUPP);
	assert_int_equal(read(queue->call_fd, &count, sizeof(count)), -1);

	/* When there is one again, what was missed is made up for. */
	assert_int_equal(
	    front_set(rig.front, VU_SET_VRING_CALL, &(uint64_t){0}, 8, queue->call_device), 0);
	assert_int_equal(read(queue->call_fd, &count, sizeof(count)), sizeof(count));
	rig_check(&rig);
	rig_stop(&rig);
}

/* Requests are there before the queue is; the kick comes before the call descriptor. */
static void test_ring_full_before_start(void **state)
{
	struct rig rig;
	struct front_queue *queue;
	struct front_request requests[8];
	const uint64_t index = 0;
	unsigned int done = 0;
	unsigned int i;
	void *token;
	uint32_t len;

	rig_open(&rig, NULL, NULL);
	queue = &rig.front->queue[0];
	assert_int_equal(front_negotiate(rig.front), 0);
	assert_int_equal(
	    front_set(rig.front, VU_SET_VRING_CALL, &(uint64_t){VU_VRING_NO_FD}, 8, -1), 0);
	assert_int_equal(front_set_u64(rig.front, VU_SET_FEATURES, rig.front->features), 0);
	assert_int_equal(front_share_memory(rig.front), 0);
	assert_int_equal(front_set_state(rig.front, VU_SET_VRING_ENABLE, 0, 1), 0);
	assert_int_equal(front_set_state(rig.front, VU_SET_VRING_NUM, 0, queue->num), 0);
	assert_int_equal(front_set_state(rig.front, VU_SET_VRING_BASE, 0, 0), 0);
	for (i = 0; i < 8; i++) {
		assert_int_equal(front_request_init(rig.front, &requests[i], 0, 0), 0);
		assert_int_equal(front_submit(queue, &requests[i], 0, 0), 0);
	}
	front_queue_arm(queue, 1);
	front_queue_kick(queue);
	const struct vu_vring_addr addr = {
	    .desc_user = (uintptr_t)queue->desc,
	    .avail_user = (uintptr_t)queue->avail,
	    .used_user = (uintptr_t)queue->used,
	};
	assert_int_equal(front_set(rig.front, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1), 0);
	assert_int_equal(
	    front_set(rig.front, VU_SET_VRING_KICK, &index, sizeof(index), queue->kick_fd), 0);
	assert_int_equal(
	    front_set(rig.front, VU_SET_VRING_CALL, &index, sizeof(index), queue->call_device), 0);
	while (done < 8) {
		assert_int_equal(front_queue_wait(queue), 0);
		while (front_queue_reap(queue, &token, &len) == 1)
			done++;
	}
	rig_check(&rig);
	rig_stop(&rig);
}

/* What a queue needs; any of it may come last. Addresses mean nothing before there is memory. */
enum step { STEP_FEATURES, STEP_MEMORY, STEP_NUM, STEP_ADDR, STEP_KICK, STEP_ENABLE, STEPS };

static int set_up(struct front *front, enum step step)
{
	struct front_queue *queue = &front->queue[0];
	const uint64_t index = 0;
	const struct vu_vring_addr addr = {
	    .desc_user = (uintptr_t)queue->desc,
	    .avail_user = (uintptr_t)queue->avail,
	    .used_user = (uintptr_t)queue->used,
	};

	switch (step) {
	case STEP_FEATURES:
		return front_set_u64(front, VU_SET_FEATURES, front->features);
	case STEP_MEMORY:
		return front_share_memory(front);
	case STEP_NUM:
		return front_set_state(front, VU_SET_VRING_NUM, 0, queue->num);
	case STEP_ADDR:
		return front_set(front, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1);
	case STEP_KICK:
		return front_set(front, VU_SET_VRING_KICK, &index, sizeof(index), queue->kick_fd);
	case STEP_ENABLE:
		return front_set_state(front, VU_SET_VRING_ENABLE, 0, 1);
	case STEPS:
		break;
	}
	return -EINVAL;
}

static void test_any_order(void **state)
{
	for (unsigned int last = 0; last < STEPS; last++) {
		struct rig rig;

		rig_open(&rig, NULL, NULL);
		assert_int_equal(front_negotiate(rig.front), 0);
		assert_int_equal(front_set_state(rig.front, VU_SET_VRING_BASE, 0, 0), 0);
		for (unsigned int step = 0; step < STEPS; step++)
			if (step != last)
				(void)set_up(rig.front, step);
		assert_int_equal(set_up(rig.front, last), 0);
		rig_check(&rig);
		rig_stop(&rig);
	}
}

static void test_features(void **state)
{
	struct rig rig;
	uint64_t value;

	rig_open(&rig, NULL, NULL);
	assert_int_equal(front_get_u64(rig.front, VU_GET_FEATURES, &value), 0);
	assert_int_equal(value, BIT(VIRTIO_F_VERSION_1) | BIT(VU_F_PROTOCOL_FEATURES) |
				    BIT(VU_F_LOG_ALL) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
				    BIT(VIRTIO_RING_F_EVENT_IDX));
	assert_int_equal(front_get_u64(rig.front, VU_GET_PROTOCOL_FEATURES, &value), 0);
	/* In-band notifications: user-mode Linux would send every kick as a message. */
	assert_int_equal(value & BIT(14), 0);
	assert_int_equal(front_start(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* A driver that does not accept VERSION_1 gets no service, and does no harm. */
static void test_no_version_1(void **state)
{
	struct rig rig;
	uint64_t features;

	rig_open(&rig, NULL, NULL);
	assert_int_equal(front_negotiate(rig.front), 0);
	features = rig.front->features;
	rig.front->features &= ~BIT(VIRTIO_F_VERSION_1);
	assert_int_equal(front_start(rig.front), 0);
	assert_int_equal(front_submit(&rig.front->queue[0], &rig.request, 0, 0), 0);
	front_queue_kick(&rig.front->queue[0]);
	assert_int_equal(front_stop(rig.front), 0);
	assert_int_equal(le16toh(rig.front->queue[0].used->idx), 0);
	rig.front->features = features;
	assert_int_equal(front_start(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

static void test_config(void **state)
{
	uint8_t bytes[VU_MAX_CONFIG];
	uint8_t part[16];
	struct vcd_config config;
	unsigned int i;
	struct rig rig;

	rig_start(&rig, NULL,
		  (const char *const[]){"--num-queues=5", "--workers=2", "--max-sessions=77",
					"--max-request=65536", NULL});
	assert_int_equal(front_read_config(rig.front, 0, sizeof(config), &config), 0);
	assert_int_equal(le32toh(config.version), VCD_PROTOCOL_VERSION);
	assert_int_equal(le32toh(config.num_queues), 5);
	assert_int_equal(le32toh(config.max_sessions), 77);
	assert_int_equal(le32toh(config.max_request), 65536);
	assert_true(le32toh(config.max_segments) >= 4);
	assert_true(le64toh(config.ciphers[0]) & BIT(CRYPTO_AES_CBC));

	/* A larger space reads as zero behind what there is. */
	assert_int_equal(front_read_config(rig.front, 0, sizeof(bytes), bytes), 0);
	assert_memory_equal(bytes, &config, sizeof(config));
	for (i = sizeof(config); i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
	assert_int_equal(front_read_config(rig.front, 24, sizeof(part), part), 0);
	assert_memory_equal(part, bytes + 24, sizeof(part));
	assert_int_equal(front_read_config(rig.front, 256, 0, part), 0);

	/* It is read-only. */
	const struct vu_config write = {.size = 4};
	assert_int_equal(front_set(rig.front, VU_SET_CONFIG, &write, 16, -1), -EREMOTEIO);
	assert_int_equal(front_read_config(rig.front, 0, sizeof(config), bytes), 0);
	assert_memory_equal(bytes, &config, sizeof(config));
	rig_check(&rig);
	rig_stop(&rig);
}

static void test_status_and_reset(void **state)
{
	struct rig rig;
	uint64_t status;
	uint64_t id;

	rig_start(&rig, NULL, NULL);
	assert_int_equal(front_get_u64(rig.front, VU_GET_STATUS, &status), 0);
	assert_int_equal(status, 8);
	/* RESET_OWNER is to be ignored. */
	id = rig_session(&rig, &rig.front->queue[0]);
	assert_int_equal(front_set(rig.front, VU_RESET_OWNER, NULL, 0, -1), 0);
	assert_int_equal(front_session_destroy(&rig.front->queue[0], &rig.request, id), VCD_S_OK);

	id = rig_session(&rig, &rig.front->queue[0]);
	assert_int_equal(front_set(rig.front, VU_RESET_DEVICE, NULL, 0, -1), 0);
	assert_int_equal(front_start(rig.front), 0);
	assert_int_equal(front_session_destroy(&rig.front->queue[0], &rig.request, id),
			 VCD_S_STALE);
	id = rig_session(&rig, &rig.front->queue[0]);
	assert_int_equal(front_set_u64(rig.front, VU_SET_STATUS, 0), 0);
	assert_int_equal(front_get_u64(rig.front, VU_GET_STATUS, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(front_start(rig.front), 0);
	assert_int_equal(front_session_destroy(&rig.front->queue[0], &rig.request, id),
			 VCD_S_STALE);
	rig_check(&rig);
	rig_stop(&rig);
}

/* GET_VRING_BASE tells where the driver's next request will be. */
static void test_vring_base(void **state)
{
	const struct vu_vring_state which = {.index = 0};
	struct vu_message reply;
	struct rig rig;
	unsigned int i;

	rig_start(&rig, NULL, NULL);
	for (i = 0; i < 300; i++)
		assert_int_equal(front_hello(&rig.front->queue[0], &rig.request), VCD_S_OK);
	assert_int_equal(front_call(rig.front, VU_GET_VRING_BASE, &which, sizeof(which), &reply),
			 0);
	assert_int_equal(reply.payload.state.index, 0);
	assert_int_equal(reply.payload.state.num, 300);

	/* Go on from there, rings untouched: as after a stop and cont of the VM. */
	const uint64_t index = 0;
	assert_int_equal(front_set_state(rig.front, VU_SET_VRING_BASE, 0, 300), 0);
	assert_int_equal(front_set(rig.front, VU_SET_VRING_KICK, &index, sizeof(index),
				   rig.front->queue[0].kick_fd),
			 0);
	assert_int_equal(front_hello(&rig.front->queue[0], &rig.request), VCD_S_OK);
	rig_check(&rig);
	rig_stop(&rig);
}

/* What the guest writes as the used index does not move the device: the base is its position. */
static void test_used_index(void **state)
{
	const struct vu_vring_state which = {.index = 0};
	const uint64_t index = 0;
	struct front_queue *queue;
	struct vu_message reply;
	struct rig rig;

	rig_start(&rig, NULL, NULL);
	queue = &rig.front->queue[0];
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(front_hello(queue, &rig.request), VCD_S_OK);
	assert_int_equal(front_call(rig.front, VU_GET_VRING_BASE, &which, sizeof(which), &reply),
			 0);
	assert_int_equal(reply.payload.state.num, 5);
	__atomic_store_n(&queue->used->idx, htole16(77), __ATOMIC_RELEASE);
	assert_int_equal(front_set_state(rig.front, VU_SET_VRING_BASE, 0, 5), 0);
	assert_int_equal(
	    front_set(rig.front, VU_SET_VRING_KICK, &index, sizeof(index), queue->kick_fd), 0);
	for (unsigned int tries = 0;
	     le16toh(__atomic_load_n(&queue->used->idx, __ATOMIC_ACQUIRE)) != 5; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		usleep(1000);
	}
	assert_int_equal(front_hello(queue, &rig.request), VCD_S_OK);
	rig_check(&rig);
	rig_stop(&rig);
}

/* Sessions live while one queue lives, whichever is disabled. */
static void test_last_queue(void **state)
{
	struct front_queue *q;
	struct rig rig;
	uint64_t id;

	rig_start(&rig, &(struct front_options){.queues = 2},
		  (const char *const[]){"--num-queues=2", NULL});
	q = rig.front->queue;
	id = rig_session(&rig, &q[0]);
	assert_int_equal(front_enable_queue(&q[0], false), 0);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "sessions_live"), 1);
	assert_int_equal(front_enable_queue(&q[0], true), 0);
	assert_int_equal(front_enable_queue(&q[1], false), 0);
	assert_int_equal(front_session_destroy(&q[0], &rig.request, id), VCD_S_OK);
	id = rig_session(&rig, &q[0]);
	assert_int_equal(front_enable_queue(&q[0], false), 0);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "sessions_live"), 0);
	assert_int_equal(front_enable_queue(&q[0], true), 0);
	assert_int_equal(front_session_destroy(&q[0], &rig.request, id), VCD_S_STALE);
	rig_stop(&rig);
}

/* A message that arrives byte by byte, its descriptor with the last one. */
static void test_slow_message(void **state)
{
	const struct vu_header header = {VU_GET_FEATURES, VU_VERSION, 0};
	struct vu_message reply;
	struct rig rig;
	size_t i;

	rig_open(&rig, NULL, NULL);
	for (i = 0; i < sizeof(header); i++) {
		assert_int_equal(send(rig.front->socket, (const char *)&header + i, 1, 0), 1);
		usleep(2000);
	}
	assert_int_equal(front_receive(rig.front, &reply), 0);
	assert_int_equal(reply.header.request, VU_GET_FEATURES);
	assert_int_equal(front_start(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* Many messages in one go. */
static void test_burst(void **state)
{
	const unsigned int n = 150; /* a reply not read yet costs the device memory */
	struct vu_message reply;
	struct rig rig;
	unsigned int i;

	rig_open(&rig, NULL, NULL);
	for (i = 0; i < n; i++)
		assert_int_equal(front_send(rig.front, VU_GET_FEATURES, 0, NULL, 0, NULL, 0), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(front_receive(rig.front, &reply), 0);
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "the driver does not accept VIRTIO_F_VERSION_1",
    "its rings are not in shared memory",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_qemu),
	    cmocka_unit_test(test_uml),
	    cmocka_unit_test(test_bare),
	    cmocka_unit_test(test_all_shapes),
	    cmocka_unit_test(test_no_call_fd),
	    cmocka_unit_test(test_ring_full_before_start),
	    cmocka_unit_test(test_any_order),
	    cmocka_unit_test(test_features),
	    cmocka_unit_test(test_no_version_1),
	    cmocka_unit_test(test_config),
	    cmocka_unit_test(test_status_and_reset),
	    cmocka_unit_test(test_vring_base),
	    cmocka_unit_test(test_used_index),
	    cmocka_unit_test(test_last_queue),
	    cmocka_unit_test(test_slow_message),
	    cmocka_unit_test(test_burst),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
