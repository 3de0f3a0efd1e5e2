/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key_sign.h - a signature's context. See key_sign.c. */
#ifndef CD_KEY_SIGN_H
#define CD_KEY_SIGN_H

#include "provider/key.h"

/* Messages up to here go to the host as they are: it can look at them, and a
 * key for handshakes only takes no digest. */
#define CD_MAX_MESSAGE 1024

/**
 * struct cd_sign_st - a signature that is made or verified.
 * @prov: the provider
 * @key: the key
 * @digest: digest of the message
 * @md: its name as the caller said it, empty: none
 * @mgf1: the caller's MGF1 digest, KEY_NO_DIGEST: none was said
 * @padding: of RSA, RSA_*_PADDING
 * @salt: the caller's salt length, as OpenSSL has it
 * @message: the message as long as it is short
 * @len: its bytes
 * @hash: the running digest of a longer message, else NULL
 * @verify, @verify_md: software that verifies, else NULL
 */
typedef struct cd_sign_st {
    CD_PROV *prov;
    CD_PKEY *key;
    enum key_digest digest;
    char md[CD_NAME_LEN];
    enum key_digest mgf1;
    int padding;
    int salt;
    uint8_t message[CD_MAX_MESSAGE];
    size_t len;
    EVP_MD_CTX *hash;
    EVP_PKEY_CTX *verify;
    EVP_MD_CTX *verify_md;
} CD_SIGN;

/* key_params.c */
OSSL_FUNC_signature_set_ctx_params_fn cd_sign_set_params;
OSSL_FUNC_signature_settable_ctx_params_fn cd_sign_settable;
OSSL_FUNC_signature_get_ctx_params_fn cd_sign_get_params;
OSSL_FUNC_signature_gettable_ctx_params_fn cd_sign_gettable;

/** cd_sign_set_digest - by name. Return: 1, or 0 with an error raised. */
int cd_sign_set_digest(CD_SIGN *sign, const char *name);

/** cd_sign_scheme - the scheme of key and parameters, or NULL with an error
 * raised. */
const struct key_scheme *cd_sign_scheme(const CD_SIGN *sign);

#endif /* CD_KEY_SIGN_H */
