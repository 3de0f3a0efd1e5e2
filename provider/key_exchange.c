/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_exchange.c - ECDH and X25519 by keys that the host has.
 */
#include "provider/key.h"

#include <string.h>

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
 */
typedef struct cd_exchange_st {
    CD_PKEY *key;
    CD_PKEY *peer;
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
    OPENSSL_free(exchange);
}

static void *cd_exchange_dup(void *ctx)
{
    CD_EXCHANGE *to = OPENSSL_memdup(ctx, sizeof(*to));

    if (to != NULL && to->key != NULL)
        cd_pkey_ref(to->key);
    if (to != NULL && to->peer != NULL)
        cd_pkey_ref(to->peer);
    return to;
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
        *secretlen = size;
        return 1;
    }
    scheme = cd_key_scheme(exchange->key, KEY_ECDH, KEY_NO_DIGEST);
    if (scheme == NULL)
        return 0;
    if (outlen < size) {
        ERR_raise(ERR_LIB_PROV, PROV_R_OUTPUT_BUFFER_TOO_SMALL);
        return 0;
    }
    return derive(exchange, scheme, secret, secretlen, outlen);
}

/* The cofactor is 1, so its mode does not matter. */
static int cd_exchange_set_params(void *ctx, const OSSL_PARAM params[])
{
    CD_EXCHANGE *exchange = ctx;
    const OSSL_PARAM *p;

    if (params == NULL)
        return 1;
    p = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_TYPE);
    if (p != NULL && p->data != NULL && *(const char *)p->data != '\0')
        return cd_key_refuse(exchange->key, "no derivation with a KDF");
    return 1;
}

static const OSSL_PARAM *cd_exchange_settable(void *ctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
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
