/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_hostile.c - hostile front ends. After each misdeed the daemon has closed
 * the connection, kept no descriptor, and serves the next front end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/wire/rig.h"
#include "tests/wire/said.h"

/* How far a front end has got when it misbehaves. */
enum stage {
	FRESH,	    /* just connected */
	NEGOTIATED, /* features are agreed upon */
	RUNNING,    /* queue 0 works */
};

/**
 * struct misdeed - one message.
 * @request: header
 * @flags: header, beside the version
 * @size: header, and bytes sent
 * @u64: first eight bytes of the payload; the rest is zero
 * @fds: descriptors sent with it: memfds of one page
 * @stage: when
 */
struct misdeed {
	const char *name;
	uint32_t request;
	uint32_t flags;
	uint32_t size;
	uint64_t u64;
	unsigned int fds;
	enum stage stage;
};

#define STATE(index, num) ((uint64_t)(num) << 32 | (index))

static const struct misdeed misdeeds[] = {
    /* Framing. */
    {"request 0", 0, 0, 0, 0, 0, FRESH},
    {"request 41", 41, 0, 0, 0, 0, FRESH},
    {"request 0xffffffff", 0xffffffff, 0, 0, 0, 0, FRESH},
    {"a reply", VU_GET_FEATURES, VU_REPLY, 0, 0, 0, FRESH},
    {"version 3", VU_GET_FEATURES, 2, 0, 0, 0, FRESH},
    {"unknown, with need-reply", 33, VU_NEED_REPLY, 0, 0, 0, NEGOTIATED},
    /* Sizes. */
    {"GET_FEATURES with payload", VU_GET_FEATURES, 0, 8, 0, 0, FRESH},
    {"SET_FEATURES short", VU_SET_FEATURES, 0, 7, 0, 0, FRESH},
    {"SET_FEATURES long", VU_SET_FEATURES, 0, 9, 0, 0, FRESH},
    {"SET_FEATURES empty", VU_SET_FEATURES, 0, 0, 0, 0, FRESH},
    {"SET_VRING_NUM short", VU_SET_VRING_NUM, 0, 4, 0, 0, FRESH},
    {"SET_VRING_ADDR short", VU_SET_VRING_ADDR, 0, 39, 0, 0, FRESH},
    {"SET_VRING_KICK empty", VU_SET_VRING_KICK, 0, 0, 0, 1, FRESH},
    {"SET_MEM_TABLE empty", VU_SET_MEM_TABLE, 0, 0, 0, 0, FRESH},
    {"SET_MEM_TABLE short", VU_SET_MEM_TABLE, 0, 39, 1, 1, FRESH},
    {"SET_MEM_TABLE, two of one", VU_SET_MEM_TABLE, 0, 40, 2, 2, FRESH},
    {"ADD_MEM_REG short", VU_ADD_MEM_REG, 0, 32, 0, 1, NEGOTIATED},
    {"GET_CONFIG empty", VU_GET_CONFIG, 0, 0, 0, 0, NEGOTIATED},
    {"GET_CONFIG, size and bytes", VU_GET_CONFIG, 0, 12, STATE(0, 128), 0, NEGOTIATED},
    {"GET_CONFIG beyond", VU_GET_CONFIG, 0, 12 + 256, STATE(1, 256), 0, NEGOTIATED},
    {"GET_CONFIG far beyond", VU_GET_CONFIG, 0, 12 + 8, STATE(0xfffffff8, 8), 0, NEGOTIATED},
    {"GET_CONFIG wraps", VU_GET_CONFIG, 0, 12, STATE(8, 0xfffffff8), 0, NEGOTIATED},
    /* Descriptors. */
    {"GET_FEATURES with one", VU_GET_FEATURES, 0, 0, 0, 1, FRESH},
    {"SET_OWNER with eight", VU_SET_OWNER, 0, 0, 0, 8, FRESH},
    {"SET_OWNER with nine", VU_SET_OWNER, 0, 0, 0, 9, FRESH},
    {"SET_OWNER with 60", VU_SET_OWNER, 0, 0, 0, 60, FRESH},
    {"KICK with none", VU_SET_VRING_KICK, 0, 8, 0, 0, FRESH},
    {"KICK with two", VU_SET_VRING_KICK, 0, 8, 0, 2, FRESH},
    {"KICK without, with one", VU_SET_VRING_KICK, 0, 8, VU_VRING_NO_FD, 1, FRESH},
    {"KICK without", VU_SET_VRING_KICK, 0, 8, VU_VRING_NO_FD, 0, FRESH},
    {"KICK is a file", VU_SET_VRING_KICK, 0, 8, 0, 1, FRESH},
    {"CALL is a file", VU_SET_VRING_CALL, 0, 8, 0, 1, FRESH},
    {"CALL with none", VU_SET_VRING_CALL, 0, 8, 0, 0, FRESH},
    {"ERR is a file", VU_SET_VRING_ERR, 0, 8, 0, 1, FRESH},
    {"SET_MEM_TABLE, one for two", VU_SET_MEM_TABLE, 0, 72, 2, 1, FRESH},
    {"SET_MEM_TABLE, two for one", VU_SET_MEM_TABLE, 0, 72, 1, 2, FRESH},
    {"SET_MEM_TABLE, none for one", VU_SET_MEM_TABLE, 0, 40, 1, 0, FRESH},
    {"ADD_MEM_REG without", VU_ADD_MEM_REG, 0, 40, 0, 0, NEGOTIATED},
    {"ADD_MEM_REG with two", VU_ADD_MEM_REG, 0, 40, 0, 2, NEGOTIATED},
    {"BACKEND_REQ_FD without", VU_SET_BACKEND_REQ_FD, 0, 0, 0, 0, NEGOTIATED},
    /* Values. */
    {"feature not offered", VU_SET_FEATURES, 0, 8, 1ull << 34, 0, FRESH},
    {"all features", VU_SET_FEATURES, 0, 8, ~0ull, 0, FRESH},
    {"protocol feature not offered", VU_SET_PROTOCOL_FEATURES, 0, 8, 1ull << 14, 0, FRESH},
    {"region of 0 bytes", VU_SET_MEM_TABLE, 0, 40, 1, 1, FRESH},
    {"nine regions", VU_SET_MEM_TABLE, 0, 264, 9, 8, FRESH},
    {"2^32 - 1 regions", VU_SET_MEM_TABLE, 0, 264, UINT32_MAX, 8, FRESH},
    {"queue of 0", VU_SET_VRING_NUM, 0, 8, STATE(0, 0), 0, FRESH},
    {"queue of 3", VU_SET_VRING_NUM, 0, 8, STATE(0, 3), 0, FRESH},
    {"queue of 65536", VU_SET_VRING_NUM, 0, 8, STATE(0, 65536), 0, FRESH},
    {"queue of 2^31", VU_SET_VRING_NUM, 0, 8, STATE(0, 1u << 31), 0, FRESH},
    {"base of 65536", VU_SET_VRING_BASE, 0, 8, STATE(0, 65536), 0, FRESH},
    {"ENABLE 2", VU_SET_VRING_ENABLE, 0, 8, STATE(0, 2), 0, FRESH},
    {"status of 9 bits", VU_SET_STATUS, 0, 8, 256, 0, NEGOTIATED},
    {"NUM of no queue", VU_SET_VRING_NUM, 0, 8, STATE(2, 256), 0, FRESH},
    {"BASE of no queue", VU_SET_VRING_BASE, 0, 8, STATE(0xffffffff, 0), 0, FRESH},
    {"GET_BASE of no queue", VU_GET_VRING_BASE, 0, 8, STATE(64, 0), 0, FRESH},
    {"ADDR of no queue", VU_SET_VRING_ADDR, 0, 40, 2, 0, FRESH},
    {"ADDR with log", VU_SET_VRING_ADDR, 0, 40, STATE(0, VU_VRING_F_LOG), 0, FRESH},
    {"KICK of no queue", VU_SET_VRING_KICK, 0, 8, 2, 1, FRESH},
    {"KICK of queue 2^32", VU_SET_VRING_KICK, 0, 8, 1ull << 32, 1, FRESH},
    {"CALL of no queue", VU_SET_VRING_CALL, 0, 8, 0xff, 1, FRESH},
    {"ERR of no queue", VU_SET_VRING_ERR, 0, 8, 0xff, 1, FRESH},
    {"ENABLE of no queue", VU_SET_VRING_ENABLE, 0, 8, STATE(2, 1), 0, FRESH},
    /* What was not negotiated, what we do not have. */
    {"GET_CONFIG too early", VU_GET_CONFIG, 0, 12 + 4, STATE(0, 4), 0, FRESH},
    {"GET_QUEUE_NUM too early", VU_GET_QUEUE_NUM, 0, 0, 0, 0, FRESH},
    {"SET_STATUS too early", VU_SET_STATUS, 0, 8, 0, 0, FRESH},
    {"LOG_BASE too early", VU_SET_LOG_BASE, 0, 16, 512, 1, FRESH},
    {"LOG_BASE of 0 bytes", VU_SET_LOG_BASE, 0, 16, 0, 1, NEGOTIATED},
    {"LOG_BASE beyond the file", VU_SET_LOG_BASE, 0, 16, 4097, 1, NEGOTIATED},
    {"LOG_BASE of all", VU_SET_LOG_BASE, 0, 16, UINT64_MAX, 1, NEGOTIATED},
    {"LOG_BASE short", VU_SET_LOG_BASE, 0, 8, 512, 1, NEGOTIATED},
    {"LOG_BASE without", VU_SET_LOG_BASE, 0, 16, 512, 0, NEGOTIATED},
    {"LOG_BASE with two", VU_SET_LOG_BASE, 0, 16, 512, 2, NEGOTIATED},
    {"LOG_BASE while running", VU_SET_LOG_BASE, 0, 16, 0, 1, RUNNING},
    {"LOG_FD too early", VU_SET_LOG_FD, 0, 0, 0, 1, FRESH},
    {"LOG_FD without", VU_SET_LOG_FD, 0, 0, 0, 0, NEGOTIATED},
    {"IOTLB", 22, 0, 32, 0, 0, NEGOTIATED},
    {"GET_INFLIGHT_FD", 31, 0, 24, 0, 0, NEGOTIATED},
    {"VRING_KICK in band", 35, 0, 8, 0, 0, NEGOTIATED},
    /* Under a running queue. */
    {"NUM while running", VU_SET_VRING_NUM, 0, 8, STATE(0, 128), 0, RUNNING},
    {"BASE while running", VU_SET_VRING_BASE, 0, 8, STATE(0, 17), 0, RUNNING},
    {"bad table while running", VU_SET_MEM_TABLE, 0, 40, 1, 1, RUNNING},
    {"SET_FEATURES while running", VU_SET_FEATURES, 0, 8, ~0ull, 0, RUNNING},
};

