// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * auth.c - CIOCAUTHCRYPT: AEAD, TLS records, SRTP packets.
 *
 * An authenticated operation cannot be cut, so it is one request and at most as
 * large as the device takes (EMSGSIZE above).
 *
 * The errors are the ABI's, measured on its reference, down to EINVAL for an
 * unreadable source. Where the reference crashes, the answer is EINVAL or
 * EFAULT.
 */
#include <linux/uaccess.h>

#include "driver.h"

#define VCD_AAD_MAX		4096u
#define VCD_SRTP_HEAD_MAX	256u
/* Bytes of a nonce that the host makes. */
#define VCD_AUTH_NONCE		12u

/* Tag sizes that the algorithm has. */
static bool vcd_tag_ok(const struct vcd_alg *alg, u32 len)
{
	switch (alg->id) {
	case CRYPTO_AES_GCM:
		return len == 4 || len == 8 || (len >= 12 && len <= 16);
	case CRYPTO_AES_CCM:
		return len >= 4 && len <= 16 && !(len % 2);
	default:
		return len == alg->digest_len;
	}
}

/*
 * The nonce that goes over the wire. CCM's IV is the kernel's: a byte L - 1, then
 * 15 - L bytes of nonce.
 */
static int vcd_auth_nonce(const struct vcd_alg *alg, const u8 **nonce, u8 *len)
{
	*len = alg->iv_len;
	if (alg->id != CRYPTO_AES_CCM)
		return 0;
	if ((*nonce)[0] < 1 || (*nonce)[0] > 7)
		return -EINVAL;
	*len = 14 - (*nonce)[0];
	(*nonce)++;
	return 0;
}

/* The tag length of this operation; the ABI remembers the last one given. */
static int vcd_auth_tag_len(struct vcd_session *session, u32 wanted)
{
	u32 now = READ_ONCE(session->tag_len);

	if (!wanted)
		return now;
	if (wanted > now)
		return -EINVAL;
	if (vcd_is_aead(session->cipher) && !vcd_tag_ok(session->cipher, wanted))
		return -EINVAL;
	WRITE_ONCE(session->tag_len, wanted);
	return wanted;
}

static u16 vcd_auth_flags(const struct crypt_auth_op *op)
{
	return op->op == COP_DECRYPT ? VCD_F_DECRYPT : 0;
}

/* Whether the host makes the nonce: of a key by name, unless its policy says otherwise. */
static bool vcd_auth_host_nonce(const struct vcd_session *session,
				const struct crypt_auth_op *op)
{
	return op->op == COP_ENCRYPT && vcd_is_aead(session->cipher) &&
	       session->key->named &&
	       !(session->key->info.flags & CRYPT_KEY_IV_GUEST);
}

static int vcd_auth_aead(struct vcd_xfer *xfer, struct crypt_auth_op *op,
			 const u8 *iv, u32 tag_len)
{
	u16 flags = vcd_auth_flags(op);
	const u8 *nonce = iv;
	u8 nonce_len = 0;
	int err = 0;

	if (op->auth_len > VCD_AAD_MAX)
		return -EINVAL;
	if (op->op == COP_DECRYPT && op->len < tag_len)
		return -EINVAL;
	if (op->op == COP_ENCRYPT && op->len > U32_MAX - tag_len)
		return -EINVAL;
	if (vcd_auth_host_nonce(xfer->session, op))
		flags |= VCD_F_IV_BY_DEVICE;
	else
		err = vcd_auth_nonce(xfer->session->cipher, &nonce, &nonce_len);
	if (err)
		return err;
	xfer->head = op->auth_src;
	xfer->head_len = op->auth_len;
	xfer->src = op->src;
	xfer->src_len = op->len;
	xfer->dst = op->dst;
	xfer->dst_len = op->op == COP_DECRYPT ? op->len - tag_len :
						op->len + tag_len;
	vcd_wire_auth(&xfer->hdr, flags, op->len, op->auth_len, 0, tag_len, nonce,
		      nonce_len);
	return 0;
}

static int vcd_auth_tls(struct vcd_xfer *xfer, struct crypt_auth_op *op,
			const u8 *iv, u32 tag_len)
{
	const struct vcd_alg *cipher = xfer->session->cipher;
	u32 block = cipher->block_size;
	u64 record = (u64)op->len + tag_len;

	if (op->src != op->dst || op->auth_len > VCD_AAD_MAX || block < 2)
		return -EINVAL;
	if (op->op == COP_DECRYPT && (!op->len || op->len % block))
		return -EINVAL;
	record += block - record % block;
	if (record > U32_MAX)
		return -EINVAL;
	xfer->head = op->auth_src;
	xfer->head_len = op->auth_len;
	xfer->src = op->src;
	xfer->src_len = op->len;
	xfer->dst = op->dst;
	xfer->dst_len = op->op == COP_DECRYPT ? op->len : record;
	xfer->short_ok = op->op == COP_DECRYPT;
	vcd_wire_auth(&xfer->hdr, VCD_F_TLS | vcd_auth_flags(op), op->len,
		      op->auth_len, 0, tag_len, iv, cipher->iv_len);
	return 0;
}

