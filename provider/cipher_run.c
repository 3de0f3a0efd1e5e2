/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher_run.c - a run of bytes of CBC, CTR, ECB or XTS, on device or software.
 *
 * Position
 * --------
 * iv and num of the context are the position, after a piece of the device or of
 * the software. Each operation passes the IV to the device. The IV after it is
 * computed here, since implementations differ in when they write one back. The
 * software gets the position when it is not current, which is the case after a
 * piece of the device.
 *
 * Overlap
 * -------
 * The device may fail with part of its output written. Where output and input
 * share memory, it therefore writes to memory of the context, a piece at a
 * time, and a piece is copied when it is complete. So the input of a failed
 * piece is still there for the software.
 */
#include "provider/cipher.h"

#include <errno.h>
#include <string.h>

/* Most bytes of a piece in place. Large enough that the round trip does not
 * matter. */
#define CD_PIECE ((size_t)64 * 1024)

/* Most bytes of another piece; the ABI counts in 32 bits. */
#define CD_MAX_OP ((size_t)1 << 30)

/* The longest data unit of XTS in place; it cannot be cut. */
#define CD_XTS_MAX_BOUNCE ((size_t)1 << 20)

void cd_cipher_key_changed(CD_CIPHER_CTX *ctx)
{
    cd_session_end(&ctx->session);
    ctx->soft_keyed = ctx->soft_current = false;
}

static bool overlap(const uint8_t *a, const uint8_t *b, size_t len)
{
    return (uintptr_t)a < (uintptr_t)b + len
           && (uintptr_t)b < (uintptr_t)a + len;
}

static void counter_add(uint8_t *counter, size_t blocks)
{
    for (size_t i = CD_BLOCK; i-- > 0 && blocks != 0;) {
        blocks += counter[i];
        counter[i] = (uint8_t)blocks;
        blocks >>= 8;
    }
}

/* The device */

static int device_session(CD_CIPHER_CTX *ctx)
{
    struct session_op op = {
        .cipher = ctx->alg->id,
        .keylen = (uint32_t)ctx->key.len,
        .key = ctx->key.bytes,
    };

    return cd_session_make(ctx->prov->device, &ctx->session, &op);
}

/*
 * One operation of whole blocks. @iv is the one before it, and the one after it
 * on success. Return: 0 or a negative errno.
 */
static int device_op(CD_CIPHER_CTX *ctx, uint8_t *iv, uint8_t *out,
                     const uint8_t *in, size_t len)
{
    uint8_t start[CD_BLOCK], next[CD_BLOCK];
    struct crypt_op op = {
        .op = ctx->enc ? COP_ENCRYPT : COP_DECRYPT,
        .len = (uint32_t)len,
        .src = (uint8_t *)in,
        .dst = out,
        .iv = start,
    };
    int error = device_session(ctx);

    if (error != 0)
        return error;
    op.ses = ctx->session.ses;
    op.flags = cd_session_flags(&ctx->session);
    memcpy(start, iv, sizeof(start));
    memcpy(next, iv, sizeof(next));
    error = cd_session_call(&ctx->session, CIOCCRYPT, &op);
    if (error != 0)
        return error;
    if (ctx->alg->mode == EVP_CIPH_CBC_MODE)
        memcpy(next, (ctx->enc ? out : in) + len - CD_BLOCK, CD_BLOCK);
    else if (ctx->alg->mode == EVP_CIPH_CTR_MODE)
        counter_add(next, len / CD_BLOCK);
    memcpy(iv, next, sizeof(next));
    cd_count_device(ctx->prov, ctx->alg->class, len);
    return 0;
}

/* Return: bytes of @len that the device has processed; the position is after
 * them. */
static size_t device_run(CD_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in,
                         size_t len)
{
    bool shared = overlap(out, in, len);
    size_t done = 0, piece = shared ? CD_PIECE : CD_MAX_OP;
    uint8_t *to;
    int error;

    if (ctx->alg->mode == EVP_CIPH_XTS_MODE)
        piece = shared ? CD_XTS_MAX_BOUNCE : CD_MAX_OP;
    if (ctx->alg->mode == EVP_CIPH_XTS_MODE && len > piece)
        return 0;
    while (done < len) {
        size_t n = len - done < piece ? len - done : piece;

        to = out + done;
        if (shared)
            to = cd_bounce(&ctx->bounce, &ctx->bounce_size, n);
        if (to == NULL)
            break;
        error = device_op(ctx, ctx->iv, to, in + done, n);
        if (error != 0) {
            if (error != -EAGAIN)
                cd_count_error(ctx->prov);
            break;
        }
        if (shared)
            memcpy(out + done, to, n);
        done += n;
    }
    if (done != 0)
        ctx->soft_current = false;
    cd_bounce_free(&ctx->bounce, &ctx->bounce_size);
    return done;
}

/* The software */

