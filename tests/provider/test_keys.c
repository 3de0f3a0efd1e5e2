/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_keys.c - keys that the host has, through EVP: every scheme, every parameter, and what must
 * not work.
 */
#include "tests/provider/keykit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#include "cryptodev.h"

static struct rig rig;

static const struct scheme {
	const char *label, *md;
	int padding;
} schemes[] = {
    {"rsa", "SHA256", RSA_PKCS1_PADDING},
    {"rsa", "SHA384", RSA_PKCS1_PADDING},
    {"rsa", "SHA512", RSA_PKCS1_PADDING},
    {"rsa", "SHA256", RSA_PKCS1_PSS_PADDING},
    {"rsa", "SHA384", RSA_PKCS1_PSS_PADDING},
    {"rsa", "SHA512", RSA_PKCS1_PSS_PADDING},
    {"rsa-pss", "SHA256", RSA_PKCS1_PSS_PADDING},
    {"p256", "SHA256", 0},
    {"p256", "SHA384", 0},
    {"p256", "SHA512", 0},
    {"p384", "SHA256", 0},
    {"p384", "SHA384", 0},
    {"p384", "SHA512", 0},
    {"p521", "SHA256", 0},
    {"p521", "SHA384", 0},
    {"p521", "SHA512", 0},
    {"ed25519", NULL, 0},
    {"p256-narrow", "SHA256", 0},
};

#define NUM_SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static int setup(void **state)
{
	rig_open(&rig, NULL, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	rig_close(&rig);
	return 0;
}

/* Short ones go as messages, longer ones as digests; both around the limit, and in parts. */
static void test_sign(void **state)
{
	static const size_t lengths[] = {0, 1, 32, 1023, 1024, 1025, 5000};
	uint8_t message[5000], sig[1024];
	uint64_t seed = 1;

	rig_fill(&seed, message, sizeof(message));
	for (size_t i = 0; i < NUM_SCHEMES; i++) {
		const struct scheme *s = &schemes[i];
		EVP_PKEY *key = keykit_key(&rig, s->label), *public = keykit_public(&rig, key);

		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			size_t len =
			    keykit_sign(&rig, key, s->md, s->padding, message, lengths[j], sig);

			assert_true(len > 0 && len <= (size_t)EVP_PKEY_get_size(key));
			assert_true(keykit_verify(&rig, public, s->md, s->padding, message,
						  lengths[j], sig, len));
			sig[len / 2] ^= 1;
			assert_false(keykit_verify(&rig, public, s->md, s->padding, message,
						   lengths[j], sig, len));
			ERR_clear_error();
		}
		EVP_PKEY_free(public);
		EVP_PKEY_free(key);
	}
}

