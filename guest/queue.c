// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * queue.c - virtqueues: add, kick, wait, complete.
 *
 * Theory of operation
 *
 * A caller uses the queue of the CPU it runs on. It adds its request under
 * queue->lock, notifies the device outside of it, and waits: first by polling
 * the used ring, for at most spin_us and only while nothing else wants the CPU;
 * then asleep. Whoever looks at the used ring, be it a polling caller or the
 * interrupt, completes every request found there.
 *
 * Interrupts cost more than anything else on this path (on a device with one
 * shared vector they are INTx), so the device is asked for them only while a
 * request is in the ring whose owner does not poll, or somebody waits for room:
 * queue->sleepers counts those. A caller that leaves early (killed, timed out)
 * stays counted, so that its request is picked up when the device returns it.
 *
 * Polling adapts: a poll that did not pay makes the next 2, 4, ... 1024 callers
 * sleep at once; one that paid ends that. A guest whose host needs the very CPU
 * it polls on, or whose requests take long, soon stops polling.
 *
 * A request goes into the ring when its process has not its share of it
 * (share.c) and there is room. Otherwise its caller waits in a line, first for
 * the one, then for the other; each line is first come, first served. Those
 * who wait count as sleepers.
 *
 * Invariants
 * - queue->vq is used under queue->lock, except by a notifier, who is in an RCU
 *   read-side section. vcd_queues_stop() clears it first and waits for those.
 * - Only virtqueues that this file has asked for are looked at. The core's list of a
 *   device's virtqueues has others, too, whose index the host has chosen (the
 *   admin queue of virtio-pci).
 * - virtqueue_add and virtqueue_get_buf are never called without the lock.
 * - queue->sleepers > 0 and a live ring mean callbacks are enabled.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/virtio_config.h>

#include "trace.h"

#define VCD_SKIP_MAX 1024

/* The first in the line for room may try. */
static void vcd_queue_next_turn(struct vcd_queue *queue)
{
	struct vcd_turn *turn;

	turn = list_first_entry_or_null(&queue->turns, struct vcd_turn, list);
	if (turn)
		complete(&turn->go);
}

/* A request is no longer in the ring. Caller holds queue->lock. */
static void vcd_queue_returned(struct vcd_queue *queue, struct vcd_req_ctx *req)
{
	if (req->sleeper) {
		queue->sleepers--;
		queue->stats.slept++;
	} else {
		queue->stats.polled++;
	}
	queue->stats.in_flight--;
	trace_vcd_complete(req);
	vcd_share_leave(queue, req);
	vcd_req_complete(req);
}

/* Take back what the device returned. Caller holds queue->lock, vq is live. */
static void vcd_queue_drain(struct vcd_queue *queue)
{
	struct virtqueue *vq = queue->vq;
	struct vcd_req_ctx *req;
	bool any = false;
	unsigned int used;

	lockdep_assert_held(&queue->lock);
	do {
		virtqueue_disable_cb(vq);
		while ((req = virtqueue_get_buf(vq, &used))) {
			req->used = used;
			vcd_queue_returned(queue, req);
			any = true;
		}
		/* A broken ring reports more and returns nothing. */
	} while (queue->sleepers && !virtqueue_is_broken(vq) &&
		 !virtqueue_enable_cb(vq));

	if (any) {
		queue->progress++;
		vcd_queue_next_turn(queue);
	}
}

