// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypt.c - CIOCCRYPT and CIOCCPHASH.
 *
 * An operation longer than the device's cap becomes several requests; the IV a
 * reply brings goes into the next one, and a hash is reset by the first and ended
 * by the last. When the device loses the hash between the two, the operation is
 * begun anew, if its output has not overwritten its input; else it fails with
 * EIO, as does one that goes on with the hash of an earlier call.
 *
 * Operations that depend on nothing before them run in parallel, also on one
 * session. Those that go on, with the session's IV or with a hash, are serialised
 * by session->serial.
 *
 * The hash state machine is the ABI's: flags of 0 or COP_FLAG_RESET start anew;
 * the digest is due with COP_FLAG_FINAL, without COP_FLAG_UPDATE, or when there
 * is no data. Data after the digest without a reset starts anew here, where the
 * ABI's reference computes garbage. COP_FLAG_ZERO_COPY is not one of the ABI's and
 * counts for nothing there.
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "driver.h"

/* The flags that the hash state machine knows. */
static u16 vcd_op_flags(const struct vcd_op *run)
{
	return run->op.flags & ~COP_FLAG_ZERO_COPY;
}

/* Set run->xfer up for @len bytes from @done on. */
static void vcd_op_part(struct vcd_op *run, u32 done, u32 len)
{
	const struct crypt_op *op = &run->op;
	struct vcd_xfer *xfer = &run->xfer;
	u16 flags = op->op == COP_DECRYPT ? VCD_F_DECRYPT : 0;

	xfer->tail_len = 0;
	xfer->session = run->session;
	xfer->src = op->src + done;
	xfer->src_len = len;
	xfer->copy = op->flags & COP_FLAG_NO_ZC;
	xfer->zero_copy = op->flags & COP_FLAG_ZERO_COPY;
	if (run->session->mac && run->reset && !done)
		flags |= VCD_F_HASH_RESET;
	if (run->session->mac && run->final && done + len == op->len) {
		flags |= VCD_F_HASH_FINAL;
		xfer->tail = run->digest;
		xfer->tail_len = run->digest_len;
	}
	if (run->session->cipher) {
		xfer->dst = op->dst + done;
		xfer->dst_len = len;
	}
	vcd_wire_crypt(&xfer->hdr, 0, flags, len, run->iv, run->iv_len);
}

static int vcd_op_errno(int err)
{
	return err == -ENODATA ? -EFAULT : err;
}

/** vcd_op_is_nothing() - whether there is nothing to carry out or to deliver */
bool vcd_op_is_nothing(const struct vcd_op *run)
{
	return !run->session->mac && !run->op.len;
}

/**
 * vcd_op_deliver() - give the program what lies beside the data: IV and digest
 * @run: operation that was carried out
 *
 * Return: 0 or -EFAULT.
 */
int vcd_op_deliver(struct vcd_op *run)
{
	const struct crypt_op *op = &run->op;

	if (vcd_op_is_nothing(run))
		return 0;
	if (run->final && run->digest_len &&
	    copy_to_user(op->mac, run->digest, run->digest_len))
		return -EFAULT;
	if (run->iv_len && (op->flags & COP_FLAG_WRITE_IV) && op->iv &&
	    copy_to_user(op->iv, run->iv, run->iv_len))
		return -EFAULT;
	return 0;
}

/**
 * vcd_op_is_alone() - whether @run is one request that depends on no other
 * @run: initialised operation
 */
bool vcd_op_is_alone(const struct vcd_op *run)
{
	const struct crypt_op *op = &run->op;

	if (run->chained || op->len > vcd_xfer_max(run->session))
		return false;
	return !run->session->mac ||
	       (run->final &&
		(!vcd_op_flags(run) || (op->flags & COP_FLAG_RESET)));
}

/**
 * vcd_op_begin() - send an operation that is alone
 * @run: operation
 * @queue: queue to use
 * @more: vcd_kick() will follow
 *
 * Return: 0, and vcd_op_end() is due, with run->xfer.then when that is queued, or a
 * negative errno.
 */
int vcd_op_begin(struct vcd_op *run, struct vcd_queue *queue, bool more)
{
	if (run->session->mac)
		WRITE_ONCE(run->session->hash_running, false);
	vcd_op_part(run, 0, run->op.len);
	return vcd_op_errno(vcd_xfer_begin(&run->xfer, queue, more));
}

