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

/** reference_available - whether libcrypto has @cipher here (the legacy provider may be missing).
 */
bool reference_available(const struct reference_cipher *cipher);

/** reference_crypt - @len bytes from @in to @out; cmocka failure when libcrypto fails. */
void reference_crypt(const struct reference_cipher *cipher, bool encrypt, const uint8_t *key,
		     const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t len);

#endif /* VCD_EVP_REFERENCE_H */
