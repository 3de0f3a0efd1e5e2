// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypto_skcipher.c - xts(aes), cbc(aes), ctr(aes), ecb(aes) on the device.
 *
 * A request goes to the fallback, which is the kernel's own cipher, when the device has
 * not the algorithm or refuses the key, when its pages are too many pieces, when it is
 * longer than the device takes, and for what the protocol does not have: XTS whose
 * length is not a multiple of 16.
 *
 * encrypt() and decrypt() also serve the ciphers of crypto_named.c, which have no
 * fallback.
 */
#include <crypto/aes.h>
#include <crypto/internal/skcipher.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/string.h>

#include "cryptodev.h"
#include "driver.h"

static bool vcd_skcipher_decrypts(const struct vcd_crypto_request *kreq)
{
	return vcd_header(&kreq->req)->flags & cpu_to_le16(VCD_F_DECRYPT);
}

/* In software, at once. It takes the memory of the request. */
static int vcd_skcipher_fallback(struct skcipher_request *req, bool decrypt, u32 flags)
{
	struct crypto_skcipher *tfm = crypto_skcipher_reqtfm(req);
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);
	struct skcipher_request *sub = skcipher_request_ctx(req);

	/* The device has keys that no fallback has. */
	if (!ctx->fallback)
		return -EINVAL;
	skcipher_request_set_tfm(sub, ctx->fallback);
	skcipher_request_set_callback(sub, flags & CRYPTO_TFM_REQ_MAY_SLEEP, NULL, NULL);
	skcipher_request_set_crypt(sub, req->src, req->dst, req->cryptlen, req->iv);
	return decrypt ? crypto_skcipher_decrypt(sub) : crypto_skcipher_encrypt(sub);
}

static void vcd_skcipher_complete(struct vcd_crypto_request *kreq, int err)
{
	skcipher_request_complete(kreq->user, err);
}

static void vcd_skcipher_end(struct vcd_crypto_request *kreq, int err)
{
	struct skcipher_request *req = kreq->user;
	struct crypto_skcipher *tfm = crypto_skcipher_reqtfm(req);
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);
	bool decrypt = vcd_skcipher_decrypts(kreq);

	err = vcd_crypto_result(kreq, err);
	if (!err && vcd_skcipher_of(tfm)->next_iv)
		memcpy(req->iv, kreq->req.result.iv, crypto_skcipher_ivsize(tfm));
	else if (vcd_crypto_refused(err) && ctx->fallback)
		err = vcd_skcipher_fallback(req, decrypt, 0);
	/* Of a request that is done this would mean that it is not. */
	skcipher_request_complete(req, err == -EBUSY ? -EIO : err);
}

static const struct vcd_crypto_type vcd_skcipher_type = {
	.complete = vcd_skcipher_complete,
	.end = vcd_skcipher_end,
};

/* A list of all of the data: cut, or as it is. */
static struct scatterlist *vcd_skcipher_list(struct vcd_crypto_list *list,
					     struct scatterlist *sg, u32 len, u32 max)
{
	if (vcd_list_add(list, sg, 0, len, max))
		return vcd_list_end(list);
	return vcd_list_whole(sg, len, max, &list->num);
}

/* Fill a request in. False: it is not for the device. */
static bool vcd_skcipher_prepare(struct skcipher_request *req, bool decrypt)
{
	struct crypto_skcipher *tfm = crypto_skcipher_reqtfm(req);
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);
	struct vcd_crypto_request *kreq = skcipher_request_ctx(req);
	u32 max = ctx->base.dev->max_segment;

	vcd_crypto_prepare(kreq, &ctx->base, &vcd_skcipher_type, req);
	kreq->req.src = vcd_skcipher_list(&kreq->src, req->src, req->cryptlen, max);
	kreq->req.dst = vcd_skcipher_list(&kreq->dst, req->dst, req->cryptlen, max);
	vcd_wire_crypt(vcd_header(&kreq->req), 0, decrypt ? VCD_F_DECRYPT : 0,
		       req->cryptlen, req->iv, crypto_skcipher_ivsize(tfm));
	return kreq->req.src && kreq->req.dst &&
	       vcd_crypto_fits(kreq, req->cryptlen, req->cryptlen);
}

static int vcd_skcipher_crypt(struct skcipher_request *req, bool decrypt)
{
	struct crypto_skcipher *tfm = crypto_skcipher_reqtfm(req);
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);

	if (!ctx->fallback && !ctx->base.key)
		return -ENOKEY;
	if (!vcd_crypto_can(&ctx->base) || !req->cryptlen ||
	    req->cryptlen % crypto_skcipher_blocksize(tfm) ||
	    !vcd_skcipher_prepare(req, decrypt))
		return vcd_skcipher_fallback(req, decrypt, req->base.flags);
	return vcd_crypto_start(skcipher_request_ctx(req), req->base.flags);
}

/** vcd_skcipher_encrypt() - encrypt() of the crypto API; never sleeps */
int vcd_skcipher_encrypt(struct skcipher_request *req)
{
	return vcd_skcipher_crypt(req, false);
}

/** vcd_skcipher_decrypt() - decrypt() of the crypto API; never sleeps */
int vcd_skcipher_decrypt(struct skcipher_request *req)
{
	return vcd_skcipher_crypt(req, true);
}

