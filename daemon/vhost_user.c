/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost_user.c - what each vhost-user message does.
 *
 * Theory of operation
 * -------------------
 * handlers[] has a row for each request we know: how large its payload is, how
 * many descriptors come with it, which protocol feature it belongs to, and the
 * function that carries it out. What can be checked from the row is checked
 * before the function is called. Its outcome is one of
 *
 *     DONE     fine; acknowledged when the front end asked for it
 *     ANSWER   the message now holds the reply that this request always has
 *     REFUSE   not possible; the front end is told so when it asked. It goes on
 *     VIOLATE  the front end broke the protocol; the connection ends
 *
 * Front ends differ, and two of them matter most. QEMU's generic device: the
 * kick descriptor comes before the call descriptor and is readable at once;
 * ENABLE comes for queues that were never set up; a second start brings no
 * memory regions; the status never shows a reset; CALL without a descriptor
 * means that no signal is wanted. User-mode Linux: no GET_VRING_BASE, teardown
 * is ENABLE 0; SET_MEM_TABLE is sent with room for more regions than it has.
 * So: what stops a queue is ENABLE 0 or GET_VRING_BASE, whichever comes, and the
 * memory map stays until it is replaced or the connection ends.
 *
 * Everything here runs in the control thread and answers at once: the front end
 * may be holding a lock of the guest's kernel while it waits.
 */
#include "daemon/vhost_user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/log.h"
#include "daemon/util.h"

#define BIT(n) (1ull << (n))

#define OUR_FEATURES                                                                               \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VU_F_PROTOCOL_FEATURES) | BIT(VIRTIO_RING_F_INDIRECT_DESC) | \
	 BIT(VIRTIO_RING_F_EVENT_IDX))

#define OUR_PROTOCOL_FEATURES                                                                      \
	(BIT(VU_PROTOCOL_F_MQ) | BIT(VU_PROTOCOL_F_REPLY_ACK) | BIT(VU_PROTOCOL_F_BACKEND_REQ) |   \
	 BIT(VU_PROTOCOL_F_CONFIG) | BIT(VU_PROTOCOL_F_RESET_DEVICE) |                             \
	 BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) | BIT(VU_PROTOCOL_F_STATUS))

/* Messages answered before the caller gets to look at its other descriptors. */
#define MESSAGES_AT_ONCE 64

enum outcome {
	DONE,
	ANSWER,
	REFUSE,
	VIOLATE,
};

static enum outcome answer_u64(struct vu_message *m, uint64_t value)
{
	m->header.size = sizeof(m->payload.u64);
	m->payload.u64 = value;
	return ANSWER;
}

static enum outcome violation(const struct vu_message *m, const char *what)
{
	log_limited(LOG_WARN, "front end broke the protocol: %s (request %u): %s",
		    vu_request_name(m->header.request), m->header.request, what);
	return VIOLATE;
}

/* The queue that a message names, or NULL. */
static struct queue *find_queue(struct vhost_user *vu, uint64_t index)
{
	return index < vu->backend->num_queues ? &vu->backend->queues[index] : NULL;
}

/* Stop a queue that is locked. Return: where its driver goes on. */
static uint16_t stop_queue(struct vhost_user *vu, struct queue *queue)
{
	worker_unwatch(backend_worker(vu->backend, queue), queue->kick_fd);
	return queue_stop(queue);
}

/* Drop the sessions when that was the last queue. */
static void queue_stopped(struct vhost_user *vu)
{
	if (backend_quiesced(vu->backend))
		vcd_device_reset(vu->backend->device);
}

/* ---- features and the like ------------------------------------------------------------ */

static enum outcome do_get_features(struct vhost_user *vu, struct vu_message *m)
{
	return answer_u64(m, OUR_FEATURES);
}

static enum outcome do_set_features(struct vhost_user *vu, struct vu_message *m)
{
	uint64_t features = m->payload.u64;
	unsigned int i;

