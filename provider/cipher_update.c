/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher_update.c - blocks and padding of CBC and ECB; CTR and XTS as they
 * come.
 *
 * Decryption with padding keeps the last whole block back until more comes or
 * the end is announced, since that block may be the padded one.
 */
#include "provider/cipher.h"

#include <string.h>

static int key_there(const CD_CIPHER_CTX *ctx)
{
    if (ctx->key.len != 0)
        return 1;
    ERR_raise(ERR_LIB_PROV, PROV_R_NO_KEY_SET);
    return 0;
}

static int too_small(void)
{
    ERR_raise(ERR_LIB_PROV, PROV_R_OUTPUT_BUFFER_TOO_SMALL);
    return 0;
}

/* One call is one record, in place. */
static int tls_update(CD_CIPHER_CTX *ctx, uint8_t *out, size_t *outl,
                      size_t outsize, const uint8_t *in, size_t inl)
{
    if (in == NULL || in != out || outsize < inl || !ctx->pad)
        goto failed;
    if (ctx->enc) {
        inl = cd_tls_pad(ctx, out, inl, outsize);
        if (inl == 0)
            goto failed;
    }
    if (inl % CD_BLOCK != 0 || !cd_cipher_run(ctx, out, in, inl))
        goto failed;
    *outl = inl;
    if (ctx->enc || cd_tls_unpad(ctx, out, outl))
        return 1;
failed:
    ERR_raise(ERR_LIB_PROV, PROV_R_CIPHER_OPERATION_FAILED);
    return 0;
}

/* Moves input to the buffer until that is a block. */
static void fill(CD_CIPHER_CTX *ctx, const uint8_t **in, size_t *inl)
{
    size_t n = CD_BLOCK - ctx->buffered;

    if (n > *inl)
        n = *inl;
    if (n != 0)
        memcpy(ctx->buf + ctx->buffered, *in, n);
    ctx->buffered += n;
    *in += n;
    *inl -= n;
}

/* @in is consumed after output was written only where the two do not overlap.
 */
static int block_update(CD_CIPHER_CTX *ctx, uint8_t *out, size_t *outl,
                        size_t outsize, const uint8_t *in, size_t inl)
{
    size_t done = 0, whole;

    if (ctx->buffered != 0)
        fill(ctx, &in, &inl);
    if (ctx->buffered == CD_BLOCK && (ctx->enc || inl != 0 || !ctx->pad)) {
        if (outsize < CD_BLOCK)
            return too_small();
        if (!cd_cipher_run(ctx, out, ctx->buf, CD_BLOCK))
            return 0;
        ctx->buffered = 0;
        done = CD_BLOCK;
    }
    whole = ctx->buffered == 0 ? inl - inl % CD_BLOCK : 0;
    if (whole != 0 && !ctx->enc && ctx->pad && whole == inl)
        whole -= CD_BLOCK;
    if (outsize - done < whole)
        return too_small();
    if (whole != 0) {
        if (!cd_cipher_run(ctx, out + done, in, whole))
            return 0;
        done += whole;
        in += whole;
        inl -= whole;
    }
    fill(ctx, &in, &inl);
    *outl = done;
    return 1;
}

int cd_block_update(void *vctx, unsigned char *out, size_t *outl,
                    size_t outsize, const unsigned char *in, size_t inl)
{
    CD_CIPHER_CTX *ctx = vctx;
    uint8_t *copy;
    int ok;

    if (!key_there(ctx))
        return 0;
    if (ctx->tls_version != 0)
        return tls_update(ctx, out, outl, outsize, in, inl);
    /* In place, but behind by what is buffered: output would run into input. */
    if (ctx->buffered != 0 && inl != 0 && (uintptr_t)out < (uintptr_t)in + inl
        && (uintptr_t)in < (uintptr_t)out + inl + CD_BLOCK) {
        copy = OPENSSL_memdup(in, inl);
        ok = copy != NULL && block_update(ctx, out, outl, outsize, copy, inl);
        OPENSSL_clear_free(copy, inl);
        return ok;
    }
    return block_update(ctx, out, outl, outsize, in, inl);
}

static int final_encrypt(CD_CIPHER_CTX *ctx, uint8_t *out, size_t *outl,
                         size_t outsize)
{
    size_t missing = CD_BLOCK - ctx->buffered;

    if (!ctx->pad && ctx->buffered == 0) {
        *outl = 0;
        return 1;
    }
    if (!ctx->pad && missing != 0) {
        ERR_raise(ERR_LIB_PROV, PROV_R_WRONG_FINAL_BLOCK_LENGTH);
        return 0;
    }
    memset(ctx->buf + ctx->buffered, (int)missing, missing);
    if (outsize < CD_BLOCK)
        return too_small();
    if (!cd_cipher_run(ctx, out, ctx->buf, CD_BLOCK))
        return 0;
    ctx->buffered = 0;
    *outl = CD_BLOCK;
    return 1;
}

