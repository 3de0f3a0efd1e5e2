/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xts.c - continuing in the middle of an XTS data unit. See xts.h. */
#include "engine/xts.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>

struct eng_xts {
	EVP_CIPHER_CTX *encrypt;
	EVP_CIPHER_CTX *decrypt;
};

static EVP_CIPHER_CTX *ecb_ctx(const EVP_CIPHER *ecb, const uint8_t *key, int encrypt)
{
	unsigned int pad = 0;
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, &pad),
	    OSSL_PARAM_END,
	};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx && EVP_CipherInit_ex2(ctx, ecb, key, NULL, encrypt, params) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

struct eng_xts *eng_xts_new(const EVP_CIPHER *ecb, const uint8_t *key2)
{
	struct eng_xts *xts = calloc(1, sizeof(*xts));

	if (!xts)
		return NULL;
	xts->encrypt = ecb_ctx(ecb, key2, 1);
	xts->decrypt = ecb_ctx(ecb, key2, 0);
	if (xts->encrypt && xts->decrypt)
		return xts;
	eng_xts_free(xts);
	return NULL;
}

void eng_xts_free(struct eng_xts *xts)
{
	if (!xts)
		return;
	EVP_CIPHER_CTX_free(xts->encrypt);
	EVP_CIPHER_CTX_free(xts->decrypt);
	free(xts);
}

/* lo, hi = (lo, hi) * x^n for n of 0 to 64, modulo x^128 + x^7 + x^2 + x + 1 */
static void times_x(uint64_t *lo, uint64_t *hi, unsigned int n)
{
	uint64_t out, carry;

	if (!n)
		return;
	if (n == 64) {
		out = *hi;
		*hi = *lo;
		*lo = 0;
	} else {
		out = *hi >> (64 - n);
		*hi = *hi << n | *lo >> (64 - n);
		*lo <<= n;
	}
	/* The bits shifted out, times x^7 + x^2 + x + 1; up to 7 bits reach hi. */
	carry = out >> 63 ^ out >> 62 ^ out >> 57;
	*lo ^= out ^ out << 1 ^ out << 2 ^ out << 7;
	*hi ^= carry;
}

int eng_xts_advance(struct eng_xts *xts, uint8_t iv[VCD_MAX_IV_LEN], uint64_t blocks)
{
	uint8_t tweak[16];
	uint64_t half[2];
	int n;

	if (EVP_CipherUpdate(xts->encrypt, tweak, &n, iv, sizeof(tweak)) != 1 || n != 16)
		return -EIO;
	memcpy(half, tweak, sizeof(half));
	half[0] = le64toh(half[0]);
	half[1] = le64toh(half[1]);
	for (; blocks >= 64; blocks -= 64)
		times_x(&half[0], &half[1], 64);
	times_x(&half[0], &half[1], (unsigned int)blocks);
	half[0] = htole64(half[0]);
	half[1] = htole64(half[1]);
	memcpy(tweak, half, sizeof(tweak));
	if (EVP_CipherUpdate(xts->decrypt, iv, &n, tweak, sizeof(tweak)) != 1 || n != 16)
		return -EIO;
	return 0;
}
