/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alg.c - the facts of every algorithm that the cryptodev ABI names.
 *
 * Left out are the numbers that no /dev/crypto accepts (CAST, SKIPJACK, the KPDK
 * MACs, ARC4, the compressors, the TLS11/TLS12 composites): looking one up gives
 * NULL, which is answered like any unknown number.
 *
 * Sources: names and sizes as the Linux crypto API gives them (what
 * CIOCGSESSINFO reports); key sizes as CIOCGSESSION accepts them, but for XTS,
 * where IEEE 1619 defines two 128-bit or two 256-bit keys only.
 */
#include "engine/alg.h"

#include <assert.h>
#include <stdio.h>

#include "cryptodev.h"

#define HMAC_KEYS .key_min = 0, .key_max = VCD_MAX_MACKEY_LEN, .key_step = 1
#define AES_KEYS .key_min = 16, .key_max = 32, .key_step = 8

#define CIPHER(number, kernel, cli, block, iv, ...)                                                \
	{                                                                                          \
		.id = (number), .kind = VCD_ALG_CIPHER, .name = (kernel), .cli_name = (cli),       \
		.block_size = (block), .iv_len = (iv), __VA_ARGS__                                 \
	}
#define AEAD(number, kernel, cli, ...)                                                             \
	{                                                                                          \
		.id = (number), .kind = VCD_ALG_AEAD, .name = (kernel), .cli_name = (cli),         \
		.block_size = 1, .iv_len = 12, .digest_len = 16, __VA_ARGS__                       \
	}
#define HASH(number, kernel, cli, digest)                                                          \
	{                                                                                          \
		.id = (number), .kind = VCD_ALG_HASH, .name = (kernel), .cli_name = (cli),         \
		.block_size = 1, .digest_len = (digest)                                            \
	}
#define MAC(number, kernel, cli, digest, ...)                                                      \
	{                                                                                          \
		.id = (number), .kind = VCD_ALG_MAC, .name = (kernel), .cli_name = (cli),          \
		.block_size = 1, .digest_len = (digest), __VA_ARGS__                               \
	}

const struct vcd_alg vcd_algs[] = {
    CIPHER(CRYPTO_DES_CBC, "cbc(des)", "des-cbc", 8, 8, .key_min = 8, .key_max = 8),
    CIPHER(CRYPTO_3DES_CBC, "cbc(des3_ede)", "3des-cbc", 8, 8, .key_min = 24, .key_max = 24),
    CIPHER(CRYPTO_BLF_CBC, "cbc(blowfish)", "blowfish-cbc", 8, 8, .key_min = 4, .key_max = 56,
	   .key_step = 1),
    MAC(CRYPTO_MD5_HMAC, "hmac(md5)", "hmac-md5", 16, HMAC_KEYS),
    MAC(CRYPTO_SHA1_HMAC, "hmac(sha1)", "hmac-sha1", 20, HMAC_KEYS),
    MAC(CRYPTO_RIPEMD160_HMAC, "hmac(rmd160)", "hmac-ripemd160", 20, HMAC_KEYS),
    CIPHER(CRYPTO_AES_CBC, "cbc(aes)", "aes-cbc", 16, 16, AES_KEYS),
    HASH(CRYPTO_MD5, "md5", "md5", 16),
    HASH(CRYPTO_SHA1, "sha1", "sha1", 20),
    CIPHER(CRYPTO_NULL, "ecb(cipher_null)", "null", 1, 0, .key_min = 0, .key_max = 0),
    MAC(CRYPTO_SHA2_256_HMAC, "hmac(sha256)", "hmac-sha256", 32, HMAC_KEYS),
    MAC(CRYPTO_SHA2_384_HMAC, "hmac(sha384)", "hmac-sha384", 48, HMAC_KEYS),
    MAC(CRYPTO_SHA2_512_HMAC, "hmac(sha512)", "hmac-sha512", 64, HMAC_KEYS),
    CIPHER(CRYPTO_AES_CTR, "ctr(aes)", "aes-ctr", 1, 16, AES_KEYS),
    CIPHER(CRYPTO_AES_XTS, "xts(aes)", "aes-xts", 16, 16, .key_min = 32, .key_max = 64,
	   .key_step = 32),
    CIPHER(CRYPTO_AES_ECB, "ecb(aes)", "aes-ecb", 16, 0, AES_KEYS),
    CIPHER(CRYPTO_AES_CFB, "cfb(aes)", "aes-cfb", 1, 16, AES_KEYS),
    CIPHER(CRYPTO_AES_OFB, "ofb(aes)", "aes-ofb", 1, 16, AES_KEYS),
    AEAD(CRYPTO_AES_GCM, "gcm(aes)", "aes-gcm", AES_KEYS),
    AEAD(CRYPTO_AES_CCM, "ccm(aes)", "aes-ccm", AES_KEYS),
    CIPHER(CRYPTO_CAMELLIA_CBC, "cbc(camellia)", "camellia-cbc", 16, 16, AES_KEYS),
    HASH(CRYPTO_RIPEMD160, "rmd160", "ripemd160", 20),
    HASH(CRYPTO_SHA2_224, "sha224", "sha224", 28),
    HASH(CRYPTO_SHA2_256, "sha256", "sha256", 32),
    HASH(CRYPTO_SHA2_384, "sha384", "sha384", 48),
    HASH(CRYPTO_SHA2_512, "sha512", "sha512", 64),
    MAC(CRYPTO_SHA2_224_HMAC, "hmac(sha224)", "hmac-sha224", 28, HMAC_KEYS),
    AEAD(CRYPTO_CHACHA20_POLY1305, "rfc7539(chacha20,poly1305)", "chacha20-poly1305", .key_min = 32,
	 .key_max = 32),
    HASH(CRYPTO_SHA3_224, "sha3-224", "sha3-224", 28),
    HASH(CRYPTO_SHA3_256, "sha3-256", "sha3-256", 32),
    HASH(CRYPTO_SHA3_384, "sha3-384", "sha3-384", 48),
    HASH(CRYPTO_SHA3_512, "sha3-512", "sha3-512", 64),
    MAC(CRYPTO_AES_CMAC, "cmac(aes)", "aes-cmac", 16, AES_KEYS),
};

