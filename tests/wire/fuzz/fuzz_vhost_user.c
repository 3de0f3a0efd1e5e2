/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_vhost_user.c - a hostile front end: arbitrary messages, and rings with
 * arbitrary contents, on the daemon's code in this process.
 *
 * There are no worker threads: a record of the input says when a queue is
 * processed, so that an input always does the same.
 *
 * Input: records, as many as there are. The first byte of each is its kind, % 6:
 *
 *	0 MESSAGE  request, flags, descriptors, size (2 bytes), payload of that size.
 *	           Descriptors: low 4 bits how many, high 4 bits of which kind
 *	1 WRITE    offset / 4 (2 bytes), length, bytes: to guest memory
 *	2 PROCESS  queue
 *	3 BYTES    length, bytes: to the socket as they are
 *	4 SET UP   queue: the messages that get it to run, rings at its fixed place
 *	5 CHAIN    queue, operation, payload: descriptors of a request with that
 *	           opcode, 16 bytes of the input as its header's fields, made available
 *
 * All numbers are little-endian. What is checked, beside what sanitizers see: the
 * memory map is sorted and does not overlap, rings that are served lie in it, and a queue is served
 * with VHOST_F_LOG_ALL only while there is a log of dirty pages for all of the map.
 */
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/virtio_config.h>

#include "daemon/vhost_user/channel.h"
#include "common/log.h"
#include "daemon/vhost_user/vhost_user.h"
#include "tests/fuzz/fuzz.h"

#define QUEUES 2
#define NUM 16
#define MEMORY (64u * 1024)
#define GPA 0x10000u
#define USER 0x40000000u

/* Where queue i has its rings, from i * 4096: */
#define AT_DESC 0u
#define AT_AVAIL 1024u
#define AT_USED 1536u
#define AT_REQUEST 2048u
#define AT_REPLY 3072u

#define MAX_ROUNDS 8

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/* What all inputs share: it is expensive to make and keeps no state. */
static struct {
	struct engine *engine;
	struct queue_batch *batch;
	int memfd;
	int small;
	uint8_t *memory;
} common;

/**
 * struct fuzz - one input's state.
 * @p: next byte of the input
 * @left: bytes left of it
 * @socket: the front end's end
 * @device: its device
 * @vm: without threads
 * @vu: connection
 * @avail: next entry of each queue's available ring
 */
struct fuzz {
	const uint8_t *p;
	size_t left;
	int socket;
	struct vu_reader reader;
	struct ledger ledger;
	struct vdev *device;
	struct vm *vm;
	struct vhost_user vu;
	uint16_t avail[QUEUES];
};

static void open_common(void)
{
	if (common.engine)
		return;
	log_set_level(LOG_ERROR);
	CHECK(eng_open("openssl", 1, &common.engine) == 0);
	common.batch = calloc(1, sizeof(*common.batch));
	common.memfd = memfd_create("guest", MFD_CLOEXEC);
	common.small = memfd_create("small", MFD_CLOEXEC);
	CHECK(common.batch && common.memfd >= 0 && common.small >= 0);
	CHECK(ftruncate(common.memfd, MEMORY) == 0 && ftruncate(common.small, 4096) == 0);
	common.memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, common.memfd, 0);
	CHECK(common.memory != MAP_FAILED);
}

/* ---- input ---------------------------------------------------------------------------- */

static uint8_t take8(struct fuzz *f)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->p++;
}

static uint16_t take16(struct fuzz *f)
{
	uint16_t low = take8(f);

	return (uint16_t)(low | take8(f) << 8);
}

/* Up to @len bytes, the rest zero. */
static void take(struct fuzz *f, void *to, size_t len)
{
	size_t n = len < f->left ? len : f->left;

	memset(to, 0, len);
	memcpy(to, f->p, n);
	f->p += n;
	f->left -= n;
}

/* ---- front end ------------------------------------------------------------------------ */

static int make_fd(unsigned int kind)
{
	int fds[2];

	switch (kind % 4) {
	case 0:
		return eventfd(0, EFD_CLOEXEC);
	case 1:
		return dup(common.memfd);
	case 2:
		return dup(common.small);
	default:
		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
		close(fds[0]);
		return fds[1];
	}
}

