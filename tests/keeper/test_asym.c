/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_asym.c - signatures, decryption and key exchange: known answers, libcrypto's opinion, and all
 * that a key does not do.
 *
 * KEEPER_ROUNDS: random operations of each scheme, 30 without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include "tests/keeper/keykit.h"
#include "tests/lib/hex.h"

static const struct {
	const char *type;
	enum keeper_kind kind;
	unsigned int bits;
} types[] = {
    {"RSA2048", KEEPER_KIND_RSA, 2048},	     {"RSA3072", KEEPER_KIND_RSA, 3072},
    {"P-256", KEEPER_KIND_P256, 256},	     {"P-384", KEEPER_KIND_P384, 384},
    {"P-521", KEEPER_KIND_P521, 521},	     {"ED25519", KEEPER_KIND_ED25519, 256},
    {"X25519", KEEPER_KIND_X25519, 256},     {"ML-DSA-44", KEEPER_KIND_ML_DSA_44, 0},
    {"ML-DSA-65", KEEPER_KIND_ML_DSA_65, 0}, {"ML-DSA-87", KEEPER_KIND_ML_DSA_87, 0},
};

static unsigned int rounds(void)
{
	const char *text = getenv("KEEPER_ROUNDS");

	return text ? (unsigned int)atoi(text) : 30;
}

static void sign_one(struct key *key, EVP_PKEY *pkey, const struct scheme *scheme)
{
	struct keeper_request r = {.type = KEEPER_SIGN, .scheme = (uint16_t)scheme->id};
	uint8_t message[300], digest[64];
	struct result result;
	size_t len, digest_len;

	kit_random(&len, sizeof(len));
	len %= sizeof(message);
	kit_random(message, sizeof(message));
	r.flags = KEEPER_F_MESSAGE;
	assert_int_equal(kit_run(key, &r, message, len, &result), KEEPER_S_OK);
	assert_true(kit_verify(pkey, scheme, message, len, result.out, result.len));
	assert_true(result.len <= kind_max_out(scheme->kind, key->info.bits));
	r.flags = 0;
	if (!scheme->digest) {
		assert_int_equal(kit_run(key, &r, message, len, &result), KEEPER_S_DENIED);
		return;
	}
	assert_int_equal(
	    EVP_Q_digest(NULL, scheme->digest, NULL, message, len, digest, &digest_len), 1);
	assert_int_equal(kit_run(key, &r, digest, digest_len, &result), KEEPER_S_OK);
	assert_true(kit_verify(pkey, scheme, message, len, result.out, result.len));
	assert_int_equal(kit_run(key, &r, digest, digest_len - 1, &result), KEEPER_S_INVALID);
	assert_int_equal(kit_run(key, &r, digest, 0, &result), KEEPER_S_INVALID);
}

static void decrypt_one(struct key *key, EVP_PKEY *pkey, const struct scheme *scheme)
{
	struct keeper_request r = {.type = KEEPER_DECRYPT, .scheme = (uint16_t)scheme->id};
	uint8_t secret[60], in[512 + 9];
	struct result result;
	size_t len, cipher_len;

	kit_random(secret, sizeof(secret));
	len = secret[0] % sizeof(secret);
	cipher_len = kit_encrypt(pkey, scheme, NULL, 0, secret, len, in);
	assert_int_equal(kit_run(key, &r, in, cipher_len, &result), KEEPER_S_OK);
	assert_int_equal(result.len, len);
	assert_memory_equal(result.out, secret, len);
	in[cipher_len / 2] ^= 1;
	assert_int_equal(kit_run(key, &r, in, cipher_len, &result), KEEPER_S_BADMSG);
	assert_int_equal(result.len, 0);
	/* with a label, which has to be the same */
	cipher_len = kit_encrypt(pkey, scheme, "the label", 9, secret, len, in);
	assert_int_equal(kit_run(key, &r, in, cipher_len, &result), KEEPER_S_BADMSG);
	memcpy(in + cipher_len, "the label", 9);
	r.aux_len = 9;
	assert_int_equal(kit_run(key, &r, in, cipher_len + 9, &result), KEEPER_S_OK);
	assert_memory_equal(result.out, secret, len);
	assert_int_equal(kit_run(key, &r, in, cipher_len + 8, &result), KEEPER_S_INVALID);
	r.aux_len = 600;
	assert_int_equal(kit_run(key, &r, in, cipher_len + 9, &result), KEEPER_S_INVALID);
}

