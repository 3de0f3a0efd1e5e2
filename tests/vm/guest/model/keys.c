/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.c - the keys by name that the model has, and what they do. See keys.h.
 *
 * The keys are made for tests and are used nowhere else.
 */
#include "keys.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "common/key_scheme.h"
#include "common/util.h"
#include "virtio_cryptodev.h"

static const char rsa_key[] =
    "MIIEpAIBAAKCAQEAtxBrVvPjmTtTg9Agr1tKDhYWeh+AFnDqP0NdLcVw7jenoOCvrrBLSF+Zq2k4"
    "zb3QI34T8fnkt1BFGsHn1rLYXc++HSbdxjlwfOzWFjr/WmklEyPfMVGmOyW/64rA9JHZ3M8pjhym"
    "43pAprV9nvnp4du8rLRpZPmeaL900fktWwSQI443xjhXX3nqykXENH1Uhd9dwElv7VrZxKMjbolD"
    "xndFHv3lfzbUmCrJusPEX2YXxgAp4PLC4sR4TcX/f64pfSX+Q7Qa33PMI2qf/KQjDP9DsJVCeGq4"
    "TK2Iicc8UEqpsflLRUX44Os7rZE9ctwiEufCuWIdH4z93HH+0g5mQwIDAQABAoIBACZ5jvXRgI5e"
    "B6l2fsgcOa5IOiUkpbkRtknhkJ3kF14Z2GNZldLzPn9RiGycStIDCNHM18hNqyJT/pInGuDm6c6d"
    "sOlTl9zniZrX9A7sC2snGiGxsmEdNgDMaE/K887zMITWDXfO0cyRjzD6iBJ3mA5eLoNlz5jnVcHS"
    "K21OH5g3O4mklphKZ6WNADrq53uV4ZgUKIg8S1W/RZcXfl7KW0oSFvXN2CCDOVlcs8zGoBd+QNav"
    "NlMFaqoptlfF9kbQ4TENjyyD/X/qXdDHgIA6M0EO7J+2n/T5P0qHysUwg7/0dw5sDp/Wx6+3jx9n"
    "BbBqBBLFaZ2kNCXX4w5Ti7mEbUECgYEA9lyraKJF61/y/NieFsq3z3ReorbsWqwA1TeL04zxaaXG"
    "NuP9v9NmBPHLp9Yrj5LwYNEI1RH5sBK5pCiL4u9liGyN20QiPOXjLT7eMifB9jFuW4V+hWjMtCL0"
    "ljF4dKtwlrsn6Aph+zzpG4J/HPP8gbCbQvAoogOmTfUp2qdWJ7ECgYEAvjnRXw1T/4hX39uEUeNM"
    "BX8gS+LzOgRhDjV+sihHom/XXDfc+/VHUP7pwqtXspWzJykBWU1JVSJoRLXRgpW59wGssDYdqzNL"
    "cxVeDWntmLS38V//cCkhtbw7d/7P5WjaY8utpXi3w/p7sq4sA+JQD6koP/FpBvJ9z0WvqbRJ3jMC"
    "gYEAqYxHTyB2vDFxef/edNMYw0ZUJul7Kj+75wFuUq5qKoozKu2nYdAsIvUBcsWbfxjiI89Yo8LW"
    "Mw4AAvEArLKTDtuemSt/4KdZvHbK1nu0KioEyCnMVCY20zZHW+I6AxlFyAaPxUr3+b8Gsq8Rqixk"
    "OCECCYRcgnu+hWJXZqrJSVECgYBPvslJAbte+ndsPwhfk9wAyeRuK7wvbDqLzF1KrpwpOp2b6UdY"
    "0OCO0e6JT286TIuINSZ9m2rMp9nyRA6Kod4N8MPGM0mIxb4xhpmhIfEa/VfHdqkNChE5sKl1inr4"
    "/1XeVDp9jffrzowgwedt0WgiyJU5CSkwYmPfiqUzjYMSBQKBgQDzcEku2GLhPofNonN5vsP0dLaW"
    "nZzWh6EHHzoRTzUNsv7NKk8Dteuln2IWIcul33cVUHKBPkWpVYvEFv/teu4nZkWcBwWapl8bWL75"
    "2wGR90MDn7jzN7PoZxn9gxI3DZ//qX15su/OERf461NNebhGtaZiqMwXRIBeLOBeEiA30Q==";

