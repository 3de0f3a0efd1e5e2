/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher_tls.c - padding and MAC of TLS CBC records.
 *
 * libssl leaves both to the cipher since OpenSSL 3.0: with a TLS version set,
 * one update is one record in place. Decryption has to hide where the padding
 * was wrong, and where the MAC therefore lies, from anybody who can time it
 * (the Lucky 13 attack). So no branch and no address here depends on a byte of
 * plaintext.
 */
#include "provider/cipher.h"

#include <string.h>

#include <openssl/prov_ssl.h>
#include <openssl/rand.h>

/* Padding is at most so long, its length byte included. */
#define CD_TLS_MAX_PADDING 256

size_t cd_tls_pad(const CD_CIPHER_CTX *ctx, uint8_t *record, size_t len,
                  size_t room)
{
    size_t n = CD_BLOCK - len % CD_BLOCK;

    if (room - len < n)
        return 0;
    /* Of SSL 3.0 only the last byte means something. */
    if (ctx->tls_version == SSL3_VERSION)
        memset(record + len, 0, n);
    else
        memset(record + len, (int)(n - 1), n);
    record[len + n - 1] = (uint8_t)(n - 1);
    return len + n;
}

/* All bits set if the condition holds, else none; values are below 2^31. */
static uint32_t mask_less(uint32_t a, uint32_t b)
{
    uint32_t borrow = (a - b) >> 31;

    /* So that the compiler cannot make a branch of it. */
    __asm__ volatile("" : "+r"(borrow));
    return 0 - borrow;
}

static uint32_t mask_equal(uint32_t a, uint32_t b)
{
    return ~(mask_less(a, b) | mask_less(b, a));
}

/* Copies @size bytes at the secret @at of @from; they end before @end. */
static void copy_hidden(uint8_t *to, size_t size, const uint8_t *from,
                        uint32_t at, uint32_t end)
{
    uint32_t span = (uint32_t)size + CD_TLS_MAX_PADDING;
    uint32_t begin = end > span ? end - span : 0;

    memset(to, 0, size);
    for (uint32_t i = 0; i < size; i++) {
        uint8_t byte = 0;

        for (uint32_t j = begin; j < end; j++)
            byte |= (uint8_t)(from[j] & mask_equal(j, at + i));
        to[i] = byte;
    }
}

/* SSL 3.0: less than a block, contents arbitrary. TLS: each byte says its
 * length. */
static uint32_t padding_good(const CD_CIPHER_CTX *ctx, const uint8_t *record,
                             uint32_t len)
{
    uint32_t pad = record[len - 1], check = CD_TLS_MAX_PADDING, good;

    good = ~mask_less(len, (uint32_t)ctx->tls_mac_size + 1 + pad);
    if (ctx->tls_version == SSL3_VERSION)
        return good & mask_less(pad, CD_BLOCK);
    if (check > len)
        check = len;
    for (uint32_t i = 0; i < check; i++)
        good &= ~mask_less(i, pad + 1) | mask_equal(record[len - 1 - i], pad);
    return good;
}

int cd_tls_unpad(CD_CIPHER_CTX *ctx, const uint8_t *record, size_t *len)
{
    size_t skip = 0, mac_size = ctx->tls_mac_size;
    uint8_t random[CD_MAX_DIGEST];
    uint32_t n, good;

    /* From TLS 1.1 on the first block is the IV, which decryption makes
     * garbage. */
    if (ctx->tls_version != SSL3_VERSION && ctx->tls_version != TLS1_VERSION)
        skip = CD_BLOCK;
    if (*len < skip + mac_size + 1 || *len > INT32_MAX)
        return 0;
    record += skip;
    n = (uint32_t)(*len - skip);
    good = padding_good(ctx, record, n);
    ctx->tls_mac = NULL;
    /* Encrypt-then-MAC: the MAC was checked before, and is not in here. */
    if (mac_size == 0) {
        *len = n - (good & (record[n - 1] + 1u));
        return good != 0;
    }
    if (RAND_bytes_ex(ctx->prov->soft, random, mac_size, 0) != 1)
        return 0;
    *len = n - (good & (record[n - 1] + 1u)) - mac_size;
    copy_hidden(ctx->mac, mac_size, record, (uint32_t)*len, n);
    for (size_t i = 0; i < mac_size; i++)
        ctx->mac[i] = (uint8_t)((ctx->mac[i] & good) | (random[i] & ~good));
    ctx->tls_mac = ctx->mac;
    return 1;
}
