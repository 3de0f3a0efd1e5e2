/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_hashes.c - SHA-2 and HMAC of the provider against the default provider's.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "cryptodev.h"

#define MAX_LEN ((size_t)5 << 19) /* two and a half of the buffers that are kept */

static const char *const digests[] = {"SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "SHA1"};

static uint8_t *message;

/* In random pieces, with a copy in the middle. Return: whether it came to an end. */
static bool digest_once(const struct rig *rig, const char *name, size_t len, uint64_t seed)
{
	EVP_MD *md = EVP_MD_fetch(rig->ours, name, NULL),
	       *stock = EVP_MD_fetch(rig->stock, name, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	uint8_t ours[64], again[64], right[64];
	unsigned int n, size;
	size_t half = len ? rig_random(&seed, (uint32_t)len) : 0, piece;
	bool ok;

	assert_non_null(md);
	assert_int_equal(EVP_Digest(message, len, right, &size, stock, NULL), 1);
	ok = EVP_DigestInit_ex2(ctx, md, NULL) == 1;
	for (size_t done = 0; ok && done < half; done += piece) {
		piece = 1 + rig_random(&seed, (uint32_t)(half - done));
		ok = EVP_DigestUpdate(ctx, message + done, piece) == 1;
	}
	ok = ok && EVP_MD_CTX_copy_ex(copy, ctx) == 1;
	ok = ok && EVP_DigestUpdate(ctx, message + half, len - half) == 1 &&
	     EVP_DigestFinal_ex(ctx, ours, &n) == 1;
	if (ok) {
		assert_int_equal(n, size);
		assert_memory_equal(ours, right, size);
	}
	if (EVP_DigestUpdate(copy, message + half, len - half) == 1 &&
	    EVP_DigestFinal_ex(copy, again, &n) == 1)
		assert_memory_equal(again, right, size);
	else
		ok = false;
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
	EVP_MD_free(md);
	EVP_MD_free(stock);
	return ok;
}

static EVP_MAC_CTX *mac_new(OSSL_LIB_CTX *lib, const char *name, const uint8_t *key, size_t keylen)
{
	EVP_MAC *mac = EVP_MAC_fetch(lib, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
	    OSSL_PARAM_END};

	assert_non_null(ctx);
	assert_int_equal(EVP_MAC_init(ctx, key, keylen, params), 1);
	EVP_MAC_free(mac);
	return ctx;
}

static bool mac_once(const struct rig *rig, const char *name, size_t len, uint64_t seed)
{
	static uint8_t key[600];
	size_t keylen =
		   rig_random(&seed, 8) ? 1 + rig_random(&seed, 100) : 1 + rig_random(&seed, 600),
	       n, size;
	size_t half = len ? rig_random(&seed, (uint32_t)len) : 0;
	EVP_MAC_CTX *ours, *stock, *copy = NULL;
	uint8_t digest[64], again[64], right[64];
	bool ok;

	rig_fill(&seed, key, keylen);
	stock = mac_new(rig->stock, name, key, keylen);
	assert_int_equal(EVP_MAC_update(stock, message, len), 1);
	assert_int_equal(EVP_MAC_final(stock, right, &size, sizeof(right)), 1);
	ours = mac_new(rig->ours, name, key, keylen);
	ok = EVP_MAC_update(ours, message, half) == 1;
	if (ok)
		copy = EVP_MAC_CTX_dup(ours);
	ok = ok && EVP_MAC_update(ours, message + half, len - half) == 1 &&
	     EVP_MAC_final(ours, digest, &n, sizeof(digest)) == 1;
	if (ok) {
		assert_int_equal(n, size);
		assert_memory_equal(digest, right, size);
	}
	if (copy && EVP_MAC_update(copy, message + half, len - half) == 1 &&
	    EVP_MAC_final(copy, again, &n, sizeof(again)) == 1)
		assert_memory_equal(again, right, size);
	else
		ok = false;
	/* Once more with the key it has. */
	if (EVP_MAC_init(ours, NULL, 0, NULL) == 1 && EVP_MAC_update(ours, message, len) == 1 &&
	    EVP_MAC_final(ours, digest, &n, sizeof(digest)) == 1)
		assert_memory_equal(digest, right, size);
	else
		ok = false;
	EVP_MAC_CTX_free(ours);
	EVP_MAC_CTX_free(stock);
	EVP_MAC_CTX_free(copy);
	return ok;
}

static size_t pick_len(uint64_t *seed)
{
	static const uint32_t limits[] = {200, 5000, 300000, (uint32_t)MAX_LEN};

	return rig_random(seed, limits[rig_random(seed, 4)] + 1);
}

static void both(const struct rig *rig, bool must)
{
	uint64_t seed = 3;

	for (int i = 0; i < 60; i++) {
		const char *name = digests[i % 5];
		bool ok = digest_once(rig, name, pick_len(&seed), seed);

		ok &= mac_once(rig, name, pick_len(&seed), seed);
		assert_true(ok || !must);
	}
	/* Exactly what is kept, and one more. */
	for (size_t len = (1 << 20) - 1; len <= (1 << 20) + 1; len++)
		assert_true(digest_once(rig, "SHA2-256", len, len) || !must);
}

static void test_device(void **state)
{
	struct rig rig;

	rig_open(&rig, "0", "digests macs", NULL);
	both(&rig, true);
	assert_true(rig_counter(&rig, "cryptodev-ops") > 0);
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	rig_close(&rig);
}

static void test_threshold(void **state)
{
	struct rig rig;

	rig_open(&rig, "2048 hmac=100000", "digests macs", NULL);
	both(&rig, true);
	assert_true(rig_counter(&rig, "cryptodev-soft-ops") > 0);
	rig_close(&rig);
}

/* An end is not promised then, but none is wrong. What is kept whole always ends. */
static void test_failing_device(void **state)
{
	struct rig rig;

	rig_open(&rig, "0", "digests macs", NULL);
	model_fault(&(struct model_fault){.after = 40, .times = 30, .error = EIO});
	both(&rig, false);
	model_fault(&(struct model_fault){.times = UINT_MAX, .error = EIO});
	for (size_t i = 0; i < 10; i++)
		assert_true(digest_once(&rig, "SHA2-512", i * 100000, i));
	assert_true(rig_counter(&rig, "cryptodev-errors") > 0);
	rig_close(&rig);
}

/* In the middle of a message that the device alone knows the beginning of. */
static void test_lost_in_the_middle(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t digest[64];
	struct rig rig;
	EVP_MD *md;

	rig_open(&rig, "0", "digests macs", NULL);
	md = EVP_MD_fetch(rig.ours, "SHA2-256", NULL);
	assert_int_equal(EVP_DigestInit_ex2(ctx, md, NULL), 1);
	assert_int_equal(EVP_DigestUpdate(ctx, message, 3 << 19), 1);
	model_fault(&(struct model_fault){.request = CIOCCRYPT, .times = 1, .error = EIO});
	assert_int_equal(EVP_DigestUpdate(ctx, message, 1 << 19), 0);
	assert_int_equal(EVP_DigestUpdate(ctx, message, 1), 0);
	assert_int_equal(EVP_DigestFinal_ex(ctx, digest, NULL), 0);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	assert_true(digest_once(&rig, "SHA2-256", MAX_LEN, 1));
	rig_close(&rig);
}

/* Again after the device had the first half: nothing of it is in what follows. */
static void test_begun_again(void **state)
{
	static const size_t lens[] = {3 << 19, 100, 1 << 20, 0, (1 << 20) + 1, 5000, 1};
	uint8_t ours[64], right[64], key[32] = {7};
	EVP_MAC_CTX *mac[2];
	struct rig rig;
	size_t n;

	rig_open(&rig, "0", "digests macs", NULL);
	mac[0] = mac_new(rig.ours, "SHA2-384", key, sizeof(key));
	mac[1] = mac_new(rig.stock, "SHA2-384", key, sizeof(key));
	for (int i = 0; i < 4; i++) {
		EVP_MD *md = EVP_MD_fetch(rig.ours, digests[i], NULL);
		EVP_MD *stock = EVP_MD_fetch(rig.stock, digests[i], NULL);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		for (size_t j = 0; j < sizeof(lens) / sizeof(lens[0]); j++) {
			/* Left in the middle, */
			assert_int_equal(EVP_DigestInit_ex2(ctx, md, NULL), 1);
			assert_int_equal(EVP_DigestUpdate(ctx, message + 1, lens[j]), 1);
			/* and begun again, short and long. */
			for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
				assert_int_equal(EVP_DigestInit_ex2(ctx, k % 2 ? md : NULL, NULL),
						 1);
				assert_int_equal(EVP_DigestUpdate(ctx, message, lens[k]), 1);
				if (k % 3 == 2)
					continue;
				assert_int_equal(EVP_DigestFinal_ex(ctx, ours, NULL), 1);
				assert_int_equal(
				    EVP_Digest(message, lens[k], right, NULL, stock, NULL), 1);
				assert_memory_equal(ours, right, (size_t)EVP_MD_get_size(md));
			}
		}
		EVP_MD_CTX_free(ctx);
		EVP_MD_free(md);
		EVP_MD_free(stock);
	}
	for (size_t j = 0; j < sizeof(lens) / sizeof(lens[0]); j++) {
		assert_int_equal(EVP_MAC_init(mac[0], NULL, 0, NULL), 1);
		assert_int_equal(EVP_MAC_update(mac[0], message + 1, lens[j]), 1);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(EVP_MAC_init(mac[i], NULL, 0, NULL), 1);
			assert_int_equal(EVP_MAC_update(mac[i], message, lens[6 - j]), 1);
			assert_int_equal(EVP_MAC_final(mac[i], i ? right : ours, &n, 64), 1);
		}
		assert_memory_equal(ours, right, n);
	}
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	EVP_MAC_CTX_free(mac[0]);
	EVP_MAC_CTX_free(mac[1]);
	rig_close(&rig);
}

