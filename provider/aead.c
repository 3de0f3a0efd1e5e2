/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.c - GCM and ChaCha20-Poly1305, and what CCM shares with them.
 *
 * A message
 * ---------
 *   FRESH   Additional data is kept. The first data goes to the device when it
 *           is bulk, as if it were the whole message.
 *   DEVICE  What came back is handed out; tag and data are kept. When the
 *           message ends here, as it does in TLS and most other uses, that was
 *           all. When more data comes, software is brought to this point and
 *           takes over.
 *   SOFT    Software does the rest. It also does what is small, what has no tag
 *           yet when decrypting, unusual nonces and tags, and what the device
 *           failed.
 */
#include "provider/aead.h"

#include <string.h>

#include <openssl/rand.h>

static OSSL_FUNC_cipher_encrypt_init_fn cd_aead_einit;
static OSSL_FUNC_cipher_decrypt_init_fn cd_aead_dinit;
static OSSL_FUNC_cipher_update_fn cd_aead_update;
static OSSL_FUNC_cipher_final_fn cd_aead_final;
static OSSL_FUNC_cipher_cipher_fn cd_aead_cipher;

void *cd_aead_new(void *provctx, const CD_ALG *alg)
{
    CD_AEAD_CTX *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->prov = provctx;
    ctx->alg = alg;
    ctx->ivlen = alg->ivlen;
    ctx->taglen = CD_NO_TAG;
    return ctx;
}

void cd_aead_freectx(void *vctx)
{
    CD_AEAD_CTX *ctx = vctx;

    if (ctx == NULL)
        return;
    cd_session_end(&ctx->session);
    EVP_CIPHER_CTX_free(ctx->soft);
    cd_key_wipe(&ctx->key);
    OPENSSL_clear_free(ctx->aad, ctx->aad_size);
    cd_bounce_free(&ctx->bounce, &ctx->bounce_size);
    OPENSSL_clear_free(ctx, sizeof(*ctx));
}

/* Takes nothing of @from but what a message in progress needs. */
static int copy_parts(CD_AEAD_CTX *ctx, const CD_AEAD_CTX *from)
{
    if (!cd_key_set(&ctx->key, from->key.bytes, from->key.len))
        return 0;
    if (from->aad_len != 0) {
        ctx->aad = OPENSSL_memdup(from->aad, from->aad_len);
        if (ctx->aad == NULL)
            return 0;
        ctx->aad_size = from->aad_len;
    }
    if (from->held != 0) {
        ctx->bounce = OPENSSL_memdup(from->bounce, from->held);
        if (ctx->bounce == NULL)
            return 0;
        ctx->bounce_size = from->held;
    }
    if (from->phase != CD_SOFTWARE)
        return 1;
    ctx->soft = EVP_CIPHER_CTX_new();
    ctx->soft_keyed = true;
    return ctx->soft != NULL && EVP_CIPHER_CTX_copy(ctx->soft, from->soft) == 1;
}

void *cd_aead_dupctx(void *vctx)
{
    const CD_AEAD_CTX *from = vctx;
    CD_AEAD_CTX *ctx = OPENSSL_memdup(from, sizeof(*from));

    if (ctx == NULL)
        return NULL;
    memset(&ctx->key, 0, sizeof(ctx->key));
    memset(&ctx->session, 0, sizeof(ctx->session));
    ctx->aad = ctx->bounce = NULL;
    ctx->aad_size = ctx->bounce_size = 0;
    ctx->soft = NULL;
    ctx->soft_keyed = false;
    if (copy_parts(ctx, from))
        return ctx;
    cd_aead_freectx(ctx);
    return NULL;
}

int cd_aead_set_key(CD_AEAD_CTX *ctx, const uint8_t *key, size_t len)
{
    if (key == NULL)
        return 1;
    if (len != ctx->alg->keylen) {
        ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_KEY_LENGTH);
        return 0;
    }
    ctx->records = 0;
    if (ctx->key.len == len && CRYPTO_memcmp(ctx->key.bytes, key, len) == 0)
        return 1;
    cd_session_end(&ctx->session);
    ctx->soft_keyed = false;
    cd_key_wipe(&ctx->key);
    return cd_key_set(&ctx->key, key, len);
}

void cd_aead_start(CD_AEAD_CTX *ctx)
{
    ctx->phase = CD_FRESH;
    ctx->aad_len = 0;
    ctx->held = 0;
    cd_bounce_free(&ctx->bounce, &ctx->bounce_size);
}

int cd_aead_keep_aad(CD_AEAD_CTX *ctx, const uint8_t *aad, size_t len)
{
    size_t size = ctx->aad_len + len;
    uint8_t *more;

    if (size < len)
        return 0;
    if (size > ctx->aad_size) {
        size += size / 2 + 64;
        more = OPENSSL_clear_realloc(ctx->aad, ctx->aad_size, size);
        if (more == NULL)
            return 0;
        ctx->aad = more;
        ctx->aad_size = size;
    }
    if (len != 0)
        memcpy(ctx->aad + ctx->aad_len, aad, len);
    ctx->aad_len += len;
    return 1;
}

