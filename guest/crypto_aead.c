// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypto_aead.c - gcm(aes), rfc4106(gcm(aes)) on the device.
 *
 * The crypto API's source is AAD and data, with the tag after it when it is decrypted:
 * what the device reads. Its destination begins with room for the AAD, which the device
 * is not given. RFC 4106 has the last 4 bytes of the key as a salt before a nonce of 8
 * bytes, and the nonce once more after the AAD, where it is cut out.
 */
#include <crypto/aead.h>
#include <crypto/aes.h>
#include <crypto/gcm.h>
#include <crypto/internal/aead.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/string.h>

#include "cryptodev.h"
#include "driver.h"

#define VCD_SALT_LEN	4u

/**
 * struct vcd_aead_tfm - a transform
 * @base: what it has of the device
 * @fallback: in software
 * @salt: of RFC 4106
 */
struct vcd_aead_tfm {
	struct vcd_crypto_tfm base;
	struct crypto_aead *fallback;
	u8 salt[VCD_SALT_LEN];
};

static bool vcd_aead_is_rfc4106(struct crypto_aead *tfm)
{
	return crypto_aead_ivsize(tfm) == GCM_RFC4106_IV_SIZE;
}

/* In software, at once. It takes the memory of the request. */
static int vcd_aead_fallback(struct aead_request *req, bool decrypt, u32 flags)
{
	struct vcd_aead_tfm *ctx = crypto_aead_ctx(crypto_aead_reqtfm(req));
	struct aead_request *sub = aead_request_ctx(req);

	aead_request_set_tfm(sub, ctx->fallback);
	aead_request_set_callback(sub, flags & CRYPTO_TFM_REQ_MAY_SLEEP, NULL, NULL);
	aead_request_set_crypt(sub, req->src, req->dst, req->cryptlen, req->iv);
	aead_request_set_ad(sub, req->assoclen);
	return decrypt ? crypto_aead_decrypt(sub) : crypto_aead_encrypt(sub);
}

static void vcd_aead_complete(struct vcd_crypto_request *kreq, int err)
{
	aead_request_complete(kreq->user, err);
}

static void vcd_aead_end(struct vcd_crypto_request *kreq, int err)
{
	bool decrypt = vcd_header(&kreq->req)->flags & cpu_to_le16(VCD_F_DECRYPT);
	struct aead_request *req = kreq->user;

	err = vcd_crypto_result(kreq, err);
	if (vcd_crypto_refused(err))
		err = vcd_aead_fallback(req, decrypt, 0);
	aead_request_complete(req, err);
}

static const struct vcd_crypto_type vcd_aead_type = {
	.complete = vcd_aead_complete,
	.end = vcd_aead_end,
};

/* Fill in the nonce; how much of what the crypto API calls AAD it is. */
static u32 vcd_aead_nonce(const struct vcd_aead_tfm *ctx, const struct aead_request *req,
			  u8 nonce[GCM_AES_IV_SIZE])
{
	if (!vcd_aead_is_rfc4106(crypto_aead_reqtfm((struct aead_request *)req))) {
		memcpy(nonce, req->iv, GCM_AES_IV_SIZE);
		return 0;
	}
	memcpy(nonce, ctx->salt, VCD_SALT_LEN);
	memcpy(nonce + VCD_SALT_LEN, req->iv, GCM_RFC4106_IV_SIZE);
	return GCM_RFC4106_IV_SIZE;
}

/* The lists: in is AAD and data, out is @out_len bytes after the AAD. */
static bool vcd_aead_lists(struct vcd_crypto_request *kreq, struct aead_request *req,
			   u32 aad_len, u32 out_len)
{
	u32 max = kreq->req.queue->dev->max_segment;

	if (!vcd_list_add(&kreq->src, req->src, 0, aad_len, max) ||
	    !vcd_list_add(&kreq->src, req->src, req->assoclen, req->cryptlen, max) ||
	    !vcd_list_add(&kreq->dst, req->dst, req->assoclen, out_len, max))
		return false;
	kreq->req.src = vcd_list_end(&kreq->src);
	kreq->req.dst = vcd_list_end(&kreq->dst);
	return vcd_crypto_fits(kreq, aad_len + req->cryptlen, out_len);
}

/* Fill a request in. False: it is not for the device. */
static bool vcd_aead_prepare(struct aead_request *req, bool decrypt)
{
	struct crypto_aead *tfm = crypto_aead_reqtfm(req);
	struct vcd_crypto_request *kreq = aead_request_ctx(req);
	u32 tag_len = crypto_aead_authsize(tfm);
	struct vcd_aead_tfm *ctx = crypto_aead_ctx(tfm);
	const struct vcd_device *dev = ctx->base.dev;
	u8 nonce[GCM_AES_IV_SIZE];
	u32 nonce_len, aad_len;

	/* So that no sum of lengths wraps. */
	if (req->cryptlen > dev->max_request || req->assoclen > dev->max_request)
		return false;
	if (decrypt && req->cryptlen < tag_len)
		return false;
	nonce_len = vcd_aead_nonce(ctx, req, nonce);
	/* The fallback knows which lengths of AAD RFC 4106 allows. */
	if (nonce_len && req->assoclen != 16 && req->assoclen != 20)
		return false;
	aad_len = req->assoclen - nonce_len;
	if (aad_len > dev->max_aad)
		return false;
	vcd_crypto_prepare(kreq, &ctx->base, &vcd_aead_type, req);
	vcd_wire_auth(vcd_header(&kreq->req), decrypt ? VCD_F_DECRYPT : 0, req->cryptlen,
		      aad_len, 0, tag_len, nonce, sizeof(nonce));
	return vcd_aead_lists(kreq, req, aad_len,
			      decrypt ? req->cryptlen - tag_len : req->cryptlen + tag_len);
}

