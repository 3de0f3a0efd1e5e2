// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * async.c - CIOCASYNCCRYPT, CIOCASYNCFETCH and poll.
 *
 * A submitted operation goes to the core and the call returns; up to async_max of
 * a file description may be under way, all at once. They are fetched in the order of
 * their submission: poll() says POLLIN when the oldest one is done, and POLLOUT while
 * there is room for another. Data goes to the memory of the program that submits,
 * digest and IV to that of the one that fetches; they may share the file and no more.
 *
 * When a request is done, a work item ends the operation: it copies the output to
 * the submitter's pages, which have been pinned for that, and lets go of them. So
 * how long pages are held is for the device to say, not for who fetches.
 *
 * An operation that depends on an earlier one of its session (iv NULL, a hash in
 * parts), that has to be cut into several requests, or whose output pages cannot
 * be pinned, waits for those before it and is done when the submission returns;
 * it is still fetched in its turn. Others submit, fetch and poll meanwhile.
 *
 * At the last close what is under way is aborted, and left to the device with the
 * pages that it has. The submitter's are let go, unless they are of
 * COP_FLAG_ZERO_COPY.
 *
 * Invariants
 * - The submitter's memory is written to by vcd_async_end() only, which ends before
 *   the operation is fetched and before the file is closed.
 * - Who takes an operation out of the list frees it; that is who fetches it or closes
 *   the file, when it is done, or who submits it, when it is killed before.
 */
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "driver.h"

/**
 * struct vcd_async - an operation submitted and not fetched
 * @list: in file->async_list
 * @file: file description
 * @run: the operation
 * @end: the work item
 * @done: it is; under file->async_lock
 * @sent: the core has it, and @end has not begun; under file->async_lock once it is
 *	in the list
 * @iv_due: its IV is to be left for the next operation; under file->async_lock
 * @err: result, once done
 */
struct vcd_async {
	struct list_head list;
	struct vcd_file *file;
	struct vcd_op run;
	struct work_struct end;
	bool done;
	bool sent;
	bool iv_due;
	int err;
};

/** vcd_async_init() - prepare a new file description */
void vcd_async_init(struct vcd_file *file)
{
	spin_lock_init(&file->async_lock);
	INIT_LIST_HEAD(&file->async_list);
	INIT_LIST_HEAD(&file->key_sent);
	INIT_LIST_HEAD(&file->key_done);
	init_waitqueue_head(&file->async_wait);
}

static void vcd_async_free(struct vcd_async *async)
{
	vcd_op_exit(&async->run);
	kfree(async);
}

/* Afterwards others may free it. */
static void vcd_async_done(struct vcd_async *async, int err)
{
	struct vcd_file *file = async->file;

	spin_lock(&file->async_lock);
	async->err = err;
	async->done = true;
	/* With the lock: the file may be closed as soon as it is dropped. */
	wake_up_all(&file->async_wait);
	spin_unlock(&file->async_lock);
}

/* Memory that it holds while it is under way: that is in whole pages. */
static u32 vcd_async_bytes(const struct vcd_async *async)
{
	return PAGE_ALIGN(async->run.op.len) + PAGE_SIZE;
}

/* Its request is done. */
static void vcd_async_end(struct work_struct *work)
{
	struct vcd_async *async = container_of(work, struct vcd_async, end);
	int err;

	spin_lock(&async->file->async_lock);
	async->sent = false;
	spin_unlock(&async->file->async_lock);
	err = vcd_op_end(&async->run);
	vcd_share_let_go(async->file->share, vcd_async_bytes(async));
	vcd_async_done(async, err);
}

static bool vcd_async_is_done(struct vcd_async *async)
{
	bool done;

	spin_lock(&async->file->async_lock);
	done = async->done;
	spin_unlock(&async->file->async_lock);
	return done;
}

/** vcd_async_exit() - the last close: nobody submits or fetches */
void vcd_async_exit(struct vcd_file *file)
{
	struct vcd_async *async, *next;

	spin_lock(&file->async_lock);
	list_for_each_entry(async, &file->async_list, list)
		if (async->sent)
			vcd_abort(&async->run.xfer.call->req, -EINTR);
	spin_unlock(&file->async_lock);
	list_for_each_entry_safe(async, next, &file->async_list, list) {
		/* Soon: its request is done, and the work item has to run. */
		wait_event(file->async_wait, vcd_async_is_done(async));
		vcd_async_free(async);
	}
}

/*
 * The IV that a session's operations leave is the last one's. They end in any order,
 * so it is left in that of their submission. Caller holds file->async_lock.
 */
static void vcd_async_settle(struct vcd_async *async)
{
	if (async->iv_due && !async->err)
		vcd_op_leave_iv(&async->run);
	async->iv_due = false;
}

/* Whether those before it of its session are done; then their IVs are left. */
static bool vcd_async_is_next(struct vcd_async *async)
{
	struct vcd_async *earlier;
	bool next = true;

	spin_lock(&async->file->async_lock);
	list_for_each_entry(earlier, &async->file->async_list, list) {
		if (earlier == async)
			break;
		if (earlier->run.session != async->run.session)
			continue;
		next = earlier->done;
		if (!next)
			break;
		vcd_async_settle(earlier);
	}
	spin_unlock(&async->file->async_lock);
	return next;
}

/* Send it. -EAGAIN: its output pages cannot be pinned. */
static int vcd_async_send(struct vcd_async *async)
{
	struct vcd_op *run = &async->run;
	int err;

	err = vcd_share_hold(async->file->share, vcd_async_bytes(async));
	if (err)
		return err;
	run->xfer.then = &async->end;
	async->iv_due = true;
	async->sent = true;
	err = vcd_op_begin(run, vcd_queue_here(run->session->dev), false);
	if (err) {
		run->xfer.then = NULL;
		async->iv_due = false;
		async->sent = false;
		vcd_share_let_go(async->file->share, vcd_async_bytes(async));
	}
	return err;
}

