/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evp.h - libcrypto, used as well as a program can: what is measured against, and what says
 * whether a result is right.
 *
 * An algorithm is looked up once; a session keeps a context with the key in it, and an operation
 * sets the IV only. Nothing of engine/ is used.
 */
#ifndef VCD_BENCH_EVP_H
#define VCD_BENCH_EVP_H

#include <openssl/evp.h>
#include <openssl/provider.h>

#include "tools/bench/bench.h"

/**
 * struct evp_alg - an algorithm of libcrypto.
 * @lib: library context, with the legacy provider where there is one
 * @legacy: that
 * @base: the default one
 * @cipher: cipher or AEAD, or NULL
 * @digest: hash, or NULL
 * @mac: HMAC or CMAC, or NULL
 * @inner: digest of the HMAC, cipher of the CMAC
 */
struct evp_alg {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *legacy;
	OSSL_PROVIDER *base;
	EVP_CIPHER *cipher;
	EVP_MD *digest;
	EVP_MAC *mac;
	char inner[64];
};

/**
 * struct evp_session - contexts with a key.
 * @work: workload
 * @cipher: of a cipher or AEAD
 * @digest: of a hash
 * @hash: which
 * @mac: of a MAC
 */
struct evp_session {
	const struct workload *work;
	EVP_CIPHER_CTX *cipher;
	EVP_MD_CTX *digest;
	const EVP_MD *hash;
	EVP_MAC_CTX *mac;
};

/**
 * struct evp_io - one operation.
 * @iv: IV or nonce
 * @aad: AEAD: additional authenticated data
 * @in: data, with the tag behind it when an AEAD decrypts
 * @out: data, then digest or tag
 */
struct evp_io {
	const uint8_t *iv;
	const uint8_t *aad;
	const uint8_t *in;
	uint8_t *out;
};

/**
 * evp_name - what libcrypto calls the workload's algorithm.
 *
 * Return: @buf, or NULL for the NULL cipher, which it does not have. For a MAC it is the name of
 * what is in it: the digest of the HMAC, the cipher of the CMAC.
 */
const char *evp_name(const struct workload *work, char *buf, size_t size);

/** evp_alg_open - look it up. Return: 0, -ENOTSUP, -ENOMEM. */
int evp_alg_open(const struct workload *work, struct evp_alg **ret);

/** evp_alg_close - NULL is fine. Return: NULL. */
struct evp_alg *evp_alg_close(struct evp_alg *alg);

/** evp_session_new - contexts with @key. Return: 0, -EIO, -ENOMEM. */
int evp_session_new(const struct evp_alg *alg, const struct workload *work, const uint8_t *key,
		    const uint8_t *iv, struct evp_session **ret);

/** evp_session_free - NULL is fine. Return: NULL. */
struct evp_session *evp_session_free(struct evp_session *session);

/** evp_session_run - one operation. Return: 0, -EBADMSG when a tag is wrong, -EIO. */
int evp_session_run(struct evp_session *session, const struct evp_io *io);

#endif /* VCD_BENCH_EVP_H */