static int vcd_aead_crypt(struct aead_request *req, bool decrypt)
{
	struct vcd_aead_tfm *ctx = crypto_aead_ctx(crypto_aead_reqtfm(req));

	if (!vcd_crypto_can(&ctx->base) || !vcd_aead_prepare(req, decrypt))
		return vcd_aead_fallback(req, decrypt, req->base.flags);
	return vcd_crypto_start(aead_request_ctx(req), req->base.flags);
}

static int vcd_aead_encrypt(struct aead_request *req)
{
	return vcd_aead_crypt(req, false);
}

static int vcd_aead_decrypt(struct aead_request *req)
{
	return vcd_aead_crypt(req, true);
}

/* The fallback judges the key. */
static int vcd_aead_setkey(struct crypto_aead *tfm, const u8 *key, unsigned int len)
{
	struct vcd_aead_tfm *ctx = crypto_aead_ctx(tfm);
	int err;

	crypto_aead_clear_flags(ctx->fallback, CRYPTO_TFM_REQ_MASK);
	crypto_aead_set_flags(ctx->fallback,
			      crypto_aead_get_flags(tfm) & CRYPTO_TFM_REQ_MASK);
	err = crypto_aead_setkey(ctx->fallback, key, len);
	if (err)
		return err;
	if (vcd_aead_is_rfc4106(tfm)) {
		len -= VCD_SALT_LEN;
		memcpy(ctx->salt, key + len, VCD_SALT_LEN);
	}
	return vcd_crypto_set_key(&ctx->base, CRYPTO_AES_GCM, key, len);
}

static int vcd_aead_setauthsize(struct crypto_aead *tfm, unsigned int len)
{
	struct vcd_aead_tfm *ctx = crypto_aead_ctx(tfm);

	return crypto_aead_setauthsize(ctx->fallback, len);
}

static int vcd_aead_init(struct crypto_aead *tfm)
{
	struct vcd_aead_tfm *ctx = crypto_aead_ctx(tfm);
	unsigned int size;

	ctx->fallback = crypto_alloc_aead(crypto_tfm_alg_name(&tfm->base), 0,
					  CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK |
					  CRYPTO_ALG_ALLOCATES_MEMORY);
	if (IS_ERR(ctx->fallback))
		return PTR_ERR(ctx->fallback);
	size = sizeof(struct aead_request) + crypto_aead_reqsize(ctx->fallback);
	crypto_aead_set_reqsize(tfm, max(size, vcd_crypto_request_size()));
	vcd_crypto_tfm_init(&ctx->base);
	return 0;
}

static void vcd_aead_exit(struct crypto_aead *tfm)
{
	struct vcd_aead_tfm *ctx = crypto_aead_ctx(tfm);

	vcd_crypto_tfm_exit(&ctx->base);
	crypto_free_aead(ctx->fallback);
}

#define VCD_AEAD(name, driver, iv)							\
	{										\
		.base.cra_name = (name),						\
		.base.cra_driver_name = (driver),					\
		.base.cra_priority = VCD_CRYPTO_PRIORITY,				\
		.base.cra_flags = CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK |		\
				  CRYPTO_ALG_KERN_DRIVER_ONLY,				\
		.base.cra_blocksize = 1,						\
		.base.cra_ctxsize = sizeof(struct vcd_aead_tfm),			\
		.base.cra_module = THIS_MODULE,						\
		.ivsize = (iv),								\
		.maxauthsize = AES_BLOCK_SIZE,						\
		.chunksize = AES_BLOCK_SIZE,						\
		.setkey = vcd_aead_setkey,						\
		.setauthsize = vcd_aead_setauthsize,					\
		.encrypt = vcd_aead_encrypt,						\
		.decrypt = vcd_aead_decrypt,						\
		.init = vcd_aead_init,							\
		.exit = vcd_aead_exit,							\
	}

static struct aead_alg vcd_aeads[] = {
	VCD_AEAD("gcm(aes)", "gcm-aes-vcryptodev", GCM_AES_IV_SIZE),
	VCD_AEAD("rfc4106(gcm(aes))", "rfc4106-gcm-aes-vcryptodev", GCM_RFC4106_IV_SIZE),
};

/** vcd_aeads_register() - register the AEADs */
int vcd_aeads_register(void)
{
	return crypto_register_aeads(vcd_aeads, ARRAY_SIZE(vcd_aeads));
}

/** vcd_aeads_unregister() - nothing uses them any more */
void vcd_aeads_unregister(void)
{
	crypto_unregister_aeads(vcd_aeads, ARRAY_SIZE(vcd_aeads));
}
