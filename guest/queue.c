// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * queue.c - requests on their way: lines, ring, deadline, completion.
 *
 * Theory of operation
 *
 * The request waits, not the task. vcd_submit() never sleeps: the request goes into
 * the ring when its process has not its share of it (share.c) and there is room.
 * Else it waits in a line, first for the one, then for the other; whoever makes room
 * moves it on. If its session has to be made first, it waits for that (key.c). In
 * the end done() is called, once, with the final result and without locks.
 *
 * Who waits for a request polls the used ring first, for at most spin_us and only
 * while nothing else wants the CPU; then sleeps. Whoever looks at the used ring, be
 * it one who polls or the interrupt, completes every request found there.
 *
 * Interrupts cost more than anything else on this path (on a device with one
 * shared vector they are INTx), so the device is asked for them only while a
 * request is in the ring that nobody polls for, or one is in line.
 *
 * Polling adapts: a poll that did not pay makes the next 2, 4, ... 1024 callers
 * sleep at once; one that paid ends that. A guest whose host needs the very CPU
 * it polls on, or whose requests take long, soon stops polling.
 *
 * Queues are of two kinds. The slow ones are for what waits for the host's key service,
 * and the device may take long for it; so what goes there never stands before other
 * work. Which kind a named key's session is for, its owner need not know: the core
 * moves the request to the other kind.
 *
 * A device that is busy says so. With VCD_REQ_RETRY or a key by name that is no
 * result: the request pauses, charged to nobody, and goes into line again.
 *
 * A request has a deadline, timeout_ms after it came into the ring. In line it is
 * put off while the device gives back what the request waits for. What is overdue
 * is done with -EIO. The device may still have it: then gone() is called when it
 * gives the request back, or is reset.
 *
 * Invariants
 * - queue->vq is used under queue->lock, except by a notifier, who is in an RCU
 *   read-side section. vcd_device_stop() clears it first and waits for those.
 * - Only virtqueues that recover.c has asked for are looked at. The core's list of a
 *   device's virtqueues has others, too, whose index the host has chosen (the
 *   admin queue of virtio-pci).
 * - A request in a line, in the ring or paused is in queue->all, and is watched.
 * - req->queue of a request that others know changes under the old one's lock.
 * - queue->sleepers + queue->lined > 0 and a live ring mean callbacks are enabled.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "trace.h"

#define VCD_SKIP_MAX 1024

/* Most that a request pauses when the device is busy: 2 to this power, in ms. */
#define VCD_PAUSE_MAX 6

/**
 * vcd_request_buffers() - give a request the memory of its header and its reply
 * @req: request
 * @in: header and payload beside it
 * @in_size: bytes of these
 * @out: reply and output beside it
 * @out_size: bytes of these
 */
void vcd_request_buffers(struct vcd_request *req, u8 *in, size_t in_size, u8 *out,
			 size_t out_size)
{
	req->in = in;
	req->out = out;
	/* Never show old kernel memory if the device claims to have written. */
	memset(out, 0, out_size);
	sg_init_one(&req->in_sg, in, in_size);
	sg_init_one(&req->out_sg, out, out_size);
}

/**
 * vcd_request_alloc() - make what begins with a struct vcd_request
 * @size: bytes of it
 * @in_len: bytes of payload that will lie after the header in req->in
 * @out_len: bytes of output that will lie after the reply in req->out
 * @tail_len: bytes of output that will lie in req->tail, after req->dst
 *
 * Return: zeroed but for req->in, to be freed by kfree_sensitive(); NULL without
 * memory.
 */
void *vcd_request_alloc(size_t size, u32 in_len, u32 out_len, u32 tail_len)
{
	size_t in_at = ALIGN(size, VCD_DMA_ALIGN);
	size_t in_size = sizeof(struct vcd_req) + in_len;
	size_t out_at = ALIGN(in_at + in_size, VCD_DMA_ALIGN);
	size_t out_size = sizeof(struct vcd_reply) + out_len;
	struct vcd_request *req;

	req = kmalloc(out_at + out_size + tail_len, GFP_KERNEL_ACCOUNT);
	if (!req)
		return NULL;
	memset(req, 0, size);
	vcd_request_buffers(req, (u8 *)req + in_at, in_size, (u8 *)req + out_at,
			    out_size);
	req->out_len = out_len + tail_len;
	req->tail = req->out + out_size;
	req->tail_len = tail_len;
	memset(req->tail, 0, tail_len);
	if (tail_len)
		sg_init_one(&req->tail_sg, req->tail, tail_len);
	return req;
}