#define MISDEEDS (sizeof(misdeeds) / sizeof(misdeeds[0]))

/* Descriptors that the daemon has open, or -1 where that cannot be seen. */
static int count_fds(const struct rig *rig)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)rig->daemon.pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/*
 * Another front end comes, is served, and goes. With it just connected, the daemon
 * has as many descriptors as @fds, -1: unknown. Return: how many.
 */
static int next_front_end(struct rig *rig, int fds)
{
	uint64_t features;
	int now;

	rig_reach(rig, NULL);
	/* With an answer there, the one before it is gone for certain. */
	assert_int_equal(front_get_u64(rig->front, VU_GET_FEATURES, &features), 0);
	now = count_fds(rig);
	if (fds >= 0)
		assert_int_equal(now, fds);
	assert_int_equal(front_start(rig->front), 0);
	rig_check(rig);
	rig_disconnect(rig);
	return now;
}

static void reach(struct rig *rig, enum stage stage)
{
	rig_reach(rig, NULL);
	if (stage == NEGOTIATED)
		assert_int_equal(front_negotiate(rig->front), 0);
	if (stage == RUNNING) {
		assert_int_equal(front_start(rig->front), 0);
		rig_check(rig);
		/* A session, so that there is something to drop. */
		rig_session(rig, &rig->front->queue[0]);
	}
}