int cd_aead_room(size_t outsize, size_t inl)
{
    if (outsize >= inl)
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_OUTPUT_BUFFER_TOO_SMALL);
    return 0;
}

static int init(CD_AEAD_CTX *ctx, const uint8_t *key, size_t keylen,
                const uint8_t *iv, size_t ivlen, const OSSL_PARAM params[],
                bool enc)
{
    ctx->enc = enc;
    ctx->tls = false;
    if (iv != NULL) {
        if (ivlen == 0 || ivlen > CD_MAX_IV
            || (ctx->alg->class == CD_CHACHA && ivlen != 12)) {
            ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_IV_LENGTH);
            return 0;
        }
        ctx->ivlen = ivlen;
        memcpy(ctx->iv, iv, ivlen);
        memcpy(ctx->nonce, iv, ivlen);
        ctx->iv_state = CD_IV_GIVEN;
        ctx->iv_random = false;
    }
    if (iv != NULL || key != NULL)
        cd_aead_start(ctx);
    if (enc)
        ctx->tag_set = false;
    return cd_aead_set_key(ctx, key, keylen)
           && cd_aead_set_ctx_params(ctx, params);
}

static int cd_aead_einit(void *vctx, const unsigned char *key, size_t keylen,
                         const unsigned char *iv, size_t ivlen,
                         const OSSL_PARAM params[])
{
    return init(vctx, key, keylen, iv, ivlen, params, true);
}

static int cd_aead_dinit(void *vctx, const unsigned char *key, size_t keylen,
                         const unsigned char *iv, size_t ivlen,
                         const OSSL_PARAM params[])
{
    return init(vctx, key, keylen, iv, ivlen, params, false);
}

/* GCM draws a nonce for who encrypts without one, and shows it afterwards. */
static int nonce_ready(CD_AEAD_CTX *ctx)
{
    if (ctx->iv_state == CD_IV_GIVEN) {
        /* The program may have written to what shows the nonce. */
        if (ctx->phase == CD_FRESH && ctx->aad_len == 0 && !ctx->iv_fixed
            && ctx->alg->class == CD_GCM)
            memcpy(ctx->nonce, ctx->iv, ctx->ivlen);
        return 1;
    }
    if (ctx->iv_state == CD_IV_USED || !ctx->enc || ctx->alg->class != CD_GCM
        || ctx->ivlen < 12
        || RAND_bytes_ex(ctx->prov->soft, ctx->iv, ctx->ivlen, 0) != 1)
        return 0;
    memcpy(ctx->nonce, ctx->iv, ctx->ivlen);
    ctx->iv_state = CD_IV_GIVEN;
    ctx->iv_random = true;
    return 1;
}

static int more_aad(CD_AEAD_CTX *ctx, const uint8_t *aad, size_t len)
{
    switch (ctx->phase) {
    case CD_FRESH:
        if (len <= CD_MAX_DEVICE_AAD - ctx->aad_len)
            return cd_aead_keep_aad(ctx, aad, len);
        return cd_aead_soft_start(ctx) && cd_aead_feed(ctx, NULL, aad, len);
    case CD_SOFTWARE:
        return cd_aead_feed(ctx, NULL, aad, len);
    default:
        return 0;
    }
}

/* The first data of a message, on the device. */
static int first_data(CD_AEAD_CTX *ctx, uint8_t *out, const uint8_t *in,
                      size_t len)
{
    CD_MESSAGE m = {
        .nonce = ctx->nonce,
        .noncelen = ctx->ivlen,
        .aad = ctx->aad,
        .aad_len = ctx->aad_len,
        .in = in,
        .len = len,
        .tag = ctx->tag,
        .taglen = ctx->enc ? CD_TAG : ctx->taglen,
    };

    /* Without a tag there is nothing that the device could check. */
    if ((!ctx->enc && !ctx->tag_set) || !cd_aead_device(ctx, &m))
        return 0;
    memcpy(out, ctx->bounce, len);
    memcpy(ctx->verified, ctx->tag, CD_TAG);
    ctx->phase = CD_DEVICE_DONE;
    return 1;
}

static int more_data(CD_AEAD_CTX *ctx, uint8_t *out, const uint8_t *in,
                     size_t len)
{
    if (ctx->phase == CD_FRESH) {
        if (first_data(ctx, out, in, len))
            return 1;
        if (!cd_aead_soft_start(ctx))
            return 0;
    } else if (ctx->phase == CD_DEVICE_DONE && !cd_aead_replay(ctx)) {
        return 0;
    }
    cd_count_soft(ctx->prov, len);
    return cd_aead_feed(ctx, out, in, len);
}