/** vcd_judge() - check the reply of a request that the device gave back */
int vcd_judge(struct vcd_request *req)
{
	struct vcd_reply reply;

	memcpy(&reply, req->out, sizeof(reply));
	return vcd_wire_reply(&reply, req->used, req->out_len, &req->result);
}

/* The core drops a part of a request. */
static void vcd_part_ends(struct vcd_request *req)
{
	if (refcount_dec_and_test(&req->parts))
		req->gone(req);
}

/** vcd_end() - a request is done; it is in no line and no list, no lock is held */
void vcd_end(struct vcd_request *req, int err)
{
	req->done(req, err);
	vcd_part_ends(req);
}

static void vcd_queue_pause(struct vcd_request *req);

/* A request came back or was given up: it is done, or waits for its session or a while. */
static void vcd_settle(struct vcd_request *req)
{
	int err = req->err ? req->err : vcd_judge(req);
	u32 status = req->result.status;

	if (!err && status == VCD_S_BUSY &&
	    ((req->flags & VCD_REQ_RETRY) || (req->key && req->key->named))) {
		vcd_queue_pause(req);
		return;
	}
	if (!err && req->key) {
		if ((req->flags & VCD_REQ_RUNNING) &&
		    (status == VCD_S_STALE || status == VCD_S_NOSTATE)) {
			err = -ESTALE;
		} else if (status == VCD_S_STALE) {
			if (req->tries++ < VCD_REMAKE_MAX) {
				vcd_key_await(req);
				return;
			}
			err = -EIO;
		} else if (status == VCD_S_SLOW && !vcd_queue_is_slow(req->queue) &&
			   vcd_key_set_slow(req->key)) {
			vcd_resubmit(req);
			return;
		}
	}
	vcd_end(req, err);
}

/* The deadlines are to be looked at when it is @when. Caller holds queue->lock. */
static void vcd_queue_watch(struct vcd_queue *queue, unsigned long when)
{
	if (queue->watched && time_before_eq(queue->watch_at, when))
		return;
	queue->watched = true;
	queue->watch_at = when;
	mod_delayed_work(vcd_wq, &queue->watch, max((long)(when - jiffies), 0L) + 1);
}

/* How long the device may take, in jiffies. */
static unsigned long vcd_patience(const struct vcd_request *req)
{
	return msecs_to_jiffies(vcd_timeout(req->timeout_ms));
}

static void vcd_set_deadline(struct vcd_queue *queue, struct vcd_request *req)
{
	req->deadline = jiffies + vcd_patience(req);
	vcd_queue_watch(queue, req->deadline);
}

/*
 * What to do after queue->lock is dropped.
 * @done: requests that are done, or to be judged, by link
 * @late: those done before that the device now gave back, by all
 */
struct vcd_ends {
	struct list_head done;
	struct list_head late;
};

/* It leaves the line or the ring, done with @err or to be judged. Under the lock. */
static void vcd_queue_out(struct vcd_request *req, int err, struct vcd_ends *ends)
{
	list_del(&req->all);
	req->where = VCD_OUTSIDE;
	req->err = err;
	list_add_tail(&req->link, &ends->done);
}

/* Put it into the ring. Caller holds queue->lock. */
static int vcd_queue_add(struct vcd_queue *queue, struct vcd_request *req)
{
	struct scatterlist *sgs[5];
	unsigned int out = 0, in = 0;
	int err;

	/* Adding to a full ring notifies the device, under the lock. */
	if (!queue->vq->num_free)
		return -ENOSPC;
	if (req->key) {
		req->host_id = READ_ONCE(req->key->host_id);
		vcd_header(req)->session = cpu_to_le64(req->host_id);
	}
	sgs[out++] = &req->in_sg;
	if (req->src)
		sgs[out++] = req->src;
	sgs[out + in++] = &req->out_sg;
	if (req->dst)
		sgs[out + in++] = req->dst;
	if (req->tail_len)
		sgs[out + in++] = &req->tail_sg;
	err = virtqueue_add_sgs(queue->vq, sgs, out, in, req, GFP_ATOMIC);
	if (err)
		return err;
	req->where = VCD_RING;
	req->seq = queue->stats.requests++;
	queue->stats.bytes += req->bytes;
	queue->stats.in_flight++;
	if (req->sleeper)
		queue->sleepers++;
	trace_vcd_submit(req);
	return 0;
}

