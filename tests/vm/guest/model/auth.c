/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth.c - the model's CIOCAUTHCRYPT.
 */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define AUTH_ROOM (1u << 20)

/* Data, and additional data, to private memory with room for what is added. */
static int auth_read(const struct crypt_auth_op *op, uint8_t **aad, uint8_t **buf)
{
	*aad = malloc(op->auth_len + 1);
	*buf = malloc((size_t)op->len + 256);
	if (!*aad || !*buf)
		return -ENOMEM;
	if (model_read(*aad, op->auth_src, op->auth_len))
		return -EFAULT;
	return model_read(*buf, op->src, op->len) ? -EINVAL : 0;
}

/* Plain AEAD and TLS: what is added stands behind the data. */
static int auth_appended(struct slot *s, struct crypt_auth_op *op, struct ref_auth *a, bool tls)
{
	size_t outlen = 0, datalen;
	uint8_t *aad, *buf;
	int err = auth_read(op, &aad, &buf);
	uint8_t last[16] = {0};

	/* the last block of ciphertext, when that is what goes in */
	if (!err && op->len >= sizeof(last))
		memcpy(last, buf + op->len - sizeof(last), sizeof(last));
	a->aad = aad;
	a->aadlen = op->auth_len;
	if (!err)
		err = tls ? ref_tls(a, buf, op->len, &outlen) : ref_aead(a, buf, op->len, &outlen);
	if (!err)
		err = model_write(op->dst, buf, outlen);
	if (!err && tls)
		memcpy(s->iv, op->op == COP_DECRYPT ? last : buf + outlen - 16, 16);
	if (!err) {
		datalen = op->op == COP_DECRYPT ? outlen : op->len;
		if (!tls)
			op->tag = at_offset(op->dst, datalen);
		op->len = (uint32_t)outlen;
	}
	free(aad);
	free(buf);
	return err;
}

static int auth_srtp(struct slot *s, struct crypt_auth_op *op, struct ref_auth *a)
{
	size_t off = (uintptr_t)op->src - (uintptr_t)op->auth_src;
	uint8_t *region = malloc(op->auth_len + 1), tag[64];
	int err = region ? 0 : -ENOMEM;

	a->aadlen = op->auth_len;
	if (!err && model_read(region, op->auth_src, op->auth_len))
		err = -EFAULT;
	if (!err && op->op == COP_DECRYPT)
		err = model_read(tag, op->tag, a->taglen);
	if (!err)
		err = ref_srtp(a, region, off, op->len, tag);
	if (!err)
		err = model_write(op->dst, region + off, op->len);
	if (!err && op->op == COP_ENCRYPT)
		err = model_write(op->tag, tag, a->taglen);
	if (!err && s->cipher == CRYPTO_AES_CTR)
		ref_counter_add(s->iv, (op->len + 15) / 16);
	free(region);
	return err;
}

/* What is refused before anything is read. */
static int auth_check(const struct slot *s, const struct crypt_auth_op *op)
{
	const struct ref_cipher *c = s ? ref_cipher_find(s->cipher) : NULL;
	size_t off = (uintptr_t)op->src - (uintptr_t)op->auth_src;
	bool tls = op->flags & COP_FLAG_AEAD_TLS_TYPE, srtp = op->flags & COP_FLAG_AEAD_SRTP_TYPE;
	uint32_t tag;

	if (!s || op->op > COP_DECRYPT || !s->cipher || op->tag_len > s->taglen)
		return -EINVAL;
	tag = op->tag_len ? op->tag_len : s->taglen;
	if (!c) {
		bool ok = s->cipher == CRYPTO_AES_GCM	? tag == 4 || tag == 8 || tag >= 12
			  : s->cipher == CRYPTO_AES_CCM ? tag >= 4 && tag % 2 == 0
							: tag == 16;

		if (srtp || !ok || op->auth_len > 4096 || op->len > UINT32_MAX - tag ||
		    (op->op == COP_DECRYPT && op->len < tag))
			return -EINVAL;
		return op->len > AUTH_ROOM ? -EMSGSIZE : 0;
	}
	if (!s->mac || !ref_mac_find(s->mac)->keyed || !(tls || srtp) || op->src != op->dst)
		return -EINVAL;
	if (tls)
		return op->auth_len > 4096 || c->block < 2 ||
			       (op->op == COP_DECRYPT && (!op->len || op->len % c->block))
			   ? -EINVAL
			   : 0;
	return c->block != 1 || off > 256 || off > op->auth_len || op->len > op->auth_len - off
		   ? -EINVAL
		   : 0;
}

/* CIOCAUTHCRYPT. A session's tag length never grows. */
int model_auth(struct table *t, struct crypt_auth_op *op)
{
	struct slot *s = model_find(t, op->ses);
	int err = auth_check(s, op);
	uint8_t iv[16], before[16];
	struct ref_auth a = {.open = op->op == COP_DECRYPT, .iv = iv};
	size_t ivsize;

	if (err)
		return err;
	a.cipher = s->cipher;
	a.mac = s->mac;
	a.key = s->key;
	a.keylen = s->keylen;
	a.mackey = s->mackey;
	a.mackeylen = s->mackeylen;
	ivsize = ref_cipher_find(s->cipher) ? ref_cipher_find(s->cipher)->ivsize
					    : ref_aead_find(s->cipher)->ivsize;
	memcpy(iv, s->iv, sizeof(iv));
	/* The host makes the nonces of a key by name. */
	if (s->named && !a.open &&
	    (!op->iv || getrandom(iv, 12, 0) != 12 || model_write(op->iv, iv, 12)))
		return -EFAULT;
	if (op->iv && model_read(iv, op->iv, ivsize))
		return -EFAULT;
	if (op->tag_len)
		s->taglen = op->tag_len;
	a.taglen = s->taglen;
	memcpy(before, s->iv, sizeof(before));
	memcpy(s->iv, iv, sizeof(iv));
	if (!ref_cipher_find(s->cipher))
		err = auth_appended(s, op, &a, false);
	else if (op->flags & COP_FLAG_AEAD_TLS_TYPE)
		err = auth_appended(s, op, &a, true);
	else
		err = auth_srtp(s, op, &a);
	/* what fails leaves no IV */
	if (err)
		memcpy(s->iv, before, sizeof(before));
	op->tag_len = s->taglen;
	if (!err && op->iv && op->flags & COP_FLAG_WRITE_IV)
		err = model_write(op->iv, s->iv, ivsize);
	return err;
}
