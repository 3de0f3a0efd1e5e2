/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_memory.c - the provider without memory. Each of its allocations fails in turn: a call
 * then fails, or its result is right all the same; the context can be used again afterwards, and
 * nothing is left when it is freed. What is freed holds neither key nor message nor output.
 */
#include "tests/provider/rig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#define LEN 6000

/** struct header - in front of each piece of memory. @ours: the provider asked for it */
struct header {
	_Alignas(16) bool ours;
	size_t size;
};

/* How many allocations of the provider succeed before one fails; whether one has. */
static unsigned int countdown;
static bool armed, failed;
static int live;

static const uint8_t key[64] = {1, 2, 3, 4}, nonce[16] = {9, 8, 7, 6};
static uint8_t message[LEN];

/* Pieces of what is to be wiped, 16 bytes each, and how often one was not. */
static const uint8_t *secrets[8];
static unsigned int num_secrets, unwiped;

static void *get_memory(size_t size, const char *file, int line)
{
	bool ours = file && strstr(file, "/provider/");
	struct header *header;

	if (ours && armed && !countdown--) {
		armed = false;
		failed = true;
		return NULL;
	}
	header = malloc(sizeof(*header) + size);
	if (!header)
		return NULL;
	header->ours = ours;
	header->size = size;
	live += ours;
	return header + 1;
}

static void put_memory(void *memory, const char *file, int line)
{
	struct header *header = memory;

	if (!memory)
		return;
	live -= header[-1].ours;
	for (unsigned int i = 0; i < num_secrets && header[-1].ours; i++)
		unwiped += memmem(memory, header[-1].size, secrets[i], 16) != NULL;
	free(header - 1);
}

static void *change_memory(void *memory, size_t size, const char *file, int line)
{
	struct header *header = memory;

	if (!memory)
		return get_memory(size, file, line);
	if (!size) {
		put_memory(memory, file, line);
		return NULL;
	}
	header = realloc(header - 1, sizeof(*header) + size);
	if (!header)
		return NULL;
	header->size = size;
	return header + 1;
}

/** struct run - one use of an algorithm. @out, @len: what came out */
struct run {
	OSSL_LIB_CTX *lib;
	const char *name;
	uint8_t out[LEN + 128];
	size_t len;
};

/* --- uses ----------------------------------------------------------------------------- */

static bool cipher_begin(EVP_CIPHER_CTX *ctx, const struct run *run)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(run->lib, run->name, NULL);
	bool ok = cipher && EVP_CipherInit_ex2(ctx, cipher, key, nonce, 1, NULL) == 1;

	EVP_CIPHER_free(cipher);
	return ok;
}

static bool is_aead(const EVP_CIPHER_CTX *ctx)
{
	return (EVP_CIPHER_get_flags(EVP_CIPHER_CTX_get0_cipher(ctx)) &
		EVP_CIPH_FLAG_AEAD_CIPHER) != 0;
}

static bool is_ccm(const EVP_CIPHER_CTX *ctx)
{
	return EVP_CIPHER_CTX_get_mode(ctx) == EVP_CIPH_CCM_MODE;
}

/* Additional data, a first piece in place, a copy, which does a second one and the end. */
static bool cipher_pieces(EVP_CIPHER_CTX *ctx, EVP_CIPHER_CTX *copy, struct run *run)
{
	int n, first = is_ccm(ctx) ? LEN : 4000;

	memcpy(run->out, message, LEN);
	if (is_ccm(ctx) && EVP_CipherUpdate(ctx, NULL, &n, NULL, LEN) != 1)
		return false;
	if (is_aead(ctx) && EVP_CipherUpdate(ctx, NULL, &n, message, 200) != 1)
		return false;
	if (EVP_CipherUpdate(ctx, run->out, &n, run->out, first) != 1)
		return false;
	run->len = (size_t)n;
	if (is_ccm(ctx))
		return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 12, run->out + n) == 1;
	if (EVP_CIPHER_CTX_copy(copy, ctx) != 1)
		return false;
	if (EVP_CIPHER_CTX_get_mode(ctx) == EVP_CIPH_XTS_MODE)
		return EVP_CipherUpdate(copy, run->out, &n, run->out, n) == 1;
	if (EVP_CipherUpdate(copy, run->out + n, &n, message + first, LEN - first) != 1)
		return false;
	run->len += (size_t)n;
	if (EVP_CipherFinal_ex(copy, run->out + run->len, &n) != 1)
		return false;
	run->len += (size_t)n;
	return !is_aead(ctx) ||
	       EVP_CIPHER_CTX_ctrl(copy, EVP_CTRL_AEAD_GET_TAG, 16, run->out + run->len) == 1;
}

static bool use_cipher(struct run *run)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new(), *copy = EVP_CIPHER_CTX_new();
	bool ok = cipher_begin(ctx, run) && cipher_pieces(ctx, copy, run);

	/* Once more, with memory. */
	if (!ok) {
		armed = false;
		assert_true(cipher_begin(ctx, run));
		assert_true(cipher_pieces(ctx, copy, run));
	}
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_CTX_free(copy);
	return ok;
}

