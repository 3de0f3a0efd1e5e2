// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request.c - a program's request: a task waits for it, or a work item is queued.
 *
 * It has two holders, its caller and, from vcd_call_start() until the device has no
 * part in it any more, the core. The last one out frees it. The core may drop its part
 * in interrupt context, where pages cannot be unpinned; then a work item frees it.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "driver.h"

static void vcd_call_free(struct vcd_call *call)
{
	struct vcd_share *share = call->req.share;
	struct vcd_device *dev = share->dev;

	vcd_buffer_free(&call->src);
	vcd_buffer_free(&call->dst);
	vcd_buffer_free(&call->landing);
	vcd_share_put(share);
	kfree_sensitive(call);
	vcd_device_put(dev);
}

static void vcd_call_cleanup(struct work_struct *work)
{
	vcd_call_free(container_of(work, struct vcd_call, cleanup));
}

static void vcd_call_done(struct vcd_request *req, int err)
{
	struct vcd_call *call = container_of(req, struct vcd_call, req);

	call->err = err;
	complete(&call->done);
	if (call->then)
		queue_work(vcd_wq, call->then);
}

static void vcd_call_gone(struct vcd_request *req)
{
	struct vcd_call *call = container_of(req, struct vcd_call, req);

	if (refcount_dec_and_test(&call->ref))
		queue_work(vcd_wq, &call->cleanup);
}

/**
 * vcd_call_new() - make a request
 * @share: what it is charged to
 * @in_len: bytes of payload that will lie after the header
 * @out_len: bytes of output that will lie after the reply
 * @tail_len: bytes of output that will lie in req.tail
 *
 * The caller fills req.in and may attach pages, and add to req.out_len what fits
 * there.
 *
 * Return: the request, the caller's; NULL without memory.
 */
struct vcd_call *vcd_call_new(struct vcd_share *share, u32 in_len, u32 out_len,
			      u32 tail_len)
{
	struct vcd_call *call;

	call = vcd_request_alloc(sizeof(*call), in_len, out_len, tail_len);
	if (!call)
		return NULL;
	vcd_device_get(share->dev);
	call->req.share = vcd_share_get(share);
	call->req.done = vcd_call_done;
	call->req.gone = vcd_call_gone;
	refcount_set(&call->ref, 1);
	init_completion(&call->done);
	INIT_WORK(&call->cleanup, vcd_call_cleanup);
	return call;
}

/** vcd_call_put() - the caller's part ends; NULL is fine; may sleep */
void vcd_call_put(struct vcd_call *call)
{
	if (call && refcount_dec_and_test(&call->ref))
		vcd_call_free(call);
}

/**
 * vcd_call_start() - send a request and do not wait
 * @call: request
 * @queue: queue to use
 * @more: vcd_kick() will follow
 *
 * vcd_call_wait() has to follow, or call->then is queued.
 */
void vcd_call_start(struct vcd_call *call, struct vcd_queue *queue, bool more)
{
	refcount_inc(&call->ref);
	call->req.queue = queue;
	call->req.sleeper = call->then;
	vcd_submit(&call->req, more);
}

/**
 * vcd_call_wait() - wait until a request is done
 * @call: request that was started
 * @freezable: the caller holds no lock
 *
 * Return: 0, and req.result is the reply; -ENODEV, -EIO, -EINTR, -ESTALE, or what the
 * status means.
 */
int vcd_call_wait(struct vcd_call *call, bool freezable)
{
	vcd_wait(&call->req, &call->done,
		 TASK_KILLABLE | (freezable ? TASK_FREEZABLE : 0));
	return call->err ? call->err : vcd_wire_errno(call->req.result.status);
}

/** vcd_call_exec() - send, and wait; req.queue is set or any will do */
int vcd_call_exec(struct vcd_call *call)
{
	struct vcd_queue *queue = call->req.queue;

	vcd_call_start(call, queue ? queue : vcd_queue_here(call->req.share->dev),
		       false);
	return vcd_call_wait(call, false);
}
