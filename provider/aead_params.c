/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead_params.c - parameters of AEAD contexts. Where the three modes differ, it
 * is as OpenSSL's own implementations differ.
 */
#include "provider/aead.h"

#include <string.h>

/* OSSL_CIPHER_PARAM_AEAD_IV_GENERATED, which OpenSSL before 3.4 does not know.
 */
#define CD_PARAM_IV_GENERATED "iv-generated"

static int cannot_set(void)
{
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SET_PARAMETER);
    return 0;
}

static int cannot_get(void)
{
    ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_GET_PARAMETER);
    return 0;
}

static int invalid(int reason)
{
    ERR_raise(ERR_LIB_PROV, reason);
    return 0;
}

/* What all three have, and what two of them have. */
#define CD_GETTABLE_ALL                                                        \
    OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),                         \
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),                      \
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TAGLEN, NULL),                \
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, 0),          \
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, NULL)
#define CD_GETTABLE_AES                                                        \
    OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_IV, NULL, 0),                    \
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_UPDATED_IV, NULL, 0),        \
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_GET_IV_GEN, NULL,  \
                                0)
#define CD_SETTABLE_ALL                                                        \
    OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, NULL),                     \
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, 0),          \
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, NULL, 0),     \
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, NULL, 0)

const OSSL_PARAM *cd_gcm_gettable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM before_3_4[] = {CD_GETTABLE_ALL, CD_GETTABLE_AES,
                                            OSSL_PARAM_END};
    static const OSSL_PARAM gettable[] = {
        CD_GETTABLE_ALL, CD_GETTABLE_AES,
        OSSL_PARAM_uint(CD_PARAM_IV_GENERATED, NULL), OSSL_PARAM_END};

    return OPENSSL_version_major() == 3 && OPENSSL_version_minor() < 4
               ? before_3_4
               : gettable;
}

const OSSL_PARAM *cd_ccm_gettable_ctx_params(void *vctx, void *provctx)
{
    return cd_gcm_gettable_ctx_params(vctx, provctx);
}

const OSSL_PARAM *cd_chacha_gettable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM gettable[] = {CD_GETTABLE_ALL, OSSL_PARAM_END};

    return gettable;
}

const OSSL_PARAM *cd_gcm_settable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        CD_SETTABLE_ALL,
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_SET_IV_INV, NULL,
                                0),
        OSSL_PARAM_END,
    };

    return settable;
}

const OSSL_PARAM *cd_ccm_settable_ctx_params(void *vctx, void *provctx)
{
    return cd_gcm_settable_ctx_params(vctx, provctx);
}

const OSSL_PARAM *cd_chacha_settable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        CD_SETTABLE_ALL,
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_END,
    };

    return settable;
}

static int get_iv(const CD_AEAD_CTX *ctx, OSSL_PARAM *p)
{
    if (p == NULL || ctx->alg->class == CD_CHACHA)
        return 1;
    if (ctx->alg->class == CD_GCM && ctx->iv_state == CD_IV_NONE)
        return 0;
    if (ctx->ivlen > p->data_size)
        return invalid(PROV_R_INVALID_IV_LENGTH);
    return OSSL_PARAM_set_octet_string(p, ctx->iv, ctx->ivlen)
                   || OSSL_PARAM_set_octet_ptr(p, ctx->iv, ctx->ivlen)
               ? 1
               : cannot_set();
}

static int get_tag(CD_AEAD_CTX *ctx, OSSL_PARAM *p)
{
    size_t len;

    if (p == NULL)
        return 1;
    len = p->data_size;
    if (p->data_type != OSSL_PARAM_OCTET_STRING)
        return cannot_set();
    if (!ctx->enc || !ctx->tag_set)
        return invalid(PROV_R_TAG_NOT_SET);
    if (len == 0 || len > CD_TAG
        || (ctx->alg->class == CD_CCM && len != ctx->taglen))
        return invalid(PROV_R_INVALID_TAG_LENGTH);
    if (!OSSL_PARAM_set_octet_string(p, ctx->tag, len))
        return cannot_set();
    /* CCM's message ends with this. */
    if (ctx->alg->class == CD_CCM) {
        ctx->tag_set = ctx->len_set = false;
        ctx->iv_state = CD_IV_USED;
    }
    return 1;
}

static int get_next_iv(CD_AEAD_CTX *ctx, OSSL_PARAM *p)
{
    if (p == NULL)
        return 1;
    return p->data != NULL && p->data_type == OSSL_PARAM_OCTET_STRING
           && cd_tls_next_iv(ctx, p->data, p->data_size);
}

static size_t shown_taglen(const CD_AEAD_CTX *ctx)
{
    if (ctx->taglen != CD_NO_TAG)
        return ctx->taglen;
    return ctx->alg->class == CD_CHACHA ? 0 : CD_TAG;
}

