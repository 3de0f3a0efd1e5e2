/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_manage.c - key management: load, parameters, comparison, and the export
 * of what is public. A key cannot be generated or imported with its private
 * half, and the private half cannot be exported: an export that asks for it
 * fails, since a caller that got the public half alone would take that for the
 * key.
 */
#include "provider/key.h"

#include <string.h>

#include <openssl/core_object.h>

static OSSL_FUNC_keymgmt_new_fn cd_manage_new;
static OSSL_FUNC_keymgmt_free_fn cd_manage_free;
static OSSL_FUNC_keymgmt_load_fn cd_manage_load;
static OSSL_FUNC_keymgmt_has_fn cd_manage_has;
static OSSL_FUNC_keymgmt_match_fn cd_manage_match;
static OSSL_FUNC_keymgmt_dup_fn cd_manage_dup;
static OSSL_FUNC_keymgmt_set_params_fn cd_manage_set_params;
static OSSL_FUNC_keymgmt_settable_params_fn cd_manage_settable_params;
static OSSL_FUNC_keymgmt_get_params_fn cd_manage_get_params;
static OSSL_FUNC_keymgmt_gettable_params_fn cd_manage_gettable_params;
static OSSL_FUNC_keymgmt_export_fn cd_manage_export;
static OSSL_FUNC_keymgmt_export_types_fn cd_manage_types;

#define CD_SELECT_PUBLIC                                                       \
    (OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS)

static void *cd_manage_new(void *provctx)
{
    return cd_pkey_new(provctx);
}

static void cd_manage_free(void *keydata)
{
    cd_pkey_free(keydata);
}

static void *cd_manage_load(const void *reference, size_t size)
{
    void *const *key = reference;

    if (size != sizeof(void *) || *key == NULL)
        return NULL;
    /* The giver keeps its reference until it has been told. */
    cd_pkey_ref(*key);
    return *key;
}

static int cd_manage_has(const void *keydata, int selection)
{
    const CD_PKEY *key = keydata;

    if (key == NULL || key->public == NULL)
        return 0;
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || key->private;
}

static int cd_manage_match(const void *one, const void *other, int selection)
{
    const CD_PKEY *a = one, *b = other;

    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return EVP_PKEY_parameters_eq(a->public, b->public) == 1;
    return EVP_PKEY_eq(a->public, b->public) == 1;
}

/* A public key, or its parameters alone, to be filled with another's point. */
static CD_PKEY *public_part(const CD_PKEY *key, int selection)
{
    CD_PKEY *copy = cd_pkey_new(key->prov);
    bool whole = (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0;

    if (copy == NULL)
        return NULL;
    copy->info = key->info;
    copy->public = whole ? EVP_PKEY_dup(key->public) : EVP_PKEY_new();
    if (copy->public != NULL
        && (whole || EVP_PKEY_copy_parameters(copy->public, key->public) > 0))
        return copy;
    cd_pkey_free(copy);
    return NULL;
}

static void *cd_manage_dup(const void *keydata, int selection)
{
    CD_PKEY *key = (CD_PKEY *)keydata;

    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0)
        return public_part(key, selection);
    cd_pkey_ref(key);
    return key;
}

/* Of a public key only: what the host has stays as it is. */
static int cd_manage_set_params(void *keydata, const OSSL_PARAM params[])
{
    CD_PKEY *key = keydata;

    return !key->private && key->public != NULL
           && EVP_PKEY_set_params(key->public, (OSSL_PARAM *)params) > 0;
}

static const OSSL_PARAM *cd_manage_settable_params(void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_END,
    };

    return settable;
}

static int cd_manage_get_params(void *keydata, OSSL_PARAM params[])
{
    CD_PKEY *key = keydata;

    for (OSSL_PARAM *p = params; p->key != NULL; p++) {
        OSSL_PARAM one[] = {*p, OSSL_PARAM_END};

        /* A parameter that the software does not have is left alone. */
        ERR_set_mark();
        (void)EVP_PKEY_get_params(key->public, one);
        ERR_pop_to_mark();
        p->return_size = one[0].return_size;
    }
    return 1;
}

static const OSSL_PARAM *cd_manage_gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_X, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_Y, NULL, 0),
        OSSL_PARAM_END,
    };

    return gettable;
}

/* Public keys of others come here for a comparison, or as the peer's. OpenSSL
 * asks for all that a key has, so the selection does not tell what comes. */