/* A copy of a context goes its own way, and the sizes are told before. */
static void test_parts_and_copies(void **state)
{
	EVP_PKEY *key = keykit_key(&rig, "p256"), *public = keykit_public(&rig, key);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	uint8_t message[3000], sig[1024];
	uint64_t seed = 2;
	size_t len = 0;

	rig_fill(&seed, message, sizeof(message));
	for (size_t part = 700; part <= 2100; part += 700) {
		assert_int_equal(
		    EVP_DigestSignInit_ex(ctx, NULL, "SHA256", rig.ours, NULL, key, NULL), 1);
		assert_int_equal(EVP_DigestSignUpdate(ctx, message, part), 1);
		assert_int_equal(EVP_MD_CTX_copy_ex(copy, ctx), 1);
		assert_int_equal(EVP_DigestSignUpdate(ctx, "x", 1), 1);
		assert_int_equal(EVP_DigestSignUpdate(copy, message + part, 700), 1);
		assert_int_equal(EVP_DigestSignFinal(copy, NULL, &len), 1);
		assert_int_equal(len, EVP_PKEY_get_size(key));
		len = sizeof(sig);
		assert_int_equal(EVP_DigestSignFinal(copy, sig, &len), 1);
		assert_true(
		    keykit_verify(&rig, public, "SHA256", 0, message, part + 700, sig, len));
		EVP_MD_CTX_reset(ctx);
		EVP_MD_CTX_reset(copy);
	}
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

static size_t sign_digest(EVP_PKEY *key, const char *md, int padding, const uint8_t *digest,
			  size_t len, uint8_t *sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(rig.ours, key, NULL);
	EVP_MD *m = md ? EVP_MD_fetch(rig.ours, md, NULL) : NULL;
	size_t size = 1024;

	if (EVP_PKEY_sign_init(ctx) <= 0 ||
	    (padding && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0) ||
	    (m && EVP_PKEY_CTX_set_signature_md(ctx, m) <= 0) ||
	    EVP_PKEY_sign(ctx, sig, &size, digest, len) <= 0)
		size = 0;
	EVP_MD_free(m);
	EVP_PKEY_CTX_free(ctx);
	return size;
}

static void test_sign_digest(void **state)
{
	static const uint8_t info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				       0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	uint8_t digest[64], with_info[sizeof(info) + 32], sig[1024];
	const uint8_t *message = (const uint8_t *)"message";
	size_t len;

	for (size_t i = 0; i < NUM_SCHEMES; i++) {
		const struct scheme *s = &schemes[i];
		EVP_PKEY *key, *public;
		size_t n;

		if (!s->md)
			continue;
		key = keykit_key(&rig, s->label);
		public = keykit_public(&rig, key);
		assert_int_equal(EVP_Q_digest(rig.stock, s->md, NULL, message, 7, digest, &n), 1);
		len = sign_digest(key, s->md, s->padding, digest, n, sig);
		assert_true(keykit_verify(&rig, public, s->md, s->padding, message, 7, sig, len));
		assert_int_equal(sign_digest(key, s->md, s->padding, digest, n - 1, sig), 0);
		/* The curve's keys take the digest whose length it is. */
		if (!s->padding) {
			len = sign_digest(key, NULL, 0, digest, n, sig);
			assert_true(keykit_verify(&rig, public, s->md, 0, message, 7, sig, len));
			assert_int_equal(sign_digest(key, NULL, 0, digest, 20, sig), 0);
		}
		EVP_PKEY_free(public);
		EVP_PKEY_free(key);
		ERR_clear_error();
	}
	/* Without a digest's name, PKCS#1 takes a DigestInfo, and nothing else. */
	EVP_PKEY *key = keykit_key(&rig, "rsa"), *public = keykit_public(&rig, key);

	assert_int_equal(EVP_Q_digest(rig.stock, "SHA256", NULL, message, 7, digest, NULL), 1);
	memcpy(with_info, info, sizeof(info));
	memcpy(with_info + sizeof(info), digest, 32);
	len = sign_digest(key, NULL, RSA_PKCS1_PADDING, with_info, sizeof(with_info), sig);
	assert_true(keykit_verify(&rig, public, "SHA256", RSA_PKCS1_PADDING, message, 7, sig, len));
	assert_int_equal(sign_digest(key, NULL, RSA_PKCS1_PADDING, digest, 32, sig), 0);
	assert_true(keykit_says("DigestInfo"));
	with_info[5] ^= 1;
	assert_int_equal(
	    sign_digest(key, NULL, RSA_PKCS1_PADDING, with_info, sizeof(with_info), sig), 0);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
	ERR_clear_error();
}

static EVP_MD_CTX *pss_context(EVP_PKEY *rsa, EVP_PKEY_CTX **ctx)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit_ex(md, ctx, "SHA256", rig.ours, NULL, rsa, NULL), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(*ctx, RSA_PKCS1_PSS_PADDING), 1);
	return md;
}

