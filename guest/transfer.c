// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * transfer.c - one request's payload, there and back.
 *
 * Payload in is up to three parts: bytes that are always copied (AAD), the data,
 * and a tail of the driver's own (a tag to compare). Payload out is the data and
 * a tail of the driver's own (digest or tag).
 *
 *	beside	up to VCD_COPY_MAX: everything in two kernel buffers
 *	pinned	the device reads and writes the program's own pages
 *	copied	the same through pages of ours, where pinning is not possible,
 *		not wanted (COP_FLAG_NO_ZC), or there is a tail to append
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
	return (u64)xfer->head_len + xfer->src_len + xfer->in_tail_len <=
	       VCD_COPY_MAX && xfer->dst_len <= VCD_COPY_MAX;
}

/** vcd_xfer_fits() - whether the device takes this in one request */
bool vcd_xfer_fits(const struct vcd_xfer *xfer)
{
	const struct vcd_device *dev = xfer->session->dev;
	u64 in = (u64)xfer->head_len + xfer->src_len + xfer->in_tail_len;
	u64 out = (u64)xfer->dst_len + xfer->tail_len;
	/* Header, reply and tail take one each; n pages of data span n + 1. */
	u64 segments = 3 + in / PAGE_SIZE + 2 + out / PAGE_SIZE + 2;

	if (in > dev->max_request || out > dev->max_request)
		return false;
	return segments <= dev->max_segments || vcd_xfer_is_small(xfer);
}

/* Send it; on success the output is where the device put it. */
static int vcd_xfer_exec(struct vcd_xfer *xfer, struct vcd_req_ctx *req)
{
	u32 max = xfer->dst_len + xfer->tail_len;
	struct vcd_result result;
	int err;

	err = vcd_session_exec(xfer->session, req, &xfer->hdr, &result);
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

static int vcd_xfer_beside(struct vcd_xfer *xfer)
{
	u32 in_len = xfer->head_len + xfer->src_len + xfer->in_tail_len;
	struct vcd_req_ctx *req;
	int err = -EFAULT;
	u8 *in, *out;

	req = vcd_req_new(xfer->session->dev, in_len, xfer->dst_len, xfer->tail_len);
	if (!req)
		return -ENOMEM;
	in = req->in + sizeof(struct vcd_req);
	out = req->out + sizeof(struct vcd_reply);
	if (copy_from_user(in, xfer->head, xfer->head_len))
		goto out;
	in += xfer->head_len;
	err = -ENODATA;
	if (copy_from_user(in, xfer->src, xfer->src_len))
		goto out;
	memcpy(in + xfer->src_len, xfer->in_tail, xfer->in_tail_len);
	err = vcd_xfer_exec(xfer, req);
	if (err)
		goto out;
	memcpy(xfer->tail, req->tail, xfer->tail_len);
	if (copy_to_user(xfer->dst, out, min(xfer->out_len, xfer->dst_len)))
		err = -EFAULT;
out:
	vcd_req_put(req);
	return err;
}

/* A request whose data is in pages: the rest is copied beside the header. */
static struct vcd_req_ctx *vcd_xfer_paged(struct vcd_xfer *xfer)
{
	struct vcd_req_ctx *req;

	req = vcd_req_new(xfer->session->dev, xfer->head_len, 0, xfer->tail_len);
	if (!req)
		return ERR_PTR(-ENOMEM);
	req->out_len += xfer->dst_len;
	if (copy_from_user(req->in + sizeof(struct vcd_req), xfer->head,
			   xfer->head_len)) {
		vcd_req_put(req);
		return ERR_PTR(-EFAULT);
	}
	return req;
}

/* -EAGAIN: the pages cannot be pinned. */
static int vcd_xfer_pinned(struct vcd_xfer *xfer)
{
	struct vcd_req_ctx *req = vcd_xfer_paged(xfer);
	int err = 0;

	if (IS_ERR(req))
		return PTR_ERR(req);
	if (xfer->src_len)
		err = vcd_buffer_pin(&req->src, xfer->src, xfer->src_len, false);
	if (!err && xfer->dst_len)
		err = vcd_buffer_pin(&req->dst, xfer->dst, xfer->dst_len, true);
	if (!err) {
		err = vcd_xfer_exec(xfer, req);
		if (!err)
			memcpy(xfer->tail, req->tail, xfer->tail_len);
	} else if (err == -EFAULT) {
		err = -EAGAIN;
	}
	vcd_req_put(req);
	return err;
}

static int vcd_xfer_fill(struct vcd_xfer *xfer, struct vcd_buffer *buf)
{
	int err = vcd_buffer_alloc(buf, xfer->src_len + xfer->in_tail_len);

	if (err)
		return err;
	if (vcd_buffer_from_user(buf, 0, xfer->src, xfer->src_len))
		return -ENODATA;
	vcd_buffer_from_kernel(buf, xfer->src_len, xfer->in_tail,
			       xfer->in_tail_len);
	return 0;
}

static int vcd_xfer_copied(struct vcd_xfer *xfer)
{
	struct vcd_req_ctx *req = vcd_xfer_paged(xfer);
	int err = 0;

	if (IS_ERR(req))
		return PTR_ERR(req);
	if (xfer->src_len + xfer->in_tail_len)
		err = vcd_xfer_fill(xfer, &req->src);
	if (!err && xfer->dst_len)
		err = vcd_buffer_alloc(&req->dst, xfer->dst_len);
	if (!err)
		err = vcd_xfer_exec(xfer, req);
	if (!err) {
		memcpy(xfer->tail, req->tail, xfer->tail_len);
		err = vcd_buffer_to_user(&req->dst, xfer->dst,
					 min(xfer->out_len, xfer->dst_len));
	}
	vcd_req_put(req);
	return err;
}

/**
 * vcd_xfer_run() - carry out one request
 * @xfer: everything about it
 *
 * Return: 0 with out_len, iv and tail set; -ENODATA when the data cannot be read;
 * -EFAULT when anything else cannot; or what the request came to.
 */
int vcd_xfer_run(struct vcd_xfer *xfer)
{
	int err = -EAGAIN;

	if (vcd_xfer_is_small(xfer))
		return vcd_xfer_beside(xfer);
	if (!xfer->copy && !xfer->in_tail_len)
		err = vcd_xfer_pinned(xfer);
	/* What cannot be pinned may still be copied; if not, that says so. */
	if (err == -EAGAIN)
		err = vcd_xfer_copied(xfer);
	return err;
}
