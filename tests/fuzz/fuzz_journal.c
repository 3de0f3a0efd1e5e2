/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_journal.c - a worker that was taken over, on what its supervisor makes of it.
 *
 * Two things come from the other side of the link: bytes, which message.c makes replies
 * of; and the claim that any message of the front end was executed, which
 * supervisor/setup.c then keeps. Input: records, as many as there are. First byte, % 3:
 *
 *	0 MESSAGE  request, whether it was refused, how many descriptors, size, payload
 *	1 BYTES    length, bytes: on the link
 *	2 CLEAR    the front end went
 *
 * What is checked, beside what sanitizers see: each descriptor has one owner and is
 * closed once; the replay ends, names queues that exist, and has the sizes that the
 * protocol says; a journal of the replay gives the same replay.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/supervisor/setup.h"
#include "common/log.h"
#include "common/util.h"

#define QUEUES 3u
#define MAX_STEPS 2048u

/* Inputs longer than that have nothing new in them. */
#define MAX_RECORDS 600u

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/* Large, all three. */
static struct setup journal;
static struct setup copy;
static struct vu_reader reader;

static const uint8_t *data;
static size_t left;

static uint8_t take8(void)
{
	if (!left)
		return 0;
	left--;
	return *data++;
}

/* Up to @len bytes, the rest zero. */
static void take(void *to, size_t len)
{
	size_t n = len < left ? len : left;

	memset(to, 0, len);
	memcpy(to, data, n);
	data += n;
	left -= n;
}

static void check_fd(bool *seen, int fd)
{
	if (fd < 0)
		return;
	CHECK(fcntl(fd, F_GETFD) >= 0);
	CHECK(fd < 4096 && !seen[fd]);
	seen[fd] = true;
}

static void check_owners(const struct setup *j)
{
	bool seen[4096] = {false};
	unsigned int i;

	CHECK(j->region_count <= VU_MAX_REGIONS);
	check_fd(seen, j->backend_fd);
	check_fd(seen, j->log.fd);
	for (i = 0; i < j->region_count; i++)
		check_fd(seen, j->region[i].fd);
	for (i = 0; i < VCD_MAX_QUEUES; i++) {
		check_fd(seen, j->queue[i].kick.fd);
		check_fd(seen, j->queue[i].call.fd);
		check_fd(seen, j->queue[i].err.fd);
		CHECK(i < QUEUES || (!j->queue[i].num && j->queue[i].enable < 0));
	}
}

static void check_replayed(const struct vu_message *m)
{
	const uint64_t bits = VU_VRING_INDEX_MASK | VU_VRING_NO_FD;

	CHECK(m->header.request < VU_REQUEST_COUNT && m->header.flags == VU_VERSION);
	CHECK(m->header.size <= sizeof(m->payload) && m->fd_count <= VU_MAX_FDS);
	switch (m->header.request) {
	case VU_SET_VRING_NUM:
	case VU_SET_VRING_ENABLE:
		CHECK(m->payload.state.index < QUEUES);
		break;
	case VU_SET_VRING_ADDR:
		CHECK(m->payload.addr.index < QUEUES);
		break;
	case VU_SET_VRING_KICK:
	case VU_SET_VRING_CALL:
	case VU_SET_VRING_ERR:
		CHECK((m->payload.u64 & ~bits) == 0);
		CHECK((m->payload.u64 & VU_VRING_INDEX_MASK) < QUEUES);
		CHECK(m->fd_count == !(m->payload.u64 & VU_VRING_NO_FD));
		break;
	case VU_SET_LOG_BASE:
		CHECK(m->fd_count == 1 && m->header.size == sizeof(m->payload.log));
		break;
	case VU_SET_MEM_TABLE:
		CHECK(m->fd_count == m->payload.memory.count);
		break;
	}
}

static bool same(const struct vu_message *a, const struct vu_message *b)
{
	return memcmp(&a->header, &b->header, sizeof(a->header)) == 0 &&
	       memcmp(&a->payload, &b->payload, a->header.size) == 0 && a->fd_count == b->fd_count;
}

/* Regions that no table has room for can only be told one by one. */
static bool whole(void)
{
	return journal.region_count <= VU_MAX_FDS ||
	       journal.ever & 1ull << VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS;
}

static void check_replay(void)
{
	unsigned int cursor = 0, again = 0, steps = 0, i;
	struct vu_message m, n;

	setup_init(&copy, QUEUES);
	while (setup_next(&journal, &cursor, &m)) {
		CHECK(steps++ < MAX_STEPS);
		check_replayed(&m);
		for (i = 0; i < m.fd_count; i++)
			m.fds[i] = fcntl(m.fds[i], F_DUPFD_CLOEXEC, 0);
		CHECK(setup_apply(&copy, &m, false) == 0);
		for (i = 0; i < m.fd_count; i++)
			CHECK(m.fds[i] < 0);
	}
	cursor = 0;
	while (whole() && setup_next(&journal, &cursor, &m))
		CHECK(setup_next(&copy, &again, &n) && same(&m, &n));
	CHECK(!whole() || !setup_next(&copy, &again, &n));
	check_owners(&copy);
	setup_clear(&copy);
}

static void record_message(void)
{
	struct vu_message m = {0};
	unsigned int i, how;
	bool refused;
	int err;

	m.header.request = take8() % (VU_REQUEST_COUNT + 1);
	how = take8();
	refused = how & 1;
	m.fd_count = (how >> 1) % (VU_MAX_FDS + 1);
	m.header.size = take8();
	take(&m.payload, m.header.size);
	for (i = 0; i < m.fd_count; i++) {
		m.fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		CHECK(m.fds[i] >= 0);
	}
	err = setup_apply(&journal, &m, refused);
	CHECK(err == 0 || err == -EPROTO);
	for (i = 0; i < m.fd_count; i++)
		close_fd(&m.fds[i]);
}

/* The supervisor's end of the link. Whether it still stands. */
static bool record_bytes(int near, int far)
{
	uint8_t bytes[255];
	size_t len = take8();
	int ret;

	take(bytes, len);
	(void)!send(far, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while ((ret = vu_read_reply(&reader, near)) > 0) {
		CHECK(reader.message.header.size <= sizeof(reader.message.payload));
		CHECK(reader.message.header.flags & VU_REPLY);
		/* As the supervisor reads the outcome of a message. */
		(void)setup_apply(&journal, &reader.message, reader.message.payload.u64 != 0);
		vu_read_next(&reader);
	}
	return ret == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	unsigned int records = 0;
	bool stands = true;
	int pair[2];

	log_set_level(LOG_ERROR);
	data = input;
	left = size;
	setup_init(&journal, QUEUES);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	while (left && stands && records++ < MAX_RECORDS) {
		switch (take8() % 3) {
		case 0:
			record_message();
			break;
		case 1:
			stands = record_bytes(pair[0], pair[1]);
			break;
		default:
			setup_clear(&journal);
		}
	}
	check_owners(&journal);
	check_replay();
	setup_report_broken(&journal);
	setup_clear(&journal);
	check_owners(&journal);
	vu_read_next(&reader);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
