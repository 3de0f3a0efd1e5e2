/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_sign.c - signatures by keys that the host has.
 *
 * A short message goes to the host as it is. What is longer is hashed here,
 * once it is known to be longer. Verification is the software's.
 */
#include "provider/key_sign.h"

#include <string.h>

#include <openssl/rsa.h>

#include "virtio_cryptodev.h"

static OSSL_FUNC_signature_newctx_fn cd_sign_new;
static OSSL_FUNC_signature_freectx_fn cd_sign_free;
static OSSL_FUNC_signature_dupctx_fn cd_sign_dup;
static OSSL_FUNC_signature_sign_init_fn cd_sign_init;
static OSSL_FUNC_signature_sign_fn cd_sign_sign;
static OSSL_FUNC_signature_verify_init_fn cd_verify_init;
static OSSL_FUNC_signature_verify_fn cd_verify_verify;
static OSSL_FUNC_signature_digest_sign_init_fn cd_digest_sign_init;
static OSSL_FUNC_signature_digest_sign_update_fn cd_digest_sign_update;
static OSSL_FUNC_signature_digest_sign_final_fn cd_digest_sign_final;
static OSSL_FUNC_signature_digest_sign_fn cd_digest_sign;
static OSSL_FUNC_signature_digest_verify_init_fn cd_digest_verify_init;
static OSSL_FUNC_signature_digest_verify_update_fn cd_digest_verify_update;
static OSSL_FUNC_signature_digest_verify_final_fn cd_digest_verify_final;
static OSSL_FUNC_signature_digest_verify_fn cd_digest_verify;

static void *cd_sign_new(void *provctx, const char *propq)
{
    CD_SIGN *sign = OPENSSL_zalloc(sizeof(*sign));

    if (sign != NULL)
        sign->prov = provctx;
    return sign;
}

static void forget(CD_SIGN *sign)
{
    EVP_MD_CTX_free(sign->hash);
    sign->hash = NULL;
    OPENSSL_cleanse(sign->message, sign->len);
    sign->len = 0;
    if (sign->verify_md == NULL)
        EVP_PKEY_CTX_free(sign->verify);
    EVP_MD_CTX_free(sign->verify_md);
    sign->verify = NULL;
    sign->verify_md = NULL;
}

static void cd_sign_free(void *ctx)
{
    CD_SIGN *sign = ctx;

    forget(sign);
    cd_pkey_free(sign->key);
    OPENSSL_free(sign);
}

static void *cd_sign_dup(void *ctx)
{
    const CD_SIGN *from = ctx;
    CD_SIGN *to = OPENSSL_memdup(from, sizeof(*from));

    if (to == NULL)
        return NULL;
    to->hash = NULL;
    to->verify = NULL;
    to->verify_md = NULL;
    if (to->key != NULL)
        cd_pkey_ref(to->key);
    if (from->hash != NULL) {
        to->hash = EVP_MD_CTX_new();
        if (to->hash == NULL || !EVP_MD_CTX_copy_ex(to->hash, from->hash))
            goto fail;
    }
    if (from->verify_md != NULL) {
        to->verify_md = EVP_MD_CTX_new();
        if (to->verify_md == NULL
            || !EVP_MD_CTX_copy_ex(to->verify_md, from->verify_md))
            goto fail;
        to->verify = EVP_MD_CTX_get_pkey_ctx(to->verify_md);
    } else if (from->verify != NULL) {
        to->verify = EVP_PKEY_CTX_dup(from->verify);
        if (to->verify == NULL)
            goto fail;
    }
    return to;
fail:
    cd_sign_free(to);
    return NULL;
}

/* Begins anew, with @key or with the key that there is. */
static int begin(CD_SIGN *sign, CD_PKEY *key)
{
    forget(sign);
    if (key != NULL) {
        cd_pkey_ref(key);
        cd_pkey_free(sign->key);
        sign->key = key;
    }
    if (sign->key == NULL) {
        ERR_raise(ERR_LIB_PROV, PROV_R_NO_KEY_SET);
        return 0;
    }
    if (key == NULL)
        return 1;
    sign->digest = KEY_NO_DIGEST;
    sign->md[0] = '\0';
    sign->mgf1 = KEY_NO_DIGEST;
    sign->salt = RSA_PSS_SALTLEN_AUTO;
    sign->padding = EVP_PKEY_is_a(sign->key->public, "RSA-PSS")
                        ? RSA_PKCS1_PSS_PADDING
                        : RSA_PKCS1_PADDING;
    return 1;
}

/* OpenSSL's callers have room for what it says is the longest signature. */
static size_t longest(const CD_SIGN *sign)
{
    return (size_t)EVP_PKEY_get_size(sign->key->public);
}

