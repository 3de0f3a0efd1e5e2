/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_same.c - calls that are seldom made: the provider answers them as the default
 * provider does, or refuses them, but never goes its own way.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "cryptodev.h"

/* What warns of a use that is the very thing tried here. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static const uint8_t key[64] = {1, 2, 3, 4}, iv[16] = {9, 8, 7, 6};

/** struct pair - a context of ours and one of the default provider's. */
struct pair {
	EVP_CIPHER_CTX *ctx[2];
};

static void pair_init(struct pair *p, const struct rig *rig, const char *name, int enc)
{
	for (int i = 0; i < 2; i++) {
		EVP_CIPHER *cipher = EVP_CIPHER_fetch(i ? rig->stock : rig->ours, name, NULL);

		p->ctx[i] = EVP_CIPHER_CTX_new();
		assert_non_null(cipher);
		assert_int_equal(EVP_CipherInit_ex2(p->ctx[i], cipher, key, iv, enc, NULL), 1);
		EVP_CIPHER_CTX_set_padding(p->ctx[i], 0);
		EVP_CIPHER_free(cipher);
	}
}

static void pair_free(struct pair *p)
{
	EVP_CIPHER_CTX_free(p->ctx[0]);
	EVP_CIPHER_CTX_free(p->ctx[1]);
}

/* The same result, and the same output. Return: that result. */
static int pair_update(struct pair *p, size_t len)
{
	static uint8_t in[20000], out[2][20000];
	int n[2] = {0, 0}, ok[2];

	for (size_t i = 0; i < len; i++)
		in[i] = (uint8_t)(i * 7);
	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CipherUpdate(p->ctx[i], out[i], &n[i], in, (int)len);
	assert_int_equal(ok[0], ok[1]);
	if (ok[0] != 1)
		return ok[0];
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(out[0], out[1], (size_t)n[0]);
	return 1;
}

static void in_child(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In a child, where cmocka's assertions have nowhere to go. */
static void must(bool ok)
{
	if (!ok)
		_exit(1);
}

/* --- the MAC of a record in constant time ------------------------------------------ */

/* As libssl does it: the size of the record after init, the header by itself, the record. */
static size_t record_mac(OSSL_LIB_CTX *lib, const char *digest, size_t len, bool kept,
			 uint8_t mac[64])
{
	static const uint8_t record[20000] = {5, 6, 7};
	EVP_MAC *hmac = EVP_MAC_fetch(lib, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac), *copy;
	OSSL_PARAM md[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
	    OSSL_PARAM_END};
	size_t total = len, size = 0;
	OSSL_PARAM tls[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, &total),
			    OSSL_PARAM_END};

	assert_int_equal(EVP_MAC_init(ctx, key, 32, md), 1);
	if (kept)
		assert_int_equal(EVP_MAC_init(ctx, NULL, 0, NULL), 1);
	copy = EVP_MAC_CTX_dup(ctx);
	assert_int_equal(EVP_MAC_CTX_set_params(copy, tls), 1);
	assert_int_equal(EVP_MAC_update(copy, record, 13), 1);
	assert_int_equal(EVP_MAC_update(copy, record + 13, len - 20), 1);
	assert_int_equal(EVP_MAC_final(copy, mac, &size, 64), 1);
	EVP_MAC_CTX_free(copy);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(hmac);
	return size;
}

static void test_constant_time_mac(void **state)
{
	static const char *const names[] = {"SHA1", "SHA2-256", "SHA2-384"};
	static const char *const thresholds[] = {"0", "2048"};
	uint8_t mac[2][64] = {{0}};
	struct rig rig;

	for (int t = 0; t < 2; t++) {
		rig_open(&rig, thresholds[t], "all", NULL);
		for (int i = 0; i < 3; i++)
			for (size_t len = 64; len < 20000; len *= 3)
				for (int kept = 0; kept < 2; kept++) {
					size_t a = record_mac(rig.ours, names[i], len, kept,
							      mac[0]),
					       b = record_mac(rig.stock, names[i], len, kept,
							      mac[1]);

					assert_int_equal(a, b);
					assert_memory_equal(mac[0], mac[1], a);
				}
		/* How long the device takes would tell the length. */
		assert_int_equal(rig_counter(&rig, "cryptodev-ops"), 0);
		rig_close(&rig);
	}
}

