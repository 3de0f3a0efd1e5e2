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
 * vcd_xfer_begin() hands it to the core, vcd_xfer_end() waits until it is done and
 * hands the output over; between the two others may be begun. When the caller is a task
 * in a system call, the latter copies to its memory. When it is a work item
 * (xfer->then), begin pins the caller's pages for end to copy to.
 *
 * Invariant: without COP_FLAG_ZERO_COPY the device never has a page of the
 * caller's to write to. Nothing is written to the caller's memory except by
 * vcd_xfer_end(), and not for a request that was given up.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/**
 * vcd_xfer_max() - most bytes in one request that is cut from a longer operation
 * @session: session of the operation
 *
 * Return: bytes, a multiple of every block size.
 */
u32 vcd_xfer_max(const struct vcd_session *session)
{
	const struct vcd_device *dev = session->dev;
	/* Header, reply and tail take one each; n pages of data span n + 1. */
	u32 pages = (dev->max_segments - 3) / 2;
	u64 bytes = pages > 1 ? (u64)(pages - 1) * PAGE_SIZE : 0;

	bytes = max_t(u64, bytes, VCD_COPY_MAX);
	/* Through the key service goes no more than that. */
	if (vcd_key_is_slow(session->key))
		bytes = min_t(u64, bytes, VCD_KEY_MAX_IN);
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
				       const struct vcd_call *call)
{
	unsigned int segments = 2 + !!xfer->tail_len;

	if (call->src.num)
		segments += call->src.sgt.nents;
	if (call->dst.num)
		segments += call->dst.sgt.nents;
	return segments > xfer->session->dev->max_segments;
}

/*
 * Pages of ours are too many pieces for the device: because it takes no request of
 * that size, or because memory is in small pieces now.
 */
static int vcd_xfer_copied_errno(const struct vcd_xfer *xfer,
				 const struct vcd_call *call)
{
	unsigned int least = 2 + !!xfer->tail_len + vcd_buffer_pieces(call->src.num) +
			     vcd_buffer_pieces(call->dst.num);

	return least > xfer->session->dev->max_segments ? -EMSGSIZE : -ENOMEM;
}

/* Everything in the request's own buffers. */
static int vcd_xfer_fill_beside(struct vcd_xfer *xfer, struct vcd_call *call)
{
	u8 *in = call->req.in + sizeof(struct vcd_req);

	if (copy_from_user(in, xfer->head, xfer->head_len))
		return -EFAULT;
	in += xfer->head_len;
	if (copy_from_user(in, xfer->src, xfer->src_len))
		return -ENODATA;
	memcpy(in + xfer->src_len, xfer->in_tail, xfer->in_tail_len);
	return 0;
}

/* Pages in. -EAGAIN: they cannot be pinned. */
static int vcd_xfer_fill_src(struct vcd_xfer *xfer, struct vcd_call *call, bool pin)
{
	u32 in_len = xfer->src_len + xfer->in_tail_len;
	int err;

	if (!in_len)
		return 0;
	if (pin) {
		err = vcd_buffer_pin_pages(&call->src, xfer->src, in_len, false);
		return err == -EFAULT ? -EAGAIN : err;
	}
	err = vcd_buffer_alloc(&call->src, in_len);
	if (err)
		return err;
	if (vcd_buffer_from_user(&call->src, 0, xfer->src, xfer->src_len))
		return -ENODATA;
	vcd_buffer_from_kernel(&call->src, xfer->src_len, xfer->in_tail,
			       xfer->in_tail_len);
	return 0;
}

/* Pages out. -EAGAIN: they cannot be pinned. */
static int vcd_xfer_fill_dst(struct vcd_xfer *xfer, struct vcd_call *call, bool pin)
{
	int err;

	if (!xfer->dst_len)
		return 0;
	if (!pin || !xfer->zero_copy)
		return vcd_buffer_alloc(&call->dst, xfer->dst_len);
	if (xfer->src < xfer->dst + xfer->dst_len &&
	    xfer->dst < xfer->src + xfer->src_len)
		call->req.flags |= VCD_REQ_IN_PLACE;
	err = vcd_buffer_pin_pages(&call->dst, xfer->dst, xfer->dst_len, true);
	return err == -EFAULT ? -EAGAIN : err;
}

/* What lies in pages, for the device. */
static int vcd_xfer_map(struct vcd_xfer *xfer, struct vcd_call *call, bool pin)
{
	unsigned int max = xfer->session->dev->max_segment;
	int err = 0;

	if (call->src.num)
		err = vcd_buffer_map(&call->src, xfer->src_len + xfer->in_tail_len, max);
	if (!err && call->dst.num)
		err = vcd_buffer_map(&call->dst, xfer->dst_len, max);
	if (err)
		return err;
	call->req.src = call->src.num ? call->src.sgt.sgl : NULL;
	call->req.dst = call->dst.num ? call->dst.sgt.sgl : NULL;
	if (!vcd_xfer_too_many_segments(xfer, call))
		return 0;
	/* Pages of ours are in larger pieces than a program's often are. */
	return pin ? -EAGAIN : vcd_xfer_copied_errno(xfer, call);
}

