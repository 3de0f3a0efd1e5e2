// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * async.c - CIOCASYNCCRYPT, CIOCASYNCFETCH and poll.
 *
 * A submitted operation goes straight into the ring and the call returns; up to
 * async_max of a file description may be under way, all at once. They are fetched
 * in the order of their submission: poll() says POLLIN when the oldest one is
 * done, and POLLOUT while there is room for another. Data goes to the memory of
 * the program that submits, digest and IV to that of the one that fetches; they
 * may share the file and no more.
 *
 * When the device gives a request back, a work item ends the operation: it makes
 * a lost session again and repeats the request if need be, copies the output to
 * the submitter's pages, which have been pinned for that, and lets go of all
 * pages. So how long pages are held is for the device to say, not for who
 * fetches.
 *
 * An operation that depends on an earlier one of its session (iv NULL, a hash in
 * parts), that has to be cut into several requests, or whose output pages cannot
 * be pinned, waits for those before it and is done when the submission returns;
 * it is still fetched in its turn.
 *
 * One that the device has not given back timeout_ms after its submission is done,
 * with EIO. Nobody may be asleep in the kernel then, so a work item wakes those
 * who poll.
 *
 * At the last close what is under way is left to the device with the pages that
 * it has. The submitter's are let go, unless they are of COP_FLAG_ZERO_COPY.
 *
 * Invariant: the submitter's memory is written to under async->lock and while
 * async->state is VCD_ASYNC_ENDING and the file is open; so not once the
 * operation was fetched or the file closed.
 */
#include <linux/jiffies.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "driver.h"

/**
 * enum vcd_async_state - who has an operation
 * @VCD_ASYNC_OUT: the device, or the work item is queued
 * @VCD_ASYNC_ENDING: the work item
 * @VCD_ASYNC_DONE: nobody
 */
enum vcd_async_state {
	VCD_ASYNC_OUT,
	VCD_ASYNC_ENDING,
	VCD_ASYNC_DONE,
};

/**
 * struct vcd_async - an operation submitted and not fetched
 * @ref: the file's list; the work item while it is due
 * @list: in file->async_list
 * @file: file description; not once @closed
 * @run: the operation; the work item's while it is ENDING
 * @end: the work item
 * @lock: protects @state and @closed
 * @state: who has it
 * @closed: the last close came before it was done
 * @iv_due: its IV is to be left for the next operation, once DONE; under
 *	file->async_lock
 * @deadline: when an operation that is OUT is done without the device, in jiffies
 * @err: result, once DONE
 */