/** vcd_op_leave_iv() - the next operation of the session goes on from @run */
void vcd_op_leave_iv(struct vcd_op *run)
{
	if (run->iv_len)
		vcd_session_iv_store(run->session, run->iv);
}

/**
 * vcd_op_end() - wait until an operation that was begun is done, and take its output
 * @run: operation; vcd_op_leave_iv() and vcd_op_deliver() have to follow
 *
 * Return: 0 or a negative errno.
 */
int vcd_op_end(struct vcd_op *run)
{
	int err = vcd_xfer_end(&run->xfer);

	if (err)
		return vcd_op_errno(err);
	memcpy(run->iv, run->xfer.iv, sizeof(run->iv));
	return 0;
}

/* All of it, once. -ESTALE: the device lost the hash on the way. */
static int vcd_op_parts(struct vcd_op *run)
{
	u32 max = vcd_xfer_max(run->session);
	u32 done = 0;
	u32 len;
	int err;

	do {
		len = min(run->op.len - done, max);
		vcd_op_part(run, done, len);
		err = vcd_xfer_run(&run->xfer);
		if (err)
			return vcd_op_errno(err);
		memcpy(run->iv, run->xfer.iv, sizeof(run->iv));
		done += len;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (done < run->op.len);
	return 0;
}

/* Whether its source is what it was, and nothing before it is needed. */
static bool vcd_op_can_repeat(const struct vcd_op *run)
{
	uintptr_t src = (uintptr_t)run->op.src;
	uintptr_t dst = (uintptr_t)run->op.dst;

	if (!run->reset)
		return false;
	return !run->session->cipher || src + run->op.len <= dst ||
	       dst + run->op.len <= src;
}

static int vcd_op_all(struct vcd_op *run)
{
	u8 iv[VCD_MAX_IV_LEN];
	unsigned int tries;
	int err;

	memcpy(iv, run->iv, sizeof(iv));
	for (tries = 0; tries <= VCD_REMAKE_MAX; tries++) {
		err = vcd_op_parts(run);
		if (err != -ESTALE)
			return err;
		if (!vcd_op_can_repeat(run))
			break;
		memcpy(run->iv, iv, sizeof(iv));
	}
	return -EIO;
}

/* An operation that goes on where the last one ended, or is cut. */
static int vcd_op_serial(struct vcd_op *run)
{
	struct vcd_session *session = run->session;
	u16 flags = vcd_op_flags(run);
	int err;

	if (mutex_lock_killable(&session->serial))
		return -EINTR;
	run->xfer.locked = true;
	run->reset = !flags || (flags & COP_FLAG_RESET) || !session->hash_running;
	if (run->chained)
		vcd_session_iv_load(session, run->iv);
	err = vcd_op_all(run);
	if (!err)
		vcd_op_leave_iv(run);
	session->hash_running = session->mac && !run->final && !err;
	mutex_unlock(&session->serial);
	return err;
}

/**
 * vcd_op_run() - carry an initialised operation out
 * @run: operation; vcd_op_deliver() has to follow
 *
 * Return: 0 or a negative errno.
 */
int vcd_op_run(struct vcd_op *run)
{
	int err;

	if (vcd_op_is_nothing(run))
		return 0;
	if (!vcd_op_is_alone(run))
		return vcd_op_serial(run);
	err = vcd_op_begin(run, vcd_queue_here(run->session->dev), false);
	if (!err)
		err = vcd_op_end(run);
	if (!err)
		vcd_op_leave_iv(run);
	return err;
}

/**
 * vcd_op_init() - check an operation and find its session
 * @run: to be initialised; vcd_op_exit() is due even after a failure
 * @file: file description
 * @op: private copy of the program's structure
 *
 * Return: 0, -EINVAL or -EFAULT, as the ABI lists them.
 */
int vcd_op_init(struct vcd_op *run, struct vcd_file *file,
		const struct crypt_op *op)
{
	const struct vcd_alg *cipher;

	memset(run, 0, sizeof(*run));
	run->op = *op;
	run->session = vcd_session_get(file, op->ses);
	if (!run->session)
		return -EINVAL;
	cipher = run->session->cipher;
	/* A private key: CIOCKEYOP is for that. */
	if (!cipher && !run->session->mac)
		return -EINVAL;
	if (op->op != COP_ENCRYPT && op->op != COP_DECRYPT)
		return -EINVAL;
	if (vcd_is_aead(cipher) || (cipher && op->len % cipher->block_size))
		return -EINVAL;
	run->iv_len = cipher ? cipher->iv_len : 0;
	run->digest_len = run->session->mac ? run->session->mac->digest_len : 0;
	run->chained = run->iv_len && !op->iv;
	run->reset = true;
	run->final = (op->flags & COP_FLAG_FINAL) ||
		     !(op->flags & COP_FLAG_UPDATE) || !op->len;
	if (run->iv_len && op->iv && (op->len || run->digest_len) &&
	    copy_from_user(run->iv, op->iv, run->iv_len))
		return -EFAULT;
	return 0;
}

/** vcd_op_exit() - undo vcd_op_init() */
void vcd_op_exit(struct vcd_op *run)
{
	if (run->session)
		vcd_session_put(run->session);
	memzero_explicit(run, sizeof(*run));
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
	struct vcd_op run;
	int err = vcd_op_init(&run, file, op);

	if (!err)
		err = vcd_op_run(&run);
	if (!err)
		err = vcd_op_deliver(&run);
	vcd_op_exit(&run);
	return err;
}

/* -ESTALE: the device does not know one of the two. */
static int vcd_host_hash_copy(struct vcd_session *dst, struct vcd_session *src)
{
	struct vcd_call *call = vcd_call_new(dst->share, 0, 0, 0);
	int err;

	if (!call)
		return -ENOMEM;
	vcd_wire_hash_copy(vcd_header(&call->req), 0, READ_ONCE(src->key->host_id));
	call->req.key = dst->key;
	call->req.timeout_ms = dst->timeout_ms;
	/* Which of the two it was is not known. */
	call->req.flags = VCD_REQ_RUNNING;
	err = vcd_call_exec(call);
	vcd_call_put(call);
	return err;
}

/* Both sessions are locked. */
static int vcd_hash_copy_locked(struct vcd_session *dst, struct vcd_session *src)
{
	int err;

	/* A hash that has not begun is like any other that has not. */
	dst->hash_running = false;
	if (!src->hash_running)
		return 0;
	err = vcd_host_hash_copy(dst, src);
	if (err == -ESTALE) {
		/* What was in @dst is not needed: it may be made again. */
		err = vcd_session_revive(dst);
		if (!err)
			err = vcd_host_hash_copy(dst, src);
	}
	/* So it is @src that the device forgot, and the hash in it. */
	if (err == -ESTALE)
		err = -EIO;
	if (!err)
		dst->hash_running = true;
	return err;
}

static int vcd_hash_copy_sessions(struct vcd_session *dst,
				  struct vcd_session *src)
{
	struct vcd_session *first = dst < src ? dst : src;
	struct vcd_session *second = dst < src ? src : dst;
	int err = -EINTR;

	if (dst == src)
		return -EDEADLK;
	if (!dst->mac || dst->mac != src->mac)
		return -EINVAL;
	if (mutex_lock_killable(&first->serial))
		return -EINTR;
	if (!mutex_lock_killable_nested(&second->serial, SINGLE_DEPTH_NESTING)) {
		err = vcd_hash_copy_locked(dst, src);
		mutex_unlock(&second->serial);
	}
	mutex_unlock(&first->serial);
	return err;
}

/**
 * vcd_hash_copy() - CIOCCPHASH
 * @file: file description of both sessions
 * @op: private copy of the program's structure
 *
 * Return: 0; -ENOENT unknown session; -EDEADLK the same one; -EINVAL not the same
 * kind of hash; -EIO the hash was lost.
 */
int vcd_hash_copy(struct vcd_file *file, const struct cphash_op *op)
{
	struct vcd_session *dst = vcd_session_get(file, op->dst_ses);
	struct vcd_session *src = vcd_session_get(file, op->src_ses);
	int err = -ENOENT;

	if (dst && src)
		err = vcd_hash_copy_sessions(dst, src);
	if (src)
		vcd_session_put(src);
	if (dst)
		vcd_session_put(dst);
	return err;
}
