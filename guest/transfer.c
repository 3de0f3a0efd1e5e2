// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * transfer.c - one request's payload, there and back.
 *
 * Payload in is up to three parts: bytes that are always copied (AAD), the data,
 * and a tail of the driver's own (a tag to compare). Payload out is the data and
 * a tail of the driver's own (digest or tag).
 *
 *	beside	up to vcd_copybreak: everything in two kernel buffers
 *	pinned	the device reads and writes the program's own pages
 *	copied	the same through pages of ours, where pinning is not possible,
 *		not wanted (COP_FLAG_NO_ZC), or there is a tail to append
 *
 * vcd_xfer_begin() puts it into a ring, vcd_xfer_end() waits and hands the
 * output over; between the two others may be begun.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/**
 * vcd_xfer_max() - most bytes in one request that is cut from a longer operation
 * @dev: device
 *
 * Return: bytes, a multiple of every block size.
 */
u32 vcd_xfer_max(const struct vcd_device *dev)
{
	/* Header, reply and tail take one each; n pages of data span n + 1. */
	u32 pages = (dev->max_segments - 3) / 2;
	u64 bytes = pages > 1 ? (u64)(pages - 1) * PAGE_SIZE : 0;

	bytes = max_t(u64, bytes, VCD_COPY_MAX);
	/* Room for a digest behind the data. */
	return min_t(u64, bytes, dev->max_request - VCD_MAX_DIGEST_LEN) &
	       ~(u32)(VCD_MAX_IV_LEN - 1);
}

static bool vcd_xfer_is_small(const struct vcd_xfer *xfer)
{
	u32 max = min(READ_ONCE(vcd_copybreak), VCD_COPY_MAX);

	return (u64)xfer->head_len + xfer->src_len + xfer->in_tail_len <= max &&
	       xfer->dst_len <= max;
}

/**
 * vcd_xfer_fits() - whether the device takes this in one request
 * @xfer: what is not to be cut
 *
 * Whether there are few enough segments shows when there are pages.
 */
bool vcd_xfer_fits(const struct vcd_xfer *xfer)
{
	const struct vcd_device *dev = xfer->session->dev;
	u64 in = (u64)xfer->head_len + xfer->src_len + xfer->in_tail_len;
	u64 out = (u64)xfer->dst_len + xfer->tail_len;

	return in <= dev->max_request && out <= dev->max_request;
}

static bool vcd_xfer_too_many_segments(const struct vcd_xfer *xfer,
				       const struct vcd_req_ctx *req)
{
	unsigned int segments = 2 + !!xfer->tail_len;

	if (req->src.num)
		segments += req->src.sgt.nents;
	if (req->dst.num)
		segments += req->dst.sgt.nents;
	return segments > xfer->session->dev->max_segments;
}

/* Everything in the request's own buffers. */
static int vcd_xfer_fill_beside(struct vcd_xfer *xfer, struct vcd_req_ctx *req)
{
	u8 *in = req->in + sizeof(struct vcd_req);

	if (copy_from_user(in, xfer->head, xfer->head_len))
		return -EFAULT;
	in += xfer->head_len;
	if (copy_from_user(in, xfer->src, xfer->src_len))
		return -ENODATA;
	memcpy(in + xfer->src_len, xfer->in_tail, xfer->in_tail_len);
	return 0;
}

/* -EAGAIN: the pages cannot be pinned. */
static int vcd_xfer_fill_pinned(struct vcd_xfer *xfer, struct vcd_req_ctx *req)
{
	int err = 0;

	if (xfer->src_len)
		err = vcd_buffer_pin(&req->src, xfer->src, xfer->src_len, false);
	if (!err && xfer->dst_len)
		err = vcd_buffer_pin(&req->dst, xfer->dst, xfer->dst_len, true);
	return err == -EFAULT ? -EAGAIN : err;
}

static int vcd_xfer_fill_copied(struct vcd_xfer *xfer, struct vcd_req_ctx *req)
{
	u32 in_len = xfer->src_len + xfer->in_tail_len;
	int err = 0;

	if (in_len)
		err = vcd_buffer_alloc(&req->src, in_len);
	if (err)
		return err;
	if (vcd_buffer_from_user(&req->src, 0, xfer->src, xfer->src_len))
		return -ENODATA;
	vcd_buffer_from_kernel(&req->src, xfer->src_len, xfer->in_tail,
			       xfer->in_tail_len);
	if (xfer->dst_len)
		err = vcd_buffer_alloc(&req->dst, xfer->dst_len);
	return err;
}

