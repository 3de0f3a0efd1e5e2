/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.h - one split virtqueue.
 */
#ifndef VCD_DAEMON_VIRTIO_QUEUE_H
#define VCD_DAEMON_VIRTIO_QUEUE_H

#include <linux/virtio_ring.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/virtio/batch_policy.h"
#include "daemon/virtio/chain.h"
#include "daemon/recovery/ledger.h"
#include "daemon/virtio/memory.h"
#include "daemon/virtio/prefetch.h"
#include "daemon/virtio/undo.h"
#include "device/device.h"

/** Entries of a queue: a power of two up to this. */
#define QUEUE_MAX_NUM 32768u

/** iovecs that a batch can have in all; the last chain begins at or before half. */
#define QUEUE_BATCH_IOVS (4 * CHAIN_ROOM(VDEV_DEFAULT_MAX_SEGMENTS))

/**
 * struct queue_batch - what a serving thread needs to carry out a batch.
 * @n: requests in it
 * @heads: their chains' heads, for the used ring
 * @requests: the requests
 * @list: pointers to them
 * @iov: iovecs of all of them
 * @iov_used: of these in use
 * @bytes: descriptor bytes of all of them
 * @lanes: requests that the engine works on at a time
 * @limited: it may have what follows, and no more (rate_limits.h)
 * @ops_left: requests that are paid for, this batch's and those of the batches that follow
 * @cost_left: bytes that are paid for, as vdev_cost() counts them
 * @wants: the largest cost of a request that was not paid for; the thread clears it
 * @undo: where input is saved that the batch overwrites; without a thread: nowhere
 */
struct queue_batch {
	unsigned int n;
	uint16_t heads[VDEV_BATCH_MAX];
	struct vdev_request requests[VDEV_BATCH_MAX];
	struct vdev_request *list[VDEV_BATCH_MAX];
	struct iovec iov[QUEUE_BATCH_IOVS];
	unsigned int iov_used;
	uint64_t bytes;
	unsigned int lanes;
	bool limited;
	uint64_t ops_left;
	uint64_t cost_left;
	uint64_t wants;
	struct undo undo;
};

/**
 * struct queue - one queue. Everything but @index and the locks is under @lock.
 * @turnstile: taken before @lock, see queue.c
 * @lock: held by the serving thread for one batch, by the control thread to change the queue
 * @ledger: position and counters, where the next worker finds them
 * @slow: its requests wait for the key service: a batch has all that there are
 * @token: of the request at position 0, see vdev_set_token(); each worker has the same
 *
 * Set by the front end:
 *
 * @desc_user: the front end's address of the descriptor table
 * @placed: the three addresses were given
 * @log_ring: writes to the used ring are to be noted in the log as if it lay at @log_guest
 * @log_guest: guest-physical address; the front end's word for it
 * @enabled: by SET_VRING_ENABLE
 * @kick_fd: eventfd that the driver signals, -1: the queue is stopped
 * @call_fd: signalled when the driver wants it, or -1
 * @err_fd: signalled when the ring is broken, or -1
 *
 * What follows from that, by queue_update():
 *
 * @broken: the guest corrupted the ring; cleared when the queue is stopped
 * @active: it is served; also read without the lock, as a hint
 * @event_idx: VIRTIO_RING_F_EVENT_IDX was negotiated
 * @desc: the rings, when active
 *
 * Private to the serving thread while the queue is active:
 *
 * @next: next entry of the available ring; between batches of the used ring, too
 * @signalled: @next when it was last decided whether to signal
 * @signalled_valid: @signalled was set
 * @armed: the driver will kick for its next entry
 * @call_missed: a signal was due while there was no call_fd
 * @careful: a worker died in a batch that began here: one request at a time
 * @region: index of the region of guest memory that was used last
 */
struct queue {
	unsigned int index;
	pthread_mutex_t turnstile;
	pthread_mutex_t lock;
	struct ledger_queue *ledger;
	bool slow;
	uint64_t token;

	uint32_t num;
	uint64_t desc_user;
	uint64_t avail_user;
	uint64_t used_user;
	bool placed;
	bool log_ring;
	uint64_t log_guest;
	bool enabled;
	int kick_fd;
	int call_fd;
	int err_fd;

