/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_store.c - cryptodev:LABEL, to be opened as OpenSSL opens any URI.
 *
 * A URI has exactly one object, the private key, or its public half for a
 * program that expects a public key. After any failure the store is at its end:
 * programs ask for more objects until it is.
 */
#include "provider/key.h"

#include <string.h>

#include <openssl/core_object.h>
#include <openssl/store.h>

static OSSL_FUNC_store_open_fn cd_store_open;
static OSSL_FUNC_store_settable_ctx_params_fn cd_store_settable;
static OSSL_FUNC_store_set_ctx_params_fn cd_store_set_params;
static OSSL_FUNC_store_load_fn cd_store_load;
static OSSL_FUNC_store_eof_fn cd_store_eof;
static OSSL_FUNC_store_close_fn cd_store_close;

/**
 * struct cd_store_st - an open URI.
 * @prov: the provider
 * @uri: the URI
 * @expect: OSSL_STORE_INFO_* that the program wants, or 0
 * @done: there is no further object
 */
typedef struct cd_store_st {
    CD_PROV *prov;
    char *uri;
    int expect;
    bool done;
} CD_STORE;

static void *cd_store_open(void *provctx, const char *uri)
{
    CD_STORE *store = OPENSSL_zalloc(sizeof(*store));

    if (store == NULL)
        return NULL;
    store->prov = provctx;
    store->uri = OPENSSL_strdup(uri);
    if (store->uri == NULL) {
        OPENSSL_free(store);
        return NULL;
    }
    return store;
}

static const OSSL_PARAM *cd_store_settable(void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_END,
    };

    return settable;
}

static int cd_store_set_params(void *loaderctx, const OSSL_PARAM params[])
{
    CD_STORE *store = loaderctx;
    const OSSL_PARAM *p;

    p = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);
    return p == NULL || OSSL_PARAM_get_int(p, &store->expect);
}

static int cd_store_load(void *loaderctx, OSSL_CALLBACK *cb, void *arg,
                         OSSL_PASSPHRASE_CALLBACK *pw, void *pw_arg)
{
    CD_STORE *store = loaderctx;
    CD_PKEY *key;

    store->done = true;
    if (store->expect != 0 && store->expect != OSSL_STORE_INFO_PKEY
        && store->expect != OSSL_STORE_INFO_PUBKEY)
        return 0;
    key = cd_pkey_open(store->prov, store->uri,
                       store->expect != OSSL_STORE_INFO_PUBKEY);
    return key != NULL && cd_pkey_give(key, cb, arg);
}

static int cd_store_eof(void *loaderctx)
{
    const CD_STORE *store = loaderctx;

    return store->done;
}

static int cd_store_close(void *loaderctx)
{
    CD_STORE *store = loaderctx;

    OPENSSL_free(store->uri);
    OPENSSL_free(store);
    return 1;
}

static const OSSL_DISPATCH store_functions[] = {
    CD_FUNCTION(STORE_OPEN, cd_store_open),
    CD_FUNCTION(STORE_SETTABLE_CTX_PARAMS, cd_store_settable),
    CD_FUNCTION(STORE_SET_CTX_PARAMS, cd_store_set_params),
    CD_FUNCTION(STORE_LOAD, cd_store_load),
    CD_FUNCTION(STORE_EOF, cd_store_eof),
    CD_FUNCTION(STORE_CLOSE, cd_store_close),
    {0, NULL},
};

const OSSL_ALGORITHM cd_key_stores[] = {
    {KEY_URI_SCHEME, "provider=cryptodev," CD_KEY_PROPERTIES, store_functions,
     NULL},
    {NULL, NULL, NULL, NULL},
};