int cd_aead_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    CD_AEAD_CTX *ctx = vctx;
    const struct {
        const char *name;
        size_t value;
    } sizes[] = {
        {OSSL_CIPHER_PARAM_KEYLEN, ctx->alg->keylen},
        {OSSL_CIPHER_PARAM_IVLEN, ctx->ivlen},
        {OSSL_CIPHER_PARAM_AEAD_TAGLEN, shown_taglen(ctx)},
        {OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, ctx->tls_pad},
    };
    OSSL_PARAM *p;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        p = OSSL_PARAM_locate(params, sizes[i].name);
        if (p != NULL && !OSSL_PARAM_set_size_t(p, sizes[i].value))
            return cannot_set();
    }
    p = OSSL_PARAM_locate(params, CD_PARAM_IV_GENERATED);
    if (p != NULL && !OSSL_PARAM_set_uint(p, ctx->iv_random))
        return cannot_set();
    return get_iv(ctx, OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_IV))
           && get_iv(ctx,
                     OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_UPDATED_IV))
           && get_tag(ctx,
                      OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD_TAG))
           && get_next_iv(
               ctx, OSSL_PARAM_locate(params,
                                      OSSL_CIPHER_PARAM_AEAD_TLS1_GET_IV_GEN));
}

static bool taglen_ok(const CD_AEAD_CTX *ctx, size_t len)
{
    if (ctx->alg->class == CD_CCM)
        return len >= 4 && len <= CD_TAG && len % 2 == 0;
    return len != 0 && len <= CD_TAG;
}

static int set_tag(CD_AEAD_CTX *ctx, const OSSL_PARAM *p)
{
    if (p == NULL)
        return 1;
    if (p->data_type != OSSL_PARAM_OCTET_STRING)
        return cannot_get();
    if (!taglen_ok(ctx, p->data_size))
        return invalid(PROV_R_INVALID_TAG_LENGTH);
    if (p->data != NULL && ctx->enc)
        return invalid(PROV_R_TAG_NOT_NEEDED);
    /* GCM's length goes with the tag; an encryption always makes all of it. */
    if (ctx->alg->class == CD_GCM && ctx->enc)
        return invalid(PROV_R_INVALID_TAG);
    if (p->data != NULL) {
        memcpy(ctx->tag, p->data, p->data_size);
        ctx->tag_set = true;
    }
    ctx->taglen = p->data_size;
    return 1;
}

static bool ivlen_ok(const CD_AEAD_CTX *ctx, size_t len)
{
    switch (ctx->alg->class) {
    case CD_CCM:
        return len >= 7 && len <= 13;
    case CD_CHACHA:
        return len == 12;
    default:
        return len != 0 && len <= CD_MAX_IV;
    }
}

static int set_ivlen(CD_AEAD_CTX *ctx, const OSSL_PARAM *p)
{
    size_t len;

    if (p == NULL)
        return 1;
    if (!OSSL_PARAM_get_size_t(p, &len))
        return cannot_get();
    if (!ivlen_ok(ctx, len))
        return invalid(PROV_R_INVALID_IV_LENGTH);
    if (ctx->ivlen != len) {
        /* What there was of a nonce is none of this length. */
        if (ctx->iv_state != CD_IV_NONE)
            ctx->iv_state = CD_IV_USED;
        ctx->ivlen = len;
    }
    return 1;
}

static int set_keylen(const CD_AEAD_CTX *ctx, const OSSL_PARAM *p)
{
    size_t len;

    if (p == NULL)
        return 1;
    if (!OSSL_PARAM_get_size_t(p, &len))
        return cannot_get();
    return len == ctx->alg->keylen ? 1 : invalid(PROV_R_INVALID_KEY_LENGTH);
}

/* One of the parameters that TLS 1.2 sets. */
static int set_tls(CD_AEAD_CTX *ctx, const OSSL_PARAM *p, int reason,
                   int (*set)(CD_AEAD_CTX *ctx, const uint8_t *bytes,
                              size_t len))
{
    if (p == NULL)
        return 1;
    if (p->data_type != OSSL_PARAM_OCTET_STRING || p->data == NULL)
        return cannot_get();
    return set(ctx, p->data, p->data_size) ? 1 : invalid(reason);
}

int cd_aead_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    CD_AEAD_CTX *ctx = vctx;

    if (params == NULL)
        return 1;
    return set_keylen(ctx,
                      OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_KEYLEN))
           && set_tag(
               ctx, OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_TAG))
           && set_ivlen(
               ctx, OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_IVLEN))
           && set_tls(
               ctx,
               OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD),
               PROV_R_INVALID_AAD, cd_tls_set_aad)
           && set_tls(ctx,
                      OSSL_PARAM_locate_const(
                          params, OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED),
                      PROV_R_INVALID_IV_LENGTH, cd_tls_set_fixed)
           && set_tls(ctx,
                      OSSL_PARAM_locate_const(
                          params, OSSL_CIPHER_PARAM_AEAD_TLS1_SET_IV_INV),
                      PROV_R_INVALID_DATA, cd_tls_set_iv);
}
