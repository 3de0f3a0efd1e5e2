// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * share.c - how much of a queue one process may have.
 *
 * The device takes requests in the order of the ring, so whoever fills the ring
 * makes everybody else wait for all of it. A process therefore never has more
 * than its share of a queue in the ring: share_requests requests, half of the
 * ring's entries, share_bytes bytes of data; one request always goes. What is
 * over that waits outside of the ring, in a line of its own. A request of another
 * process finds room at once, and before it lies at most one share for each
 * process that floods the queue. The bound is in docs/decisions/0060.
 *
 * The same holds for sessions: a process has at most share_sessions of them, half
 * of what the device can have, so that there are some left for others.
 *
 * A share belongs to the process that opened the file: files of one process
 * have one share together, and a descriptor that is passed on takes from the
 * share of who opened it. The driver has one for requests of its own: HELLO, and the
 * end of sessions. There is no request without a share.
 *
 * Charged is a request from the moment it is admitted until the device has given
 * it back, also when its caller has left. Who gives room back hands it to the
 * first in the line, so nobody overtakes.
 *
 * Invariants
 * - use[n] is under the lock of queue n.
 * - A line is empty, or its first request does not fit.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "driver.h"

static struct vcd_use *vcd_use_of(const struct vcd_queue *queue,
				  struct vcd_share *share)
{
	return &share->use[queue - queue->dev->queues];
}

static struct vcd_share *vcd_share_alloc(struct vcd_device *dev, struct pid *tgid)
{
	struct vcd_share *share;
	unsigned int i;

	share = kzalloc(struct_size(share, use, dev->num_queues),
			GFP_KERNEL_ACCOUNT);
	if (!share)
		return NULL;
	kref_init(&share->ref);
	share->dev = dev;
	share->tgid = get_pid(tgid);
	INIT_LIST_HEAD(&share->list);
	share->num = dev->num_queues;
	for (i = 0; i < share->num; i++)
		INIT_LIST_HEAD(&share->use[i].turns);
	return share;
}

static void vcd_share_free(struct vcd_share *share)
{
	put_pid(share->tgid);
	kfree(share);
}

/**
 * vcd_share_own() - make the driver's own share
 * @dev: device, whose number of queues is known; outlives the share
 *
 * Return: the share, referenced; NULL without memory.
 */
struct vcd_share *vcd_share_own(struct vcd_device *dev)
{
	return vcd_share_alloc(dev, NULL);
}

/**
 * vcd_share_find() - the share of the calling process, made if need be
 * @dev: device, whose queues are set up; outlives the share
 *
 * Return: the share, referenced; NULL without memory.
 */
struct vcd_share *vcd_share_find(struct vcd_device *dev)
{
	struct vcd_share *new = vcd_share_alloc(dev, task_tgid(current));
	struct vcd_share *share;

	if (!new)
		return NULL;
	spin_lock(&dev->shares_lock);
	list_for_each_entry(share, &dev->shares, list) {
		if (share->tgid != new->tgid)
			continue;
		kref_get(&share->ref);
		spin_unlock(&dev->shares_lock);
		vcd_share_free(new);
		return share;
	}
	list_add_tail(&new->list, &dev->shares);
	spin_unlock(&dev->shares_lock);
	return new;
}

/** vcd_share_get() - another reference */
struct vcd_share *vcd_share_get(struct vcd_share *share)
{
	kref_get(&share->ref);
	return share;
}

/* With shares_lock, which is dropped. */
static void vcd_share_release(struct kref *ref)
	__releases(&share->dev->shares_lock)
{
	struct vcd_share *share = container_of(ref, struct vcd_share, ref);

	list_del(&share->list);
	spin_unlock(&share->dev->shares_lock);
	vcd_share_free(share);
}

/** vcd_share_put() - drop a reference; NULL is fine; process context */
void vcd_share_put(struct vcd_share *share)
{
	if (share)
		kref_put_lock(&share->ref, vcd_share_release,
			      &share->dev->shares_lock);
}

/* Sessions that a process may have. */
static unsigned int vcd_share_max_sessions(const struct vcd_device *dev)
{
	unsigned int most = READ_ONCE(vcd_share_sessions);

	return most ? most : max(dev->max_sessions / 2, 1u);
}

/**
 * vcd_share_add_session() - charge a session to its process
 * @share: of the process
 *
 * Return: whether it may have another; if so, vcd_share_end_session() is due.
 */
bool vcd_share_add_session(struct vcd_share *share)
{
	unsigned int most = vcd_share_max_sessions(share->dev);
	int now = atomic_read(&share->sessions);

	do {
		if ((unsigned int)now >= most)
			return false;
	} while (!atomic_try_cmpxchg(&share->sessions, &now, now + 1));
	return true;
}

/** vcd_share_end_session() - the session is no more, here and on the device */
void vcd_share_end_session(struct vcd_share *share)
{
	atomic_dec(&share->sessions);
}

static bool vcd_use_fits(const struct vcd_queue *queue,
			 const struct vcd_use *use, u32 bytes)
{
	unsigned int most = READ_ONCE(vcd_share_requests);
	unsigned int room = READ_ONCE(vcd_share_bytes);

	if (!use->requests)
		return true;
	if (most && use->requests >= min(most, queue->size / 2))
		return false;
	return !room || use->bytes + bytes <= room;
}

static void vcd_use_charge(struct vcd_use *use, struct vcd_req_ctx *req)
{
	use->requests++;
	use->bytes += req->bytes;
	req->charged = true;
}

/* Let those in who fit now. */
static void vcd_use_grant(const struct vcd_queue *queue, struct vcd_use *use)
{
	struct vcd_turn *turn;

	while ((turn = list_first_entry_or_null(&use->turns, struct vcd_turn, list))) {
		if (!vcd_use_fits(queue, use, turn->req->bytes))
			return;
		list_del_init(&turn->list);
		vcd_use_charge(use, turn->req);
		complete(&turn->go);
	}
}

/**
 * vcd_share_admit() - charge a request to its process; under queue->lock
 * @queue: queue it is to be put on
 * @req: request, not charged
 *
 * Return: whether it may go; if not, vcd_share_line() is where it waits.
 */
bool vcd_share_admit(struct vcd_queue *queue, struct vcd_req_ctx *req)
{
	struct vcd_use *use;

	lockdep_assert_held(&queue->lock);
	use = vcd_use_of(queue, req->share);
	if (!list_empty(&use->turns) || !vcd_use_fits(queue, use, req->bytes))
		return false;
	vcd_use_charge(use, req);
	return true;
}

/** vcd_share_line() - those who wait for the share of @req; under queue->lock */
struct list_head *vcd_share_line(struct vcd_queue *queue, struct vcd_req_ctx *req)
{
	return &vcd_use_of(queue, req->share)->turns;
}

/**
 * vcd_share_leave() - what @req was charged, or waited for, goes to the next
 * @queue: its queue, locked
 * @req: request that came back, or that will not go
 */
void vcd_share_leave(struct vcd_queue *queue, struct vcd_req_ctx *req)
{
	struct vcd_use *use;

	lockdep_assert_held(&queue->lock);
	use = vcd_use_of(queue, req->share);
	if (req->charged) {
		use->requests--;
		use->bytes -= req->bytes;
		req->charged = false;
	}
	vcd_use_grant(queue, use);
}
