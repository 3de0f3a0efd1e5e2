/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue_log.c - what a queue writes, noted in the log of dirty pages. See queue_log.h. */
#include "daemon/virtio/queue_log.h"

#include <stddef.h>

/* The front end may say where the used ring lies; otherwise it is looked up. */
static void log_used(const struct queue *queue, const struct memory *memory, const void *at,
		     size_t len)
{
	if (queue->log_ring)
		dirty_log_mark(memory->log,
			       queue->log_guest + ((uintptr_t)at - (uintptr_t)queue->used), len);
	else
		dirty_log_note(memory, at, len);
}

bool queue_log_covers(const struct queue *queue, const struct memory *memory)
{
	const uint64_t used = offsetof(struct vring_used, ring) +
			      (uint64_t)queue->num * sizeof(struct vring_used_elem) +
			      sizeof(__virtio16);

	return dirty_log_covers_all(memory->log, memory) &&
	       (!queue->log_ring || dirty_log_covers(memory->log, queue->log_guest, used));
}

void queue_log_head(const struct queue *queue, const struct memory *memory)
{
	log_used(queue, memory, queue->used, offsetof(struct vring_used, ring));
}

void queue_log_armed(const struct queue *queue, const struct memory *memory)
{
	if (queue->event_idx)
		log_used(queue, memory, &queue->used->ring[queue->num], sizeof(__virtio16));
	else
		queue_log_head(queue, memory);
}

void queue_log_writable(const struct memory *memory, const struct iovec *iov, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		dirty_log_note(memory, iov[i].iov_base, iov[i].iov_len);
}

void queue_log_batch(const struct queue *queue, const struct memory *memory,
		     const struct queue_batch *batch)
{
	unsigned int entry = queue->next - batch->n;

	for (unsigned int i = 0; i < batch->n; i++, entry++) {
		const struct vdev_request *request = &batch->requests[i];

		queue_log_writable(memory, request->out, request->out_count);
		log_used(queue, memory, &queue->used->ring[entry & (queue->num - 1)],
			 sizeof(queue->used->ring[0]));
	}
}