static int end_software(CD_AEAD_CTX *ctx)
{
    uint8_t nothing[CD_TAG];
    int n;

    if (!ctx->enc && ctx->taglen != CD_NO_TAG
        && EVP_CIPHER_CTX_ctrl(ctx->soft, EVP_CTRL_AEAD_SET_TAG,
                               (int)ctx->taglen, ctx->tag)
               != 1)
        return 0;
    if (EVP_CipherFinal_ex(ctx->soft, nothing, &n) != 1)
        return 0;
    return !ctx->enc
           || EVP_CIPHER_CTX_ctrl(ctx->soft, EVP_CTRL_AEAD_GET_TAG, CD_TAG,
                                  ctx->tag)
                  == 1;
}

/* The device has checked a tag; it must be the one that is set now. */
static int end_device(const CD_AEAD_CTX *ctx)
{
    return ctx->enc
           || (ctx->taglen == CD_TAG
               && CRYPTO_memcmp(ctx->tag, ctx->verified, CD_TAG) == 0);
}

static int end(CD_AEAD_CTX *ctx)
{
    int ok;

    /* OpenSSL's ChaCha20-Poly1305 compares with the last tag that there was,
     * and nothing when there never was one. */
    if (!ctx->enc && !ctx->tag_set && ctx->alg->class != CD_CHACHA)
        return 0;
    if (ctx->phase == CD_FRESH && !cd_aead_soft_start(ctx))
        return 0;
    ok = ctx->phase == CD_DEVICE_DONE ? end_device(ctx) : end_software(ctx);
    if (ok && ctx->enc) {
        ctx->tag_set = true;
        if (ctx->alg->class != CD_CHACHA)
            ctx->taglen = CD_TAG;
    }
    /* No nonce twice. */
    ctx->iv_state = CD_IV_USED;
    cd_aead_start(ctx);
    return ok;
}

/* Additional data, data, or with @in NULL the end. */
static int step(CD_AEAD_CTX *ctx, uint8_t *out, size_t *outl, const uint8_t *in,
                size_t inl)
{
    *outl = 0;
    if (ctx->key.len == 0)
        return 0;
    if (ctx->tls)
        return cd_tls_record(ctx, out, outl, in, inl);
    if (!nonce_ready(ctx))
        return 0;
    if (in == NULL)
        return end(ctx);
    if (out == NULL ? !more_aad(ctx, in, inl) : !more_data(ctx, out, in, inl))
        return 0;
    *outl = inl;
    return 1;
}

static int cd_aead_update(void *vctx, unsigned char *out, size_t *outl,
                          size_t outsize, const unsigned char *in, size_t inl)
{
    if (inl == 0) {
        *outl = 0;
        return 1;
    }
    if (!cd_aead_room(outsize, inl))
        return 0;
    if (in != NULL && step(vctx, out, outl, in, inl))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_CIPHER_OPERATION_FAILED);
    return 0;
}

static int cd_aead_final(void *vctx, unsigned char *out, size_t *outl,
                         size_t outsize)
{
    return step(vctx, out, outl, NULL, 0);
}

static int cd_aead_cipher(void *vctx, unsigned char *out, size_t *outl,
                          size_t outsize, const unsigned char *in, size_t inl)
{
    if (!cd_aead_room(outsize, inl))
        return 0;
    return step(vctx, out, outl, in, inl);
}

CD_AEAD_FUNCTIONS(gcm128, cd_aead, cd_gcm, &cd_gcm_algs[0])
CD_AEAD_FUNCTIONS(gcm192, cd_aead, cd_gcm, &cd_gcm_algs[1])
CD_AEAD_FUNCTIONS(gcm256, cd_aead, cd_gcm, &cd_gcm_algs[2])
CD_AEAD_FUNCTIONS(chacha, cd_aead, cd_chacha, &cd_gcm_algs[3])

#define CD_GCM_ALG(alg_names, bytes, f)                                        \
    {                                                                          \
        .names = (alg_names), .operation = OSSL_OP_CIPHER, .class = CD_GCM,    \
        .id = CRYPTO_AES_GCM, .mode = EVP_CIPH_GCM_MODE, .keylen = (bytes),    \
        .ivlen = 12, .blocksize = 1, .functions = f##_functions                \
    }

/* The numbers above count on this order. */
const CD_ALG cd_gcm_algs[] = {
    CD_GCM_ALG("AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", 16, gcm128),
    CD_GCM_ALG("AES-192-GCM:id-aes192-GCM:2.16.840.1.101.3.4.1.26", 24, gcm192),
    CD_GCM_ALG("AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", 32, gcm256),
    {.names = "ChaCha20-Poly1305",
     .operation = OSSL_OP_CIPHER,
     .class = CD_CHACHA,
     .id = CRYPTO_CHACHA20_POLY1305,
     .keylen = 32,
     .ivlen = 12,
     .blocksize = 1,
     .functions = chacha_functions},
    {.names = NULL},
};
