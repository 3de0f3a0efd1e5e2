/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher.c - CBC, CTR, ECB, XTS: contexts and parameters.
 */
#include "provider/cipher.h"

#include <string.h>

static OSSL_FUNC_cipher_freectx_fn cd_cipher_freectx;
static OSSL_FUNC_cipher_dupctx_fn cd_cipher_dupctx;
static OSSL_FUNC_cipher_encrypt_init_fn cd_cipher_einit;
static OSSL_FUNC_cipher_decrypt_init_fn cd_cipher_dinit;
static OSSL_FUNC_cipher_get_ctx_params_fn cd_cipher_get_ctx_params;
static OSSL_FUNC_cipher_set_ctx_params_fn cd_cipher_set_ctx_params;
static OSSL_FUNC_cipher_gettable_ctx_params_fn cd_cipher_gettable_ctx_params;
static OSSL_FUNC_cipher_settable_ctx_params_fn cd_cipher_settable_ctx_params;
static OSSL_FUNC_cipher_settable_ctx_params_fn cd_xts_settable_ctx_params;

static void *cipher_new(void *provctx, const CD_ALG *alg)
{
    CD_CIPHER_CTX *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->prov = provctx;
    ctx->alg = alg;
    ctx->pad = true;
    return ctx;
}

static void cd_cipher_freectx(void *vctx)
{
    CD_CIPHER_CTX *ctx = vctx;

    if (ctx == NULL)
        return;
    cd_session_end(&ctx->session);
    EVP_CIPHER_CTX_free(ctx->soft);
    cd_key_wipe(&ctx->key);
    cd_bounce_free(&ctx->bounce, &ctx->bounce_size);
    OPENSSL_clear_free(ctx, sizeof(*ctx));
}

/* The copy makes its own session and software from key and position when
 * needed. */
static void *cd_cipher_dupctx(void *vctx)
{
    const CD_CIPHER_CTX *from = vctx;
    CD_CIPHER_CTX *ctx = OPENSSL_memdup(from, sizeof(*from));

    if (ctx == NULL)
        return NULL;
    memset(&ctx->key, 0, sizeof(ctx->key));
    memset(&ctx->session, 0, sizeof(ctx->session));
    ctx->soft = NULL;
    ctx->soft_keyed = ctx->soft_current = false;
    ctx->bounce = NULL;
    ctx->bounce_size = 0;
    if (from->tls_mac == from->mac)
        ctx->tls_mac = ctx->mac;
    if (!cd_key_set(&ctx->key, from->key.bytes, from->key.len)) {
        cd_cipher_freectx(ctx);
        return NULL;
    }
    return ctx;
}

/* XTS with one key twice is no better than ECB; decrypting such data is
 * allowed. */
static bool xts_key_ok(const uint8_t *key, size_t len, bool enc)
{
    return !enc || CRYPTO_memcmp(key, key + len / 2, len / 2) != 0;
}

static int set_key(CD_CIPHER_CTX *ctx, const uint8_t *key, size_t len)
{
    if (len != ctx->alg->keylen) {
        ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_KEY_LENGTH);
        return 0;
    }
    if (ctx->alg->mode == EVP_CIPH_XTS_MODE
        && !xts_key_ok(key, len, ctx->enc)) {
        ERR_raise(ERR_LIB_PROV, PROV_R_XTS_DUPLICATED_KEYS);
        return 0;
    }
    /* The same key again keeps what was made of it: re-initialisation is
     * frequent. */
    if (ctx->key.len == len && CRYPTO_memcmp(ctx->key.bytes, key, len) == 0)
        return 1;
    cd_cipher_key_changed(ctx);
    cd_key_wipe(&ctx->key);
    return cd_key_set(&ctx->key, key, len);
}

static int init(CD_CIPHER_CTX *ctx, const uint8_t *key, size_t keylen,
                const uint8_t *iv, size_t ivlen, const OSSL_PARAM params[],
                bool enc)
{
    ctx->enc = enc;
    ctx->num = 0;
    ctx->buffered = 0;
    ctx->soft_current = false;
    if (iv != NULL && ctx->alg->mode != EVP_CIPH_ECB_MODE) {
        if (ivlen != ctx->alg->ivlen) {
            ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_IV_LENGTH);
            return 0;
        }
        memcpy(ctx->first_iv, iv, ivlen);
        memcpy(ctx->iv, iv, ivlen);
        ctx->iv_set = true;
    } else if (ctx->iv_set && ctx->alg->mode == EVP_CIPH_CBC_MODE) {
        /* As OpenSSL has always done: CBC starts again, CTR goes on. */
        memcpy(ctx->iv, ctx->first_iv, sizeof(ctx->iv));
    }
    if (key != NULL && !set_key(ctx, key, keylen))
        return 0;
    return cd_cipher_set_ctx_params(ctx, params);
}