/*
 * What to do when a request did not go into the ring. Memory for bounce buffers may
 * be short for a moment; if nothing is in the ring that will come back, time tells.
 *
 * Return: 0: it waits; -EIO: it cannot go.
 */
static int vcd_queue_full(struct vcd_queue *queue, int err)
{
	if (virtqueue_is_broken(queue->vq))
		return -EIO;
	if (queue->stats.in_flight)
		return 0;
	if (err == -ENOSPC)
		return -EIO;
	vcd_queue_watch(queue, jiffies);
	return 0;
}

/* Put those in line for room into the ring, as many as go. Under queue->lock. */
static void vcd_queue_fill(struct vcd_queue *queue, struct vcd_ends *ends)
{
	struct vcd_request *req;
	int err;

	while ((req = list_first_entry_or_null(&queue->line, struct vcd_request,
					       link))) {
		if (!queue->vq || (!queue->open && !(req->flags & VCD_REQ_FIRST)))
			return;
		err = vcd_queue_add(queue, req);
		if (err) {
			err = vcd_queue_full(queue, err);
			if (!err)
				return;
		}
		list_del(&req->link);
		queue->lined--;
		if (err) {
			vcd_share_leave(queue, req);
			vcd_queue_out(req, err, ends);
		} else {
			vcd_set_deadline(queue, req);
		}
	}
}

/* The device has given a request back. Caller holds queue->lock. */
static void vcd_queue_returned(struct vcd_queue *queue, struct vcd_request *req)
{
	if (req->sleeper) {
		queue->sleepers--;
		queue->stats.slept++;
	} else {
		queue->stats.polled++;
	}
	queue->stats.in_flight--;
	trace_vcd_complete(req);
}

/* Take back what the device returned. Caller holds queue->lock, vq is live. */
static void vcd_queue_drain(struct vcd_queue *queue, struct vcd_ends *ends)
{
	struct virtqueue *vq = queue->vq;
	struct vcd_request *req;
	unsigned int used;

	lockdep_assert_held(&queue->lock);
	do {
		virtqueue_disable_cb(vq);
		while ((req = virtqueue_get_buf(vq, &used))) {
			req->used = used;
			vcd_queue_returned(queue, req);
			vcd_share_leave(queue, req);
			if (req->where == VCD_LATE)
				list_add_tail(&req->all, &ends->late);
			else
				vcd_queue_out(req, 0, ends);
			queue->moved = jiffies;
		}
		vcd_queue_fill(queue, ends);
		/* A broken ring reports more and returns nothing. */
	} while (queue->sleepers + queue->lined && !virtqueue_is_broken(vq) &&
		 !virtqueue_enable_cb(vq));
}

static void vcd_ends_init(struct vcd_ends *ends)
{
	INIT_LIST_HEAD(&ends->done);
	INIT_LIST_HEAD(&ends->late);
}

/* Take the lock, for anything that may end requests; vcd_queue_leave() is due. */
static unsigned long vcd_queue_enter(struct vcd_queue *queue, struct vcd_ends *ends)
	__acquires(&queue->lock)
{
	unsigned long flags;

	vcd_ends_init(ends);
	spin_lock_irqsave(&queue->lock, flags);
	return flags;
}

/*
 * Take the lock of the queue that @req is with. vcd_queue_route() may move it to
 * another one meanwhile.
 */
static struct vcd_queue *vcd_queue_enter_of(struct vcd_request *req,
					    struct vcd_ends *ends,
					    unsigned long *flags)
	__acquires(&req->queue->lock)
{
	struct vcd_queue *queue;

	for (;;) {
		queue = READ_ONCE(req->queue);
		*flags = vcd_queue_enter(queue, ends);
		if (queue == req->queue)
			return queue;
		spin_unlock_irqrestore(&queue->lock, *flags);
	}
}