static const char p256_key[] =
    "MHcCAQEEILaZQ7S2DIvqpOs9kp/LG36ohghCui5Ta0gPFlwA7ouFoAoGCCqGSM49AwEHoUQDQgAE"
    "liOftJU5tz4Ug0ZOwOPu3jlUVT8nP7CJzdcpDn618vMM0nkDDIiyYNtVGVKsJLCpFs96tGr7Qof6"
    "H1LCBlr5NA==";

static const char p384_key[] =
    "MIGkAgEBBDBeXGDhn62yKrfWnGA2HrwJ2AQhqRVdL/oAgkBYjHMXDXK+2DBMkiR+kOK/1JqYUhCg"
    "BwYFK4EEACKhZANiAAR1UY9hku7FjABVfPNttkInoekQak4YaXp79erEoHuXAH3fDdqDCAW+dYOS"
    "rPe9rU3U2ku4cEHDhgqxJmrdUlGayadTFjitnH4BHd7r7/bqQRVCm2LvkhlG1dlZzjZCLMM=";

static const char p521_key[] =
    "MIHcAgEBBEIAKJvdCdUd4+0/W7UW04BQA7fukp990vSzXhHBkpub7RkHGkggQuD4Cv7X1GrtbDLx"
    "0AIgLo552gUpwGJKpeBdZzOgBwYFK4EEACOhgYkDgYYABABY07jfCFpP2Rul3VqdFrWEWLYgXvKC"
    "4oOO4+BHYkpofd3sO5UzZy2zuoNhgdrSVAdl1kdPRf/6Rxo3EgYtt4yZAwByxNlrNk5gzr2mSu45"
    "z1ecSgu+n4Gxz5+AMa1EuJBE2PZJ9CCnmhaYDmhhHyoR9iGEcuDEktTpmB3R5u6LeBeb8Q==";

static const char ed25519_key[] =
    "MC4CAQAwBQYDK2VwBCIEIChKwAncWirROt86jf2RD9mVJjDDxXSs1V+/hQDVssaT";

static const char x25519_key[] = "MC4CAQAwBQYDK2VuBCIEIOjTUbxBpVWi6tFpNnWPFlUggKyzTTh4GeiBYCoa0mhC";

static const char *const encoded[] = {rsa_key,	p256_key,    p384_key,
				      p521_key, ed25519_key, x25519_key};
enum { RSA_KEY, P256_KEY, P384_KEY, P521_KEY, ED25519_KEY, X25519_KEY, NO_KEY };

static EVP_PKEY *pkeys[ARRAY_SIZE(encoded)];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned int num_keys;

/* By algorithm; cryptodev-check knows them. Two halves differ, as XTS wants it. */
static uint8_t symmetric[128][64];

#define BIT(scheme) (UINT64_C(1) << (scheme))
#define RSA_PKCS1                                                                                  \
	(BIT(VCD_RSA_PKCS1_SHA256) | BIT(VCD_RSA_PKCS1_SHA384) | BIT(VCD_RSA_PKCS1_SHA512))
#define RSA_PSS (BIT(VCD_RSA_PSS_SHA256) | BIT(VCD_RSA_PSS_SHA384) | BIT(VCD_RSA_PSS_SHA512))
#define RSA_OAEP                                                                                   \
	(BIT(VCD_RSA_OAEP_SHA1) | BIT(VCD_RSA_OAEP_SHA256) | BIT(VCD_RSA_OAEP_SHA384) |            \
	 BIT(VCD_RSA_OAEP_SHA512))
