/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - the keys by name that the model has.
 *
 * label		kind, and what it may do
 * data		AES-256-GCM
 * disk0	AES-256-XTS
 * ed25519	Ed25519
 * p256, p384, p521	that curve: all of ECDSA, and ECDH
 * p256-narrow	the key of p256, ecdsa-p256-sha256 only
 * rsa		RSA-2048: PKCS#1 v1.5 and PSS with SHA-2, OAEP with all digests
 * rsa-pss	the same key, PSS only
 * rsa-sha1	the same key, with PKCS#1 v1.5 and SHA-1 besides all of rsa
 * web-tls	the key of p256: handshakes of a TLS 1.3 server only
 * web-rsa	the RSA key, the same
 * x25519	X25519
 * zz-ticket	the key of p256, with a ticket: 32 bytes of 0x42; it is not listed
 *
 * With CRYPTODEV_MODEL_LABEL in the environment there is that key only.
 */
#ifndef TESTS_VM_GUEST_MODEL_KEYS_H
#define TESTS_VM_GUEST_MODEL_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#include "cryptodev.h"

#define MODEL_TICKET_BYTE 0x42
#define MODEL_MAX_KEYOUT 512

/**
 * struct named - a key.
 * @key: what is told of it; without check value and longest output until model_named() was asked
 * @pkey: number of the private key
 * @ticket: whether it takes the ticket
 */
struct named {
	struct crypt_key key;
	unsigned int pkey;
	bool ticket;
};

/** model_named - entry @i of the table, in the order of labels; NULL behind the last. */
const struct named *model_named(unsigned int i);

/** model_named_pkey - its private key, which stays; NULL for a symmetric one. */
EVP_PKEY *model_named_pkey(const struct named *n);

/** model_named_bytes - a symmetric key's bytes: key_len of them. */
const uint8_t *model_named_bytes(const struct named *n);

/**
 * model_named_operate - one operation. @in: op->in_len bytes; @aux: op->aux_len
 * Return: bytes put to @out of MODEL_MAX_KEYOUT bytes, or a negative errno.
 */
int model_named_operate(const struct named *n, const struct crypt_key_op *op, const uint8_t *in,
			const uint8_t *aux, uint8_t *out);

#endif
