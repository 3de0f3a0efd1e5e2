// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * transfer.c - one request's payload, there and back.
 *
 * Payload in is up to three parts: bytes that are always copied (AAD), the data,
 * and a tail of the driver's own (a tag to compare). Payload out is the data and
 * a tail of the driver's own (digest or tag).
 *
 *	beside	up to vcd_copybreak: everything in two kernel buffers
 *	pinned	the device reads the program's own pages and writes to ours; with
 *		COP_FLAG_ZERO_COPY it writes to the program's own pages, too
 *	copied	all through pages of ours, where pinning is not possible, not
 *		wanted (COP_FLAG_NO_ZC), or there is a tail to append
 *
 * vcd_xfer_begin() puts it into a ring, vcd_xfer_wait() waits for the reply, and
 * vcd_xfer_take() hands the output over; between begin and wait others may be
 * begun. When the caller is a task in a system call, take copies to its memory.
 * When it is a work item (xfer->then), begin pins the caller's pages for take to
 * copy to.
 *
 * Invariant: without COP_FLAG_ZERO_COPY the device never has a page of the
 * caller's to write to. Nothing is written to the caller's memory except by
 * vcd_xfer_take(), which is not called for a request that was given up.
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

/* Whether it is one that may be copied beside the header if that has @max bytes. */
static bool vcd_xfer_is_small(const struct vcd_xfer *xfer, u32 max)
{
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

/*
 * Pages of ours are too many pieces for the device: because it takes no request of
 * that size, or because memory is in small pieces now.
 */
static int vcd_xfer_copied_errno(const struct vcd_xfer *xfer,
				 const struct vcd_req_ctx *req)
{
	unsigned int least = 2 + !!xfer->tail_len + vcd_buffer_pieces(req->src.num) +
			     vcd_buffer_pieces(req->dst.num);

	return least > xfer->session->dev->max_segments ? -EMSGSIZE : -ENOMEM;
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
	if (err || !xfer->dst_len)
		return err == -EFAULT ? -EAGAIN : err;
	if (!xfer->zero_copy)
		return vcd_buffer_alloc(&req->dst, xfer->dst_len);
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

/* Where output goes when no task of the caller is there. -EAGAIN: cannot be pinned. */
static int vcd_xfer_pin_landing(struct vcd_xfer *xfer, struct vcd_req_ctx *req)
{
	int err;

	if (!xfer->then || !xfer->dst_len || req->dst.pinned)
		return 0;
	err = vcd_buffer_pin_pages(&req->landing, xfer->dst, xfer->dst_len, true);
	return err == -EFAULT ? -EAGAIN : err;
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
	req = vcd_req_new(xfer->session->share, in_len, beside ? xfer->dst_len : 0,
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
			err = how == VCD_XFER_PINNED ? -EAGAIN :
				vcd_xfer_copied_errno(xfer, req);
	}
	if (!err)
		err = vcd_xfer_pin_landing(xfer, req);
	if (err) {
		vcd_req_put(req);
		return err;
	}
	req->then = xfer->then;
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
 * Return: 0, and vcd_xfer_take() is due, or xfer->then will be queued; -ENODATA
 * when the data cannot be read; -EFAULT when anything else cannot; -EAGAIN when
 * the output has to be pinned and cannot; -EMSGSIZE when the device takes no such
 * request; other negative errnos.
 */
int vcd_xfer_begin(struct vcd_xfer *xfer, struct vcd_queue *queue)
{
	int err;

	if (vcd_xfer_is_small(xfer, min(READ_ONCE(vcd_copybreak), VCD_COPY_MAX)))
		err = vcd_xfer_prepare(xfer, VCD_XFER_BESIDE);
	else if (!xfer->copy && !xfer->in_tail_len)
		err = vcd_xfer_prepare(xfer, VCD_XFER_PINNED);
	else
		err = -EAGAIN;
	/* What cannot be pinned may still be copied; if not, that says so. */
	if (err == -EAGAIN)
		err = vcd_xfer_prepare(xfer, VCD_XFER_COPIED);
	/* A device of few segments: beside the header it takes none of its own. */
	if (err == -EMSGSIZE && vcd_xfer_is_small(xfer, VCD_COPY_MAX))
		err = vcd_xfer_prepare(xfer, VCD_XFER_BESIDE);
	if (err)
		return err;
	err = vcd_session_start(xfer->session, xfer->req, &xfer->hdr, queue);
	if (err) {
		vcd_req_put(xfer->req);
		xfer->req = NULL;
	}
	return err;
}

/**
 * vcd_xfer_wait() - wait for the reply
 * @xfer: begun; vcd_xfer_take() has to follow, whatever is returned
 *
 * Return: 0 when there is output to take; -ESTALE when it went on with a hash
 * that the device has lost; other negative errnos.
 */
int vcd_xfer_wait(struct vcd_xfer *xfer)
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

/* Output to the caller's memory: by the caller, or to the pages it left. */
static int vcd_xfer_hand_over(struct vcd_xfer *xfer)
{
	struct vcd_req_ctx *req = xfer->req;
	u32 len = min(xfer->out_len, xfer->dst_len);
	const u8 *beside = req->out + sizeof(struct vcd_reply);

	memcpy(xfer->tail, req->tail, xfer->tail_len);
	if (req->dst.pinned)
		return 0;
	if (xfer->how == VCD_XFER_BESIDE) {
		if (!xfer->then)
			return copy_to_user(xfer->dst, beside, len) ? -EFAULT : 0;
		vcd_buffer_from_kernel(&req->landing, 0, beside, len);
		return 0;
	}
	if (!xfer->then)
		return vcd_buffer_to_user(&req->dst, xfer->dst, len);
	vcd_buffer_copy(&req->landing, &req->dst, len);
	return 0;
}

/**
 * vcd_xfer_take() - hand the output over and end the transfer
 * @xfer: begun, and waited for
 * @err: what vcd_xfer_wait() said; not 0: there is no output, or nobody wants it
 *
 * Return: @err, or what went wrong here; with 0 out_len, iv and tail are set.
 */
int vcd_xfer_take(struct vcd_xfer *xfer, int err)
{
	struct vcd_req_ctx *req = xfer->req;

	if (!err)
		err = vcd_xfer_hand_over(xfer);
	xfer->req = NULL;
	vcd_req_put(req);
	return err;
}

/**
 * vcd_xfer_recall() - leave a begun transfer to the device
 * @xfer: begun with xfer->then, which has not looked at it yet
 *
 * Return: true when it ended: nothing of it will be written to the caller's
 * memory, unless it is of zero copy. False when the device has given it back:
 * xfer->then is queued.
 */
bool vcd_xfer_recall(struct vcd_xfer *xfer)
{
	struct vcd_req_ctx *req = xfer->req;

	if (!vcd_queue_forget(req))
		return false;
	req->disowned = true;
	xfer->req = NULL;
	/* These are not the device's; the others it may keep for long. */
	vcd_buffer_free(&req->landing);
	vcd_req_put(req);
	return true;
}

/** vcd_xfer_run() - begin, kick, wait, take */
int vcd_xfer_run(struct vcd_xfer *xfer)
{
	struct vcd_queue *queue = vcd_queue_here(xfer->session->dev);
	int err = vcd_xfer_begin(xfer, queue);

	if (err)
		return err;
	vcd_queue_kick(queue);
	return vcd_xfer_take(xfer, vcd_xfer_wait(xfer));
}