/* --- positions and IVs that a program sets ------------------------------------------- */

static void test_set_num(void **state)
{
	struct rig rig;
	struct pair p;

	rig_open(&rig, "0", NULL, NULL);
	pair_init(&p, &rig, "AES-128-CTR", 1);
	/* There is no such key stream: refused, not ignored. */
	assert_int_equal(EVP_CIPHER_CTX_set_num(p.ctx[0], 5), 0);
	assert_int_equal(EVP_CIPHER_CTX_set_num(p.ctx[0], 0), 1);
	assert_int_equal(pair_update(&p, 64), 1);
	assert_int_equal(pair_update(&p, 5), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_num(p.ctx[0], 5), 1);
	assert_int_equal(pair_update(&p, 64), 1);
	pair_free(&p);
	pair_init(&p, &rig, "AES-128-CBC", 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CIPHER_CTX_set_num(p.ctx[i], 5), 1);
	assert_int_equal(pair_update(&p, 64), 1);
	pair_free(&p);
	rig_close(&rig);
}

/* Whoever did the piece before, and does the next one. */
static void test_written_iv(void **state)
{
	static const char *const names[] = {"AES-128-CTR", "AES-256-CBC", "AES-256-CBC",
					    "AES-128-XTS"};
	static const size_t lens[] = {16, 32, 48, 1024, 4096, 37, 3};
	uint64_t seed = 4;
	struct rig rig;
	struct pair p;

	rig_open(&rig, "1000", NULL, NULL);
	for (int i = 0; i < 4; i++) {
		pair_init(&p, &rig, names[i], i != 2);
		for (int round = 0; round < 200; round++) {
			size_t len = lens[rig_random(&seed, i ? 5 : 7)];
			uint8_t next[16];

			assert_int_equal(pair_update(&p, len), 1);
			rig_fill(&seed, next, sizeof(next));
			if (rig_random(&seed, 2))
				for (int j = 0; j < 2; j++)
					memcpy(EVP_CIPHER_CTX_iv_noconst(p.ctx[j]), next, 16);
		}
		pair_free(&p);
	}
	/* GCM: before the first byte. */
	pair_init(&p, &rig, "AES-128-GCM", 1);
	for (int j = 0; j < 2; j++)
		EVP_CIPHER_CTX_iv_noconst(p.ctx[j])[3] ^= 0x55;
	assert_int_equal(pair_update(&p, 4096), 1);
	pair_free(&p);
	rig_close(&rig);
}

/* --- long messages ------------------------------------------------------------------- */

/* Longer than any driver takes: not copied for it, nor is it asked. */
static void test_longer_than_the_device_takes(void **state)
{
	uint8_t *data = calloc(1, (1 << 20) + 1);
	unsigned int calls;
	struct rig rig;
	struct pair p;
	int n;

	rig_open(&rig, NULL, NULL, NULL);
	pair_init(&p, &rig, "AES-128-GCM", 1);
	calls = model_calls();
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], data, &n, data, (1 << 20) + 1), 1);
	assert_int_equal(model_calls(), calls);
	assert_int_equal(EVP_CipherInit_ex2(p.ctx[0], NULL, NULL, iv, 1, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], data, &n, data, 1 << 20), 1);
	assert_true(model_calls() > calls);
	pair_free(&p);
	rig_close(&rig);
	rig_open(&rig, NULL, NULL, NULL);
	pair_init(&p, &rig, "AES-128-GCM", 1);
	/* What it refuses once is the limit from then on. */
	model_fault(&(struct model_fault){.request = CIOCAUTHCRYPT, .times = 1, .error = EMSGSIZE});
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], data, &n, data, 300000), 1);
	calls = model_calls();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[0], NULL, NULL, iv, 1, NULL), 1);
		assert_int_equal(EVP_CipherUpdate(p.ctx[0], data, &n, data, 300000 + i), 1);
	}
	assert_int_equal(model_calls(), calls);
	assert_int_equal(EVP_CipherInit_ex2(p.ctx[0], NULL, NULL, iv, 1, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], data, &n, data, 299999), 1);
	assert_true(model_calls() > calls);
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	pair_free(&p);
	rig_close(&rig);
	free(data);
}

