/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher.h - contexts of CBC, CTR, ECB and XTS.
 */
#ifndef CD_CIPHER_H
#define CD_CIPHER_H

#include "provider/device.h"

#define CD_BLOCK 16
#define CD_MAX_DIGEST 64

/**
 * struct cd_cipher_ctx_st - one context.
 * @prov, @alg: its provider and algorithm
 * @enc: encrypts
 * @key: the key; empty until it is set
 * @first_iv: the IV as it was given
 * @iv: the IV that continues
 * @iv_set: an IV was given
 * @num: CTR: bytes of the current counter block that are used up; @iv is then
 * the block after it
 * @pad: pad the last block
 * @buf, @buffered: bytes of an incomplete block; when decrypting, a block kept
 * back
 * @tls_version: TLS does its records on this context; 0: not
 * @tls_mac_size, @tls_mac: what TLS reads after it has decrypted a record; the
 * MAC is in @mac
 * @soft: the software, or NULL
 * @soft_keyed: it has the key, for the direction @soft_enc
 * @soft_current: and is at the position of @soft_iv and @num
 * @soft_iv: @iv as it was left then; the program may have written another one
 * @session: on the device
 * @bounce, @bounce_size: memory for output that must not overwrite its input
 */
typedef struct cd_cipher_ctx_st {
    CD_PROV *prov;
    const CD_ALG *alg;
    bool enc;
    CD_KEY key;
    uint8_t first_iv[CD_BLOCK];
    uint8_t iv[CD_BLOCK];
    bool iv_set;
    unsigned int num;
    bool pad;
    uint8_t buf[CD_BLOCK];
    size_t buffered;
    unsigned int tls_version;
    size_t tls_mac_size;
    uint8_t mac[CD_MAX_DIGEST];
    const uint8_t *tls_mac;
    EVP_CIPHER_CTX *soft;
    bool soft_keyed;
    bool soft_enc;
    bool soft_current;
    uint8_t soft_iv[CD_BLOCK];
    CD_SESSION session;
    uint8_t *bounce;
    size_t bounce_size;
} CD_CIPHER_CTX;

/* cipher_update.c */
OSSL_FUNC_cipher_update_fn cd_block_update;
OSSL_FUNC_cipher_final_fn cd_block_final;
OSSL_FUNC_cipher_update_fn cd_stream_update;
OSSL_FUNC_cipher_final_fn cd_stream_final;
OSSL_FUNC_cipher_cipher_fn cd_whole_cipher;

/**
 * cd_cipher_run - encrypts or decrypts @len bytes from where the context is.
 * @len: a multiple of the block for CBC and ECB, a data unit for XTS
 *
 * @out may equal @in or not overlap it, or overlap it in any way.
 */
int cd_cipher_run(CD_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in,
                  size_t len);

/** cd_cipher_key_changed - a new key: what depends on the old one is ended. */
void cd_cipher_key_changed(CD_CIPHER_CTX *ctx);

/** cd_tls_pad - pads the plaintext of a record. Return: its length then, or 0.
 */
size_t cd_tls_pad(const CD_CIPHER_CTX *ctx, uint8_t *record, size_t len,
                  size_t room);

/**
 * cd_tls_unpad - takes IV, padding and MAC off a decrypted record.
 * @len: bytes of the record; afterwards of the payload
 *
 * Takes the same time whatever the padding is. When the padding is wrong, @mac
 * of the context is filled with random bytes, and the caller's comparison of
 * MACs fails. Return: 1, or 0 when the record is too short, which everybody can
 * see.
 */
int cd_tls_unpad(CD_CIPHER_CTX *ctx, const uint8_t *record, size_t *len);

#endif /* CD_CIPHER_H */