static int vcd_xfer_fill_pages(struct vcd_xfer *xfer, struct vcd_call *call, bool pin)
{
	int err;

	call->req.out_len += xfer->dst_len;
	if (copy_from_user(call->req.in + sizeof(struct vcd_req), xfer->head,
			   xfer->head_len))
		return -EFAULT;
	err = vcd_xfer_fill_src(xfer, call, pin);
	if (!err)
		err = vcd_xfer_fill_dst(xfer, call, pin);
	return err ? err : vcd_xfer_map(xfer, call, pin);
}

/* Where output goes when no task of the caller is there. -EAGAIN: cannot be pinned. */
static int vcd_xfer_pin_landing(struct vcd_xfer *xfer, struct vcd_call *call)
{
	int err;

	if (!xfer->then || !xfer->dst_len || call->dst.pinned)
		return 0;
	err = vcd_buffer_pin_pages(&call->landing, xfer->dst, xfer->dst_len, true);
	return err == -EFAULT ? -EAGAIN : err;
}

/* Make xfer->call, complete. */
static int vcd_xfer_prepare(struct vcd_xfer *xfer, enum vcd_xfer_how how)
{
	const struct vcd_session *session = xfer->session;
	bool beside = how == VCD_XFER_BESIDE;
	u32 in_len = xfer->head_len;
	struct vcd_call *call;
	int err;

	if (beside)
		in_len += xfer->src_len + xfer->in_tail_len;
	call = vcd_call_new(session->share, in_len, beside ? xfer->dst_len : 0,
			    xfer->tail_len);
	if (!call)
		return -ENOMEM;
	err = beside ? vcd_xfer_fill_beside(xfer, call) :
		       vcd_xfer_fill_pages(xfer, call, how == VCD_XFER_PINNED);
	if (!err)
		err = vcd_xfer_pin_landing(xfer, call);
	if (err) {
		vcd_call_put(call);
		return err;
	}
	*vcd_header(&call->req) = xfer->hdr;
	call->req.key = session->key;
	call->req.timeout_ms = session->timeout_ms;
	call->req.bytes = max(xfer->src_len, xfer->dst_len);
	if (xfer->hdr.opcode == cpu_to_le16(VCD_OP_CRYPT) && session->mac &&
	    !(xfer->hdr.flags & cpu_to_le16(VCD_F_HASH_RESET)))
		call->req.flags |= VCD_REQ_RUNNING;
	call->then = xfer->then;
	xfer->call = call;
	xfer->how = how;
	return 0;
}

/**
 * vcd_xfer_begin() - send the request
 * @xfer: everything about it
 * @queue: queue to use
 * @more: vcd_kick() will follow
 *
 * Never waits for the device.
 *
 * Return: 0, and vcd_xfer_end() is due, with xfer->then when that is queued; -ENODATA
 * when the data cannot be read; -EFAULT when anything else cannot; -EAGAIN when
 * the output has to be pinned and cannot; -EMSGSIZE when the device takes no such
 * request; -ENOMEM.
 */
int vcd_xfer_begin(struct vcd_xfer *xfer, struct vcd_queue *queue, bool more)
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
	if (!err)
		vcd_call_start(xfer->call, queue, more);
	return err;
}

/* Output to the caller's memory: by the caller, or to the pages it left. */
static int vcd_xfer_hand_over(struct vcd_xfer *xfer)
{
	const struct vcd_result *result = &xfer->call->req.result;
	const u8 *beside = xfer->call->req.out + sizeof(struct vcd_reply);
	u32 max = xfer->dst_len + xfer->tail_len;
	struct vcd_call *call = xfer->call;
	u32 len = min(result->out_len, xfer->dst_len);

	if (result->out_len > max || (!xfer->short_ok && result->out_len != max))
		return -EIO;
	xfer->out_len = result->out_len;
	memcpy(xfer->iv, result->iv, sizeof(xfer->iv));
	memcpy(xfer->tail, call->req.tail, xfer->tail_len);
	if (call->dst.pinned)
		return 0;
	if (xfer->how == VCD_XFER_BESIDE) {
		if (!xfer->then)
			return copy_to_user(xfer->dst, beside, len) ? -EFAULT : 0;
		vcd_buffer_from_kernel(&call->landing, 0, beside, len);
		return 0;
	}
	if (!xfer->then)
		return vcd_buffer_to_user(&call->dst, xfer->dst, len);
	vcd_buffer_copy(&call->landing, &call->dst, len);
	return 0;
}

/**
 * vcd_xfer_end() - wait until the request is done, and hand the output over
 * @xfer: begun
 *
 * Return: 0, and out_len, iv and tail are set; -ESTALE when it went on with a hash
 * that the device has lost; other negative errnos.
 */
int vcd_xfer_end(struct vcd_xfer *xfer)
{
	struct vcd_call *call = xfer->call;
	int err = vcd_call_wait(call, !xfer->locked);

	if (!err)
		err = vcd_xfer_hand_over(xfer);
	xfer->call = NULL;
	/* These are not the device's; the others it may keep for long. */
	vcd_buffer_free(&call->landing);
	vcd_call_put(call);
	return err;
}

/** vcd_xfer_run() - begin, wait, take */
int vcd_xfer_run(struct vcd_xfer *xfer)
{
	struct vcd_queue *queue = vcd_queue_here(xfer->session->dev);
	int err = vcd_xfer_begin(xfer, queue, false);

	return err ? err : vcd_xfer_end(xfer);
}
