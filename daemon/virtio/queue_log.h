/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue_log.h - what a queue writes to guest memory, noted in the log of dirty pages (dirty_log.h).
 */
#ifndef VCD_DAEMON_VIRTIO_QUEUE_LOG_H
#define VCD_DAEMON_VIRTIO_QUEUE_LOG_H

#include "daemon/virtio/dirty_log.h"
#include "daemon/virtio/queue.h"

/*
 * All of them need memory->log, except queue_log_index(), which asks for it. The queue is locked, and
 * its rings were located.
 */

/** queue_log_covers - whether all that the queue and its requests can write to has a bit. */
bool queue_log_covers(const struct queue *queue, const struct memory *memory);

/** queue_log_armed - the device asked for a kick: avail_event was written, or the flags. */
void queue_log_armed(const struct queue *queue, const struct memory *memory);

/** queue_log_batch - all that the batch, the last one taken from the ring, may have written. */
void queue_log_batch(const struct queue *queue, const struct memory *memory,
		     const struct queue_batch *batch);

/** queue_log_writable - all of @count iovecs. */
void queue_log_writable(const struct memory *memory, const struct iovec *iov, unsigned int count);

/** queue_log_head - queue_log_index() when there is a log. */
void __attribute__((cold)) queue_log_head(const struct queue *queue, const struct memory *memory);

/** queue_log_index - the flags or the index of the used ring were written. */
static inline void queue_log_index(const struct queue *queue, const struct memory *memory)
{
	if (memory->log)
		queue_log_head(queue, memory);
}

#endif /* VCD_DAEMON_VIRTIO_QUEUE_LOG_H */
