/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sequence.c - the order in which front ends send their messages, as recorded
 * from QEMU 11.1 (vhost-user-test-device-pci) and User-mode Linux 6.1.
 */
#include "tests/wire/front.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIT(n) (1ull << (n))

/* QEMU's device status bit for DRIVER_OK is 4; it only ever sends this. */
#define QEMU_STATUS 0x8

static uint64_t wanted_features(const struct front *front)
{
	uint64_t features = BIT(VIRTIO_F_VERSION_1);

	if (front->options.style != FRONT_BARE)
		features |= BIT(VU_F_PROTOCOL_FEATURES);
	if (!front->options.no_event_idx)
		features |= BIT(VIRTIO_RING_F_EVENT_IDX);
	if (!front->options.no_indirect)
		features |= BIT(VIRTIO_RING_F_INDIRECT_DESC);
	return features;
}

static uint64_t wanted_protocol_features(const struct front *front)
{
	uint64_t uml = BIT(VU_PROTOCOL_F_REPLY_ACK) | BIT(VU_PROTOCOL_F_BACKEND_REQ) |
		       BIT(VU_PROTOCOL_F_CONFIG);

	if (front->options.style == FRONT_UML)
		return uml;
	return uml | BIT(VU_PROTOCOL_F_MQ) | BIT(VU_PROTOCOL_F_LOG_SHMFD) |
	       BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) | BIT(VU_PROTOCOL_F_STATUS) |
	       BIT(VU_PROTOCOL_F_RESET_DEVICE);
}

/* GET_FEATURES; everything that we want must be there. */
static int get_features(struct front *front)
{
	uint64_t offered;
	int err;

	err = front_get_u64(front, VU_GET_FEATURES, &offered);
	if (err)
		return err;
	front->features = wanted_features(front);
	return front->features & ~offered ? -ENOTSUP : 0;
}

static int set_protocol_features(struct front *front)
{
	uint64_t wanted = wanted_protocol_features(front);
	uint64_t offered;
	int err;

	err = front_get_u64(front, VU_GET_PROTOCOL_FEATURES, &offered);
	if (err)
		return err;
	if (wanted & ~offered)
		return -ENOTSUP;
	/* User-mode Linux asks for an acknowledgement in this very message. */
	if (front->options.style == FRONT_UML)
		front->protocol_features = wanted;
	err = front_set_u64(front, VU_SET_PROTOCOL_FEATURES, wanted);
	front->protocol_features = wanted;
	return err;
}