/* As much additional data as the device takes, in one piece and in two, and one byte more. */
static void test_most_additional_data(void **state)
{
	static const char *const names[] = {"AES-128-GCM", "ChaCha20-Poly1305", "AES-128-CCM"};
	static uint8_t data[5000];
	struct rig rig;
	struct pair p;
	int n;

	rig_open(&rig, "0", NULL, NULL);
	for (int i = 0; i < 3; i++)
		for (int len = 4095; len <= 4097; len++)
			for (int first = 0; first <= 100; first += 100) {
				uint64_t ops = rig_counter(&rig, "cryptodev-ops");

				pair_init(&p, &rig, names[i], 1);
				for (int j = 0; j < 2; j++) {
					if (i == 2)
						EVP_CipherUpdate(p.ctx[j], NULL, &n, NULL, 500);
					if (first)
						EVP_CipherUpdate(p.ctx[j], NULL, &n, data, first);
					assert_int_equal(
					    EVP_CipherUpdate(p.ctx[j], NULL, &n, data, len - first),
					    1);
				}
				assert_int_equal(pair_update(&p, 500), 1);
				assert_int_equal(rig_counter(&rig, "cryptodev-ops"),
						 ops + (len <= 4096));
				pair_free(&p);
			}
	rig_close(&rig);
}

/* --- memory -------------------------------------------------------------------------- */

static void many_contexts(void)
{
	EVP_CIPHER_CTX *ctx[1000];
	EVP_CIPHER *cipher;
	struct rig rig;
	int n = 0;

	must(CRYPTO_secure_malloc_init(16384, 16) == 1);
	rig_open(&rig, NULL, NULL, NULL);
	cipher = EVP_CIPHER_fetch(rig.ours, "AES-256-GCM", NULL);
	for (int i = 0; i < 1000; i++) {
		ctx[i] = EVP_CIPHER_CTX_new();
		n += EVP_CipherInit_ex2(ctx[i], cipher, key, iv, 1, NULL) == 1;
	}
	must(n == 1000);
	must(CRYPTO_secure_used() == 0);
}

/* The secure heap is small and for private keys. */
static void test_secure_heap(void **state)
{
	in_child(many_contexts);
}

#define IDLE 64

/* A connection that waits for its peer has no buffers. */
static void test_idle_contexts_are_small(void **state)
{
	static const char *const names[] = {"AES-128-GCM", "ChaCha20-Poly1305", "AES-128-CBC"};
	static uint8_t data[16384 + 16];
	EVP_CIPHER_CTX *ctx[IDLE];
	struct mallinfo2 before, after;
	struct rig rig;
	int n;

	rig_open(&rig, NULL, NULL, NULL);
	for (int k = 0; k < 3; k++) {
		EVP_CIPHER *cipher = EVP_CIPHER_fetch(rig.ours, names[k], NULL);

		before = mallinfo2();
		for (int i = 0; i < IDLE; i++) {
			ctx[i] = EVP_CIPHER_CTX_new();
			assert_int_equal(EVP_CipherInit_ex2(ctx[i], cipher, key, iv, 1, NULL), 1);
			EVP_CIPHER_CTX_set_padding(ctx[i], 0);
			assert_int_equal(EVP_CipherUpdate(ctx[i], data, &n, data, 16384), 1);
			assert_int_equal(EVP_CipherFinal_ex(ctx[i], data, &n), 1);
		}
		after = mallinfo2();
		assert_true(after.uordblks + after.hblkhd <
			    before.uordblks + before.hblkhd + IDLE * 4096);
		for (int i = 0; i < IDLE; i++)
			EVP_CIPHER_CTX_free(ctx[i]);
		EVP_CIPHER_free(cipher);
	}
	assert_true(rig_counter(&rig, "cryptodev-ops") == 3 * IDLE);
	rig_close(&rig);
}

