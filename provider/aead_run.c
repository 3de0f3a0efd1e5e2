/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead_run.c - AEAD messages on device and software.
 *
 * The ABI does a whole message in one call, with the tag behind the data. So
 * the device's output always goes to memory of the context: the caller's has no
 * room for the tag, and unverified or half-written plaintext must not reach it.
 * Software repeats a message that the device finds not authentic; its output
 * and its failure are then the same as without a device.
 *
 * When more data follows, the device's answer was for a shorter message. Its
 * data is right, since all three are stream modes; only the tag is not.
 * cd_aead_replay() undoes the encryption of the kept data and feeds it to the
 * software, which continues from there.
 */
#include "provider/aead.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Most bytes for one call of EVP. */
#define CD_MAX_FEED ((size_t)1 << 30)

/* The device */

/* A tag length other than the usual one stays with a session; only CCM uses
 * one. */
static int session_make(CD_AEAD_CTX *ctx, size_t taglen)
{
    struct session_op op = {
        .cipher = ctx->alg->id,
        .keylen = (uint32_t)ctx->key.len,
        .key = ctx->key.bytes,
    };
    int error;

    if (ctx->session_tag != taglen)
        cd_session_end(&ctx->session);
    error = cd_session_make(ctx->prov->device, &ctx->session, &op);
    ctx->session_tag = taglen;
    return error;
}

/* The nonce as the ABI has it: CCM's is the first block's, flags and nonce. */
static int abi_nonce(const CD_AEAD_CTX *ctx, const CD_MESSAGE *m, uint8_t *iv)
{
    memset(iv, 0, EALG_MAX_BLOCK_LEN);
    if (ctx->alg->class == CD_CCM) {
        iv[0] = (uint8_t)(14 - m->noncelen);
        memcpy(iv + 1, m->nonce, m->noncelen);
        return 1;
    }
    if (m->noncelen != 12)
        return 0;
    memcpy(iv, m->nonce, m->noncelen);
    return 1;
}

static bool for_device(const CD_AEAD_CTX *ctx, const CD_MESSAGE *m)
{
    return cd_bulk(ctx->prov, ctx->alg->class, m->len)
           && m->len <= UINT32_MAX - CD_TAG && m->aad_len <= CD_MAX_DEVICE_AAD
           && m->len < atomic_load_explicit(&ctx->prov->max_aead,
                                            memory_order_relaxed)
           && (ctx->alg->class == CD_CCM || m->taglen == CD_TAG);
}

static int device_call(CD_AEAD_CTX *ctx, const CD_MESSAGE *m, uint8_t *iv)
{
    size_t out_len = ctx->enc ? m->len + m->taglen : m->len;
    struct crypt_auth_op op = {
        .op = ctx->enc ? COP_ENCRYPT : COP_DECRYPT,
        .len = (uint32_t)(ctx->enc ? m->len : m->len + m->taglen),
        .auth_len = (uint32_t)m->aad_len,
        .auth_src = m->aad_len != 0 ? (uint8_t *)m->aad : NULL,
        .src = ctx->enc ? (uint8_t *)m->in : ctx->bounce,
        .dst = ctx->bounce,
        .tag_len = (uint32_t)m->taglen,
        .iv = iv,
        .iv_len = EALG_MAX_BLOCK_LEN,
    };
    int error;

    op.ses = ctx->session.ses;
    op.flags = cd_session_flags(&ctx->session);
    error = cd_session_call(&ctx->session, CIOCAUTHCRYPT, &op);
    /* Another length means another operation than the requested one. */
    if (error == 0 && op.len != out_len)
        error = -EPROTO;
    return error;
}

int cd_aead_device(CD_AEAD_CTX *ctx, const CD_MESSAGE *m)
{
    uint8_t iv[EALG_MAX_BLOCK_LEN];
    int error;

    ctx->held = 0;
    if (!for_device(ctx, m) || !abi_nonce(ctx, m, iv))
        return 0;
    /* Before anything is copied, as the device may be missing. */
    error = session_make(ctx, m->taglen);
    if (error != 0) {
        if (error != -EAGAIN)
            cd_count_error(ctx->prov);
        return 0;
    }
    if (cd_bounce(&ctx->bounce, &ctx->bounce_size, m->len + CD_TAG) == NULL)
        return 0;
    if (!ctx->enc) {
        memcpy(ctx->bounce, m->in, m->len);
        memcpy(ctx->bounce + m->len, m->tag, m->taglen);
    }
    error = device_call(ctx, m, iv);
    if (error == -EMSGSIZE && m->len < atomic_load(&ctx->prov->max_aead))
        atomic_store(&ctx->prov->max_aead, m->len);
    if (error != 0) {
        if (error != -EMSGSIZE && error != -EBADMSG && error != -EAGAIN)
            cd_count_error(ctx->prov);
        return 0;
    }
    if (ctx->enc)
        memcpy(m->tag, ctx->bounce + m->len, m->taglen);
    ctx->held = m->len;
    cd_count_device(ctx->prov, ctx->alg->class, m->len);
    return 1;
}

/* The software */

static int ctrl(EVP_CIPHER_CTX *soft, int type, size_t len, const void *data)
{
    return EVP_CIPHER_CTX_ctrl(soft, type, (int)len, (void *)data) == 1;
}