	if (features & ~OUR_FEATURES)
		return violation(m, "features that were not offered");
	if (!(features & BIT(VIRTIO_F_VERSION_1)))
		log_limited(LOG_WARN, "driver without VIRTIO_F_VERSION_1: queues will not start");
	if (!(features & BIT(VU_F_PROTOCOL_FEATURES))) {
		/* Then there is no SET_VRING_ENABLE, and queues are enabled from the start. */
		for (i = 0; i < vu->backend->num_queues; i++) {
			queue_lock(&vu->backend->queues[i]);
			vu->backend->queues[i].enabled = true;
			queue_unlock(&vu->backend->queues[i]);
		}
	}
	backend_set_features(vu->backend, features);
	return DONE;
}

static enum outcome do_nothing(struct vhost_user *vu, struct vu_message *m)
{
	return DONE;
}

static enum outcome do_get_protocol_features(struct vhost_user *vu, struct vu_message *m)
{
	return answer_u64(m, OUR_PROTOCOL_FEATURES);
}

static enum outcome do_set_protocol_features(struct vhost_user *vu, struct vu_message *m)
{
	if (m->payload.u64 & ~OUR_PROTOCOL_FEATURES)
		return violation(m, "protocol features that were not offered");
	vu->protocol_features = m->payload.u64;
	return DONE;
}

static enum outcome do_get_queue_num(struct vhost_user *vu, struct vu_message *m)
{
	return answer_u64(m, vu->backend->num_queues);
}

static enum outcome do_set_backend_req_fd(struct vhost_user *vu, struct vu_message *m)
{
	close_fd(&vu->backend_socket);
	vu->backend_socket = take_fd(&m->fds[0]);
	return DONE;
}

static enum outcome do_reset_device(struct vhost_user *vu, struct vu_message *m)
{
	struct backend *backend = vu->backend;
	unsigned int i;

	for (i = 0; i < backend->num_queues; i++) {
		struct queue *queue = &backend->queues[i];

		queue_lock(queue);
		stop_queue(vu, queue);
		queue->enabled = false;
		queue_unlock(queue);
	}
	vu->status = 0;
	vcd_device_reset(backend->device);
	return DONE;
}

static enum outcome do_set_status(struct vhost_user *vu, struct vu_message *m)
{
	if (m->payload.u64 > UINT8_MAX)
		return violation(m, "status has 8 bits");
	if (m->payload.u64 == 0)
		return do_reset_device(vu, m);
	vu->status = (uint8_t)m->payload.u64;
	return DONE;
}

static enum outcome do_get_status(struct vhost_user *vu, struct vu_message *m)
{
	return answer_u64(m, vu->status);
}

/* ---- memory --------------------------------------------------------------------------- */

/* The new map while it is being made; then the old one. Too large for the stack. */
static struct memory scratch;

static int map_region(struct memory *memory, const struct vu_region *from, int fd)
{
	struct memory_region region = {
		.guest_addr = from->guest_addr,
		.size = from->size,
		.user_addr = from->user_addr,
	};
	int err;

	err = memory_region_map(&region, fd, from->mmap_offset);
	if (err)
		return err;
	err = memory_add(memory, &region);
	if (err)
		memory_region_unmap(&region);
	return err;
}

static void region_refused(const struct vu_region *region, int err)
{
	log_limited(LOG_WARN,
		    "memory region at 0x%llx, %llu bytes at file offset %llu, refused: %s",
		    (unsigned long long)region->guest_addr, (unsigned long long)region->size,
		    (unsigned long long)region->mmap_offset, strerror(-err));
}

static enum outcome do_set_mem_table(struct vhost_user *vu, struct vu_message *m)
{
	const struct vu_memory *table = &m->payload.memory;
	unsigned int i;
	int err;

	/* User-mode Linux always sends two regions' worth of bytes. */
	if (table->count > VU_MAX_FDS ||
	    m->header.size < offsetof(struct vu_memory, regions) +
				     table->count * sizeof(table->regions[0]))
		return violation(m, "size and number of regions disagree");
	if (m->fd_count != table->count)
		return violation(m, "one file descriptor for each region is needed");

