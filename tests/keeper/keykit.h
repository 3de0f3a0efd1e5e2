/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keykit.h - keys of the test's own, and operations on them. */
#ifndef VCD_TEST_KEYKIT_H
#define VCD_TEST_KEYKIT_H

#include "keeper/key.h"

/** kit_generate - a new private key: "RSA2048", "P-256", "ED25519", "ML-DSA-44"...; NULL: not here.
 * */
EVP_PKEY *kit_generate(const char *type);

/** kit_der - its PKCS #8, in memory that the caller frees with OPENSSL_free(). */
uint8_t *kit_der(EVP_PKEY *pkey, size_t *len);

/** kit_key - a key of a file with these schemes and no other limit; fails the test if there is
 * none. */
struct key *kit_key(EVP_PKEY *pkey, uint64_t schemes);

/** kit_policy - the section of a key in a file. */
struct policy_key kit_policy(uint64_t schemes);

/** kit_run - check and execute a request. Return: enum keeper_status. */
uint16_t kit_run(struct key *key, struct keeper_request *request, const void *in, size_t len,
		 struct result *result);

/** kit_verify - whether libcrypto finds the signature good. */
bool kit_verify(EVP_PKEY *pkey, const struct scheme *scheme, const uint8_t *message, size_t len,
		const uint8_t *signature, size_t signature_len);

/** kit_encrypt - OAEP by libcrypto. Return: bytes of the ciphertext. */
size_t kit_encrypt(EVP_PKEY *pkey, const struct scheme *scheme, const void *label, size_t label_len,
		   const void *in, size_t len, uint8_t out[512]);

/** kit_point - the encoded public key: an uncompressed point, or 32 bytes. */
size_t kit_point(EVP_PKEY *pkey, uint8_t out[140]);

/** kit_derive - the shared secret by libcrypto. Return: its bytes. */
size_t kit_derive(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t out[80]);

/** kit_random - bytes. */
void kit_random(void *out, size_t len);

#endif /* VCD_TEST_KEYKIT_H */
