/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_params.c - parameters of signatures: which scheme is meant.
 *
 * A scheme has a digest, and RSA-PSS a salt as long as the digest, and MGF1
 * with it. Other parameters are refused when they are set, so that no program
 * gets a signature with parameters that it did not ask for.
 */
#include "provider/key_sign.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>

#include "virtio_cryptodev.h"

/* Object identifiers in DER, without tag and length */
#define OID_RSA 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01
#define OID_ECDSA 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04
#define OID_SHA2 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02
#define AID_SHA2(n) 0x30, 0x0d, 0x06, 0x09, OID_SHA2, n, 0x05, 0x00
#define AID_RSA(n)                                                             \
    {                                                                          \
        0x30, 0x0d, 0x06, 0x09, OID_RSA, n, 0x05, 0x00                         \
    }
#define AID_ECDSA(n)                                                           \
    {                                                                          \
        0x30, 0x0a, 0x06, 0x08, OID_ECDSA, 0x03, n                             \
    }
/* RFC 4055: hash [0], MGF1 with hash [1], salt length [2] */
#define AID_PSS(n, salt)                                                       \
    {                                                                          \
        0x30, 0x41, 0x06, 0x09, OID_RSA, 0x0a, 0x30, 0x34, 0xa0, 0x0f,         \
            AID_SHA2(n), 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, OID_RSA, 0x08,    \
            AID_SHA2(n), 0xa2, 0x03, 0x02, 0x01, salt                          \
    }

static const struct {
    enum key_family family;
    enum key_digest digest;
    uint8_t der[67];
} algorithm_ids[] = {
    {KEY_RSA_PKCS1, KEY_SHA1, AID_RSA(0x05)},
    {KEY_RSA_PKCS1, KEY_SHA256, AID_RSA(0x0b)},
    {KEY_RSA_PKCS1, KEY_SHA384, AID_RSA(0x0c)},
    {KEY_RSA_PKCS1, KEY_SHA512, AID_RSA(0x0d)},
    {KEY_RSA_PSS, KEY_SHA256, AID_PSS(0x01, 0x20)},
    {KEY_RSA_PSS, KEY_SHA384, AID_PSS(0x02, 0x30)},
    {KEY_RSA_PSS, KEY_SHA512, AID_PSS(0x03, 0x40)},
    {KEY_ECDSA, KEY_SHA256, AID_ECDSA(0x02)},
    {KEY_ECDSA, KEY_SHA384, AID_ECDSA(0x03)},
    {KEY_ECDSA, KEY_SHA512, AID_ECDSA(0x04)},
    {KEY_PURE, KEY_NO_DIGEST, {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70}},
};

static const struct {
    int padding;
    const char *name;
} paddings[] = {
    {RSA_PKCS1_PADDING, OSSL_PKEY_RSA_PAD_MODE_PKCSV15},
    {RSA_PKCS1_PSS_PADDING, OSSL_PKEY_RSA_PAD_MODE_PSS},
};

static enum key_family family(const CD_SIGN *sign)
{
    switch (sign->key->info.kind) {
    case VCD_KIND_RSA:
        return sign->padding == RSA_PKCS1_PSS_PADDING ? KEY_RSA_PSS
                                                      : KEY_RSA_PKCS1;
    case VCD_KIND_P256:
    case VCD_KIND_P384:
    case VCD_KIND_P521:
        return KEY_ECDSA;
    default:
        return KEY_PURE;
    }
}

const struct key_scheme *cd_sign_scheme(const CD_SIGN *sign)
{
    int size = (int)key_digest_size(sign->digest);

    if (family(sign) == KEY_RSA_PSS && sign->salt >= 0 && sign->salt != size) {
        cd_key_refuse(sign->key,
                      "a salt of %d bytes; the host makes it as long as the "
                      "digest, %d",
                      sign->salt, size);
        return NULL;
    }
    if (family(sign) == KEY_RSA_PSS && sign->mgf1 != KEY_NO_DIGEST
        && sign->mgf1 != sign->digest) {
        cd_key_refuse(sign->key, "MGF1 with another digest than that of the "
                                 "message");
        return NULL;
    }
    return cd_key_scheme(sign->key, family(sign), sign->digest);
}

int cd_sign_set_digest(CD_SIGN *sign, const char *name)
{
    enum key_digest digest = KEY_NO_DIGEST;

    if (name != NULL && *name != '\0') {
        digest = cd_key_digest(sign->prov, name);
        if (digest == KEY_NO_DIGEST)
            return cd_key_refuse(sign->key, "no signatures with %s", name);
        if (family(sign) == KEY_PURE)
            return cd_key_refuse(sign->key,
                                 "its scheme signs messages, not digests");
    }
    sign->digest = digest;
    OPENSSL_strlcpy(sign->md, name != NULL ? name : "", sizeof(sign->md));
    return 1;
}

static int set_padding(CD_SIGN *sign, const OSSL_PARAM *p)
{
    int padding = 0;

    if (p->data_type != OSSL_PARAM_UTF8_STRING) {
        if (!OSSL_PARAM_get_int(p, &padding))
            return 0;
    } else {
        for (size_t i = 0; i < sizeof(paddings) / sizeof(paddings[0]); i++)
            if (strcmp(p->data, paddings[i].name) == 0)
                padding = paddings[i].padding;
    }
    if (padding != RSA_PKCS1_PADDING && padding != RSA_PKCS1_PSS_PADDING)
        return cd_key_refuse(sign->key, "no signatures with that padding");
    if (padding == RSA_PKCS1_PADDING
        && EVP_PKEY_is_a(sign->key->public, "RSA-PSS"))
        return cd_key_refuse(sign->key, "an RSA-PSS key takes PSS only");
    sign->padding = padding;
    return 1;
}