int front_set_channel(struct front *front)
{
	int fds[2];
	int err;

	if (front->options.style == FRONT_UML
		? pipe2(fds, O_CLOEXEC | O_NONBLOCK)
		: socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	err = front_set(front, VU_SET_BACKEND_REQ_FD, NULL, 0, fds[1]);
	close(fds[1]);
	if (front->backend_socket >= 0)
		close(front->backend_socket);
	front->backend_socket = fds[0];
	return err;
}

static int set_vring_fd(struct front_queue *queue, uint32_t request, int fd)
{
	uint64_t index = queue->index;

	if (fd < 0)
		index |= VU_VRING_NO_FD;
	return front_set(queue->front, request, &index, sizeof(index), fd);
}

static int negotiate_qemu(struct front *front)
{
	uint64_t slots;
	unsigned int i;
	int err;

	err = get_features(front);
	if (!err)
		err = set_protocol_features(front);
	if (!err)
		err = front_get_u64(front, VU_GET_QUEUE_NUM, &front->device_queues);
	if (!err && front->device_queues < front->options.queues)
		err = -ENOTSUP;
	if (!err)
		err = front_get_u64(front, VU_GET_MAX_MEM_SLOTS, &slots);
	if (!err && slots < front->options.regions)
		err = -ENOTSUP;
	if (!err)
		err = front_set_channel(front);
	if (!err)
		err = front_set(front, VU_SET_OWNER, NULL, 0, -1);
	if (!err)
		err = get_features(front);
	for (i = 0; !err && i < front->options.queues; i++) {
		err =
		    set_vring_fd(&front->queue[i], VU_SET_VRING_CALL, front->queue[i].call_device);
		if (!err)
			err = set_vring_fd(&front->queue[i], VU_SET_VRING_ERR,
					   front->queue[i].err_fd);
	}
	/* QEMU reads the whole space. */
	if (!err)
		err = front_read_config(front, 0, sizeof(front->config), &front->config);
	return err;
}

static int negotiate_uml(struct front *front)
{
	int err;

	err = front_set(front, VU_SET_OWNER, NULL, 0, -1);
	if (!err)
		err = get_features(front);
	if (!err)
		err = set_protocol_features(front);
	if (!err)
		err = front_set_channel(front);
	/* It reads from 0 to the end of each field that the driver wants; the last is all. */
	if (!err)
		err = front_read_config(front, 0, offsetof(struct vcd_config, max_request),
					&front->config);
	if (!err)
		err = front_read_config(front, 0, sizeof(front->config), &front->config);
	front->device_queues = front->config.num_queues;
	if (!err && front->device_queues < front->options.queues)
		err = -ENOTSUP;
	return err;
}

static int negotiate_bare(struct front *front)
{
	int err;

	err = front_set(front, VU_SET_OWNER, NULL, 0, -1);
	if (!err)
		err = get_features(front);
	return err;
}

int front_negotiate(struct front *front)
{
	switch (front->options.style) {
	case FRONT_QEMU:
		return negotiate_qemu(front);
	case FRONT_UML:
		return negotiate_uml(front);
	case FRONT_BARE:
		return negotiate_bare(front);
	}
	return -EINVAL;
}

static struct vu_region describe(const struct front *front, unsigned int i)
{
	return (struct vu_region){
	    .guest_addr = front->region[i].gpa,
	    .size = front->region[i].size,
	    .user_addr = (uint64_t)(uintptr_t)front_region_at(front, i),
	    .mmap_offset = front->region[i].offset,
	};
}

static int add_regions(struct front *front)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < front->options.regions; i++) {
		const struct vu_one_region one = {.region = describe(front, i)};

		err = front_set(front, VU_ADD_MEM_REG, &one, sizeof(one), front->memfd);
	}
	return err;
}

static int set_table(struct front *front)
{
	bool ack = front->protocol_features & BIT(VU_PROTOCOL_F_REPLY_ACK);
	struct vu_memory table = {.count = front->options.regions};
	uint32_t room = front->options.style == FRONT_UML ? 2 : table.count;
	uint32_t size =
	    (uint32_t)(offsetof(struct vu_memory, regions) + room * sizeof(table.regions[0]));
	int fds[FRONT_MAX_REGIONS];
	struct vu_message reply;
	unsigned int i;
	int err;

	for (i = 0; i < table.count; i++) {
		table.regions[i] = describe(front, i);
		fds[i] = front->memfd;
	}
	err = front_send(front, VU_SET_MEM_TABLE, ack ? VU_NEED_REPLY : 0, &table, size, fds,
			 table.count);
	if (err || !ack)
		return err;
	err = front_receive(front, &reply);
	return err ? err : reply.payload.u64 ? -EREMOTEIO : 0;
}

int front_share_memory(struct front *front)
{
	int err;

	err = front->protocol_features & BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) ? add_regions(front)
										: set_table(front);
	front->memory_shared = !err;
	return err;
}

static int set_addresses(struct front_queue *queue)
{
	const struct vu_vring_addr addr = {
	    .index = queue->index,
	    .desc_user = (uint64_t)(uintptr_t)queue->desc,
	    .avail_user = (uint64_t)(uintptr_t)queue->avail,
	    .used_user = (uint64_t)(uintptr_t)queue->used,
	};

	return front_set(queue->front, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1);
}