	scratch.count = 0;
	for (i = 0; i < table->count; i++) {
		err = map_region(&scratch, &table->regions[i], m->fds[i]);
		if (err) {
			region_refused(&table->regions[i], err);
			memory_clear(&scratch);
			return violation(m, "a region cannot be mapped");
		}
	}
	backend_set_memory(vu->backend, &scratch);
	memory_clear(&scratch);
	return DONE;
}

static enum outcome do_get_max_mem_slots(struct vhost_user *vu, struct vu_message *m)
{
	return answer_u64(m, MEMORY_MAX_REGIONS);
}

static enum outcome do_add_mem_reg(struct vhost_user *vu, struct vu_message *m)
{
	int err;

	scratch = vu->backend->memory;
	err = map_region(&scratch, &m->payload.one.region, m->fds[0]);
	if (err) {
		region_refused(&m->payload.one.region, err);
		scratch.count = 0;
		return REFUSE;
	}
	backend_set_memory(vu->backend, &scratch);
	/* What is in scratch now is in the new map as well. */
	scratch.count = 0;
	return DONE;
}

static enum outcome do_rem_mem_reg(struct vhost_user *vu, struct vu_message *m)
{
	const struct memory_region key = {
		.guest_addr = m->payload.one.region.guest_addr,
		.size = m->payload.one.region.size,
		.user_addr = m->payload.one.region.user_addr,
	};
	struct memory_region removed;

	scratch = vu->backend->memory;
	if (memory_remove(&scratch, &key, &removed) < 0) {
		log_limited(LOG_WARN, "REM_MEM_REG names a region that is not there");
		scratch.count = 0;
		return REFUSE;
	}
	backend_set_memory(vu->backend, &scratch);
	memory_region_unmap(&removed);
	scratch.count = 0;
	return DONE;
}

/* ---- queues --------------------------------------------------------------------------- */

static enum outcome do_set_vring_num(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);
	uint32_t num = m->payload.state.num;
	enum outcome outcome = DONE;

	if (!queue)
		return violation(m, "no such queue");
	if (num == 0 || num > QUEUE_MAX_NUM || (num & (num - 1)))
		return violation(m, "not a size of a queue");
	queue_lock(queue);
	if (queue->active)
		outcome = violation(m, "the queue is in use");
	else
		queue->num = num;
	queue_unlock(queue);
	return outcome;
}

static enum outcome do_set_vring_addr(struct vhost_user *vu, struct vu_message *m)
{
	const struct vu_vring_addr *addr = &m->payload.addr;
	struct queue *queue = find_queue(vu, addr->index);
	int err;

	if (!queue)
		return violation(m, "no such queue");
	if (addr->flags & VU_VRING_F_LOG)
		return violation(m, "logging was not offered");
	queue_lock(queue);
	queue->desc_user = addr->desc_user;
	queue->avail_user = addr->avail_user;
	queue->used_user = addr->used_user;
	queue->placed = true;
	err = backend_update(vu->backend, queue);
	queue_unlock(queue);
	return err ? REFUSE : DONE;
}

static enum outcome do_set_vring_base(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);
	enum outcome outcome = DONE;

	if (!queue)
		return violation(m, "no such queue");
	if (m->payload.state.num > UINT16_MAX)
		return violation(m, "not an index of a split ring");
	queue_lock(queue);
	if (queue->active)
		outcome = violation(m, "the queue is in use");
	else
		queue->last_avail = (uint16_t)m->payload.state.num;
	queue_unlock(queue);
	return outcome;
}

static enum outcome do_get_vring_base(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);

	if (!queue)
		return violation(m, "no such queue");
	queue_lock(queue);
	m->payload.state.num = stop_queue(vu, queue);
	queue_unlock(queue);
	queue_stopped(vu);
	m->header.size = sizeof(m->payload.state);
	return ANSWER;
}

