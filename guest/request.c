// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request.c - one request: header, buffers, reply; life and death.
 *
 * A request has two holders, its caller and, while it is in the ring, the
 * device. The last one out frees it. The device's part is dropped in interrupt
 * context, where pages cannot be unpinned, so a request whose caller has left
 * is freed by a work item.
 *
 * One side effect outlives a caller that leaves: a SESSION_CREATE that the
 * device then carries out makes a session nobody knows. Such a request destroys
 * that session before it is freed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "trace.h"

/* What the device writes to shares no cache line with what the driver does. */
#ifdef ARCH_DMA_MINALIGN
#define VCD_DMA_ALIGN max_t(size_t, L1_CACHE_BYTES, ARCH_DMA_MINALIGN)
#else
#define VCD_DMA_ALIGN ((size_t)L1_CACHE_BYTES)
#endif

static void vcd_req_free(struct vcd_req_ctx *req)
{
	struct vcd_device *dev = req->dev;

	vcd_buffer_free(&req->src);
	vcd_buffer_free(&req->dst);
	vcd_buffer_free(&req->landing);
	vcd_share_put(req->share);
	/* The header may be followed by a key. */
	kfree_sensitive(req);
	vcd_device_put(dev);
}

static bool vcd_req_is_create(const struct vcd_req_ctx *req)
{
	return vcd_req_opcode(req) == VCD_OP_SESSION_CREATE;
}

/* Judge the reply of a request that the device gave back. */
static int vcd_req_reply(struct vcd_req_ctx *req, struct vcd_result *result)
{
	struct vcd_reply reply;
	u32 max_out = req->out_len;

	if (req->lost)
		return READ_ONCE(req->dev->gone) ? -ENODEV : -EIO;
	memcpy(&reply, req->out, sizeof(reply));
	return vcd_wire_reply(&reply, req->used, max_out, result);
}

static void vcd_host_destroy(struct vcd_share *share, u64 host_id);

static void vcd_req_cleanup(struct work_struct *work)
{
	struct vcd_req_ctx *req = container_of(work, struct vcd_req_ctx, cleanup);
	struct vcd_result result;

	if (vcd_req_is_create(req) && !vcd_req_reply(req, &result) &&
	    result.status == VCD_S_OK)
		vcd_host_destroy(req->share, result.value);
	vcd_req_free(req);
}

/**
 * vcd_req_new() - make a request
 * @share: what it is charged to, of the device that it is for
 * @in_len: bytes of payload that will lie behind the header in req->in
 * @out_len: bytes of output that will lie behind the reply in req->out
 * @tail_len: bytes of output that will lie in req->tail, behind req->dst
 *
 * The caller fills req->in, may attach req->src and req->dst and add to
 * req->out_len what fits there, then calls vcd_req_exec().
 *
 * Return: the request, the caller's; NULL without memory.
 */
struct vcd_req_ctx *vcd_req_new(struct vcd_share *share, u32 in_len, u32 out_len,
				u32 tail_len)
{
	size_t in_at = ALIGN(sizeof(struct vcd_req_ctx), VCD_DMA_ALIGN);
	size_t in_size = sizeof(struct vcd_req) + in_len;
	size_t out_at = ALIGN(in_at + in_size, VCD_DMA_ALIGN);
	size_t out_size = sizeof(struct vcd_reply) + out_len;
	struct vcd_req_ctx *req;

	req = kmalloc(out_at + out_size + tail_len, GFP_KERNEL_ACCOUNT);
	if (!req)
		return NULL;
	memset(req, 0, sizeof(*req));
	vcd_device_get(share->dev);
	req->dev = share->dev;
	req->share = vcd_share_get(share);
	refcount_set(&req->ref, 1);
	init_completion(&req->done);
	INIT_WORK(&req->cleanup, vcd_req_cleanup);
	req->in = (u8 *)req + in_at;
	req->in_len = in_len;
	req->out = (u8 *)req + out_at;
	req->out_len = out_len + tail_len;
	req->tail = req->out + out_size;
	req->tail_len = tail_len;
	/* Never show old kernel memory if the device claims to have written. */
	memset(req->out, 0, out_size + tail_len);
	sg_init_one(&req->in_sg, req->in, in_size);
	sg_init_one(&req->out_sg, req->out, out_size);
	if (tail_len)
		sg_init_one(&req->tail_sg, req->tail, tail_len);
	return req;
}

/** vcd_req_timeout() - milliseconds that the device may take for @req */
unsigned int vcd_req_timeout(const struct vcd_req_ctx *req)
{
	return vcd_timeout(req->timeout_ms);
}

/** vcd_req_put() - the caller's part ends; NULL is fine; may sleep */
void vcd_req_put(struct vcd_req_ctx *req)
{
	if (!req || !refcount_dec_and_test(&req->ref))
		return;
	if (req->disowned)
		queue_work(vcd_wq, &req->cleanup);
	else
		vcd_req_free(req);
}