/* Another digest, another key, none, a longer one than the device takes. */
static void test_mac_changes(void **state)
{
	static uint8_t key[1100];
	static const size_t keylens[] = {20, 512, 513, 1100, 1, 64, 128, 0};
	uint8_t out[2][64] = {{0}};
	uint64_t seed = 9;
	EVP_MAC_CTX *mac[2];
	struct rig rig;
	size_t n[2];

	rig_open(&rig, "100", "macs", NULL);
	mac[0] = mac_new(rig.ours, "SHA2-256", key, 32);
	mac[1] = mac_new(rig.stock, "SHA2-256", key, 32);
	for (int round = 0; round < 400; round++) {
		const char *name = digests[rig_random(&seed, 5)];
		OSSL_PARAM md[] = {
		    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
		    OSSL_PARAM_END};
		size_t keylen = keylens[rig_random(&seed, 8)], len = rig_random(&seed, 3000);
		uint32_t how = rig_random(&seed, 4);

		rig_fill(&seed, key, sizeof(key));
		/* OpenSSL 3.0 continues with the old digest's state when no key comes with a new
		 * one.
		 */
		for (int i = 0; i < 2; i++) {
			OSSL_PARAM both[] = {
			    md[0],
			    OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, keylen),
			    OSSL_PARAM_END};

			if (how == 0)
				assert_int_equal(EVP_MAC_init(mac[i], key, keylen, md), 1);
			else if (how == 1)
				assert_int_equal(EVP_MAC_init(mac[i], key, keylen, NULL), 1);
			else if (how == 2)
				assert_int_equal(EVP_MAC_init(mac[i], NULL, 0, NULL), 1);
			else
				assert_int_equal(EVP_MAC_CTX_set_params(mac[i], both), 1);
			assert_int_equal(EVP_MAC_update(mac[i], message, len), 1);
			assert_int_equal(EVP_MAC_final(mac[i], out[i], &n[i], 64), 1);
		}
		assert_int_equal(n[0], n[1]);
		assert_memory_equal(out[0], out[1], n[0]);
	}
	assert_true(rig_counter(&rig, "cryptodev-ops") > 0);
	EVP_MAC_CTX_free(mac[0]);
	EVP_MAC_CTX_free(mac[1]);
	rig_close(&rig);
}