/* "auto" leaves it to the signer, which is the host. */
static int set_salt(CD_SIGN *sign, const OSSL_PARAM *p)
{
    int salt;

    if (p->data_type != OSSL_PARAM_UTF8_STRING) {
        if (!OSSL_PARAM_get_int(p, &salt))
            return 0;
    } else if (strcmp(p->data, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0) {
        salt = RSA_PSS_SALTLEN_DIGEST;
    } else if (strncmp(p->data, OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO,
                       strlen(OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO))
               == 0) {
        salt = RSA_PSS_SALTLEN_AUTO;
    } else if (strcmp(p->data, OSSL_PKEY_RSA_PSS_SALT_LEN_MAX) == 0) {
        salt = RSA_PSS_SALTLEN_MAX;
    } else {
        salt = atoi(p->data);
    }
    if (salt == RSA_PSS_SALTLEN_MAX)
        return cd_key_refuse(sign->key, "the longest salt; the host makes it "
                                        "as long as the digest");
    sign->salt = salt;
    return 1;
}

static int set_mgf1(CD_SIGN *sign, const OSSL_PARAM *p)
{
    char name[CD_NAME_LEN], *to = name;

    if (!OSSL_PARAM_get_utf8_string(p, &to, sizeof(name)))
        return 0;
    sign->mgf1 = cd_key_digest(sign->prov, name);
    if (sign->mgf1 == KEY_NO_DIGEST)
        return cd_key_refuse(sign->key, "no MGF1 with %s", name);
    return 1;
}

static int set_digest(CD_SIGN *sign, const OSSL_PARAM *p)
{
    char name[CD_NAME_LEN], *to = name;

    return OSSL_PARAM_get_utf8_string(p, &to, sizeof(name))
           && cd_sign_set_digest(sign, name);
}

int cd_sign_set_params(void *ctx, const OSSL_PARAM params[])
{
    static const struct {
        const char *name;
        int (*set)(CD_SIGN *sign, const OSSL_PARAM *p);
        bool rsa;
    } settings[] = {
        {OSSL_SIGNATURE_PARAM_DIGEST, set_digest, false},
        {OSSL_SIGNATURE_PARAM_PAD_MODE, set_padding, true},
        {OSSL_SIGNATURE_PARAM_PSS_SALTLEN, set_salt, true},
        {OSSL_SIGNATURE_PARAM_MGF1_DIGEST, set_mgf1, true},
    };
    CD_SIGN *sign = ctx;
    const OSSL_PARAM *p;

    if (params == NULL)
        return 1;
    if (sign->verify != NULL)
        return EVP_PKEY_CTX_set_params(sign->verify, params);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        p = OSSL_PARAM_locate_const(params, settings[i].name);
        if (p == NULL)
            continue;
        if (settings[i].rsa && sign->key->info.kind != VCD_KIND_RSA)
            return cd_key_refuse(sign->key, "%s is for RSA", settings[i].name);
        if (!settings[i].set(sign, p))
            return 0;
    }
    return 1;
}

const OSSL_PARAM *cd_sign_settable(void *ctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };

    return settable;
}

static int get_algorithm_id(const CD_SIGN *sign, OSSL_PARAM *p)
{
    for (size_t i = 0; i < sizeof(algorithm_ids) / sizeof(algorithm_ids[0]);
         i++)
        if (algorithm_ids[i].family == family(sign)
            && algorithm_ids[i].digest == sign->digest)
            return OSSL_PARAM_set_octet_string(p, algorithm_ids[i].der,
                                               algorithm_ids[i].der[1] + 2u);
    return cd_key_refuse(sign->key, "this scheme has no algorithm identifier");
}

static int get_padding(const CD_SIGN *sign, OSSL_PARAM *p)
{
    if (p->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_set_int(p, sign->padding);
    for (size_t i = 0; i < sizeof(paddings) / sizeof(paddings[0]); i++)
        if (paddings[i].padding == sign->padding)
            return OSSL_PARAM_set_utf8_string(p, paddings[i].name);
    return 0;
}

/* What the host will do, whatever was left to it. */
static int get_salt(const CD_SIGN *sign, OSSL_PARAM *p)
{
    if (p->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_set_int(p, (int)key_digest_size(sign->digest));
    return OSSL_PARAM_set_utf8_string(p, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
}

static int get_digest(const CD_SIGN *sign, OSSL_PARAM *p)
{
    return OSSL_PARAM_set_utf8_string(p, sign->md);
}

int cd_sign_get_params(void *ctx, OSSL_PARAM params[])
{
    static const struct {
        const char *name;
        int (*get)(const CD_SIGN *sign, OSSL_PARAM *p);
    } readings[] = {
        {OSSL_SIGNATURE_PARAM_ALGORITHM_ID, get_algorithm_id},
        {OSSL_SIGNATURE_PARAM_DIGEST, get_digest},
        {OSSL_SIGNATURE_PARAM_PAD_MODE, get_padding},
        {OSSL_SIGNATURE_PARAM_PSS_SALTLEN, get_salt},
        {OSSL_SIGNATURE_PARAM_MGF1_DIGEST, get_digest},
    };
    CD_SIGN *sign = ctx;
    OSSL_PARAM *p;

    if (sign->verify != NULL)
        return EVP_PKEY_CTX_get_params(sign->verify, params);
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        p = OSSL_PARAM_locate(params, readings[i].name);
        if (p != NULL && !readings[i].get(sign, p))
            return 0;
    }
    return 1;
}

const OSSL_PARAM *cd_sign_gettable(void *ctx, void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };

    return gettable;
}
