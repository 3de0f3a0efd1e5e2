/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evp_reference.c - libcrypto used in the plainest way. See evp_reference.h. */
#include "tests/unit/evp_reference.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

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

static OSSL_PROVIDER *providers[2];

static void unload(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++)
		if (providers[i])
			OSSL_PROVIDER_unload(providers[i]);
}

static EVP_CIPHER *fetch(const char *name)
{
	if (!providers[0]) {
		providers[0] = OSSL_PROVIDER_load(NULL, "default");
		providers[1] = OSSL_PROVIDER_load(NULL, "legacy");
		assert_non_null(providers[0]);
		/* After libcrypto registered its own clean-up, hence run before it. */
		assert_int_equal(atexit(unload), 0);
	}
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