/* A copy is of the same class: its threshold is that of HMAC. */
static void test_copy_has_class(void **state)
{
	static const uint8_t key[20] = {3};
	EVP_MAC_CTX *mac, *copy;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *other = EVP_MD_CTX_new();
	uint8_t out[64];
	uint64_t before;
	struct rig rig;
	EVP_MD *md;
	size_t n;

	rig_open(&rig, "1000000 hmac=100 sha2=100", "digests macs", NULL);
	mac = mac_new(rig.ours, "SHA2-256", key, sizeof(key));
	copy = EVP_MAC_CTX_dup(mac);
	before = rig_counter(&rig, "cryptodev-ops");
	assert_int_equal(EVP_MAC_update(copy, message, 200), 1);
	assert_int_equal(EVP_MAC_final(copy, out, &n, sizeof(out)), 1);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), before + 1);
	md = EVP_MD_fetch(rig.ours, "SHA2-256", NULL);
	assert_int_equal(EVP_DigestInit_ex2(ctx, md, NULL), 1);
	assert_int_equal(EVP_MD_CTX_copy_ex(other, ctx), 1);
	assert_int_equal(EVP_DigestUpdate(other, message, 200), 1);
	assert_int_equal(EVP_DigestFinal_ex(other, out, NULL), 1);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), before + 2);
	EVP_MD_free(md);
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(other);
	EVP_MAC_CTX_free(mac);
	EVP_MAC_CTX_free(copy);
	rig_close(&rig);
}