static int vcd_auth_srtp(struct vcd_xfer *xfer, struct crypt_auth_op *op,
			 const u8 *iv, u32 tag_len, u8 tag[VCD_MAX_DIGEST_LEN])
{
	const struct vcd_alg *cipher = xfer->session->cipher;
	uintptr_t off = (uintptr_t)op->src - (uintptr_t)op->auth_src;

	if (op->src != op->dst || cipher->block_size != 1 ||
	    off > VCD_SRTP_HEAD_MAX || off > op->auth_len ||
	    op->len > op->auth_len - off)
		return -EINVAL;
	xfer->src = op->auth_src;
	xfer->src_len = op->auth_len;
	xfer->dst = op->dst;
	xfer->dst_len = op->len;
	if (op->op == COP_DECRYPT) {
		if (copy_from_user(tag, op->tag, tag_len))
			return -EFAULT;
		xfer->in_tail = tag;
		xfer->in_tail_len = tag_len;
	} else {
		xfer->tail = tag;
		xfer->tail_len = tag_len;
	}
	vcd_wire_auth(&xfer->hdr, VCD_F_SRTP | vcd_auth_flags(op), op->len,
		      op->auth_len, off, tag_len, iv, cipher->iv_len);
	return 0;
}

/* Which of the three it is, and its header and buffers. */
static int vcd_auth_prepare(struct vcd_xfer *xfer, struct crypt_auth_op *op,
			    const u8 *iv, u32 tag_len,
			    u8 tag[VCD_MAX_DIGEST_LEN])
{
	const struct vcd_session *session = xfer->session;

	if (vcd_is_aead(session->cipher))
		return op->flags & COP_FLAG_AEAD_SRTP_TYPE ? -EINVAL :
			vcd_auth_aead(xfer, op, iv, tag_len);
	if (!session->mac)
		return -EINVAL;
	if (op->flags & COP_FLAG_AEAD_TLS_TYPE)
		return vcd_auth_tls(xfer, op, iv, tag_len);
	if (op->flags & COP_FLAG_AEAD_SRTP_TYPE)
		return vcd_auth_srtp(xfer, op, iv, tag_len, tag);
	return -EINVAL;
}

/* What the program's structure says afterwards. */
static int vcd_auth_finish(const struct vcd_xfer *xfer, struct crypt_auth_op *op,
			   u32 tag_len, const u8 *tag)
{
	op->tag_len = tag_len;
	if (op->flags & COP_FLAG_AEAD_SRTP_TYPE) {
		if (xfer->tail_len && copy_to_user(op->tag, tag, tag_len))
			return -EFAULT;
		return 0;
	}
	if (vcd_is_aead(xfer->session->cipher))
		op->tag = op->dst + (op->op == COP_DECRYPT ? xfer->out_len : op->len);
	op->len = xfer->out_len;
	return 0;
}

static int vcd_auth_run(struct vcd_session *session, struct crypt_auth_op *op,
			u8 iv[VCD_MAX_IV_LEN])
{
	u32 iv_len = session->cipher->iv_len;
	struct vcd_xfer xfer = {
		.session = session,
		.copy = op->flags & COP_FLAG_NO_ZC,
		.zero_copy = op->flags & COP_FLAG_ZERO_COPY,
		.locked = !op->iv,
	};
	u8 tag[VCD_MAX_DIGEST_LEN];
	int tag_len, err;

	tag_len = vcd_auth_tag_len(session, op->tag_len);
	if (tag_len < 0)
		return tag_len;
	err = vcd_auth_prepare(&xfer, op, iv, tag_len, tag);
	if (err)
		return err;
	if (!vcd_xfer_fits(&xfer))
		return -EMSGSIZE;
	err = vcd_xfer_run(&xfer);
	if (err)
		return err == -ENODATA ? -EINVAL : err;
	if (vcd_auth_host_nonce(session, op)) {
		if (copy_to_user(op->iv, xfer.iv, VCD_AUTH_NONCE))
			return -EFAULT;
		return vcd_auth_finish(&xfer, op, tag_len, tag);
	}
	/* An AEAD's nonce stays what it was. */
	if (!vcd_is_aead(session->cipher))
		memcpy(iv, xfer.iv, iv_len);
	vcd_session_iv_store(session, iv);
	if ((op->flags & COP_FLAG_WRITE_IV) && op->iv &&
	    copy_to_user(op->iv, iv, iv_len))
		return -EFAULT;
	return vcd_auth_finish(&xfer, op, tag_len, tag);
}

static int vcd_auth_session(struct vcd_session *session, struct crypt_auth_op *op)
{
	u8 iv[VCD_MAX_IV_LEN] = { 0 };
	int err;

	if (!session->cipher)
		return -EINVAL;
	if (vcd_auth_host_nonce(session, op))
		return op->iv ? vcd_auth_run(session, op, iv) : -EFAULT;
	if (op->iv) {
		if (copy_from_user(iv, op->iv, session->cipher->iv_len))
			return -EFAULT;
		return vcd_auth_run(session, op, iv);
	}
	if (mutex_lock_killable(&session->serial))
		return -EINTR;
	vcd_session_iv_load(session, iv);
	err = vcd_auth_run(session, op, iv);
	mutex_unlock(&session->serial);
	return err;
}

/**
 * vcd_auth() - CIOCAUTHCRYPT
 * @file: file description
 * @op: private copy of the program's structure; lengths and tag are updated
 *
 * Return: 0 or a negative errno, as the ABI lists them; -EBADMSG when the data is
 * not authentic, and then nothing was written.
 */
int vcd_auth(struct vcd_file *file, struct crypt_auth_op *op)
{
	struct vcd_session *session;
	int err = -EINVAL;

	session = vcd_session_get(file, op->ses);
	if (!session)
		return -EINVAL;
	if (op->op == COP_ENCRYPT || op->op == COP_DECRYPT)
		err = vcd_auth_session(session, op);
	vcd_session_put(session);
	return err;
}