/* What is not a scheme of the host's is refused, and the error says why. */
static void test_refused_parameters(void **state)
{
	EVP_PKEY *rsa = keykit_key(&rig, "rsa"), *ec = keykit_key(&rig, "p256");
	EVP_PKEY *ed = keykit_key(&rig, "ed25519");
	EVP_PKEY_CTX *ctx;
	EVP_MD_CTX *md = pss_context(rsa, &ctx);
	uint8_t sig[1024];
	size_t len = sizeof(sig);

	assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_MAX) <= 0);
	assert_true(keykit_says("the longest salt"));
	assert_true(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) <= 0);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_X931_PADDING) <= 0);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 20), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &len, (const uint8_t *)"m", 1), 0);
	assert_true(keykit_says("a salt of 20 bytes"));
	EVP_MD_CTX_free(md);
	md = pss_context(rsa, &ctx);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA512", NULL), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &len, (const uint8_t *)"m", 1), 0);
	assert_true(keykit_says("MGF1"));
	EVP_MD_CTX_free(md);

	assert_int_equal(keykit_sign(&rig, rsa, "SHA1", 0, sig, 1, sig), 0);
	assert_true(keykit_says("policy"));
	assert_int_equal(keykit_sign(&rig, rsa, "MD5", 0, sig, 1, sig), 0);
	assert_int_equal(keykit_sign(&rig, ec, "SHA1", 0, sig, 1, sig), 0);
	assert_int_equal(keykit_sign(&rig, ec, "SHA3-256", 0, sig, 1, sig), 0);
	assert_true(keykit_says("SHA3-256"));
	assert_int_equal(keykit_sign(&rig, ed, "SHA512", 0, sig, 1, sig), 0);
	assert_true(keykit_says("messages"));
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ed);
	ERR_clear_error();
}

static void test_denied(void **state)
{
	uint8_t message[200], sig[1024];
	EVP_PKEY *key;
	static const char context[] = "TLS 1.3, server CertificateVerify";
	const size_t len = 64 + sizeof(context) + 32;

	key = keykit_key(&rig, "p256-narrow");
	assert_int_equal(keykit_sign(&rig, key, "SHA384", 0, message, 1, sig), 0);
	assert_true(keykit_says("policy does not permit ecdsa-p256-sha384"));
	EVP_PKEY_free(key);
	key = keykit_key(&rig, "rsa-pss");
	assert_int_equal(keykit_sign(&rig, key, "SHA256", RSA_PKCS1_PADDING, message, 1, sig), 0);
	assert_true(keykit_says("policy"));
	EVP_PKEY_free(key);

	/* A key for handshakes signs one, and no other message, and no digest. */
	key = keykit_key(&rig, "web-tls");
	memset(message, ' ', sizeof(message));
	memcpy(message + 64, context, sizeof(context));
	assert_true(keykit_sign(&rig, key, "SHA256", 0, message, len, sig) > 0);
	assert_int_equal(keykit_sign(&rig, key, "SHA256", 0, message, len - 1, sig), 0);
	assert_true(keykit_says("forbids"));
	message[3] = 'x';
	assert_int_equal(keykit_sign(&rig, key, "SHA256", 0, message, len, sig), 0);
	assert_int_equal(sign_digest(key, "SHA256", 0, message, 32, sig), 0);
	assert_true(keykit_says("handshakes"));
	EVP_PKEY_free(key);
}