/* What stands in a half-done hash that is copied, the device copies. It may fail there. */
static void test_copy_fails(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	uint8_t ours[64], right[64];
	struct rig rig;
	EVP_MD *md;

	rig_open(&rig, "0", "digests", NULL);
	md = EVP_MD_fetch(rig.ours, "SHA2-256", NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(EVP_DigestInit_ex2(ctx, md, NULL), 1);
		assert_int_equal(EVP_DigestUpdate(ctx, message, 3 << 19), 1);
		model_fault(&(struct model_fault){
		    .request = i ? CIOCCPHASH : CIOCGSESSION, .times = 1, .error = ENOMEM});
		assert_int_equal(EVP_MD_CTX_copy_ex(copy, ctx), 1);
		/* The copy is lost, and says so; the original is not. */
		assert_int_equal(EVP_DigestFinal_ex(copy, ours, NULL), 0);
		assert_int_equal(EVP_DigestUpdate(ctx, message + (3 << 19), 10), 1);
		assert_int_equal(EVP_DigestFinal_ex(ctx, ours, NULL), 1);
		assert_int_equal(
		    EVP_Digest(message, (3 << 19) + 10, right, NULL, EVP_sha256(), NULL), 1);
		assert_memory_equal(ours, right, 32);
	}
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
	EVP_MD_free(md);
	rig_close(&rig);
}

static int setup(void **state)
{
	uint64_t seed = 1;

	message = malloc(MAX_LEN + 1);
	assert_non_null(message);
	rig_fill(&seed, message, MAX_LEN + 1);
	return 0;
}

static int teardown(void **state)
{
	free(message);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_device),	   cmocka_unit_test(test_threshold),
	    cmocka_unit_test(test_failing_device), cmocka_unit_test(test_lost_in_the_middle),
	    cmocka_unit_test(test_begun_again),	   cmocka_unit_test(test_mac_changes),
	    cmocka_unit_test(test_copy_has_class), cmocka_unit_test(test_copy_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
