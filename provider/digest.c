/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest.c - SHA-2.
 */
#include <string.h>

#include "provider/hash.h"

static OSSL_FUNC_digest_freectx_fn cd_digest_freectx;
static OSSL_FUNC_digest_dupctx_fn cd_digest_dupctx;
static OSSL_FUNC_digest_init_fn cd_digest_init;
static OSSL_FUNC_digest_update_fn cd_digest_update;
static OSSL_FUNC_digest_final_fn cd_digest_final;
static OSSL_FUNC_digest_gettable_params_fn cd_digest_gettable_params;

/**
 * struct cd_digest_ctx_st - one context.
 * @alg: what it is of
 * @md: the software
 * @hash: the message
 */
typedef struct cd_digest_ctx_st {
    const CD_ALG *alg;
    EVP_MD *md;
    CD_HASH hash;
} CD_DIGEST_CTX;

/* @md: the software, which gets a reference more; NULL: it is fetched. */
static void *digest_new(void *provctx, const CD_ALG *alg, EVP_MD *md)
{
    CD_DIGEST_CTX *ctx = OPENSSL_zalloc(sizeof(*ctx));
    char name[CD_NAME_LEN];

    if (ctx == NULL)
        return NULL;
    ctx->alg = alg;
    ctx->hash.prov = provctx;
    ctx->hash.class = alg->class;
    ctx->hash.id = alg->id;
    ctx->hash.size = alg->size;
    ctx->hash.md = EVP_MD_CTX_new();
    if (md != NULL && EVP_MD_up_ref(md) == 1) {
        ctx->md = md;
    } else {
        cd_soft_name(alg, name);
        ctx->md = EVP_MD_fetch(ctx->hash.prov->soft, name, "provider=default");
    }
    if (ctx->hash.md != NULL && ctx->md != NULL)
        return ctx;
    cd_digest_freectx(ctx);
    return NULL;
}

static void cd_digest_freectx(void *vctx)
{
    CD_DIGEST_CTX *ctx = vctx;

    if (ctx == NULL)
        return;
    EVP_MD_CTX_free(ctx->hash.md);
    EVP_MD_free(ctx->md);
    cd_hash_clear(&ctx->hash);
    OPENSSL_free(ctx);
}

static void *cd_digest_dupctx(void *vctx)
{
    const CD_DIGEST_CTX *from = vctx;
    CD_DIGEST_CTX *ctx = digest_new(from->hash.prov, from->alg, from->md);

    if (ctx != NULL && cd_hash_copy(&ctx->hash, &from->hash)
        && EVP_MD_CTX_copy_ex(ctx->hash.md, from->hash.md) == 1)
        return ctx;
    cd_digest_freectx(ctx);
    return NULL;
}

static int cd_digest_init(void *vctx, const OSSL_PARAM params[])
{
    CD_DIGEST_CTX *ctx = vctx;

    cd_hash_start(&ctx->hash);
    return EVP_DigestInit_ex2(ctx->hash.md, ctx->md, NULL) == 1;
}

static int cd_digest_update(void *vctx, const unsigned char *in, size_t inl)
{
    CD_DIGEST_CTX *ctx = vctx;

    if (cd_hash_update(&ctx->hash, in, inl))
        return 1;
    ERR_raise_data(ERR_LIB_PROV, PROV_R_INVALID_STATE,
                   "cryptodev: the hash is lost");
    return 0;
}

static int cd_digest_final(void *vctx, unsigned char *out, size_t *outl,
                           size_t outsize)
{
    CD_DIGEST_CTX *ctx = vctx;

    if (outsize < ctx->hash.size) {
        ERR_raise(ERR_LIB_PROV, PROV_R_OUTPUT_BUFFER_TOO_SMALL);
        return 0;
    }
    if (!cd_hash_final(&ctx->hash, out)) {
        ERR_raise_data(ERR_LIB_PROV, PROV_R_INVALID_STATE,
                       "cryptodev: the hash is lost");
        return 0;
    }
    *outl = ctx->hash.size;
    return 1;
}

