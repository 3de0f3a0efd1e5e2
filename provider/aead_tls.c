/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead_tls.c - TLS 1.2 records and nonces that are counted up.
 *
 *              nonce                                 record, in place
 *   GCM, CCM   4 fixed | 8 explicit                  8 explicit | data | tag
 *   ChaCha20   12 fixed, xor sequence number         data | tag
 *
 * The additional data that libssl gives holds the length of the record as it
 * stands there; what is authenticated is the length of the plaintext. TLS 1.3
 * does all this itself and uses the plain interface.
 */
#include "provider/aead.h"

#include <string.h>

#include <openssl/rand.h>

static size_t explicit_len(const CD_AEAD_CTX *ctx)
{
    return ctx->alg->class == CD_CHACHA ? 0 : CD_TLS_EXPLICIT_IV;
}

static size_t record_tag(const CD_AEAD_CTX *ctx)
{
    return ctx->alg->class == CD_CCM ? ctx->taglen : CD_TAG;
}

int cd_tls_set_aad(CD_AEAD_CTX *ctx, const uint8_t *aad, size_t len)
{
    size_t n, less = explicit_len(ctx) + (ctx->enc ? 0 : record_tag(ctx));

    if (len != CD_TLS_AAD)
        return 0;
    n = (size_t)aad[len - 2] << 8 | aad[len - 1];
    if (n < less)
        return 0;
    n -= less;
    memcpy(ctx->tls_aad, aad, len);
    ctx->tls_aad[len - 2] = (uint8_t)(n >> 8);
    ctx->tls_aad[len - 1] = (uint8_t)n;
    ctx->tls_len = n;
    ctx->tls = true;
    ctx->tls_pad = record_tag(ctx);
    return 1;
}

int cd_tls_set_fixed(CD_AEAD_CTX *ctx, const uint8_t *fixed, size_t len)
{
    size_t rest = ctx->ivlen - len;

    switch (ctx->alg->class) {
    case CD_CCM:
        if (len != CD_TLS_FIXED_IV)
            return 0;
        memcpy(ctx->iv, fixed, len);
        return 1;
    case CD_CHACHA:
        if (len != ctx->ivlen)
            return 0;
        memcpy(ctx->iv, fixed, len);
        ctx->iv_state = CD_IV_GIVEN;
        return 1;
    default:
        break;
    }
    if (len == SIZE_MAX) {
        memcpy(ctx->iv, fixed, ctx->ivlen);
    } else {
        if (len < CD_TLS_FIXED_IV || len > ctx->ivlen
            || rest < CD_TLS_EXPLICIT_IV)
            return 0;
        memcpy(ctx->iv, fixed, len);
        if (ctx->enc
            && RAND_bytes_ex(ctx->prov->soft, ctx->iv + len, rest, 0) != 1)
            return 0;
    }
    ctx->iv_fixed = true;
    ctx->iv_state = CD_IV_GIVEN;
    memcpy(ctx->nonce, ctx->iv, ctx->ivlen);
    return 1;
}

static void count_up(uint8_t *counter)
{
    for (size_t i = CD_TLS_EXPLICIT_IV; i-- > 0 && ++counter[i] == 0;)
        ;
}

static void take_nonce(CD_AEAD_CTX *ctx)
{
    cd_aead_start(ctx);
    memcpy(ctx->nonce, ctx->iv, ctx->ivlen);
    ctx->iv_state = CD_IV_GIVEN;
}

int cd_tls_next_iv(CD_AEAD_CTX *ctx, uint8_t *out, size_t len)
{
    if (!ctx->iv_fixed || ctx->key.len == 0)
        return 0;
    if (len == 0 || len > ctx->ivlen)
        len = ctx->ivlen;
    take_nonce(ctx);
    memcpy(out, ctx->iv + ctx->ivlen - len, len);
    count_up(ctx->iv + ctx->ivlen - CD_TLS_EXPLICIT_IV);
    return 1;
}

int cd_tls_set_iv(CD_AEAD_CTX *ctx, const uint8_t *in, size_t len)
{
    if (!ctx->iv_fixed || ctx->key.len == 0 || ctx->enc || len > ctx->ivlen)
        return 0;
    memcpy(ctx->iv + ctx->ivlen - len, in, len);
    take_nonce(ctx);
    return 1;
}

/* Nonce of a record, and its explicit part into the record when encrypting. */
static int record_nonce(CD_AEAD_CTX *ctx, uint8_t *record, uint8_t *nonce)
{
    switch (ctx->alg->class) {
    case CD_CHACHA:
        memcpy(nonce, ctx->iv, 12);
        for (size_t i = 0; i < 8; i++)
            nonce[4 + i] ^= ctx->tls_aad[i];
        return ctx->iv_state != CD_IV_NONE;
    case CD_CCM:
        /* The sequence number counts nonces as well as any. */
        if (ctx->enc)
            memcpy(record, ctx->tls_aad, CD_TLS_EXPLICIT_IV);
        memcpy(ctx->iv + CD_TLS_FIXED_IV, record, CD_TLS_EXPLICIT_IV);
        memcpy(nonce, ctx->iv, 12);
        return 1;
    default:
        if (ctx->enc) {
            if (++ctx->records == 0) {
                ERR_raise(ERR_LIB_PROV, PROV_R_TOO_MANY_RECORDS);
                return 0;
            }
            if (!cd_tls_next_iv(ctx, record, CD_TLS_EXPLICIT_IV))
                return 0;
        } else if (!cd_tls_set_iv(ctx, record, CD_TLS_EXPLICIT_IV)) {
            return 0;
        }
        memcpy(nonce, ctx->nonce, 12);
        return 1;
    }
}

int cd_tls_record(CD_AEAD_CTX *ctx, uint8_t *out, size_t *outl,
                  const uint8_t *in, size_t inl)
{
    size_t head = explicit_len(ctx), taglen = record_tag(ctx);
    uint8_t nonce[12];
    CD_MESSAGE m = {
        .nonce = nonce,
        .noncelen = sizeof(nonce),
        .aad = ctx->tls_aad,
        .aad_len = sizeof(ctx->tls_aad),
        .taglen = taglen,
    };
    int ok;

    *outl = 0;
    ctx->tls = false;
    if (in == NULL || out != in || inl < head + taglen
        || inl - head - taglen != ctx->tls_len || ctx->ivlen != 12
        || !record_nonce(ctx, out, nonce))
        return 0;
    m.in = m.out = out + head;
    m.len = ctx->tls_len;
    m.tag = m.out + m.len;
    ok = cd_aead_message(ctx, &m);
    if (!ok && !ctx->enc)
        OPENSSL_cleanse(m.out, m.len);
    /* The nonce of a record is that of no other message. */
    if (ctx->alg->class == CD_GCM)
        ctx->iv_state = CD_IV_USED;
    *outl = !ok ? 0 : ctx->enc ? inl : m.len;
    return ok;
}