int front_start_queue(struct front_queue *queue)
{
	struct front *front = queue->front;
	bool uml = front->options.style == FRONT_UML;
	int err = 0;

	front_queue_clear(queue);
	if (uml)
		err = set_vring_fd(queue, VU_SET_VRING_CALL, queue->call_device);
	if (!err)
		err = front_set_state(front, VU_SET_VRING_NUM, queue->index, queue->num);
	if (!err)
		err = front_set_state(front, VU_SET_VRING_BASE, queue->index, 0);
	if (!err)
		err = set_addresses(queue);
	/* QEMU's is readable at once. */
	if (!uml)
		front_queue_signal(queue);
	if (!err)
		err = set_vring_fd(queue, VU_SET_VRING_KICK, queue->kick_fd);
	if (!err && !uml)
		err = set_vring_fd(queue, VU_SET_VRING_CALL, queue->call_device);
	queue->started = !err;
	return err;
}

int front_enable_queue(struct front_queue *queue, bool enable)
{
	return front_set_state(queue->front, VU_SET_VRING_ENABLE, queue->index, enable);
}

static int start_qemu(struct front *front)
{
	uint64_t status;
	unsigned int i;
	int err;

	err = front_set_u64(front, VU_SET_FEATURES, front->features);
	if (!err)
		err = front_get_u64(front, VU_GET_STATUS, &status);
	if (!err)
		err = front_set_u64(front, VU_SET_STATUS, QEMU_STATUS);
	if (!err && !front->memory_shared)
		err = front_share_memory(front);
	for (i = 0; !err && i < front->options.queues; i++)
		err = front_start_queue(&front->queue[i]);
	/* All that the device has, set up or not. */
	for (i = 0; !err && i < front->device_queues; i++)
		err = front_set_state(front, VU_SET_VRING_ENABLE, i, 1);
	for (i = 0; !err && i < front->options.queues; i++)
		err =
		    set_vring_fd(&front->queue[i], VU_SET_VRING_CALL, front->queue[i].call_device);
	return err;
}

static int start_uml(struct front *front)
{
	unsigned int i;
	int err;

	err = front_set_u64(front, VU_SET_FEATURES, front->features);
	if (!err)
		err = front_share_memory(front);
	for (i = 0; !err && i < front->options.queues; i++) {
		err = front_start_queue(&front->queue[i]);
		if (!err)
			err = front_enable_queue(&front->queue[i], true);
	}
	return err;
}

static int start_bare(struct front *front)
{
	unsigned int i;
	int err;

	err = front_set_u64(front, VU_SET_FEATURES, front->features);
	if (!err)
		err = front_share_memory(front);
	for (i = 0; !err && i < front->options.queues; i++)
		err = front_start_queue(&front->queue[i]);
	return err;
}

int front_start(struct front *front)
{
	int err = 0;

	if (!front->features)
		err = front_negotiate(front);
	if (err)
		return err;
	switch (front->options.style) {
	case FRONT_QEMU:
		return start_qemu(front);
	case FRONT_UML:
		return start_uml(front);
	case FRONT_BARE:
		return start_bare(front);
	}
	return -EINVAL;
}

static int get_base(struct front_queue *queue)
{
	const struct vu_vring_state state = {.index = queue->index};
	struct vu_message reply;
	int err;

	err = front_call(queue->front, VU_GET_VRING_BASE, &state, sizeof(state), &reply);
	if (!err &&
	    (reply.header.size != sizeof(state) || reply.payload.state.index != queue->index))
		err = -EPROTO;
	return err;
}

int front_stop(struct front *front)
{
	uint64_t features;
	unsigned int i;
	int err = 0;

	if (front->options.style == FRONT_QEMU)
		for (i = 0; !err && i < front->device_queues; i++)
			err = front_set_state(front, VU_SET_VRING_ENABLE, i, 0);
	if (front->options.style == FRONT_UML) {
		for (i = front->options.queues; !err && i > 0; i--)
			err = front_enable_queue(&front->queue[i - 1], false);
		/* A barrier. */
		return err ? err : front_get_u64(front, VU_GET_FEATURES, &features);
	}
	for (i = 0; !err && i < front->options.queues; i++)
		if (front->queue[i].started)
			err = get_base(&front->queue[i]);
	return err;
}

int front_restart(struct front *front)
{
	int err = front_stop(front);

	return err ? err : front_start(front);
}
