// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * async.c - CIOCASYNCCRYPT, CIOCASYNCFETCH and poll.
 *
 * A submitted operation goes straight into the ring, on the program's pinned
 * pages, and the call returns; up to async_max of a file description may be
 * under way, all at once. They are fetched in the order of their submission:
 * poll() says POLLIN when the oldest one is done, and POLLOUT while there is
 * room for another. Data goes to the memory of the program that submits, digest
 * and IV to that of the one that fetches; they may share the file and no more.
 *
 * An operation that depends on an earlier one of its session (iv NULL, a hash in
 * parts), that has to be cut into several requests, or whose pages cannot be
 * pinned, waits for those before it and is done when the submission returns; it
 * is still fetched in its turn.
 *
 * One that the device has not given back timeout_ms after its submission is done,
 * with EIO. Nobody may be asleep in the kernel then, so a work item wakes those
 * who poll.
 *
 * At the last close what is under way is left to the device, pages and all.
 */
#include <linux/jiffies.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "driver.h"

/**
 * struct vcd_async - an operation submitted and not fetched
 * @list: in file->async_list
 * @run: the operation
 * @in_flight: its request is with the device, or was and nobody has looked yet
 * @err: result, once not @in_flight
 */
struct vcd_async {
	struct list_head list;
	struct vcd_op run;
	bool in_flight;
	int err;
};

static void vcd_async_late(struct work_struct *work)
{
	struct vcd_file *file = container_of(work, struct vcd_file,
					     async_late.work);

	wake_up_all(&file->async_wait);
}

/** vcd_async_init() - prepare a new file description */
void vcd_async_init(struct vcd_file *file)
{
	INIT_DELAYED_WORK(&file->async_late, vcd_async_late);
	mutex_init(&file->async_lock);
	INIT_LIST_HEAD(&file->async_list);
	init_waitqueue_head(&file->async_wait);
}

static void vcd_async_free(struct vcd_async *async)
{
	if (async->in_flight)
		vcd_xfer_abandon(&async->run.xfer);
	vcd_op_exit(&async->run);
	kfree(async);
}

/** vcd_async_exit() - the last close */
void vcd_async_exit(struct vcd_file *file)
{
	struct vcd_async *async, *next;

	cancel_delayed_work_sync(&file->async_late);
	list_for_each_entry_safe(async, next, &file->async_list, list)
		vcd_async_free(async);
}

static bool vcd_async_is_back(const struct vcd_async *async)
{
	return completion_done(&async->run.xfer.req->done);
}

static bool vcd_async_is_done(const struct vcd_async *async)
{
	return !async->in_flight || vcd_async_is_back(async) ||
	       time_after(jiffies, async->run.xfer.req->deadline);
}

/* Have those who poll woken when the oldest one is overdue. */
static void vcd_async_watch(struct vcd_file *file)
{
	struct vcd_async *async;
	long left;

	async = list_first_entry_or_null(&file->async_list, struct vcd_async, list);
	if (!async || !async->in_flight)
		return;
	left = (long)(async->run.xfer.req->deadline - jiffies);
	mod_delayed_work(vcd_wq, &file->async_late, max(left, 0L) + 2);
}

/* Wait for it if need be, and take the result. */
static void vcd_async_settle(struct vcd_async *async)
{
	if (!async->in_flight)
		return;
	async->in_flight = false;
	if (vcd_async_is_back(async)) {
		async->err = vcd_op_end(&async->run);
	} else {
		async->err = -EIO;
		vcd_xfer_abandon(&async->run.xfer);
	}
}

/*
 * Carry it out now, after those of its session. Whoever waits here may be killed;
 * the earlier operations may be somebody else's and must not suffer from that.
 */
static int vcd_async_serial(struct vcd_file *file, struct vcd_async *async)
{
	struct vcd_async *earlier;

	list_for_each_entry(earlier, &file->async_list, list) {
		if (earlier->run.session != async->run.session)
			continue;
		if (wait_event_killable_timeout(file->async_wait,
						vcd_async_is_done(earlier),
						msecs_to_jiffies(vcd_timeout_ms)) < 0)
			return -EINTR;
		vcd_async_settle(earlier);
	}
	return vcd_op_run(&async->run);
}

