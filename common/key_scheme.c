/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key_scheme.c - the facts of keys and schemes. See key_scheme.h. */
#include "common/key_scheme.h"

#include <string.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

static const struct key_scheme schemes[] = {
    {VCD_RSA_PKCS1_SHA256, VCD_KIND_RSA, KEY_RSA_PKCS1, KEY_SHA256, "rsa-pkcs1-sha256"},
    {VCD_RSA_PKCS1_SHA384, VCD_KIND_RSA, KEY_RSA_PKCS1, KEY_SHA384, "rsa-pkcs1-sha384"},
    {VCD_RSA_PKCS1_SHA512, VCD_KIND_RSA, KEY_RSA_PKCS1, KEY_SHA512, "rsa-pkcs1-sha512"},
    {VCD_RSA_PSS_SHA256, VCD_KIND_RSA, KEY_RSA_PSS, KEY_SHA256, "rsa-pss-sha256"},
    {VCD_RSA_PSS_SHA384, VCD_KIND_RSA, KEY_RSA_PSS, KEY_SHA384, "rsa-pss-sha384"},
    {VCD_RSA_PSS_SHA512, VCD_KIND_RSA, KEY_RSA_PSS, KEY_SHA512, "rsa-pss-sha512"},
    {VCD_ECDSA_P256_SHA256, VCD_KIND_P256, KEY_ECDSA, KEY_SHA256, "ecdsa-p256-sha256"},
    {VCD_ECDSA_P256_SHA384, VCD_KIND_P256, KEY_ECDSA, KEY_SHA384, "ecdsa-p256-sha384"},
    {VCD_ECDSA_P256_SHA512, VCD_KIND_P256, KEY_ECDSA, KEY_SHA512, "ecdsa-p256-sha512"},
    {VCD_ECDSA_P384_SHA256, VCD_KIND_P384, KEY_ECDSA, KEY_SHA256, "ecdsa-p384-sha256"},
    {VCD_ECDSA_P384_SHA384, VCD_KIND_P384, KEY_ECDSA, KEY_SHA384, "ecdsa-p384-sha384"},
    {VCD_ECDSA_P384_SHA512, VCD_KIND_P384, KEY_ECDSA, KEY_SHA512, "ecdsa-p384-sha512"},
    {VCD_ECDSA_P521_SHA256, VCD_KIND_P521, KEY_ECDSA, KEY_SHA256, "ecdsa-p521-sha256"},
    {VCD_ECDSA_P521_SHA384, VCD_KIND_P521, KEY_ECDSA, KEY_SHA384, "ecdsa-p521-sha384"},
    {VCD_ECDSA_P521_SHA512, VCD_KIND_P521, KEY_ECDSA, KEY_SHA512, "ecdsa-p521-sha512"},
    {VCD_SCHEME_ED25519, VCD_KIND_ED25519, KEY_PURE, KEY_NO_DIGEST, "ed25519"},
    {VCD_SCHEME_ML_DSA_44, VCD_KIND_ML_DSA_44, KEY_PURE, KEY_NO_DIGEST, "ml-dsa-44"},
    {VCD_SCHEME_ML_DSA_65, VCD_KIND_ML_DSA_65, KEY_PURE, KEY_NO_DIGEST, "ml-dsa-65"},
    {VCD_SCHEME_ML_DSA_87, VCD_KIND_ML_DSA_87, KEY_PURE, KEY_NO_DIGEST, "ml-dsa-87"},
    {VCD_RSA_PKCS1_SHA1, VCD_KIND_RSA, KEY_RSA_PKCS1, KEY_SHA1, "rsa-pkcs1-sha1"},
    {VCD_RSA_OAEP_SHA256, VCD_KIND_RSA, KEY_OAEP, KEY_SHA256, "rsa-oaep-sha256"},
    {VCD_RSA_OAEP_SHA384, VCD_KIND_RSA, KEY_OAEP, KEY_SHA384, "rsa-oaep-sha384"},
    {VCD_RSA_OAEP_SHA512, VCD_KIND_RSA, KEY_OAEP, KEY_SHA512, "rsa-oaep-sha512"},
    {VCD_RSA_OAEP_SHA1, VCD_KIND_RSA, KEY_OAEP, KEY_SHA1, "rsa-oaep-sha1"},
    {VCD_ECDH_P256, VCD_KIND_P256, KEY_ECDH, KEY_NO_DIGEST, "ecdh-p256"},
    {VCD_ECDH_P384, VCD_KIND_P384, KEY_ECDH, KEY_NO_DIGEST, "ecdh-p384"},
    {VCD_ECDH_P521, VCD_KIND_P521, KEY_ECDH, KEY_NO_DIGEST, "ecdh-p521"},
    {VCD_SCHEME_X25519, VCD_KIND_X25519, KEY_ECDH, KEY_NO_DIGEST, "x25519"},
};

