/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keykit.h - keys of the model, for tests of the provider. */
#ifndef TESTS_PROVIDER_KEYKIT_H
#define TESTS_PROVIDER_KEYKIT_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tests/provider/rig.h"

/** keykit_load - the private key of a URI through the store, or NULL; errors stay in the queue. */
EVP_PKEY *keykit_load(const struct rig *rig, const char *uri);

/** keykit_key - keykit_load() of cryptodev:@label, which must work. */
EVP_PKEY *keykit_key(const struct rig *rig, const char *label);

/** keykit_public - its public half, in the stock library. */
EVP_PKEY *keykit_public(const struct rig *rig, EVP_PKEY *key);

/**
 * keykit_sign - sign a message.
 * @padding: of RSA, or 0; PSS is made with a salt as long as the digest
 * @sig: 1024 bytes
 *
 * Return: bytes of the signature, 0 when it failed.
 */
size_t keykit_sign(const struct rig *rig, EVP_PKEY *key, const char *md, int padding,
		   const uint8_t *message, size_t len, uint8_t *sig);

/** keykit_verify - whether the stock library says that the signature is good. */
bool keykit_verify(const struct rig *rig, EVP_PKEY *public, const char *md, int padding,
		   const uint8_t *message, size_t len, const uint8_t *sig, size_t siglen);

/** keykit_certificate - self-signed by the stock library's random key, for the key. */
X509 *keykit_certificate(const struct rig *rig, EVP_PKEY *key);

/** keykit_says - whether an error in the queue has @word in its text; empties the queue. */
bool keykit_says(const char *word);

/** keykit_pem - a PEM file with the URI, as vcrypto-key writes it, in memory. */
BIO *keykit_pem(const char *uri);

#endif