/* CCM's key setup depends on lengths of nonce and tag. */
static int soft_init(CD_AEAD_CTX *ctx, const uint8_t *nonce, size_t noncelen,
                     const uint8_t *tag, size_t taglen)
{
    bool ccm = ctx->alg->class == CD_CCM;
    EVP_CIPHER *cipher;
    int ok;

    if (ctx->soft_keyed && ctx->soft_enc == ctx->enc
        && ctx->soft_ivlen == noncelen && (!ccm || ctx->soft_taglen == taglen)
        && (!ccm || ctx->enc
            || ctrl(ctx->soft, EVP_CTRL_AEAD_SET_TAG, taglen, tag)))
        return EVP_CipherInit_ex2(ctx->soft, NULL, NULL, nonce, ctx->enc, NULL);
    if (ctx->soft == NULL)
        ctx->soft = EVP_CIPHER_CTX_new();
    cipher = cd_soft_cipher(ctx->prov, ctx->alg);
    ok = ctx->soft != NULL && cipher != NULL && EVP_CIPHER_CTX_reset(ctx->soft)
         && EVP_CipherInit_ex2(ctx->soft, cipher, NULL, NULL, ctx->enc, NULL)
         && ctrl(ctx->soft, EVP_CTRL_AEAD_SET_IVLEN, noncelen, NULL)
         && (!ccm
             || ctrl(ctx->soft, EVP_CTRL_AEAD_SET_TAG, taglen,
                     ctx->enc ? NULL : tag))
         && EVP_CipherInit_ex2(ctx->soft, NULL, ctx->key.bytes, nonce, ctx->enc,
                               NULL);
    EVP_CIPHER_free(cipher);
    ctx->soft_keyed = ok != 0;
    ctx->soft_enc = ctx->enc;
    ctx->soft_ivlen = noncelen;
    ctx->soft_taglen = taglen;
    return ok;
}

/* EVP counts in int. CCM takes its data at once: that goes by EVP_Cipher(),
 * which counts in unsigned int. */
static int feed_ccm(EVP_CIPHER_CTX *soft, uint8_t *out, const uint8_t *in,
                    size_t len)
{
    int n;

    if (len <= INT_MAX)
        return EVP_CipherUpdate(soft, out, &n, in, (int)len) == 1;
    return len < UINT_MAX && EVP_Cipher(soft, out, in, (unsigned int)len) != -1;
}

static int feed(EVP_CIPHER_CTX *soft, uint8_t *out, const uint8_t *in,
                size_t len)
{
    size_t piece;
    int n;

    for (; len != 0; len -= piece, in += piece) {
        piece = len < CD_MAX_FEED ? len : CD_MAX_FEED;
        if (EVP_CipherUpdate(soft, out, &n, in, (int)piece) != 1)
            return 0;
        if (out != NULL)
            out += piece;
    }
    return 1;
}

int cd_aead_feed(CD_AEAD_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
    return feed(ctx->soft, out, in, len);
}

static int soft_message(CD_AEAD_CTX *ctx, const CD_MESSAGE *m)
{
    bool ccm = ctx->alg->class == CD_CCM;
    uint8_t nothing[CD_TAG] = {0};
    int n;

    cd_count_soft(ctx->prov, m->len);
    if (!soft_init(ctx, m->nonce, m->noncelen, m->tag, m->taglen))
        return 0;
    /* CCM needs the length before the additional data. OpenSSL 3.5 does not
     * accept one above INT_MAX. */
    if (ccm
        && (((m->aad_len != 0 || m->len <= INT_MAX)
             && !feed_ccm(ctx->soft, NULL, NULL, m->len))
            || (m->aad_len != 0
                && !feed_ccm(ctx->soft, NULL, m->aad, m->aad_len))
            || !feed_ccm(ctx->soft, m->out, m->len != 0 ? m->in : nothing,
                         m->len)))
        return 0;
    if (!ccm
        && (!feed(ctx->soft, NULL, m->aad, m->aad_len)
            || !feed(ctx->soft, m->out, m->in, m->len)))
        return 0;
    if (!ctx->enc && !ccm
        && !ctrl(ctx->soft, EVP_CTRL_AEAD_SET_TAG, m->taglen, m->tag))
        return 0;
    if (EVP_CipherFinal_ex(ctx->soft, nothing, &n) != 1)
        return 0;
    return !ctx->enc
           || ctrl(ctx->soft, EVP_CTRL_AEAD_GET_TAG, m->taglen, m->tag);
}

int cd_aead_message(CD_AEAD_CTX *ctx, const CD_MESSAGE *m)
{
    int ok = cd_aead_device(ctx, m);

    if (ok)
        memcpy(m->out, ctx->bounce, m->len);
    cd_bounce_free(&ctx->bounce, &ctx->bounce_size);
    ctx->held = 0;
    return ok || soft_message(ctx, m);
}

int cd_aead_soft_start(CD_AEAD_CTX *ctx)
{
    if (!soft_init(ctx, ctx->nonce, ctx->ivlen, NULL, 0)
        || !feed(ctx->soft, NULL, ctx->aad, ctx->aad_len))
        return 0;
    ctx->phase = CD_SOFTWARE;
    return 1;
}

int cd_aead_replay(CD_AEAD_CTX *ctx)
{
    EVP_CIPHER_CTX *back = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = cd_soft_cipher(ctx->prov, ctx->alg);
    int ok =
        back != NULL && cipher != NULL
        && EVP_CipherInit_ex2(back, cipher, ctx->key.bytes, NULL, !ctx->enc,
                              NULL)
        && ctrl(back, EVP_CTRL_AEAD_SET_IVLEN, ctx->ivlen, NULL)
        && EVP_CipherInit_ex2(back, NULL, NULL, ctx->nonce, !ctx->enc, NULL)
        && feed(back, ctx->bounce, ctx->bounce, ctx->held)
        && cd_aead_soft_start(ctx)
        && feed(ctx->soft, ctx->bounce, ctx->bounce, ctx->held);

    EVP_CIPHER_CTX_free(back);
    EVP_CIPHER_free(cipher);
    cd_count_soft(ctx->prov, ctx->held);
    ctx->held = 0;
    return ok;
}