static_assert(sizeof(vcd_algs) / sizeof(vcd_algs[0]) == VCD_ALG_COUNT, "count the table");

const struct vcd_alg *vcd_alg_at(size_t i)
{
	return i < VCD_ALG_COUNT ? &vcd_algs[i] : NULL;
}

const struct vcd_alg *vcd_alg_find(uint32_t id)
{
	const struct vcd_alg *alg;

	for (size_t i = 0; (alg = vcd_alg_at(i)); i++)
		if (alg->id == id)
			return alg;
	return NULL;
}

bool vcd_alg_key_ok(const struct vcd_alg *alg, size_t len)
{
	if (len < alg->key_min || len > alg->key_max)
		return false;
	if (!alg->key_step)
		return len == alg->key_min;
	return (len - alg->key_min) % alg->key_step == 0;
}

bool vcd_alg_iv_ok(const struct vcd_alg *alg, size_t len)
{
	if (alg->id == CRYPTO_AES_CCM) /* SP 800-38C: n of 7 to 13 */
		return len >= 7 && len <= 13;
	return len == alg->iv_len;
}

bool vcd_alg_tag_ok(const struct vcd_alg *alg, size_t len)
{
	if (alg->kind != VCD_ALG_AEAD || len < 1 || len > alg->digest_len)
		return false;
	switch (alg->id) {
	case CRYPTO_AES_GCM: /* SP 800-38D, 5.2.1.2 */
		return len == 4 || len == 8 || len >= 12;
	case CRYPTO_AES_CCM: /* SP 800-38C, A.1 */
		return len >= 4 && len % 2 == 0;
	default:
		return true;
	}
}

enum vcd_mode vcd_alg_mode(const struct vcd_alg *alg)
{
	if (!alg)
		return VCD_MODE_NONE;
	if (alg->kind == VCD_ALG_AEAD)
		return VCD_MODE_AEAD;
	switch (alg->id) {
	case CRYPTO_DES_CBC:
	case CRYPTO_3DES_CBC:
	case CRYPTO_BLF_CBC:
	case CRYPTO_AES_CBC:
	case CRYPTO_CAMELLIA_CBC:
		return VCD_MODE_CBC;
	case CRYPTO_AES_CTR:
		return VCD_MODE_CTR;
	case CRYPTO_AES_CFB:
		return VCD_MODE_CFB;
	case CRYPTO_AES_OFB:
		return VCD_MODE_OFB;
	case CRYPTO_AES_XTS:
		return VCD_MODE_XTS;
	default:
		return VCD_MODE_NONE;
	}
}

bool vcd_aead_lengths_ok(const struct vcd_job *job)
{
	const struct vcd_alg *aead = job->session->cipher;
	unsigned int counter_bits;

	if (!vcd_alg_iv_ok(aead, job->iv_len) || !vcd_alg_tag_ok(aead, job->mac_len))
		return false;
	if (job->len > INT32_MAX || job->aad_len > INT32_MAX)
		return false;
	counter_bits = 8 * (15u - job->iv_len);
	return aead->id != CRYPTO_AES_CCM || counter_bits >= 32 ||
	       job->len < UINT32_C(1) << counter_bits;
}

void vcd_alg_driver_name(const struct vcd_alg *alg, const char *backend, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s-%s", backend, alg->name);
	char *out = buf;

	if (n < 0) {
		buf[0] = 0;
		return;
	}
	for (const char *in = buf; *in; in++) {
		if (*in == ')')
			continue;
		*out++ = *in == '(' || *in == ',' ? '-' : *in;
	}
	*out = 0;
}