static void commit(struct rig *rig, const struct misdeed *m)
{
	uint8_t payload[512] = {0};
	int fds[64];
	unsigned int i;

	memcpy(payload, &m->u64, sizeof(m->u64));
	for (i = 0; i < m->fds; i++) {
		fds[i] = memfd_create("page", MFD_CLOEXEC);
		assert_true(fds[i] >= 0);
		assert_int_equal(ftruncate(fds[i], 4096), 0);
	}
	assert_int_equal(
	    front_send(rig->front, m->request, m->flags, payload, m->size, fds, m->fds), 0);
	for (i = 0; i < m->fds; i++)
		close(fds[i]);
}

static void test_misdeeds(void **state)
{
	struct rig rig;
	size_t i;
	int fds;

	rig_listen(&rig, (const char *const[]){"--num-queues=2", NULL});
	next_front_end(&rig, -1);
	fds = next_front_end(&rig, -1);
	if (fds < 0)
		print_message("cannot see the daemon's descriptors: leaks are not looked for\n");
	for (i = 0; i < MISDEEDS; i++) {
		print_message("  %s\n", misdeeds[i].name);
		reach(&rig, misdeeds[i].stage);
		commit(&rig, &misdeeds[i]);
		assert_int_equal(front_wait_closed(rig.front), 0);
		rig_disconnect(&rig);
		next_front_end(&rig, fds);
	}
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "protocol_errors"), MISDEEDS);
	assert_int_equal(rig_stat(&rig, "sessions_live"), 0);
	rig_stop(&rig);
}