static void send_message(struct fuzz *f, uint32_t request, uint32_t flags, const void *payload,
			 uint32_t size, uint8_t fd_spec)
{
	struct vu_header header = {request, flags, size};
	struct iovec iov[2] = {{&header, sizeof(header)}, {(void *)(uintptr_t)payload, size}};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(16 * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	unsigned int n = fd_spec & 15;
	int fds[16];
	unsigned int i;

	for (i = 0; i < n; i++)
		fds[i] = make_fd(fd_spec >> 4);
	if (n) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, n * sizeof(int));
	}
	/* It may be full of what nobody answers any more. */
	(void)!sendmsg(f->socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	for (i = 0; i < n; i++)
		close(fds[i]);
}

static void state_message(struct fuzz *f, uint32_t request, uint32_t index, uint32_t num)
{
	const struct vu_vring_state state = {index, num};

	send_message(f, request, VU_VERSION, &state, sizeof(state), 0);
}

static void u64_message(struct fuzz *f, uint32_t request, uint64_t value, uint8_t fd_spec)
{
	send_message(f, request, VU_VERSION, &value, sizeof(value), fd_spec);
}

/* All that gets a queue to run. */
static void set_up(struct fuzz *f, unsigned int index)
{
	const uint64_t at = index * 4096u;
	const struct vu_memory table = {
	    .count = 1,
	    .regions[0] = {.guest_addr = GPA, .size = MEMORY, .user_addr = USER},
	};
	const struct vu_vring_addr addr = {
	    .index = index,
	    .desc_user = USER + at + AT_DESC,
	    .avail_user = USER + at + AT_AVAIL,
	    .used_user = USER + at + AT_USED,
	};

	state_message(f, VU_SET_VRING_ENABLE, index, 0);
	u64_message(f, VU_SET_FEATURES,
		    1ull << VIRTIO_F_VERSION_1 | 1ull << VU_F_PROTOCOL_FEATURES |
			1ull << VIRTIO_RING_F_EVENT_IDX | 1ull << VIRTIO_RING_F_INDIRECT_DESC,
		    0);
	send_message(f, VU_SET_MEM_TABLE, VU_VERSION, &table, 40, 0x11);
	state_message(f, VU_SET_VRING_NUM, index, NUM);
	state_message(f, VU_SET_VRING_BASE, index, f->avail[index]);
	send_message(f, VU_SET_VRING_ADDR, VU_VERSION, &addr, sizeof(addr), 0);
	u64_message(f, VU_SET_VRING_CALL, index, 0x01);
	u64_message(f, VU_SET_VRING_KICK, index, 0x01);
	state_message(f, VU_SET_VRING_ENABLE, index, 1);
}

/* A request as a chain of two, ready to be spoilt by a WRITE before it is processed. */
static void add_chain(struct fuzz *f, unsigned int index)
{
	uint8_t *base = common.memory + index * 4096u;
	struct vring_desc desc[2];
	struct vcd_req req = {0};
	__virtio16 head = 0;
	__virtio16 idx;
	uint16_t payload;

	take(f, &req, 16);
	req.opcode = htole16(take16(f));
	payload = take16(f) % 900;
	desc[0] = (struct vring_desc){
	    .addr = htole64(GPA + index * 4096u + AT_REQUEST),
	    .len = htole32((uint32_t)sizeof(req) + payload),
	    .flags = htole16(VRING_DESC_F_NEXT),
	    .next = htole16(1),
	};
	desc[1] = (struct vring_desc){
	    .addr = htole64(GPA + index * 4096u + AT_REPLY),
	    .len = htole32((uint32_t)sizeof(struct vcd_reply) + payload),
	    .flags = htole16(VRING_DESC_F_WRITE),
	};
	memcpy(base + AT_REQUEST, &req, sizeof(req));
	memcpy(base + AT_DESC, desc, sizeof(desc));
	memcpy(base + AT_AVAIL + 4 + 2 * (f->avail[index] % NUM), &head, sizeof(head));
	idx = htole16(++f->avail[index]);
	memcpy(base + AT_AVAIL + 2, &idx, sizeof(idx));
}

/* ---- checks --------------------------------------------------------------------------- */

static bool mapped(const struct memory *memory, const void *p, size_t len)
{
	unsigned int i;

	for (i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];

		if ((const uint8_t *)p >= r->host && len <= r->size &&
		    (size_t)((const uint8_t *)p - r->host) <= r->size - len)
			return true;
	}
	return false;
}

