/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scheme.c - the facts of keys and schemes. See scheme.h. */
#include "keeper/scheme.h"

#include <string.h>

#include "common/util.h"

#define SIGN KEEPER_USE_SIGN
#define DECRYPT KEEPER_USE_DECRYPT
#define DERIVE KEEPER_USE_DERIVE
#define SHA1 "SHA1", 20
#define SHA256 "SHA2-256", 32
#define SHA384 "SHA2-384", 48
#define SHA512 "SHA2-512", 64

static const struct scheme schemes[] = {
    {"rsa-pkcs1-sha256", KEEPER_RSA_PKCS1_SHA256, FAMILY_RSA_PKCS1, KEEPER_KIND_RSA, SIGN, SHA256},
    {"rsa-pkcs1-sha384", KEEPER_RSA_PKCS1_SHA384, FAMILY_RSA_PKCS1, KEEPER_KIND_RSA, SIGN, SHA384},
    {"rsa-pkcs1-sha512", KEEPER_RSA_PKCS1_SHA512, FAMILY_RSA_PKCS1, KEEPER_KIND_RSA, SIGN, SHA512},
    {"rsa-pss-sha256", KEEPER_RSA_PSS_SHA256, FAMILY_RSA_PSS, KEEPER_KIND_RSA, SIGN, SHA256},
    {"rsa-pss-sha384", KEEPER_RSA_PSS_SHA384, FAMILY_RSA_PSS, KEEPER_KIND_RSA, SIGN, SHA384},
    {"rsa-pss-sha512", KEEPER_RSA_PSS_SHA512, FAMILY_RSA_PSS, KEEPER_KIND_RSA, SIGN, SHA512},
    {"ecdsa-p256-sha256", KEEPER_ECDSA_P256_SHA256, FAMILY_ECDSA, KEEPER_KIND_P256, SIGN, SHA256},
    {"ecdsa-p256-sha384", KEEPER_ECDSA_P256_SHA384, FAMILY_ECDSA, KEEPER_KIND_P256, SIGN, SHA384},
    {"ecdsa-p256-sha512", KEEPER_ECDSA_P256_SHA512, FAMILY_ECDSA, KEEPER_KIND_P256, SIGN, SHA512},
    {"ecdsa-p384-sha256", KEEPER_ECDSA_P384_SHA256, FAMILY_ECDSA, KEEPER_KIND_P384, SIGN, SHA256},
    {"ecdsa-p384-sha384", KEEPER_ECDSA_P384_SHA384, FAMILY_ECDSA, KEEPER_KIND_P384, SIGN, SHA384},
    {"ecdsa-p384-sha512", KEEPER_ECDSA_P384_SHA512, FAMILY_ECDSA, KEEPER_KIND_P384, SIGN, SHA512},
    {"ecdsa-p521-sha256", KEEPER_ECDSA_P521_SHA256, FAMILY_ECDSA, KEEPER_KIND_P521, SIGN, SHA256},
    {"ecdsa-p521-sha384", KEEPER_ECDSA_P521_SHA384, FAMILY_ECDSA, KEEPER_KIND_P521, SIGN, SHA384},
    {"ecdsa-p521-sha512", KEEPER_ECDSA_P521_SHA512, FAMILY_ECDSA, KEEPER_KIND_P521, SIGN, SHA512},
    {"ed25519", KEEPER_ED25519, FAMILY_PURE, KEEPER_KIND_ED25519, SIGN, NULL, 0},
    {"ml-dsa-44", KEEPER_ML_DSA_44, FAMILY_PURE, KEEPER_KIND_ML_DSA_44, SIGN, NULL, 0},
    {"ml-dsa-65", KEEPER_ML_DSA_65, FAMILY_PURE, KEEPER_KIND_ML_DSA_65, SIGN, NULL, 0},
    {"ml-dsa-87", KEEPER_ML_DSA_87, FAMILY_PURE, KEEPER_KIND_ML_DSA_87, SIGN, NULL, 0},
    {"rsa-pkcs1-sha1", KEEPER_RSA_PKCS1_SHA1, FAMILY_RSA_PKCS1, KEEPER_KIND_RSA, SIGN, SHA1},
    {"rsa-oaep-sha256", KEEPER_RSA_OAEP_SHA256, FAMILY_OAEP, KEEPER_KIND_RSA, DECRYPT, SHA256},
    {"rsa-oaep-sha384", KEEPER_RSA_OAEP_SHA384, FAMILY_OAEP, KEEPER_KIND_RSA, DECRYPT, SHA384},
    {"rsa-oaep-sha512", KEEPER_RSA_OAEP_SHA512, FAMILY_OAEP, KEEPER_KIND_RSA, DECRYPT, SHA512},
    {"rsa-oaep-sha1", KEEPER_RSA_OAEP_SHA1, FAMILY_OAEP, KEEPER_KIND_RSA, DECRYPT, SHA1},
    {"ecdh-p256", KEEPER_ECDH_P256, FAMILY_ECDH, KEEPER_KIND_P256, DERIVE, NULL, 0},
    {"ecdh-p384", KEEPER_ECDH_P384, FAMILY_ECDH, KEEPER_KIND_P384, DERIVE, NULL, 0},
    {"ecdh-p521", KEEPER_ECDH_P521, FAMILY_ECDH, KEEPER_KIND_P521, DERIVE, NULL, 0},
    {"x25519", KEEPER_X25519, FAMILY_ECDH, KEEPER_KIND_X25519, DERIVE, NULL, 0},
};

