/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.h - the virtqueues, and how much of them one process may have.
 *
 * See queue.c and share.c.
 */
#ifndef VCD_GUEST_QUEUE_H
#define VCD_GUEST_QUEUE_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio.h>

struct vcd_device;
struct vcd_req_ctx;

/**
 * struct vcd_queue_stats - what happened on a queue since the device was bound
 * @requests: put into the ring
 * @bytes: of data they had, the larger direction of each
 * @kicks: times the device was notified
 * @polled: requests that came back while their owner polled
 * @slept: requests that came back while their owner slept, did not wait, or had left
 * @timeouts: callers that left after timeout_ms
 * @share_waits: requests that waited because their process had its share
 * @room_waits: requests that waited because the ring was full
 * @in_flight: requests in the ring
 */
struct vcd_queue_stats {
	u64 requests;
	u64 bytes;
	u64 kicks;
	u64 polled;
	u64 slept;
	u64 timeouts;
	u64 share_waits;
	u64 room_waits;
	unsigned int in_flight;
};

/**
 * struct vcd_queue - one virtqueue
 * @dev: device it belongs to
 * @lock: protects everything below and every use of @vq
 * @vq: the virtqueue; NULL when the device is gone or frozen
 * @size: descriptors of the ring
 * @sleepers: requests in the ring whose owner sleeps, or has left: while there
 *	are any, the device must interrupt
 * @progress: counts times the device gave something back
 * @turns: callers waiting for free descriptors, first come first served
 * @misses: polls in a row that did not pay, see queue.c
 * @skip: callers that sleep at once before the next one polls again
 * @stats: counters
 */
struct vcd_queue {
	struct vcd_device *dev;
	spinlock_t lock; /* ring and counters */
	struct virtqueue *vq;
	unsigned int size;
	unsigned int sleepers;
	unsigned int progress;
	struct list_head turns;
	unsigned int misses;
	unsigned int skip;
	struct vcd_queue_stats stats;
} ____cacheline_aligned_in_smp;

/**
 * struct vcd_use - what a process has of one queue; under that queue's lock
 * @requests: admitted and not back
 * @bytes: of data they have
 * @turns: requests that wait for these
 */
struct vcd_use {
	unsigned int requests;
	u64 bytes;
	struct list_head turns;
};

/**
 * struct vcd_share - a process that has the device open, see share.c
 * @ref: its files, their sessions, their requests
 * @list: in the device's shares
 * @dev: device
 * @tgid: the process; NULL: the driver itself
 * @sessions: that the process has, those included that are about to be destroyed
 * @num: entries of @use
 * @use: by queue
 */
struct vcd_share {
	struct kref ref;
	struct list_head list;
	struct vcd_device *dev;
	struct pid *tgid;
	atomic_t sessions;
	unsigned int num;
	struct vcd_use use[];
};

/**
 * struct vcd_turn - a caller that waits to put its request into a ring
 * @list: in queue->turns, or in the turns of its process; under queue->lock
 * @go: it is its turn, or may be
 * @req: the request
 */
struct vcd_turn {
	struct list_head list;
	struct completion go;
	struct vcd_req_ctx *req;
};

/* queue.c */
int vcd_queues_init(struct vcd_device *dev);
void vcd_queues_stop(struct vcd_device *dev);
struct vcd_queue *vcd_queue_here(struct vcd_device *dev);
int vcd_queue_submit(struct vcd_queue *queue, struct vcd_req_ctx *req);
void vcd_queue_kick(struct vcd_queue *queue);
bool vcd_queue_forget(struct vcd_req_ctx *req);
int vcd_queue_wait(struct vcd_req_ctx *req);

/* share.c */
struct vcd_share *vcd_share_own(struct vcd_device *dev);
struct vcd_share *vcd_share_find(struct vcd_device *dev);
struct vcd_share *vcd_share_get(struct vcd_share *share);
void vcd_share_put(struct vcd_share *share);
bool vcd_share_add_session(struct vcd_share *share);
void vcd_share_end_session(struct vcd_share *share);
bool vcd_share_admit(struct vcd_queue *queue, struct vcd_req_ctx *req);
struct list_head *vcd_share_line(struct vcd_queue *queue,
				 struct vcd_req_ctx *req);
void vcd_share_leave(struct vcd_queue *queue, struct vcd_req_ctx *req);

#endif /* VCD_GUEST_QUEUE_H */