/* Bytes of padding of a block, or 0. */
static size_t padding(const uint8_t *block)
{
    size_t n = block[CD_BLOCK - 1];

    if (n == 0 || n > CD_BLOCK)
        return 0;
    for (size_t i = CD_BLOCK - n; i < CD_BLOCK; i++)
        if (block[i] != n)
            return 0;
    return n;
}

static int final_decrypt(CD_CIPHER_CTX *ctx, uint8_t *out, size_t *outl,
                         size_t outsize)
{
    size_t len = CD_BLOCK, pad;

    if (!ctx->pad && ctx->buffered == 0) {
        *outl = 0;
        return 1;
    }
    if (ctx->buffered != CD_BLOCK) {
        ERR_raise(ERR_LIB_PROV, PROV_R_WRONG_FINAL_BLOCK_LENGTH);
        return 0;
    }
    if (!cd_cipher_run(ctx, ctx->buf, ctx->buf, CD_BLOCK))
        return 0;
    if (ctx->pad) {
        pad = padding(ctx->buf);
        if (pad == 0) {
            ERR_raise(ERR_LIB_PROV, PROV_R_BAD_DECRYPT);
            return 0;
        }
        len -= pad;
    }
    if (outsize < len)
        return too_small();
    if (len != 0)
        memcpy(out, ctx->buf, len);
    ctx->buffered = 0;
    *outl = len;
    return 1;
}

int cd_block_final(void *vctx, unsigned char *out, size_t *outl, size_t outsize)
{
    CD_CIPHER_CTX *ctx = vctx;

    if (!key_there(ctx))
        return 0;
    if (ctx->tls_version != 0) {
        /* A record has no end but its own. */
        ERR_raise(ERR_LIB_PROV, PROV_R_CIPHER_OPERATION_FAILED);
        return 0;
    }
    return ctx->enc ? final_encrypt(ctx, out, outl, outsize)
                    : final_decrypt(ctx, out, outl, outsize);
}

/* What XTS asks of a data unit. */
#define CD_XTS_MAX ((size_t)(1 << 20) * CD_BLOCK)

static int unit_ok(const CD_CIPHER_CTX *ctx, size_t len)
{
    if (ctx->alg->mode != EVP_CIPH_XTS_MODE)
        return 1;
    if (len > CD_XTS_MAX) {
        ERR_raise(ERR_LIB_PROV, PROV_R_XTS_DATA_UNIT_IS_TOO_LARGE);
        return 0;
    }
    return ctx->iv_set && len >= CD_BLOCK;
}

int cd_stream_update(void *vctx, unsigned char *out, size_t *outl,
                     size_t outsize, const unsigned char *in, size_t inl)
{
    CD_CIPHER_CTX *ctx = vctx;

    if (!key_there(ctx))
        return 0;
    if (inl == 0 && ctx->alg->mode != EVP_CIPH_XTS_MODE) {
        *outl = 0;
        return 1;
    }
    if (outsize < inl)
        return too_small();
    if (in == NULL || out == NULL || !unit_ok(ctx, inl)
        || !cd_cipher_run(ctx, out, in, inl)) {
        ERR_raise(ERR_LIB_PROV, PROV_R_CIPHER_OPERATION_FAILED);
        return 0;
    }
    *outl = inl;
    return 1;
}

int cd_stream_final(void *vctx, unsigned char *out, size_t *outl,
                    size_t outsize)
{
    *outl = 0;
    return 1;
}

/* EVP_Cipher(): the bytes as they are, no buffer, no padding. */
int cd_whole_cipher(void *vctx, unsigned char *out, size_t *outl,
                    size_t outsize, const unsigned char *in, size_t inl)
{
    CD_CIPHER_CTX *ctx = vctx;

    if (!key_there(ctx))
        return 0;
    if (outsize < inl)
        return too_small();
    if (in == NULL || inl % ctx->alg->blocksize != 0 || !unit_ok(ctx, inl)
        || (inl != 0 && !cd_cipher_run(ctx, out, in, inl))) {
        ERR_raise(ERR_LIB_PROV, PROV_R_CIPHER_OPERATION_FAILED);
        return 0;
    }
    *outl = inl;
    return 1;
}
