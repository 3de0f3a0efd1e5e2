// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alg.c - what the driver has to know of each algorithm.
 *
 * Only sizes: the block that data lengths are a multiple of, the IV that a
 * program gives, the digest. Key lengths and everything else are the device's to
 * judge.
 */
#include <linux/kernel.h>

#include "driver.h"

static const struct vcd_alg vcd_ciphers[] = {
	{ CRYPTO_DES_CBC, 8, 8, 0 },
	{ CRYPTO_3DES_CBC, 8, 8, 0 },
	{ CRYPTO_BLF_CBC, 8, 8, 0 },
	{ CRYPTO_AES_CBC, 16, 16, 0 },
	{ CRYPTO_NULL, 1, 0, 0 },
	{ CRYPTO_AES_CTR, 1, 16, 0 },
	{ CRYPTO_AES_XTS, 16, 16, 0 },
	{ CRYPTO_AES_ECB, 16, 0, 0 },
	{ CRYPTO_AES_CFB, 1, 16, 0 },
	{ CRYPTO_AES_OFB, 1, 16, 0 },
	{ CRYPTO_CAMELLIA_CBC, 16, 16, 0 },
};

static const struct vcd_alg vcd_aeads[] = {
	{ CRYPTO_AES_GCM, 1, 12, 16 },
	{ CRYPTO_AES_CCM, 1, 16, 16 },
	{ CRYPTO_CHACHA20_POLY1305, 1, 12, 16 },
};

static const struct vcd_alg vcd_macs[] = {
	{ CRYPTO_MD5_HMAC, 1, 0, 16 },
	{ CRYPTO_SHA1_HMAC, 1, 0, 20 },
	{ CRYPTO_RIPEMD160_HMAC, 1, 0, 20 },
	{ CRYPTO_MD5, 1, 0, 16 },
	{ CRYPTO_SHA1, 1, 0, 20 },
	{ CRYPTO_SHA2_256_HMAC, 1, 0, 32 },
	{ CRYPTO_SHA2_384_HMAC, 1, 0, 48 },
	{ CRYPTO_SHA2_512_HMAC, 1, 0, 64 },
	{ CRYPTO_RIPEMD160, 1, 0, 20 },
	{ CRYPTO_SHA2_224, 1, 0, 28 },
	{ CRYPTO_SHA2_256, 1, 0, 32 },
	{ CRYPTO_SHA2_384, 1, 0, 48 },
	{ CRYPTO_SHA2_512, 1, 0, 64 },
	{ CRYPTO_SHA2_224_HMAC, 1, 0, 28 },
	{ CRYPTO_SHA3_224, 1, 0, 28 },
	{ CRYPTO_SHA3_256, 1, 0, 32 },
	{ CRYPTO_SHA3_384, 1, 0, 48 },
	{ CRYPTO_SHA3_512, 1, 0, 64 },
	{ CRYPTO_AES_CMAC, 1, 0, 16 },
};

static const struct vcd_alg *vcd_alg_find(const struct vcd_alg *algs, size_t num,
					  u32 id)
{
	size_t i;

	for (i = 0; i < num; i++)
		if (algs[i].id == id)
			return &algs[i];
	return NULL;
}

/** vcd_cipher_find() - cipher number @id, or NULL */
const struct vcd_alg *vcd_cipher_find(u32 id)
{
	return vcd_alg_find(vcd_ciphers, ARRAY_SIZE(vcd_ciphers), id);
}

/** vcd_aead_find() - AEAD number @id, or NULL */
const struct vcd_alg *vcd_aead_find(u32 id)
{
	return vcd_alg_find(vcd_aeads, ARRAY_SIZE(vcd_aeads), id);
}

/** vcd_mac_find() - hash or MAC number @id, or NULL */
const struct vcd_alg *vcd_mac_find(u32 id)
{
	return vcd_alg_find(vcd_macs, ARRAY_SIZE(vcd_macs), id);
}

/** vcd_is_aead() - whether @alg, which may be NULL, is an AEAD */
bool vcd_is_aead(const struct vcd_alg *alg)
{
	return alg && alg >= vcd_aeads && alg < vcd_aeads + ARRAY_SIZE(vcd_aeads);
}

/** vcd_mac_is_keyed() - whether @alg is a MAC, not a hash */
bool vcd_mac_is_keyed(const struct vcd_alg *alg)
{
	switch (alg->id) {
	case CRYPTO_MD5_HMAC:
	case CRYPTO_SHA1_HMAC:
	case CRYPTO_RIPEMD160_HMAC:
	case CRYPTO_SHA2_224_HMAC:
	case CRYPTO_SHA2_256_HMAC:
	case CRYPTO_SHA2_384_HMAC:
	case CRYPTO_SHA2_512_HMAC:
	case CRYPTO_AES_CMAC:
		return true;
	default:
		return false;
	}
}
