/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_journal.c - daemon/supervisor/setup.c: what is kept of a front end's messages, who owns
 * the descriptors, and that messages no worker can have accepted are not believed.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/supervisor/setup.h"

#define BIT(n) (1ull << (n))
#define QUEUES 3u

/* Large. */
static struct setup journal;

static int setup(void **state)
{
	setup_init(&journal, QUEUES);
	return 0;
}

static int teardown(void **state)
{
	setup_clear(&journal);
	return 0;
}

static int new_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static struct vu_message of_u64(uint32_t request, uint64_t value, int fd)
{
	return (struct vu_message){
	    .header = {request, VU_VERSION, sizeof(value)},
	    .payload.u64 = value,
	    .fds = {fd},
	    .fd_count = fd >= 0,
	};
}

static struct vu_message of_state(uint32_t request, uint32_t index, uint32_t num)
{
	return (struct vu_message){
	    .header = {request, VU_VERSION, sizeof(struct vu_vring_state)},
	    .payload.state = {index, num},
	};
}

static struct vu_message of_region(uint32_t request, uint64_t guest_addr, int fd)
{
	return (struct vu_message){
	    .header = {request, VU_VERSION, sizeof(struct vu_one_region)},
	    .payload.one.region = {.guest_addr = guest_addr, .size = 4096, .user_addr = guest_addr},
	    .fds = {fd},
	    .fd_count = fd >= 0,
	};
}

static int apply(struct vu_message m)
{
	return setup_apply(&journal, &m, false);
}

/* The requests of the replay, in order; how many. @last: the last message. */
static unsigned int replay(uint32_t *requests, unsigned int max, struct vu_message *last)
{
	unsigned int cursor = 0;
	unsigned int n = 0;
	struct vu_message m;

	while (setup_next(&journal, &cursor, &m)) {
		assert_true(n < max);
		requests[n++] = m.header.request;
		if (last)
			*last = m;
	}
	return n;
}

static void test_empty(void **state)
{
	uint32_t requests[1];

	assert_int_equal(replay(requests, 1, NULL), 0);
}

static void test_everything(void **state)
{
	static const uint32_t want[] = {
	    /* The backend's channel is for no worker. */
	    VU_SET_PROTOCOL_FEATURES, VU_SET_FEATURES,	   VU_SET_STATUS,     VU_ADD_MEM_REG,
	    VU_SET_VRING_NUM,	      VU_SET_VRING_ADDR,   VU_SET_VRING_CALL, VU_SET_VRING_ERR,
	    VU_SET_VRING_KICK,	      VU_SET_VRING_ENABLE,
	};
	uint32_t requests[ARRAY_SIZE(want)];
	struct vu_message addr = {
	    .header = {VU_SET_VRING_ADDR, VU_VERSION, sizeof(struct vu_vring_addr)},
	    .payload.addr.index = 1,
	};

	assert_int_equal(apply(of_u64(VU_SET_FEATURES, BIT(VU_F_PROTOCOL_FEATURES), -1)), 0);
	assert_int_equal(
	    apply(of_u64(VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS), -1)), 0);
	assert_int_equal(apply(of_u64(VU_SET_STATUS, 8, -1)), 0);
	assert_int_equal(apply(of_u64(VU_SET_BACKEND_REQ_FD, 0, new_fd())), 0);
	assert_int_equal(apply(of_region(VU_ADD_MEM_REG, 0, new_fd())), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_KICK, 1, new_fd())), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_CALL, 1, new_fd())), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_ERR, 1 | VU_VRING_NO_FD, -1)), 0);
	assert_int_equal(apply(of_state(VU_SET_VRING_ENABLE, 1, 1)), 0);
	assert_int_equal(apply(of_state(VU_SET_VRING_NUM, 1, 128)), 0);
	assert_int_equal(apply(addr), 0);
	assert_int_equal(replay(requests, ARRAY_SIZE(requests), NULL), ARRAY_SIZE(want));
	assert_memory_equal(requests, want, sizeof(want));
}

