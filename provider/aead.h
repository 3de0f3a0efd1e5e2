/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.h - contexts of GCM, CCM and ChaCha20-Poly1305.
 */
#ifndef CD_AEAD_H
#define CD_AEAD_H

#include "provider/device.h"

#define CD_TAG 16
#define CD_MAX_IV 128        /* GCM takes nonces of any length */
#define CD_TLS_AAD 13        /* sequence number, type, version, length */
#define CD_TLS_FIXED_IV 4    /* of GCM and CCM in TLS 1.2 */
#define CD_TLS_EXPLICIT_IV 8 /* sent with each record there */

/* Most additional data that the device takes. */
#define CD_MAX_DEVICE_AAD 4096

/* A tag length that was never set. */
#define CD_NO_TAG SIZE_MAX

/**
 * enum cd_iv_state - state of the nonce.
 * @CD_IV_NONE: none was given
 * @CD_IV_GIVEN: the next message has it
 * @CD_IV_USED: its message has ended; another one needs another nonce
 */
enum cd_iv_state { CD_IV_NONE, CD_IV_GIVEN, CD_IV_USED };

/**
 * enum cd_aead_phase - where a message is.
 * @CD_FRESH: no data yet; additional data is kept
 * @CD_SOFTWARE: the software has it
 * @CD_DEVICE: the device has processed all data so far as a whole message
 */
enum cd_aead_phase { CD_FRESH, CD_SOFTWARE, CD_DEVICE_DONE };

/**
 * struct cd_aead_ctx_st - one context.
 * @prov, @alg: its provider and algorithm
 * @enc: encrypts
 * @key: the key; empty until it is set
 * @iv, @ivlen: the nonce as parameters show it
 * @nonce: the one of the message, @ivlen bytes
 * @iv_state: state of the nonce
 * @iv_fixed: a fixed part was set: nonces are counted up (EVP_CTRL_GCM_IV_GEN)
 * @iv_random: the nonce was drawn here
 * @tag, @taglen: expected or made; @taglen CD_NO_TAG until it is known
 * @tag_set: CCM: @tag holds one
 * @len_set, @len: CCM: length of the message
 * @tls_aad, @tls_len: of the next record; @tls_len: bytes of plaintext
 * @tls: the next update is a TLS 1.2 record
 * @tls_pad: bytes by which a record grows
 * @records: nonces used by records
 * @aad, @aad_len, @aad_size: additional data
 * @phase: where the message is
 * @bounce, @bounce_size: output of the device
 * @held: bytes of it that are data of the message
 * @verified: tag of the message that the device has verified
 * @soft, @soft_keyed, @soft_enc, @soft_ivlen, @soft_taglen: the software
 * @session, @session_tag: on the device, and its tag length
 */
typedef struct cd_aead_ctx_st {
    CD_PROV *prov;
    const CD_ALG *alg;
    bool enc;
    CD_KEY key;
    uint8_t iv[CD_MAX_IV];
    size_t ivlen;
    uint8_t nonce[CD_MAX_IV];
    enum cd_iv_state iv_state;
    bool iv_fixed;
    bool iv_random;
    uint8_t tag[CD_TAG];
    size_t taglen;
    bool tag_set;
    bool len_set;
    size_t len;
    uint8_t tls_aad[CD_TLS_AAD];
    size_t tls_len;
    bool tls;
    size_t tls_pad;
    uint64_t records;
    uint8_t *aad;
    size_t aad_len;
    size_t aad_size;
    enum cd_aead_phase phase;
    uint8_t *bounce;
    size_t bounce_size;
    size_t held;
    uint8_t verified[CD_TAG];
    EVP_CIPHER_CTX *soft;
    bool soft_keyed;
    bool soft_enc;
    size_t soft_ivlen;
    size_t soft_taglen;
    CD_SESSION session;
    size_t session_tag;
} CD_AEAD_CTX;

/**
 * struct cd_message_st - a whole message.
 * @nonce, @noncelen: nonce
 * @aad, @aad_len: additional data
 * @in, @out, @len: data; @out may equal @in
 * @tag, @taglen: the tag: made when encrypting, checked when decrypting
 */
typedef struct cd_message_st {
    const uint8_t *nonce;
    size_t noncelen;
    const uint8_t *aad;
    size_t aad_len;
    const uint8_t *in;
    uint8_t *out;
    size_t len;
    uint8_t *tag;
    size_t taglen;
} CD_MESSAGE;

/* aead.c: what all three have in common */
void *cd_aead_new(void *provctx, const CD_ALG *alg);
OSSL_FUNC_cipher_freectx_fn cd_aead_freectx;
OSSL_FUNC_cipher_dupctx_fn cd_aead_dupctx;

/** cd_aead_set_key - the key, if one is given. */
int cd_aead_set_key(CD_AEAD_CTX *ctx, const uint8_t *key, size_t len);

/** cd_aead_start - nothing has come of the next message yet. */
void cd_aead_start(CD_AEAD_CTX *ctx);

/** cd_aead_keep_aad - keeps additional data until it is needed. */
int cd_aead_keep_aad(CD_AEAD_CTX *ctx, const uint8_t *aad, size_t len);

/** cd_aead_room - whether the output has room for the input; raises an error if
 * not.
 */