static void test_decrypt(void **state)
{
	static const char *const digests[] = {"SHA1", "SHA256", "SHA384", "SHA512"};
	EVP_PKEY *key = keykit_key(&rig, "rsa"), *public = keykit_public(&rig, key);
	uint8_t secret[256], out[256];
	size_t len, n;

	for (size_t i = 0; i < 8; i++) {
		EVP_PKEY_CTX *c[2] = {EVP_PKEY_CTX_new_from_pkey(rig.stock, public, NULL),
				      EVP_PKEY_CTX_new_from_pkey(rig.ours, key, NULL)};
		const char *md = digests[i / 2];

		assert_int_equal(EVP_PKEY_encrypt_init(c[0]), 1);
		assert_int_equal(EVP_PKEY_decrypt_init(c[1]), 1);
		for (int j = 0; j < 2; j++) {
			assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(c[j], RSA_PKCS1_OAEP_PADDING),
					 1);
			assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md_name(c[j], md, NULL), 1);
			if (i % 2)
				assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(
						     c[j], OPENSSL_strdup("label"), 5),
						 1);
		}
		len = sizeof(secret);
		assert_int_equal(EVP_PKEY_encrypt(c[0], secret, &len, (const uint8_t *)"text", 4),
				 1);
		assert_int_equal(EVP_PKEY_decrypt(c[1], NULL, &n, secret, len), 1);
		assert_int_equal(n, 256);
		assert_int_equal(EVP_PKEY_decrypt(c[1], out, &n, secret, len), 1);
		assert_int_equal(n, 4);
		assert_memory_equal(out, "text", 4);
		secret[9] ^= 1;
		n = sizeof(out);
		assert_int_not_equal(EVP_PKEY_decrypt(c[1], out, &n, secret, len), 1);
		assert_true(keykit_says("authentic"));
		EVP_PKEY_CTX_free(c[0]);
		EVP_PKEY_CTX_free(c[1]);
	}
	/* No PKCS#1 v1.5, which is OpenSSL's default. Encryption is anybody's. */
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(rig.ours, key, NULL);

	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	n = sizeof(out);
	assert_int_not_equal(EVP_PKEY_decrypt(ctx, out, &n, secret, 256), 1);
	assert_true(keykit_says("OAEP padding only"));
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	n = sizeof(out);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &n, (const uint8_t *)"text", 4), 1);
	assert_int_equal(n, 256);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

static size_t agree(OSSL_LIB_CTX *lib, EVP_PKEY *own, EVP_PKEY *peer, uint8_t *secret)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, own, NULL);
	size_t len = 0;

	if (EVP_PKEY_derive_init(ctx) <= 0 || EVP_PKEY_derive_set_peer(ctx, peer) <= 0 ||
	    EVP_PKEY_derive(ctx, NULL, &len) <= 0 || EVP_PKEY_derive(ctx, secret, &len) <= 0)
		len = 0;
	EVP_PKEY_CTX_free(ctx);
	return len;
}

static void test_derive(void **state)
{
	static const struct {
		const char *label, *type, *group;
		size_t size;
	} kinds[] = {{"p256", "EC", "P-256", 32},
		     {"p384", "EC", "P-384", 48},
		     {"p521", "EC", "P-521", 66},
		     {"x25519", "X25519", NULL, 32}};
	uint8_t ours[66], theirs[66];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		EVP_PKEY *key = keykit_key(&rig, kinds[i].label);
		EVP_PKEY *public = keykit_public(&rig, key);
		EVP_PKEY *peer = kinds[i].group ? EVP_PKEY_Q_keygen(rig.stock, NULL, kinds[i].type,
								    kinds[i].group)
						: EVP_PKEY_Q_keygen(rig.stock, NULL, kinds[i].type);
		EVP_PKEY *wrong = EVP_PKEY_Q_keygen(rig.stock, NULL, "EC", "secp256k1");
		EVP_PKEY *peer_public = keykit_public(&rig, peer);

		assert_int_equal(agree(rig.ours, key, peer_public, ours), kinds[i].size);
		assert_int_equal(agree(rig.stock, peer, public, theirs), kinds[i].size);
		assert_memory_equal(ours, theirs, kinds[i].size);
		assert_int_equal(agree(rig.ours, key, wrong, ours), 0);
		EVP_PKEY_free(key);
		EVP_PKEY_free(public);
		EVP_PKEY_free(peer);
		EVP_PKEY_free(peer_public);
		EVP_PKEY_free(wrong);
	}
	EVP_PKEY *key = keykit_key(&rig, "p256-narrow"), *public = keykit_public(&rig, key);

	ERR_clear_error();
	assert_int_equal(agree(rig.ours, key, public, ours), 0);
	assert_true(keykit_says("policy does not permit ecdh-p256"));
	EVP_PKEY_free(key);
	EVP_PKEY_free(public);
}

