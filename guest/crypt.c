// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypt.c - CIOCCRYPT: check it, cut it into requests, carry the IV along.
 *
 * An operation longer than the device's cap becomes several requests; the IV a
 * reply brings goes into the next one. Operations that bring their own IV run in
 * parallel, also on one session; those that go on with the session's IV are
 * serialised by session->serial, as each needs its predecessor's result.
 *
 * Payloads up to VCD_COPY_MAX are copied beside the header. Above, the device
 * works on the caller's pinned pages; where they cannot be pinned, or
 * COP_FLAG_NO_ZC forbids it, on a copy.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/**
 * struct vcd_chunk - one request's worth of an operation
 * @session: session
 * @flags: VCD_F_*
 * @src: input
 * @dst: output
 * @len: bytes
 * @copy: do not pin the caller's pages
 * @iv: in and out
 */
struct vcd_chunk {
	struct vcd_session *session;
	u16 flags;
	const u8 __user *src;
	u8 __user *dst;
	u32 len;
	bool copy;
	u8 iv[VCD_MAX_IV_LEN];
};

/* Most bytes of one request: the cap, and pages that fit its descriptors. */
static u32 vcd_chunk_max(const struct vcd_device *dev)
{
	/* Header and reply take one each; a run of n pages spans n + 1. */
	u32 pages = (dev->max_segments - 2) / 2;
	u64 bytes = pages > 1 ? (u64)(pages - 1) * PAGE_SIZE : 0;

	bytes = max_t(u64, bytes, VCD_COPY_MAX);
	return min_t(u64, bytes, dev->max_request) & ~(u32)(VCD_MAX_IV_LEN - 1);
}

/* Send the prepared request until it has met a session the device knows. */
static int vcd_chunk_exec(struct vcd_chunk *chunk, struct vcd_req_ctx *req)
{
	struct vcd_session *session = chunk->session;
	u64 host_id = READ_ONCE(session->host_id);
	struct vcd_result result;
	unsigned int tries;
	int err;

	for (tries = 0; tries <= VCD_REMAKE_MAX; tries++) {
		vcd_wire_crypt((struct vcd_req *)req->in, host_id, chunk->flags,
			       chunk->len, chunk->iv, session->cipher->iv_len);
		err = vcd_req_exec(req, &result);
		if (err)
			return err;
		if (result.status != VCD_S_STALE) {
			err = vcd_wire_errno(result.status);
			if (!err && result.out_len != chunk->len)
				err = -EIO;
			if (!err)
				memcpy(chunk->iv, result.iv, sizeof(chunk->iv));
			return err;
		}
		err = vcd_session_remake(session, &host_id);
		if (err)
			return err;
	}
	return -EIO;
}

static int vcd_chunk_beside(struct vcd_chunk *chunk)
{
	struct vcd_req_ctx *req;
	int err = -EFAULT;

	req = vcd_req_new(chunk->session->dev, chunk->len, chunk->len);
	if (!req)
		return -ENOMEM;
	if (!copy_from_user(req->in + sizeof(struct vcd_req), chunk->src,
			    chunk->len))
		err = vcd_chunk_exec(chunk, req);
	if (!err && copy_to_user(chunk->dst, req->out + sizeof(struct vcd_reply),
				 chunk->len))
		err = -EFAULT;
	vcd_req_put(req);
	return err;
}

static int vcd_chunk_pinned(struct vcd_chunk *chunk)
{
	struct vcd_req_ctx *req;
	int err;

	req = vcd_req_new(chunk->session->dev, 0, 0);
	if (!req)
		return -ENOMEM;
	req->out_len = chunk->len;
	err = vcd_buffer_pin(&req->src, chunk->src, chunk->len, false);
	if (!err)
		err = vcd_buffer_pin(&req->dst, chunk->dst, chunk->len, true);
	if (!err)
		err = vcd_chunk_exec(chunk, req);
	else if (err == -EFAULT)
		err = -EAGAIN;
	vcd_req_put(req);
	return err;
}

static int vcd_chunk_copied(struct vcd_chunk *chunk)
{
	struct vcd_req_ctx *req;
	int err;

	req = vcd_req_new(chunk->session->dev, 0, 0);
	if (!req)
		return -ENOMEM;
	req->out_len = chunk->len;
	err = vcd_buffer_alloc(&req->src, chunk->len);
	if (!err)
		err = vcd_buffer_from_user(&req->src, chunk->src, chunk->len);
	if (!err)
		err = vcd_buffer_alloc(&req->dst, chunk->len);
	if (!err)
		err = vcd_chunk_exec(chunk, req);
	if (!err)
		err = vcd_buffer_to_user(&req->dst, chunk->dst, chunk->len);
	vcd_req_put(req);
	return err;
}

static int vcd_chunk_run(struct vcd_chunk *chunk)
{
	int err = -EAGAIN;

	if (chunk->len <= VCD_COPY_MAX)
		return vcd_chunk_beside(chunk);
	if (!chunk->copy)
		err = vcd_chunk_pinned(chunk);
	/* What cannot be pinned may still be copied; if not, that says EFAULT. */
	if (err == -EAGAIN)
		err = vcd_chunk_copied(chunk);
	return err;
}

static int vcd_crypt_run(struct vcd_chunk *chunk, const struct crypt_op *op)
{
	u32 max = vcd_chunk_max(chunk->session->dev);
	u32 done = 0;
	int err;

	while (done < op->len) {
		chunk->src = op->src + done;
		chunk->dst = op->dst + done;
		chunk->len = min(op->len - done, max);
		err = vcd_chunk_run(chunk);
		if (err)
			return err;
		done += chunk->len;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int vcd_crypt_session(struct vcd_session *session,
			     const struct crypt_op *op)
{
	u8 iv_len = session->cipher->iv_len;
	bool chained = iv_len && !op->iv;
	struct vcd_chunk chunk = {
		.session = session,
		.flags = op->op == COP_DECRYPT ? VCD_F_DECRYPT : 0,
		.copy = op->flags & COP_FLAG_NO_ZC,
	};
	int err;

	if (iv_len && op->iv && copy_from_user(chunk.iv, op->iv, iv_len))
		return -EFAULT;
	if (chained && mutex_lock_killable(&session->serial))
		return -EINTR;
	if (chained) {
		spin_lock(&session->iv_lock);
		memcpy(chunk.iv, session->iv, iv_len);
		spin_unlock(&session->iv_lock);
	}
	err = vcd_crypt_run(&chunk, op);
	if (!err) {
		spin_lock(&session->iv_lock);
		memcpy(session->iv, chunk.iv, iv_len);
		spin_unlock(&session->iv_lock);
	}
	if (chained)
		mutex_unlock(&session->serial);
	if (!err && iv_len && (op->flags & COP_FLAG_WRITE_IV) && op->iv &&
	    copy_to_user(op->iv, chunk.iv, iv_len))
		err = -EFAULT;
	return err;
}

/**
 * vcd_crypt() - CIOCCRYPT
 * @file: file description
 * @op: private copy of the program's structure
 *
 * Return: 0 or a negative errno, as the ABI lists them.
 */
int vcd_crypt(struct vcd_file *file, const struct crypt_op *op)
{
	struct vcd_session *session;
	int err;

	session = vcd_session_get(file, op->ses);
	if (!session)
		return -EINVAL;
	if (op->op != COP_ENCRYPT && op->op != COP_DECRYPT)
		err = -EINVAL;
	else if (op->len % session->cipher->block_size)
		err = -EINVAL;
	else if (!op->len)
		err = 0;
	else
		err = vcd_crypt_session(session, op);
	vcd_session_put(session);
	return err;
}