static bool digest_pieces(EVP_MD_CTX *ctx, EVP_MD_CTX *copy, struct run *run)
{
	EVP_MD *md = EVP_MD_fetch(run->lib, run->name, NULL);
	unsigned int n = 0;
	bool ok = md && EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
		  EVP_DigestUpdate(ctx, message, 100) == 1 &&
		  EVP_DigestUpdate(ctx, message, 1000) == 1 && EVP_MD_CTX_copy_ex(copy, ctx) == 1 &&
		  EVP_DigestUpdate(copy, message, LEN) == 1 &&
		  EVP_DigestFinal_ex(copy, run->out, &n) == 1;

	run->len = n;
	EVP_MD_free(md);
	return ok;
}

static bool use_digest(struct run *run)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	bool ok = digest_pieces(ctx, copy, run);

	if (!ok) {
		armed = false;
		assert_true(digest_pieces(ctx, copy, run));
	}
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
	return ok;
}

static bool use_mac(struct run *run)
{
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)run->name, 0),
	    OSSL_PARAM_END};
	EVP_MAC *mac = EVP_MAC_fetch(run->lib, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL, *copy = NULL;
	bool ok = ctx && EVP_MAC_init(ctx, key, 32, params) == 1 &&
		  EVP_MAC_update(ctx, message, 1000) == 1;

	if (ok)
		copy = EVP_MAC_CTX_dup(ctx);
	ok = copy && EVP_MAC_update(copy, message, LEN) == 1 &&
	     EVP_MAC_final(copy, run->out, &run->len, 64) == 1;
	EVP_MAC_CTX_free(copy);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return ok;
}

/* --- allocations that fail ------------------------------------------------------------ */

/* Key, message, and the output @out of a cipher. */
static void look_for(const uint8_t *out)
{
	static const size_t at[] = {0, 1000, 3000};

	num_secrets = 0;
	secrets[num_secrets++] = key;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		secrets[num_secrets++] = message + at[i];
		if (out)
			secrets[num_secrets++] = out + at[i];
	}
}

static void each_fails(const struct rig *rig, const char *name, bool (*use)(struct run *run))
{
	static struct run run, right;
	unsigned int failures = 0;
	int before;

	right = (struct run){.lib = rig->stock, .name = name};
	assert_true(use(&right));
	look_for(use == use_cipher ? right.out : NULL);
	/* What stays with the library, names and the like, is there after the first time. */
	run = (struct run){.lib = rig->ours, .name = name};
	assert_true(use(&run));
	before = live;
	for (unsigned int i = 0;; i++) {
		bool ok;

		run = (struct run){.lib = rig->ours, .name = name};
		countdown = i;
		armed = true;
		failed = false;
		ok = use(&run);
		armed = false;
		/* An open file that the pool could not replace is opened later: no more than that. */
		assert_true(abs(live - before) <= 16);
		if (ok || use != use_mac) {
			assert_int_equal(run.len, right.len);
			assert_memory_equal(run.out, right.out, sizeof(run.out));
		}
		if (!failed) {
			assert_true(ok);
			break;
		}
		failures++;
	}
	assert_true(abs(live - before) <= 16);
	assert_true(failures > 0);
	assert_int_equal(unwiped, 0);
	num_secrets = 0;
}

static void test_each_allocation_fails(void **state)
{
	static const char *const ciphers[] = {"AES-128-CBC",	  "AES-256-CTR", "AES-128-ECB",
					      "AES-256-XTS",	  "AES-128-GCM", "AES-256-CCM",
					      "ChaCha20-Poly1305"};
	struct rig rig;

	int before = live;

	rig_open(&rig, "0", "all", NULL);
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		each_fails(&rig, ciphers[i], use_cipher);
	each_fails(&rig, "SHA2-256", use_digest);
	each_fails(&rig, "SHA2-512", use_mac);
	rig_close(&rig);
	assert_int_equal(live, before);
}

/* A provider that cannot be loaded leaves nothing; one that is has all that it needs. */
static void test_load_fails(void **state)
{
	static const char *const settings[] = {"DEVICE", "STATS", "EXCEPT", "ONLY"};
	static const char *const values[] = {"/dev/crypto", "/dev/null", "sshd", "*"};
	OSSL_PROVIDER *provider;
	OSSL_LIB_CTX *lib;
	unsigned int i = 0;
	int before = live;
	char name[40];

	for (int j = 0; j < 4; j++) {
		snprintf(name, sizeof(name), "CRYPTODEV_PROVIDER_%s", settings[j]);
		setenv(name, values[j], 1);
	}
	for (failed = true; failed; i++) {
		char *device = NULL;
		OSSL_PARAM params[] = {
		    OSSL_PARAM_construct_utf8_ptr("cryptodev-device", &device, 0), OSSL_PARAM_END};

		lib = OSSL_LIB_CTX_new();
		OSSL_PROVIDER_set_default_search_path(lib, PROVIDER_DIR);
		countdown = i;
		armed = true;
		failed = false;
		provider = OSSL_PROVIDER_load(lib, "cryptodev");
		armed = false;
		assert_int_equal(provider == NULL, failed);
		if (provider) {
			assert_int_equal(OSSL_PROVIDER_get_params(provider, params), 1);
			assert_non_null(device);
			OSSL_PROVIDER_unload(provider);
		}
		OSSL_LIB_CTX_free(lib);
		assert_int_equal(live, before);
	}
	assert_true(i > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_allocation_fails),
	    cmocka_unit_test(test_load_fails),
	};
	uint64_t seed = 1;

	if (CRYPTO_set_mem_functions(get_memory, change_memory, put_memory) != 1)
		return 1;
	rig_fill(&seed, message, sizeof(message));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