/* A context that gets other keys, nonces, copies and messages for ever does not grow. */
static void test_nothing_grows(void **state)
{
	static const char *const names[] = {"AES-128-GCM", "AES-128-CCM", "AES-128-CBC",
					    "AES-256-XTS"};
	static uint8_t data[4096 + 16], k[64];
	struct mallinfo2 before = {0}, after;
	EVP_CIPHER_CTX *ctx, *copy;
	EVP_CIPHER *cipher;
	struct rig rig;
	int n;

	for (int j = 0; j < 64; j++)
		k[j] = (uint8_t)j;
	rig_open(&rig, NULL, NULL, NULL);
	for (int i = 0; i < 4; i++) {
		cipher = EVP_CIPHER_fetch(rig.ours, names[i], NULL);
		ctx = EVP_CIPHER_CTX_new();
		copy = EVP_CIPHER_CTX_new();
		assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, k, iv, 1, NULL), 1);
		for (int round = 0; round < 500; round++) {
			if (round == 100)
				before = mallinfo2();
			k[0]++;
			assert_int_equal(EVP_CipherInit_ex2(ctx, NULL, k, iv, 1, NULL), 1);
			EVP_CIPHER_CTX_copy(copy, ctx);
			assert_int_equal(
			    EVP_CipherUpdate(ctx, data, &n, data, round % 2 ? 4096 : 64), 1);
			EVP_CIPHER_CTX_copy(copy, ctx);
			assert_int_equal(EVP_CipherFinal_ex(ctx, data + n, &n), 1);
			if (i < 2)
				assert_int_equal(
				    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 12, data), 1);
		}
		after = mallinfo2();
		assert_true(after.uordblks < before.uordblks + 3000);
		EVP_CIPHER_CTX_free(copy);
		EVP_CIPHER_CTX_free(ctx);
		EVP_CIPHER_free(cipher);
	}
	rig_close(&rig);
}

/* --- calls that the default provider refuses ------------------------------------------ */