/* Drop the lock, with @kick tell the device, and end what has ended. */
static void vcd_queue_leave(struct vcd_queue *queue, struct vcd_ends *ends,
			    unsigned long flags, bool kick)
	__releases(&queue->lock)
{
	struct virtqueue *notify = NULL;
	struct vcd_request *req, *next;

	rcu_read_lock();
	if (kick && queue->vq && virtqueue_kick_prepare(queue->vq)) {
		notify = queue->vq;
		queue->stats.kicks++;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		virtqueue_notify(notify);
	rcu_read_unlock();
	list_for_each_entry_safe(req, next, &ends->late, all)
		vcd_part_ends(req);
	list_for_each_entry_safe(req, next, &ends->done, link)
		vcd_settle(req);
}

/* The device is to be told of what was moved from a line to the ring, too. */
static void vcd_queue_look_locked(struct vcd_queue *queue, struct vcd_ends *ends,
				  bool *kick)
{
	u64 before = queue->stats.requests;

	if (queue->vq)
		vcd_queue_drain(queue, ends);
	*kick |= queue->stats.requests != before;
}

/** vcd_queue_look() - take back what the device returned; how many are still out */
unsigned int vcd_queue_look(struct vcd_queue *queue)
{
	unsigned int in_flight;
	struct vcd_ends ends;
	unsigned long flags;
	bool kick = false;

	flags = vcd_queue_enter(queue, &ends);
	vcd_queue_look_locked(queue, &ends, &kick);
	in_flight = queue->vq && !virtqueue_is_broken(queue->vq) ?
		    queue->stats.in_flight : 0;
	vcd_queue_leave(queue, &ends, flags, kick);
	return in_flight;
}

/** vcd_queue_interrupt() - the device has given something back */
void vcd_queue_interrupt(struct virtqueue *vq)
{
	struct vcd_device *dev = vq->vdev->priv;

	if (vq->index < dev->num_queues)
		vcd_queue_look(&dev->queues[vq->index]);
	else
		vcd_queue_look(&dev->slow[vq->index - dev->slow_at]);
}

/** vcd_queue_here() - the queue of the CPU the caller runs on */
struct vcd_queue *vcd_queue_here(struct vcd_device *dev)
{
	return &dev->queues[raw_smp_processor_id() % dev->num_queues];
}

static unsigned int vcd_queue_load(const struct vcd_queue *queue)
{
	return READ_ONCE(queue->stats.in_flight) + READ_ONCE(queue->lined);
}

/** vcd_queue_slow() - the slow queue with the fewest requests; some were set up once */
struct vcd_queue *vcd_queue_slow(struct vcd_device *dev)
{
	unsigned int num = READ_ONCE(dev->num_slow);
	struct vcd_queue *least = &dev->slow[0];
	unsigned int i;

	for (i = 1; i < num; i++)
		if (vcd_queue_load(&dev->slow[i]) < vcd_queue_load(least))
			least = &dev->slow[i];
	return least;
}

/** vcd_queue_for() - a queue for requests of a session */
struct vcd_queue *vcd_queue_for(const struct vcd_key *key)
{
	struct vcd_device *dev = key->share->dev;

	return vcd_key_is_slow(key) ? vcd_queue_slow(dev) : vcd_queue_here(dev);
}

/*
 * Move a request to the kind of queue that its session is for. Which one that is may
 * change whenever the session is made again.
 */
static bool vcd_queue_route(struct vcd_request *req)
{
	struct vcd_queue *queue = req->queue;
	unsigned long flags;

	if (!req->key || vcd_key_is_slow(req->key) == vcd_queue_is_slow(queue))
		return false;
	spin_lock_irqsave(&queue->lock, flags);
	WRITE_ONCE(req->queue, vcd_queue_for(req->key));
	spin_unlock_irqrestore(&queue->lock, flags);
	return true;
}

/** vcd_kick() - tell the device about requests added, if it has to be told */
void vcd_kick(struct vcd_queue *queue)
{
	struct vcd_ends ends;
	unsigned long flags = vcd_queue_enter(queue, &ends);

	vcd_queue_leave(queue, &ends, flags, true);
}

/* Into the ring or into a line. */
static void vcd_queue_take(struct vcd_request *req, bool more)
{
	/* The owner kicks the queue that it has chosen. */
	bool kick = vcd_queue_route(req) || !more;
	struct vcd_queue *queue = req->queue;
	struct vcd_ends ends;
	unsigned long flags;

	flags = vcd_queue_enter(queue, &ends);
	list_add_tail(&req->all, &queue->all);
	if (queue->err || req->give_up) {
		vcd_queue_out(req, req->give_up ? req->give_up : queue->err, &ends);
	} else {
		req->where = VCD_LINE;
		queue->lined++;
		vcd_share_enter(queue, req);
		if (req->charged)
			vcd_queue_fill(queue, &ends);
		if (req->where == VCD_LINE) {
			if (req->charged)
				queue->stats.room_waits++;
			else
				queue->stats.share_waits++;
			trace_vcd_wait_turn(req, !req->charged);
			if (!(req->flags & VCD_REQ_PATIENT))
				vcd_set_deadline(queue, req);
			kick = true;
		}
		/* Nobody will poll for this one. */
		if (req->sleeper || req->where == VCD_LINE)
			vcd_queue_look_locked(queue, &ends, &kick);
	}
	vcd_queue_leave(queue, &ends, flags, kick);
}

/**
 * vcd_submit() - have the device carry a request out
 * @req: request; what its owner sets is set
 * @more: vcd_kick() will follow
 *
 * Never sleeps. req->done() is called, perhaps before this returns.
 */
void vcd_submit(struct vcd_request *req, bool more)
{
	refcount_set(&req->parts, 1);
	req->where = VCD_OUTSIDE;
	req->give_up = 0;
	req->err = 0;
	req->tries = 0;
	req->pauses = 0;
	if (req->key && READ_ONCE(req->key->state) != VCD_KEY_LIVE)
		vcd_key_await(req);
	else
		vcd_queue_take(req, more);
}

/** vcd_resubmit() - the session of a request is there */
void vcd_resubmit(struct vcd_request *req)
{
	vcd_queue_take(req, false);
}

/*
 * The device is busy: the request waits outside of the ring, each time for longer,
 * and leaves what it was charged to others.
 */
static void vcd_queue_pause(struct vcd_request *req)
{
	struct vcd_queue *queue = req->queue;
	struct vcd_ends ends;
	unsigned long flags;

	flags = vcd_queue_enter(queue, &ends);
	if (!req->pauses)
		req->until = jiffies + vcd_patience(req);
	list_add_tail(&req->all, &queue->all);
	INIT_LIST_HEAD(&req->link);
	if (queue->err || req->give_up) {
		vcd_queue_out(req, req->give_up ? req->give_up : queue->err, &ends);
	} else if (!(req->flags & VCD_REQ_KEPT) && time_after(jiffies, req->until)) {
		queue->stats.timeouts++;
		trace_vcd_timeout(req);
		pr_warn_ratelimited("%s: the host was busy for %u ms\n",
				    queue->dev->name, vcd_timeout(req->timeout_ms));
		vcd_queue_out(req, -EIO, &ends);
	} else {
		queue->stats.busy_waits++;
		trace_vcd_pause(req);
		req->where = VCD_PAUSED;
		req->again = jiffies +
			     msecs_to_jiffies(1u << min_t(u8, req->pauses, VCD_PAUSE_MAX));
		req->pauses = min_t(u8, req->pauses + 1, VCD_PAUSE_MAX);
		vcd_queue_watch(queue, req->again);
	}
	vcd_queue_leave(queue, &ends, flags, false);
}

/* A pause is over. Caller holds queue->lock. */
static void vcd_queue_unpause(struct vcd_queue *queue, struct vcd_request *req)
{
	if (time_before(jiffies, req->again)) {
		vcd_queue_watch(queue, req->again);
		return;
	}
	req->where = VCD_LINE;
	queue->lined++;
	vcd_share_enter(queue, req);
	vcd_set_deadline(queue, req);
}

/* Done without a reply. It is in queue->all; caller holds queue->lock. */
static void vcd_queue_give_up(struct vcd_request *req, int err, struct vcd_ends *ends)
{
	struct vcd_queue *queue = req->queue;

	if (req->where == VCD_LINE) {
		list_del(&req->link);
		queue->lined--;
		vcd_share_leave(queue, req);
		vcd_queue_out(req, err, ends);
		return;
	}
	if (req->where == VCD_PAUSED) {
		vcd_queue_out(req, err, ends);
		return;
	}
	refcount_inc(&req->parts);
	vcd_queue_out(req, err, ends);
	req->where = VCD_LATE;
}

/**
 * vcd_abort() - nobody wants the result of a request any more
 * @req: request that was submitted; it may be done already
 * @err: what it is to be done with, if it is not
 *
 * It is done, or very soon will be. The device may have it for longer.
 */
void vcd_abort(struct vcd_request *req, int err)
{
	struct vcd_queue *queue;
	struct vcd_ends ends;
	unsigned long flags;
	bool kick = false;

	queue = vcd_queue_enter_of(req, &ends, &flags);
	req->give_up = err;
	if (req->where == VCD_LINE || req->where == VCD_RING ||
	    req->where == VCD_PAUSED) {
		vcd_queue_give_up(req, err, &ends);
		vcd_queue_look_locked(queue, &ends, &kick);
	}
	vcd_queue_leave(queue, &ends, flags, kick);
	if (req->key)
		vcd_key_abort(req);
}

/* When a request is overdue. False: never. */
static bool vcd_queue_deadline(struct vcd_queue *queue,
			       const struct vcd_request *req, unsigned long *when)
{
	unsigned long moved;

	*when = req->deadline;
	if (req->flags & VCD_REQ_KEPT)
		return false;
	if (req->where != VCD_LINE)
		return true;
	if (!queue->open || (req->flags & VCD_REQ_PATIENT))
		return false;
	moved = req->charged ? queue->moved : vcd_share_moved(queue, req);
	moved += vcd_patience(req);
	if (time_after(moved, *when))
		*when = moved;
	return true;
}

/* End what is overdue and what pauses, and try again what memory was short for. */
static void vcd_queue_overdue(struct work_struct *work)
{
	struct vcd_queue *queue = container_of(to_delayed_work(work),
					       struct vcd_queue, watch);
	struct vcd_request *req, *next;
	struct vcd_ends ends;
	unsigned long flags, when;
	bool kick = false;

	flags = vcd_queue_enter(queue, &ends);
	queue->watched = false;
	list_for_each_entry_safe(req, next, &queue->all, all) {
		if (req->where == VCD_PAUSED) {
			vcd_queue_unpause(queue, req);
			continue;
		}
		if (!vcd_queue_deadline(queue, req, &when))
			continue;
		if (time_before(jiffies, when)) {
			vcd_queue_watch(queue, when);
			continue;
		}
		queue->stats.timeouts++;
		trace_vcd_timeout(req);
		pr_warn_ratelimited("%s: no reply from the host in %u ms\n",
				    queue->dev->name, vcd_timeout(req->timeout_ms));
		vcd_queue_give_up(req, -EIO, &ends);
	}
	vcd_queue_look_locked(queue, &ends, &kick);
	vcd_queue_leave(queue, &ends, flags, kick);
}

/** vcd_queue_init() - set a queue up that has no virtqueue yet */
void vcd_queue_init(struct vcd_queue *queue, struct vcd_device *dev)
{
	queue->dev = dev;
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->all);
	INIT_LIST_HEAD(&queue->line);
	INIT_DELAYED_WORK(&queue->watch, vcd_queue_overdue);
}