	bool broken;
	bool active;
	bool event_idx;
	const struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;

	uint16_t next;
	uint16_t signalled;
	bool signalled_valid;
	bool armed;
	bool call_missed;
	bool careful;
	unsigned int region;
	struct batch_policy policy;
	struct prefetch prefetch;
};

/** queue_init - make a stopped queue. @ledger outlives it. */
void queue_init(struct queue *queue, unsigned int index, struct ledger_queue *ledger);

/** queue_destroy - close what it has. No thread may use it any more. */
void queue_destroy(struct queue *queue);

/** queue_lock - for both kinds of threads; a control thread that waits goes next. */
void queue_lock(struct queue *queue);

/**
 * queue_hold - have no batch begin until queue_lock_held().
 *
 * To lock several queues, first all are held, in order of their index, then all are locked. So the
 * caller waits for the outstanding batches of that time, in parallel, and for no other.
 */
void queue_hold(struct queue *queue);

/** queue_lock_held - lock a queue that was held. */
void queue_lock_held(struct queue *queue);

/** queue_unlock - undo queue_lock(). */
void queue_unlock(struct queue *queue);

/**
 * queue_update - begin, go on or cease to serve the queue, as its state says.
 * @queue: queue, locked
 * @memory: the memory map of now
 * @features: virtio features that the driver accepted
 *
 * To be called after any change of the state, of the memory map or features.
 *
 * Return: 0, or -EFAULT, -EINVAL, -ENOSPC: the queue should be served, but its rings are
 * not in guest memory, or not aligned, or the log of dirty pages is too small for the memory map.
 */
int queue_update(struct queue *queue, const struct memory *memory, uint64_t features);

/**
 * queue_stop - stop the queue (locked) and forget that it was broken.
 *
 * Return: the index at which the driver's next request will be.
 */
uint16_t queue_stop(struct queue *queue);

/** queue_set_base - say where in the available ring the driver's next request is (locked). */
void queue_set_base(struct queue *queue, uint16_t index);

/**
 * queue_resume - take over the position of a dead worker (locked); queue_update() follows.
 * @queue: queue
 * @memory: the memory map of now; what the dead worker may have written is noted in its log
 *
 * A queue at whose position workers keep dying is broken.
 */
void queue_resume(struct queue *queue, const struct memory *memory);

/** queue_reset - stop it (locked), close its descriptors, forget all settings. */
void queue_reset(struct queue *queue);

/**
 * queue_set_call - change the descriptor to signal (locked).
 * @queue: queue
 * @fd: taken over; -1: none
 *
 * A signal that was due in the meantime is made up for.
 */
void queue_set_call(struct queue *queue, int fd);

/**
 * enum queue_result - what queue_process() found.
 * @QUEUE_SLEEPING: nothing to do, and the driver will kick when that changes
 * @QUEUE_EMPTY: nothing to do now; the driver need not kick. Look again
 * @QUEUE_MORE: there is, or may be, more to do
 * @QUEUE_LOST: guest memory was lost and the queue has stopped; so must all others
 */
enum queue_result {
	QUEUE_SLEEPING,
	QUEUE_EMPTY,
	QUEUE_MORE,
	QUEUE_LOST,
};

/** enum queue_when_empty - QUEUE_ARM: ask the driver for a kick; QUEUE_LEAVE: it is polled. */
enum queue_when_empty {
	QUEUE_LEAVE,
	QUEUE_ARM,
};

/**
 * queue_process - carry out at most one batch of the queue's requests.
 * @queue: queue, not locked
 * @device: device that executes
 * @thread: number of the calling thread
 * @memory: guest memory; used under the queue's lock
 * @batch: the thread's
 * @when_empty: what to do when nothing is left
 */
enum queue_result queue_process(struct queue *queue, struct vdev *device, unsigned int thread,
				const struct memory *memory, struct queue_batch *batch,
				enum queue_when_empty when_empty);

#endif /* VCD_DAEMON_VIRTIO_QUEUE_H */
