/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_functions.c - short output, parameters of every type and size, values at and beyond
 * the limits: what functions of the provider say to these is what the default provider's say.
 */
#include "tests/provider/functions.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#define CIPHERS 18

/* One length, one room, both directions: in one piece, in two, and by EVP_Cipher()'s way. */
static void rooms(struct both *b, size_t len, size_t room)
{
	for (int enc = 0; enc < 2; enc++)
		for (unsigned int padding = 0; padding < (b->block > 1 ? 2 : 1); padding++)
			for (size_t last = 0; last <= 16; last += last ? 1 : 15) {
				cipher_open(b, enc, padding);
				if (both_update(b, room, len, false) && !b->ccm &&
				    both_update(b, room, b->xts ? 16 : 5, false))
					both_final(b, last);
				cipher_close(b);
			}
	/* Less than a block: the default provider's CBC writes a whole one. Its XTS does not look
	 * at the room here. */
	if (!len || len % b->block || (b->xts && room < len))
		return;
	for (int enc = 0; enc < 2; enc++) {
		cipher_open(b, enc, 0);
		both_update(b, room, len, true);
		cipher_close(b);
	}
}

static void test_room_for_output(void **state)
{
	static const size_t lens[] = {0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64};
	struct rig rig;
	struct both b;
	int num = 0;

	rig_open(&rig, "0", NULL, NULL);
	for (; cipher_find(&b, &rig, num); num++)
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			for (size_t room = lens[i] > 17 ? lens[i] - 17 : 0; room <= lens[i] + 17;
			     room++)
				rooms(&b, lens[i], room);
	assert_int_equal(num, CIPHERS);
	rig_close(&rig);
}

/* Without blocks: all of these are refused. The default provider writes beyond the end, or dies. */
static void test_no_whole_block(void **state)
{
	struct rig rig;
	struct both b;
	size_t n;

	rig_open(&rig, "0", NULL, NULL);
	for (int c = 0; cipher_find(&b, &rig, c); c++) {
		const struct side *ours = &b.side[0];

		if (b.aead)
			continue;
		for (int enc = 0; enc < 2; enc++) {
			cipher_open(&b, enc, 0);
			for (size_t len = 1; len < 100; len++)
				if (len % b.block || (b.xts && len < 16))
					assert_int_equal(CALL(ours, CIPHER_CIPHER, cipher_cipher)(
							     ours->ctx, out[0], &n, 128, in, len),
							 0);
			assert_int_equal(CALL(ours, CIPHER_CIPHER,
					      cipher_cipher)(ours->ctx, out[0], &n, 128, NULL, 32),
					 0);
			if (b.block == 1)
				assert_int_equal(update_of(ours, 0, true, false, 32), 0);
			if (b.block == 1)
				assert_int_equal(update_of(ours, 0, false, true, 32), 0);
			cipher_close(&b);
		}
	}
	rig_close(&rig);
}

/* --- parameters that are read ------------------------------------------------------- */