/* What replaces another descriptor closes it; what is not kept stays the message's. */
static void test_descriptors(void **state)
{
	int first = new_fd();
	int second = new_fd();
	int third = new_fd();
	struct vu_message m = of_u64(VU_SET_OWNER, 0, third);

	assert_int_equal(apply(of_u64(VU_SET_VRING_CALL, 0, first)), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_CALL, 0, second)), 0);
	assert_false(is_open(first));
	assert_true(is_open(second));
	assert_int_equal(apply(of_u64(VU_SET_VRING_CALL, VU_VRING_NO_FD, -1)), 0);
	assert_false(is_open(second));
	assert_int_equal(setup_apply(&journal, &m, false), 0);
	assert_int_equal(m.fds[0], third);
	assert_true(is_open(third));
	close(third);
}

static void test_clear_closes(void **state)
{
	const int fds[] = {new_fd(), new_fd(), new_fd(), new_fd(), new_fd()};
	unsigned int i;

	assert_int_equal(apply(of_u64(VU_SET_BACKEND_REQ_FD, 0, fds[0])), 0);
	assert_int_equal(apply(of_region(VU_ADD_MEM_REG, 0, fds[1])), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_KICK, 0, fds[2])), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_CALL, 1, fds[3])), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_ERR, 2, fds[4])), 0);
	setup_clear(&journal);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		assert_false(is_open(fds[i]));
	test_empty(state);
}

/* A worker that was taken over says that it has carried these out. */
static void test_not_believed(void **state)
{
	struct vu_message table = {.header.request = VU_SET_MEM_TABLE};
	int fd = new_fd();
	uint32_t requests[1];

	table.payload.memory.count = VU_MAX_FDS + 1;
	assert_int_equal(apply(table), -EPROTO);
	table.payload.memory.count = UINT32_MAX;
	table.fd_count = VU_MAX_FDS;
	assert_int_equal(apply(table), -EPROTO);
	table.payload.memory.count = 2;
	table.fd_count = 0;
	assert_int_equal(apply(table), -EPROTO);
	assert_int_equal(apply(of_state(VU_SET_VRING_NUM, QUEUES, 1)), -EPROTO);
	assert_int_equal(apply(of_state(VU_SET_VRING_ENABLE, UINT32_MAX, 1)), -EPROTO);
	assert_int_equal(apply(of_state(VU_GET_VRING_BASE, QUEUES, 0)), -EPROTO);
	assert_int_equal(apply(of_u64(VU_SET_VRING_KICK, QUEUES, -1)), -EPROTO);
	assert_int_equal(apply(of_region(VU_REM_MEM_REG, 0, -1)), -EPROTO);
	assert_int_equal(apply(of_region(VU_ADD_MEM_REG, 0, -1)), -EPROTO);
	assert_int_equal(apply(of_u64(VU_SET_BACKEND_REQ_FD, 0, -1)), -EPROTO);
	table = of_u64(VU_SET_VRING_CALL, 0, fd);
	table.fds[1] = fd;
	table.fd_count = 2;
	assert_int_equal(apply(table), -EPROTO);
	assert_int_equal(replay(requests, 1, NULL), 0);
	close(fd);
}

static void test_most_regions(void **state)
{
	int fd = new_fd();
	unsigned int i;

	for (i = 0; i < VU_MAX_REGIONS; i++)
		assert_int_equal(apply(of_region(VU_ADD_MEM_REG, i * 4096u, dup(fd))), 0);
	assert_int_equal(apply(of_region(VU_ADD_MEM_REG, i * 4096u, fd)), -EPROTO);
	assert_true(is_open(fd));
	for (i = 0; i < VU_MAX_REGIONS; i++)
		assert_int_equal(apply(of_region(VU_REM_MEM_REG, i * 4096u, -1)), 0);
	assert_int_equal(apply(of_region(VU_REM_MEM_REG, 0, -1)), -EPROTO);
	close(fd);
}

