/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference.c - what must come out: libcrypto's one-shot EVP, independent of the
 * engine that is measured.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "cryptodev.h"
#include "tools/bench/bench.h"

const char *reference_name(const struct workload *work, char *buf, size_t size)
{
	const char *dash = strchr(work->alg->cli_name, '-');
	size_t bits = work->key_len * 8;

	switch (work->alg->id) {
	case CRYPTO_NULL:
		return NULL;
	case CRYPTO_3DES_CBC:
		return "DES-EDE3-CBC";
	case CRYPTO_DES_CBC:
		return "DES-CBC";
	case CRYPTO_BLF_CBC:
		return "BF-CBC";
	case CRYPTO_AES_XTS:
		bits /= 2;
		break;
	default:
		break;
	}
	/* The rest are called family-mode here and family-bits-mode there. */
	if (!dash)
		return NULL;
	(void)snprintf(buf, size, "%.*s-%zu%s", (int)(dash - work->alg->cli_name),
		       work->alg->cli_name, bits, dash);
	return buf;
}

int reference_crypt(const struct workload *work, const uint8_t *key, const uint8_t *iv,
		    const uint8_t *in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = NULL;
	EVP_CIPHER *cipher = NULL;
	char buf[64];
	const char *name = reference_name(work, buf, sizeof(buf));
	int ret = -ENOTSUP;
	int n = 0;

	if (!name) {
		memcpy(out, in, work->size);
		return 0;
	}
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	ctx = EVP_CIPHER_CTX_new();
	if (cipher && ctx && EVP_CIPHER_get_key_length(cipher) == (int)work->key_len &&
	    EVP_CipherInit_ex2(ctx, cipher, key, iv, !work->decrypt, NULL) &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	    EVP_CipherUpdate(ctx, out, &n, in, (int)work->size) && n == (int)work->size)
		ret = 0;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ret;
}