struct vcd_async {
	refcount_t ref;
	struct list_head list;
	struct vcd_file *file;
	struct vcd_op run;
	struct work_struct end;
	struct mutex lock; /* state, closed, and the submitter's memory */
	enum vcd_async_state state;
	bool closed;
	bool iv_due;
	unsigned long deadline;
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

static void vcd_async_put(struct vcd_async *async)
{
	if (!refcount_dec_and_test(&async->ref))
		return;
	vcd_op_exit(&async->run);
	mutex_destroy(&async->lock);
	kfree(async);
}

/* With async->lock: it is done, and those who wait learn it. */
static void vcd_async_done(struct vcd_async *async, int err)
{
	async->err = err;
	/* Pairs with vcd_async_is_done(), which looks without the lock. */
	smp_store_release(&async->state, VCD_ASYNC_DONE);
	wake_up_all(&async->file->async_wait);
}

/* The device has given it back. */
static void vcd_async_end(struct work_struct *work)
{
	struct vcd_async *async = container_of(work, struct vcd_async, end);
	int err = -EIO;
	bool closed;

	mutex_lock(&async->lock);
	WRITE_ONCE(async->state, VCD_ASYNC_ENDING);
	closed = async->closed;
	mutex_unlock(&async->lock);

	/* May make the session again and repeat the request. */
	if (!closed)
		err = vcd_op_wait(&async->run);

	mutex_lock(&async->lock);
	err = vcd_op_take(&async->run, async->closed ? -EIO : err);
	if (!async->closed)
		vcd_async_done(async, err);
	mutex_unlock(&async->lock);
	vcd_async_put(async);
}

/* With async->lock: let go of an operation that the device still has. */
static bool vcd_async_recall(struct vcd_async *async)
{
	if (async->state != VCD_ASYNC_OUT || !vcd_xfer_recall(&async->run.xfer))
		return false;
	/* The work item's, which will not run. */
	refcount_dec(&async->ref);
	return true;
}

/** vcd_async_exit() - the last close */
void vcd_async_exit(struct vcd_file *file)
{
	struct vcd_async *async, *next;

	cancel_delayed_work_sync(&file->async_late);
	list_for_each_entry_safe(async, next, &file->async_list, list) {
		mutex_lock(&async->lock);
		async->closed = true;
		vcd_async_recall(async);
		mutex_unlock(&async->lock);
		vcd_async_put(async);
	}
}

static bool vcd_async_is_late(const struct vcd_async *async)
{
	return READ_ONCE(async->state) == VCD_ASYNC_OUT &&
	       time_after(jiffies, async->deadline);
}

static bool vcd_async_is_done(const struct vcd_async *async)
{
	/* Pairs with vcd_async_done(). */
	return smp_load_acquire(&async->state) == VCD_ASYNC_DONE ||
	       vcd_async_is_late(async);
}

/* Have those who poll woken when the oldest one is overdue. */
static void vcd_async_watch(struct vcd_file *file)
{
	struct vcd_async *async;
	long left;

	async = list_first_entry_or_null(&file->async_list, struct vcd_async, list);
	if (!async || READ_ONCE(async->state) != VCD_ASYNC_OUT)
		return;
	left = (long)(async->deadline - jiffies);
	mod_delayed_work(vcd_wq, &file->async_late, max(left, 0L) + 2);
}

/*
 * Whether it is done; one that is overdue is from here on. Operations of a session
 * end in any order, but they are settled in that of their submission, so the IV
 * that they leave is the last one's.
 */
static bool vcd_async_settle(struct vcd_async *async)
{
	bool done;

	mutex_lock(&async->lock);
	if (vcd_async_is_late(async) && vcd_async_recall(async))
		vcd_async_done(async, -EIO);
	done = async->state == VCD_ASYNC_DONE;
	mutex_unlock(&async->lock);
	if (done && async->iv_due) {
		async->iv_due = false;
		if (!async->err)
			vcd_op_leave_iv(&async->run);
	}
	return done;
}

/*
 * Carry it out now, after those of its session. Whoever waits here may be killed;
 * the earlier operations may be somebody else's and must not suffer from that.
 */
static int vcd_async_serial(struct vcd_file *file, struct vcd_async *async)
{
	u32 own = async->run.session->timeout_ms;
	unsigned long patience = msecs_to_jiffies(vcd_timeout(own)) + 1;
	struct vcd_async *earlier;

	list_for_each_entry(earlier, &file->async_list, list) {
		if (earlier->run.session != async->run.session)
			continue;
		while (!vcd_async_settle(earlier))
			if (wait_event_killable_timeout(file->async_wait,
							vcd_async_is_done(earlier),
							patience) < 0)
				return -EINTR;
	}
	return vcd_op_run(&async->run);
}

/* Put it into the ring. -EAGAIN: its output pages cannot be pinned. */
static int vcd_async_begin(struct vcd_file *file, struct vcd_async *async)
{
	struct vcd_queue *queue = vcd_queue_here(file->dev);
	struct vcd_op *run = &async->run;
	int err;

	run->xfer.then = &async->end;
	async->iv_due = true;
	async->state = VCD_ASYNC_OUT;
	refcount_inc(&async->ref);
	err = vcd_op_begin(run, queue);
	if (!err) {
		/* It may be done by now. */
		async->deadline = jiffies +
			msecs_to_jiffies(vcd_timeout(run->session->timeout_ms));
		vcd_queue_kick(queue);
		return 0;
	}
	refcount_dec(&async->ref);
	async->state = VCD_ASYNC_DONE;
	async->iv_due = false;
	run->xfer.then = NULL;
	return err;
}

/* Begin it, or carry it out; then async->err is its result. */
static int vcd_async_start(struct vcd_file *file, struct vcd_async *async)
{
	int err = -EAGAIN;

	if (vcd_op_is_nothing(&async->run))
		return 0;
	if (vcd_op_is_alone(&async->run)) {
		err = vcd_async_begin(file, async);
		if (!err)
			return 0;
	}
	if (err == -EAGAIN)
		err = vcd_async_serial(file, async);
	async->err = err;
	return err == -EINTR ? err : 0;
}

static struct vcd_async *vcd_async_new(struct vcd_file *file)
{
	struct vcd_async *async = kzalloc(sizeof(*async), GFP_KERNEL_ACCOUNT);

	if (!async)
		return NULL;
	refcount_set(&async->ref, 1);
	INIT_WORK(&async->end, vcd_async_end);
	mutex_init(&async->lock);
	async->file = file;
	async->state = VCD_ASYNC_DONE;
	return async;
}

static int vcd_async_submit_locked(struct vcd_file *file,
				   const struct crypt_op *op)
{
	struct vcd_async *async;
	int err;

	if (file->async_num >= vcd_async_max)
		return -EBUSY;
	async = vcd_async_new(file);
	if (!async)
		return -ENOMEM;
	err = vcd_op_init(&async->run, file, op);
	if (!async->run.session)
		goto err_put;
	/* Whatever is wrong with it, the program learns when it fetches. */
	async->err = err;
	if (!err)
		err = vcd_async_start(file, async);
	if (err == -EINTR)
		goto err_put;
	list_add_tail(&async->list, &file->async_list);
	file->async_num++;
	if (list_is_singular(&file->async_list))
		vcd_async_watch(file);
	wake_up_all(&file->async_wait);
	return 0;

err_put:
	vcd_async_put(async);
	return err;
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
	if (async && vcd_async_settle(async)) {
		list_del(&async->list);
		file->async_num--;
		/* EBUSY is what fetching says when nothing is done. */
		err = async->err == -EBUSY ? -EAGAIN : async->err;
		if (!err)
			err = vcd_op_deliver(&async->run);
		*op = async->run.op;
		vcd_async_put(async);
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
