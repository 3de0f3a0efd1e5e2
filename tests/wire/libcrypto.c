/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcrypto.c - what libcrypto makes of the same bytes. See libcrypto.h.
 */
#include "tests/wire/libcrypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/evp.h>

void libcrypto_crypt(const char *name, bool encrypt, const uint8_t *key, const uint8_t *iv,
		     const uint8_t *in, uint8_t *out, size_t len)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	assert_non_null(cipher);
	assert_non_null(ctx);
	assert_true(EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL));
	assert_true(EVP_CIPHER_CTX_set_padding(ctx, 0));
	assert_true(EVP_CipherUpdate(ctx, out, &n, in, (int)len));
	assert_int_equal(n, len);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}