#define P256 (BIT(VCD_ECDSA_P256_SHA256) | BIT(VCD_ECDSA_P256_SHA384) | BIT(VCD_ECDSA_P256_SHA512))
#define P384 (BIT(VCD_ECDSA_P384_SHA256) | BIT(VCD_ECDSA_P384_SHA384) | BIT(VCD_ECDSA_P384_SHA512))
#define P521 (BIT(VCD_ECDSA_P521_SHA256) | BIT(VCD_ECDSA_P521_SHA384) | BIT(VCD_ECDSA_P521_SHA512))
#define SIGN CRYPT_KEY_USE_SIGN
#define DERIVE CRYPT_KEY_USE_DERIVE
#define CIPHER (CRYPT_KEY_USE_ENCRYPT | CRYPT_KEY_USE_DECRYPT)

#define PRIVATE(label_, kind_, bits_, use_, schemes_, pkey_, max_out_, ...)                        \
	{                                                                                          \
		.key = {.label = label_,                                                           \
			.kind = kind_,                                                             \
			.bits = bits_,                                                             \
			.use = use_,                                                               \
			.schemes = schemes_,                                                       \
			.max_out = max_out_,                                                       \
			__VA_ARGS__},                                                              \
		.pkey = pkey_                                                                      \
	}

/* In the order of labels. */
static struct named table[] = {
    {.key = {.label = "data",
	     .kind = VCD_KIND_SYMMETRIC,
	     .alg = CRYPTO_AES_GCM,
	     .bits = 256,
	     .use = CIPHER,
	     .flags = CRYPT_KEY_FAST,
	     .key_len = 32},
     .pkey = NO_KEY},
    {.key = {.label = "disk0",
	     .kind = VCD_KIND_SYMMETRIC,
	     .alg = CRYPTO_AES_XTS,
	     .bits = 512,
	     .use = CIPHER,
	     .flags = CRYPT_KEY_FAST,
	     .key_len = 64},
     .pkey = NO_KEY},
    PRIVATE("ed25519", VCD_KIND_ED25519, 255, SIGN, BIT(VCD_SCHEME_ED25519), ED25519_KEY, 64),
    PRIVATE("p256", VCD_KIND_P256, 256, SIGN | DERIVE, P256 | BIT(VCD_ECDH_P256), P256_KEY, 73),
    PRIVATE("p256-narrow", VCD_KIND_P256, 256, SIGN, BIT(VCD_ECDSA_P256_SHA256), P256_KEY, 73),
    PRIVATE("p384", VCD_KIND_P384, 384, SIGN | DERIVE, P384 | BIT(VCD_ECDH_P384), P384_KEY, 105),
    PRIVATE("p521", VCD_KIND_P521, 521, SIGN | DERIVE, P521 | BIT(VCD_ECDH_P521), P521_KEY, 141),
    PRIVATE("rsa", VCD_KIND_RSA, 2048, SIGN | CRYPT_KEY_USE_DECRYPT, RSA_PKCS1 | RSA_PSS | RSA_OAEP,
	    RSA_KEY, 256),
    PRIVATE("rsa-pss", VCD_KIND_RSA, 2048, SIGN, RSA_PSS, RSA_KEY, 256),
    PRIVATE("rsa-sha1", VCD_KIND_RSA, 2048, SIGN | CRYPT_KEY_USE_DECRYPT,
	    RSA_PKCS1 | RSA_PSS | RSA_OAEP | BIT(VCD_RSA_PKCS1_SHA1), RSA_KEY, 256),
    PRIVATE("web-rsa", VCD_KIND_RSA, 2048, SIGN, RSA_PSS, RSA_KEY, 256,
	    .form = VCD_FORM_TLS13_SERVER),
    PRIVATE("web-tls", VCD_KIND_P256, 256, SIGN, BIT(VCD_ECDSA_P256_SHA256), P256_KEY, 73,
	    .form = VCD_FORM_TLS13_SERVER),
    PRIVATE("x25519", VCD_KIND_X25519, 253, DERIVE, BIT(VCD_SCHEME_X25519), X25519_KEY, 32),
    {.key = {.label = "zz-ticket",
	     .kind = VCD_KIND_P256,
	     .bits = 256,
	     .use = SIGN,
	     .schemes = P256,
	     .max_out = 73},
     .pkey = P256_KEY,
     .ticket = true},
};