/* The private half is not to be had, by any call. */
static void test_export(void **state)
{
	static const char *const labels[] = {"rsa", "p256", "ed25519", "x25519"};
	static const char *const params[] = {OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PKEY_PARAM_RSA_D,
					     OSSL_PKEY_PARAM_RSA_FACTOR1,
					     OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
	uint8_t raw[2048];
	size_t len;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		EVP_PKEY *key = keykit_key(&rig, labels[i]), *public;
		unsigned char *der = NULL;
		OSSL_PARAM *all = NULL;
		BIO *bio = BIO_new(BIO_s_mem());
		PKCS8_PRIV_KEY_INFO *p8;

		assert_true(i2d_PrivateKey(key, &der) <= 0);
		p8 = EVP_PKEY2PKCS8(key);
		assert_null(p8);
		assert_int_not_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL),
				     1);
		assert_int_not_equal(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &all), 1);
		assert_int_equal(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &all), 1);
		for (OSSL_PARAM *p = all; p->key; p++)
			for (size_t j = 0; j < sizeof(params) / sizeof(params[0]); j++)
				assert_string_not_equal(p->key, params[j]);
		OSSL_PARAM_free(all);
		len = sizeof(raw);
		assert_int_not_equal(EVP_PKEY_get_raw_private_key(key, raw, &len), 1);
		for (size_t j = 0; j < sizeof(params) / sizeof(params[0]); j++) {
			BIGNUM *bn = NULL;

			assert_int_not_equal(EVP_PKEY_get_bn_param(key, params[j], &bn), 1);
			assert_int_not_equal(
			    EVP_PKEY_get_octet_string_param(key, params[j], raw, sizeof(raw), &len),
			    1);
		}
		/* The public half compares with the key, and is no private key. */
		public = keykit_public(&rig, key);
		assert_int_equal(EVP_PKEY_eq(public, key), 1);
		assert_int_equal(EVP_PKEY_eq(key, public), 1);
		EVP_PKEY_free(public);
		BIO_free(bio);
		EVP_PKEY_free(key);
		ERR_clear_error();
	}
}

/* Others' keys stay with the default provider, although ours was loaded first and the program
 * prefers it. */
static void test_others(void **state)
{
	static const char *const types[] = {"RSA", "EC", "ED25519", "X25519"};
	EVP_PKEY *key = keykit_key(&rig, "rsa"), *other;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		EVP_KEYMGMT *manager = EVP_KEYMGMT_fetch(rig.ours, types[i], NULL);

		assert_non_null(manager);
		assert_string_equal(OSSL_PROVIDER_get0_name(EVP_KEYMGMT_get0_provider(manager)),
				    "default");
		EVP_KEYMGMT_free(manager);
	}
	EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(rig.ours, "ECDSA", NULL);

	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_SIGNATURE_get0_provider(signature)),
			    "default");
	EVP_SIGNATURE_free(signature);
	other = EVP_PKEY_Q_keygen(rig.ours, NULL, "RSA", (size_t)2048);
	assert_non_null(other);
	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(other)), "default");
	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)), "cryptodev");
	EVP_PKEY_free(other);
	EVP_PKEY_free(key);
}

