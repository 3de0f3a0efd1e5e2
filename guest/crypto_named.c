// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypto_named.c - xts(paes), cbc(paes), ctr(paes): ciphers whose key only the host has.
 *
 * The "key" is struct crypt_key_blob: 128 bytes with the label of one of the host's keys,
 * its check value, and a ticket if it has one. Anything else is -EINVAL, which includes
 * the random key that dm-crypt sets to wipe one. The names are those of s390's protected
 * keys, because cryptsetup knows that their key bytes are no key.
 *
 * setkey() asks the host, and waits for the answer: -ENOKEY, -EACCES, -ENODEV. When the
 * session is lost, it is made again by the label, and has to have the check value. If the
 * host then refuses, because the key was revoked, the requests fail.
 */
#include <crypto/aes.h>
#include <crypto/internal/skcipher.h>
#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/string.h>

#include "cryptodev.h"
#include "driver.h"

/* CRC-32 of all of a blob but the CRC. */
static u32 vcd_blob_crc(const struct crypt_key_blob *blob)
{
	size_t after = offsetofend(struct crypt_key_blob, crc32);
	u32 crc;

	crc = crc32_le(~0, (const u8 *)blob, offsetof(struct crypt_key_blob, crc32));
	return ~crc32_le(crc, (const u8 *)blob + after, sizeof(*blob) - after);
}

/* What a blob says. False: it is none. */
static bool vcd_blob_read(const u8 *key, unsigned int len, struct vcd_label *name)
{
	struct crypt_key_blob blob;
	size_t label_len;
	__le32 crc;

	if (len != sizeof(blob))
		return false;
	memcpy(&blob, key, sizeof(blob));
	memcpy(&crc, blob.crc32, sizeof(crc));
	label_len = strnlen(blob.label, sizeof(blob.label));
	if (memcmp(blob.magic, CRYPT_KEY_BLOB_MAGIC, sizeof(blob.magic)) ||
	    blob.version != 1 || (blob.flags & ~CRYPT_KEY_BLOB_TICKET) ||
	    memchr_inv(blob.reserved, 0, sizeof(blob.reserved)) ||
	    !label_len || label_len == sizeof(blob.label) ||
	    memchr_inv(blob.label + label_len, 0, sizeof(blob.label) - label_len) ||
	    le32_to_cpu(crc) != vcd_blob_crc(&blob))
		return false;
	memset(name, 0, sizeof(*name));
	memcpy(name->label, blob.label, sizeof(name->label));
	memcpy(name->check, blob.check, sizeof(name->check));
	name->has_check = true;
	name->has_ticket = blob.flags & CRYPT_KEY_BLOB_TICKET;
	if (name->has_ticket)
		memcpy(name->ticket, blob.ticket, sizeof(name->ticket));
	memzero_explicit(&blob, sizeof(blob));
	return true;
}

/* Ask the host for the key. */
static int vcd_named_open(struct vcd_crypto_tfm *tfm, const struct vcd_label *name, u32 id)
{
	struct vcd_share *share = tfm->dev->kernel_share;
	struct vcd_crypto_key *shared = NULL;
	struct vcd_key *key;
	int err;

	if (!vcd_share_add_session(share, true))
		return -ENOSPC;
	key = vcd_key_new_label(share, name, id, 0, 0);
	if (IS_ERR(key)) {
		vcd_share_end_session(share, true);
		/* A host without a key service has no such key. */
		return PTR_ERR(key) == -EOPNOTSUPP ? -ENOKEY : PTR_ERR(key);
	}
	err = vcd_key_make(key);
	if (!err)
		shared = vcd_crypto_key_new(key);
	if (!shared) {
		vcd_key_end(key);
		return err ? err : -ENOMEM;
	}
	key->req.flags |= VCD_REQ_PATIENT | VCD_REQ_KEPT;
	vcd_crypto_replace_key(tfm, shared);
	return 0;
}

static int vcd_named_setkey(struct crypto_skcipher *tfm, const u8 *key, unsigned int len)
{
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);
	struct vcd_label name;
	int err;

	vcd_crypto_replace_key(&ctx->base, NULL);
	if (!vcd_blob_read(key, len, &name))
		return -EINVAL;
	err = vcd_crypto_tfm_device(&ctx->base);
	if (!err)
		err = vcd_named_open(&ctx->base, &name, vcd_skcipher_of(tfm)->id);
	memzero_explicit(&name, sizeof(name));
	return err;
}

static int vcd_named_init(struct crypto_skcipher *tfm)
{
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);

	ctx->fallback = NULL;
	crypto_skcipher_set_reqsize(tfm, vcd_crypto_request_size());
	vcd_crypto_tfm_init(&ctx->base);
	return 0;
}

static void vcd_named_exit(struct crypto_skcipher *tfm)
{
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);

	vcd_crypto_tfm_exit(&ctx->base);
}

#define VCD_NAMED(name, driver, number, block, next)					\
	{										\
		.id = (number),								\
		.next_iv = (next),							\
		.alg = {								\
			.base.cra_name = (name),					\
			.base.cra_driver_name = (driver),				\
			.base.cra_priority = VCD_NAMED_PRIORITY,			\
			.base.cra_flags = CRYPTO_ALG_ASYNC | CRYPTO_ALG_KERN_DRIVER_ONLY, \
			.base.cra_blocksize = (block),					\
			.base.cra_ctxsize = sizeof(struct vcd_skcipher_tfm),		\
			.base.cra_module = THIS_MODULE,					\
			.min_keysize = sizeof(struct crypt_key_blob),			\
			.max_keysize = sizeof(struct crypt_key_blob),			\
			.ivsize = AES_BLOCK_SIZE,					\
			.chunksize = AES_BLOCK_SIZE,					\
			.setkey = vcd_named_setkey,					\
			.encrypt = vcd_skcipher_encrypt,				\
			.decrypt = vcd_skcipher_decrypt,				\
			.init = vcd_named_init,						\
			.exit = vcd_named_exit,						\
		},									\
	}

static struct vcd_skcipher vcd_named[] = {
	VCD_NAMED("xts(paes)", "xts-paes-vcryptodev", CRYPTO_AES_XTS, AES_BLOCK_SIZE,
		  false),
	VCD_NAMED("cbc(paes)", "cbc-paes-vcryptodev", CRYPTO_AES_CBC, AES_BLOCK_SIZE, true),
	VCD_NAMED("ctr(paes)", "ctr-paes-vcryptodev", CRYPTO_AES_CTR, 1, true),
};

/** vcd_named_register() - register the ciphers by name */
int vcd_named_register(void)
{
	return vcd_skcipher_list_register(vcd_named, ARRAY_SIZE(vcd_named));
}

/** vcd_named_unregister() - nothing uses them any more */
void vcd_named_unregister(void)
{
	vcd_skcipher_list_unregister(vcd_named, ARRAY_SIZE(vcd_named));
}