static void check_state(const struct fuzz *f)
{
	const struct memory *memory = &f->vm->memory;
	unsigned int i;

	for (i = 0; i + 1 < memory->count; i++)
		CHECK(memory->regions[i].guest_addr + memory->regions[i].size <=
		      memory->regions[i + 1].guest_addr);
	for (i = 0; i < QUEUES; i++) {
		const struct queue *q = &f->vm->queues[i];

		if (!q->active)
			continue;
		CHECK(!(f->vm->features & 1ull << VU_F_LOG_ALL) ||
		      (memory->log && dirty_log_covers_all(memory->log, memory)));
		CHECK(q->num && q->num <= QUEUE_MAX_NUM && !q->broken && q->kick_fd >= 0);
		CHECK(mapped(memory, q->desc, q->num * sizeof(*q->desc)));
		CHECK(mapped(memory, q->avail, sizeof(*q->avail) + q->num * 2));
		CHECK(mapped(memory, q->used, sizeof(*q->used) + q->num * 8));
	}
}

static void process(struct fuzz *f, unsigned int index)
{
	unsigned int round;

	for (round = 0; round < MAX_ROUNDS; round++) {
		if (queue_process(&f->vm->queues[index], f->vm->device, 0, &f->vm->memory,
				  common.batch, QUEUE_ARM) != QUEUE_MORE)
			break;
		CHECK(common.batch->n <= VDEV_BATCH_MAX);
		CHECK(common.batch->iov_used <= QUEUE_BATCH_IOVS);
	}
}

/* ---- records -------------------------------------------------------------------------- */

static void record_message(struct fuzz *f)
{
	uint8_t payload[sizeof(union vu_payload) + 8];
	uint32_t request = take8(f);
	uint32_t flags = take8(f);
	uint8_t fd_spec = take8(f);
	uint16_t size = take16(f) % sizeof(payload);

	take(f, payload, size);
	send_message(f, request, flags ^ VU_VERSION, payload, size, fd_spec);
}

static void record_write(struct fuzz *f)
{
	uint8_t bytes[255];
	uint32_t offset = take16(f) * 4u % MEMORY;
	uint32_t len = take8(f);

	take(f, bytes, len);
	if (len > MEMORY - offset)
		len = MEMORY - offset;
	memcpy(common.memory + offset, bytes, len);
}

static void record_bytes(struct fuzz *f)
{
	uint8_t bytes[255];
	size_t len = take8(f);

	take(f, bytes, len);
	(void)!send(f->socket, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* One record. Whether the connection still stands. */
static bool record(struct fuzz *f)
{
	bool violated = false;
	int ret;

	switch (take8(f) % 6) {
	case 0:
		record_message(f);
		break;
	case 1:
		record_write(f);
		break;
	case 2:
		process(f, take8(f) % QUEUES);
		break;
	case 3:
		record_bytes(f);
		break;
	case 4:
		set_up(f, take8(f) % QUEUES);
		break;
	case 5:
		add_chain(f, take8(f) % QUEUES);
		break;
	}
	if (vhost_user_input(&f->vu) < 0)
		return false;
	check_state(f);
	/* The supervisor lets a front end go that breaks the protocol. */
	while ((ret = vu_read_reply(&f->reader, f->socket)) == 1) {
		violated = violated || f->reader.message.header.request == CHANNEL_VIOLATED;
		vu_read_next(&f->reader);
	}
	CHECK(ret == 0);
	return !violated;
}

static void begin(struct fuzz *f)
{
	struct vdev_options options = {
	    .engine = common.engine,
	    .threads = 1,
	    .num_queues = QUEUES,
	    .max_sessions = 4,
	    .max_request = 4096,
	    .max_segments = VDEV_DEFAULT_MAX_SEGMENTS,
	};
	int pair[2];

	CHECK(ledger_private(&f->ledger, &(struct ledger_shape){QUEUES, 1, 0}) == 0);
	CHECK(vdev_new(&options, &f->device) == 0);
	CHECK(vm_new(f->device, &f->ledger, QUEUES, 1, 0, &f->vm) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	f->socket = pair[0];
	vhost_user_begin(&f->vu, f->vm, pair[1]);
	memset(common.memory, 0, MEMORY);
}

static void end(struct fuzz *f)
{
	struct vdev_stats stats;

	vhost_user_end(&f->vu);
	vu_read_next(&f->reader);
	vm_reset(f->vm);
	CHECK(f->vm->memory.count == 0);
	vdev_stats_get(f->vm->device, &stats);
	CHECK(stats.sessions_live == 0);
	f->vm = vm_free(f->vm);
	close(f->socket);
	vdev_free(f->device);
	ledger_close(&f->ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Not on the stack: it has the memory map in it. */
	static struct fuzz f;

	open_common();
	memset(&f, 0, sizeof(f));
	f.p = data;
	f.left = size;
	begin(&f);
	while (f.left && record(&f))
		;
	end(&f);
	return 0;
}