/* Memory that is no memory. */
static void test_bad_memory(void **state)
{
	static const char *const files[] = {"/dev/null", "/dev/zero", "/", "/proc/self/maps"};
	struct vu_memory table = {
	    .count = 1,
	    .regions[0] = {.guest_addr = 1 << 20, .size = 4096, .user_addr = 1 << 20},
	};
	struct rig rig;
	size_t i;
	int fd;

	rig_listen(&rig, NULL);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		rig_reach(&rig, NULL);
		fd = open(files[i], O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(front_send(rig.front, VU_SET_MEM_TABLE, 0, &table, 40, &fd, 1), 0);
		close(fd);
		assert_int_equal(front_wait_closed(rig.front), 0);
		rig_disconnect(&rig);
		next_front_end(&rig, -1);
	}
	/* Regions that overlap. */
	rig_reach(&rig, NULL);
	fd = memfd_create("overlap", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, 65536), 0);
	table.count = 2;
	table.regions[0].size = 65536;
	table.regions[1] = table.regions[0];
	table.regions[1].guest_addr += 61440;
	assert_int_equal(
	    front_send(rig.front, VU_SET_MEM_TABLE, 0, &table, 72, (const int[]){fd, fd}, 2), 0);
	close(fd);
	assert_int_equal(front_wait_closed(rig.front), 0);
	rig_disconnect(&rig);
	next_front_end(&rig, -1);
	rig_stop(&rig);
}

/* A message that ends in the middle, and a front end that waits, or goes. */
static void test_cut_short(void **state)
{
	const struct vu_header header = {VU_SET_FEATURES, VU_VERSION, 8};
	struct rig rig;
	size_t len;

	rig_listen(&rig, NULL);
	for (len = 0; len <= sizeof(header); len++) {
		rig_reach(&rig, NULL);
		if (len)
			assert_int_equal(send(rig.front->socket, &header, len, 0), len);
		rig_disconnect(&rig);
		next_front_end(&rig, -1);
	}
	/* With half a message there, signals are still listened to. */
	rig_reach(&rig, NULL);
	assert_int_equal(send(rig.front->socket, &header, 13 - 1, 0), 12);
	rig_report(&rig);
	rig_stop(&rig);
}