/** vcd_req_complete() - the device's part ends; under queue->lock */
void vcd_req_complete(struct vcd_req_ctx *req)
{
	complete(&req->done);
	if (req->then)
		queue_work(vcd_wq, req->then);
	if (refcount_dec_and_test(&req->ref))
		queue_work(vcd_wq, &req->cleanup);
}

/**
 * vcd_req_start() - send a request and do not wait; vcd_queue_kick() has to follow
 * @req: request, new or one for which vcd_req_wait() returned 0
 * @queue: queue to use
 *
 * Return: 0, or a negative errno and the device has no part in it.
 */
int vcd_req_start(struct vcd_req_ctx *req, struct vcd_queue *queue)
{
	reinit_completion(&req->done);
	req->sleeper = false;
	return vcd_queue_submit(queue, req);
}

/**
 * vcd_req_wait() - wait for the reply of a request that was sent
 * @req: request
 * @result: out: the checked reply, when 0 is returned
 *
 * Return: 0 when there is a valid reply, whatever its status; otherwise
 * -ENODEV, -EIO or -EINTR, and nothing but vcd_req_put() may be done with @req.
 */
int vcd_req_wait(struct vcd_req_ctx *req, struct vcd_result *result)
{
	int err = vcd_queue_wait(req);

	if (err) {
		vcd_req_disown(req);
		if (err == -EIO)
			pr_warn_ratelimited("%s: no reply from the host in %u ms\n",
					    req->dev->name, vcd_req_timeout(req));
		return err;
	}
	return vcd_req_reply(req, result);
}

/** vcd_req_disown() - the caller leaves while the device may have @req */
void vcd_req_disown(struct vcd_req_ctx *req)
{
	vcd_queue_forget(req);
	req->disowned = true;
}

/** vcd_req_exec() - send, and wait for the reply; see the two above */
int vcd_req_exec(struct vcd_req_ctx *req, struct vcd_result *result)
{
	struct vcd_queue *queue = vcd_queue_here(req->dev);
	int err = vcd_req_start(req, queue);

	if (err)
		return err;
	vcd_queue_kick(queue);
	return vcd_req_wait(req, result);
}

/**
 * vcd_host_hello() - greet the device and drop what an earlier driver left
 * @dev: device with live queues
 *
 * Return: 0; -EPROTO no common version; -EIO no or a bad reply.
 */
int vcd_host_hello(struct vcd_device *dev)
{
	struct vcd_result result;
	struct vcd_req_ctx *req;
	int err;

	req = vcd_req_new(dev->share, 0, 0, 0);
	if (!req)
		return -ENOMEM;
	vcd_wire_hello((struct vcd_req_hello *)req->in);
	err = vcd_req_exec(req, &result);
	if (!err)
		err = vcd_wire_errno(result.status);
	if (!err && result.value != VCD_PROTOCOL_VERSION)
		err = -EPROTO;
	vcd_req_put(req);
	/* There is nothing yet that could be stale. */
	return err == -ESTALE ? -EIO : err;
}

/**
 * vcd_req_new_destroy() - make a request that ends a session on the device
 * @share: what it is charged to
 * @host_id: the device's session id
 *
 * Return: the request, the caller's; NULL without memory.
 */
struct vcd_req_ctx *vcd_req_new_destroy(struct vcd_share *share, u64 host_id)
{
	struct vcd_req_ctx *req = vcd_req_new(share, 0, 0, 0);

	if (!req)
		return NULL;
	vcd_wire_session((struct vcd_req *)req->in, VCD_OP_SESSION_DESTROY,
			 host_id);
	req->host_id = host_id;
	return req;
}

/**
 * vcd_req_wait_destroy() - wait until a session was ended
 * @req: made by vcd_req_new_destroy() and sent; it is put
 *
 * Return: 0 when it is gone; a negative errno when that is not known.
 */
int vcd_req_wait_destroy(struct vcd_req_ctx *req)
{
	struct vcd_result result;
	int err = vcd_req_wait(req, &result);

	if (!err && result.status != VCD_S_STALE)
		err = vcd_wire_errno(result.status);
	trace_vcd_session_destroy(req->dev, req->host_id, err);
	vcd_req_put(req);
	return err;
}

/* Both, for a session that no caller has known. */
static void vcd_host_destroy(struct vcd_share *share, u64 host_id)
{
	struct vcd_queue *queue = vcd_queue_here(share->dev);
	struct vcd_req_ctx *req = vcd_req_new_destroy(share, host_id);

	if (!req)
		return;
	if (vcd_req_start(req, queue)) {
		vcd_req_put(req);
		return;
	}
	vcd_queue_kick(queue);
	vcd_req_wait_destroy(req);
}