static enum outcome do_set_vring_enable(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);
	bool enable = m->payload.state.num;
	int err;

	if (!queue)
		return violation(m, "no such queue");
	if (m->payload.state.num > 1)
		return violation(m, "neither 0 nor 1");
	queue_lock(queue);
	queue->enabled = enable;
	if (!enable)
		queue->broken = false;
	err = backend_update(vu->backend, queue);
	queue_unlock(queue);
	if (!enable)
		queue_stopped(vu);
	return err ? REFUSE : DONE;
}

/*
 * The queue of a SET_VRING_KICK, CALL or ERR and the descriptor, taken over; -1
 * when none is meant to come.
 */
static enum outcome take_queue_fd(struct vhost_user *vu, struct vu_message *m,
				  struct queue **queue, int *fd)
{
	bool none = m->payload.u64 & VU_VRING_NO_FD;

	*fd = -1;
	*queue = find_queue(vu, m->payload.u64 & VU_VRING_INDEX_MASK);
	if (!*queue || (m->payload.u64 & ~(uint64_t)(VU_VRING_INDEX_MASK | VU_VRING_NO_FD)))
		return violation(m, "no such queue");
	if (m->fd_count != (none ? 0 : 1))
		return violation(m, "wrong number of file descriptors");
	if (!none)
		*fd = take_fd(&m->fds[0]);
	return DONE;
}

/* Kind of a descriptor: 0 for eventfds and their like, which are no files. */
static mode_t fd_kind(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? S_IFREG : st.st_mode & S_IFMT;
}

static enum outcome do_set_vring_kick(struct vhost_user *vu, struct vu_message *m)
{
	_cleanup_fd_ int fd = -1;
	struct queue *queue;
	struct worker *worker;
	enum outcome outcome;
	int err;

	outcome = take_queue_fd(vu, m, &queue, &fd);
	if (outcome != DONE)
		return outcome;
	if (fd < 0)
		return violation(m, "queues without a kick descriptor are not supported");
	/* The worker relies on what an eventfd does and a pipe does not (worker.c). */
	if (fd_kind(fd) != 0)
		return violation(m, "the kick descriptor must be an eventfd");

	worker = backend_worker(vu->backend, queue);
	queue_lock(queue);
	worker_unwatch(worker, queue->kick_fd);
	close_fd(&queue->kick_fd);
	err = worker_watch(worker, queue, fd);
	if (!err) {
		queue->kick_fd = take_fd(&fd);
		err = backend_update(vu->backend, queue);
	}
	queue_unlock(queue);
	return err ? REFUSE : DONE;
}

/*
 * What we write to must not block us. An eventfd, a pipe or a socket can be told
 * so; a file of another kind is not what a front end would send.
 */
static int make_signal_fd(int fd)
{
	mode_t kind = fd_kind(fd);
	int flags;

	if (kind != 0 && kind != S_IFIFO && kind != S_IFSOCK)
		return -EINVAL;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
		return -errno;
	return 0;
}

static enum outcome take_signal_fd(struct vhost_user *vu, struct vu_message *m,
				   struct queue **queue, int *fd)
{
	enum outcome outcome = take_queue_fd(vu, m, queue, fd);

	if (outcome == DONE && *fd >= 0 && make_signal_fd(*fd) < 0)
		return violation(m, "neither eventfd nor pipe nor socket");
	return outcome;
}

static enum outcome do_set_vring_call(struct vhost_user *vu, struct vu_message *m)
{
	_cleanup_fd_ int fd = -1;
	struct queue *queue;
	enum outcome outcome;

	outcome = take_signal_fd(vu, m, &queue, &fd);
	if (outcome != DONE)
		return outcome;
	queue_lock(queue);
	queue_set_call(queue, take_fd(&fd));
	queue_unlock(queue);
	return DONE;
}

static enum outcome do_set_vring_err(struct vhost_user *vu, struct vu_message *m)
{
	_cleanup_fd_ int fd = -1;
	struct queue *queue;
	enum outcome outcome;