static void test_public_only(void **state)
{
	OSSL_STORE_CTX *store =
	    OSSL_STORE_open_ex("cryptodev:p256", rig.ours, NULL, NULL, NULL, NULL, NULL, NULL);
	OSSL_STORE_INFO *info;
	uint8_t sig[1024];
	EVP_PKEY *key;

	assert_int_equal(OSSL_STORE_expect(store, OSSL_STORE_INFO_PUBKEY), 1);
	info = OSSL_STORE_load(store);
	assert_int_equal(OSSL_STORE_INFO_get_type(info), OSSL_STORE_INFO_PUBKEY);
	key = OSSL_STORE_INFO_get1_PUBKEY(info);
	assert_int_equal(keykit_sign(&rig, key, "SHA256", 0, sig, 1, sig), 0);
	assert_true(keykit_says("no private half"));
	assert_true(OSSL_STORE_eof(store));
	OSSL_STORE_INFO_free(info);
	OSSL_STORE_close(store);
	EVP_PKEY_free(key);
	store = OSSL_STORE_open_ex("cryptodev:p256", rig.ours, NULL, NULL, NULL, NULL, NULL, NULL);
	assert_int_equal(OSSL_STORE_expect(store, OSSL_STORE_INFO_CERT), 1);
	assert_null(OSSL_STORE_load(store));
	assert_true(OSSL_STORE_eof(store));
	OSSL_STORE_close(store);
	ERR_clear_error();
}

/* Our keys verify and encrypt as others do. */
static void test_verify(void **state)
{
	for (size_t i = 0; i < NUM_SCHEMES; i++) {
		const struct scheme *s = &schemes[i];
		EVP_PKEY *key = keykit_key(&rig, s->label);
		uint8_t message[2000] = {1}, sig[1024];
		struct rig mine = rig;
		size_t len = keykit_sign(&rig, key, s->md, s->padding, message, 2000, sig);

		mine.stock = rig.ours;
		assert_true(keykit_verify(&mine, key, s->md, s->padding, message, 2000, sig, len));
		message[7] ^= 1;
		assert_false(keykit_verify(&mine, key, s->md, s->padding, message, 2000, sig, len));
		EVP_PKEY_free(key);
		ERR_clear_error();
	}
}

static void test_uris(void **state)
{
	static const char *const bad[] = {
	    "cryptodev:",
	    "cryptodev:Upper",
	    "cryptodev:a b",
	    "cryptodev:p256;dev=x",
	    "cryptodev:p256;device=",
	    "cryptodev:p256?ticket-file=",
	    "cryptodev:p256;device=%zz",
	    "cryptodev:p256;device=%00",
	    "cryptodev:p256?ticket-file=/nonexistent",
	    "cryptodev:p256;device=/dev/crypto;x",
	};
	static const char *const good[] = {"cryptodev:p256;device=/dev/cryptodev1",
					   "cryptodev:p256;device=%2Fdev%2fcrypto",
					   "CRYPTODEV:p256"};
	char path[] = "/tmp/ticket-XXXXXX", uri[128];
	int fd = mkstemp(path);
	uint8_t ticket[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(keykit_load(&rig, bad[i]));
		assert_true(keykit_says("cryptodev"));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		EVP_PKEY *key = keykit_load(&rig, good[i]);

		assert_non_null(key);
		EVP_PKEY_free(key);
	}
	/* Wrong label and wrong ticket are one answer. */
	assert_null(keykit_load(&rig, "cryptodev:nope"));
	assert_true(keykit_says("no such key"));
	assert_null(keykit_load(&rig, "cryptodev:zz-ticket"));
	assert_true(keykit_says("no such key"));
	memset(ticket, 0x42, sizeof(ticket));
	assert_int_equal(write(fd, ticket, sizeof(ticket)), sizeof(ticket));
	close(fd);
	snprintf(uri, sizeof(uri), "cryptodev:zz-ticket?ticket-file=%s", path);
	EVP_PKEY *key = keykit_load(&rig, uri);

	assert_non_null(key);
	assert_true(keykit_sign(&rig, key, "SHA256", 0, ticket, 32, (uint8_t[1024]){0}) > 0);
	EVP_PKEY_free(key);
	unlink(path);
	/* Symmetric keys are no keys of OpenSSL's. */
	assert_null(keykit_load(&rig, "cryptodev:disk0"));
	assert_true(keykit_says("symmetric"));
}