/* The host's signature of digest or message. */
static int have_signed(CD_SIGN *sign, const uint8_t *in, size_t len,
                       bool message, uint8_t *sig, size_t *siglen,
                       size_t sigsize)
{
    const struct key_scheme *scheme = cd_sign_scheme(sign);
    struct crypt_key_op op = {
        .op = CRYPT_KEYOP_SIGN,
        .flags = message ? CRYPT_KEYOP_MESSAGE : 0,
        .in = (uintptr_t)in,
        .in_len = (uint32_t)len,
        .out = (uintptr_t)sig,
        .out_len = (uint32_t)sigsize,
    };

    if (scheme == NULL)
        return 0;
    if (len > CRYPT_KEY_MAX_DATA)
        return cd_key_refuse(sign->key, "%s", key_error(EMSGSIZE));
    if (sigsize < longest(sign)) {
        ERR_raise(ERR_LIB_PROV, PROV_R_OUTPUT_BUFFER_TOO_SMALL);
        return 0;
    }
    if (!message && sign->key->info.form != 0)
        return cd_key_refuse(sign->key, "it signs TLS handshakes only, and "
                                        "those as messages");
    op.scheme = scheme->id;
    return cd_pkey_operate(sign->key, &op, siglen);
}

/* Digests */

static int cd_sign_init(void *ctx, void *key, const OSSL_PARAM params[])
{
    return begin(ctx, key) && cd_sign_set_params(ctx, params);
}

/* The digest that a caller means who gives bytes and no name of a digest. */
static int guess_digest(CD_SIGN *sign, const uint8_t **in, size_t *len)
{
    static const enum key_digest all[] = {KEY_SHA256, KEY_SHA384, KEY_SHA512};
    const uint8_t *inner;

    if (sign->key->info.kind == VCD_KIND_RSA) {
        inner = key_digest_info(*in, *len, &sign->digest);
        if (inner == NULL || sign->padding != RSA_PKCS1_PADDING)
            return cd_key_refuse(sign->key, "RSA signatures of bytes that are "
                                            "no known DigestInfo");
        *in = inner;
        *len = key_digest_size(sign->digest);
        return 1;
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (key_digest_size(all[i]) == *len) {
            sign->digest = all[i];
            return 1;
        }
    return cd_key_refuse(sign->key, "%zu bytes are no known digest", *len);
}

static int cd_sign_sign(void *ctx, unsigned char *sig, size_t *siglen,
                        size_t sigsize, const unsigned char *tbs, size_t tbslen)
{
    CD_SIGN *sign = ctx;
    bool pure =
        key_scheme_find(sign->key->info.kind, KEY_PURE, KEY_NO_DIGEST) != NULL;
    enum key_digest named = sign->digest;
    int ok;

    if (sig == NULL) {
        *siglen = longest(sign);
        return 1;
    }
    if (!pure && named == KEY_NO_DIGEST && !guess_digest(sign, &tbs, &tbslen))
        return 0;
    if (!pure && tbslen != key_digest_size(sign->digest)) {
        ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_DIGEST_LENGTH);
        return 0;
    }
    ok = have_signed(sign, tbs, tbslen, pure, sig, siglen, sigsize);
    sign->digest = named;
    return ok;
}

static int cd_verify_init(void *ctx, void *key, const OSSL_PARAM params[])
{
    CD_SIGN *sign = ctx;

    if (!begin(sign, key))
        return 0;
    sign->verify =
        EVP_PKEY_CTX_new_from_pkey(sign->prov->soft, sign->key->public, NULL);
    return sign->verify != NULL && EVP_PKEY_verify_init(sign->verify) > 0
           && cd_sign_set_params(sign, params);
}

static int cd_verify_verify(void *ctx, const unsigned char *sig, size_t siglen,
                            const unsigned char *tbs, size_t tbslen)
{
    CD_SIGN *sign = ctx;

    return EVP_PKEY_verify(sign->verify, sig, siglen, tbs, tbslen) == 1;
}

/* Messages */

static int cd_digest_sign_init(void *ctx, const char *name, void *key,
                               const OSSL_PARAM params[])
{
    CD_SIGN *sign = ctx;
    char def[CD_NAME_LEN] = "";

    if (!begin(sign, key))
        return 0;
    if ((name == NULL || *name == '\0') && sign->digest == KEY_NO_DIGEST
        && EVP_PKEY_get_default_digest_name(sign->key->public, def, sizeof(def))
               > 0
        && strcmp(def, "UNDEF") != 0)
        name = def;
    if (name != NULL && *name != '\0' && !cd_sign_set_digest(sign, name))
        return 0;
    return cd_sign_set_params(sign, params);
}

static int start_hash(CD_SIGN *sign)
{
    EVP_MD *md;
    int ok;

    if (sign->digest == KEY_NO_DIGEST)
        return cd_key_refuse(sign->key, "%s", key_error(EMSGSIZE));
    md = EVP_MD_fetch(sign->prov->soft, key_digest_name(sign->digest), NULL);
    sign->hash = EVP_MD_CTX_new();
    ok = md != NULL && sign->hash != NULL
         && EVP_DigestInit_ex2(sign->hash, md, NULL)
         && EVP_DigestUpdate(sign->hash, sign->message, sign->len);
    EVP_MD_free(md);
    return ok;
}