	outcome = take_signal_fd(vu, m, &queue, &fd);
	if (outcome != DONE)
		return outcome;
	queue_lock(queue);
	close_fd(&queue->err_fd);
	queue->err_fd = take_fd(&fd);
	queue_unlock(queue);
	return DONE;
}

/* ---- config space --------------------------------------------------------------------- */

static enum outcome do_get_config(struct vhost_user *vu, struct vu_message *m)
{
	struct vu_config *c = &m->payload.config;
	uint8_t space[VU_MAX_CONFIG] = { 0 };
	struct vcd_config config;

	static_assert(sizeof(config) <= sizeof(space), "config space");
	if (c->size > sizeof(space) || c->offset > sizeof(space) - c->size ||
	    m->header.size != offsetof(struct vu_config, data) + c->size)
		return violation(m, "beyond the config space");
	vcd_device_config(vu->backend->device, &config);
	memcpy(space, &config, sizeof(config));
	/* A front end may have been told a larger space; what is not there is 0. */
	memcpy(c->data, space + c->offset, c->size);
	return ANSWER;
}

static enum outcome do_set_config(struct vhost_user *vu, struct vu_message *m)
{
	log_limited(LOG_INFO, "the driver tried to write to the config space");
	return REFUSE;
}

/* ---- dispatch ------------------------------------------------------------------------- */

#define ANY_SIZE UINT32_MAX
#define ANY_FDS (-1)
#define ALWAYS 0

/**
 * struct handler - what is known of a request.
 * @run: carries it out
 * @size: bytes of payload, or ANY_SIZE when @run checks that
 * @fds: descriptors with it, or ANY_FDS
 * @needs: protocol feature that must have been accepted, as a mask, or ALWAYS
 */
struct handler {
	enum outcome (*run)(struct vhost_user *vu, struct vu_message *m);
	uint32_t size;
	int fds;
	uint64_t needs;
};

#define U64 sizeof(uint64_t)
#define STATE sizeof(struct vu_vring_state)

static const struct handler handlers[VU_REQUEST_COUNT] = {
	[VU_GET_FEATURES] = { do_get_features, 0, 0, ALWAYS },
	[VU_SET_FEATURES] = { do_set_features, U64, 0, ALWAYS },
	[VU_SET_OWNER] = { do_nothing, 0, 0, ALWAYS },
	[VU_RESET_OWNER] = { do_nothing, 0, 0, ALWAYS },
	[VU_SET_MEM_TABLE] = { do_set_mem_table, ANY_SIZE, ANY_FDS, ALWAYS },
	[VU_SET_VRING_NUM] = { do_set_vring_num, STATE, 0, ALWAYS },
	[VU_SET_VRING_ADDR] = { do_set_vring_addr, sizeof(struct vu_vring_addr), 0, ALWAYS },
	[VU_SET_VRING_BASE] = { do_set_vring_base, STATE, 0, ALWAYS },
	[VU_GET_VRING_BASE] = { do_get_vring_base, STATE, 0, ALWAYS },
	[VU_SET_VRING_KICK] = { do_set_vring_kick, U64, ANY_FDS, ALWAYS },
	[VU_SET_VRING_CALL] = { do_set_vring_call, U64, ANY_FDS, ALWAYS },
	[VU_SET_VRING_ERR] = { do_set_vring_err, U64, ANY_FDS, ALWAYS },
	[VU_GET_PROTOCOL_FEATURES] = { do_get_protocol_features, 0, 0, ALWAYS },
	[VU_SET_PROTOCOL_FEATURES] = { do_set_protocol_features, U64, 0, ALWAYS },
	[VU_GET_QUEUE_NUM] = { do_get_queue_num, 0, 0, BIT(VU_PROTOCOL_F_MQ) },
	[VU_SET_VRING_ENABLE] = { do_set_vring_enable, STATE, 0, ALWAYS },
	[VU_SET_BACKEND_REQ_FD] = { do_set_backend_req_fd, 0, 1, BIT(VU_PROTOCOL_F_BACKEND_REQ) },
	[VU_GET_CONFIG] = { do_get_config, ANY_SIZE, 0, BIT(VU_PROTOCOL_F_CONFIG) },
	[VU_SET_CONFIG] = { do_set_config, ANY_SIZE, 0, BIT(VU_PROTOCOL_F_CONFIG) },
	[VU_RESET_DEVICE] = { do_reset_device, 0, 0, BIT(VU_PROTOCOL_F_RESET_DEVICE) },
	[VU_GET_MAX_MEM_SLOTS] = { do_get_max_mem_slots, 0, 0,
				   BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) },
	[VU_ADD_MEM_REG] = { do_add_mem_reg, sizeof(struct vu_one_region), 1,
			     BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) },
	[VU_REM_MEM_REG] = { do_rem_mem_reg, sizeof(struct vu_one_region), ANY_FDS,
			     BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) },
	[VU_SET_STATUS] = { do_set_status, U64, 0, BIT(VU_PROTOCOL_F_STATUS) },
	[VU_GET_STATUS] = { do_get_status, 0, 0, BIT(VU_PROTOCOL_F_STATUS) },
};

