/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_link.c - any front end, and the death of the worker behind any of its messages.
 *
 * Messages go to a worker's end of the link, without threads; their outcome comes back,
 * and is noted in a journal as the supervisor does it. Then a new worker is told the
 * journal. What is checked, beside what sanitizers see: it accepts all of it, and is
 * where the first one was: features, status, memory and queues.
 *
 * Input: records, as many as there are: request; flags and number of descriptors; size;
 * payload. Of the flags, the low bit asks for a reply, the next 3 tell how many
 * descriptors, the next which kind: an eventfd, or memory.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/supervisor/setup.h"
#include "daemon/vhost_user/channel.h"
#include "daemon/vhost_user/vhost_user.h"
#include "common/log.h"
#include "common/util.h"

#define QUEUES 2u
#define MEMORY 65536
#define MAX_RECORDS 200u

/* What is larger never gets to a worker, message.c sees to that. */
static_assert(sizeof(union vu_payload) >= UINT8_MAX, "size in one byte");

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/**
 * struct side - a worker without threads, and its supervisor's end.
 * @device: its device
 * @vm: without threads
 * @ledger: its ledger, without undo
 * @vu: the worker's end of the link
 * @socket: the other one
 * @reader: what came back
 */
struct side {
	struct vdev *device;
	struct vm *vm;
	struct ledger ledger;
	struct vhost_user vu;
	int socket;
	struct vu_reader reader;
};

/* Large. */
static struct setup journal;
static struct side first, second;

static struct engine *engine;
static int memory_fd;

static void open_once(void)
{
	if (engine)
		return;
	log_set_level(LOG_ERROR);
	CHECK(eng_open("openssl", 1, &engine) == 0);
	memory_fd = memfd_create("guest", MFD_CLOEXEC);
	CHECK(memory_fd >= 0 && ftruncate(memory_fd, MEMORY) == 0);
}

static void begin(struct side *side)
{
	struct vdev_options options = {
	    .engine = engine, .threads = 1, .num_queues = QUEUES, .max_sessions = 4};
	int pair[2];

	memset(side, 0, sizeof(*side));
	CHECK(ledger_private(&side->ledger, &(struct ledger_shape){QUEUES, 1, 0}) == 0);
	CHECK(vdev_new(&options, &side->device) == 0);
	CHECK(vm_new(side->device, &side->ledger, QUEUES, 1, 0, &side->vm) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	side->socket = pair[0];
	vhost_user_begin(&side->vu, side->vm, pair[1]);
}

static void end(struct side *side)
{

	vhost_user_end(&side->vu);
	vm_reset(side->vm);
	CHECK(side->vm->memory.count == 0);
	side->vm = vm_free(side->vm);
	vu_read_next(&side->reader);
	close(side->socket);
	vdev_free(side->device);
	ledger_close(&side->ledger);
}

/* One message, and its outcome, as the supervisor sees it. */
static const struct vu_message *tell(struct side *side, const struct vu_message *m)
{
	vu_read_next(&side->reader);
	CHECK(vu_send(side->socket, m) == 0);
	/* The end of it has to be answered at once: exactly one reply each. */
	CHECK(vhost_user_input(&side->vu) == 0);
	CHECK(vu_read_reply(&side->reader, side->socket) == 1);
	CHECK(side->reader.message.header.request == m->header.request ||
	      side->reader.message.header.request == CHANNEL_DONE ||
	      side->reader.message.header.request == CHANNEL_VIOLATED);
	return &side->reader.message;
}

/* A message of the input. What is left of it. */
static size_t next_message(const uint8_t *data, size_t size, struct vu_message *m)
{
	size_t len, i;

	m->header.request = data[0] % VU_REQUEST_COUNT;
	m->header.flags = VU_VERSION | (data[1] & 1 ? VU_NEED_REPLY : 0);
	len = data[2];
	m->header.size = (uint32_t)len;
	m->fd_count = (data[1] >> 1) % 8;
	for (i = 0; i < m->fd_count; i++) {
		m->fds[i] = data[1] & 16 ? fcntl(memory_fd, F_DUPFD_CLOEXEC, 0)
					 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		CHECK(m->fds[i] >= 0);
	}
	size -= 3;
	memcpy(&m->payload, data + 3, len < size ? len : size);
	return len < size ? size - len : 0;
}

/* The front end's message, on the first worker. Whether the front end stays. */
static bool forward(struct vu_message *m)
{
	const struct vu_message *reply = tell(&first, m);
	bool violated = reply->header.request == CHANNEL_VIOLATED;
	bool refused = m->header.request != VU_GET_VRING_BASE && reply->payload.u64 != 0;
	unsigned int i;

	if (!violated)
		CHECK(setup_apply(&journal, m, refused) == 0);
	for (i = 0; i < m->fd_count; i++)
		close_fd(&m->fds[i]);
	return !violated;
}

static void replay(void)
{
	struct vu_message resume = {.header = {.request = CHANNEL_RESUME, .flags = VU_VERSION}};
	unsigned int cursor = 0;
	struct vu_message m;

	second.vm->replaying = true;
	while (setup_next(&journal, &cursor, &m))
		CHECK(tell(&second, &m)->header.request != CHANNEL_VIOLATED);
	CHECK(tell(&second, &resume)->header.request == CHANNEL_DONE);
	CHECK(second.reader.message.payload.u64 == 0);
}

static void compare_queues(const struct queue *a, const struct queue *b)
{
	CHECK(a->num == b->num && a->placed == b->placed && a->enabled == b->enabled);
	CHECK(a->desc_user == b->desc_user && a->avail_user == b->avail_user &&
	      a->used_user == b->used_user);
	CHECK((a->kick_fd >= 0) == (b->kick_fd >= 0) && (a->call_fd >= 0) == (b->call_fd >= 0) &&
	      (a->err_fd >= 0) == (b->err_fd >= 0));
	CHECK(a->active == b->active);
}

static void compare(void)
{
	const struct memory *a = &first.vm->memory, *b = &second.vm->memory;
	unsigned int i;

	CHECK(first.vu.protocol_features == second.vu.protocol_features);
	CHECK(first.vu.status == second.vu.status);
	CHECK(first.vm->features == second.vm->features);
	CHECK(a->count == b->count);
	for (i = 0; i < a->count; i++)
		CHECK(a->regions[i].guest_addr == b->regions[i].guest_addr &&
		      a->regions[i].size == b->regions[i].size &&
		      a->regions[i].user_addr == b->regions[i].user_addr);
	for (i = 0; i < QUEUES; i++)
		compare_queues(&first.vm->queues[i], &second.vm->queues[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int records = 0;
	bool stays = true;

	open_once();
	setup_init(&journal, QUEUES);
	begin(&first);
	while (size >= 3 && stays && records++ < MAX_RECORDS) {
		struct vu_message m = {0};
		size_t left;

		left = next_message(data, size, &m);
		stays = forward(&m);
		data += size - left;
		size = left;
	}
	if (stays) {
		begin(&second);
		replay();
		compare();
		end(&second);
	}
	end(&first);
	setup_clear(&journal);
	return 0;
}