/* A front end that asks and asks and never reads. */
static void test_never_reads(void **state)
{
	struct rig rig;
	int err = 0;
	unsigned int i;

	rig_listen(&rig, NULL);
	rig_reach(&rig, NULL);
	for (i = 0; i < 1000000 && !err; i++)
		err = front_send(rig.front, VU_GET_FEATURES, 0, NULL, 0, NULL, 0);
	assert_int_equal(err, -ECONNRESET);
	rig_disconnect(&rig);
	next_front_end(&rig, -1);
	rig_stop(&rig);
}

/* Random bytes, some of them behind a header that makes sense. */
static void test_garbage(void **state)
{
	struct rig rig;
	unsigned int round;

	srand(42);
	rig_listen(&rig, NULL);
	for (round = 0; round < 1000; round++) {
		uint8_t bytes[600];
		size_t len = (size_t)rand() % sizeof(bytes) + 1;
		size_t i;

		for (i = 0; i < len; i++)
			bytes[i] = (uint8_t)(rand() % 4 ? rand() % 3 : rand());
		if (round % 2 && len >= 12) {
			const struct vu_header header = {(uint32_t)rand() % 42, VU_VERSION,
							 (uint32_t)rand() % 300};

			memcpy(bytes, &header, sizeof(header));
		}
		reach(&rig, round % 3 ? FRESH : NEGOTIATED);
		assert_int_equal(send(rig.front->socket, bytes, len, MSG_NOSIGNAL), len);
		rig_disconnect(&rig);
		if (round % 50 == 0)
			next_front_end(&rig, -1);
	}
	next_front_end(&rig, -1);
	rig_stop(&rig);
}

/* Dead call descriptors must not stop anything. */
static void test_dead_call(void **state)
{
	struct front_queue *queue;
	struct rig rig;
	unsigned int i;
	int fds[2];
	void *token;
	uint32_t len;

	rig_start(&rig, NULL, NULL);
	queue = &rig.front->queue[0];
	/* A pipe that is full, then one that nobody reads. */
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(fds[1], &i, sizeof(i)) > 0)
		;
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
	assert_int_equal(front_set(rig.front, VU_SET_VRING_CALL, &(uint64_t){0}, 8, fds[1]), 0);
	for (i = 0; i < 20; i++) {
		if (i == 10)
			close(fds[0]);
		front_queue_arm(queue, 1);
		assert_int_equal(front_submit(queue, &rig.request, 0, 0), 0);
		front_queue_kick(queue);
		while (front_queue_reap(queue, &token, &len) == 0)
			usleep(1000);
	}
	close(fds[1]);
	assert_int_equal(
	    front_set(rig.front, VU_SET_VRING_CALL, &(uint64_t){0}, 8, queue->call_device), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* Connects and goes away in the middle of everything, with requests outstanding. */
static void test_vanishes(void **state)
{
	struct front_request requests[64];
	struct rig rig;
	unsigned int round;
	unsigned int i;
	uint64_t id;

	rig_listen(&rig, NULL);
	for (round = 0; round < 50; round++) {
		rig_connect(&rig, NULL);
		id = rig_session(&rig, &rig.front->queue[0]);
		for (i = 0; i < 64; i++) {
			assert_int_equal(front_request_init(rig.front, &requests[i], 4096, 4096),
					 0);
			front_prepare_crypt(&requests[i], id, 0, 4096, "0123456789abcdef", 16);
			assert_int_equal(
			    front_submit(&rig.front->queue[0], &requests[i], 4096, 4096), 0);
		}
		front_queue_kick(&rig.front->queue[0]);
		usleep((useconds_t)rand() % 500);
		rig_disconnect(&rig);
	}
	next_front_end(&rig, -1);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "sessions_live"), 0);
	rig_stop(&rig);
}

/*
 * The front end takes guest memory away under load: that stops all queues, says so
 * on their error descriptors, and costs nobody else anything.
 */