/* A table that was refused has changed nothing, so the former one stays. */
static void test_refused(void **state)
{
	struct vu_message m = of_region(VU_ADD_MEM_REG, 4096, new_fd());
	int fd = m.fds[0];

	assert_int_equal(apply(of_region(VU_ADD_MEM_REG, 0, new_fd())), 0);
	assert_int_equal(setup_apply(&journal, &m, true), 0);
	assert_int_equal(journal.region_count, 1);
	assert_true(is_open(fd));
	close(fd);
	m = of_region(VU_REM_MEM_REG, 0, -1);
	assert_int_equal(setup_apply(&journal, &m, true), 0);
	assert_int_equal(journal.region_count, 1);
}

/* A reset says nothing about queues that the device does not have. */
static void test_reset(void **state)
{
	uint32_t requests[QUEUES + 1];
	struct vu_message last;

	assert_int_equal(apply(of_u64(VU_SET_STATUS, 8, -1)), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_KICK, 0, new_fd())), 0);
	assert_int_equal(apply(of_u64(VU_RESET_DEVICE, 0, -1)), 0);
	assert_int_equal(replay(requests, ARRAY_SIZE(requests), &last), QUEUES);
	assert_int_equal(last.header.request, VU_SET_VRING_ENABLE);
	assert_int_equal(last.payload.state.index, QUEUES - 1);
	assert_int_equal(last.payload.state.num, 0);
	setup_clear(&journal);
	assert_int_equal(apply(of_u64(VU_SET_STATUS, 0, -1)), 0);
	assert_int_equal(replay(requests, ARRAY_SIZE(requests), &last), QUEUES);
}

/* A feature that was used and given up: with it, then without. */
static void test_feature_given_up(void **state)
{
	const uint64_t had = BIT(VU_PROTOCOL_F_STATUS) | BIT(VU_PROTOCOL_F_BACKEND_REQ);
	uint32_t requests[3];
	struct vu_message m;
	unsigned int cursor = 0;

	assert_int_equal(apply(of_u64(VU_SET_PROTOCOL_FEATURES, had, -1)), 0);
	assert_int_equal(apply(of_u64(VU_SET_STATUS, 8, -1)), 0);
	assert_int_equal(apply(of_u64(VU_SET_BACKEND_REQ_FD, 0, new_fd())), 0);
	assert_int_equal(apply(of_u64(VU_SET_PROTOCOL_FEATURES, 1, -1)), 0);
	assert_true(setup_next(&journal, &cursor, &m));
	assert_int_equal(m.header.request, VU_SET_PROTOCOL_FEATURES);
	assert_int_equal(m.payload.u64, had | 1);
	assert_int_equal(replay(requests, ARRAY_SIZE(requests), &m), 3);
	assert_int_equal(m.header.request, VU_SET_PROTOCOL_FEATURES);
	assert_int_equal(m.payload.u64, 1);
}

/* Without the bit, queues are enabled by nothing else, and stay so when it comes. */
static void test_enabled_by_features(void **state)
{
	assert_int_equal(apply(of_u64(VU_SET_FEATURES, 0, -1)), 0);
	assert_int_equal(apply(of_u64(VU_SET_FEATURES, BIT(VU_F_PROTOCOL_FEATURES), -1)), 0);
	for (unsigned int i = 0; i < QUEUES; i++)
		assert_int_equal(journal.queue[i].enable, 1);
}

/* The front end's descriptors do not block us, full or broken; a test that hangs fails. */
static void test_report_does_not_block(void **state)
{
	char bytes[4096] = {0};
	int full[2], broken[2];
	uint64_t value;
	int fd = new_fd();

	assert_int_equal(pipe2(full, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(pipe2(broken, O_CLOEXEC), 0);
	while (write(full[1], bytes, sizeof(bytes)) > 0)
		;
	/* It is told to block by who has it as well. */
	assert_int_equal(fcntl(full[1], F_SETFL, 0), 0);
	close(broken[0]);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	assert_int_equal(apply(of_u64(VU_SET_VRING_ERR, 0, full[1])), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_ERR, 1, broken[1])), 0);
	assert_int_equal(apply(of_u64(VU_SET_VRING_ERR, 2, fd)), 0);
	setup_report_broken(&journal);
	assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
	assert_int_equal(value, 1);
	close(full[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_everything, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_descriptors, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_clear_closes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_believed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_most_regions, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_feature_given_up, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_enabled_by_features, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_report_does_not_block, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