/** vcd_queue_open() - let requests into the ring, those in line first */
void vcd_queue_open(struct vcd_queue *queue)
{
	struct vcd_request *req;
	struct vcd_ends ends;
	unsigned long flags;
	bool kick = true;

	flags = vcd_queue_enter(queue, &ends);
	queue->open = true;
	queue->err = 0;
	queue->moved = jiffies;
	list_for_each_entry(req, &queue->all, all)
		vcd_set_deadline(queue, req);
	vcd_queue_look_locked(queue, &ends, &kick);
	vcd_queue_leave(queue, &ends, flags, kick);
}

/**
 * vcd_queue_empty() - take back what is in a ring that the device does not use any more
 * @queue: queue without a virtqueue
 * @vq: what it was; NULL: there was none
 * @err: 0: requests go back into the line, before the others, and wait for
 *	vcd_queue_open(); else all are done with it, and so are those to come
 */
void vcd_queue_empty(struct vcd_queue *queue, struct virtqueue *vq, int err)
{
	struct vcd_request *req, *next;
	struct vcd_ends ends;
	unsigned long flags;
	LIST_HEAD(again);

	flags = vcd_queue_enter(queue, &ends);
	queue->err = err;
	while (vq && (req = virtqueue_detach_unused_buf(vq))) {
		req->used = 0;
		vcd_queue_returned(queue, req);
		if (req->where == VCD_RING && !(req->flags & VCD_REQ_IN_PLACE)) {
			req->where = VCD_LINE;
			queue->lined++;
			list_add_tail(&req->link, &again);
			continue;
		}
		vcd_share_leave(queue, req);
		if (req->where == VCD_LATE)
			list_add_tail(&req->all, &ends.late);
		else
			vcd_queue_out(req, err ? err : -EIO, &ends);
	}
	list_splice(&again, &queue->line);
	if (err)
		list_for_each_entry_safe(req, next, &queue->all, all)
			vcd_queue_give_up(req, err, &ends);
	vcd_queue_leave(queue, &ends, flags, false);
}

