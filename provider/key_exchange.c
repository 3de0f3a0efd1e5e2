/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_exchange.c - ECDH and X25519 by keys that the host has. The KDF of ANSI
 * X9.63, which CMS wants, is done here.
 */
#include "provider/key.h"

#include <string.h>
#include <strings.h>

#include <openssl/kdf.h>

#include "virtio_cryptodev.h"

static OSSL_FUNC_keyexch_newctx_fn cd_exchange_new;
static OSSL_FUNC_keyexch_freectx_fn cd_exchange_free;
static OSSL_FUNC_keyexch_dupctx_fn cd_exchange_dup;
static OSSL_FUNC_keyexch_init_fn cd_exchange_init;
static OSSL_FUNC_keyexch_set_peer_fn cd_exchange_set_peer;
static OSSL_FUNC_keyexch_derive_fn cd_exchange_derive;
static OSSL_FUNC_keyexch_set_ctx_params_fn cd_exchange_set_params;
static OSSL_FUNC_keyexch_settable_ctx_params_fn cd_exchange_settable;

/**
 * struct cd_exchange_st - a derivation.
 * @key: the key
 * @peer: the other side's public key
 * @kdf: whether the KDF makes the result
 * @kdf_digest: its digest
 * @kdf_len: bytes it is to make
 * @ukm, @ukm_len: its shared information
 */
typedef struct cd_exchange_st {
    CD_PKEY *key;
    CD_PKEY *peer;
    bool kdf;
    char kdf_digest[CD_NAME_LEN];
    size_t kdf_len;
    void *ukm;
    size_t ukm_len;
} CD_EXCHANGE;

static void *cd_exchange_new(void *provctx)
{
    return OPENSSL_zalloc(sizeof(CD_EXCHANGE));
}

static void cd_exchange_free(void *ctx)
{
    CD_EXCHANGE *exchange = ctx;

    cd_pkey_free(exchange->key);
    cd_pkey_free(exchange->peer);
    OPENSSL_free(exchange->ukm);
    OPENSSL_free(exchange);
}

static void *cd_exchange_dup(void *ctx)
{
    const CD_EXCHANGE *from = ctx;
    CD_EXCHANGE *to = OPENSSL_memdup(from, sizeof(*to));

    if (to == NULL)
        return NULL;
    if (to->key != NULL)
        cd_pkey_ref(to->key);
    if (to->peer != NULL)
        cd_pkey_ref(to->peer);
    if (from->ukm == NULL)
        return to;
    to->ukm = OPENSSL_memdup(from->ukm, from->ukm_len);
    if (to->ukm != NULL)
        return to;
    cd_exchange_free(to);
    return NULL;
}

static void replace(CD_PKEY **to, CD_PKEY *from)
{
    cd_pkey_ref(from);
    cd_pkey_free(*to);
    *to = from;
}

static int cd_exchange_init(void *ctx, void *key, const OSSL_PARAM params[])
{
    CD_EXCHANGE *exchange = ctx;

    if (key == NULL) {
        ERR_raise(ERR_LIB_PROV, PROV_R_NO_KEY_SET);
        return 0;
    }
    replace(&exchange->key, key);
    exchange->kdf = false;
    return cd_exchange_set_params(ctx, params);
}

static int cd_exchange_set_peer(void *ctx, void *peer)
{
    CD_EXCHANGE *exchange = ctx;
    const CD_PKEY *key = peer;

    if (key == NULL
        || EVP_PKEY_parameters_eq(exchange->key->public, key->public) == 0)
        return cd_key_refuse(exchange->key,
                             "the peer's key is of another kind");
    replace(&exchange->peer, peer);
    return 1;
}

static int derive(CD_EXCHANGE *exchange, const struct key_scheme *scheme,
                  uint8_t *secret, size_t *len, size_t size)
{
    struct crypt_key_op op = {
        .op = CRYPT_KEYOP_DERIVE,
        .scheme = scheme->id,
        .out = (uintptr_t)secret,
        .out_len = (uint32_t)size,
    };
    unsigned char *point = NULL;
    size_t n = EVP_PKEY_get1_encoded_public_key(exchange->peer->public, &point);
    int ok;

    if (n == 0)
        return 0;
    op.in = (uintptr_t)point;
    op.in_len = (uint32_t)n;
    ok = cd_pkey_operate(exchange->key, &op, len);
    OPENSSL_free(point);
    return ok;
}

/* The KDF's output of a shared secret of @size bytes. */
static int expand(CD_EXCHANGE *exchange, const struct key_scheme *scheme,
                  uint8_t *out, size_t size)
{
    uint8_t shared[128];
    EVP_KDF *kdf = EVP_KDF_fetch(exchange->key->prov->soft, "X963KDF", NULL);
    EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    size_t len = 0;
    int ok = ctx != NULL && size <= sizeof(shared)
             && derive(exchange, scheme, shared, &len, size);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                         exchange->kdf_digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, shared, len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, exchange->ukm,
                                          exchange->ukm_len),
        OSSL_PARAM_construct_end(),
    };

    ok = ok && EVP_KDF_derive(ctx, out, exchange->kdf_len, params) > 0;
    OPENSSL_cleanse(shared, sizeof(shared));
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok;
}