/* The fallback judges the key. XTS with two keys of 192 bits is for it alone. */
static int vcd_skcipher_setkey(struct crypto_skcipher *tfm, const u8 *key,
			       unsigned int len)
{
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);
	u32 id = vcd_skcipher_of(tfm)->id;
	int err;

	crypto_skcipher_clear_flags(ctx->fallback, CRYPTO_TFM_REQ_MASK);
	crypto_skcipher_set_flags(ctx->fallback,
				  crypto_skcipher_get_flags(tfm) & CRYPTO_TFM_REQ_MASK);
	err = crypto_skcipher_setkey(ctx->fallback, key, len);
	if (err)
		return err;
	if (id == CRYPTO_AES_XTS && len == 2 * AES_KEYSIZE_192) {
		vcd_crypto_replace_key(&ctx->base, NULL);
		return 0;
	}
	return vcd_crypto_set_key(&ctx->base, id, key, len);
}

static int vcd_skcipher_init(struct crypto_skcipher *tfm)
{
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);
	unsigned int size;

	/* One that calls back would call twice when its queue is full. */
	ctx->fallback = crypto_alloc_skcipher(crypto_tfm_alg_name(&tfm->base), 0,
					      CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK |
					      CRYPTO_ALG_ALLOCATES_MEMORY);
	if (IS_ERR(ctx->fallback))
		return PTR_ERR(ctx->fallback);
	size = sizeof(struct skcipher_request) + crypto_skcipher_reqsize(ctx->fallback);
	crypto_skcipher_set_reqsize(tfm, max(size, vcd_crypto_request_size()));
	vcd_crypto_tfm_init(&ctx->base);
	return 0;
}

static void vcd_skcipher_exit(struct crypto_skcipher *tfm)
{
	struct vcd_skcipher_tfm *ctx = crypto_skcipher_ctx(tfm);

	vcd_crypto_tfm_exit(&ctx->base);
	crypto_free_skcipher(ctx->fallback);
}

#define VCD_SKCIPHER(name, driver, number, block, min, max, iv, next)			\
	{										\
		.id = (number),								\
		.next_iv = (next),							\
		.alg = {								\
			.base.cra_name = (name),					\
			.base.cra_driver_name = (driver),				\
			.base.cra_priority = VCD_CRYPTO_PRIORITY,			\
			.base.cra_flags = CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK |	\
					  CRYPTO_ALG_KERN_DRIVER_ONLY,			\
			.base.cra_blocksize = (block),					\
			.base.cra_ctxsize = sizeof(struct vcd_skcipher_tfm),		\
			.base.cra_module = THIS_MODULE,					\
			.min_keysize = (min),						\
			.max_keysize = (max),						\
			.ivsize = (iv),							\
			.chunksize = AES_BLOCK_SIZE,					\
			.setkey = vcd_skcipher_setkey,					\
			.encrypt = vcd_skcipher_encrypt,				\
			.decrypt = vcd_skcipher_decrypt,				\
			.init = vcd_skcipher_init,					\
			.exit = vcd_skcipher_exit,					\
		},									\
	}

static struct vcd_skcipher vcd_skciphers[] = {
	VCD_SKCIPHER("xts(aes)", "xts-aes-vcryptodev", CRYPTO_AES_XTS, AES_BLOCK_SIZE,
		     2 * AES_MIN_KEY_SIZE, 2 * AES_MAX_KEY_SIZE, AES_BLOCK_SIZE, false),
	VCD_SKCIPHER("cbc(aes)", "cbc-aes-vcryptodev", CRYPTO_AES_CBC, AES_BLOCK_SIZE,
		     AES_MIN_KEY_SIZE, AES_MAX_KEY_SIZE, AES_BLOCK_SIZE, true),
	VCD_SKCIPHER("ctr(aes)", "ctr-aes-vcryptodev", CRYPTO_AES_CTR, 1,
		     AES_MIN_KEY_SIZE, AES_MAX_KEY_SIZE, AES_BLOCK_SIZE, true),
	VCD_SKCIPHER("ecb(aes)", "ecb-aes-vcryptodev", CRYPTO_AES_ECB, AES_BLOCK_SIZE,
		     AES_MIN_KEY_SIZE, AES_MAX_KEY_SIZE, 0, false),
};

/** vcd_skcipher_list_register() - register algorithms: all or none */
int vcd_skcipher_list_register(struct vcd_skcipher *list, unsigned int num)
{
	unsigned int i;
	int err;

	for (i = 0; i < num; i++) {
		err = crypto_register_skcipher(&list[i].alg);
		if (err) {
			vcd_skcipher_list_unregister(list, i);
			return err;
		}
	}
	return 0;
}

/** vcd_skcipher_list_unregister() - nothing uses them any more */
void vcd_skcipher_list_unregister(struct vcd_skcipher *list, unsigned int num)
{
	while (num--)
		crypto_unregister_skcipher(&list[num].alg);
}

/** vcd_skciphers_register() - register the ciphers by key bytes */
int vcd_skciphers_register(void)
{
	return vcd_skcipher_list_register(vcd_skciphers, ARRAY_SIZE(vcd_skciphers));
}

/** vcd_skciphers_unregister() - nothing uses them any more */
void vcd_skciphers_unregister(void)
{
	vcd_skcipher_list_unregister(vcd_skciphers, ARRAY_SIZE(vcd_skciphers));
}
