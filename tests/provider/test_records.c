/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_records.c - what is announced of an AEAD message before it comes: CCM's length, the
 * header of a TLS 1.2 record. Messages of another length, and records without their nonce.
 */
#include "tests/provider/functions.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

/* --- CCM's length ------------------------------------------------------------------- */

/*
 * Announced, then begun again with a key, a nonce, both or neither. The default provider
 * uses the old nonce for the new message then; ours refuses that one.
 */
static void announced(struct both *b, int enc, bool with_key, bool with_nonce)
{
	char call[40];
	int ok[2];

	snprintf(call, sizeof(call), "announced, init %d %d", with_key, with_nonce);
	cipher_open(b, enc, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(update_of(&b->side[i], i, false, false, 48), 1);
		assert_int_equal(cipher_init(&b->side[i], enc, with_key ? key : NULL, b->keylen,
					     with_nonce ? nonce : NULL, b->noncelen),
				 1);
		ok[i] = update_of(&b->side[i], i, true, true, 48);
	}
	if (with_nonce)
		assert_int_equal(ok[0], 0);
	else
		same(b, call, ok, (size_t[]){48, 48});
	cipher_close(b);
}

/* The length has what the nonce leaves of 15 bytes. The default provider looks since 3.5 only. */
static void longest(struct both *b, size_t noncelen)
{
	OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_IVLEN, &noncelen),
			       OSSL_PARAM_END};
	size_t limit = noncelen > 7 ? (size_t)1 << (8 * (15 - noncelen)) : 0;
	const struct side *ours = &b->side[0];

	cipher_open(b, 1, 0);
	assert_int_equal(cipher_set(ours, params), 1);
	assert_int_equal(cipher_init(ours, 1, key, b->keylen, nonce, noncelen), 1);
	assert_int_equal(update_of(ours, 0, false, false, limit - 1), 1);
	assert_int_equal(update_of(ours, 0, false, false, limit), noncelen == 7);
	cipher_close(b);
}

static void test_ccm_length(void **state)
{
	struct rig rig;
	struct both b;

	rig_open(&rig, "0", NULL, NULL);
	for (int c = 0; cipher_find(&b, &rig, c); c++) {
		if (!b.ccm)
			continue;
		for (int i = 0; i < 8; i++)
			announced(&b, i & 1, i & 2, i & 4);
		for (size_t noncelen = 7; noncelen <= 13; noncelen++)
			longest(&b, noncelen);
	}
	rig_close(&rig);
}

/* --- records without what they need ------------------------------------------------- */

#define PLAIN 40

/** struct tls - a record. @enc, @fixed: encrypts; the beginning of its nonces was set. */
struct tls {
	int enc;
	bool fixed;
	uint8_t header[13];
	uint8_t bytes[8 + PLAIN + 16 + 1];
	size_t len;
};

/* A header, and what the default provider makes of 40 bytes under @nonce. */
static void record_make(struct tls *r, struct both *b, int enc, bool fixed)
{
	size_t twelve = 12, n, tag = b->ccm ? 12 : 16;
	OSSL_PARAM ivlen[] = {OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_IVLEN, &twelve),
			      OSSL_PARAM_END};
	OSSL_PARAM get_tag[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
								  r->bytes + 8 + PLAIN, tag),
				OSSL_PARAM_END};
	struct side *stock = &b->side[1];

	*r = (struct tls){.enc = enc, .fixed = fixed, .len = 8 + PLAIN + tag};
	memcpy(r->header, "\0\0\0\0\0\0\0\3\27\3\3\0\50", 13);
	memcpy(r->bytes, nonce + 4, 8);
	cipher_open(b, 1, 0);
	assert_int_equal(cipher_set(stock, ivlen), 1);
	assert_int_equal(cipher_init(stock, 1, key, b->keylen, nonce, 12), 1);
	if (b->ccm)
		assert_int_equal(update_of(stock, 1, false, false, PLAIN), 1);
	assert_int_equal(
	    CALL(stock, CIPHER_UPDATE, cipher_update)(stock->ctx, NULL, &n, 13, r->header, 13), 1);
	assert_int_equal(update_of(stock, 1, true, true, PLAIN), 1);
	memcpy(r->bytes + 8, out[1], PLAIN);
	assert_int_equal(CALL(stock, CIPHER_FINAL, cipher_final)(stock->ctx, out[1], &n, 16), 1);
	assert_int_equal(
	    CALL(stock, CIPHER_GET_CTX_PARAMS, cipher_get_ctx_params)(stock->ctx, get_tag), 1);
	cipher_close(b);
	/* As it stands in the record. */
	r->header[12] = (uint8_t)(enc ? 8 + PLAIN : r->len);
}

