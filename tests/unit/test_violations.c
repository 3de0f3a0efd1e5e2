/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_violations.c - daemon/vhost_user/: each way to break the protocol has its code. A worker
 * without threads gets the message; the code is in what it tells its supervisor.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/virtio_config.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/vhost_user/channel.h"
#include "daemon/vhost_user/reply.h"
#include "daemon/vhost_user/vhost_user.h"

#define QUEUES 2u

/* Two numbers of 32 bits, in this machine's order: @first lies in front. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define STATE(first, second) ((uint64_t)(second) << 32 | (first))
#else
#define STATE(first, second) ((uint64_t)(first) << 32 | (second))
#endif

enum kind { NONE, EVENT, NULL_FILE };

/**
 * struct violation - a message.
 * @value: the first 8 bytes of its payload, the others are 0
 * @kind: of its descriptors
 * @running: queue 0 is served
 */
struct violation {
	enum vu_violation code;
	uint32_t request;
	uint32_t size;
	uint64_t value;
	unsigned int fds;
	enum kind kind;
	bool running;
};

static const struct violation violations[] = {
    {VU_VIOLATION_UNKNOWN_REQUEST, VU_REQUEST_COUNT, 0, 0, 0, NONE, false},
    {VU_VIOLATION_UNKNOWN_REQUEST, CHANNEL_KEEPER + 1, 0, 0, 0, NONE, false},
    {VU_VIOLATION_FEATURE_NOT_ACCEPTED, VU_SET_STATUS, 8, 0, 0, NONE, false},
    {VU_VIOLATION_WRONG_SIZE, VU_SET_VRING_NUM, 4, 0, 0, NONE, false},
    {VU_VIOLATION_WRONG_FDS, VU_SET_FEATURES, 8, 0, 1, EVENT, false},
    {VU_VIOLATION_WRONG_FDS, VU_SET_VRING_KICK, 8, 0, 2, EVENT, false},
    {VU_VIOLATION_FEATURES_NOT_OFFERED, VU_SET_FEATURES, 8, 1ull << 34, 0, NONE, false},
    {VU_VIOLATION_PROTOCOL_FEATURES_NOT_OFFERED, VU_SET_PROTOCOL_FEATURES, 8, 1ull << 14, 0, NONE,
     false},
    {VU_VIOLATION_STATUS, VU_SET_STATUS, 8, 256, 0, NONE, true},
    {VU_VIOLATION_CONFIG_RANGE, VU_GET_CONFIG, 12 + 8, STATE(0xfffffff8, 8), 0, NONE, true},
    {VU_VIOLATION_NO_SUCH_QUEUE, VU_SET_VRING_NUM, 8, STATE(QUEUES, 256), 0, NONE, false},
    {VU_VIOLATION_NO_SUCH_QUEUE, VU_SET_VRING_CALL, 8, 0xff, 1, EVENT, false},
    {VU_VIOLATION_QUEUE_SIZE, VU_SET_VRING_NUM, 8, STATE(0, 3), 0, NONE, false},
    {VU_VIOLATION_QUEUE_IN_USE, VU_SET_VRING_NUM, 8, STATE(0, 128), 0, NONE, true},
    {VU_VIOLATION_QUEUE_IN_USE, VU_SET_VRING_BASE, 8, STATE(0, 17), 0, NONE, true},
    {VU_VIOLATION_LOG_NOT_ACCEPTED, VU_SET_VRING_ADDR, 40, STATE(0, VU_VRING_F_LOG), 0, NONE,
     false},
    {VU_VIOLATION_LOG_UNMAPPABLE, VU_SET_LOG_BASE, 16, 64, 1, NULL_FILE, true},
    {VU_VIOLATION_BASE, VU_SET_VRING_BASE, 8, STATE(0, 65536), 0, NONE, false},
    {VU_VIOLATION_ENABLE, VU_SET_VRING_ENABLE, 8, STATE(0, 2), 0, NONE, false},
    {VU_VIOLATION_NO_KICK, VU_SET_VRING_KICK, 8, VU_VRING_NO_FD, 0, NONE, false},
    {VU_VIOLATION_KICK_KIND, VU_SET_VRING_KICK, 8, 0, 1, NULL_FILE, false},
    {VU_VIOLATION_SIGNAL_KIND, VU_SET_VRING_CALL, 8, 0, 1, NULL_FILE, false},
    {VU_VIOLATION_SIGNAL_KIND, VU_SET_VRING_ERR, 8, 0, 1, NULL_FILE, false},
    {VU_VIOLATION_REGION_COUNT, VU_SET_MEM_TABLE, 40, STATE(2, 0), 2, EVENT, false},
    {VU_VIOLATION_REGION_FDS, VU_SET_MEM_TABLE, 40, STATE(1, 0), 0, NONE, false},
    {VU_VIOLATION_REGION_UNMAPPABLE, VU_SET_MEM_TABLE, 40, STATE(1, 0), 1, EVENT, false},
};

