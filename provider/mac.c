/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mac.c - HMAC. The software knows about digests, keys and sizes; the device is
 * given messages with SHA-2.
 */
#include <string.h>

#include "provider/hash.h"

static OSSL_FUNC_mac_newctx_fn cd_mac_newctx;
static OSSL_FUNC_mac_freectx_fn cd_mac_freectx;
static OSSL_FUNC_mac_dupctx_fn cd_mac_dupctx;
static OSSL_FUNC_mac_init_fn cd_mac_init;
static OSSL_FUNC_mac_update_fn cd_mac_update;
static OSSL_FUNC_mac_final_fn cd_mac_final;
static OSSL_FUNC_mac_get_ctx_params_fn cd_mac_get_ctx_params;
static OSSL_FUNC_mac_set_ctx_params_fn cd_mac_set_ctx_params;
static OSSL_FUNC_mac_gettable_ctx_params_fn cd_mac_gettable_ctx_params;
static OSSL_FUNC_mac_settable_ctx_params_fn cd_mac_settable_ctx_params;

/**
 * struct cd_mac_ctx_st - one context.
 * @hash: the message; its software has digest and key
 * @id: number in the ABI of HMAC with the chosen digest, or 0
 * @tls: a record's MAC in constant time was asked for: software only
 */
typedef struct cd_mac_ctx_st {
    CD_HASH hash;
    uint32_t id;
    bool tls;
} CD_MAC_CTX;

static const struct {
    const char *digest;
    uint32_t id;
} device_macs[] = {
    {"SHA2-224", CRYPTO_SHA2_224_HMAC},
    {"SHA2-256", CRYPTO_SHA2_256_HMAC},
    {"SHA2-384", CRYPTO_SHA2_384_HMAC},
    {"SHA2-512", CRYPTO_SHA2_512_HMAC},
};

static void *cd_mac_newctx(void *provctx)
{
    CD_MAC_CTX *ctx = OPENSSL_zalloc(sizeof(*ctx));
    CD_PROV *prov = provctx;
    EVP_MAC *mac;

    if (ctx == NULL)
        return NULL;
    ctx->hash.prov = prov;
    ctx->hash.class = CD_HMAC;
    mac = EVP_MAC_fetch(prov->soft, "HMAC", "provider=default");
    ctx->hash.mac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (ctx->hash.mac != NULL)
        return ctx;
    cd_mac_freectx(ctx);
    return NULL;
}

static void cd_mac_freectx(void *vctx)
{
    CD_MAC_CTX *ctx = vctx;

    if (ctx == NULL)
        return;
    EVP_MAC_CTX_free(ctx->hash.mac);
    cd_hash_clear(&ctx->hash);
    OPENSSL_free(ctx);
}

static void *cd_mac_dupctx(void *vctx)
{
    const CD_MAC_CTX *from = vctx;
    CD_MAC_CTX *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->id = from->id;
    ctx->tls = from->tls;
    ctx->hash.mac = EVP_MAC_CTX_dup(from->hash.mac);
    if (ctx->hash.mac != NULL && cd_hash_copy(&ctx->hash, &from->hash))
        return ctx;
    cd_mac_freectx(ctx);
    return NULL;
}

static uint32_t id_of(CD_PROV *prov, const char *name)
{
    EVP_MD *md = EVP_MD_fetch(prov->soft, name, "provider=default");
    uint32_t id = 0;

    for (size_t i = 0; i < sizeof(device_macs) / sizeof(device_macs[0]); i++)
        if (md != NULL && EVP_MD_is_a(md, device_macs[i].digest))
            id = device_macs[i].id;
    EVP_MD_free(md);
    return id;
}

static int set_key(CD_MAC_CTX *ctx, const uint8_t *key, size_t len)
{
    if (ctx->hash.key.len == len && ctx->hash.id == ctx->id && len != 0
        && CRYPTO_memcmp(ctx->hash.key.bytes, key, len) == 0)
        return 1;
    cd_session_end(&ctx->hash.session);
    cd_key_wipe(&ctx->hash.key);
    ctx->hash.id = 0;
    /* Other keys are for the software alone. */
    if (len == 0 || len > CRYPTO_HMAC_MAX_KEY_LEN || ctx->tls)
        return 1;
    ctx->hash.id = ctx->id;
    return cd_key_set(&ctx->hash.key, key, len);
}

static const OSSL_PARAM *cd_mac_settable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, NULL, 0),
        OSSL_PARAM_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, NULL),
        OSSL_PARAM_END,
    };

    return settable;
}

/* Properties are about the application's library context, not about ours. */
static int set_software(CD_MAC_CTX *ctx, const OSSL_PARAM params[])
{
    static const char *const names[] = {
        OSSL_MAC_PARAM_DIGEST,
        OSSL_MAC_PARAM_KEY,
        OSSL_MAC_PARAM_TLS_DATA_SIZE,
    };
    OSSL_PARAM some[4], *to = some;
    const OSSL_PARAM *p;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        p = OSSL_PARAM_locate_const(params, names[i]);
        if (p != NULL)
            *to++ = *p;
    }
    *to = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(ctx->hash.mac, some) == 1;
}

