/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.h - the core: requests, the virtqueues they go through, and shares of these.
 *
 * See queue.c, recover.c and share.c. The core knows nothing of files, tasks and users.
 */
#ifndef VCD_GUEST_QUEUE_H
#define VCD_GUEST_QUEUE_H

#include <asm/byteorder.h>
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "wire.h"

struct vcd_device;
struct vcd_key;
struct vcd_queue;
struct vcd_share;

/* Times that one request has a lost session made again before giving up. */
#define VCD_REMAKE_MAX		4

/* What the device writes to shares no cache line with what the driver does. */
#ifdef ARCH_DMA_MINALIGN
#define VCD_DMA_ALIGN max_t(size_t, L1_CACHE_BYTES, ARCH_DMA_MINALIGN)
#else
#define VCD_DMA_ALIGN ((size_t)L1_CACHE_BYTES)
#endif

/**
 * enum vcd_where - where a request is
 * @VCD_OUTSIDE: not with the core, or on its way from one place to another
 * @VCD_LINE: waits for its share or for room; under queue->lock
 * @VCD_RING: the device has it; under queue->lock
 * @VCD_LATE: the device has it, and it is done; under queue->lock
 * @VCD_KEY: waits for its session to be made; under dev->keys_lock
 * @VCD_PAUSED: the device was busy; goes back into line at @again; under queue->lock
 */
enum vcd_where {
	VCD_OUTSIDE,
	VCD_LINE,
	VCD_RING,
	VCD_LATE,
	VCD_KEY,
	VCD_PAUSED,
};

/**
 * enum vcd_req_flag - what is special about a request
 * @VCD_REQ_RUNNING: goes on with a hash that the device holds: when the session is
 *	lost it is done with -ESTALE
 * @VCD_REQ_IN_PLACE: the device may have overwritten the input: it is not sent again
 * @VCD_REQ_FIRST: goes before all others, also while they are held back
 * @VCD_REQ_PATIENT: waits in line for as long as it takes
 * @VCD_REQ_KEPT: is never done while the device has it
 * @VCD_REQ_RETRY: that the device is busy is no result: it is sent again, for as long as
 *	the device may take; done with -EIO after that. So is any request of a key by name.
 */
enum vcd_req_flag {
	VCD_REQ_RUNNING = 1,
	VCD_REQ_IN_PLACE = 2,
	VCD_REQ_FIRST = 4,
	VCD_REQ_PATIENT = 8,
	VCD_REQ_KEPT = 16,
	VCD_REQ_RETRY = 32,
};

/**
 * struct vcd_request - a request; the first member of what its owner allocates
 * @queue: queue it goes through, set by the owner; the core takes another one when its
 *	session is for the other kind of queue. Changed under the lock of the queue left.
 * @share: what it is charged to, the owner's
 * @key: its session on the device, made when it has to be; NULL: it needs none
 * @done: called once, with the final result; no lock is held, must not sleep
 * @gone: called once, after @done, when the device has no part in it any more;
 *	the core does not look at it again; no lock is held, must not sleep
 * @timeout_ms: how long the device may take; 0: vcd_timeout_ms
 * @flags: enum vcd_req_flag
 * @bytes: of data, the larger direction
 * @out_len: room for output
 * @src: data in beside @in, or NULL; with @dst the owner's until @gone
 * @dst: data out beside @out, or NULL
 * @result: the reply, for @done without an error
 * @link: in a line, in the key's, or in a list of those that are done
 * @all: in queue->all while it is in line, in the ring or paused
 * @where: enum vcd_where
 * @parts: the core's: one until @done was called, one for the device if that is later
 * @err: result if there is no reply
 * @give_up: when not 0 it must not go on to another place; under queue->lock
 * @charged: to its share; under queue->lock
 * @sleeper: nobody polls for it; under queue->lock
 * @tries: times that its session was lost
 * @pauses: times that the device was busy
 * @used: used length that the device published
 * @deadline: in jiffies
 * @again: when it goes back into line, in jiffies
 * @until: it pauses no more after that, in jiffies
 * @seq: number on its queue
 * @host_id: the device's session id it was sent with
 * @in_sg: the header and payload that lies beside it
 * @out_sg: the reply and output that lies beside it
 * @tail_sg: output after @dst
 * @in: header, then payload
 * @out: reply, then output
 * @tail: output after @dst
 * @tail_len: bytes of it
 */
struct vcd_request {
	struct vcd_queue *queue;
	struct vcd_share *share;
	struct vcd_key *key;
	void (*done)(struct vcd_request *req, int err);
	void (*gone)(struct vcd_request *req);
	u32 timeout_ms;
	u32 flags;
	u32 bytes;
	u32 out_len;
	struct scatterlist *src;
	struct scatterlist *dst;
	struct vcd_result result;
	struct list_head link;
	struct list_head all;
	enum vcd_where where;
	refcount_t parts;
	int err;
	int give_up;
	bool charged;
	bool sleeper;
	u8 tries;
	u8 pauses;
	u32 used;
	unsigned long deadline;
	unsigned long again;
	unsigned long until;
	u64 seq;
	u64 host_id;
	struct scatterlist in_sg;
	struct scatterlist out_sg;
	struct scatterlist tail_sg;
	u8 *in;
	u8 *out;
	u8 *tail;
	u32 tail_len;
};