static struct {
	struct engine *engine;
	struct vdev *device;
	struct ledger ledger;
	struct vm *vm;
	struct vhost_user vu;
	int socket;
} t;

static int setup(void **state)
{
	struct vdev_options options = {.threads = 1, .num_queues = QUEUES};
	int pair[2];

	log_set_level(LOG_ERROR);
	if (eng_open("openssl", 1, &t.engine))
		return -1;
	options.engine = t.engine;
	if (vdev_new(&options, &t.device) ||
	    ledger_private(&t.ledger, &(struct ledger_shape){QUEUES, 1, 0}) ||
	    vm_new(t.device, &t.ledger, QUEUES, 1, 0, &t.vm) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	t.socket = pair[0];
	vhost_user_begin(&t.vu, t.vm, pair[1]);
	return 0;
}

static int teardown(void **state)
{
	vhost_user_end(&t.vu);
	close(t.socket);
	t.vm = vm_free(t.vm);
	ledger_close(&t.ledger);
	t.device = vdev_free(t.device);
	t.engine = eng_close(t.engine);
	return 0;
}

/* The code that the worker tells its supervisor after @v. */
static uint64_t told(const struct violation *v)
{
	struct vu_message m = {.header = {v->request, VU_VERSION, v->size}, .fd_count = v->fds};
	struct vu_reader reader = {0};
	uint64_t code;

	m.payload.u64 = v->value;
	for (unsigned int i = 0; i < v->fds; i++) {
		m.fds[i] = v->kind == EVENT ? eventfd(0, EFD_CLOEXEC)
					    : open("/dev/null", O_RDWR | O_CLOEXEC);
		assert_true(m.fds[i] >= 0);
	}
	t.vu.protocol_features = v->running
				     ? 1ull << VU_PROTOCOL_F_STATUS | 1ull << VU_PROTOCOL_F_CONFIG |
					   1ull << VU_PROTOCOL_F_LOG_SHMFD
				     : 0;
	t.vm->queues[0].active = v->running;
	assert_int_equal(vu_send(t.socket, &m), 0);
	assert_int_equal(vhost_user_input(&t.vu), 0);
	assert_int_equal(vu_read_reply(&reader, t.socket), 1);
	assert_int_equal(reader.message.header.request, CHANNEL_VIOLATED);
	code = reader.message.payload.u64;
	vu_read_next(&reader);
	for (unsigned int i = 0; i < v->fds; i++)
		close(m.fds[i]);
	return code;
}

static void each_has_its_code(void **state)
{
	bool seen[VU_VIOLATIONS] = {false};

	for (size_t i = 0; i < ARRAY_SIZE(violations); i++) {
		if (told(&violations[i]) != violations[i].code)
			fail_msg("message %zu: not code %u", i, violations[i].code);
		seen[violations[i].code] = true;
	}
	for (unsigned int code = 1; code < VU_VIOLATIONS; code++)
		if (!seen[code])
			fail_msg("code %u: no message of this test has it", code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_has_its_code, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