/* Make xfer->req, complete but for its header. */
static int vcd_xfer_prepare(struct vcd_xfer *xfer, enum vcd_xfer_how how)
{
	bool beside = how == VCD_XFER_BESIDE;
	u32 in_len = xfer->head_len;
	struct vcd_req_ctx *req;
	int err;

	if (beside)
		in_len += xfer->src_len + xfer->in_tail_len;
	req = vcd_req_new(xfer->session->dev, in_len, beside ? xfer->dst_len : 0,
			  xfer->tail_len);
	if (!req)
		return -ENOMEM;
	if (beside) {
		err = vcd_xfer_fill_beside(xfer, req);
	} else {
		req->out_len += xfer->dst_len;
		err = -EFAULT;
		if (!copy_from_user(req->in + sizeof(struct vcd_req), xfer->head,
				    xfer->head_len))
			err = how == VCD_XFER_PINNED ?
				vcd_xfer_fill_pinned(xfer, req) :
				vcd_xfer_fill_copied(xfer, req);
		/* Pages of ours are in larger pieces than a program's often are. */
		if (!err && vcd_xfer_too_many_segments(xfer, req))
			err = how == VCD_XFER_PINNED ? -EAGAIN : -EMSGSIZE;
	}
	if (err) {
		vcd_req_put(req);
		return err;
	}
	req->done_wait = xfer->done_wait;
	req->bytes = max(xfer->src_len, xfer->dst_len);
	xfer->req = req;
	xfer->how = how;
	return 0;
}

/**
 * vcd_xfer_begin() - put the request into a ring
 * @xfer: everything about it
 * @queue: queue to use; vcd_queue_kick() has to follow
 *
 * Return: 0, and vcd_xfer_end() or vcd_xfer_abandon() is due; -ENODATA when the
 * data cannot be read; -EFAULT when anything else cannot; -EAGAIN when it has to
 * be pinned and cannot; -EMSGSIZE when the device takes no such request; other
 * negative errnos.
 */
int vcd_xfer_begin(struct vcd_xfer *xfer, struct vcd_queue *queue)
{
	int err;

	if (vcd_xfer_is_small(xfer) && !xfer->pin)
		err = vcd_xfer_prepare(xfer, VCD_XFER_BESIDE);
	else if (!xfer->copy && !xfer->in_tail_len)
		err = vcd_xfer_prepare(xfer, VCD_XFER_PINNED);
	else
		err = -EAGAIN;
	/* What cannot be pinned may still be copied; if not, that says so. */
	if (err == -EAGAIN && !xfer->pin)
		err = vcd_xfer_prepare(xfer, VCD_XFER_COPIED);
	if (err)
		return err;
	err = vcd_session_start(xfer->session, xfer->req, &xfer->hdr, queue);
	if (err) {
		vcd_req_put(xfer->req);
		xfer->req = NULL;
	}
	return err;
}

static int vcd_xfer_result(struct vcd_xfer *xfer)
{
	u32 max = xfer->dst_len + xfer->tail_len;
	struct vcd_result result;
	int err;

	err = vcd_session_wait(xfer->session, xfer->req, &xfer->hdr, &result);
	if (err)
		return err;
	err = vcd_wire_errno(result.status);
	if (err)
		return err;
	if (result.out_len > max || (!xfer->short_ok && result.out_len != max))
		return -EIO;
	xfer->out_len = result.out_len;
	memcpy(xfer->iv, result.iv, sizeof(xfer->iv));
	return 0;
}

/**
 * vcd_xfer_end() - wait for the reply and hand the output over
 * @xfer: begun
 *
 * Return: 0 with out_len, iv and tail set; -ESTALE when it went on with a hash
 * that the device has lost; other negative errnos.
 */
int vcd_xfer_end(struct vcd_xfer *xfer)
{
	struct vcd_req_ctx *req = xfer->req;
	int err = vcd_xfer_result(xfer);

	if (!err) {
		u32 len = min(xfer->out_len, xfer->dst_len);

		memcpy(xfer->tail, req->tail, xfer->tail_len);
		if (xfer->how == VCD_XFER_COPIED)
			err = vcd_buffer_to_user(&req->dst, xfer->dst, len);
		else if (xfer->how == VCD_XFER_BESIDE &&
			 copy_to_user(xfer->dst, req->out + sizeof(struct vcd_reply), len))
			err = -EFAULT;
	}
	/* Whoever completed it may be about to wake done_wait, which can go now. */
	if (xfer->done_wait)
		vcd_queue_forget(req);
	xfer->req = NULL;
	vcd_req_put(req);
	return err;
}

/** vcd_xfer_abandon() - leave a begun transfer to the device */
void vcd_xfer_abandon(struct vcd_xfer *xfer)
{
	struct vcd_req_ctx *req = xfer->req;

	xfer->req = NULL;
	vcd_req_disown(req);
	vcd_req_put(req);
}

/** vcd_xfer_run() - begin, kick, end */
int vcd_xfer_run(struct vcd_xfer *xfer)
{
	struct vcd_queue *queue = vcd_queue_here(xfer->session->dev);
	int err = vcd_xfer_begin(xfer, queue);

	if (err)
		return err;
	vcd_queue_kick(queue);
	return vcd_xfer_end(xfer);
}