static int cd_cipher_einit(void *vctx, const unsigned char *key, size_t keylen,
                           const unsigned char *iv, size_t ivlen,
                           const OSSL_PARAM params[])
{
    return init(vctx, key, keylen, iv, ivlen, params, true);
}

static int cd_cipher_dinit(void *vctx, const unsigned char *key, size_t keylen,
                           const unsigned char *iv, size_t ivlen,
                           const OSSL_PARAM params[])
{
    return init(vctx, key, keylen, iv, ivlen, params, false);
}

/* Parameters */

static int put_size(OSSL_PARAM params[], const char *name, size_t value)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

    if (p == NULL || OSSL_PARAM_set_size_t(p, value))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SET_PARAMETER);
    return 0;
}

static int put_uint(OSSL_PARAM params[], const char *name, unsigned int value)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

    if (p == NULL || OSSL_PARAM_set_uint(p, value))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SET_PARAMETER);
    return 0;
}

static int put_int(OSSL_PARAM params[], const char *name, int value)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

    if (p == NULL || OSSL_PARAM_set_int(p, value))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SET_PARAMETER);
    return 0;
}

int cd_alg_get_params(const CD_ALG *alg, OSSL_PARAM params[])
{
    bool aead =
        alg->class == CD_GCM || alg->class == CD_CCM || alg->class == CD_CHACHA;

    return put_uint(params, OSSL_CIPHER_PARAM_MODE, alg->mode)
           && put_int(params, OSSL_CIPHER_PARAM_AEAD, aead)
           && put_int(params, OSSL_CIPHER_PARAM_CUSTOM_IV,
                      aead || alg->class == CD_XTS)
           && put_int(params, OSSL_CIPHER_PARAM_CTS, 0)
           && put_int(params, OSSL_CIPHER_PARAM_TLS1_MULTIBLOCK, 0)
           && put_int(params, OSSL_CIPHER_PARAM_HAS_RAND_KEY, 0)
           && put_size(params, OSSL_CIPHER_PARAM_KEYLEN, alg->keylen)
           && put_size(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, alg->blocksize)
           && put_size(params, OSSL_CIPHER_PARAM_IVLEN, alg->ivlen);
}

const OSSL_PARAM *cd_cipher_gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_MODE, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_BLOCK_SIZE, NULL),
        OSSL_PARAM_int(OSSL_CIPHER_PARAM_AEAD, NULL),
        OSSL_PARAM_int(OSSL_CIPHER_PARAM_CUSTOM_IV, NULL),
        OSSL_PARAM_int(OSSL_CIPHER_PARAM_CTS, NULL),
        OSSL_PARAM_int(OSSL_CIPHER_PARAM_TLS1_MULTIBLOCK, NULL),
        OSSL_PARAM_int(OSSL_CIPHER_PARAM_HAS_RAND_KEY, NULL),
        OSSL_PARAM_END,
    };

    return gettable;
}

static const OSSL_PARAM *cd_cipher_gettable_ctx_params(void *vctx,
                                                       void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, NULL),
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, NULL),
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_IV, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_UPDATED_IV, NULL, 0),
        OSSL_PARAM_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC, NULL, 0),
        OSSL_PARAM_END,
    };

    return gettable;
}

static const OSSL_PARAM *cd_cipher_settable_ctx_params(void *vctx,
                                                       void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, NULL),
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, NULL),
        /* Of no meaning but to CFB1. */
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_USE_BITS, NULL),
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_TLS_VERSION, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, NULL),
        OSSL_PARAM_END,
    };

    return settable;
}

static const OSSL_PARAM *cd_xts_settable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_END,
    };

    return settable;
}

static int put_iv(OSSL_PARAM params[], const char *name, const uint8_t *iv,
                  size_t len)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

    if (p == NULL || OSSL_PARAM_set_octet_string(p, iv, len)
        || OSSL_PARAM_set_octet_ptr(p, iv, len))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SET_PARAMETER);
    return 0;
}

