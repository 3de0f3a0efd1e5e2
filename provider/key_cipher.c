/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_cipher.c - RSA decryption by keys that the host has: OAEP. Encryption is
 * the software's.
 *
 * There is no PKCS#1 v1.5: its padding errors are an oracle for whoever sends
 * ciphertexts, and the host does not do it.
 */
#include "provider/key.h"

#include <string.h>

#include <openssl/rsa.h>

#include "virtio_cryptodev.h"

static OSSL_FUNC_asym_cipher_newctx_fn cd_cipher_new;
static OSSL_FUNC_asym_cipher_freectx_fn cd_cipher_free;
static OSSL_FUNC_asym_cipher_dupctx_fn cd_cipher_dup;
static OSSL_FUNC_asym_cipher_encrypt_init_fn cd_cipher_encrypt_init;
static OSSL_FUNC_asym_cipher_encrypt_fn cd_cipher_encrypt;
static OSSL_FUNC_asym_cipher_decrypt_init_fn cd_cipher_decrypt_init;
static OSSL_FUNC_asym_cipher_decrypt_fn cd_cipher_decrypt;
static OSSL_FUNC_asym_cipher_set_ctx_params_fn cd_cipher_set_params;
static OSSL_FUNC_asym_cipher_settable_ctx_params_fn cd_cipher_settable;
static OSSL_FUNC_asym_cipher_get_ctx_params_fn cd_cipher_get_params;
static OSSL_FUNC_asym_cipher_gettable_ctx_params_fn cd_cipher_gettable;

/**
 * struct cd_asym_st - a decryption or encryption.
 * @prov: the provider
 * @key: the key
 * @padding: RSA_*_PADDING
 * @digest: of OAEP
 * @mgf1: the caller's digest of MGF1, KEY_NO_DIGEST: none was said
 * @label, @label_len: OAEP's label
 * @encrypt: software that encrypts, else NULL
 */
typedef struct cd_asym_st {
    CD_PROV *prov;
    CD_PKEY *key;
    int padding;
    enum key_digest digest;
    enum key_digest mgf1;
    uint8_t *label;
    size_t label_len;
    EVP_PKEY_CTX *encrypt;
} CD_ASYM;

static void *cd_cipher_new(void *provctx)
{
    CD_ASYM *asym = OPENSSL_zalloc(sizeof(*asym));

    if (asym != NULL)
        asym->prov = provctx;
    return asym;
}

static void cd_cipher_free(void *ctx)
{
    CD_ASYM *asym = ctx;

    EVP_PKEY_CTX_free(asym->encrypt);
    OPENSSL_free(asym->label);
    cd_pkey_free(asym->key);
    OPENSSL_free(asym);
}

static void *cd_cipher_dup(void *ctx)
{
    const CD_ASYM *from = ctx;
    CD_ASYM *to = OPENSSL_memdup(from, sizeof(*from));

    if (to == NULL)
        return NULL;
    if (to->key != NULL)
        cd_pkey_ref(to->key);
    to->label = from->label != NULL
                    ? OPENSSL_memdup(from->label, from->label_len)
                    : NULL;
    to->encrypt =
        from->encrypt != NULL ? EVP_PKEY_CTX_dup(from->encrypt) : NULL;
    if ((to->label == NULL) == (from->label == NULL)
        && (to->encrypt == NULL) == (from->encrypt == NULL))
        return to;
    cd_cipher_free(to);
    return NULL;
}

static int begin(CD_ASYM *asym, CD_PKEY *key)
{
    EVP_PKEY_CTX_free(asym->encrypt);
    asym->encrypt = NULL;
    if (key != NULL) {
        cd_pkey_ref(key);
        cd_pkey_free(asym->key);
        asym->key = key;
    }
    if (asym->key == NULL) {
        ERR_raise(ERR_LIB_PROV, PROV_R_NO_KEY_SET);
        return 0;
    }
    asym->padding = RSA_PKCS1_PADDING;
    asym->digest = KEY_SHA1;
    asym->mgf1 = KEY_NO_DIGEST;
    OPENSSL_free(asym->label);
    asym->label = NULL;
    asym->label_len = 0;
    return 1;
}

static int cd_cipher_encrypt_init(void *ctx, void *key,
                                  const OSSL_PARAM params[])
{
    CD_ASYM *asym = ctx;

    if (!begin(asym, key))
        return 0;
    asym->encrypt =
        EVP_PKEY_CTX_new_from_pkey(asym->prov->soft, asym->key->public, NULL);
    return asym->encrypt != NULL
           && EVP_PKEY_encrypt_init_ex(asym->encrypt, params) > 0;
}

static int cd_cipher_encrypt(void *ctx, unsigned char *out, size_t *outlen,
                             size_t outsize, const unsigned char *in,
                             size_t inlen)
{
    CD_ASYM *asym = ctx;

    *outlen = outsize;
    return EVP_PKEY_encrypt(asym->encrypt, out, outlen, in, inlen) > 0;
}

static int cd_cipher_decrypt_init(void *ctx, void *key,
                                  const OSSL_PARAM params[])
{
    return begin(ctx, key) && cd_cipher_set_params(ctx, params);
}

static const struct key_scheme *oaep(const CD_ASYM *asym)
{
    if (asym->padding != RSA_PKCS1_OAEP_PADDING) {
        cd_key_refuse(asym->key, "it decrypts with OAEP padding only");
        return NULL;
    }
    if (asym->mgf1 != KEY_NO_DIGEST && asym->mgf1 != asym->digest) {
        cd_key_refuse(asym->key, "MGF1 with another digest than OAEP's");
        return NULL;
    }
    return cd_key_scheme(asym->key, KEY_OAEP, asym->digest);
}

