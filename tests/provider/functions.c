/* SPDX-License-Identifier: GPL-2.0-or-later */
/* functions.c - see functions.h. */
#include "tests/provider/functions.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

const uint8_t key[64] = {1, 2, 3, 4}, nonce[16] = {9, 8, 7, 6};
uint8_t in[MAX_LEN], out[2][MAX_LEN + 64];

void (*function(const struct side *side, int id))(void)
{
	for (const OSSL_DISPATCH *f = side->functions; f->function_id; f++)
		if (f->function_id == id)
			return f->function;
	fail_msg("function %d is missing", id);
	return NULL;
}

bool find(struct side *side, OSSL_PROVIDER *provider, int operation, const char *name)
{
	size_t len = strcspn(name, ":");
	const OSSL_ALGORITHM *a;
	int no_cache;

	side->provider = OSSL_PROVIDER_get0_provider_ctx(provider);
	a = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
	for (; a && a->algorithm_names; a++)
		if (strcspn(a->algorithm_names, ":") == len &&
		    !strncmp(a->algorithm_names, name, len)) {
			side->functions = a->implementation;
			return true;
		}
	return false;
}

static size_t number_of(const struct side *side, const char *name)
{
	size_t value = 0;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(name, &value), OSSL_PARAM_END};

	assert_int_equal(CALL(side, CIPHER_GET_PARAMS, cipher_get_params)(params), 1);
	return value;
}

bool cipher_find(struct both *b, const struct rig *rig, int i)
{
	const OSSL_ALGORITHM *a;
	int no_cache, mode;

	*b = (struct both){0};
	a = OSSL_PROVIDER_query_operation(rig->provider, OSSL_OP_CIPHER, &no_cache);
	for (; i > 0 && a->algorithm_names; i--)
		a++;
	if (!a->algorithm_names)
		return false;
	b->name = a->algorithm_names;
	assert_true(find(&b->side[0], rig->provider, OSSL_OP_CIPHER, b->name));
	assert_true(find(&b->side[1], rig->others[1], OSSL_OP_CIPHER, b->name));
	b->keylen = number_of(&b->side[1], OSSL_CIPHER_PARAM_KEYLEN);
	b->block = number_of(&b->side[1], OSSL_CIPHER_PARAM_BLOCK_SIZE);
	b->noncelen = number_of(&b->side[1], OSSL_CIPHER_PARAM_IVLEN);
	mode = (int)number_of(&b->side[1], OSSL_CIPHER_PARAM_MODE);
	b->ccm = mode == EVP_CIPH_CCM_MODE;
	b->gcm = mode == EVP_CIPH_GCM_MODE;
	b->xts = mode == EVP_CIPH_XTS_MODE;
	b->ecb = mode == EVP_CIPH_ECB_MODE;
	b->chacha = !strncmp(b->name, "ChaCha", 6);
	b->aead = b->ccm || b->gcm || b->chacha;
	if (b->ccm)
		b->noncelen = 7;
	return true;
}

int cipher_init(const struct side *side, int enc, const uint8_t *k, size_t keylen,
		const uint8_t *iv, size_t ivlen)
{
	return enc ? CALL(side, CIPHER_ENCRYPT_INIT, cipher_encrypt_init)(side->ctx, k, keylen, iv,
									  ivlen, NULL)
		   : CALL(side, CIPHER_DECRYPT_INIT, cipher_decrypt_init)(side->ctx, k, keylen, iv,
									  ivlen, NULL);
}

int cipher_set(const struct side *side, const OSSL_PARAM *params)
{
	return CALL(side, CIPHER_SET_CTX_PARAMS, cipher_set_ctx_params)(side->ctx, params);
}

void cipher_new(struct both *b)
{
	for (int i = 0; i < 2; i++) {
		struct side *side = &b->side[i];

		side->ctx = CALL(side, CIPHER_NEWCTX, cipher_newctx)(side->provider);
		assert_non_null(side->ctx);
	}
}

void cipher_open(struct both *b, int enc, unsigned int padding)
{
	OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &padding),
			       OSSL_PARAM_END};
	OSSL_PARAM tag[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, (void *)nonce, 16),
	    OSSL_PARAM_END};

	cipher_new(b);
	for (int i = 0; i < 2; i++) {
		struct side *side = &b->side[i];

		assert_int_equal(cipher_init(side, enc, key, b->keylen, b->ecb ? NULL : nonce,
					     b->ecb ? 0 : b->noncelen),
				 1);
		if (b->block > 1)
			assert_int_equal(cipher_set(side, params), 1);
		if (b->aead && !enc)
			assert_int_equal(cipher_set(side, tag), 1);
	}
}

void cipher_close(struct both *b)
{
	for (int i = 0; i < 2; i++)
		CALL(&b->side[i], CIPHER_FREECTX, cipher_freectx)(b->side[i].ctx);
}

bool same(const struct both *b, const char *call, const int ok[2], const size_t n[2])
{
	if ((ok[0] > 0) != (ok[1] > 0))
		fail_msg("%s: %s: returns %d, stock %d", b->name, call, ok[0], ok[1]);
	if (ok[0] <= 0)
		return false;
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(out[0], out[1], n[0]);
	return true;
}

bool both_update(struct both *b, size_t room, size_t len, bool whole)
{
	char call[80];
	size_t n[2];
	int ok[2];

	snprintf(call, sizeof(call), "%s of %zu into %zu", whole ? "cipher" : "update", len, room);
	for (int i = 0; i < 2; i++) {
		struct side *side = &b->side[i];

		n[i] = 77;
		memset(out[i], 0xaa, sizeof(out[i]));
		ok[i] = whole ? CALL(side, CIPHER_CIPHER, cipher_cipher)(side->ctx, out[i], &n[i],
									 room, in, len)
			      : CALL(side, CIPHER_UPDATE, cipher_update)(side->ctx, out[i], &n[i],
									 room, in, len);
		for (size_t j = room; j < room + 32; j++)
			if (out[i][j] != 0xaa)
				fail_msg("%s: %s: %s writes beyond the room", b->name, call,
					 i ? "stock" : "ours");
	}
	return same(b, call, ok, n);
}

bool both_final(struct both *b, size_t room)
{
	char call[80];
	size_t n[2];
	int ok[2];

	snprintf(call, sizeof(call), "final into %zu", room);
	for (int i = 0; i < 2; i++) {
		n[i] = 77;
		ok[i] = CALL(&b->side[i], CIPHER_FINAL, cipher_final)(b->side[i].ctx, out[i], &n[i],
								      room);
	}
	return same(b, call, ok, n);
}

int update_of(const struct side *side, int i, bool to, bool from, size_t len)
{
	size_t n;

	return CALL(side, CIPHER_UPDATE, cipher_update)(side->ctx, to ? out[i] : NULL, &n, len,
							from ? in : NULL, len);
}