static void derive_one(struct key *key, EVP_PKEY *pkey, const struct scheme *scheme,
		       const char *type)
{
	struct keeper_request r = {.type = KEEPER_DERIVE, .scheme = (uint16_t)scheme->id};
	EVP_PKEY *peer = kit_generate(type);
	uint8_t point[140], secret[80];
	struct result result;
	size_t len = kit_point(peer, point), secret_len = kit_derive(peer, pkey, secret);

	assert_int_equal(kit_run(key, &r, point, len, &result), KEEPER_S_OK);
	assert_int_equal(result.len, secret_len);
	assert_memory_equal(result.out, secret, secret_len);
	assert_int_equal(kit_run(key, &r, point, len - 1, &result), KEEPER_S_INVALID);
	if (scheme->kind != KEEPER_KIND_X25519) {
		point[len - 1] ^= 1; /* not on the curve */
		assert_int_equal(kit_run(key, &r, point, len, &result), KEEPER_S_INVALID);
		point[0] = 2;
		assert_int_equal(kit_run(key, &r, point, len, &result), KEEPER_S_INVALID);
	} else {
		memset(point, 0, len); /* of small order: the secret would be zeros */
		assert_int_equal(kit_run(key, &r, point, len, &result), KEEPER_S_INVALID);
	}
	EVP_PKEY_free(peer);
}

/* Every scheme of every kind of key; what libcrypto does not have (ML-DSA before 3.5) is not there. */
static void test_all_schemes(void **state)
{
	const struct scheme *scheme;
	unsigned int done = 0;

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		EVP_PKEY *pkey = kit_generate(types[t].type);
		struct key *key;

		/* ML-DSA comes with OpenSSL 3.5, all else has been there. */
		if (!pkey) {
			assert_true(!strncmp(types[t].type, "ML-DSA", 6) &&
				    (OPENSSL_version_major() < 3 || OPENSSL_version_minor() < 5));
			continue;
		}
		key = kit_key(pkey, schemes_of(types[t].kind));
		assert_int_equal(key->info.kind, types[t].kind);
		if (types[t].bits)
			assert_int_equal(key->info.bits, types[t].bits);
		for (size_t i = 0; (scheme = scheme_at(i)); i++) {
			if (scheme->kind != types[t].kind)
				continue;
			for (unsigned int n = 0; n < rounds(); n++) {
				if (scheme->use == KEEPER_USE_SIGN)
					sign_one(key, pkey, scheme);
				else if (scheme->use == KEEPER_USE_DECRYPT)
					decrypt_one(key, pkey, scheme);
				else
					derive_one(key, pkey, scheme, types[t].type);
				done++;
			}
		}
		key_put(key);
		EVP_PKEY_free(pkey);
	}
	/* all but ML-DSA, RSA twice */
	assert_true(done >= (25 + 11) * rounds());
}

/* ---- known answers ---------------------------------------------------------------------- */

static struct key *raw_key(const char *type, const char *hex, uint64_t scheme)
{
	uint8_t bytes[64];
	size_t len = strlen(hex) / 2;
	EVP_PKEY *pkey;
	struct key *key;

	assert_true(0 < hex_decode(hex, bytes, len));
	pkey = EVP_PKEY_new_raw_private_key_ex(NULL, type, NULL, bytes, len);
	assert_non_null(pkey);
	key = kit_key(pkey, UINT64_C(1) << scheme);
	EVP_PKEY_free(pkey);
	return key;
}

static void expect(const struct result *result, const char *hex)
{
	uint8_t want[128];

	assert_int_equal(result->len, strlen(hex) / 2);
	assert_true(0 < hex_decode(hex, want, result->len));
	assert_memory_equal(result->out, want, result->len);
}

