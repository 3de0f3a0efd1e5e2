/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * setup.c - what a front end has set up, as the messages that set it up again.
 * See setup.h.
 */
#include "daemon/supervisor/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "common/log.h"
#include "common/util.h"

#define BIT(n) (1ull << (n))

void setup_init(struct setup *setup, unsigned int queues)
{
	unsigned int i;

	memset(setup, 0, sizeof(*setup));
	setup->queues = queues;
	setup->backend_fd = -1;
	setup->log.fd = -1;
	for (i = 0; i < VCD_MAX_QUEUES; i++)
		setup->queue[i] = (struct setup_queue){
		    .enable = -1,
		    .kick.fd = -1,
		    .call.fd = -1,
		    .err.fd = -1,
		};
}

static void drop_regions(struct setup *setup)
{
	while (setup->region_count > 0)
		close_fd(&setup->region[--setup->region_count].fd);
}

void setup_clear(struct setup *setup)
{
	unsigned int i;

	close_fd(&setup->backend_fd);
	close_fd(&setup->log.fd);
	drop_regions(setup);
	for (i = 0; i < VCD_MAX_QUEUES; i++) {
		close_fd(&setup->queue[i].kick.fd);
		close_fd(&setup->queue[i].call.fd);
		close_fd(&setup->queue[i].err.fd);
	}
	setup_init(setup, setup->queues);
}

/* ---- taking notes --------------------------------------------------------------------- */

static struct setup_queue *find_queue(struct setup *setup, uint64_t index)
{
	return index < setup->queues ? &setup->queue[index] : NULL;
}

static int keep_table(struct setup *setup, struct vu_message *m)
{
	const struct vu_memory *table = &m->payload.memory;
	unsigned int i;

	if (table->count > VU_MAX_FDS || m->fd_count != table->count)
		return -EPROTO;
	drop_regions(setup);
	for (i = 0; i < table->count; i++)
		setup->region[i] = (struct setup_region){
		    .region = table->regions[i],
		    .fd = take_fd(&m->fds[i]),
		};
	setup->region_count = table->count;
	return 0;
}

static int add_region(struct setup *setup, struct vu_message *m)
{
	if (m->fd_count != 1 || setup->region_count == VU_MAX_REGIONS)
		return -EPROTO;
	setup->region[setup->region_count++] = (struct setup_region){
	    .region = m->payload.one.region,
	    .fd = take_fd(&m->fds[0]),
	};
	return 0;
}

static int remove_region(struct setup *setup, const struct vu_message *m)
{
	const struct vu_region *key = &m->payload.one.region;
	unsigned int i;

	for (i = 0; i < setup->region_count; i++) {
		struct setup_region *r = &setup->region[i];

		if (r->region.guest_addr != key->guest_addr || r->region.size != key->size ||
		    r->region.user_addr != key->user_addr)
			continue;
		close_fd(&r->fd);
		*r = setup->region[--setup->region_count];
		return 0;
	}
	return -EPROTO;
}

static int keep_log(struct setup *setup, struct vu_message *m)
{
	if (m->fd_count != 1)
		return -EPROTO;
	close_fd(&setup->log.fd);
	setup->log = (struct setup_log){.log = m->payload.log, .fd = take_fd(&m->fds[0])};
	return 0;
}

static int keep_queue_fd(struct setup *setup, struct vu_message *m)
{
	struct setup_queue *queue = find_queue(setup, m->payload.u64 & VU_VRING_INDEX_MASK);
	struct setup_fd *place;

	if (!queue || m->fd_count > 1)
		return -EPROTO;
	place = m->header.request == VU_SET_VRING_KICK	 ? &queue->kick
		: m->header.request == VU_SET_VRING_CALL ? &queue->call
							 : &queue->err;
	close_fd(&place->fd);
	place->set = true;
	if (m->fd_count)
		place->fd = take_fd(&m->fds[0]);
	return 0;
}

/* GET_VRING_BASE: the queue is stopped, which takes its kick descriptor. */
static void stop(struct setup_queue *queue)
{
	close_fd(&queue->kick.fd);
	queue->kick.set = false;
}

static void reset_device(struct setup *setup)
{
	unsigned int i;

	setup->status = 0;
	for (i = 0; i < setup->queues; i++) {
		stop(&setup->queue[i]);
		setup->queue[i].enable = 0;
	}
}