static int cd_digest_sign_update(void *ctx, const unsigned char *data,
                                 size_t len)
{
    CD_SIGN *sign = ctx;

    if (sign->hash == NULL && len > sizeof(sign->message) - sign->len
        && !start_hash(sign))
        return 0;
    if (sign->hash != NULL)
        return EVP_DigestUpdate(sign->hash, data, len);
    memcpy(sign->message + sign->len, data, len);
    sign->len += len;
    return 1;
}

static int cd_digest_sign_final(void *ctx, unsigned char *sig, size_t *siglen,
                                size_t sigsize)
{
    CD_SIGN *sign = ctx;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (sig == NULL) {
        *siglen = longest(sign);
        return 1;
    }
    if (sign->hash == NULL)
        return have_signed(sign, sign->message, sign->len, true, sig, siglen,
                           sigsize);
    return EVP_DigestFinal_ex(sign->hash, digest, &len)
           && have_signed(sign, digest, len, false, sig, siglen, sigsize);
}

/* A message that is signed by itself must not be in parts, and may be longer.
 */
static int cd_digest_sign(void *ctx, unsigned char *sig, size_t *siglen,
                          size_t sigsize, const unsigned char *tbs,
                          size_t tbslen)
{
    CD_SIGN *sign = ctx;

    if (sig == NULL) {
        *siglen = longest(sign);
        return 1;
    }
    if (sign->digest == KEY_NO_DIGEST)
        return have_signed(sign, tbs, tbslen, true, sig, siglen, sigsize);
    return cd_digest_sign_update(ctx, tbs, tbslen)
           && cd_digest_sign_final(ctx, sig, siglen, sigsize);
}

static int cd_digest_verify_init(void *ctx, const char *name, void *key,
                                 const OSSL_PARAM params[])
{
    CD_SIGN *sign = ctx;

    if (!begin(sign, key))
        return 0;
    if (name != NULL && *name == '\0')
        name = NULL;
    sign->verify_md = EVP_MD_CTX_new();
    return sign->verify_md != NULL
           && EVP_DigestVerifyInit_ex(sign->verify_md, &sign->verify, name,
                                      sign->prov->soft, NULL, sign->key->public,
                                      params)
                  > 0;
}

static int cd_digest_verify_update(void *ctx, const unsigned char *data,
                                   size_t len)
{
    CD_SIGN *sign = ctx;

    return EVP_DigestVerifyUpdate(sign->verify_md, data, len);
}

static int cd_digest_verify_final(void *ctx, const unsigned char *sig,
                                  size_t siglen)
{
    CD_SIGN *sign = ctx;

    return EVP_DigestVerifyFinal(sign->verify_md, sig, siglen) == 1;
}

static int cd_digest_verify(void *ctx, const unsigned char *sig, size_t siglen,
                            const unsigned char *tbs, size_t tbslen)
{
    CD_SIGN *sign = ctx;

    return EVP_DigestVerify(sign->verify_md, sig, siglen, tbs, tbslen) == 1;
}

static const OSSL_DISPATCH signature_functions[] = {
    CD_FUNCTION(SIGNATURE_NEWCTX, cd_sign_new),
    CD_FUNCTION(SIGNATURE_FREECTX, cd_sign_free),
    CD_FUNCTION(SIGNATURE_DUPCTX, cd_sign_dup),
    CD_FUNCTION(SIGNATURE_SIGN_INIT, cd_sign_init),
    CD_FUNCTION(SIGNATURE_SIGN, cd_sign_sign),
    CD_FUNCTION(SIGNATURE_VERIFY_INIT, cd_verify_init),
    CD_FUNCTION(SIGNATURE_VERIFY, cd_verify_verify),
    CD_FUNCTION(SIGNATURE_DIGEST_SIGN_INIT, cd_digest_sign_init),
    CD_FUNCTION(SIGNATURE_DIGEST_SIGN_UPDATE, cd_digest_sign_update),
    CD_FUNCTION(SIGNATURE_DIGEST_SIGN_FINAL, cd_digest_sign_final),
    CD_FUNCTION(SIGNATURE_DIGEST_SIGN, cd_digest_sign),
    CD_FUNCTION(SIGNATURE_DIGEST_VERIFY_INIT, cd_digest_verify_init),
    CD_FUNCTION(SIGNATURE_DIGEST_VERIFY_UPDATE, cd_digest_verify_update),
    CD_FUNCTION(SIGNATURE_DIGEST_VERIFY_FINAL, cd_digest_verify_final),
    CD_FUNCTION(SIGNATURE_DIGEST_VERIFY, cd_digest_verify),
    CD_FUNCTION(SIGNATURE_SET_CTX_PARAMS, cd_sign_set_params),
    CD_FUNCTION(SIGNATURE_SETTABLE_CTX_PARAMS, cd_sign_settable),
    CD_FUNCTION(SIGNATURE_GET_CTX_PARAMS, cd_sign_get_params),
    CD_FUNCTION(SIGNATURE_GETTABLE_CTX_PARAMS, cd_sign_gettable),
    {0, NULL},
};

const OSSL_ALGORITHM cd_key_signatures[] = {
    {CD_KEY_SIGNATURE, CD_KEY_PROPERTIES, signature_functions, NULL},
    {NULL, NULL, NULL, NULL},
};