static const struct {
	const char *name;
	size_t size;
} digests[] = {
    [KEY_SHA1] = {"SHA1", 20},
    [KEY_SHA256] = {"SHA2-256", 32},
    [KEY_SHA384] = {"SHA2-384", 48},
    [KEY_SHA512] = {"SHA2-512", 64},
};

/* DER of what stands before the digest in a DigestInfo (RFC 8017, 9.2). */
static const struct {
	enum key_digest digest;
	uint8_t len;
	uint8_t bytes[19];
} digest_infos[] = {
    {KEY_SHA1,
     15,
     {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14}},
    {KEY_SHA256,
     19,
     {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
      0x05, 0x00, 0x04, 0x20}},
    {KEY_SHA384,
     19,
     {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
      0x05, 0x00, 0x04, 0x30}},
    {KEY_SHA512,
     19,
     {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
      0x05, 0x00, 0x04, 0x40}},
};

static const char *const kinds[] = {
    [0] = "unknown",
    [VCD_KIND_SYMMETRIC] = "symmetric",
    [VCD_KIND_RSA] = "rsa",
    [VCD_KIND_P256] = "ec-p256",
    [VCD_KIND_P384] = "ec-p384",
    [VCD_KIND_P521] = "ec-p521",
    [VCD_KIND_ED25519] = "ed25519",
    [VCD_KIND_X25519] = "x25519",
    [VCD_KIND_ML_DSA_44] = "ml-dsa-44",
    [VCD_KIND_ML_DSA_65] = "ml-dsa-65",
    [VCD_KIND_ML_DSA_87] = "ml-dsa-87",
};

const struct key_scheme *key_scheme_find(unsigned int kind, enum key_family family,
					 enum key_digest digest)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (schemes[i].kind == kind && schemes[i].family == family &&
		    schemes[i].digest == digest)
			return &schemes[i];
	return NULL;
}

const struct key_scheme *key_scheme_at(size_t i)
{
	return i < ARRAY_SIZE(schemes) ? &schemes[i] : NULL;
}

bool key_schemes_have(uint64_t map, enum key_family family)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (schemes[i].family == family && (map & UINT64_C(1) << schemes[i].id))
			return true;
	return false;
}

size_t key_digest_size(enum key_digest digest)
{
	return digests[digest].size;
}

const char *key_digest_name(enum key_digest digest)
{
	return digests[digest].name;
}

const uint8_t *key_digest_info(const uint8_t *der, size_t len, enum key_digest *digest)
{
	for (size_t i = 0; i < ARRAY_SIZE(digest_infos); i++) {
		if (len != digest_infos[i].len + digests[digest_infos[i].digest].size ||
		    memcmp(der, digest_infos[i].bytes, digest_infos[i].len))
			continue;
		*digest = digest_infos[i].digest;
		return der + digest_infos[i].len;
	}
	return NULL;
}

const char *key_kind_name(unsigned int kind)
{
	return kind < ARRAY_SIZE(kinds) ? kinds[kind] : kinds[0];
}

size_t key_kind_bytes(unsigned int kind)
{
	switch (kind) {
	case VCD_KIND_P256:
	case VCD_KIND_ED25519:
	case VCD_KIND_X25519:
		return 32;
	case VCD_KIND_P384:
		return 48;
	case VCD_KIND_P521:
		return 66;
	default:
		return 0;
	}
}
