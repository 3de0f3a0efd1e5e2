/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evp_reference.c - libcrypto used in the plainest way. See evp_reference.h. */
#include "tests/unit/evp_reference.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "cryptodev.h"

const struct reference_cipher reference_ciphers[] = {
    {CRYPTO_AES_CBC, 16, "AES-128-CBC"},
    {CRYPTO_AES_CBC, 24, "AES-192-CBC"},
    {CRYPTO_AES_CBC, 32, "AES-256-CBC"},
    {CRYPTO_AES_CTR, 16, "AES-128-CTR"},
    {CRYPTO_AES_CTR, 24, "AES-192-CTR"},
    {CRYPTO_AES_CTR, 32, "AES-256-CTR"},
    {CRYPTO_AES_ECB, 16, "AES-128-ECB"},
    {CRYPTO_AES_ECB, 24, "AES-192-ECB"},
    {CRYPTO_AES_ECB, 32, "AES-256-ECB"},
    {CRYPTO_AES_CFB, 16, "AES-128-CFB"},
    {CRYPTO_AES_CFB, 24, "AES-192-CFB"},
    {CRYPTO_AES_CFB, 32, "AES-256-CFB"},
    {CRYPTO_AES_OFB, 16, "AES-128-OFB"},
    {CRYPTO_AES_OFB, 24, "AES-192-OFB"},
    {CRYPTO_AES_OFB, 32, "AES-256-OFB"},
    {CRYPTO_AES_XTS, 32, "AES-128-XTS"},
    {CRYPTO_AES_XTS, 64, "AES-256-XTS"},
    {CRYPTO_3DES_CBC, 24, "DES-EDE3-CBC"},
    {CRYPTO_CAMELLIA_CBC, 16, "CAMELLIA-128-CBC"},
    {CRYPTO_CAMELLIA_CBC, 24, "CAMELLIA-192-CBC"},
    {CRYPTO_CAMELLIA_CBC, 32, "CAMELLIA-256-CBC"},
    {CRYPTO_DES_CBC, 8, "DES-CBC"},
    {CRYPTO_BLF_CBC, 4, "BF-CBC"},
    {CRYPTO_BLF_CBC, 16, "BF-CBC"},
    {CRYPTO_BLF_CBC, 56, "BF-CBC"},
    {CRYPTO_NULL, 0, NULL},
    {0, 0, NULL},
};

const struct reference_cipher *reference_find(uint32_t id, size_t key_len)
{
	const struct reference_cipher *ref = reference_ciphers;

	while (ref->id && (ref->id != id || ref->key_len != key_len))
		ref++;
	assert_true(ref->id);
	return ref;
}

static OSSL_PROVIDER *providers[2];

static void unload(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++)
		if (providers[i])
			OSSL_PROVIDER_unload(providers[i]);
}

static void load(void)
{
	if (!providers[0]) {
		providers[0] = OSSL_PROVIDER_load(NULL, "default");
		providers[1] = OSSL_PROVIDER_load(NULL, "legacy");
		assert_non_null(providers[0]);
		/* After libcrypto registered its own clean-up, hence run before it. */
		assert_int_equal(atexit(unload), 0);
	}
}

static EVP_CIPHER *fetch(const char *name)
{
	load();
	return EVP_CIPHER_fetch(NULL, name, NULL);
}

bool reference_available(const struct reference_cipher *cipher)
{
	EVP_CIPHER *evp;

	if (!cipher->evp)
		return true;
	evp = fetch(cipher->evp);
	EVP_CIPHER_free(evp);
	return evp;
}

