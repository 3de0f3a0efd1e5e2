/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evp_reference.h - the second implementation that the engine is compared with:
 * libcrypto used in the plainest way, a new context for every call, no IV of our
 * own reckoning. (Known answers pin libcrypto itself.)
 */
#ifndef VCD_EVP_REFERENCE_H
#define VCD_EVP_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct reference_cipher - one cipher and key size.
 * @id: enum cryptodev_crypto_op_t
 * @key_len: bytes
 * @evp: libcrypto's name, NULL for the NULL cipher
 */
struct reference_cipher {
	uint32_t id;
	size_t key_len;
	const char *evp;
};

/** All of them, ended by an id of 0. */
extern const struct reference_cipher reference_ciphers[];

/** reference_find - the one of algorithm @id with a key of @key_len bytes; asserts that it is
 * there. */
const struct reference_cipher *reference_find(uint32_t id, size_t key_len);

/** reference_available - whether libcrypto has @cipher here (the legacy provider may be missing).
 */
bool reference_available(const struct reference_cipher *cipher);

/** reference_crypt - @len bytes from @in to @out; cmocka failure when libcrypto fails. */
void reference_crypt(const struct reference_cipher *cipher, bool encrypt, const uint8_t *key,
		     const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t len);

/**
 * struct reference_hash - one hash or MAC.
 * @id: enum cryptodev_crypto_op_t
 * @evp: libcrypto's name of the digest; of the cipher for CMAC
 * @mac: "HMAC", "CMAC", or NULL for a plain hash
 */
struct reference_hash {
	uint32_t id;
	const char *evp;
	const char *mac;
};

/** All of them, ended by an id of 0. */
extern const struct reference_hash reference_hashes[];

/** reference_hash_find - the entry of @id; NULL when there is none. */
const struct reference_hash *reference_hash_find(uint32_t id);

/** reference_hash_run - digest or MAC of @len bytes at @in. Return: its length. */
size_t reference_hash_run(const struct reference_hash *hash, const uint8_t *key, size_t key_len,
			  const uint8_t *in, size_t len, uint8_t *out);

/**
 * struct reference_aead - one AEAD and key size.
 * @id: enum cryptodev_crypto_op_t
 * @key_len: bytes
 * @evp: libcrypto's name
 */
struct reference_aead {
	uint32_t id;
	size_t key_len;
	const char *evp;
};

/** All of them, ended by an id of 0. */
extern const struct reference_aead reference_aeads[];

/** struct reference_aead_job - what an AEAD takes beside key and data. */
struct reference_aead_job {
	const uint8_t *key, *nonce, *aad;
	size_t nonce_len, aad_len, tag_len;
};

/** reference_aead_seal - encrypt; ciphertext to @out, the tag to @tag. */
void reference_aead_seal(const struct reference_aead *aead, const struct reference_aead_job *job,
			 const uint8_t *in, size_t len, uint8_t *out, uint8_t *tag);

#endif /* VCD_EVP_REFERENCE_H */
