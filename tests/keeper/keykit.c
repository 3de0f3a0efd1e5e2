/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keykit.c - keys of the test's own, and operations on them. */
#include "tests/keeper/keykit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

EVP_PKEY *kit_generate(const char *type)
{
	if (!strncmp(type, "RSA", 3))
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(type + 3));
	if (!strncmp(type, "P-", 2))
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
	return EVP_PKEY_Q_keygen(NULL, NULL, type);
}

uint8_t *kit_der(EVP_PKEY *pkey, size_t *len)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	uint8_t *der = NULL;
	int n;

	assert_non_null(info);
	n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	assert_true(n > 0);
	PKCS8_PRIV_KEY_INFO_free(info);
	*len = (size_t)n;
	return der;
}

struct policy_key kit_policy(uint64_t schemes)
{
	return (struct policy_key){
	    .label = "k",
	    .store = STORE_FILE,
	    .schemes = schemes,
	    .use = schemes_use(schemes),
	};
}

struct key *kit_key(EVP_PKEY *pkey, uint64_t schemes)
{
	struct policy_key policy = kit_policy(schemes);
	char why[200];
	size_t len;
	uint8_t *der = kit_der(pkey, &len);
	struct key *key = key_new(&policy, der, len, why, sizeof(why));

	OPENSSL_free(der);
	if (!key)
		fail_msg("%s", why);
	return key;
}

uint16_t kit_run(struct key *key, struct keeper_request *request, const void *in, size_t len,
		 struct result *result)
{
	static uint8_t out[KEEPER_MAX_PAYLOAD + 512];
	struct operation op = {.request = request, .in = in};
	const char *why = "";
	uint16_t status;

	request->len = (uint32_t)len;
	*result = (struct result){.out = out, .size = key_room(key, &op)};
	memset(out, 0xee, sizeof(out));
	status = key_check(key, &op, &why);
	if (status)
		return status;
	key_run(key, 0, &op, result);
	/* not a byte behind what the caller gave */
	assert_int_equal(out[result->size], 0xee);
	assert_true(result->len <= result->size);
	return result->status;
}

bool kit_verify(EVP_PKEY *pkey, const struct scheme *scheme, const uint8_t *message, size_t len,
		const uint8_t *signature, size_t signature_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params = NULL;
	bool ok;

	assert_int_equal(
	    EVP_DigestVerifyInit_ex(ctx, &params, scheme->digest, NULL, NULL, pkey, NULL), 1);
	if (scheme->family == FAMILY_RSA_PSS) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) > 0);
		/* the salt is as long as the digest, neither more nor less */
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST) > 0);
	}
	ok = EVP_DigestVerify(ctx, signature, signature_len, message, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

size_t kit_encrypt(EVP_PKEY *pkey, const struct scheme *scheme, const void *label, size_t label_len,
		   const void *in, size_t len, uint8_t out[512])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	const EVP_MD *md = EVP_get_digestbyname(scheme->digest);
	size_t out_len = 512;

	md = md ? md : EVP_MD_fetch(NULL, scheme->digest, NULL);
	assert_true(EVP_PKEY_encrypt_init(ctx) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0);
	if (label_len)
		assert_true(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup(label, label_len),
							     (int)label_len) > 0);
	assert_true(EVP_PKEY_encrypt(ctx, out, &out_len, in, len) > 0);
	EVP_PKEY_CTX_free(ctx);
	return out_len;
}

size_t kit_point(EVP_PKEY *pkey, uint8_t out[140])
{
	uint8_t *point = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(pkey, &point);

	assert_true(len > 0 && len <= 140);
	memcpy(out, point, len);
	OPENSSL_free(point);
	return len;
}

size_t kit_derive(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t out[80])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ours, NULL);
	size_t len = 80;

	assert_true(EVP_PKEY_derive_init(ctx) > 0);
	assert_true(EVP_PKEY_derive_set_peer(ctx, theirs) > 0);
	assert_true(EVP_PKEY_derive(ctx, out, &len) > 0);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

void kit_random(void *out, size_t len)
{
	assert_int_equal(RAND_bytes(out, (int)len), 1);
}
