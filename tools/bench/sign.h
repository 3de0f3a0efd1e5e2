/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sign.h - private keys of the modes keys and sign: their kinds, and libcrypto's work with them.
 *
 * ECDSA and RSA sign a digest, as TLS libraries and `openssl speed` do; Ed25519 has no form for
 * digests and signs a message of the same length.
 */
#ifndef VCD_BENCH_SIGN_H
#define VCD_BENCH_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

/** Bytes of input of each signature: a SHA-256 digest, or a message. */
#define SIGN_INPUT 32

/** Bytes of the longest signature, RSA-2048's. */
#define SIGN_MAX 256

/**
 * struct sign_kind - a kind of key, and the scheme it signs with.
 * @name: as on the command line and in reports
 * @type: libcrypto's name, for EVP_PKEY_Q_keygen()
 * @group: elliptic curve or NULL
 * @bits: of an RSA key, or 0
 * @scheme: enum vcd_scheme
 * @word: its name in the keeper's policy
 * @message: the input is a message
 */
struct sign_kind {
	const char *name;
	const char *type;
	const char *group;
	unsigned int bits;
	uint16_t scheme;
	const char *word;
	bool message;
};

/** sign_kind_at - kind number @i, or NULL behind the last. */
const struct sign_kind *sign_kind_at(unsigned int i);

/** sign_kind_find - a kind by name, or NULL. */
const struct sign_kind *sign_kind_find(const char *name);

/** sign_generate - a new private key; NULL: libcrypto makes none. */
EVP_PKEY *sign_generate(const struct sign_kind *kind);

struct signer;

/** signer_new - get ready to sign with a key again and again; NULL: libcrypto cannot. */
struct signer *signer_new(const struct sign_kind *kind, EVP_PKEY *key);

/** signer_free - NULL is fine. */
void signer_free(struct signer *signer);

/**
 * signer_run - sign SIGN_INPUT bytes.
 * @signer: of signer_new()
 * @in: digest or message
 * @out: room for SIGN_MAX bytes
 * @len: out: bytes of the signature
 *
 * Return: 0 or -EIO.
 */
int signer_run(struct signer *signer, const uint8_t *in, uint8_t *out, size_t *len);

/** sign_verify - whether a signature is the key's. */
bool sign_verify(const struct sign_kind *kind, EVP_PKEY *key, const uint8_t *in, const uint8_t *sig,
		 size_t len);

#endif /* VCD_BENCH_SIGN_H */
