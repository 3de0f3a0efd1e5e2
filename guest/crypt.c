// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypt.c - CIOCCRYPT and CIOCCPHASH.
 *
 * An operation longer than the device's cap becomes several requests; the IV a
 * reply brings goes into the next one, and a hash is reset by the first and ended
 * by the last.
 *
 * Operations that depend on nothing before them run in parallel, also on one
 * session. Those that go on, with the session's IV or with a hash, are serialised
 * by session->serial.
 *
 * The hash state machine is the ABI's: flags of 0 or COP_FLAG_RESET start anew;
 * the digest is due with COP_FLAG_FINAL, without COP_FLAG_UPDATE, or when there
 * is no data. Data after the digest without a reset starts anew here, where the
 * ABI's reference computes garbage.
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "driver.h"

/**
 * struct vcd_op - a CIOCCRYPT being carried out
 * @session: session
 * @op: what the program asked for
 * @iv: running IV
 * @digest: digest, when @final
 * @iv_len: bytes of IV
 * @digest_len: bytes of digest
 * @reset: the hash starts anew
 * @final: the digest is due
 */
struct vcd_op {
	struct vcd_session *session;
	const struct crypt_op *op;
	u8 iv[VCD_MAX_IV_LEN];
	u8 digest[VCD_MAX_DIGEST_LEN];
	u8 iv_len;
	u8 digest_len;
	bool reset;
	bool final;
};

/* One request of @run: the bytes from @done on, @len of them. */
static int vcd_op_part(struct vcd_op *run, u32 done, u32 len, bool last)
{
	const struct crypt_op *op = run->op;
	u16 flags = op->op == COP_DECRYPT ? VCD_F_DECRYPT : 0;
	struct vcd_xfer xfer = {
		.session = run->session,
		.src = op->src + done,
		.src_len = len,
		.copy = op->flags & COP_FLAG_NO_ZC,
	};
	int err;

	if (run->session->mac && run->reset && !done)
		flags |= VCD_F_HASH_RESET;
	if (run->session->mac && run->final && last) {
		flags |= VCD_F_HASH_FINAL;
		xfer.tail = run->digest;
		xfer.tail_len = run->digest_len;
	}
	if (run->session->cipher) {
		xfer.dst = op->dst + done;
		xfer.dst_len = len;
	}
	vcd_wire_crypt(&xfer.hdr, 0, flags, len, run->iv, run->iv_len);
	err = vcd_xfer_run(&xfer);
	if (err)
		return err == -ENODATA ? -EFAULT : err;
	memcpy(run->iv, xfer.iv, sizeof(run->iv));
	return 0;
}

static int vcd_op_parts(struct vcd_op *run)
{
	u32 max = vcd_xfer_max(run->session->dev);
	u32 done = 0;
	u32 len;
	int err;

	do {
		len = min(run->op->len - done, max);
		err = vcd_op_part(run, done, len, done + len == run->op->len);
		if (err)
			return err;
		done += len;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (done < run->op->len);
	return 0;
}

/* Everything but locking. */
static int vcd_op_run(struct vcd_op *run, bool chained)
{
	const struct crypt_op *op = run->op;
	int err;

	if (chained)
		vcd_session_iv_load(run->session, run->iv);
	err = vcd_op_parts(run);
	if (err)
		return err;
	if (run->iv_len)
		vcd_session_iv_store(run->session, run->iv);
	if (run->final && run->digest_len &&
	    copy_to_user(op->mac, run->digest, run->digest_len))
		return -EFAULT;
	if (run->iv_len && (op->flags & COP_FLAG_WRITE_IV) && op->iv &&
	    copy_to_user(op->iv, run->iv, run->iv_len))
		return -EFAULT;
	return 0;
}

/* The hash in one request: nothing is kept between this and any other. */
static bool vcd_op_is_whole(const struct vcd_op *run)
{
	return !run->session->mac ||
	       ((!run->op->flags || (run->op->flags & COP_FLAG_RESET)) && run->final &&
		run->op->len <= vcd_xfer_max(run->session->dev));
}

static int vcd_op_serial(struct vcd_op *run, bool chained)
{
	struct vcd_session *session = run->session;
	int err;

	if (mutex_lock_killable(&session->serial))
		return -EINTR;
	run->reset = !run->op->flags || (run->op->flags & COP_FLAG_RESET) ||
		     !session->hash_running;
	err = vcd_op_run(run, chained);
	session->hash_running = session->mac && !run->final && !err;
	mutex_unlock(&session->serial);
	return err;
}

static int vcd_crypt_session(struct vcd_session *session,
			     const struct crypt_op *op)
{
	const struct vcd_alg *cipher = session->cipher;
	struct vcd_op run = {
		.session = session,
		.op = op,
		.iv_len = cipher ? cipher->iv_len : 0,
		.digest_len = session->mac ? session->mac->digest_len : 0,
		.reset = true,
		.final = (op->flags & COP_FLAG_FINAL) ||
			 !(op->flags & COP_FLAG_UPDATE) || !op->len,
	};
	bool chained = run.iv_len && !op->iv;
	int err;

	if (vcd_is_aead(cipher) || (cipher && op->len % cipher->block_size))
		return -EINVAL;
	if (!session->mac && !op->len)
		return 0;
	if (run.iv_len && op->iv && copy_from_user(run.iv, op->iv, run.iv_len))
		return -EFAULT;
	if (chained || !vcd_op_is_whole(&run)) {
		err = vcd_op_serial(&run, chained);
	} else {
		if (session->mac)
			WRITE_ONCE(session->hash_running, false);
		err = vcd_op_run(&run, false);
	}
	memzero_explicit(&run, sizeof(run));
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
	int err = -EINVAL;

	session = vcd_session_get(file, op->ses);
	if (!session)
		return -EINVAL;
	if (op->op == COP_ENCRYPT || op->op == COP_DECRYPT)
		err = vcd_crypt_session(session, op);
	vcd_session_put(session);
	return err;
}

/* Both sessions are locked. */
static int vcd_hash_copy_locked(struct vcd_session *dst, struct vcd_session *src)
{
	struct vcd_result result;
	struct vcd_req_ctx *req;
	int err;

	/* A hash that has not begun is like any other that has not. */
	dst->hash_running = false;
	if (!src->hash_running)
		return 0;
	req = vcd_req_new(dst->dev, 0, 0, 0);
	if (!req)
		return -ENOMEM;
	vcd_wire_hash_copy((struct vcd_req *)req->in, READ_ONCE(dst->host_id),
			   READ_ONCE(src->host_id));
	err = vcd_req_exec(req, &result);
	if (!err)
		err = vcd_wire_errno(result.status);
	/* A device that forgot a session forgot the hash in it. */
	if (err == -ESTALE)
		err = -EIO;
	if (!err)
		dst->hash_running = true;
	vcd_req_put(req);
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