static void record_begin(const struct tls *r, const struct both *b, const struct side *side)
{
	size_t twelve = 12;
	OSSL_PARAM ivlen[] = {OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_IVLEN, &twelve),
			      OSSL_PARAM_END};
	OSSL_PARAM tag[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, 12),
			    OSSL_PARAM_END};
	OSSL_PARAM fixed[] = {OSSL_PARAM_construct_octet_string(
				  OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, (void *)nonce, 4),
			      OSSL_PARAM_END};
	OSSL_PARAM aad[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD,
							      (void *)r->header, 13),
			    OSSL_PARAM_END};

	assert_int_equal(cipher_set(side, ivlen), 1);
	if (b->ccm)
		assert_int_equal(cipher_set(side, tag), 1);
	/* To the default provider's CCM the key knows the lengths it came with. */
	assert_int_equal(cipher_init(side, r->enc, key, b->keylen, nonce, 12), 1);
	if (r->fixed)
		assert_int_equal(cipher_set(side, fixed), 1);
	assert_int_equal(cipher_set(side, aad), 1);
}

/* @more: bytes that the record has besides. Ours refuses another length than the header's. */
static void record(struct both *b, const struct tls *r, int more)
{
	size_t len = r->len + (size_t)more, n[2] = {0, 0};
	char call[40];
	int ok[2];

	snprintf(call, sizeof(call), "record %d %d %d", r->enc, r->fixed, more);
	cipher_open(b, r->enc, 0);
	for (int i = 0; i < 2; i++) {
		struct side *side = &b->side[i];

		record_begin(r, b, side);
		memcpy(out[i], r->bytes, sizeof(r->bytes));
		ok[i] = CALL(side, CIPHER_CIPHER, cipher_cipher)(side->ctx, out[i], &n[i], len,
								 out[i], len);
	}
	/* A header is that of one record. */
	if (b->gcm && ok[0] > 0)
		assert_int_equal(CALL(&b->side[0], CIPHER_CIPHER,
				      cipher_cipher)(b->side[0].ctx, in, &len, len, in, len),
				 0);
	cipher_close(b);
	if (more) {
		assert_int_equal(ok[0], 0);
		return;
	}
	if (!r->enc && r->fixed)
		assert_int_equal(ok[0], 1);
	/* The default provider has another length here than in an update. */
	if (!r->enc && ok[0] > 0) {
		assert_int_equal(n[0], PLAIN);
		n[0] = n[1] = 8 + PLAIN;
	}
	/* GCM begins its nonces at random. */
	if (r->enc && b->gcm && ok[0] > 0)
		n[0] = n[1] = 0;
	same(b, call, ok, n);
}

static void test_records(void **state)
{
	struct rig rig;
	struct both b;
	struct tls r;

	rig_open(&rig, "0", NULL, NULL);
	for (int c = 0; cipher_find(&b, &rig, c); c++)
		for (int i = 0; i < 4 && (b.gcm || b.ccm); i++) {
			record_make(&r, &b, i & 1, i & 2);
			for (int more = -1; more <= 1; more++)
				record(&b, &r, more);
		}
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ccm_length),
	    cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