static EVP_PKEY *read_pem(BIO *bio)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, rig.ours, NULL);

	BIO_free(bio);
	return key;
}

/* Files with a URI inside, alone and behind other blocks; and those without one. */
static void test_pem(void **state)
{
	static const char *const labels[] = {"rsa", "p256", "p521", "ed25519", "x25519"};
	EVP_PKEY *key, *own = EVP_PKEY_Q_keygen(rig.stock, NULL, "EC", "P-256");
	char *text;
	BIO *bio, *mixed;
	long len;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		char uri[64];

		snprintf(uri, sizeof(uri), "cryptodev:%s", labels[i]);
		key = read_pem(keykit_pem(uri));
		assert_non_null(key);
		assert_string_equal(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)),
				    "cryptodev");
		EVP_PKEY_free(key);
	}
	assert_null(read_pem(keykit_pem("cryptodev:nope")));
	assert_true(keykit_says("no such key"));
	assert_null(read_pem(keykit_pem("https://example.com")));
	ERR_clear_error();
	/* A key in clear is the default provider's. */
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(bio, own, NULL, NULL, 0, NULL, NULL), 1);
	key = read_pem(bio);
	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)), "default");
	EVP_PKEY_free(key);
	/* A certificate before the key, as many servers have it. */
	bio = keykit_pem("cryptodev:p256");
	len = BIO_get_mem_data(bio, &text);
	key = keykit_key(&rig, "p256");
	X509 *cert = keykit_certificate(&rig, key);

	mixed = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(mixed, cert);
	BIO_write(mixed, text, (int)len);
	PEM_write_bio_X509(mixed, cert);
	EVP_PKEY_free(key);
	key = PEM_read_bio_PrivateKey_ex(mixed, NULL, NULL, NULL, rig.ours, NULL);
	assert_non_null(key);
	assert_int_equal(X509_check_private_key(cert, key), 1);
	X509 *behind = PEM_read_bio_X509(mixed, NULL, NULL, NULL);

	assert_non_null(behind);
	X509_free(behind);
	BIO_free(mixed);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(own);
	ERR_clear_error();
}

/* Base64 that is broken, DER that is not the structure: no key, and no harm. */
static void test_bad_pem(void **state)
{
	static const char head[] = "-----BEGIN CRYPTODEV PROVIDER URI-----\n";
	static const char tail[] = "-----END CRYPTODEV PROVIDER URI-----\n";
	static const char *const bodies[] = {"",       "====\n",     "!!!!\n",
					     "MAA=\n", "MAMCAQE=\n", "MAYaAXgMAQA=\n"};
	char longer[4000];

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		BIO *bio = BIO_new(BIO_s_mem());

		BIO_printf(bio, "%s%s%s", head, bodies[i], i % 2 ? tail : "");
		assert_null(read_pem(bio));
	}
	memset(longer, 'A', sizeof(longer));
	for (size_t i = 63; i < sizeof(longer); i += 64)
		longer[i] = '\n';
	longer[sizeof(longer) - 1] = 0;
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_printf(bio, "%s%s\n%s", head, longer, tail);
	assert_null(read_pem(bio));
	ERR_clear_error();
}

/* The child opens the device itself; the parent's session is the parent's still. */
static void test_fork(void **state)
{
	EVP_PKEY *key = keykit_key(&rig, "p256"), *public = keykit_public(&rig, key);
	const uint8_t *m = (const uint8_t *)"m";
	uint8_t sig[1024];
	unsigned int opens;
	size_t len;
	int status;
	pid_t pid;

	assert_true(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig) > 0);
	opens = model_opens();
	assert_true(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig) > 0);
	assert_int_equal(model_opens(), opens);
	pid = fork();
	if (!pid) {
		len = keykit_sign(&rig, key, "SHA256", 0, m, 1, sig);
		if (!len || !keykit_verify(&rig, public, "SHA256", 0, m, 1, sig, len))
			_exit(1);
		_exit(model_opens() == opens + 1 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig) > 0);
	assert_int_equal(model_opens(), opens);
	/* Loading opens and closes: a child of a program that only loads keys inherits none. */
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