static int cd_cipher_decrypt(void *ctx, unsigned char *out, size_t *outlen,
                             size_t outsize, const unsigned char *in,
                             size_t inlen)
{
    CD_ASYM *asym = ctx;
    const struct key_scheme *scheme = oaep(asym);
    struct crypt_key_op op = {
        .op = CRYPT_KEYOP_DECRYPT,
        .in = (uintptr_t)in,
        .in_len = (uint32_t)inlen,
        .aux = (uintptr_t)asym->label,
        .aux_len = (uint32_t)asym->label_len,
        .out = (uintptr_t)out,
        .out_len = (uint32_t)outsize,
    };

    if (scheme == NULL)
        return 0;
    if (out == NULL) {
        *outlen = asym->key->info.max_out;
        return 1;
    }
    if (inlen > asym->key->info.max_out)
        return cd_key_refuse(asym->key, "%s", key_error(EMSGSIZE));
    op.scheme = scheme->id;
    return cd_pkey_operate(asym->key, &op, outlen);
}

static int set_padding(CD_ASYM *asym, const OSSL_PARAM *p)
{
    if (p->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_get_int(p, &asym->padding);
    asym->padding = strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_OAEP) == 0
                        ? RSA_PKCS1_OAEP_PADDING
                        : RSA_PKCS1_PADDING;
    return 1;
}

static int set_digest(CD_ASYM *asym, const OSSL_PARAM *p,
                      enum key_digest *digest)
{
    char name[CD_NAME_LEN], *to = name;

    if (!OSSL_PARAM_get_utf8_string(p, &to, sizeof(name)))
        return 0;
    *digest = cd_key_digest(asym->prov, name);
    if (*digest == KEY_NO_DIGEST)
        return cd_key_refuse(asym->key, "no OAEP with %s", name);
    return 1;
}

static int set_label(CD_ASYM *asym, const OSSL_PARAM *p)
{
    void *label = NULL;
    size_t len = 0;

    if (!OSSL_PARAM_get_octet_string(p, &label, 0, &len))
        return 0;
    if (len > CRYPT_KEY_MAX_DATA / 2) {
        OPENSSL_free(label);
        return cd_key_refuse(asym->key, "%s", key_error(EMSGSIZE));
    }
    OPENSSL_free(asym->label);
    asym->label = label;
    asym->label_len = len;
    return 1;
}

static int cd_cipher_set_params(void *ctx, const OSSL_PARAM params[])
{
    CD_ASYM *asym = ctx;
    const OSSL_PARAM *p;

    if (params == NULL)
        return 1;
    if (asym->encrypt != NULL)
        return EVP_PKEY_CTX_set_params(asym->encrypt, params);
    p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);
    if (p != NULL && !set_padding(asym, p))
        return 0;
    p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST);
    if (p != NULL && !set_digest(asym, p, &asym->digest))
        return 0;
    p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST);
    if (p != NULL && !set_digest(asym, p, &asym->mgf1))
        return 0;
    p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL);
    return p == NULL || set_label(asym, p);
}

static const OSSL_PARAM *cd_cipher_settable(void *ctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0),
        OSSL_PARAM_END,
    };

    return settable;
}

static int cd_cipher_get_params(void *ctx, OSSL_PARAM params[])
{
    CD_ASYM *asym = ctx;
    OSSL_PARAM *p;

    if (asym->encrypt != NULL)
        return EVP_PKEY_CTX_get_params(asym->encrypt, params);
    p = OSSL_PARAM_locate(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);
    if (p != NULL && p->data_type != OSSL_PARAM_UTF8_STRING
        && !OSSL_PARAM_set_int(p, asym->padding))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST);
    return p == NULL
           || OSSL_PARAM_set_utf8_string(p, key_digest_name(asym->digest));
}

static const OSSL_PARAM *cd_cipher_gettable(void *ctx, void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };

    return gettable;
}

static const OSSL_DISPATCH cipher_functions[] = {
    CD_FUNCTION(ASYM_CIPHER_NEWCTX, cd_cipher_new),
    CD_FUNCTION(ASYM_CIPHER_FREECTX, cd_cipher_free),
    CD_FUNCTION(ASYM_CIPHER_DUPCTX, cd_cipher_dup),
    CD_FUNCTION(ASYM_CIPHER_ENCRYPT_INIT, cd_cipher_encrypt_init),
    CD_FUNCTION(ASYM_CIPHER_ENCRYPT, cd_cipher_encrypt),
    CD_FUNCTION(ASYM_CIPHER_DECRYPT_INIT, cd_cipher_decrypt_init),
    CD_FUNCTION(ASYM_CIPHER_DECRYPT, cd_cipher_decrypt),
    CD_FUNCTION(ASYM_CIPHER_SET_CTX_PARAMS, cd_cipher_set_params),
    CD_FUNCTION(ASYM_CIPHER_SETTABLE_CTX_PARAMS, cd_cipher_settable),
    CD_FUNCTION(ASYM_CIPHER_GET_CTX_PARAMS, cd_cipher_get_params),
    CD_FUNCTION(ASYM_CIPHER_GETTABLE_CTX_PARAMS, cd_cipher_gettable),
    {0, NULL},
};

const OSSL_ALGORITHM cd_key_ciphers[] = {
    {CD_KEY_CIPHER, CD_KEY_PROPERTIES, cipher_functions, NULL},
    {NULL, NULL, NULL, NULL},
};
