/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rings.c - the driver's side of split rings (virtio 1.x, 2.7).
 *
 * The device is a process that is being tested: what it writes to the used ring
 * is checked, and nothing it does makes us wait for ever.
 */
#include "tests/wire/front.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/util.h"

static bool event_idx(const struct front_queue *queue)
{
	return queue->front->features & (1ull << VIRTIO_RING_F_EVENT_IDX);
}

static bool indirect(const struct front_queue *queue)
{
	return queue->tables && (queue->front->features & (1ull << VIRTIO_RING_F_INDIRECT_DESC));
}

static uint16_t load_idx(const __virtio16 *p)
{
	return le16toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
}

static void store_idx(__virtio16 *p, uint16_t value)
{
	__atomic_store_n(p, htole16(value), __ATOMIC_RELEASE);
}

static __virtio16 *used_event(struct front_queue *queue)
{
	return &queue->avail->ring[queue->num];
}

static const __virtio16 *avail_event(const struct front_queue *queue)
{
	return (const __virtio16 *)&queue->used->ring[queue->num];
}

/* Signal path from the device: eventfd as QEMU has it, pipe as user-mode Linux has it. */
static int make_call(struct front_queue *queue)
{
	int fds[2];

	if (queue->front->options.style == FRONT_UML) {
		if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
			return -errno;
		queue->call_fd = fds[0];
		queue->call_device = fds[1];
		return 0;
	}
	queue->call_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->call_fd < 0)
		return -errno;
	queue->call_device = fcntl(queue->call_fd, F_DUPFD_CLOEXEC, 0);
	return queue->call_device < 0 ? -errno : 0;
}

int front_queue_init(struct front *front, unsigned int index)
{
	struct front_queue *queue = &front->queue[index];
	size_t num = front->options.queue_size;
	int err;

	*queue = (struct front_queue){
	    .front = front,
	    .index = index,
	    .num = (unsigned int)num,
	    .kick_fd = -1,
	    .call_fd = -1,
	    .call_device = -1,
	    .err_fd = -1,
	};
	/* Both event fields included; indirect tables only where they fit. */
	queue->desc = front_alloc(front, num * sizeof(*queue->desc));
	queue->avail = front_alloc(front, sizeof(*queue->avail) + (num + 1) * sizeof(__virtio16));
	queue->used =
	    front_alloc(front, sizeof(*queue->used) + num * sizeof(struct vring_used_elem) +
				   sizeof(__virtio16));
	if (!front->options.no_indirect)
		queue->tables = front_alloc(front, num * FRONT_TABLE * sizeof(*queue->tables));
	queue->free = calloc(num, sizeof(*queue->free));
	queue->chain = calloc(num, sizeof(*queue->chain));
	queue->token = calloc(num, sizeof(*queue->token));
	if (!queue->desc || !queue->avail || !queue->used || !queue->free || !queue->chain ||
	    !queue->token || (!queue->tables && !front->options.no_indirect))
		return -ENOMEM;

	queue->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	queue->err_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->kick_fd < 0 || queue->err_fd < 0)
		return -errno;
	err = make_call(queue);
	if (err)
		return err;
	front_queue_clear(queue);
	return 0;
}