/**
 * vcd_queue_keeps() - whether the ring has a request that can neither fail nor be repeated
 * @queue: queue
 */
bool vcd_queue_keeps(struct vcd_queue *queue)
{
	const u32 both = VCD_REQ_KEPT | VCD_REQ_IN_PLACE;
	struct vcd_request *req;
	unsigned long flags;
	bool keeps = false;

	spin_lock_irqsave(&queue->lock, flags);
	list_for_each_entry(req, &queue->all, all)
		if (req->where == VCD_RING && (req->flags & both) == both)
			keeps = true;
	spin_unlock_irqrestore(&queue->lock, flags);
	return keeps;
}

static bool vcd_should_poll(struct vcd_queue *queue)
{
	unsigned int skip;

	if (!vcd_spin_us)
		return false;
	skip = READ_ONCE(queue->skip);
	if (!skip)
		return true;
	WRITE_ONCE(queue->skip, skip - 1);
	return false;
}

/* Poll the used ring until @done or it does not pay. True: done. */
static bool vcd_poll(struct vcd_queue *queue, struct completion *done)
{
	u64 end = ktime_get_ns() + (u64)vcd_spin_us * NSEC_PER_USEC;
	struct vcd_ends ends;
	unsigned long flags;
	unsigned int misses;
	bool kick;

	do {
		if (completion_done(done)) {
			WRITE_ONCE(queue->misses, 0);
			WRITE_ONCE(queue->skip, 0);
			return true;
		}
		if (need_resched() || fatal_signal_pending(current))
			return false;
		kick = false;
		if (spin_trylock_irqsave(&queue->lock, flags)) {
			vcd_ends_init(&ends);
			vcd_queue_look_locked(queue, &ends, &kick);
			vcd_queue_leave(queue, &ends, flags, kick);
		}
		cpu_relax();
	} while (ktime_get_ns() < end);

	misses = min(READ_ONCE(queue->misses) + 1, (unsigned int)ilog2(VCD_SKIP_MAX));
	WRITE_ONCE(queue->misses, misses);
	WRITE_ONCE(queue->skip, 1u << misses);
	return completion_done(done);
}