static int soft_ready(CD_CIPHER_CTX *ctx)
{
    const uint8_t *iv = ctx->alg->ivlen != 0 ? ctx->iv : NULL;
    EVP_CIPHER *cipher;
    int ok;

    if (ctx->soft_current && ctx->soft_enc == ctx->enc)
        return 1;
    if (ctx->soft != NULL && ctx->soft_keyed && ctx->soft_enc == ctx->enc) {
        ok = EVP_CipherInit_ex2(ctx->soft, NULL, NULL, iv, ctx->enc, NULL);
    } else {
        if (ctx->soft == NULL)
            ctx->soft = EVP_CIPHER_CTX_new();
        cipher = cd_soft_cipher(ctx->prov, ctx->alg);
        ok = ctx->soft != NULL && cipher != NULL
             && EVP_CipherInit_ex2(ctx->soft, cipher, ctx->key.bytes, iv,
                                   ctx->enc, NULL)
                    == 1
             && EVP_CIPHER_CTX_set_padding(ctx->soft, 0) == 1;
        EVP_CIPHER_free(cipher);
    }
    ctx->soft_enc = ctx->enc;
    ctx->soft_keyed = ctx->soft_current = ok == 1;
    return ok == 1;
}

/* Moves a new CTR software context to the middle of the block before @iv. */
static int soft_skip(CD_CIPHER_CTX *ctx)
{
    uint8_t before[CD_BLOCK], nothing[CD_BLOCK] = {0};
    int n, ok;

    if (ctx->num == 0 || (ctx->soft_current && ctx->soft_enc == ctx->enc))
        return soft_ready(ctx);
    memcpy(before, ctx->iv, sizeof(before));
    /* One back: all counters but one forward. */
    for (size_t i = CD_BLOCK; i-- > 0 && ctx->iv[i]-- == 0;)
        ;
    ok = soft_ready(ctx);
    memcpy(ctx->iv, before, sizeof(before));
    return ok
           && EVP_CipherUpdate(ctx->soft, nothing, &n, nothing, (int)ctx->num);
}

/*
 * A program may write to the IV that EVP_CIPHER_CTX_iv_noconst() shows. The
 * rest of a CTR block still comes from the old IV. Return: bytes that are done,
 * SIZE_MAX on failure.
 */
static size_t soft_rest(CD_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in,
                        size_t len)
{
    size_t rest = 0;
    int n;

    if (!ctx->soft_current
        || memcmp(ctx->iv, ctx->soft_iv, ctx->alg->ivlen) == 0)
        return 0;
    if (ctx->num != 0)
        rest = CD_BLOCK - ctx->num < len ? CD_BLOCK - ctx->num : len;
    if (rest != 0 && EVP_CipherUpdate(ctx->soft, out, &n, in, (int)rest) != 1)
        return SIZE_MAX;
    ctx->num = (unsigned int)((ctx->num + rest) % CD_BLOCK);
    if (ctx->num == 0)
        ctx->soft_current = false;
    return rest;
}

static int soft_piece(CD_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in,
                      size_t len)
{
    uint8_t last[CD_BLOCK];
    size_t rest = soft_rest(ctx, out, in, len);
    int n;

    if (rest == SIZE_MAX)
        return 0;
    out += rest;
    in += rest;
    len -= rest;
    if (len == 0)
        return 1;

    if (ctx->alg->mode == EVP_CIPH_CBC_MODE && !ctx->enc)
        memcpy(last, in + len - CD_BLOCK, CD_BLOCK);
    if (!soft_skip(ctx)
        || EVP_CipherUpdate(ctx->soft, out, &n, in, (int)len) != 1
        || (size_t)n != len)
        return 0;
    switch (ctx->alg->mode) {
    case EVP_CIPH_CBC_MODE:
        memcpy(ctx->iv, ctx->enc ? out + len - CD_BLOCK : last, CD_BLOCK);
        break;
    case EVP_CIPH_CTR_MODE:
        counter_add(ctx->iv, (ctx->num + len + CD_BLOCK - 1) / CD_BLOCK
                                 - (ctx->num != 0));
        ctx->num = (unsigned int)((ctx->num + len) % CD_BLOCK);
        break;
    default:
        break;
    }
    memcpy(ctx->soft_iv, ctx->iv, sizeof(ctx->soft_iv));
    return 1;
}

static int soft_run(CD_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in,
                    size_t len)
{
    size_t total = len;

    for (size_t n; len != 0; len -= n, out += n, in += n) {
        n = len < CD_MAX_OP ? len : CD_MAX_OP;
        if (!soft_piece(ctx, out, in, n))
            return 0;
    }
    if (total != 0)
        cd_count_soft(ctx->prov, total);
    return 1;
}

int cd_cipher_run(CD_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in,
                  size_t len)
{
    size_t n = 0;

    /* The rest of a CTR block. */
    if (ctx->num != 0 && cd_bulk(ctx->prov, ctx->alg->class, len)) {
        n = CD_BLOCK - ctx->num < len ? CD_BLOCK - ctx->num : len;
        if (!soft_run(ctx, out, in, n))
            return 0;
        out += n;
        in += n;
        len -= n;
    }
    n = len - len % CD_BLOCK;
    if (n == len || ctx->alg->mode != EVP_CIPH_XTS_MODE)
        if (cd_bulk(ctx->prov, ctx->alg->class, n)) {
            n = device_run(ctx, out, in, n);
            out += n;
            in += n;
            len -= n;
        }
    return soft_run(ctx, out, in, len);
}