int cd_aead_room(size_t outsize, size_t inl);

/* aead_params.c */
OSSL_FUNC_cipher_get_ctx_params_fn cd_aead_get_ctx_params;
OSSL_FUNC_cipher_set_ctx_params_fn cd_aead_set_ctx_params;
OSSL_FUNC_cipher_gettable_ctx_params_fn cd_gcm_gettable_ctx_params;
OSSL_FUNC_cipher_gettable_ctx_params_fn cd_ccm_gettable_ctx_params;
OSSL_FUNC_cipher_gettable_ctx_params_fn cd_chacha_gettable_ctx_params;
OSSL_FUNC_cipher_settable_ctx_params_fn cd_gcm_settable_ctx_params;
OSSL_FUNC_cipher_settable_ctx_params_fn cd_ccm_settable_ctx_params;
OSSL_FUNC_cipher_settable_ctx_params_fn cd_chacha_settable_ctx_params;

/* aead_tls.c */

/** cd_tls_set_aad - the additional data of the next record; 0 when it is
 * invalid.
 */
int cd_tls_set_aad(CD_AEAD_CTX *ctx, const uint8_t *aad, size_t len);

/** cd_tls_set_fixed - the part of the nonces that stays. @len SIZE_MAX: all. */
int cd_tls_set_fixed(CD_AEAD_CTX *ctx, const uint8_t *fixed, size_t len);

/** cd_tls_next_iv - takes the nonce, shows its last @len bytes, counts it up.
 */
int cd_tls_next_iv(CD_AEAD_CTX *ctx, uint8_t *out, size_t len);

/** cd_tls_set_iv - the last @len bytes of the nonce, from a record. */
int cd_tls_set_iv(CD_AEAD_CTX *ctx, const uint8_t *in, size_t len);

/** cd_tls_record - a whole record in place; @outl: its length then. */
int cd_tls_record(CD_AEAD_CTX *ctx, uint8_t *out, size_t *outl,
                  const uint8_t *in, size_t inl);

/* aead_run.c */

/** cd_aead_message - a whole message, on the device or in software. */
int cd_aead_message(CD_AEAD_CTX *ctx, const CD_MESSAGE *message);

/**
 * cd_aead_device - a whole message on the device.
 * Return: 1 when it did it, and @out is not written, the data lies in @bounce
 * of the context; 0 when software must.
 */
int cd_aead_device(CD_AEAD_CTX *ctx, const CD_MESSAGE *message);

/**
 * cd_aead_feed - gives @len bytes to the software, as many as there may be.
 * @out: for data; NULL for additional data
 */
int cd_aead_feed(CD_AEAD_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len);

/** cd_aead_soft_start - software with nonce and kept additional data. */
int cd_aead_soft_start(CD_AEAD_CTX *ctx);

/** cd_aead_replay - brings software to where the device has left the message.
 */
int cd_aead_replay(CD_AEAD_CTX *ctx);

/**
 * CD_AEAD_FUNCTIONS - defines @name_functions, what OpenSSL calls of @alg.
 * @mode: functions of the mode, @mode_new, @mode_einit and so on
 * @lists: its lists of parameters, @lists_gettable_ctx_params and so on
 *
 * newctx and get_params know nothing but which function they are.
 */
#define CD_AEAD_FUNCTIONS(name, mode, lists, alg)                              \
    static void *name##_newctx(void *provctx)                                  \
    {                                                                          \
        return mode##_new(provctx, (alg));                                     \
    }                                                                          \
    static int name##_get_params(OSSL_PARAM params[])                          \
    {                                                                          \
        return cd_alg_get_params((alg), params);                               \
    }                                                                          \
    static const OSSL_DISPATCH name##_functions[] = {                          \
        CD_FUNCTION(CIPHER_NEWCTX, name##_newctx),                             \
        CD_FUNCTION(CIPHER_FREECTX, cd_aead_freectx),                          \
        CD_FUNCTION(CIPHER_DUPCTX, cd_aead_dupctx),                            \
        CD_FUNCTION(CIPHER_ENCRYPT_INIT, mode##_einit),                        \
        CD_FUNCTION(CIPHER_DECRYPT_INIT, mode##_dinit),                        \
        CD_FUNCTION(CIPHER_UPDATE, mode##_update),                             \
        CD_FUNCTION(CIPHER_FINAL, mode##_final),                               \
        CD_FUNCTION(CIPHER_CIPHER, mode##_cipher),                             \
        CD_FUNCTION(CIPHER_GET_PARAMS, name##_get_params),                     \
        CD_FUNCTION(CIPHER_GETTABLE_PARAMS, cd_cipher_gettable_params),        \
        CD_FUNCTION(CIPHER_GET_CTX_PARAMS, cd_aead_get_ctx_params),            \
        CD_FUNCTION(CIPHER_GETTABLE_CTX_PARAMS, lists##_gettable_ctx_params),  \
        CD_FUNCTION(CIPHER_SET_CTX_PARAMS, cd_aead_set_ctx_params),            \
        CD_FUNCTION(CIPHER_SETTABLE_CTX_PARAMS, lists##_settable_ctx_params),  \
        {0, NULL},                                                             \
    };

#endif /* CD_AEAD_H */