void front_queue_destroy(struct front_queue *queue)
{
	int *fds[] = {&queue->kick_fd, &queue->call_fd, &queue->call_device, &queue->err_fd};
	size_t i;

	/* All zero when it was never made. */
	for (i = 0; queue->front && i < sizeof(fds) / sizeof(fds[0]); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	free(queue->free);
	free(queue->chain);
	free(queue->token);
	*queue = (struct front_queue){0};
}

void front_queue_clear(struct front_queue *queue)
{
	size_t num = queue->num;
	unsigned int i;

	memset(queue->desc, 0, num * sizeof(*queue->desc));
	memset(queue->avail, 0, sizeof(*queue->avail) + (num + 1) * sizeof(__virtio16));
	memset(queue->used, 0,
	       sizeof(*queue->used) + num * sizeof(struct vring_used_elem) + sizeof(__virtio16));
	memset(queue->token, 0, num * sizeof(*queue->token));
	for (i = 0; i < num; i++)
		queue->free[i] = (uint16_t)(num - 1 - i);
	queue->free_count = (unsigned int)num;
	queue->avail_idx = 0;
	queue->published = 0;
	queue->last_used = 0;
}

static void fill_desc(struct vring_desc *desc, const struct front_buf *buf, bool write)
{
	desc->addr = htole64(buf->gpa);
	desc->len = htole32(buf->len);
	desc->flags = htole16(write ? VRING_DESC_F_WRITE : 0);
	desc->next = 0;
}

/* A chain in one descriptor that names a table. */
static uint16_t add_indirect(struct front_queue *queue, const struct front_buf *bufs,
			     unsigned int in, unsigned int out)
{
	uint16_t head = queue->free[--queue->free_count];
	struct vring_desc *table = queue->tables + (size_t)head * FRONT_TABLE;
	struct front_buf self = {front_gpa(queue->front, table),
				 (in + out) * (uint32_t)sizeof(*table)};
	unsigned int i;

	for (i = 0; i < in + out; i++) {
		fill_desc(&table[i], &bufs[i], i >= in);
		if (i + 1 < in + out) {
			table[i].flags |= htole16(VRING_DESC_F_NEXT);
			table[i].next = htole16((uint16_t)(i + 1));
		}
	}
	fill_desc(&queue->desc[head], &self, false);
	queue->desc[head].flags = htole16(VRING_DESC_F_INDIRECT);
	queue->chain[head] = 1;
	return head;
}

static uint16_t add_direct(struct front_queue *queue, const struct front_buf *bufs, unsigned int in,
			   unsigned int out)
{
	uint16_t head = queue->free[queue->free_count - 1];
	uint16_t id = head;
	unsigned int i;

	for (i = 0; i < in + out; i++) {
		id = queue->free[--queue->free_count];
		fill_desc(&queue->desc[id], &bufs[i], i >= in);
		if (i + 1 < in + out) {
			queue->desc[id].flags |= htole16(VRING_DESC_F_NEXT);
			queue->desc[id].next = htole16(queue->free[queue->free_count - 1]);
		}
	}
	queue->chain[head] = (uint16_t)(in + out);
	return head;
}

int front_queue_add(struct front_queue *queue, const struct front_buf *bufs, unsigned int in,
		    unsigned int out, void *token)
{
	bool table = indirect(queue) && in + out > 1 && in + out <= FRONT_TABLE;
	uint16_t head;

	if (in + out == 0 || queue->free_count < (table ? 1 : in + out))
		return -ENOSPC;
	head = table ? add_indirect(queue, bufs, in, out) : add_direct(queue, bufs, in, out);
	queue->token[head] = token;
	front_queue_push(queue, head);
	return 0;
}

void front_queue_push(struct front_queue *queue, uint16_t head)
{
	queue->avail->ring[queue->avail_idx & (queue->num - 1)] = htole16(head);
	queue->avail_idx++;
}

void front_queue_signal(struct front_queue *queue)
{
	const uint64_t one = 1;

	if (write(queue->kick_fd, &one, sizeof(one)) == sizeof(one))
		queue->kicks++;
}

void front_queue_kick(struct front_queue *queue)
{
	uint16_t old = queue->published;
	bool wanted;

	if (queue->avail_idx == old)
		return;
	store_idx(&queue->avail->idx, queue->avail_idx);
	queue->published = queue->avail_idx;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (event_idx(queue))
		wanted = vring_need_event(load_idx(avail_event(queue)), queue->published, old);
	else
		wanted = !(load_idx(&queue->used->flags) & VRING_USED_F_NO_NOTIFY);
	if (wanted)
		front_queue_signal(queue);
}

/* Give the descriptors of a chain back. */
static void release(struct front_queue *queue, uint16_t head)
{
	uint16_t id = head;
	unsigned int n = queue->chain[head];

	while (n--) {
		queue->free[queue->free_count++] = id;
		id = le16toh(queue->desc[id].next);
	}
	queue->token[head] = NULL;
}

int front_queue_reap(struct front_queue *queue, void **token, uint32_t *len)
{
	struct vring_used_elem elem;
	uint32_t head;

	if (load_idx(&queue->used->idx) == queue->last_used)
		return 0;
	elem = queue->used->ring[queue->last_used & (queue->num - 1)];
	head = le32toh(elem.id);
	if (head >= queue->num || !queue->token[head])
		return -EPROTO;
	queue->last_used++;
	*token = queue->token[head];
	*len = le32toh(elem.len);
	/* What is free now is written next. */
	prefetch_write(&queue->desc[head]);
	if (queue->tables)
		prefetch_write(&queue->tables[(size_t)head * FRONT_TABLE]);
	release(queue, (uint16_t)head);
	return 1;
}

void front_queue_quiet(struct front_queue *queue)
{
	if (event_idx(queue))
		store_idx(used_event(queue), (uint16_t)(queue->last_used - 1));
	else
		store_idx(&queue->avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

bool front_queue_arm(struct front_queue *queue, unsigned int after)
{
	if (event_idx(queue))
		store_idx(used_event(queue), (uint16_t)(queue->last_used + after - 1));
	else
		store_idx(&queue->avail->flags, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load_idx(&queue->used->idx) != queue->last_used;
}

/* Wait for a signal and take it. */
static int wait_fd(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	uint64_t count;
	int n = poll(&pfd, 1, FRONT_TIMEOUT_MS);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ETIMEDOUT;
	/* Exactly 8 bytes each: a pipe would show anything else. */
	return read(fd, &count, sizeof(count)) == sizeof(count) ? 0 : -EPROTO;
}

int front_queue_wait(struct front_queue *queue)
{
	int err;

	while (!front_queue_arm(queue, 1)) {
		err = wait_fd(queue->call_fd);
		if (err)
			return err;
		queue->calls++;
	}
	return 0;
}

int front_queue_wait_broken(struct front_queue *queue)
{
	return wait_fd(queue->err_fd);
}
