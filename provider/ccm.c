/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ccm.c - CCM. The length of the message must be known before its additional
 * data, and its data comes in one piece: so every message can go to the device.
 */
#include "provider/aead.h"

#include <string.h>

/* OpenSSL's defaults: the longest length field, and a tag of RFC 3610's
 * example. */
#define CD_CCM_IV 7
#define CD_CCM_TAG 12

/* In place of a length: the next data needs another one to be announced. As in
 * the default provider, the tag of an encryption has to be asked for before the
 * next message, or its length be announced. */
#define CD_NO_MESSAGE SIZE_MAX

static OSSL_FUNC_cipher_encrypt_init_fn cd_ccm_einit;
static OSSL_FUNC_cipher_decrypt_init_fn cd_ccm_dinit;
static OSSL_FUNC_cipher_update_fn cd_ccm_update;
static OSSL_FUNC_cipher_final_fn cd_ccm_final;
static OSSL_FUNC_cipher_cipher_fn cd_ccm_cipher;

static void *cd_ccm_new(void *provctx, const CD_ALG *alg)
{
    CD_AEAD_CTX *ctx = cd_aead_new(provctx, alg);

    if (ctx == NULL)
        return NULL;
    ctx->ivlen = CD_CCM_IV;
    ctx->taglen = CD_CCM_TAG;
    return ctx;
}

static int init(CD_AEAD_CTX *ctx, const uint8_t *key, size_t keylen,
                const uint8_t *iv, size_t ivlen, const OSSL_PARAM params[],
                bool enc)
{
    ctx->enc = enc;
    if (iv != NULL) {
        if (ivlen != ctx->ivlen) {
            ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_IV_LENGTH);
            return 0;
        }
        memcpy(ctx->iv, iv, ivlen);
        ctx->iv_state = CD_IV_GIVEN;
        cd_aead_start(ctx);
    }
    /* A length that was announced is not that of another message. */
    if ((iv != NULL || key != NULL) && ctx->len_set)
        ctx->len = CD_NO_MESSAGE;
    return cd_aead_set_key(ctx, key, keylen)
           && cd_aead_set_ctx_params(ctx, params);
}

static int cd_ccm_einit(void *vctx, const unsigned char *key, size_t keylen,
                        const unsigned char *iv, size_t ivlen,
                        const OSSL_PARAM params[])
{
    return init(vctx, key, keylen, iv, ivlen, params, true);
}

static int cd_ccm_dinit(void *vctx, const unsigned char *key, size_t keylen,
                        const unsigned char *iv, size_t ivlen,
                        const OSSL_PARAM params[])
{
    return init(vctx, key, keylen, iv, ivlen, params, false);
}

/* The length field has 15 - nonce bytes. */
static int set_length(CD_AEAD_CTX *ctx, size_t len)
{
    size_t bytes = 15 - ctx->ivlen;

    if (bytes < sizeof(len) && len >> (8 * bytes) != 0)
        return 0;
    ctx->len = len;
    ctx->len_set = true;
    return 1;
}

static int data(CD_AEAD_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
    CD_MESSAGE m = {
        .nonce = ctx->iv,
        .noncelen = ctx->ivlen,
        .aad = ctx->aad,
        .aad_len = ctx->aad_len,
        .in = in,
        .out = out,
        .len = len,
        .tag = ctx->tag,
        .taglen = ctx->taglen,
    };
    int ok;

    if (!ctx->len_set && !set_length(ctx, len))
        return 0;
    if (!ctx->enc && !ctx->tag_set)
        return 0;
    if (ctx->len != len) {
        ctx->len = CD_NO_MESSAGE;
        return 0;
    }
    ok = cd_aead_message(ctx, &m);
    if (!ok && !ctx->enc)
        OPENSSL_cleanse(out, len);
    cd_aead_start(ctx);
    if (ok)
        ctx->tag_set = ctx->enc;
    ctx->len = CD_NO_MESSAGE;
    if (!ctx->enc && ok) {
        ctx->iv_state = CD_IV_USED;
        ctx->len_set = false;
    }
    return ok;
}

/* The length, additional data, data, or the end, which has nothing left to do.
 */
static int step(CD_AEAD_CTX *ctx, uint8_t *out, size_t *outl, const uint8_t *in,
                size_t inl)
{
    int ok;

    *outl = 0;
    if (ctx->key.len == 0)
        return 0;
    if (ctx->tls)
        return cd_tls_record(ctx, out, outl, in, inl);
    if (in == NULL && out != NULL)
        return 1;
    if (ctx->iv_state != CD_IV_GIVEN)
        return 0;
    if (out != NULL)
        ok = data(ctx, out, in, inl);
    else if (in == NULL)
        ok = set_length(ctx, inl);
    else
        ok = (ctx->len_set || inl == 0) && cd_aead_keep_aad(ctx, in, inl);
    *outl = ok ? inl : 0;
    return ok;
}

static int cd_ccm_update(void *vctx, unsigned char *out, size_t *outl,
                         size_t outsize, const unsigned char *in, size_t inl)
{
    if (!cd_aead_room(outsize, inl))
        return 0;
    if (step(vctx, out, outl, in, inl))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_CIPHER_OPERATION_FAILED);
    return 0;
}

static int cd_ccm_final(void *vctx, unsigned char *out, size_t *outl,
                        size_t outsize)
{
    const CD_AEAD_CTX *ctx = vctx;

    *outl = 0;
    return ctx->key.len != 0;
}

static int cd_ccm_cipher(void *vctx, unsigned char *out, size_t *outl,
                         size_t outsize, const unsigned char *in, size_t inl)
{
    if (!cd_aead_room(outsize, inl))
        return 0;
    return step(vctx, out, outl, in, inl);
}

CD_AEAD_FUNCTIONS(ccm128, cd_ccm, cd_ccm, &cd_ccm_algs[0])
CD_AEAD_FUNCTIONS(ccm192, cd_ccm, cd_ccm, &cd_ccm_algs[1])
CD_AEAD_FUNCTIONS(ccm256, cd_ccm, cd_ccm, &cd_ccm_algs[2])

#define CD_CCM_ALG(alg_names, bytes, f)                                        \
    {                                                                          \
        .names = (alg_names), .operation = OSSL_OP_CIPHER, .class = CD_CCM,    \
        .id = CRYPTO_AES_CCM, .mode = EVP_CIPH_CCM_MODE, .keylen = (bytes),    \
        .ivlen = 12, .blocksize = 1, .functions = f##_functions                \
    }

/* The numbers above count on this order. */
const CD_ALG cd_ccm_algs[] = {
    CD_CCM_ALG("AES-128-CCM:id-aes128-CCM:2.16.840.1.101.3.4.1.7", 16, ccm128),
    CD_CCM_ALG("AES-192-CCM:id-aes192-CCM:2.16.840.1.101.3.4.1.27", 24, ccm192),
    CD_CCM_ALG("AES-256-CCM:id-aes256-CCM:2.16.840.1.101.3.4.1.47", 32, ccm256),
    {.names = NULL},
};