void reference_crypt(const struct reference_cipher *cipher, bool encrypt, const uint8_t *key,
		     const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t len)
{
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER *evp;
	int n = 0, tail = 0;

	if (!len)
		return;
	if (!cipher->evp) {
		memcpy(out, in, len);
		return;
	}
	evp = fetch(cipher->evp);
	ctx = EVP_CIPHER_CTX_new();
	assert_non_null(evp);
	assert_non_null(ctx);
	assert_int_equal(EVP_CipherInit_ex2(ctx, evp, NULL, NULL, encrypt, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_key_length(ctx, (int)cipher->key_len), 1);
	assert_int_equal(EVP_CipherInit_ex2(ctx, NULL, key, iv, encrypt, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &n, in, (int)len), 1);
	assert_int_equal(EVP_CipherFinal_ex(ctx, out + n, &tail), 1);
	assert_int_equal((size_t)n + (size_t)tail, len);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(evp);
}

const struct reference_hash reference_hashes[] = {
    {CRYPTO_MD5, "MD5", NULL},
    {CRYPTO_SHA1, "SHA1", NULL},
    {CRYPTO_RIPEMD160, "RIPEMD160", NULL},
    {CRYPTO_SHA2_224, "SHA224", NULL},
    {CRYPTO_SHA2_256, "SHA256", NULL},
    {CRYPTO_SHA2_384, "SHA384", NULL},
    {CRYPTO_SHA2_512, "SHA512", NULL},
    {CRYPTO_SHA3_224, "SHA3-224", NULL},
    {CRYPTO_SHA3_256, "SHA3-256", NULL},
    {CRYPTO_SHA3_384, "SHA3-384", NULL},
    {CRYPTO_SHA3_512, "SHA3-512", NULL},
    {CRYPTO_MD5_HMAC, "MD5", "HMAC"},
    {CRYPTO_SHA1_HMAC, "SHA1", "HMAC"},
    {CRYPTO_RIPEMD160_HMAC, "RIPEMD160", "HMAC"},
    {CRYPTO_SHA2_224_HMAC, "SHA224", "HMAC"},
    {CRYPTO_SHA2_256_HMAC, "SHA256", "HMAC"},
    {CRYPTO_SHA2_384_HMAC, "SHA384", "HMAC"},
    {CRYPTO_SHA2_512_HMAC, "SHA512", "HMAC"},
    {CRYPTO_AES_CMAC, "AES-128-CBC", "CMAC"},
    {0, NULL, NULL},
};

const struct reference_hash *reference_hash_find(uint32_t id)
{
	for (const struct reference_hash *hash = reference_hashes; hash->id; hash++)
		if (hash->id == id)
			return hash;
	return NULL;
}

static size_t mac_run(const struct reference_hash *hash, const uint8_t *key, size_t key_len,
		      const uint8_t *in, size_t len, uint8_t *out)
{
	bool cmac = !strcmp(hash->mac, "CMAC");
	char name[] = "AES-128-CBC";
	EVP_MAC *mac = EVP_MAC_fetch(NULL, hash->mac, NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
	size_t n = 0;

	if (cmac) {
		name[4] = key_len == 16 ? '1' : key_len == 24 ? '1' : '2';
		name[5] = key_len == 16 ? '2' : key_len == 24 ? '9' : '5';
		name[6] = key_len == 16 ? '8' : key_len == 24 ? '2' : '6';
		params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0);
	} else {
		params[0] =
		    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)hash->evp, 0);
	}
	assert_non_null(ctx);
	assert_int_equal(EVP_MAC_init(ctx, key, key_len, params), 1);
	assert_int_equal(EVP_MAC_update(ctx, in, len), 1);
	assert_int_equal(EVP_MAC_final(ctx, out, &n, 64), 1);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return n;
}

size_t reference_hash_run(const struct reference_hash *hash, const uint8_t *key, size_t key_len,
			  const uint8_t *in, size_t len, uint8_t *out)
{
	unsigned int n = 0;
	EVP_MD *md;

	load();
	if (hash->mac)
		return mac_run(hash, key, key_len, in, len, out);
	md = EVP_MD_fetch(NULL, hash->evp, NULL);
	assert_non_null(md);
	assert_int_equal(EVP_Digest(in, len, out, &n, md, NULL), 1);
	EVP_MD_free(md);
	return n;
}

const struct reference_aead reference_aeads[] = {
    {CRYPTO_AES_GCM, 16, "AES-128-GCM"},
    {CRYPTO_AES_GCM, 24, "AES-192-GCM"},
    {CRYPTO_AES_GCM, 32, "AES-256-GCM"},
    {CRYPTO_AES_CCM, 16, "AES-128-CCM"},
    {CRYPTO_AES_CCM, 24, "AES-192-CCM"},
    {CRYPTO_AES_CCM, 32, "AES-256-CCM"},
    {CRYPTO_CHACHA20_POLY1305, 32, "ChaCha20-Poly1305"},
    {0, 0, NULL},
};

void reference_aead_seal(const struct reference_aead *aead, const struct reference_aead_job *job,
			 const uint8_t *in, size_t len, uint8_t *out, uint8_t *tag)
{
	EVP_CIPHER *evp = fetch(aead->evp);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ccm = aead->id == CRYPTO_AES_CCM;
	uint8_t dummy[16];
	int n;

	assert_non_null(evp);
	assert_int_equal(EVP_EncryptInit_ex2(ctx, evp, NULL, NULL, NULL), 1);
	assert_int_equal(
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)job->nonce_len, NULL), 1);
	if (ccm)
		assert_int_equal(
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)job->tag_len, NULL), 1);
	assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, job->key, job->nonce, NULL), 1);
	if (ccm)
		assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, NULL, (int)len), 1);
	if (job->aad_len)
		assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, job->aad, (int)job->aad_len), 1);
	if (len || ccm)
		assert_int_equal(
		    EVP_EncryptUpdate(ctx, len ? out : dummy, &n, len ? in : dummy, (int)len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, dummy, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)job->tag_len, tag),
			 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(evp);
}