static enum outcome run(struct vhost_user *vu, struct vu_message *m)
{
	const struct handler *handler;

	if (m->header.request >= VU_REQUEST_COUNT || !handlers[m->header.request].run)
		return violation(m, "not a request we know");
	handler = &handlers[m->header.request];
	if (handler->needs && !(vu->protocol_features & handler->needs))
		return violation(m, "it belongs to a feature that was not accepted");
	if (handler->size != ANY_SIZE && m->header.size != handler->size)
		return violation(m, "wrong size");
	if (handler->fds != ANY_FDS && m->fd_count != (unsigned int)handler->fds)
		return violation(m, "wrong number of file descriptors");
	return handler->run(vu, m);
}

static int answer(struct vhost_user *vu, struct vu_message *m)
{
	bool wants_reply = m->header.flags & VU_NEED_REPLY;
	enum outcome outcome = run(vu, m);
	int err = 0;

	log_msg(LOG_DEBUG, "%s: %u bytes, %u descriptors: %s", vu_request_name(m->header.request),
		m->header.size, m->fd_count,
		outcome == DONE	  ? "done" :
		outcome == ANSWER ? "answered" :
		outcome == REFUSE ? "refused" :
				    "not allowed");
	if (outcome == VIOLATE)
		return -EPROTO;
	if (outcome != ANSWER) {
		/* In the set of SET_PROTOCOL_FEATURES itself it counts already. */
		if (!wants_reply || !(vu->protocol_features & BIT(VU_PROTOCOL_F_REPLY_ACK)))
			return 0;
		answer_u64(m, outcome == REFUSE);
	}
	err = vu_reply(vu->socket, m);
	if (err == -ENOBUFS)
		log_limited(LOG_WARN, "front end does not read its replies");
	return err;
}

/* ---- the connection ------------------------------------------------------------------- */

void vhost_user_begin(struct vhost_user *vu, struct backend *backend, int socket)
{
	*vu = (struct vhost_user){ .backend = backend, .socket = socket, .backend_socket = -1 };
}

void vhost_user_end(struct vhost_user *vu)
{
	if (vu->socket < 0)
		return;
	vu_read_next(&vu->reader);
	backend_reset(vu->backend);
	close_fd(&vu->backend_socket);
	close_fd(&vu->socket);
}

int vhost_user_input(struct vhost_user *vu)
{
	unsigned int i;
	int ret = 0;

	/* A front end that never ceases to send must not keep us from our signals. */
	for (i = 0; i < MESSAGES_AT_ONCE; i++) {
		ret = vu_read(&vu->reader, vu->socket);
		if (ret == -EPROTO)
			log_limited(LOG_WARN, "front end sent what is no vhost-user message");
		if (ret <= 0)
			return ret;
		ret = answer(vu, &vu->reader.message);
		vu_read_next(&vu->reader);
		if (ret < 0)
			return ret;
	}
	return 0;
}
