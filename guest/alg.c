// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alg.c - what the driver has to know of each algorithm.
 *
 * Only sizes: the block that data lengths are a multiple of and the IV. Key
 * lengths and everything else are the device's to judge.
 */
#include <linux/array_size.h>

#include "driver.h"

static const struct vcd_alg vcd_ciphers[] = {
	{ CRYPTO_DES_CBC, 8, 8 },
	{ CRYPTO_3DES_CBC, 8, 8 },
	{ CRYPTO_BLF_CBC, 8, 8 },
	{ CRYPTO_AES_CBC, 16, 16 },
	{ CRYPTO_NULL, 1, 0 },
	{ CRYPTO_AES_CTR, 1, 16 },
	{ CRYPTO_AES_XTS, 16, 16 },
	{ CRYPTO_AES_ECB, 16, 0 },
	{ CRYPTO_AES_CFB, 1, 16 },
	{ CRYPTO_AES_OFB, 1, 16 },
	{ CRYPTO_CAMELLIA_CBC, 16, 16 },
};

const struct vcd_alg *vcd_cipher_find(u32 id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vcd_ciphers); i++)
		if (vcd_ciphers[i].id == id)
			return &vcd_ciphers[i];
	return NULL;
}