static void vcd_queue_interrupt(struct virtqueue *vq)
{
	struct vcd_device *dev = vq->vdev->priv;
	struct vcd_queue *queue = &dev->queues[vq->index];
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	if (queue->vq)
		vcd_queue_drain(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/* Put it into the ring; -ENOSPC: it is full. Caller holds queue->lock. */
static int vcd_queue_add(struct vcd_queue *queue, struct vcd_req_ctx *req)
{
	struct scatterlist *sgs[5];
	unsigned int out = 0, in = 0;
	int err;

	/* Adding to a full ring notifies the device, under the lock. */
	if (!queue->vq->num_free)
		return -ENOSPC;
	sgs[out++] = &req->in_sg;
	if (req->src.num)
		sgs[out++] = req->src.sgt.sgl;
	sgs[out + in++] = &req->out_sg;
	if (req->dst.num)
		sgs[out + in++] = req->dst.sgt.sgl;
	if (req->tail_len)
		sgs[out + in++] = &req->tail_sg;
	err = virtqueue_add_sgs(queue->vq, sgs, out, in, req, GFP_ATOMIC);
	if (err)
		return err;
	refcount_inc(&req->ref);
	req->seq = queue->stats.requests++;
	req->deadline = jiffies + msecs_to_jiffies(vcd_req_timeout(req));
	queue->stats.bytes += req->bytes;
	queue->stats.in_flight++;
	trace_vcd_submit(req);
	/* Nobody will poll for this one. */
	if (req->then) {
		req->sleeper = true;
		queue->sleepers++;
		vcd_queue_drain(queue);
	}
	return 0;
}

/*
 * Put a request into the ring if it is its turn. Caller holds queue->lock.
 * @turn is the caller's place in a line, or NULL.
 *
 * Return: 0; -EAGAIN: it has to wait, for its share if it is not charged, else
 * for room; -EIO: the ring is dead.
 */
static int vcd_queue_try(struct vcd_queue *queue, struct vcd_req_ctx *req,
			 struct vcd_turn *turn)
{
	int err;

	if (!queue->vq)
		return -EIO;
	if (!req->charged && !vcd_share_admit(queue, req))
		return -EAGAIN;
	if (!list_empty(&queue->turns) &&
	    (!turn || queue->turns.next != &turn->list))
		return -EAGAIN;
	err = vcd_queue_add(queue, req);
	return err == -ENOSPC ? -EAGAIN : err;
}

/*
 * Wait for the turn: as long as the device keeps giving requests back, and
 * timeout_ms after that.
 */
static int vcd_turn_wait(struct vcd_queue *queue, struct vcd_turn *turn)
{
	long left, patience = msecs_to_jiffies(vcd_req_timeout(turn->req));
	unsigned int progress;

	do {
		progress = READ_ONCE(queue->progress);
		left = wait_for_completion_killable_timeout(&turn->go, patience);
	} while (!left && READ_ONCE(queue->progress) != progress);
	if (left > 0)
		return 0;
	return left ? -EINTR : -EIO;
}

/* Get in line, or stay there. Caller holds queue->lock, queue->vq is live. */
static void vcd_turn_begin(struct vcd_queue *queue, struct vcd_turn *turn)
{
	bool share = !turn->req->charged;

	reinit_completion(&turn->go);
	if (list_empty(&turn->list)) {
		list_add_tail(&turn->list, share ?
			      vcd_share_line(queue, turn->req) : &queue->turns);
		if (share)
			queue->stats.share_waits++;
		else
			queue->stats.room_waits++;
		trace_vcd_wait_turn(turn->req, share);
	}
	queue->sleepers++;
	vcd_queue_drain(queue);
}

/* Leave the line, with the request in the ring or not. */
static void vcd_turn_end(struct vcd_queue *queue, struct vcd_turn *turn, int err)
{
	list_del_init(&turn->list);
	if (err)
		vcd_share_leave(queue, turn->req);
	vcd_queue_next_turn(queue);
}

static int vcd_queue_submit_in_turn(struct vcd_queue *queue,
				    struct vcd_req_ctx *req)
{
	struct vcd_turn turn = { .req = req };
	unsigned long flags;
	int err, waited = 0;

	INIT_LIST_HEAD(&turn.list);
	init_completion(&turn.go);
	for (;;) {
		spin_lock_irqsave(&queue->lock, flags);
		err = waited ? waited : vcd_queue_try(queue, req, &turn);
		if (err != -EAGAIN)
			break;
		vcd_turn_begin(queue, &turn);
		spin_unlock_irqrestore(&queue->lock, flags);

		vcd_queue_kick(queue);
		waited = vcd_turn_wait(queue, &turn);

		spin_lock_irqsave(&queue->lock, flags);
		queue->sleepers--;
		spin_unlock_irqrestore(&queue->lock, flags);
	}
	vcd_turn_end(queue, &turn, err);
	spin_unlock_irqrestore(&queue->lock, flags);
	return err;
}

/** vcd_queue_here() - the queue of the CPU the caller runs on */
struct vcd_queue *vcd_queue_here(struct vcd_device *dev)
{
	return &dev->queues[raw_smp_processor_id() % dev->num_queues];
}

/** vcd_queue_kick() - tell the device about requests added, if it has to be told */
void vcd_queue_kick(struct vcd_queue *queue)
{
	struct virtqueue *notify = NULL;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&queue->lock, flags);
	if (queue->vq && virtqueue_kick_prepare(queue->vq)) {
		notify = queue->vq;
		queue->stats.kicks++;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		virtqueue_notify(notify);
	rcu_read_unlock();
}

/**
 * vcd_queue_submit() - put a request into a ring; vcd_queue_kick() has to follow
 * @queue: queue
 * @req: request; the device holds a reference from here on
 *
 * Waits for its turn, as long as the device keeps giving requests back.
 *
 * Return: 0, -ENODEV, -EIO (dead ring, or nothing moved for timeout_ms), -EINTR
 * when the caller is being killed.
 */
int vcd_queue_submit(struct vcd_queue *queue, struct vcd_req_ctx *req)
{
	unsigned long flags;
	int err;

	req->queue = queue;
	spin_lock_irqsave(&queue->lock, flags);
	err = vcd_queue_try(queue, req, NULL);
	if (err && err != -EAGAIN)
		vcd_share_leave(queue, req);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (err == -EAGAIN)
		err = vcd_queue_submit_in_turn(queue, req);
	return err && READ_ONCE(req->dev->gone) ? -ENODEV : err;
}

/**
 * vcd_queue_forget() - nothing is to happen when @req comes back
 * @req: request that was sent
 *
 * Afterwards no completer looks at what @req was to set off.
 *
 * Return: true when the device still has @req; false when it has come back, and
 * what it was to set off has been.
 */
bool vcd_queue_forget(struct vcd_req_ctx *req)
{
	unsigned long flags;
	bool out;

	spin_lock_irqsave(&req->queue->lock, flags);
	out = !completion_done(&req->done);
	req->then = NULL;
	spin_unlock_irqrestore(&req->queue->lock, flags);
	return out;
}

static bool vcd_queue_should_poll(struct vcd_queue *queue)
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

/* Poll the used ring until @req is done or it does not pay. True: done. */
static bool vcd_queue_poll(struct vcd_queue *queue, struct vcd_req_ctx *req)
{
	u64 end = ktime_get_ns() + (u64)vcd_spin_us * NSEC_PER_USEC;
	unsigned int misses;
	unsigned long flags;

	do {
		if (completion_done(&req->done)) {
			WRITE_ONCE(queue->misses, 0);
			WRITE_ONCE(queue->skip, 0);
			return true;
		}
		if (need_resched() || fatal_signal_pending(current))
			return false;
		if (spin_trylock_irqsave(&queue->lock, flags)) {
			if (queue->vq)
				vcd_queue_drain(queue);
			spin_unlock_irqrestore(&queue->lock, flags);
		}
		cpu_relax();
	} while (ktime_get_ns() < end);

	misses = min(READ_ONCE(queue->misses) + 1, (unsigned int)ilog2(VCD_SKIP_MAX));
	WRITE_ONCE(queue->misses, misses);
	WRITE_ONCE(queue->skip, 1u << misses);
	return completion_done(&req->done);
}

static void vcd_queue_timeout(struct vcd_req_ctx *req)
{
	unsigned long flags;

	spin_lock_irqsave(&req->queue->lock, flags);
	req->queue->stats.timeouts++;
	trace_vcd_timeout(req);
	spin_unlock_irqrestore(&req->queue->lock, flags);
}

/**
 * vcd_queue_wait() - wait for a submitted request
 * @req: request
 *
 * Return: 0 when it is done. -EINTR when the caller is being killed, -EIO timeout_ms
 * after it was sent: the request then still belongs to the device, and its buffers
 * must not be touched.
 */
int vcd_queue_wait(struct vcd_req_ctx *req)
{
	struct vcd_queue *queue = req->queue;
	unsigned long flags;
	long left;

	if (vcd_queue_should_poll(queue) && vcd_queue_poll(queue, req)) {
		trace_vcd_waited(req, true, 0);
		return 0;
	}

	spin_lock_irqsave(&queue->lock, flags);
	if (!completion_done(&req->done) && !req->sleeper) {
		req->sleeper = true;
		queue->sleepers++;
		if (queue->vq)
			vcd_queue_drain(queue);
	}
	spin_unlock_irqrestore(&queue->lock, flags);

	/* Many requests may have been sent together: all have the same time. */
	left = req->deadline - jiffies;
	left = wait_for_completion_killable_timeout(&req->done, max(left, 1L));
	if (!left)
		vcd_queue_timeout(req);
	trace_vcd_waited(req, false, left > 0 ? 0 : left ? -EINTR : -EIO);
	if (left > 0)
		return 0;
	return left ? -EINTR : -EIO;
}

/* virtio_find_vqs() took separate arrays before Linux 6.11. */
static int vcd_find_vqs(struct virtio_device *vdev, unsigned int num,
			struct virtqueue *vqs[])
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	struct virtqueue_info *info;
	unsigned int i;
	int err;

	info = kcalloc(num, sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	for (i = 0; i < num; i++) {
		info[i].name = "requests";
		info[i].callback = vcd_queue_interrupt;
	}
	err = virtio_find_vqs(vdev, num, vqs, info, NULL);
	kfree(info);
	return err;
#else
	vq_callback_t *callbacks[VCD_MAX_QUEUES];
	const char *names[VCD_MAX_QUEUES];
	unsigned int i;

	for (i = 0; i < num; i++) {
		names[i] = "requests";
		callbacks[i] = vcd_queue_interrupt;
	}
	return virtio_find_vqs(vdev, num, vqs, callbacks, names, NULL);
#endif
}

static void vcd_queue_open(struct vcd_queue *queue, struct virtqueue *vq)
{
	struct vcd_device *dev = queue->dev;

	virtqueue_disable_cb(vq);
	dev->max_segments = min_t(u32, dev->max_segments,
				  virtqueue_get_vring_size(vq));
	spin_lock_irq(&queue->lock);
	queue->vq = vq;
	queue->size = virtqueue_get_vring_size(vq);
	spin_unlock_irq(&queue->lock);
}

/*
 * Find as many virtqueues as the transport has, at most dev->num_queues. One
 * that has fewer says so when it is asked for one too many: -EINVAL over PCI,
 * -ENOENT over MMIO and CCW. An attempt that fails leaves nothing behind; one that
 * succeeds cannot be taken back without a reset, so the number only goes down.
 */
static int vcd_queues_find(struct vcd_device *dev, struct virtqueue *vqs[])
{
	unsigned int wanted = dev->num_queues;
	int err;

	for (;;) {
		err = vcd_find_vqs(dev->vdev, dev->num_queues, vqs);
		if ((err != -EINVAL && err != -ENOENT) || dev->num_queues == 1)
			break;
		dev->num_queues--;
	}
	if (!err && dev->num_queues < wanted)
		dev_warn(&dev->vdev->dev,
			 "the transport has fewer virtqueues than the config space announces: %u of %u are used\n",
			 dev->num_queues, wanted);
	if (err)
		dev_err(&dev->vdev->dev,
			"cannot set up a virtqueue: error %d\n", err);
	return err;
}

/**
 * vcd_queues_init() - find the virtqueues and set the queues up
 * @dev: device; its vdev, queues array and num_queues (wanted) are set
 *
 * A transport may have fewer queues than the config space names (QEMU's generic
 * vhost-user device is told their number by hand): then as many as there are.
 *
 * Return: 0 or a negative errno.
 */
int vcd_queues_init(struct vcd_device *dev)
{
	struct virtqueue **vqs;
	unsigned int i;
	int err;

	vqs = kcalloc(dev->num_queues, sizeof(*vqs), GFP_KERNEL);
	if (!vqs)
		return -ENOMEM;
	err = vcd_queues_find(dev, vqs);
	if (err)
		goto out;
	for (i = 0; i < dev->num_queues; i++) {
		if (virtqueue_get_vring_size(vqs[i]) < VCD_MIN_SEGMENTS) {
			dev_err(&dev->vdev->dev, "queue %u is too short\n", i);
			dev->vdev->config->del_vqs(dev->vdev);
			err = -EINVAL;
			goto out;
		}
	}
	for (i = 0; i < dev->num_queues; i++)
		vcd_queue_open(&dev->queues[i], vqs[i]);
out:
	kfree(vqs);
	return err;
}

/* Take back what is in a ring that the device does not use any more. */
static void vcd_queue_empty(struct vcd_queue *queue, struct virtqueue *vq)
{
	struct vcd_req_ctx *req;

	spin_lock_irq(&queue->lock);
	while (vq && (req = virtqueue_detach_unused_buf(vq))) {
		req->lost = true;
		vcd_queue_returned(queue, req);
	}
	queue->progress++;
	vcd_queue_next_turn(queue);
	spin_unlock_irq(&queue->lock);
}

/**
 * vcd_queues_stop() - reset the device and end every request in its rings
 * @dev: device; its queues may be stopped, or never have been set up
 *
 * Their callers get -ENODEV if the device is gone, else -EIO. Afterwards the
 * virtqueues do not exist.
 */
void vcd_queues_stop(struct vcd_device *dev)
{
	struct virtqueue *vqs[VCD_MAX_QUEUES];
	unsigned int i;

	for (i = 0; i < dev->num_queues; i++) {
		struct vcd_queue *queue = &dev->queues[i];

		spin_lock_irq(&queue->lock);
		vqs[i] = queue->vq;
		queue->vq = NULL;
		spin_unlock_irq(&queue->lock);
	}
	/* Those who are about to notify the device. */
	synchronize_rcu();
	virtio_reset_device(dev->vdev);
	for (i = 0; i < dev->num_queues; i++)
		vcd_queue_empty(&dev->queues[i], vqs[i]);
	/* All are there or none is. */
	if (vqs[0])
		dev->vdev->config->del_vqs(dev->vdev);
}