/*
 * A record's MAC in constant time, for a record whose length is a secret. The
 * device must not see such a record: how long it takes would tell. The software
 * wants the header of the record first and by itself, so nothing is kept any
 * more either.
 */
static int software_only(CD_MAC_CTX *ctx)
{
    ctx->tls = true;
    ctx->hash.id = 0;
    return cd_hash_to_software(&ctx->hash);
}

static int cd_mac_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    CD_MAC_CTX *ctx = vctx;
    const OSSL_PARAM *p;
    const char *name;

    if (params == NULL)
        return 1;
    if (OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_TLS_DATA_SIZE) != NULL
        && !software_only(ctx))
        return 0;
    if (!set_software(ctx, params))
        return 0;
    p = OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_DIGEST);
    if (p != NULL) {
        if (!OSSL_PARAM_get_utf8_string_ptr(p, &name))
            return 0;
        ctx->id = id_of(ctx->hash.prov, name);
    }
    p = OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_KEY);
    if (p == NULL)
        return 1;
    if (p->data_type != OSSL_PARAM_OCTET_STRING
        || !set_key(ctx, p->data, p->data_size))
        return 0;
    ctx->hash.size = EVP_MAC_CTX_get_mac_size(ctx->hash.mac);
    cd_hash_start(&ctx->hash);
    return 1;
}

static int cd_mac_init(void *vctx, const unsigned char *key, size_t keylen,
                       const OSSL_PARAM params[])
{
    CD_MAC_CTX *ctx = vctx;

    if (!cd_mac_set_ctx_params(ctx, params)
        || EVP_MAC_init(ctx->hash.mac, key, keylen, NULL) != 1
        || (key != NULL && !set_key(ctx, key, keylen)))
        return 0;
    ctx->hash.size = EVP_MAC_CTX_get_mac_size(ctx->hash.mac);
    /* The digest may have changed under a key that stays. */
    if (ctx->tls || (ctx->hash.id != 0 && ctx->hash.id != ctx->id)) {
        cd_session_end(&ctx->hash.session);
        ctx->hash.id = ctx->tls ? 0 : ctx->id;
    }
    cd_hash_start(&ctx->hash);
    return 1;
}

static int cd_mac_update(void *vctx, const unsigned char *data, size_t len)
{
    CD_MAC_CTX *ctx = vctx;

    if (cd_hash_update(&ctx->hash, data, len))
        return 1;
    ERR_raise_data(ERR_LIB_PROV, PROV_R_INVALID_STATE,
                   "cryptodev: the hash is lost");
    return 0;
}

static int cd_mac_final(void *vctx, unsigned char *out, size_t *outl,
                        size_t outsize)
{
    CD_MAC_CTX *ctx = vctx;
    uint8_t digest[EVP_MAX_MD_SIZE];

    if (ctx->hash.size > outsize || ctx->hash.size > sizeof(digest)
        || !cd_hash_final(&ctx->hash, digest)) {
        ERR_raise_data(ERR_LIB_PROV, PROV_R_INVALID_STATE,
                       "cryptodev: the hash is lost");
        return 0;
    }
    memcpy(out, digest, ctx->hash.size);
    OPENSSL_cleanse(digest, sizeof(digest));
    *outl = ctx->hash.size;
    return 1;
}

static const OSSL_PARAM *cd_mac_gettable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_size_t(OSSL_MAC_PARAM_SIZE, NULL),
        OSSL_PARAM_size_t(OSSL_MAC_PARAM_BLOCK_SIZE, NULL),
        OSSL_PARAM_END,
    };

    return gettable;
}

static int cd_mac_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    CD_MAC_CTX *ctx = vctx;

    return EVP_MAC_CTX_get_params(ctx->hash.mac, params);
}

static const OSSL_DISPATCH hmac_functions[] = {
    CD_FUNCTION(MAC_NEWCTX, cd_mac_newctx),
    CD_FUNCTION(MAC_FREECTX, cd_mac_freectx),
    CD_FUNCTION(MAC_DUPCTX, cd_mac_dupctx),
    CD_FUNCTION(MAC_INIT, cd_mac_init),
    CD_FUNCTION(MAC_UPDATE, cd_mac_update),
    CD_FUNCTION(MAC_FINAL, cd_mac_final),
    CD_FUNCTION(MAC_GET_CTX_PARAMS, cd_mac_get_ctx_params),
    CD_FUNCTION(MAC_GETTABLE_CTX_PARAMS, cd_mac_gettable_ctx_params),
    CD_FUNCTION(MAC_SET_CTX_PARAMS, cd_mac_set_ctx_params),
    CD_FUNCTION(MAC_SETTABLE_CTX_PARAMS, cd_mac_settable_ctx_params),
    {0, NULL},
};

/* One for all digests; whether the device has HMAC is asked with SHA-256. */
const CD_ALG cd_mac_algs[] = {
    {.names = "HMAC",
     .operation = OSSL_OP_MAC,
     .class = CD_HMAC,
     .id = CRYPTO_SHA2_256_HMAC,
     .functions = hmac_functions},
    {.names = NULL},
};