static int vcd_async_start(struct vcd_file *file, struct vcd_async *async)
{
	struct vcd_op *run = &async->run;
	struct vcd_queue *queue;
	int err;

	if (vcd_op_is_nothing(run))
		return 0;
	if (!vcd_op_is_alone(run))
		return vcd_async_serial(file, async);
	run->xfer.pin = true;
	run->xfer.done_wait = &file->async_wait;
	queue = vcd_queue_here(file->dev);
	err = vcd_op_begin(run, queue);
	if (err == -EAGAIN) {
		run->xfer.pin = false;
		run->xfer.done_wait = NULL;
		return vcd_async_serial(file, async);
	}
	if (err)
		return err;
	async->in_flight = true;
	vcd_queue_kick(queue);
	return 0;
}

static int vcd_async_submit_locked(struct vcd_file *file,
				   const struct crypt_op *op)
{
	struct vcd_async *async;
	int err;

	if (file->async_num >= vcd_async_max)
		return -EBUSY;
	async = kzalloc(sizeof(*async), GFP_KERNEL_ACCOUNT);
	if (!async)
		return -ENOMEM;
	err = vcd_op_init(&async->run, file, op);
	if (!async->run.session) {
		vcd_async_free(async);
		return err;
	}
	/* Whatever is wrong with it, the program learns when it fetches. */
	if (!err)
		err = vcd_async_start(file, async);
	if (err == -EINTR) {
		vcd_async_free(async);
		return err;
	}
	async->err = err;
	list_add_tail(&async->list, &file->async_list);
	file->async_num++;
	if (list_is_singular(&file->async_list))
		vcd_async_watch(file);
	wake_up_all(&file->async_wait);
	return 0;
}

/**
 * vcd_async_submit() - CIOCASYNCCRYPT
 * @file: file description
 * @op: private copy of the program's structure
 *
 * Return: 0; -EINVAL unknown session or COP_FLAG_NO_ZC; -EBUSY async_max are
 * under way; -ENOMEM; -EINTR.
 */
int vcd_async_submit(struct vcd_file *file, const struct crypt_op *op)
{
	int err;

	if (op->flags & COP_FLAG_NO_ZC)
		return -EINVAL;
	if (mutex_lock_killable(&file->async_lock))
		return -EINTR;
	err = vcd_async_submit_locked(file, op);
	mutex_unlock(&file->async_lock);
	return err;
}

/**
 * vcd_async_fetch() - CIOCASYNCFETCH
 * @file: file description
 * @op: out: the operation that is done; its ses is 0 when there is none
 *
 * Return: the operation's result, -EAGAIN for one that the device was too busy
 * for; -EBUSY when the oldest one is not done or there is none; -EINTR.
 */
int vcd_async_fetch(struct vcd_file *file, struct crypt_op *op)
{
	struct vcd_async *async;
	int err = -EBUSY;

	op->ses = 0;
	if (mutex_lock_killable(&file->async_lock))
		return -EINTR;
	async = list_first_entry_or_null(&file->async_list, struct vcd_async, list);
	if (async && vcd_async_is_done(async)) {
		list_del(&async->list);
		file->async_num--;
		vcd_async_settle(async);
		/* EBUSY is what fetching says when nothing is done. */
		err = async->err == -EBUSY ? -EAGAIN : async->err;
		if (!err)
			err = vcd_op_deliver(&async->run);
		*op = async->run.op;
		vcd_async_free(async);
		vcd_async_watch(file);
		wake_up_all(&file->async_wait);
	}
	mutex_unlock(&file->async_lock);
	return err;
}

/** vcd_async_poll() - POLLIN: the oldest is done; POLLOUT: room for another */
__poll_t vcd_async_poll(struct vcd_file *file, struct file *filp,
			poll_table *wait)
{
	struct vcd_async *async;
	__poll_t mask = 0;

	poll_wait(filp, &file->async_wait, wait);
	if (mutex_lock_killable(&file->async_lock))
		return 0;
	async = list_first_entry_or_null(&file->async_list, struct vcd_async, list);
	if (async && vcd_async_is_done(async))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (file->async_num < vcd_async_max)
		mask |= EPOLLOUT | EPOLLWRNORM;
	mutex_unlock(&file->async_lock);
	return mask;
}