static int import(void *keydata, const char *type, int selection,
                  const OSSL_PARAM params[])
{
    CD_PKEY *key = keydata;
    EVP_PKEY_CTX *ctx;
    int ok;

    if (key->public != NULL)
        return 0;
    if (OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PRIV_KEY) != NULL
        || OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_D) != NULL)
        return cd_key_refuse(key, "private keys cannot be imported");
    ctx = EVP_PKEY_CTX_new_from_name(key->prov->soft, type, NULL);
    ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) > 0
         && EVP_PKEY_fromdata(ctx, &key->public, EVP_PKEY_PUBLIC_KEY,
                              (OSSL_PARAM *)params)
                > 0;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static int cd_manage_export(void *keydata, int selection, OSSL_CALLBACK *cb,
                            void *arg)
{
    CD_PKEY *key = keydata;
    OSSL_PARAM *params = NULL;
    int ok;

    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        return cd_key_refuse(key, "the private half is the host's");
    if ((selection & ~CD_SELECT_PUBLIC) != 0 || key->public == NULL)
        return 0;
    ok = EVP_PKEY_todata(key->public, selection, &params) > 0
         && cb(params, arg) != 0;
    OSSL_PARAM_free(params);
    return ok;
}

static const OSSL_PARAM *cd_manage_types(int selection)
{
    return cd_manage_gettable_params(NULL);
}

static const char *operation_name(int operation)
{
    switch (operation) {
    case OSSL_OP_SIGNATURE:
        return CD_KEY_SIGNATURE;
    case OSSL_OP_ASYM_CIPHER:
        return CD_KEY_CIPHER;
    case OSSL_OP_KEYEXCH:
        return CD_KEY_EXCHANGE;
    default:
        return NULL;
    }
}

#define CD_MANAGEMENT(ident, name)                                             \
    static int import_##ident(void *keydata, int selection,                    \
                              const OSSL_PARAM params[])                       \
    {                                                                          \
        return import(keydata, name, selection, params);                       \
    }                                                                          \
    static const OSSL_DISPATCH manage_##ident[] = {                            \
        CD_FUNCTION(KEYMGMT_NEW, cd_manage_new),                               \
        CD_FUNCTION(KEYMGMT_FREE, cd_manage_free),                             \
        CD_FUNCTION(KEYMGMT_LOAD, cd_manage_load),                             \
        CD_FUNCTION(KEYMGMT_HAS, cd_manage_has),                               \
        CD_FUNCTION(KEYMGMT_MATCH, cd_manage_match),                           \
        CD_FUNCTION(KEYMGMT_DUP, cd_manage_dup),                               \
        CD_FUNCTION(KEYMGMT_SET_PARAMS, cd_manage_set_params),                 \
        CD_FUNCTION(KEYMGMT_SETTABLE_PARAMS, cd_manage_settable_params),       \
        CD_FUNCTION(KEYMGMT_GET_PARAMS, cd_manage_get_params),                 \
        CD_FUNCTION(KEYMGMT_GETTABLE_PARAMS, cd_manage_gettable_params),       \
        CD_FUNCTION(KEYMGMT_IMPORT, import_##ident),                           \
        CD_FUNCTION(KEYMGMT_IMPORT_TYPES, cd_manage_types),                    \
        CD_FUNCTION(KEYMGMT_EXPORT, cd_manage_export),                         \
        CD_FUNCTION(KEYMGMT_EXPORT_TYPES, cd_manage_types),                    \
        CD_FUNCTION(KEYMGMT_QUERY_OPERATION_NAME, operation_name),             \
        {0, NULL},                                                             \
    }

CD_MANAGEMENT(rsa, "RSA");
CD_MANAGEMENT(rsa_pss, "RSA-PSS");
CD_MANAGEMENT(ec, "EC");
CD_MANAGEMENT(ed25519, "ED25519");
CD_MANAGEMENT(x25519, "X25519");

static const OSSL_ALGORITHM managements[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", CD_KEY_PROPERTIES, manage_rsa,
     NULL},
    {"RSA-PSS:RSASSA-PSS:rsassaPss:1.2.840.113549.1.1.10", CD_KEY_PROPERTIES,
     manage_rsa_pss, NULL},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", CD_KEY_PROPERTIES, manage_ec, NULL},
    {"ED25519:1.3.101.112", CD_KEY_PROPERTIES, manage_ed25519, NULL},
    {"X25519:1.3.101.110", CD_KEY_PROPERTIES, manage_x25519, NULL},
    {NULL, NULL, NULL, NULL},
};

/* Whether another provider has RSA keys. OpenSSL asks for our algorithms while
 * it looks for that, and is then told that there are none. */
static bool others_first(CD_PROV *prov)
{
    static _Thread_local bool asking;
    EVP_KEYMGMT *other;

    if (asking || prov->app == NULL)
        return false;
    asking = true;
    ERR_set_mark();
    other = EVP_KEYMGMT_fetch(prov->app, "RSA", "");
    ERR_pop_to_mark();
    asking = false;
    EVP_KEYMGMT_free(other);
    return other != NULL;
}

/*
 * Among implementations that a query likes equally, OpenSSL takes the one that
 * it has known for longest, and the order in which it asks providers is not the
 * order in which they were loaded. So others have to be known before ours is.
 */
const OSSL_ALGORITHM *cd_key_managements(CD_PROV *prov, int *no_cache)
{
    if (others_first(prov))
        return managements;
    *no_cache = 1;
    return NULL;
}