/* A daemon that closes all descriptors, and others that get the numbers. */
static void test_stolen(void **state)
{
	static const char *const labels[] = {"rsa", "p256", "p384", "p521", "p256-narrow"};
	const size_t n = sizeof(labels) / sizeof(labels[0]);
	const uint8_t *m = (const uint8_t *)"m";
	EVP_PKEY *keys[5];
	uint8_t sig[1024];
	int fd;

	/* Among these descriptors are the emulator's own. */
	if (getenv("VCRYPTO_EMULATED"))
		skip();
	/* More keys than there are files in the pool. */
	for (size_t i = 0; i < n; i++) {
		keys[i] = keykit_key(&rig, labels[i]);
		assert_true(keykit_sign(&rig, keys[i], "SHA256", 0, m, 1, sig) > 0);
	}
	for (fd = 3; fd < 64; fd++)
		close(fd);
	for (size_t i = 0; i < n; i++)
		assert_true(keykit_sign(&rig, keys[i], "SHA256", 0, m, 1, sig) > 0);
	for (fd = 3; fd < 64; fd++)
		if (close(fd) == 0)
			assert_true(open("/dev/null", O_RDONLY) == fd);
	for (size_t i = 0; i < n; i++)
		assert_true(keykit_sign(&rig, keys[i], "SHA256", 0, m, 1, sig) > 0);
	for (size_t i = 0; i < n; i++)
		EVP_PKEY_free(keys[i]);
	for (fd = 3; fd < 64; fd++)
		close(fd);
	ERR_clear_error();
}

static void test_errors(void **state)
{
	static const struct {
		int error;
		const char *says;
	} errors[] = {{ENOKEY, "no such key"},
		      {EACCES, "policy"},
		      {EIO, "did not answer"},
		      {EOPNOTSUPP, "no key service"},
		      {EMSGSIZE, "length"}};
	EVP_PKEY *key = keykit_key(&rig, "p256");
	const uint8_t *m = (const uint8_t *)"m";
	uint8_t sig[1024];

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		model_fault(&(struct model_fault){
		    .request = CIOCKEYOP, .times = 1, .error = errors[i].error});
		assert_int_equal(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig), 0);
		assert_true(keykit_says(errors[i].says));
		assert_true(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig) > 0);
		model_fault(&(struct model_fault){
		    .request = CIOCKEYINFO, .times = 1, .error = errors[i].error});
		assert_null(keykit_load(&rig, "cryptodev:p256"));
		assert_true(keykit_says(errors[i].says));
	}
	/* A lost session is made again, without a word. */
	model_fault(&(struct model_fault){.request = CIOCKEYOP, .times = 1, .error = EINVAL});
	assert_true(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig) > 0);
	model_fault(
	    &(struct model_fault){.request = CIOCKEYOP, .times = UINT_MAX, .error = EINVAL});
	assert_int_equal(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig), 0);
	model_fault(&(struct model_fault){.open = EACCES});
	assert_null(keykit_load(&rig, "cryptodev:p256"));
	model_fault(&(struct model_fault){0});
	assert_true(keykit_sign(&rig, key, "SHA256", 0, m, 1, sig) > 0);
	EVP_PKEY_free(key);
	ERR_clear_error();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_others, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sign, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_parts_and_copies, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sign_digest, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused_parameters, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_denied, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_decrypt, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_derive, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_export, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_public_only, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verify, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_uris, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pem, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_pem, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stolen, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