/**
 * struct vcd_queue_stats - what happened on a queue since the device was bound
 * @requests: put into the ring
 * @bytes: of data they had, the larger direction of each
 * @kicks: times the device was notified
 * @polled: requests that came back while their owner polled
 * @slept: requests that came back while nobody polled for them
 * @timeouts: requests that were done after timeout_ms without a reply
 * @share_waits: requests that waited because their process had its share
 * @room_waits: requests that waited because the ring was full
 * @busy_waits: times that a request was paused because the device was busy
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
	u64 busy_waits;
	unsigned int in_flight;
};

/**
 * struct vcd_queue - one virtqueue
 * @dev: device it belongs to
 * @lock: protects everything below and every use of @vq
 * @vq: the virtqueue; NULL while there is none
 * @open: requests may go into the ring; else they wait in line
 * @err: when not 0 the queue is dead, and this is what requests end with
 * @size: descriptors of the ring
 * @all: requests in line, in the ring and paused
 * @line: requests that wait for room, charged to their share
 * @lined: requests in line, these and those that wait for a share
 * @sleepers: requests in the ring that nobody polls for: while there are any, the
 *	device must interrupt
 * @moved: when the device last gave something back, in jiffies
 * @watched: @watch is to run, at @watch_at
 * @watch_at: in jiffies
 * @watch: ends what is overdue, and what pauses
 * @misses: polls in a row that did not pay, see queue.c
 * @skip: callers that sleep at once before the next one polls again
 * @stats: counters
 */
struct vcd_queue {
	struct vcd_device *dev;
	spinlock_t lock; /* ring, lines and counters */
	struct virtqueue *vq;
	bool open;
	int err;
	unsigned int size;
	struct list_head all;
	struct list_head line;
	unsigned int lined;
	unsigned int sleepers;
	unsigned long moved;
	bool watched;
	unsigned long watch_at;
	struct delayed_work watch;
	unsigned int misses;
	unsigned int skip;
	struct vcd_queue_stats stats;
} ____cacheline_aligned_in_smp;

/**
 * struct vcd_use - what a process has of one queue; under that queue's lock
 * @requests: charged: in the line for room, or in the ring
 * @bytes: of data they have
 * @moved: when one of them last came back, in jiffies
 * @line: requests that wait for these
 */
struct vcd_use {
	unsigned int requests;
	u64 bytes;
	unsigned long moved;
	struct list_head line;
};

/**
 * struct vcd_share - a process that has the device open, see share.c
 * @ref: its files, their sessions, their requests
 * @list: in the device's shares
 * @dev: device
 * @tgid: the process; NULL: the driver itself
 * @sessions: that the process has, those included that are about to be destroyed
 * @named: of these, with a key by name
 * @held: bytes of memory that its asynchronous operations hold
 * @room: woken when that becomes less
 * @num: entries of @use
 * @use: by queue
 */
struct vcd_share {
	struct kref ref;
	struct list_head list;
	struct vcd_device *dev;
	struct pid *tgid;
	atomic_t sessions;
	atomic_t named;
	atomic64_t held;
	wait_queue_head_t room;
	unsigned int num;
	struct vcd_use use[];
};

/* queue.c */
void *vcd_request_alloc(size_t size, u32 in_len, u32 out_len, u32 tail_len);
void vcd_request_buffers(struct vcd_request *req, u8 *in, size_t in_size, u8 *out,
			 size_t out_size);
void vcd_submit(struct vcd_request *req, bool more);
void vcd_resubmit(struct vcd_request *req);
void vcd_end(struct vcd_request *req, int err);
void vcd_abort(struct vcd_request *req, int err);
void vcd_kick(struct vcd_queue *queue);
int vcd_wait(struct vcd_request *req, struct completion *done,
	     unsigned int state);
int vcd_judge(struct vcd_request *req);
struct vcd_queue *vcd_queue_here(struct vcd_device *dev);
struct vcd_queue *vcd_queue_slow(struct vcd_device *dev);
struct vcd_queue *vcd_queue_for(const struct vcd_key *key);
void vcd_queue_init(struct vcd_queue *queue, struct vcd_device *dev);
void vcd_queue_interrupt(struct virtqueue *vq);
void vcd_queue_open(struct vcd_queue *queue);
unsigned int vcd_queue_look(struct vcd_queue *queue);
bool vcd_queue_keeps(struct vcd_queue *queue);
void vcd_queue_empty(struct vcd_queue *queue, struct virtqueue *vq, int err);

/* share.c */
struct vcd_share *vcd_share_own(struct vcd_device *dev);
struct vcd_share *vcd_share_find(struct vcd_device *dev);
struct vcd_share *vcd_share_get(struct vcd_share *share);
void vcd_share_put(struct vcd_share *share);
bool vcd_share_add_session(struct vcd_share *share, bool named);
void vcd_share_end_session(struct vcd_share *share, bool named);
int vcd_share_hold(struct vcd_share *share, u32 bytes);
void vcd_share_let_go(struct vcd_share *share, u32 bytes);
void vcd_share_enter(struct vcd_queue *queue, struct vcd_request *req);
void vcd_share_leave(struct vcd_queue *queue, struct vcd_request *req);
unsigned long vcd_share_moved(struct vcd_queue *queue,
			      const struct vcd_request *req);

/* recover.c */
int vcd_device_start(struct vcd_device *dev);
int vcd_device_freeze(struct vcd_device *dev);
void vcd_device_stop(struct vcd_device *dev, int err);

static inline struct vcd_req *vcd_header(const struct vcd_request *req)
{
	return (struct vcd_req *)req->in;
}

/* Of no consequence: the device can write to the header. */
static inline u16 vcd_req_opcode(const struct vcd_request *req)
{
	return le16_to_cpu(vcd_header(req)->opcode);
}

#endif /* VCD_GUEST_QUEUE_H */
