/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-3-Clause */
/*
 * algorithms.h - the algorithms of the device, in the order of their numbers.
 *
 * This is the only table of them. The engines, the guest's driver and the tests make theirs from
 * it, and a test compares it with section 5 of docs/device-spec.md. It is a list of macro calls,
 * so that each user takes the columns it needs:
 *
 *   CIPHER(number, kernel, name, block, iv, key_min, key_max, key_step)
 *   HASH(number, kernel, name, digest)
 *   MAC(number, kernel, name, digest, key_min, key_max, key_step)
 *   AEAD(number, kernel, name, nonce, iv, tag, key_min, key_max, key_step)
 *
 *   number    of enum cryptodev_crypto_op_t
 *   kernel    name in the Linux crypto API, which CIOCGSESSINFO reports
 *   name      name in command lines, without the key size
 *   block     data lengths are a multiple of it: a power of two, 1 for stream modes
 *   iv        bytes of IV that a program gives; CCM: the kernel's, which has the nonce in it
 *   nonce     bytes of the usual nonce on the wire
 *   digest    bytes
 *   tag       most bytes
 *   key_*     key lengths are key_min, key_min + key_step, and so on to key_max; a step of 0:
 *             key_min only. XTS: IEEE 1619 has two keys of 128 or of 256 bits
 *
 * The numbers that no /dev/crypto accepts are left out: CAST, SKIPJACK, the KPDK MACs, ARC4, the
 * compressors and the TLS11 and TLS12 composites.
 */
#ifndef VCD_ALGORITHMS_H
#define VCD_ALGORITHMS_H

/* clang-format off */
#define VCD_ALGORITHMS(CIPHER, HASH, MAC, AEAD)                                             \
	CIPHER(CRYPTO_DES_CBC, "cbc(des)", "des-cbc", 8, 8, 8, 8, 0)                        \
	CIPHER(CRYPTO_3DES_CBC, "cbc(des3_ede)", "3des-cbc", 8, 8, 24, 24, 0)               \
	CIPHER(CRYPTO_BLF_CBC, "cbc(blowfish)", "blowfish-cbc", 8, 8, 4, 56, 1)             \
	MAC(CRYPTO_MD5_HMAC, "hmac(md5)", "hmac-md5", 16, 0, 512, 1)                        \
	MAC(CRYPTO_SHA1_HMAC, "hmac(sha1)", "hmac-sha1", 20, 0, 512, 1)                     \
	MAC(CRYPTO_RIPEMD160_HMAC, "hmac(rmd160)", "hmac-ripemd160", 20, 0, 512, 1)         \
	CIPHER(CRYPTO_AES_CBC, "cbc(aes)", "aes-cbc", 16, 16, 16, 32, 8)                    \
	HASH(CRYPTO_MD5, "md5", "md5", 16)                                                  \
	HASH(CRYPTO_SHA1, "sha1", "sha1", 20)                                               \
	CIPHER(CRYPTO_NULL, "ecb(cipher_null)", "null", 1, 0, 0, 0, 0)                      \
	MAC(CRYPTO_SHA2_256_HMAC, "hmac(sha256)", "hmac-sha256", 32, 0, 512, 1)             \
	MAC(CRYPTO_SHA2_384_HMAC, "hmac(sha384)", "hmac-sha384", 48, 0, 512, 1)             \
	MAC(CRYPTO_SHA2_512_HMAC, "hmac(sha512)", "hmac-sha512", 64, 0, 512, 1)             \
	CIPHER(CRYPTO_AES_CTR, "ctr(aes)", "aes-ctr", 1, 16, 16, 32, 8)                     \
	CIPHER(CRYPTO_AES_XTS, "xts(aes)", "aes-xts", 16, 16, 32, 64, 32)                   \
	CIPHER(CRYPTO_AES_ECB, "ecb(aes)", "aes-ecb", 16, 0, 16, 32, 8)                     \
	CIPHER(CRYPTO_AES_CFB, "cfb(aes)", "aes-cfb", 1, 16, 16, 32, 8)                     \
	CIPHER(CRYPTO_AES_OFB, "ofb(aes)", "aes-ofb", 1, 16, 16, 32, 8)                     \
	AEAD(CRYPTO_AES_GCM, "gcm(aes)", "aes-gcm", 12, 12, 16, 16, 32, 8)                  \
	AEAD(CRYPTO_AES_CCM, "ccm(aes)", "aes-ccm", 12, 16, 16, 16, 32, 8)                  \
	CIPHER(CRYPTO_CAMELLIA_CBC, "cbc(camellia)", "camellia-cbc", 16, 16, 16, 32, 8)     \
	HASH(CRYPTO_RIPEMD160, "rmd160", "ripemd160", 20)                                   \
	HASH(CRYPTO_SHA2_224, "sha224", "sha224", 28)                                       \
	HASH(CRYPTO_SHA2_256, "sha256", "sha256", 32)                                       \
	HASH(CRYPTO_SHA2_384, "sha384", "sha384", 48)                                       \
	HASH(CRYPTO_SHA2_512, "sha512", "sha512", 64)                                       \
	MAC(CRYPTO_SHA2_224_HMAC, "hmac(sha224)", "hmac-sha224", 28, 0, 512, 1)             \
	AEAD(CRYPTO_CHACHA20_POLY1305, "rfc7539(chacha20,poly1305)", "chacha20-poly1305",   \
	     12, 12, 16, 32, 32, 0)                                                         \
	HASH(CRYPTO_SHA3_224, "sha3-224", "sha3-224", 28)                                   \
	HASH(CRYPTO_SHA3_256, "sha3-256", "sha3-256", 32)                                   \
	HASH(CRYPTO_SHA3_384, "sha3-384", "sha3-384", 48)                                   \
	HASH(CRYPTO_SHA3_512, "sha3-512", "sha3-512", 64)                                   \
	MAC(CRYPTO_AES_CMAC, "cmac(aes)", "aes-cmac", 16, 16, 32, 8)
/* clang-format on */

/* For the kinds that a user leaves out. */
#define VCD_NO_ALGORITHM(...)

#endif /* VCD_ALGORITHMS_H */