static const OSSL_PARAM *cd_digest_gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_size_t(OSSL_DIGEST_PARAM_BLOCK_SIZE, NULL),
        OSSL_PARAM_size_t(OSSL_DIGEST_PARAM_SIZE, NULL),
        OSSL_PARAM_int(OSSL_DIGEST_PARAM_XOF, NULL),
        OSSL_PARAM_int(OSSL_DIGEST_PARAM_ALGID_ABSENT, NULL),
        OSSL_PARAM_END,
    };

    return gettable;
}

static int digest_get_params(const CD_ALG *alg, OSSL_PARAM params[])
{
    OSSL_PARAM *p;

    p = OSSL_PARAM_locate(params, OSSL_DIGEST_PARAM_BLOCK_SIZE);
    if (p != NULL && !OSSL_PARAM_set_size_t(p, alg->blocksize))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_DIGEST_PARAM_SIZE);
    if (p != NULL && !OSSL_PARAM_set_size_t(p, alg->size))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_DIGEST_PARAM_XOF);
    if (p != NULL && !OSSL_PARAM_set_int(p, 0))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_DIGEST_PARAM_ALGID_ABSENT);
    return p == NULL || OSSL_PARAM_set_int(p, 1);
}

#define CD_DIGEST(name, index)                                                 \
    static void *name##_newctx(void *provctx)                                  \
    {                                                                          \
        return digest_new(provctx, &cd_digest_algs[index], NULL);              \
    }                                                                          \
    static int name##_get_params(OSSL_PARAM params[])                          \
    {                                                                          \
        return digest_get_params(&cd_digest_algs[index], params);              \
    }                                                                          \
    static const OSSL_DISPATCH name##_functions[] = {                          \
        CD_FUNCTION(DIGEST_NEWCTX, name##_newctx),                             \
        CD_FUNCTION(DIGEST_FREECTX, cd_digest_freectx),                        \
        CD_FUNCTION(DIGEST_DUPCTX, cd_digest_dupctx),                          \
        CD_FUNCTION(DIGEST_INIT, cd_digest_init),                              \
        CD_FUNCTION(DIGEST_UPDATE, cd_digest_update),                          \
        CD_FUNCTION(DIGEST_FINAL, cd_digest_final),                            \
        CD_FUNCTION(DIGEST_GET_PARAMS, name##_get_params),                     \
        CD_FUNCTION(DIGEST_GETTABLE_PARAMS, cd_digest_gettable_params),        \
        {0, NULL},                                                             \
    };

CD_DIGEST(sha224, 0)
CD_DIGEST(sha256, 1)
CD_DIGEST(sha384, 2)
CD_DIGEST(sha512, 3)

#define CD_SHA2_ALG(alg_names, number, block, bytes, f)                        \
    {                                                                          \
        .names = (alg_names), .operation = OSSL_OP_DIGEST, .class = CD_SHA2,   \
        .id = (number), .blocksize = (block), .size = (bytes),                 \
        .functions = f##_functions                                             \
    }

/* The macros above count on this order. */
const CD_ALG cd_digest_algs[] = {
    CD_SHA2_ALG("SHA2-224:SHA-224:SHA224:2.16.840.1.101.3.4.2.4",
                CRYPTO_SHA2_224, 64, 28, sha224),
    CD_SHA2_ALG("SHA2-256:SHA-256:SHA256:2.16.840.1.101.3.4.2.1",
                CRYPTO_SHA2_256, 64, 32, sha256),
    CD_SHA2_ALG("SHA2-384:SHA-384:SHA384:2.16.840.1.101.3.4.2.2",
                CRYPTO_SHA2_384, 128, 48, sha384),
    CD_SHA2_ALG("SHA2-512:SHA-512:SHA512:2.16.840.1.101.3.4.2.3",
                CRYPTO_SHA2_512, 128, 64, sha512),
    {.names = NULL},
};
