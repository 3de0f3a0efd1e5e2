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
 * Requests in line hold memory, too: the pages of asynchronous operations, for which
 * no task waits. A process submits no more of them while they hold share_bytes.
 *
 * The same holds for sessions: a process has at most share_sessions of them, half
 * of what the device can have, so that there are some left for others. Of sessions with
 * keys by name it has at most half of those that the key service has for a guest.
 *
 * A share belongs to the process that opened the file: files of one process
 * have one share together, and a descriptor that is passed on takes from the
 * share of who opened it. The driver has one for requests of its own: HELLO, and the
 * end of sessions. There is no request without a share.
 *
 * Charged is a request from the moment it is admitted, that is, in the line for room,
 * until the device has given it back, also when it was done before. Whoever gives
 * room back moves the first of the line on, so nobody overtakes.
 *
 * Invariants
 * - use[n] is under the lock of queue n.
 * - A line is empty, or its first request does not fit.
 */
#include <linux/jiffies.h>
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

	share = kzalloc(struct_size(share, use, dev->num_all),
			GFP_KERNEL_ACCOUNT);
	if (!share)
		return NULL;
	kref_init(&share->ref);
	share->dev = dev;
	share->tgid = get_pid(tgid);
	INIT_LIST_HEAD(&share->list);
	init_waitqueue_head(&share->room);
	share->num = dev->num_all;
	for (i = 0; i < share->num; i++) {
		INIT_LIST_HEAD(&share->use[i].line);
		share->use[i].moved = jiffies;
	}
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

static bool vcd_inc_below(atomic_t *count, unsigned int most)
{
	int now = atomic_read(count);

	do {
		if ((unsigned int)now >= most)
			return false;
	} while (!atomic_try_cmpxchg(count, &now, now + 1));
	return true;
}

/**
 * vcd_share_add_session() - charge a session to its process
 * @share: of the process
 * @named: it is one with a key by name, of which there are fewer
 *
 * Return: whether it may have another; if so, vcd_share_end_session() is due.
 */
bool vcd_share_add_session(struct vcd_share *share, bool named)
{
	if (named && !vcd_inc_below(&share->named, VCD_DRV_MAX_NAMED))
		return false;
	if (vcd_inc_below(&share->sessions, vcd_share_max_sessions(share->dev)))
		return true;
	if (named)
		atomic_dec(&share->named);
	return false;
}

/** vcd_share_end_session() - the session is no more, here and on the device */
void vcd_share_end_session(struct vcd_share *share, bool named)
{
	if (named)
		atomic_dec(&share->named);
	atomic_dec(&share->sessions);
}

/* One always goes. */
static bool vcd_share_may_hold(struct vcd_share *share, u32 bytes)
{
	u64 most = READ_ONCE(vcd_share_bytes);
	s64 now = atomic64_read(&share->held);

	do {
		if (now && most && now + bytes > most)
			return false;
	} while (!atomic64_try_cmpxchg(&share->held, &now, now + bytes));
	return true;
}

/**
 * vcd_share_hold() - charge memory that will be held while no task waits for it
 * @share: of the process
 * @bytes: of whole pages
 *
 * Waits while the process holds share_bytes.
 *
 * Return: 0, and vcd_share_let_go() is due; -EINTR when the caller is being killed.
 */
int vcd_share_hold(struct vcd_share *share, u32 bytes)
{
	return wait_event_state(share->room, vcd_share_may_hold(share, bytes),
				(TASK_KILLABLE | TASK_FREEZABLE)) ? -EINTR : 0;
}

/** vcd_share_let_go() - the memory is not held any more */
void vcd_share_let_go(struct vcd_share *share, u32 bytes)
{
	atomic64_sub(bytes, &share->held);
	wake_up(&share->room);
}

static bool vcd_use_fits(const struct vcd_queue *queue,
			 const struct vcd_use *use, u32 bytes)
{
	unsigned int most = READ_ONCE(vcd_share_requests);
	unsigned int room = READ_ONCE(vcd_share_bytes);

	if (!use->requests)
		return true;
	if (most && use->requests >= min(most, max(queue->size / 2, 1u)))
		return false;
	return !room || use->bytes + bytes <= room;
}

/* Charge a request and put it into the line for room. */
static void vcd_use_charge(struct vcd_queue *queue, struct vcd_use *use,
			   struct vcd_request *req)
{
	use->requests++;
	use->bytes += req->bytes;
	req->charged = true;
	if (req->flags & VCD_REQ_FIRST)
		list_add(&req->link, &queue->line);
	else
		list_add_tail(&req->link, &queue->line);
}

/**
 * vcd_share_enter() - put a request into the line for room, or for its share
 * @queue: its queue, locked
 * @req: request, in no line and not charged
 */
void vcd_share_enter(struct vcd_queue *queue, struct vcd_request *req)
{
	struct vcd_use *use = vcd_use_of(queue, req->share);

	lockdep_assert_held(&queue->lock);
	if ((req->flags & VCD_REQ_FIRST) ||
	    (list_empty(&use->line) && vcd_use_fits(queue, use, req->bytes)))
		vcd_use_charge(queue, use, req);
	else
		list_add_tail(&req->link, &use->line);
}

/**
 * vcd_share_leave() - what @req was charged, or waited for, goes to the next
 * @queue: its queue, locked
 * @req: request that came back, or that will not go; in no line
 */
void vcd_share_leave(struct vcd_queue *queue, struct vcd_request *req)
{
	struct vcd_use *use = vcd_use_of(queue, req->share);
	struct vcd_request *next;

	lockdep_assert_held(&queue->lock);
	if (req->charged) {
		use->requests--;
		use->bytes -= req->bytes;
		use->moved = jiffies;
		req->charged = false;
	}
	while ((next = list_first_entry_or_null(&use->line, struct vcd_request, link))) {
		if (!vcd_use_fits(queue, use, next->bytes))
			return;
		list_del(&next->link);
		vcd_use_charge(queue, use, next);
	}
}

/** vcd_share_moved() - when something of the share of @req last came back */
unsigned long vcd_share_moved(struct vcd_queue *queue,
			      const struct vcd_request *req)
{
	return vcd_use_of(queue, req->share)->moved;
}
