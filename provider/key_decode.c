/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_decode.c - PEM files with a URI instead of a key, for programs that take
 * only files.
 *
 *     -----BEGIN CRYPTODEV PROVIDER URI-----
 *     base64 of SEQUENCE { VisibleString description, UTF8String uri }
 *
 * Two steps, as OpenSSL's own store for files asks for PEM and for DER in two
 * steps: the first decoder takes the lines, the second one opens the key. Every
 * PEM file that a program reads is shown to the first one. It says "not mine"
 * by success without an object.
 */
#include "provider/key.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/core_object.h>

#define CD_STRUCTURE "cryptodev-uri"
#define CD_BEGIN "-----BEGIN "
#define CD_END "-----END "

/* Base64 of the longest URI and what is around it. */
#define CD_MAX_PEM 2048

static OSSL_FUNC_decoder_newctx_fn cd_decode_new;
static OSSL_FUNC_decoder_freectx_fn cd_decode_free;

static void *cd_decode_new(void *provctx)
{
    return provctx;
}

static void cd_decode_free(void *ctx)
{
}

static int get_line(CD_PROV *prov, OSSL_CORE_BIO *in, char *line, int size)
{
    return prov->bio_gets != NULL && prov->bio_gets(in, line, size) > 0;
}

/* Appends the base64 digits of a line. */
static int add_digits(const char *line, char *text, size_t *len)
{
    size_t n = strcspn(line, "\r\n \t");

    if (*len + n > CD_MAX_PEM)
        return 0;
    memcpy(text + *len, line, n);
    *len += n;
    return 1;
}

/* The digits of the first block in @in if it is ours; else 0. */
static size_t read_pem(CD_PROV *prov, OSSL_CORE_BIO *in, char *text)
{
    static const char ours[] = CD_BEGIN KEY_PEM_LABEL "-----";
    char line[256];
    size_t len = 0;

    do {
        if (!get_line(prov, in, line, sizeof(line)))
            return 0;
    } while (strncmp(line, CD_BEGIN, strlen(CD_BEGIN)) != 0);
    if (strncmp(line, ours, strlen(ours)) != 0)
        return 0;
    while (get_line(prov, in, line, sizeof(line))) {
        if (strncmp(line, CD_END, strlen(CD_END)) == 0)
            return len;
        if (!add_digits(line, text, &len))
            return 0;
    }
    return 0;
}

static int give_der(const uint8_t *der, size_t len, OSSL_CALLBACK *cb,
                    void *arg)
{
    int type = OSSL_OBJECT_PKEY;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, (void *)der,
                                          len),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE,
                                         (char *)CD_STRUCTURE, 0),
        OSSL_PARAM_construct_end(),
    };

    return cb(params, arg);
}

static int decode_pem(void *ctx, OSSL_CORE_BIO *in, int selection,
                      OSSL_CALLBACK *cb, void *arg,
                      OSSL_PASSPHRASE_CALLBACK *pw, void *pw_arg)
{
    char text[CD_MAX_PEM + 1];
    uint8_t der[CD_MAX_PEM];
    size_t len = read_pem(ctx, in, text), pad = 0;
    int n;

    if (len == 0)
        return 1;
    text[len] = '\0';
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
        pad++;
    n = EVP_DecodeBlock(der, (const unsigned char *)text, (int)len);
    if (n < (int)pad)
        return 1;
    return give_der(der, (size_t)n - pad, cb, arg);
}

/* The URI in DER, or NULL. */
static char *parse_uri(const uint8_t *der, long len)
{
    ASN1_SEQUENCE_ANY *seq = d2i_ASN1_SEQUENCE_ANY(NULL, &der, len);
    const ASN1_TYPE *item;
    char *uri = NULL;

    if (seq != NULL && sk_ASN1_TYPE_num(seq) == 2) {
        item = sk_ASN1_TYPE_value(seq, 1);
        if (item->type == V_ASN1_UTF8STRING
            && ASN1_STRING_length(item->value.utf8string) < KEY_MAX_URI)
            uri = OPENSSL_strndup(
                (const char *)ASN1_STRING_get0_data(item->value.utf8string),
                (size_t)ASN1_STRING_length(item->value.utf8string));
    }
    sk_ASN1_TYPE_pop_free(seq, ASN1_TYPE_free);
    return uri;
}