static EVP_PKEY *decode(const char *text)
{
	uint8_t der[2048];
	const uint8_t *p = der;
	int len = EVP_DecodeBlock(der, (const uint8_t *)text, (int)strlen(text));

	return d2i_AutoPrivateKey(NULL, &p, len);
}

/* A private key's check value is of its public half; see decision 76 of the keeper's. */
static void set_check(struct named *n)
{
	uint8_t hash[SHA256_DIGEST_LENGTH], *der = NULL;
	int len;

	if (n->pkey == NO_KEY) {
		SHA256((const uint8_t *)&n->key, sizeof(n->key), hash);
	} else {
		len = i2d_PUBKEY(pkeys[n->pkey], &der);
		SHA256(der, len > 0 ? (size_t)len : 0, hash);
		OPENSSL_free(der);
	}
	memcpy(n->key.check, hash, sizeof(n->key.check));
}

static void start(void)
{
	const char *only = getenv("CRYPTODEV_MODEL_LABEL");

	for (size_t i = 0; i < ARRAY_SIZE(symmetric); i++)
		for (size_t n = 0; n < sizeof(symmetric[i]); n++)
			symmetric[i][n] = (uint8_t)(n * 7 + i);
	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++)
		pkeys[i] = decode(encoded[i]);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!only || !strcmp(only, table[i].key.label))
			table[num_keys++] = table[i];
	for (unsigned int i = 0; i < num_keys; i++)
		set_check(&table[i]);
}

const struct named *model_named(unsigned int i)
{
	pthread_once(&once, start);
	return i < num_keys ? &table[i] : NULL;
}

EVP_PKEY *model_named_pkey(const struct named *n)
{
	return n->pkey == NO_KEY ? NULL : pkeys[n->pkey];
}

const uint8_t *model_named_bytes(const struct named *n)
{
	return symmetric[n->key.alg];
}

/* Operations */

