/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * functions.h - the provider's functions called as libcrypto's core calls them, beside those
 * of the default provider. EVP checks arguments before a provider sees them; here no layer does.
 */
#ifndef TESTS_PROVIDER_FUNCTIONS_H
#define TESTS_PROVIDER_FUNCTIONS_H

#include "tests/provider/rig.h"

#include <stdbool.h>

#include <openssl/core_dispatch.h>

#define MAX_LEN 5000

/** struct side - one provider's implementation of one algorithm, and a context of it. */
struct side {
	void *provider;
	const OSSL_DISPATCH *functions;
	void *ctx;
};

/** struct both - one algorithm: @side[0] is ours. @limit: bytes of its nonce. */
struct both {
	const char *name;
	struct side side[2];
	size_t keylen, noncelen, block;
	bool aead, ccm, gcm, chacha, xts, ecb;
};

/* What contexts are opened with, input, and output of both. */
extern const uint8_t key[64], nonce[16];
extern uint8_t in[MAX_LEN], out[2][MAX_LEN + 64];

/** function - the one with the number OSSL_FUNC_*. */
void (*function(const struct side *side, int id))(void);

#define CALL(side, ID, type) ((OSSL_FUNC_##type##_fn *)function((side), OSSL_FUNC_##ID))

/** find - the implementation whose first name is the first one of @name. Return: is there one */
bool find(struct side *side, OSSL_PROVIDER *provider, int operation, const char *name);

/** cipher_find - the @i-th cipher of ours. Return: whether there is one. */
bool cipher_find(struct both *b, const struct rig *rig, int i);

/** cipher_new - contexts of both that nothing is set in. */
void cipher_new(struct both *b);

/** cipher_open - contexts of both with key, nonce and, to decrypt, some tag. */
void cipher_open(struct both *b, int enc, unsigned int padding);
void cipher_close(struct both *b);
int cipher_init(const struct side *side, int enc, const uint8_t *k, size_t keylen,
		const uint8_t *iv, size_t ivlen);
int cipher_set(const struct side *side, const OSSL_PARAM *params);

/** same - the same result and output of a call that wrote @n bytes. Return: success. */
bool same(const struct both *b, const char *call, const int ok[2], const size_t n[2]);

/** both_update, both_final - into @room bytes. Return: success. */
bool both_update(struct both *b, size_t room, size_t len, bool whole);
bool both_final(struct both *b, size_t room);

/** update_of - an update of side @i, with any of its pointers NULL. */
int update_of(const struct side *side, int i, bool to, bool from, size_t len);

#endif