static size_t read_all(CD_PROV *prov, OSSL_CORE_BIO *in, uint8_t *to,
                       size_t size)
{
    size_t len = 0, n;

    if (prov->bio_read == NULL)
        return 0;
    while (len < size && prov->bio_read(in, to + len, size - len, &n) == 1
           && n != 0)
        len += n;
    return len;
}

/* Opens the key if it is of type @name. */
static int decode(CD_PROV *prov, const char *name, OSSL_CORE_BIO *in,
                  int selection, OSSL_CALLBACK *cb, void *arg)
{
    uint8_t der[CD_MAX_PEM];
    size_t len = read_all(prov, in, der, sizeof(der));
    char *uri = len != 0 ? parse_uri(der, (long)len) : NULL;
    CD_PKEY *key;

    if (uri == NULL)
        return 1;
    key = cd_pkey_open(
        prov, uri,
        selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0);
    OPENSSL_free(uri);
    if (key == NULL)
        return 0;
    if (strcmp(cd_pkey_type(key), name) != 0) {
        cd_pkey_free(key);
        return 1;
    }
    return cd_pkey_give(key, cb, arg);
}

#define CD_DECODER(ident, name)                                                \
    static int decode_##ident(void *ctx, OSSL_CORE_BIO *in, int selection,     \
                              OSSL_CALLBACK *cb, void *arg,                    \
                              OSSL_PASSPHRASE_CALLBACK *pw, void *pw_arg)      \
    {                                                                          \
        return decode(ctx, name, in, selection, cb, arg);                      \
    }                                                                          \
    static const OSSL_DISPATCH decoder_##ident[] = {                           \
        CD_FUNCTION(DECODER_NEWCTX, cd_decode_new),                            \
        CD_FUNCTION(DECODER_FREECTX, cd_decode_free),                          \
        CD_FUNCTION(DECODER_DECODE, decode_##ident),                           \
        {0, NULL},                                                             \
    }

CD_DECODER(rsa, "RSA");
CD_DECODER(rsa_pss, "RSA-PSS");
CD_DECODER(ec, "EC");
CD_DECODER(ed25519, "ED25519");
CD_DECODER(x25519, "X25519");

static const OSSL_DISPATCH decoder_pem[] = {
    CD_FUNCTION(DECODER_NEWCTX, cd_decode_new),
    CD_FUNCTION(DECODER_FREECTX, cd_decode_free),
    CD_FUNCTION(DECODER_DECODE, decode_pem),
    {0, NULL},
};

#define CD_PEM_PROPERTIES "provider=cryptodev," CD_KEY_PROPERTIES ",input=pem"
#define CD_DER_PROPERTIES                                                      \
    "provider=cryptodev," CD_KEY_PROPERTIES ",input=der,"                      \
    "structure=" CD_STRUCTURE

const OSSL_ALGORITHM cd_key_decoders[] = {
    {"DER", CD_PEM_PROPERTIES, decoder_pem, NULL},
    {"RSA", CD_DER_PROPERTIES, decoder_rsa, NULL},
    {"RSA-PSS", CD_DER_PROPERTIES, decoder_rsa_pss, NULL},
    {"EC", CD_DER_PROPERTIES, decoder_ec, NULL},
    {"ED25519", CD_DER_PROPERTIES, decoder_ed25519, NULL},
    {"X25519", CD_DER_PROPERTIES, decoder_x25519, NULL},
    {NULL, NULL, NULL, NULL},
};