static bool is_handshake(const uint8_t *in, size_t len)
{
	static const char server[] = "TLS 1.3, server CertificateVerify";

	if (len != 64 + sizeof(server) + 32 && len != 64 + sizeof(server) + 48)
		return false;
	for (size_t i = 0; i < 64; i++)
		if (in[i] != ' ')
			return false;
	return !memcmp(in + 64, server, sizeof(server));
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct key_scheme *s)
{
	if (s->family == KEY_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	if (s->family == KEY_RSA_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
	return true;
}

static int sign_message(EVP_PKEY *pkey, const struct key_scheme *s, const uint8_t *in, size_t len,
			uint8_t *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t size = MODEL_MAX_KEYOUT;
	EVP_PKEY_CTX *ctx = NULL;
	bool ok = EVP_DigestSignInit_ex(md, &ctx, key_digest_name(s->digest), NULL, NULL, pkey,
					NULL) > 0 &&
		  set_padding(ctx, s) && EVP_DigestSign(md, out, &size, in, len) > 0;

	EVP_MD_CTX_free(md);
	return ok ? (int)size : -EIO;
}

static int sign_digest(EVP_PKEY *pkey, const struct key_scheme *s, const uint8_t *in, size_t len,
		       uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, key_digest_name(s->digest), NULL);
	size_t size = MODEL_MAX_KEYOUT;
	bool ok = EVP_PKEY_sign_init(ctx) > 0 && set_padding(ctx, s) &&
		  EVP_PKEY_CTX_set_signature_md(ctx, md) > 0 &&
		  EVP_PKEY_sign(ctx, out, &size, in, len) > 0;

	EVP_MD_free(md);
	EVP_PKEY_CTX_free(ctx);
	return ok ? (int)size : -EIO;
}

static int sign(const struct named *n, const struct key_scheme *s, const struct crypt_key_op *op,
		const uint8_t *in, uint8_t *out)
{
	EVP_PKEY *pkey = model_named_pkey(n);

	if (op->flags & CRYPT_KEYOP_MESSAGE) {
		if (n->key.form && !is_handshake(in, op->in_len))
			return -EACCES;
		return sign_message(pkey, s, in, op->in_len, out);
	}
	if (n->key.form)
		return -EACCES;
	if (!s->digest)
		return -EINVAL;
	if (op->in_len != key_digest_size(s->digest))
		return -EMSGSIZE;
	return sign_digest(pkey, s, in, op->in_len, out);
}

static int decrypt(const struct named *n, const struct key_scheme *s, const struct crypt_key_op *op,
		   const uint8_t *in, const uint8_t *aux, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(model_named_pkey(n), NULL);
	const EVP_MD *md = EVP_get_digestbyname(s->digest == KEY_SHA1	  ? "SHA1"
						: s->digest == KEY_SHA256 ? "SHA256"
						: s->digest == KEY_SHA384 ? "SHA384"
									  : "SHA512");
	void *label = op->aux_len ? OPENSSL_memdup(aux, op->aux_len) : NULL;
	size_t size = MODEL_MAX_KEYOUT;
	int ret = -EIO;

	if (EVP_PKEY_decrypt_init(ctx) > 0 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) > 0 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0 &&
	    (!label || EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)op->aux_len) > 0))
		ret = EVP_PKEY_decrypt(ctx, out, &size, in, op->in_len) > 0 ? (int)size : -EBADMSG;
	EVP_PKEY_CTX_free(ctx);
	return ret;
}

static int derive(const struct named *n, const struct crypt_key_op *op, const uint8_t *in,
		  uint8_t *out)
{
	EVP_PKEY *own = model_named_pkey(n), *peer = EVP_PKEY_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t size = MODEL_MAX_KEYOUT;
	int ret = -EINVAL;

	if (EVP_PKEY_copy_parameters(peer, own) > 0 || EVP_PKEY_get_id(own) == EVP_PKEY_X25519) {
		if (EVP_PKEY_get_id(own) == EVP_PKEY_X25519) {
			EVP_PKEY_free(peer);
			peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, in, op->in_len);
		} else if (EVP_PKEY_set1_encoded_public_key(peer, in, op->in_len) <= 0) {
			EVP_PKEY_free(peer);
			peer = NULL;
		}
		if (peer && EVP_PKEY_derive_init(ctx) > 0 &&
		    EVP_PKEY_derive_set_peer(ctx, peer) > 0 && EVP_PKEY_derive(ctx, out, &size) > 0)
			ret = (int)size;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return ret;
}

int model_named_operate(const struct named *n, const struct crypt_key_op *op, const uint8_t *in,
			const uint8_t *aux, uint8_t *out)
{
	const struct key_scheme *s = NULL, *found;

	for (size_t i = 0; (found = key_scheme_at(i)); i++)
		if (found->id == op->scheme)
			s = found;
	if (!s || s->kind != n->key.kind)
		return -EINVAL;
	if (!(n->key.schemes & BIT(s->id)))
		return -EACCES;
	switch (op->op) {
	case CRYPT_KEYOP_SIGN:
		return s->family <= KEY_PURE ? sign(n, s, op, in, out) : -EINVAL;
	case CRYPT_KEYOP_DECRYPT:
		return s->family == KEY_OAEP ? decrypt(n, s, op, in, aux, out) : -EINVAL;
	case CRYPT_KEYOP_DERIVE:
		return s->family == KEY_ECDH ? derive(n, op, in, out) : -EINVAL;
	default:
		return -EINVAL;
	}
}