static void test_refused_alike(void **state)
{
	struct rig rig;
	struct pair p;
	int n[2], ok[2];
	uint8_t out[64];

	rig_open(&rig, "0", NULL, NULL);
	/* An empty data unit. */
	pair_init(&p, &rig, "AES-128-XTS", 1);
	pair_update(&p, 0);
	pair_update(&p, 15);
	assert_int_equal(pair_update(&p, 16), 1);
	pair_free(&p);
	/* Decryption whose tag never comes: ChaCha20-Poly1305 does not mind, GCM does. */
	for (int i = 0; i < 2; i++) {
		pair_init(&p, &rig, i ? "AES-128-GCM" : "ChaCha20-Poly1305", 0);
		assert_int_equal(pair_update(&p, 4000), 1);
		for (int j = 0; j < 2; j++)
			ok[j] = EVP_CipherFinal_ex(p.ctx[j], out, &n[j]);
		assert_int_equal(ok[0], ok[1]);
		pair_free(&p);
	}
	/* Tags of lengths that there are not, and of all that there are. */
	for (int i = 0; i < 2; i++) {
		for (int len = 0; len <= 20; len++) {
			pair_init(&p, &rig, i ? "AES-128-GCM" : "AES-128-CCM", 0);
			memset(out, 0, sizeof(out));
			for (int j = 0; j < 2; j++)
				ok[j] = EVP_CIPHER_CTX_ctrl(p.ctx[j], EVP_CTRL_AEAD_SET_TAG, len,
							    out) > 0;
			assert_int_equal(ok[0], ok[1]);
			pair_free(&p);
		}
	}
	/* Data before a key. */
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"AES-128-CBC", "AES-128-CTR", "AES-128-GCM"};

		for (int j = 0; j < 2; j++) {
			EVP_CIPHER *cipher =
			    EVP_CIPHER_fetch(j ? rig.stock : rig.ours, names[i], NULL);

			p.ctx[j] = EVP_CIPHER_CTX_new();
			assert_int_equal(EVP_CipherInit_ex2(p.ctx[j], cipher, NULL, iv, 1, NULL),
					 1);
			EVP_CIPHER_free(cipher);
			ok[j] = EVP_CipherUpdate(p.ctx[j], out, &n[j], key, 32);
		}
		assert_int_not_equal(ok[0], 1);
		pair_free(&p);
	}
	/* CCM: another message with a key but no nonce; data before a nonce. */
	pair_init(&p, &rig, "AES-128-CCM", 1);
	assert_int_equal(pair_update(&p, 40), 1);
	for (int j = 0; j < 2; j++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[j], NULL, key, NULL, 1, NULL), 1);
	assert_int_not_equal(pair_update(&p, 40), 1);
	pair_free(&p);
	for (int i = 0; i < 2; i++) {
		static const char *const names[] = {"AES-128-CCM", "AES-128-XTS"};

		pair_init(&p, &rig, names[i], 1);
		for (int j = 0; j < 2; j++) {
			EVP_CIPHER_CTX_reset(p.ctx[j]);
			EVP_CIPHER *cipher =
			    EVP_CIPHER_fetch(j ? rig.stock : rig.ours, names[i], NULL);

			assert_int_equal(EVP_CipherInit_ex2(p.ctx[j], cipher, key, NULL, 1, NULL),
					 1);
			EVP_CIPHER_free(cipher);
		}
		assert_int_not_equal(pair_update(&p, 64), 1);
		pair_free(&p);
	}
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	rig_close(&rig);
}

/* The end of a first CCM message does not stop a second one, and neither does its tag. */
static void test_ccm_again(void **state)
{
	uint8_t tag[2][12];
	struct rig rig;
	struct pair p;

	rig_open(&rig, "1000", NULL, NULL);
	pair_init(&p, &rig, "AES-256-CCM", 1);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pair_update(&p, i % 2 ? 100 : 2000), 1);
		for (int j = 0; j < 2; j++) {
			assert_int_equal(
			    EVP_CIPHER_CTX_ctrl(p.ctx[j], EVP_CTRL_AEAD_GET_TAG, 12, tag[j]), 1);
			assert_int_equal(
			    EVP_CipherInit_ex2(p.ctx[j], NULL, i % 3 ? NULL : key, iv, 1, NULL), 1);
		}
		assert_memory_equal(tag[0], tag[1], 12);
	}
	pair_free(&p);
	rig_close(&rig);
}