static int cd_cipher_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    CD_CIPHER_CTX *ctx = vctx;
    OSSL_PARAM *p;

    p = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_TLS_MAC);
    if (p != NULL
        && !OSSL_PARAM_set_octet_ptr(p, ctx->tls_mac, ctx->tls_mac_size)) {
        ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SET_PARAMETER);
        return 0;
    }
    return put_size(params, OSSL_CIPHER_PARAM_KEYLEN, ctx->alg->keylen)
           && put_size(params, OSSL_CIPHER_PARAM_IVLEN, ctx->alg->ivlen)
           && put_uint(params, OSSL_CIPHER_PARAM_PADDING, ctx->pad)
           && put_uint(params, OSSL_CIPHER_PARAM_NUM, ctx->num)
           && put_iv(params, OSSL_CIPHER_PARAM_IV, ctx->first_iv,
                     ctx->alg->ivlen)
           && put_iv(params, OSSL_CIPHER_PARAM_UPDATED_IV, ctx->iv,
                     ctx->alg->ivlen);
}

static int take_uint(const OSSL_PARAM params[], const char *name,
                     unsigned int *value)
{
    const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);

    if (p == NULL || OSSL_PARAM_get_uint(p, value))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_GET_PARAMETER);
    return 0;
}

static int take_size(const OSSL_PARAM params[], const char *name, size_t *value)
{
    const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);

    if (p == NULL || OSSL_PARAM_get_size_t(p, value))
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_GET_PARAMETER);
    return 0;
}

static int cd_cipher_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    CD_CIPHER_CTX *ctx = vctx;
    unsigned int pad = ctx->pad, num = ctx->num;
    size_t keylen = ctx->alg->keylen, mac_size = ctx->tls_mac_size;

    if (params == NULL)
        return 1;
    if (!take_uint(params, OSSL_CIPHER_PARAM_PADDING, &pad)
        || !take_uint(params, OSSL_CIPHER_PARAM_NUM, &num)
        || !take_uint(params, OSSL_CIPHER_PARAM_TLS_VERSION, &ctx->tls_version)
        || !take_size(params, OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &mac_size)
        || !take_size(params, OSSL_CIPHER_PARAM_KEYLEN, &keylen))
        return 0;
    if (keylen != ctx->alg->keylen) {
        ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_KEY_LENGTH);
        return 0;
    }
    /* The middle of a block of key stream that was never made. */
    if (ctx->alg->mode == EVP_CIPH_CTR_MODE && num != ctx->num) {
        ERR_raise(ERR_LIB_PROV, PROV_R_NOT_SUPPORTED);
        return 0;
    }
    if (mac_size > CD_MAX_DIGEST) {
        ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_DIGEST_LENGTH);
        return 0;
    }
    ctx->pad = pad != 0;
    ctx->tls_mac_size = mac_size;
    return 1;
}

/* Algorithms */