/* RFC 8032, 7.1, tests 1 and 2. */
static void test_ed25519(void **state)
{
	struct keeper_request r = {
	    .type = KEEPER_SIGN, .flags = KEEPER_F_MESSAGE, .scheme = KEEPER_ED25519};
	struct result result;
	struct key *key =
	    raw_key("ED25519", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		    KEEPER_ED25519);

	assert_int_equal(kit_run(key, &r, "", 0, &result), KEEPER_S_OK);
	expect(&result, "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
			"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
	key_put(key);
	key = raw_key("ED25519", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		      KEEPER_ED25519);
	assert_int_equal(kit_run(key, &r, "\x72", 1, &result), KEEPER_S_OK);
	expect(&result, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	key_put(key);
}

/* RFC 7748, 6.1. */
static void test_x25519(void **state)
{
	struct keeper_request r = {.type = KEEPER_DERIVE, .scheme = KEEPER_X25519};
	struct result result;
	uint8_t peer[32];
	struct key *key =
	    raw_key("X25519", "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
		    KEEPER_X25519);

	assert_true(0 <
		    hex_decode("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
			       peer, 32));
	assert_int_equal(kit_run(key, &r, peer, 32, &result), KEEPER_S_OK);
	expect(&result, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	key_put(key);
}

/* NIST's CAVS 14.1, ECC CDH primitive, P-256, count 0. */
static void test_ecdh(void **state)
{
	static const char ours[] =
	    "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
	    "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534";
	static const char theirs[] =
	    "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	    "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
	struct keeper_request r = {.type = KEEPER_DERIVE, .scheme = KEEPER_ECDH_P256};
	struct policy_key policy = kit_policy(UINT64_C(1) << KEEPER_ECDH_P256);
	uint8_t der[67], peer[65];
	struct result result;
	struct key *key;
	char why[200];

	assert_true(0 < hex_decode(ours, der, sizeof(der)));
	assert_true(0 < hex_decode(theirs, peer, sizeof(peer)));
	key = key_new(&policy, der, sizeof(der), why, sizeof(why));
	if (!key)
		fail_msg("%s", why);
	assert_int_equal(kit_run(key, &r, peer, sizeof(peer), &result), KEEPER_S_OK);
	expect(&result, "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
	key_put(key);
}

/* RFC 8017, 9.2: what the signature opens to, computed here by hand. */
static void test_pkcs1(void **state)
{
	static const uint8_t head[] = {0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1,
				       0x65, 3,	   4,	 2,  1, 5, 0,	 4,    32};
	struct keeper_request r = {.type = KEEPER_SIGN, .scheme = KEEPER_RSA_PKCS1_SHA256};
	EVP_PKEY *pkey = kit_generate("RSA2048");
	struct key *key = kit_key(pkey, UINT64_C(1) << KEEPER_RSA_PKCS1_SHA256);
	BIGNUM *n = NULL, *e = NULL, *m = BN_new(), *s;
	BN_CTX *ctx = BN_CTX_new();
	uint8_t digest[32], opened[256], want[256];
	struct result result;

	kit_random(digest, sizeof(digest));
	assert_int_equal(kit_run(key, &r, digest, 32, &result), KEEPER_S_OK);
	assert_int_equal(result.len, 256);
	assert_true(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n));
	assert_true(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e));
	s = BN_bin2bn(result.out, 256, NULL);
	assert_true(BN_mod_exp(m, s, e, n, ctx));
	assert_int_equal(BN_bn2binpad(m, opened, 256), 256);
	memset(want, 0xff, sizeof(want));
	want[0] = 0;
	want[1] = 1;
	want[256 - 32 - sizeof(head) - 1] = 0;
	memcpy(want + 256 - 32 - sizeof(head), head, sizeof(head));
	memcpy(want + 256 - 32, digest, 32);
	assert_memory_equal(opened, want, 256);
	BN_free(n);
	BN_free(e);
	BN_free(m);
	BN_free(s);
	BN_CTX_free(ctx);
	key_put(key);
	EVP_PKEY_free(pkey);
}

/* ---- what a key does not do -------------------------------------------------------------- */

static void test_rights(void **state)
{
	EVP_PKEY *pkey = kit_generate("P-256");
	struct key *key = kit_key(pkey, UINT64_C(1) << KEEPER_ECDSA_P256_SHA256);
	struct keeper_request r = {.type = KEEPER_SIGN, .scheme = KEEPER_ECDSA_P256_SHA256};
	struct result result;
	uint8_t in[64] = {4};

	assert_int_equal(kit_run(key, &r, in, 32, &result), KEEPER_S_OK);
	r.scheme = KEEPER_ECDSA_P256_SHA384;
	assert_int_equal(kit_run(key, &r, in, 48, &result), KEEPER_S_DENIED);
	r.scheme = KEEPER_ED25519;
	r.flags = KEEPER_F_MESSAGE;
	assert_int_equal(kit_run(key, &r, in, 48, &result), KEEPER_S_DENIED);
	r.flags = 0;
	r.scheme = 0;
	assert_int_equal(kit_run(key, &r, in, 32, &result), KEEPER_S_INVALID);
	r.scheme = 64 + KEEPER_ECDSA_P256_SHA256;
	assert_int_equal(kit_run(key, &r, in, 32, &result), KEEPER_S_INVALID);
	/* a scheme of another operation */
	r.scheme = KEEPER_ECDH_P256;
	assert_int_equal(kit_run(key, &r, in, 32, &result), KEEPER_S_INVALID);
	r.type = KEEPER_DERIVE;
	assert_int_equal(kit_run(key, &r, in, 65, &result), KEEPER_S_DENIED);
	r = (struct keeper_request){.type = KEEPER_CRYPT, .iv_len = 16};
	assert_int_equal(kit_run(key, &r, in, 16, &result), KEEPER_S_DENIED);
	/* the scheme alone is no right */
	r = (struct keeper_request){.type = KEEPER_SIGN, .scheme = KEEPER_ECDSA_P256_SHA256};
	key->policy.use = KEEPER_USE_DERIVE;
	assert_int_equal(kit_run(key, &r, in, 32, &result), KEEPER_S_DENIED);
	key_put(key);
	EVP_PKEY_free(pkey);
}

/* A key with a form signs messages of that form, and no digest, whose message nobody saw. */
static void test_form(void **state)
{
	EVP_PKEY *pkey = kit_generate("P-256");
	struct key *key = kit_key(pkey, UINT64_C(1) << KEEPER_ECDSA_P256_SHA256);
	struct keeper_request r = {.type = KEEPER_SIGN, .scheme = KEEPER_ECDSA_P256_SHA256};
	struct result result;
	uint8_t message[98 + 32];

	memset(message, ' ', 64);
	memcpy(message + 64, "TLS 1.3, server CertificateVerify", 34);
	memset(message + 98, 7, 32);
	key->policy.form = KEEPER_FORM_TLS13_SERVER;
	assert_int_equal(kit_run(key, &r, message, 32, &result), KEEPER_S_DENIED);
	r.flags = KEEPER_F_MESSAGE;
	assert_int_equal(kit_run(key, &r, message, sizeof(message), &result), KEEPER_S_OK);
	assert_true(kit_verify(pkey, scheme_find(KEEPER_ECDSA_P256_SHA256), message,
			       sizeof(message), result.out, result.len));
	message[0] = 'x';
	assert_int_equal(kit_run(key, &r, message, sizeof(message), &result), KEEPER_S_DENIED);
	key_put(key);
	EVP_PKEY_free(pkey);
}

static void refused(const char *type, uint64_t schemes, const char *words)
{
	struct policy_key policy = kit_policy(schemes);
	EVP_PKEY *pkey = kit_generate(type);
	char why[200] = "";
	size_t len;
	uint8_t *der = kit_der(pkey, &len);

	assert_null(key_new(&policy, der, len, why, sizeof(why)));
	if (!strstr(why, words))
		fail_msg("%s: %s", type, why);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
}

static void test_refused_keys(void **state)
{
	struct policy_key policy = kit_policy(UINT64_C(1) << KEEPER_ED25519);
	char why[200] = "";

	refused("RSA1024", UINT64_C(1) << KEEPER_RSA_PSS_SHA256, "2048 to 4096");
	refused("ED448", UINT64_C(1) << KEEPER_ED25519, "none of");
	refused("P-224", UINT64_C(1) << KEEPER_ECDSA_P256_SHA256, "none of");
	refused("P-256", UINT64_C(1) << KEEPER_RSA_PSS_SHA256, "not for this kind");
	refused("P-256", UINT64_C(1) << KEEPER_ECDSA_P384_SHA384, "not for this kind");
	assert_null(key_new(&policy, (const uint8_t *)"rubbish", 7, why, sizeof(why)));
	assert_non_null(strstr(why, "no private key"));
}

/* A thread's context is for one scheme: another one in between does not change what is signed. */
static void test_schemes_in_turn(void **state)
{
	static const enum keeper_scheme turn[] = {KEEPER_RSA_PSS_SHA256, KEEPER_RSA_PKCS1_SHA256,
						  KEEPER_RSA_PSS_SHA512, KEEPER_RSA_PSS_SHA256,
						  KEEPER_RSA_PSS_SHA256};
	EVP_PKEY *pkey = kit_generate("RSA2048");
	struct key *key = kit_key(pkey, schemes_of(KEEPER_KIND_RSA));

	for (size_t i = 0; i < sizeof(turn) / sizeof(turn[0]); i++)
		sign_one(key, pkey, scheme_find(turn[i]));
	key_put(key);
	EVP_PKEY_free(pkey);
}

/* The check value tells keys apart, and is the same for the same. */
static void test_check_value(void **state)
{
	EVP_PKEY *a = kit_generate("ED25519"), *b = kit_generate("ED25519");
	struct key *one = kit_key(a, UINT64_C(1) << KEEPER_ED25519);
	struct key *same = kit_key(a, UINT64_C(1) << KEEPER_ED25519);
	struct key *other = kit_key(b, UINT64_C(1) << KEEPER_ED25519);

	assert_memory_equal(one->info.check, same->info.check, KEEPER_CHECK_LEN);
	assert_memory_not_equal(one->info.check, other->info.check, KEEPER_CHECK_LEN);
	assert_true(key_same(one, same));
	assert_false(key_same(one, other));
	same->policy.form = KEEPER_FORM_TLS13_CLIENT;
	assert_false(key_same(one, same));
	key_put(one);
	key_put(same);
	key_put(other);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_schemes), cmocka_unit_test(test_ed25519),
	    cmocka_unit_test(test_x25519),	cmocka_unit_test(test_ecdh),
	    cmocka_unit_test(test_pkcs1),	cmocka_unit_test(test_rights),
	    cmocka_unit_test(test_form),	cmocka_unit_test(test_refused_keys),
	    cmocka_unit_test(test_check_value), cmocka_unit_test(test_schemes_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
