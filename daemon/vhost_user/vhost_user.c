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
 *     VIOLATE  the front end broke the protocol; the supervisor ends its connection
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
#include "daemon/vhost_user/vhost_user.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "daemon/vhost_user/handlers.h"
#include "daemon/vhost_user/channel.h"
#include "common/log.h"
#include "common/util.h"

#define BIT(n) (1ull << (n))

/* And those of the device: vdev_features(). */
#define OUR_FEATURES                                                                               \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VU_F_PROTOCOL_FEATURES) | BIT(VU_F_LOG_ALL) |               \
	 BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX))

/* BACKEND_REQ is the supervisor's: its channel does not come to us (supervisor/front_end.c). */
#define OUR_PROTOCOL_FEATURES                                                                      \
	(BIT(VU_PROTOCOL_F_MQ) | BIT(VU_PROTOCOL_F_LOG_SHMFD) | BIT(VU_PROTOCOL_F_REPLY_ACK) |     \
	 BIT(VU_PROTOCOL_F_BACKEND_REQ) | BIT(VU_PROTOCOL_F_CONFIG) |                              \
	 BIT(VU_PROTOCOL_F_RESET_DEVICE) | BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) |                \
	 BIT(VU_PROTOCOL_F_STATUS))

/* Messages answered before the caller gets to look at its other descriptors. */
#define MESSAGES_AT_ONCE 64

/* ---- features and the like ------------------------------------------------------------ */

static enum outcome do_get_features(struct vhost_user *vu, struct vu_message *m)
{
	return vu_answer_u64(m, OUR_FEATURES | vdev_features(vu->vm->device));
}

static enum outcome do_set_features(struct vhost_user *vu, struct vu_message *m)
{
	uint64_t features = m->payload.u64;
	unsigned int i;

	if (features & ~(OUR_FEATURES | vdev_features(vu->vm->device)))
		return vu_violation(m, VU_VIOLATION_FEATURES_NOT_OFFERED);
	if (!(features & BIT(VIRTIO_F_VERSION_1)))
		log_limited(LOG_WARN,
			    "the driver does not accept VIRTIO_F_VERSION_1: queues will not start");
	if (!(features & BIT(VU_F_PROTOCOL_FEATURES))) {
		/* Then there is no SET_VRING_ENABLE, and queues are enabled from the start. */
		for (i = 0; i < vu->vm->num_queues; i++) {
			vm_lock_queue(vu->vm, &vu->vm->queues[i]);
			vu->vm->queues[i].enabled = true;
			queue_unlock(&vu->vm->queues[i]);
		}
	}
	vm_set_features(vu->vm, features);
	return DONE;
}

static enum outcome do_nothing(struct vhost_user *vu, struct vu_message *m)
{
	return DONE;
}

static enum outcome do_get_protocol_features(struct vhost_user *vu, struct vu_message *m)
{
	return vu_answer_u64(m, OUR_PROTOCOL_FEATURES);
}

static enum outcome do_set_protocol_features(struct vhost_user *vu, struct vu_message *m)
{
	if (m->payload.u64 & ~OUR_PROTOCOL_FEATURES)
		return vu_violation(m, VU_VIOLATION_PROTOCOL_FEATURES_NOT_OFFERED);
	vu->protocol_features = m->payload.u64;
	return DONE;
}

static enum outcome do_get_queue_num(struct vhost_user *vu, struct vu_message *m)
{
	return vu_answer_u64(m, vu->vm->num_queues);
}

static enum outcome do_reset_device(struct vhost_user *vu, struct vu_message *m)
{
	struct vm *vm = vu->vm;
	unsigned int i;

	for (i = 0; i < vm->num_queues; i++) {
		struct queue *queue = &vm->queues[i];

		vm_lock_queue(vu->vm, queue);
		vu_stop_queue(vu, queue);
		queue->enabled = false;
		queue_unlock(queue);
	}
	vu->status = 0;
	vdev_reset(vm->device);
	return DONE;
}

static enum outcome do_set_status(struct vhost_user *vu, struct vu_message *m)
{
	if (m->payload.u64 > UINT8_MAX)
		return vu_violation(m, VU_VIOLATION_STATUS);
	if (m->payload.u64 == 0)
		return do_reset_device(vu, m);
	vu->status = (uint8_t)m->payload.u64;
	return DONE;
}

static enum outcome do_get_status(struct vhost_user *vu, struct vu_message *m)
{
	return vu_answer_u64(m, vu->status);
}

/* ---- config space --------------------------------------------------------------------- */

static enum outcome do_get_config(struct vhost_user *vu, struct vu_message *m)
{
	struct vu_config *c = &m->payload.config;
	uint8_t space[VU_MAX_CONFIG] = {0};
	struct vcd_config config;