/* newctx and get_params know nothing but which function they are. */
#define CD_CIPHER(name, index, kind, lists)                                    \
    static void *name##_newctx(void *provctx)                                  \
    {                                                                          \
        return cipher_new(provctx, &cd_cipher_algs[index]);                    \
    }                                                                          \
    static int name##_get_params(OSSL_PARAM params[])                          \
    {                                                                          \
        return cd_alg_get_params(&cd_cipher_algs[index], params);              \
    }                                                                          \
    static const OSSL_DISPATCH name##_functions[] = {                          \
        CD_FUNCTION(CIPHER_NEWCTX, name##_newctx),                             \
        CD_FUNCTION(CIPHER_FREECTX, cd_cipher_freectx),                        \
        CD_FUNCTION(CIPHER_DUPCTX, cd_cipher_dupctx),                          \
        CD_FUNCTION(CIPHER_ENCRYPT_INIT, cd_cipher_einit),                     \
        CD_FUNCTION(CIPHER_DECRYPT_INIT, cd_cipher_dinit),                     \
        CD_FUNCTION(CIPHER_UPDATE, cd_##kind##_update),                        \
        CD_FUNCTION(CIPHER_FINAL, cd_##kind##_final),                          \
        CD_FUNCTION(CIPHER_CIPHER, cd_whole_cipher),                           \
        CD_FUNCTION(CIPHER_GET_PARAMS, name##_get_params),                     \
        CD_FUNCTION(CIPHER_GETTABLE_PARAMS, cd_cipher_gettable_params),        \
        CD_FUNCTION(CIPHER_GET_CTX_PARAMS, cd_cipher_get_ctx_params),          \
        CD_FUNCTION(CIPHER_GETTABLE_CTX_PARAMS,                                \
                    cd_cipher_gettable_ctx_params),                            \
        CD_FUNCTION(CIPHER_SET_CTX_PARAMS, cd_cipher_set_ctx_params),          \
        CD_FUNCTION(CIPHER_SETTABLE_CTX_PARAMS, lists##_settable_ctx_params),  \
        {0, NULL},                                                             \
    };

CD_CIPHER(cbc128, 0, block, cd_cipher)
CD_CIPHER(cbc192, 1, block, cd_cipher)
CD_CIPHER(cbc256, 2, block, cd_cipher)
CD_CIPHER(ctr128, 3, stream, cd_cipher)
CD_CIPHER(ctr192, 4, stream, cd_cipher)
CD_CIPHER(ctr256, 5, stream, cd_cipher)
CD_CIPHER(ecb128, 6, block, cd_cipher)
CD_CIPHER(ecb192, 7, block, cd_cipher)
CD_CIPHER(ecb256, 8, block, cd_cipher)
CD_CIPHER(xts128, 9, stream, cd_xts)
CD_CIPHER(xts256, 10, stream, cd_xts)

#define CD_CBC_ALG(alg_names, bytes, f)                                        \
    {                                                                          \
        .names = (alg_names), .operation = OSSL_OP_CIPHER, .class = CD_CBC,    \
        .id = CRYPTO_AES_CBC, .mode = EVP_CIPH_CBC_MODE, .keylen = (bytes),    \
        .ivlen = CD_BLOCK, .blocksize = CD_BLOCK, .functions = f##_functions   \
    }
#define CD_CTR_ALG(alg_names, bytes, f)                                        \
    {                                                                          \
        .names = (alg_names), .operation = OSSL_OP_CIPHER, .class = CD_CTR,    \
        .id = CRYPTO_AES_CTR, .mode = EVP_CIPH_CTR_MODE, .keylen = (bytes),    \
        .ivlen = CD_BLOCK, .blocksize = 1, .functions = f##_functions          \
    }
#define CD_ECB_ALG(alg_names, bytes, f)                                        \
    {                                                                          \
        .names = (alg_names), .operation = OSSL_OP_CIPHER, .class = CD_ECB,    \
        .id = CRYPTO_AES_ECB, .mode = EVP_CIPH_ECB_MODE, .keylen = (bytes),    \
        .blocksize = CD_BLOCK, .functions = f##_functions                      \
    }
#define CD_XTS_ALG(alg_names, bytes, f)                                        \
    {                                                                          \
        .names = (alg_names), .operation = OSSL_OP_CIPHER, .class = CD_XTS,    \
        .id = CRYPTO_AES_XTS, .mode = EVP_CIPH_XTS_MODE, .keylen = (bytes),    \
        .ivlen = CD_BLOCK, .blocksize = 1, .functions = f##_functions          \
    }

/* The macros above count on this order. */
const CD_ALG cd_cipher_algs[] = {
    CD_CBC_ALG("AES-128-CBC:AES128:2.16.840.1.101.3.4.1.2", 16, cbc128),
    CD_CBC_ALG("AES-192-CBC:AES192:2.16.840.1.101.3.4.1.22", 24, cbc192),
    CD_CBC_ALG("AES-256-CBC:AES256:2.16.840.1.101.3.4.1.42", 32, cbc256),
    CD_CTR_ALG("AES-128-CTR", 16, ctr128),
    CD_CTR_ALG("AES-192-CTR", 24, ctr192),
    CD_CTR_ALG("AES-256-CTR", 32, ctr256),
    CD_ECB_ALG("AES-128-ECB:2.16.840.1.101.3.4.1.1", 16, ecb128),
    CD_ECB_ALG("AES-192-ECB:2.16.840.1.101.3.4.1.21", 24, ecb192),
    CD_ECB_ALG("AES-256-ECB:2.16.840.1.101.3.4.1.41", 32, ecb256),
    CD_XTS_ALG("AES-128-XTS:1.3.111.2.1619.0.1.1", 32, xts128),
    CD_XTS_ALG("AES-256-XTS:1.3.111.2.1619.0.1.2", 64, xts256),
    {.names = NULL},
};