/* Without protocol features there is no message that enables queues: they are. */
static void keep_features(struct setup *setup, uint64_t features)
{
	unsigned int i;

	setup->features = features;
	setup->has_features = true;
	for (i = 0; i < setup->queues && !(features & BIT(VU_F_PROTOCOL_FEATURES)); i++)
		setup->queue[i].enable = 1;
}

/* Messages about a queue that hold its index and a number. */
static int keep_state(struct setup *setup, const struct vu_message *m)
{
	struct setup_queue *queue = find_queue(setup, m->payload.state.index);

	if (!queue)
		return -EPROTO;
	switch (m->header.request) {
	case VU_SET_VRING_NUM:
		queue->num = m->payload.state.num;
		break;
	case VU_SET_VRING_ENABLE:
		queue->enable = m->payload.state.num != 0;
		break;
	default:
		stop(queue);
	}
	return 0;
}

static int keep_addr(struct setup *setup, const struct vu_message *m)
{
	struct setup_queue *queue = find_queue(setup, m->payload.addr.index);

	if (!queue)
		return -EPROTO;
	queue->addr = m->payload.addr;
	queue->placed = true;
	return 0;
}

int setup_apply(struct setup *setup, struct vu_message *m, bool refused)
{
	switch (m->header.request) {
	case VU_SET_FEATURES:
		keep_features(setup, m->payload.u64);
		return 0;
	case VU_SET_PROTOCOL_FEATURES:
		setup->protocol_features = m->payload.u64;
		setup->ever |= m->payload.u64;
		setup->has_protocol_features = true;
		return 0;
	case VU_SET_BACKEND_REQ_FD:
		if (m->fd_count != 1)
			return -EPROTO;
		close_fd(&setup->backend_fd);
		setup->backend_fd = take_fd(&m->fds[0]);
		return 0;
	case VU_SET_STATUS:
		if (m->payload.u64 == 0)
			reset_device(setup);
		setup->status = m->payload.u64;
		return 0;
	case VU_RESET_DEVICE:
		reset_device(setup);
		return 0;
	case VU_SET_MEM_TABLE:
		return refused ? 0 : keep_table(setup, m);
	case VU_ADD_MEM_REG:
		return refused ? 0 : add_region(setup, m);
	case VU_REM_MEM_REG:
		return refused ? 0 : remove_region(setup, m);
	case VU_SET_LOG_BASE:
		return refused ? 0 : keep_log(setup, m);
	case VU_SET_VRING_NUM:
	case VU_SET_VRING_ENABLE:
	case VU_GET_VRING_BASE:
		return keep_state(setup, m);
	case VU_SET_VRING_ADDR:
		return keep_addr(setup, m);
	case VU_SET_VRING_KICK:
	case VU_SET_VRING_CALL:
	case VU_SET_VRING_ERR:
		return keep_queue_fd(setup, m);
	default:
		/* A question, or it changes only what is in the ledger. */
		return 0;
	}
}

/* ---- setting up again ----------------------------------------------------------------- */

static bool number(struct vu_message *m, uint32_t request, uint64_t value)
{
	m->header = (struct vu_header){request, VU_VERSION, sizeof(value)};
	m->payload.u64 = value;
	return true;
}

static bool state(struct vu_message *m, uint32_t request, uint32_t index, uint32_t num)
{
	m->header = (struct vu_header){request, VU_VERSION, sizeof(m->payload.state)};
	m->payload.state = (struct vu_vring_state){index, num};
	return true;
}

static bool queue_fd(struct vu_message *m, uint32_t request, uint32_t index,
		     const struct setup_fd *from)
{
	number(m, request, from->fd < 0 ? index | VU_VRING_NO_FD : index);
	if (from->fd >= 0)
		m->fds[m->fd_count++] = from->fd;
	return true;
}

/* The table, for a front end that did not negotiate single regions: it has at most 8. */
static bool table(const struct setup *setup, struct vu_message *m)
{
	struct vu_memory *memory = &m->payload.memory;
	unsigned int i;

	for (i = 0; i < setup->region_count && i < VU_MAX_FDS; i++) {
		memory->regions[i] = setup->region[i].region;
		m->fds[m->fd_count++] = setup->region[i].fd;
	}
	memory->count = i;
	m->header = (struct vu_header){
	    VU_SET_MEM_TABLE,
	    VU_VERSION,
	    (uint32_t)(offsetof(struct vu_memory, regions) + i * sizeof(memory->regions[0])),
	};
	return true;
}