	static_assert(sizeof(config) <= sizeof(space), "config space");
	if (c->size > sizeof(space) || c->offset > sizeof(space) - c->size ||
	    m->header.size != offsetof(struct vu_config, data) + c->size)
		return vu_violation(m, VU_VIOLATION_CONFIG_RANGE);
	vdev_config(vu->vm->device, &config);
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
    [VU_GET_FEATURES] = {do_get_features, 0, 0, ALWAYS},
    [VU_SET_FEATURES] = {do_set_features, U64, 0, ALWAYS},
    [VU_SET_OWNER] = {do_nothing, 0, 0, ALWAYS},
    [VU_RESET_OWNER] = {do_nothing, 0, 0, ALWAYS},
    [VU_SET_MEM_TABLE] = {vu_do_set_mem_table, ANY_SIZE, ANY_FDS, ALWAYS},
    [VU_SET_LOG_BASE] = {vu_do_set_log_base, sizeof(struct vu_log), 1,
			 BIT(VU_PROTOCOL_F_LOG_SHMFD)},
    [VU_SET_LOG_FD] = {vu_do_set_log_fd, 0, 1, BIT(VU_PROTOCOL_F_LOG_SHMFD)},
    [VU_SET_VRING_NUM] = {vu_do_set_vring_num, STATE, 0, ALWAYS},
    [VU_SET_VRING_ADDR] = {vu_do_set_vring_addr, sizeof(struct vu_vring_addr), 0, ALWAYS},
    [VU_SET_VRING_BASE] = {vu_do_set_vring_base, STATE, 0, ALWAYS},
    [VU_GET_VRING_BASE] = {vu_do_get_vring_base, STATE, 0, ALWAYS},
    [VU_SET_VRING_KICK] = {vu_do_set_vring_kick, U64, ANY_FDS, ALWAYS},
    [VU_SET_VRING_CALL] = {vu_do_set_vring_signal, U64, ANY_FDS, ALWAYS},
    [VU_SET_VRING_ERR] = {vu_do_set_vring_signal, U64, ANY_FDS, ALWAYS},
    [VU_GET_PROTOCOL_FEATURES] = {do_get_protocol_features, 0, 0, ALWAYS},
    [VU_SET_PROTOCOL_FEATURES] = {do_set_protocol_features, U64, 0, ALWAYS},
    [VU_GET_QUEUE_NUM] = {do_get_queue_num, 0, 0, BIT(VU_PROTOCOL_F_MQ)},
    [VU_SET_VRING_ENABLE] = {vu_do_set_vring_enable, STATE, 0, ALWAYS},
    [VU_GET_CONFIG] = {do_get_config, ANY_SIZE, 0, BIT(VU_PROTOCOL_F_CONFIG)},
    [VU_SET_CONFIG] = {do_set_config, ANY_SIZE, 0, BIT(VU_PROTOCOL_F_CONFIG)},
    [VU_RESET_DEVICE] = {do_reset_device, 0, 0, BIT(VU_PROTOCOL_F_RESET_DEVICE)},
    [VU_GET_MAX_MEM_SLOTS] = {vu_do_get_max_mem_slots, 0, 0,
			      BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS)},
    [VU_ADD_MEM_REG] = {vu_do_add_mem_reg, sizeof(struct vu_one_region), 1,
			BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS)},
    [VU_REM_MEM_REG] = {vu_do_rem_mem_reg, sizeof(struct vu_one_region), ANY_FDS,
			BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS)},
    [VU_SET_STATUS] = {do_set_status, U64, 0, BIT(VU_PROTOCOL_F_STATUS)},
    [VU_GET_STATUS] = {do_get_status, 0, 0, BIT(VU_PROTOCOL_F_STATUS)},
};

static enum outcome run(struct vhost_user *vu, struct vu_message *m)
{
	const struct handler *handler;

	if (m->header.request >= VU_REQUEST_COUNT || !handlers[m->header.request].run)
		return vu_violation(m, VU_VIOLATION_UNKNOWN_REQUEST);
	handler = &handlers[m->header.request];
	if (handler->needs && !(vu->protocol_features & handler->needs))
		return vu_violation(m, VU_VIOLATION_FEATURE_NOT_ACCEPTED);
	if (handler->size != ANY_SIZE && m->header.size != handler->size)
		return vu_violation(m, VU_VIOLATION_WRONG_SIZE);
	if (handler->fds != ANY_FDS && m->fd_count != (unsigned int)handler->fds)
		return vu_violation(m, VU_VIOLATION_WRONG_FDS);
	return handler->run(vu, m);
}

static int answer(struct vhost_user *vu, struct vu_message *m)
{
	bool wants_reply = m->header.flags & VU_NEED_REPLY;
	bool private = channel_is_request(m);
	enum outcome outcome = private ? vu_run_supervisor_request(vu, m) : run(vu, m);

	log_msg(LOG_DEBUG, "%s: %u bytes, %u descriptors: %s", vu_request_name(m->header.request),
		m->header.size, m->fd_count,
		outcome == DONE	    ? "done"
		: outcome == ANSWER ? "answered"
		: outcome == REFUSE ? "refused"
				    : "not allowed");
	if (outcome == VIOLATE)
		return channel_tell(vu->socket, CHANNEL_VIOLATED, m->payload.u64);
	if (outcome != ANSWER) {
		/* In the set of SET_PROTOCOL_FEATURES itself it counts already. */
		if (private || !wants_reply ||
		    !(vu->protocol_features & BIT(VU_PROTOCOL_F_REPLY_ACK)))
			return channel_tell(vu->socket, CHANNEL_DONE, outcome == REFUSE);
		vu_answer_u64(m, outcome == REFUSE);
	}
	return vu_reply(vu->socket, m);
}

/* ---- the connection ------------------------------------------------------------------- */

void vhost_user_begin(struct vhost_user *vu, struct vm *vm, int socket)
{
	*vu = (struct vhost_user){.vm = vm, .socket = socket};
}

void vhost_user_end(struct vhost_user *vu)
{
	if (vu->socket < 0)
		return;
	vu_read_next(&vu->reader);
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
			log_limited(LOG_WARN, "front end sent a malformed vhost-user message");
		if (ret <= 0)
			return ret;
		ret = answer(vu, &vu->reader.message);
		vu_read_next(&vu->reader);
		if (ret < 0)
			return ret;
	}
	return 0;
}