/* From here on nobody polls for @req. */
static void vcd_sleeps(struct vcd_request *req)
{
	struct vcd_queue *queue;
	struct vcd_ends ends;
	unsigned long flags;
	bool kick = false;

	queue = vcd_queue_enter_of(req, &ends, &flags);
	if (!req->sleeper) {
		req->sleeper = true;
		if (req->where == VCD_RING)
			queue->sleepers++;
	}
	vcd_queue_look_locked(queue, &ends, &kick);
	vcd_queue_leave(queue, &ends, flags, kick);
}

/**
 * vcd_wait() - wait for a request
 * @req: request that was submitted; its done() or gone() completes @done
 * @done: completion
 * @state: how to sleep: TASK_KILLABLE, also TASK_FREEZABLE if no lock is held
 *
 * Return: 0 when it was done by itself; -EINTR when the caller is being killed: it
 * was aborted, and is done.
 */
int vcd_wait(struct vcd_request *req, struct completion *done, unsigned int state)
{
	struct vcd_queue *queue = READ_ONCE(req->queue);
	bool polled = completion_done(done) ||
		      (vcd_should_poll(queue) && vcd_poll(queue, done));
	int err = 0;

	if (!polled) {
		vcd_sleeps(req);
		if (wait_for_completion_state(done, state)) {
			err = -EINTR;
			vcd_abort(req, err);
			wait_for_completion(done);
		}
	}
	trace_vcd_waited(req, polled, err);
	return err;
}