static bool one_region(const struct setup_region *region, struct vu_message *m)
{
	m->header = (struct vu_header){VU_ADD_MEM_REG, VU_VERSION, sizeof(m->payload.one)};
	m->payload.one.region = region->region;
	m->fds[m->fd_count++] = region->fd;
	return true;
}

static bool log_base(const struct setup_log *log, struct vu_message *m)
{
	m->header = (struct vu_header){VU_SET_LOG_BASE, VU_VERSION, sizeof(m->payload.log)};
	m->payload.log = log->log;
	if (log->fd < 0)
		return false;
	m->fds[m->fd_count++] = log->fd;
	return true;
}

#define QUEUE_STEPS 6u

static bool queue_step(const struct setup_queue *queue, uint32_t index, unsigned int step,
		       struct vu_message *m)
{
	switch (step) {
	case 0:
		return queue->num && state(m, VU_SET_VRING_NUM, index, queue->num);
	case 1:
		m->header = (struct vu_header){VU_SET_VRING_ADDR, VU_VERSION, sizeof(queue->addr)};
		m->payload.addr = queue->addr;
		return queue->placed;
	case 2:
		return queue->call.set && queue_fd(m, VU_SET_VRING_CALL, index, &queue->call);
	case 3:
		return queue->err.set && queue_fd(m, VU_SET_VRING_ERR, index, &queue->err);
	case 4:
		return queue->kick.set && queue_fd(m, VU_SET_VRING_KICK, index, &queue->kick);
	default:
		return queue->enable >= 0 &&
		       state(m, VU_SET_VRING_ENABLE, index, (uint32_t)queue->enable);
	}
}

#define FIRST_STEPS 4u
#define LAST_STEPS 1u

/* Step @n of all there can be; whether there is something to say in it. */
static bool message_of(const struct setup *setup, unsigned int n, struct vu_message *m)
{
	bool slots = setup->ever & BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS);

	switch (n) {
	case 0:
		return setup->has_protocol_features &&
		       number(m, VU_SET_PROTOCOL_FEATURES, setup->ever);
	case 1:
		return setup->has_features && number(m, VU_SET_FEATURES, setup->features);
	case 2:
		return setup->status && number(m, VU_SET_STATUS, setup->status);
	case 3:
		return log_base(&setup->log, m);
	}
	n -= FIRST_STEPS;
	if (n < VU_MAX_REGIONS) {
		if (slots)
			return n < setup->region_count && one_region(&setup->region[n], m);
		return n == 0 && setup->region_count && table(setup, m);
	}
	n -= VU_MAX_REGIONS;
	if (n < setup->queues * QUEUE_STEPS)
		return queue_step(&setup->queue[n / QUEUE_STEPS], n / QUEUE_STEPS, n % QUEUE_STEPS,
				  m);
	return setup->ever != setup->protocol_features &&
	       number(m, VU_SET_PROTOCOL_FEATURES, setup->protocol_features);
}

bool setup_next(const struct setup *setup, unsigned int *cursor, struct vu_message *message)
{
	const unsigned int end =
	    FIRST_STEPS + VU_MAX_REGIONS + setup->queues * QUEUE_STEPS + LAST_STEPS;

	while (*cursor < end) {
		memset(message, 0, sizeof(*message));
		if (message_of(setup, (*cursor)++, message))
			return true;
	}
	return false;
}

/* ---- giving up ------------------------------------------------------------------------ */

/*
 * The worker made it non-blocking. The front end has it too and may undo that, so poll() is asked
 * first whether there is room.
 */
static void signal_broken(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	const uint64_t one = 1;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) ||
	    poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return;
	if (write(fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_limited(LOG_DEBUG, "cannot signal the front end: %m");
}

void setup_report_broken(const struct setup *setup)
{
	unsigned int i;

	for (i = 0; i < setup->queues; i++)
		if (setup->queue[i].err.fd >= 0)
			signal_broken(setup->queue[i].err.fd);
}
