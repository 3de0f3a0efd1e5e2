// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * batch.c - CIOCCRYPTBATCH: many operations, one kick.
 *
 * A window of operations is put into one queue, the device is told once, and
 * their results are taken in order. A window has at most VCD_BATCH_WINDOW
 * operations and share_bytes of data, so that the memory in which its output waits
 * is bounded.
 *
 * An operation that depends on an earlier one (a running IV, a hash in parts), or
 * that has to be cut, first lets everything before it finish and is then carried
 * out by itself, so that the outcome is that of one call after the other.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/**
 * struct vcd_batch_item - one operation of a window
 * @run: the operation
 * @begun: it is in flight, else @err is its result
 * @err: result
 */
struct vcd_batch_item {
	struct vcd_op run;
	bool begun;
	int err;
};

/**
 * struct vcd_batch - a window of operations
 * @queue: queue they are put into
 * @status: the program's array
 * @first: number of the first operation of the window
 * @num: items in use
 * @bytes: of data they have
 * @window: items there are
 * @items: they
 */
struct vcd_batch {
	struct vcd_queue *queue;
	s32 __user *status;
	u32 first;
	u32 num;
	u64 bytes;
	u32 window;
	struct vcd_batch_item items[];
};

/* Wait for the window and report it. */
static int vcd_batch_flush(struct vcd_batch *batch)
{
	int ret = 0;
	u32 i;

	vcd_kick(batch->queue);
	for (i = 0; i < batch->num; i++) {
		struct vcd_batch_item *item = &batch->items[i];

		if (item->begun) {
			item->err = vcd_op_end(&item->run);
			if (!item->err)
				vcd_op_leave_iv(&item->run);
		}
		if (!item->err)
			item->err = vcd_op_deliver(&item->run);
		vcd_op_exit(&item->run);
		if (!ret && put_user(item->err, batch->status + batch->first + i))
			ret = -EFAULT;
	}
	batch->first += batch->num;
	batch->num = 0;
	batch->bytes = 0;
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	return ret;
}

/* An operation that is not alone: everything before it first, then it. */
static int vcd_batch_serial(struct vcd_batch *batch, struct vcd_batch_item *item)
{
	struct vcd_op run = item->run;
	int ret = vcd_batch_flush(batch);

	item = &batch->items[0];
	item->run = run;
	item->begun = false;
	item->err = ret ? ret : vcd_op_run(&item->run);
	batch->num = 1;
	memzero_explicit(&run, sizeof(run));
	return ret;
}

static int vcd_batch_add(struct vcd_batch *batch, struct vcd_file *file,
			 const struct crypt_op *op)
{
	u32 room = READ_ONCE(vcd_share_bytes);
	struct vcd_batch_item *item;
	struct vcd_op *run;
	int ret;

	if (room && batch->num && batch->bytes + op->len > room) {
		ret = vcd_batch_flush(batch);
		if (ret)
			return ret;
	}
	batch->bytes += op->len;
	item = &batch->items[batch->num];
	run = &item->run;
	item->begun = false;
	item->err = vcd_op_init(run, file, op);
	if (!item->err && !vcd_op_is_alone(run)) {
		ret = vcd_batch_serial(batch, item);
		if (ret)
			return ret;
	} else {
		if (!item->err && !vcd_op_is_nothing(run)) {
			item->err = vcd_op_begin(run, batch->queue, true);
			item->begun = !item->err;
		}
		batch->num++;
	}
	return batch->num == batch->window ? vcd_batch_flush(batch) : 0;
}

/**
 * vcd_batch() - CIOCCRYPTBATCH
 * @file: file description
 * @args: private copy of the program's structure
 * @read: reads an element of the program's array
 *
 * Return: 0 when every operation has its status; -EINVAL, -EFAULT, -ENOMEM, or
 * -EINTR when the caller is being killed.
 */
int vcd_batch(struct vcd_file *file, const struct crypt_batch *args,
	      vcd_op_reader *read)
{
	u32 window = min(args->count, VCD_BATCH_WINDOW);
	struct vcd_batch *batch;
	struct crypt_op op;
	int flushed;
	int ret = 0;
	u32 i;

	if (args->flags || !args->count || args->count > CRYPT_BATCH_MAX)
		return -EINVAL;
	batch = kvmalloc(struct_size(batch, items, window), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	batch->first = 0;
	batch->num = 0;
	batch->bytes = 0;
	batch->window = window;
	batch->queue = vcd_queue_here(file->dev);
	batch->status = u64_to_user_ptr(args->status);
	for (i = 0; i < args->count && !ret; i++) {
		ret = read(&op, u64_to_user_ptr(args->ops), i);
		if (!ret)
			ret = vcd_batch_add(batch, file, &op);
		cond_resched();
	}
	/* Also after a failure: what is in flight must come home. */
	flushed = vcd_batch_flush(batch);
	kvfree(batch);
	return ret ? ret : flushed;
}