static void test_memory_shrinks(void **state)
{
	const struct front_options options = {.queues = 3, .queue_size = 64};
	static const char *const args[] = {"--num-queues=3", "--workers=3", NULL};
	struct rig rig;
	unsigned int i;
	unsigned int q;

	rig_listen(&rig, args);
	for (i = 0; i < 8; i++) {
		rig_connect(&rig, &options);
		rig_check(&rig);
		/* Requests that are outstanding, or not begun, when it goes. */
		for (q = 0; q < 2; q++) {
			struct front_queue *queue = &rig.front->queue[q];

			front_prepare_crypt(&rig.scratch[q], 1, 0, 0, NULL, 0);
			assert_int_equal(front_submit(queue, &rig.scratch[q], 64, 64), 0);
			front_queue_signal(queue);
		}
		/* From here on, we must not touch it either. */
		assert_int_equal(ftruncate(rig.front->memfd, i % 2 ? 4096 : 0), 0);
		for (q = 0; q < 2; q++)
			front_queue_signal(&rig.front->queue[q]);
		for (q = 0; q < options.queues; q++)
			assert_int_equal(front_queue_wait_broken(&rig.front->queue[q]), 0);
		rig_disconnect(&rig);
	}
	rig_connect(&rig, &options);
	rig_check(&rig);
	rig_report(&rig);
	assert_true(rig_stat(&rig, "ring_errors") >= 8 * options.queues);
	/* No process died of it. */
	assert_int_equal(rig_stat(&rig, "restarts"), 0);
	rig_stop(&rig);
}

/* Its descriptor for signals is full, and made one that blocks: that stops no worker. */
static void test_blocking_call(void **state)
{
	const uint64_t full = UINT64_MAX - 1;
	struct front_queue *queue;
	struct rig rig;
	void *token;
	uint32_t len;

	rig_start(&rig, NULL, NULL);
	rig_check(&rig);
	queue = &rig.front->queue[0];
	while (read(queue->call_fd, &(uint64_t){0}, 8) == 8)
		;
	assert_int_equal(write(queue->call_fd, &full, sizeof(full)), sizeof(full));
	assert_int_equal(fcntl(queue->call_fd, F_SETFL, 0), 0);
	for (unsigned int i = 0; i < 20; i++) {
		front_prepare_crypt(&rig.request, 1, 0, 0, NULL, 0);
		assert_int_equal(front_submit(queue, &rig.request, 0, 0), 0);
		front_queue_kick(queue);
		for (unsigned int tries = 0; front_queue_reap(queue, &token, &len) == 0; tries++) {
			assert_true(tries < 2000);
			usleep(1000);
		}
		/* Waits for the queue's lock. */
		assert_int_equal(front_set_u64(rig.front, VU_SET_FEATURES, rig.front->features), 0);
	}
	assert_int_equal(fcntl(queue->call_fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(queue->call_fd, &(uint64_t){0}, 8), 8);
	rig_check(&rig);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "restarts"), 0);
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "No buffer space available",
    "the request is unknown",
    "the size of the message is wrong",
    "the range is beyond the config space",
    "the number of file descriptors is wrong",
    "the request belongs to a feature that was not accepted",
    "a region of memory cannot be mapped",
    "the size and the number of regions disagree",
    "front end does not read its replies",
    "an unknown request",
    "a malformed vhost-user message",
    "refused: Operation not supported",
    "refused: File exists",
    "refused: Invalid argument",
    "SET_MEM_TABLE (request 5): a region of memory cannot be mapped",
    "GET_CONFIG (request 24): the range is beyond the config space",
    "made the guest's memory shorter",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_misdeeds),	  cmocka_unit_test(test_bad_memory),
	    cmocka_unit_test(test_cut_short),	  cmocka_unit_test(test_never_reads),
	    cmocka_unit_test(test_garbage),	  cmocka_unit_test(test_dead_call),
	    cmocka_unit_test(test_vanishes),	  cmocka_unit_test(test_memory_shrinks),
	    cmocka_unit_test(test_blocking_call),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