static const struct {
	const char *name;
	uint32_t use;
} uses[] = {
    {"sign", KEEPER_USE_SIGN},	     {"verify", KEEPER_USE_VERIFY}, {"encrypt", KEEPER_USE_ENCRYPT},
    {"decrypt", KEEPER_USE_DECRYPT}, {"derive", KEEPER_USE_DERIVE},
};

static const char *const kinds[KEEPER_KIND_COUNT] = {
    [KEEPER_KIND_NONE] = "unknown",
    [KEEPER_KIND_SYMMETRIC] = "symmetric",
    [KEEPER_KIND_RSA] = "rsa",
    [KEEPER_KIND_P256] = "ec-p256",
    [KEEPER_KIND_P384] = "ec-p384",
    [KEEPER_KIND_P521] = "ec-p521",
    [KEEPER_KIND_ED25519] = "ed25519",
    [KEEPER_KIND_X25519] = "x25519",
    [KEEPER_KIND_ML_DSA_44] = "ml-dsa-44",
    [KEEPER_KIND_ML_DSA_65] = "ml-dsa-65",
    [KEEPER_KIND_ML_DSA_87] = "ml-dsa-87",
};

static const char *const forms[KEEPER_FORM_COUNT] = {
    [KEEPER_FORM_ANY] = "any",
    [KEEPER_FORM_TLS13_SERVER] = "tls13-server",
    [KEEPER_FORM_TLS13_CLIENT] = "tls13-client",
};

const struct scheme *scheme_at(size_t i)
{
	return i < ARRAY_SIZE(schemes) ? &schemes[i] : NULL;
}

const struct scheme *scheme_find(unsigned int id)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (schemes[i].id == id)
			return &schemes[i];
	return NULL;
}

const struct scheme *scheme_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (!strcmp(schemes[i].name, name))
			return &schemes[i];
	return NULL;
}

uint64_t schemes_of(enum keeper_kind kind)
{
	uint64_t map = 0;

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (schemes[i].kind == kind)
			map |= UINT64_C(1) << schemes[i].id;
	return map;
}

uint32_t schemes_use(uint64_t map)
{
	uint32_t use = 0;

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (map & UINT64_C(1) << schemes[i].id)
			use |= schemes[i].use;
	return use;
}

const char *kind_name(enum keeper_kind kind)
{
	return kind < KEEPER_KIND_COUNT ? kinds[kind] : kinds[KEEPER_KIND_NONE];
}

size_t kind_bytes(enum keeper_kind kind)
{
	switch (kind) {
	case KEEPER_KIND_P256:
	case KEEPER_KIND_X25519:
	case KEEPER_KIND_ED25519:
		return 32;
	case KEEPER_KIND_P384:
		return 48;
	case KEEPER_KIND_P521:
		return 66;
	default:
		return 0;
	}
}

size_t kind_max_out(enum keeper_kind kind, unsigned int bits)
{
	switch (kind) {
	case KEEPER_KIND_RSA:
		return (bits + 7) / 8;
	case KEEPER_KIND_P256:
	case KEEPER_KIND_P384:
	case KEEPER_KIND_P521:
		/* A SEQUENCE of two INTEGERs, each with a 0 in front at worst. */
		return 2 * (kind_bytes(kind) + 3) + 3;
	case KEEPER_KIND_ED25519:
		return 64;
	case KEEPER_KIND_X25519:
		return 32;
	case KEEPER_KIND_ML_DSA_44:
		return 2420;
	case KEEPER_KIND_ML_DSA_65:
		return 3309;
	case KEEPER_KIND_ML_DSA_87:
		return 4627;
	default:
		return 0;
	}
}

uint32_t use_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		if (!strcmp(uses[i].name, name))
			return uses[i].use;
	return 0;
}

const char *use_name(uint32_t use)
{
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		if (uses[i].use == use)
			return uses[i].name;
	return "unknown";
}

const char *form_name(enum keeper_form form)
{
	return form < KEEPER_FORM_COUNT ? forms[form] : "unknown";
}

enum keeper_form form_named(const char *name)
{
	unsigned int form;

	for (form = 0; form < KEEPER_FORM_COUNT; form++)
		if (!strcmp(forms[form], name))
			break;
	return (enum keeper_form)form;
}

bool form_holds(enum keeper_form form, const uint8_t *message, size_t len)
{
	static const char server[] = "TLS 1.3, server CertificateVerify";
	static const char client[] = "TLS 1.3, client CertificateVerify";
	static_assert(sizeof(server) == sizeof(client), "both have the same length");
	const size_t blanks = 64, head = blanks + sizeof(server);
	const char *context = form == KEEPER_FORM_TLS13_SERVER ? server : client;

	if (form == KEEPER_FORM_ANY)
		return true;
	if (form >= KEEPER_FORM_COUNT || (len != head + 32 && len != head + 48))
		return false;
	for (size_t i = 0; i < blanks; i++)
		if (message[i] != ' ')
			return false;
	/* With the 0 at the string's end, which is part of the message. */
	return !memcmp(message + blanks, context, sizeof(server));
}