static int cd_exchange_derive(void *ctx, unsigned char *secret,
                              size_t *secretlen, size_t outlen)
{
    CD_EXCHANGE *exchange = ctx;
    const struct key_scheme *scheme;
    size_t size;

    if (exchange->key == NULL || exchange->peer == NULL) {
        ERR_raise(ERR_LIB_PROV, PROV_R_MISSING_KEY);
        return 0;
    }
    size = key_kind_bytes(exchange->key->info.kind);
    if (secret == NULL) {
        *secretlen = exchange->kdf ? exchange->kdf_len : size;
        return 1;
    }
    scheme = cd_key_scheme(exchange->key, KEY_ECDH, KEY_NO_DIGEST);
    if (scheme == NULL)
        return 0;
    if (outlen < (exchange->kdf ? exchange->kdf_len : size)) {
        ERR_raise(ERR_LIB_PROV, PROV_R_OUTPUT_BUFFER_TOO_SMALL);
        return 0;
    }
    if (!exchange->kdf)
        return derive(exchange, scheme, secret, secretlen, outlen);
    *secretlen = exchange->kdf_len;
    return expand(exchange, scheme, secret, size);
}

static int set_kdf(CD_EXCHANGE *exchange, const OSSL_PARAM *p)
{
    char name[CD_NAME_LEN], *to = name;

    if (!OSSL_PARAM_get_utf8_string(p, &to, sizeof(name)))
        return 0;
    if (*name != '\0' && strcasecmp(name, "X963KDF") != 0)
        return cd_key_refuse(exchange->key, "no derivation with %s", name);
    exchange->kdf = *name != '\0';
    return 1;
}

static int set_kdf_digest(CD_EXCHANGE *exchange, const OSSL_PARAM *p)
{
    char *to = exchange->kdf_digest;

    return OSSL_PARAM_get_utf8_string(p, &to, sizeof(exchange->kdf_digest));
}

static int set_kdf_len(CD_EXCHANGE *exchange, const OSSL_PARAM *p)
{
    return OSSL_PARAM_get_size_t(p, &exchange->kdf_len);
}

static int set_ukm(CD_EXCHANGE *exchange, const OSSL_PARAM *p)
{
    void *ukm = NULL;
    size_t len = 0;

    if (p->data != NULL && p->data_size != 0
        && !OSSL_PARAM_get_octet_string(p, &ukm, 0, &len))
        return 0;
    OPENSSL_free(exchange->ukm);
    exchange->ukm = ukm;
    exchange->ukm_len = len;
    return 1;
}

/* The cofactor is 1, so its mode does not matter. */
static int cd_exchange_set_params(void *ctx, const OSSL_PARAM params[])
{
    static const struct {
        const char *name;
        int (*set)(CD_EXCHANGE *exchange, const OSSL_PARAM *p);
    } settings[] = {
        {OSSL_EXCHANGE_PARAM_KDF_TYPE, set_kdf},
        {OSSL_EXCHANGE_PARAM_KDF_DIGEST, set_kdf_digest},
        {OSSL_EXCHANGE_PARAM_KDF_OUTLEN, set_kdf_len},
        {OSSL_EXCHANGE_PARAM_KDF_UKM, set_ukm},
    };
    const OSSL_PARAM *p;

    if (params == NULL)
        return 1;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        p = OSSL_PARAM_locate_const(params, settings[i].name);
        if (p != NULL && !settings[i].set(ctx, p))
            return 0;
    }
    return 1;
}

static const OSSL_PARAM *cd_exchange_settable(void *ctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL, 0),
        OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
        OSSL_PARAM_octet_string(OSSL_EXCHANGE_PARAM_KDF_UKM, NULL, 0),
        OSSL_PARAM_END,
    };

    return settable;
}

static const OSSL_DISPATCH exchange_functions[] = {
    CD_FUNCTION(KEYEXCH_NEWCTX, cd_exchange_new),
    CD_FUNCTION(KEYEXCH_FREECTX, cd_exchange_free),
    CD_FUNCTION(KEYEXCH_DUPCTX, cd_exchange_dup),
    CD_FUNCTION(KEYEXCH_INIT, cd_exchange_init),
    CD_FUNCTION(KEYEXCH_SET_PEER, cd_exchange_set_peer),
    CD_FUNCTION(KEYEXCH_DERIVE, cd_exchange_derive),
    CD_FUNCTION(KEYEXCH_SET_CTX_PARAMS, cd_exchange_set_params),
    CD_FUNCTION(KEYEXCH_SETTABLE_CTX_PARAMS, cd_exchange_settable),
    {0, NULL},
};

const OSSL_ALGORITHM cd_key_exchanges[] = {
    {CD_KEY_EXCHANGE, CD_KEY_PROPERTIES, exchange_functions, NULL},
    {NULL, NULL, NULL, NULL},
};