static const unsigned int types[] = {
    OSSL_PARAM_INTEGER,	    OSSL_PARAM_UNSIGNED_INTEGER, OSSL_PARAM_REAL,
    OSSL_PARAM_UTF8_STRING, OSSL_PARAM_OCTET_STRING,	 OSSL_PARAM_UTF8_PTR,
    OSSL_PARAM_OCTET_PTR,
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static bool is_pointer(unsigned int type)
{
	return type == OSSL_PARAM_UTF8_PTR || type == OSSL_PARAM_OCTET_PTR;
}

/*
 * What both answer when they are asked for @name as @type with @size bytes. The default
 * provider's ChaCha20-Poly1305 also shows the tag of no message.
 */
static void ask(struct both *b, const char *name, unsigned int type, size_t size)
{
	uint8_t value[2][160];
	size_t got[2], n;
	int ok[2];

	for (int i = 0; i < 2; i++) {
		OSSL_PARAM params[] = {{name, type, value[i], size, OSSL_PARAM_UNMODIFIED},
				       OSSL_PARAM_END};

		memset(value[i], 0x55, sizeof(value[i]));
		ok[i] = CALL(&b->side[i], CIPHER_GET_CTX_PARAMS,
			     cipher_get_ctx_params)(b->side[i].ctx, params);
		got[i] = params[0].return_size;
	}
	if (b->chacha && ok[0] <= 0 && !strcmp(name, OSSL_CIPHER_PARAM_AEAD_TAG))
		return;
	/* Its CCM lists these and never answers. */
	if (b->ccm && (!strcmp(name, OSSL_CIPHER_PARAM_AEAD_TLS1_GET_IV_GEN) ||
		       !strcmp(name, "iv-generated")))
		return;
	if ((ok[0] > 0) != (ok[1] > 0))
		fail_msg("%s: get %s, type %u, %zu bytes: returns %d, stock %d", b->name, name,
			 type, size, ok[0], ok[1]);
	if (ok[0] <= 0 || is_pointer(type))
		return;
	/* Its CCM shows what is behind the nonce too; its ChaCha20-Poly1305 says no size. */
	if (!b->ccm && !b->chacha && got[0] != got[1])
		fail_msg("%s: get %s, type %u, %zu bytes: has %zd, stock %zd", b->name, name, type,
			 size, (ssize_t)got[0], (ssize_t)got[1]);
	n = b->ccm && got[0] < sizeof(value[0]) ? got[0] : sizeof(value[0]);
	if (memcmp(value[0], value[1], n))
		fail_msg("%s: get %s, type %u, %zu bytes: another value", b->name, name, type,
			 size);
}

static void ask_all(struct both *b)
{
	static const size_t sizes[] = {1, 4, 7, 8, 11, 12, 13, 15, 16, 17, 128};
	const OSSL_PARAM *p = CALL(&b->side[1], CIPHER_GETTABLE_CTX_PARAMS,
				   cipher_gettable_ctx_params)(b->side[1].ctx, b->side[1].provider);

	for (; p->key; p++)
		for (size_t t = 0; t < TYPES; t++)
			for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
				/* A pointer is a pointer, whatever size it is said to have. */
				ask(b, p->key, types[t],
				    is_pointer(types[t]) ? sizes[s] + 128 : sizes[s]);
}

/* Of a context that has nothing yet, and of one that has its key alone. */
static void ask_early(struct both *b, int enc)
{
	cipher_new(b);
	ask_all(b);
	for (int i = 0; i < 2; i++)
		assert_int_equal(cipher_init(&b->side[i], enc, key, b->keylen, NULL, 0), 1);
	ask_all(b);
	cipher_close(b);
}

static void test_asked_for(void **state)
{
	struct rig rig;
	struct both b;

	rig_open(&rig, "0", NULL, NULL);
	for (int c = 0; cipher_find(&b, &rig, c); c++)
		for (int enc = 0; enc < 2; enc++) {
			ask_early(&b, enc);
			cipher_open(&b, enc, 0);
			ask_all(&b);
			both_update(&b, 64, 48, false);
			ask_all(&b);
			if (!b.ccm)
				both_final(&b, 16);
			ask_all(&b);
			cipher_close(&b);
		}
	rig_close(&rig);
}

/* --- parameters that are set -------------------------------------------------------- */

/* What ours refuses although the default provider takes it. */
static bool ours_refuses(const struct both *b, const char *name, size_t size, uint64_t value)
{
	/* A MAC that is longer than any digest. */
	if (!strcmp(name, OSSL_CIPHER_PARAM_TLS_MAC_SIZE))
		return value > 64;
	/* The middle of a block of key stream that was never made. */
	if (!strcmp(name, OSSL_CIPHER_PARAM_NUM))
		return !strncmp(b->name + 7, "-CTR", 4) && value != 0;
	/* The default provider's CCM lists this one and does not look at it. */
	if (b->ccm && !strcmp(name, OSSL_CIPHER_PARAM_AEAD_TLS1_SET_IV_INV))
		return true;
	/* More than the nonce: the default provider's GCM writes over its context. */
	return b->gcm && !strcmp(name, OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED) && size > 12;
}

/* Both are given @name as @type with @size bytes, the number @value; what they then say. */
static void give(struct both *b, int enc, const char *name, unsigned int type, size_t size,
		 uint64_t value)
{
	uint8_t bytes[160] = {0};
	OSSL_PARAM params[] = {{name, type, bytes, size, OSSL_PARAM_UNMODIFIED}, OSSL_PARAM_END};
	bool refused = ours_refuses(b, name, size, value);
	int ok[2];

	/* Of no meaning but to CTR. The default provider looks at the limit since 3.4. */
	if (!strcmp(name, OSSL_CIPHER_PARAM_NUM) && !refused && value > 15)
		return;
	memcpy(bytes, &value, sizeof(value));
	cipher_open(b, enc, 0);
	ok[0] = cipher_set(&b->side[0], params);
	ok[1] = refused ? 0 : cipher_set(&b->side[1], params);
	if ((ok[0] > 0) != (ok[1] > 0))
		fail_msg("%s: set %s, type %u, %zu bytes, %llu: returns %d, stock %d", b->name,
			 name, type, size, (unsigned long long)value, ok[0], ok[1]);
	if (!refused) {
		ask(b, OSSL_CIPHER_PARAM_IVLEN, OSSL_PARAM_UNSIGNED_INTEGER, 8);
		ask(b, OSSL_CIPHER_PARAM_AEAD_TAGLEN, OSSL_PARAM_UNSIGNED_INTEGER, 8);
		ask(b, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, OSSL_PARAM_UNSIGNED_INTEGER, 8);
		ask(b, OSSL_CIPHER_PARAM_PADDING, OSSL_PARAM_UNSIGNED_INTEGER, 4);
	}
	cipher_close(b);
}

static void give_all(struct both *b, int enc)
{
	static const uint64_t values[] = {0,  1,  2,  6,  7,   12,  13,	       14,
					  16, 32, 64, 65, 128, 129, 1ull << 32};
	const OSSL_PARAM *p = CALL(&b->side[1], CIPHER_SETTABLE_CTX_PARAMS,
				   cipher_settable_ctx_params)(NULL, b->side[1].provider);

	for (; p->key; p++)
		for (size_t t = 0; t < TYPES; t++) {
			bool number = types[t] <= OSSL_PARAM_REAL;

			/* Of no meaning but to CFB1: ours does not look at it. */
			if (is_pointer(types[t]) || !strcmp(p->key, OSSL_CIPHER_PARAM_USE_BITS))
				continue;
			for (size_t v = 0; number && v < sizeof(values) / sizeof(values[0]); v++)
				give(b, enc, p->key, types[t], 8, values[v]);
			for (size_t size = 0; !number && size <= 18; size++)
				give(b, enc, p->key, types[t], size, 0x55);
		}
}

static void test_given(void **state)
{
	struct rig rig;
	struct both b;

	rig_open(&rig, "0", NULL, NULL);
	for (int c = 0; cipher_find(&b, &rig, c); c++)
		for (int enc = 0; enc < 2; enc++)
			give_all(&b, enc);
	rig_close(&rig);
}

/* --- digests and MACs --------------------------------------------------------------- */

static void test_room_for_digest(void **state)
{
	struct rig rig;
	const OSSL_ALGORITHM *a;
	struct side side;
	int no_cache;

	rig_open(&rig, "0", "digests macs", NULL);
	a = OSSL_PROVIDER_query_operation(rig.provider, OSSL_OP_DIGEST, &no_cache);
	for (; a->algorithm_names; a++)
		for (int more = -1; more <= 1; more++) {
			size_t size = 0, n = 77;
			OSSL_PARAM params[] = {
			    OSSL_PARAM_construct_size_t(OSSL_DIGEST_PARAM_SIZE, &size),
			    OSSL_PARAM_END};

			assert_true(find(&side, rig.provider, OSSL_OP_DIGEST, a->algorithm_names));
			assert_int_equal(CALL(&side, DIGEST_GET_PARAMS, digest_get_params)(params),
					 1);
			side.ctx = CALL(&side, DIGEST_NEWCTX, digest_newctx)(side.provider);
			assert_int_equal(CALL(&side, DIGEST_INIT, digest_init)(side.ctx, NULL), 1);
			assert_int_equal(CALL(&side, DIGEST_FINAL, digest_final)(
					     side.ctx, out[0], &n, size + (size_t)more),
					 more >= 0);
			assert_int_equal(n, more >= 0 ? size : 77);
			CALL(&side, DIGEST_FREECTX, digest_freectx)(side.ctx);
		}
	assert_true(find(&side, rig.provider, OSSL_OP_MAC, "HMAC"));
	for (size_t room = 31; room <= 33; room++) {
		OSSL_PARAM params[] = {
		    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
		    OSSL_PARAM_END};
		size_t n = 77;

		side.ctx = CALL(&side, MAC_NEWCTX, mac_newctx)(side.provider);
		assert_int_equal(CALL(&side, MAC_INIT, mac_init)(side.ctx, key, 16, params), 1);
		assert_int_equal(CALL(&side, MAC_FINAL, mac_final)(side.ctx, out[0], &n, room),
				 room >= 32);
		assert_int_equal(n, room >= 32 ? 32 : 77);
		CALL(&side, MAC_FREECTX, mac_freectx)(side.ctx);
	}
	rig_close(&rig);
}

/* --- what an algorithm and a provider say ------------------------------------------- */

/* Each of @list, as each type. A number is no text, and a text no number. */
static void wrong_types(const OSSL_PARAM *list, int (*get)(void *arg, OSSL_PARAM params[]),
			void *arg)
{
	uint64_t value = 0;

	for (; list->key; list++)
		for (size_t t = 0; t < TYPES; t++) {
			OSSL_PARAM params[] = {
			    {list->key, types[t], &value, sizeof(value), OSSL_PARAM_UNMODIFIED},
			    OSSL_PARAM_END};
			bool fits = list->data_type == OSSL_PARAM_UTF8_PTR
					? types[t] == OSSL_PARAM_UTF8_PTR
					: types[t] <= OSSL_PARAM_REAL;

			if (get(arg, params) != fits)
				fail_msg("%s as type %u", list->key, types[t]);
		}
}

static int get_of_provider(void *arg, OSSL_PARAM params[])
{
	return OSSL_PROVIDER_get_params(arg, params);
}

static int get_of_cipher(void *arg, OSSL_PARAM params[])
{
	return CALL((struct side *)arg, CIPHER_GET_PARAMS, cipher_get_params)(params);
}

static int get_of_digest(void *arg, OSSL_PARAM params[])
{
	return CALL((struct side *)arg, DIGEST_GET_PARAMS, digest_get_params)(params);
}

static void test_wrong_types(void **state)
{
	struct rig rig;
	struct side side;
	struct both b;

	rig_open(&rig, "0", "all", NULL);
	wrong_types(OSSL_PROVIDER_gettable_params(rig.provider), get_of_provider, rig.provider);
	for (int c = 0; cipher_find(&b, &rig, c); c++)
		wrong_types(CALL(&b.side[0], CIPHER_GETTABLE_PARAMS,
				 cipher_gettable_params)(b.side[0].provider),
			    get_of_cipher, &b.side[0]);
	assert_true(find(&side, rig.provider, OSSL_OP_DIGEST, "SHA2-256"));
	wrong_types(CALL(&side, DIGEST_GETTABLE_PARAMS, digest_gettable_params)(side.provider),
		    get_of_digest, &side);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_room_for_output), cmocka_unit_test(test_no_whole_block),
	    cmocka_unit_test(test_asked_for),	    cmocka_unit_test(test_given),
	    cmocka_unit_test(test_room_for_digest), cmocka_unit_test(test_wrong_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