/* Nonces that GCM counts up, or takes from the other side, as TLS 1.2 and others do. */
static void test_counted_nonces(void **state)
{
	uint8_t nonce[2][8], tag[2][16], data[2][3000];
	struct rig rig;
	struct pair p;
	int n;

	rig_open(&rig, "1000", NULL, NULL);
	for (int enc = 1; enc >= 0; enc--) {
		pair_init(&p, &rig, "AES-256-GCM", enc);
		for (int j = 0; j < 2; j++)
			assert_int_equal(EVP_CIPHER_CTX_ctrl(p.ctx[j], EVP_CTRL_GCM_SET_IV_FIXED,
							     -1, (void *)iv),
					 1);
		for (int i = 0; i < 6; i++) {
			int len = i % 2 ? 100 : 3000;

			for (int j = 0; j < 2; j++) {
				memset(nonce[j], 0x33 + i, 8);
				memset(data[j], i, sizeof(data[j]));
				assert_int_equal(EVP_CIPHER_CTX_ctrl(p.ctx[j],
								     enc ? EVP_CTRL_GCM_IV_GEN
									 : EVP_CTRL_GCM_SET_IV_INV,
								     8, nonce[j]),
						 1);
				assert_int_equal(
				    EVP_CipherUpdate(p.ctx[j], data[j], &n, data[j], len), 1);
				EVP_CipherFinal_ex(p.ctx[j], data[j] + n, &n);
				if (enc)
					assert_int_equal(EVP_CIPHER_CTX_ctrl(p.ctx[j],
									     EVP_CTRL_AEAD_GET_TAG,
									     16, tag[j]),
							 1);
			}
			assert_memory_equal(nonce[0], nonce[1], 8);
			assert_memory_equal(data[0], data[1], (size_t)len);
			if (enc)
				assert_memory_equal(tag[0], tag[1], 16);
		}
		pair_free(&p);
	}
	rig_close(&rig);
}

/* The end of a nonce that is counted up, of any length; a longer one is all of it. */
static void test_shown_nonces(void **state)
{
	static const int lens[] = {8, 12, 1, 13, -1, 16, 4};
	struct rig rig;
	struct pair p;

	rig_open(&rig, "0", NULL, NULL);
	pair_init(&p, &rig, "AES-128-GCM", 1);
	for (int j = 0; j < 2; j++)
		assert_int_equal(
		    EVP_CIPHER_CTX_ctrl(p.ctx[j], EVP_CTRL_GCM_SET_IV_FIXED, -1, (void *)key), 1);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint8_t shown[2][16] = {{0}};

		for (int j = 0; j < 2; j++)
			assert_int_equal(
			    EVP_CIPHER_CTX_ctrl(p.ctx[j], EVP_CTRL_GCM_IV_GEN, lens[i], shown[j]),
			    1);
		assert_memory_equal(shown[0], shown[1], sizeof(shown[0]));
	}
	pair_free(&p);
	rig_close(&rig);
}

/* --- a device that is interrupted ------------------------------------------------------ */

/* Now and then: the call is made again. For ever: software does it, and it is no success. */
static void test_interrupted(void **state)
{
	unsigned int calls;
	struct rig rig;
	struct pair p;

	rig_open(&rig, "0", NULL, NULL);
	pair_init(&p, &rig, "AES-128-CBC", 1);
	model_fault(&(struct model_fault){.request = CIOCCRYPT, .times = 3, .error = EINTR});
	assert_int_equal(pair_update(&p, 4096), 1);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), 1);
	model_fault(&(struct model_fault){.times = UINT_MAX, .error = EINTR});
	calls = model_calls();
	assert_int_equal(pair_update(&p, 4096), 1);
	assert_int_equal(model_calls(), calls + 1000);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), 1);
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 1);
	model_fault(&(struct model_fault){0});
	pair_free(&p);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_constant_time_mac),
	    cmocka_unit_test(test_set_num),
	    cmocka_unit_test(test_written_iv),
	    cmocka_unit_test(test_longer_than_the_device_takes),
	    cmocka_unit_test(test_most_additional_data),
	    cmocka_unit_test(test_secure_heap),
	    cmocka_unit_test(test_idle_contexts_are_small),
	    cmocka_unit_test(test_nothing_grows),
	    cmocka_unit_test(test_refused_alike),
	    cmocka_unit_test(test_ccm_again),
	    cmocka_unit_test(test_counted_nonces),
	    cmocka_unit_test(test_shown_nonces),
	    cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