static void vcd_async_list(struct vcd_async *async)
{
	struct vcd_file *file = async->file;

	spin_lock(&file->async_lock);
	list_add_tail(&async->list, &file->async_list);
	wake_up_all(&file->async_wait);
	spin_unlock(&file->async_lock);
}

static void vcd_async_unlist(struct vcd_async *async)
{
	spin_lock(&async->file->async_lock);
	list_del(&async->list);
	spin_unlock(&async->file->async_lock);
}

/*
 * Carry it out now, after those of its session. Whoever waits here may be killed;
 * the earlier operations may be somebody else's and must not suffer from that.
 */
static int vcd_async_serial(struct vcd_async *async)
{
	int err = -EINTR;

	vcd_async_list(async);
	if (!wait_event_state(async->file->async_wait, vcd_async_is_next(async),
			      (TASK_KILLABLE | TASK_FREEZABLE)))
		err = vcd_op_run(&async->run);
	if (err == -EINTR && fatal_signal_pending(current)) {
		vcd_async_unlist(async);
		return err;
	}
	vcd_async_done(async, err);
	return 0;
}

/* Send it, or carry it out. Return: 0, and it is in the list; or a negative errno. */
static int vcd_async_start(struct vcd_async *async, const struct crypt_op *op)
{
	int err = vcd_op_init(&async->run, async->file, op);

	if (!async->run.session)
		return err;
	if (!err && !vcd_op_is_nothing(&async->run)) {
		err = -EAGAIN;
		if (vcd_op_is_alone(&async->run))
			err = vcd_async_send(async);
		if (err == -EAGAIN)
			return vcd_async_serial(async);
		if (err == -EINTR)
			return err;
	}
	/* Whatever is wrong with it, the program learns when it fetches. */
	if (err || vcd_op_is_nothing(&async->run)) {
		async->err = err;
		async->done = true;
	}
	vcd_async_list(async);
	return 0;
}

/* Room for one more, and nothing outstanding of CIOCKEYASYNC. */
static bool vcd_async_enter(struct vcd_file *file)
{
	bool room;

	spin_lock(&file->async_lock);
	room = !file->key_num && file->async_num < READ_ONCE(vcd_async_max);
	if (room)
		file->async_num++;
	spin_unlock(&file->async_lock);
	return room;
}

static void vcd_async_leave(struct vcd_file *file)
{
	spin_lock(&file->async_lock);
	file->async_num--;
	wake_up_all(&file->async_wait);
	spin_unlock(&file->async_lock);
}

/**
 * vcd_async_submit() - CIOCASYNCCRYPT
 * @file: file description
 * @op: private copy of the program's structure
 *
 * Return: 0; -EINVAL unknown session or COP_FLAG_NO_ZC; -EBUSY async_max are
 * under way, or some of CIOCKEYASYNC; -ENOMEM; -EINTR.
 */
int vcd_async_submit(struct vcd_file *file, const struct crypt_op *op)
{
	struct vcd_async *async;
	int err = -ENOMEM;

	if (op->flags & COP_FLAG_NO_ZC)
		return -EINVAL;
	if (!vcd_async_enter(file))
		return -EBUSY;
	async = kzalloc(sizeof(*async), GFP_KERNEL_ACCOUNT);
	if (async) {
		async->file = file;
		INIT_WORK(&async->end, vcd_async_end);
		err = vcd_async_start(async, op);
		if (err)
			vcd_async_free(async);
	}
	if (err)
		vcd_async_leave(file);
	return err;
}

/**
 * vcd_async_fetch() - CIOCASYNCFETCH
 * @file: file description
 * @op: out: the operation that is done; its ses is 0 when there is none
 *
 * Return: the operation's result, -EAGAIN for one that the device was too busy
 * for; -EBUSY when the oldest one is not done or there is none.
 */
int vcd_async_fetch(struct vcd_file *file, struct crypt_op *op)
{
	struct vcd_async *async;
	int err;

	op->ses = 0;
	spin_lock(&file->async_lock);
	async = list_first_entry_or_null(&file->async_list, struct vcd_async, list);
	if (async && async->done) {
		list_del(&async->list);
		vcd_async_settle(async);
	} else {
		async = NULL;
	}
	spin_unlock(&file->async_lock);
	if (!async)
		return -EBUSY;
	/* EBUSY is what fetching says when nothing is done. */
	err = async->err == -EBUSY ? -EAGAIN : async->err;
	if (!err)
		err = vcd_op_deliver(&async->run);
	*op = async->run.op;
	vcd_async_free(async);
	vcd_async_leave(file);
	return err;
}

/**
 * vcd_async_poll() - POLLIN: the oldest, or one of CIOCKEYASYNC, is done; POLLOUT: room;
 *	POLLHUP: no device
 */
__poll_t vcd_async_poll(struct vcd_file *file, struct file *filp,
			poll_table *wait)
{
	struct vcd_async *async;
	__poll_t mask = 0;

	poll_wait(filp, &file->async_wait, wait);
	spin_lock(&file->async_lock);
	async = list_first_entry_or_null(&file->async_list, struct vcd_async, list);
	if ((async && async->done) || !list_empty(&file->key_done))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (file->async_num + file->key_num < READ_ONCE(vcd_async_max))
		mask |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&file->async_lock);
	return READ_ONCE(file->dev->gone) ? mask | EPOLLHUP : mask;
}
