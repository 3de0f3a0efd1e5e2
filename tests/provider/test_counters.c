/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_counters.c - which work is counted as whose: below, at and above the threshold of each
 * class, and after each error of each call of the device. The output is right in all cases.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "cryptodev.h"

#define LEN 4096

/** struct kind - an algorithm of each class. @step: bytes that its messages are a multiple of */
static const struct kind {
	const char *name;
	const char *class;
	int step;
	bool aead;
} kinds[] = {
    {"AES-128-CBC", "cbc", 16, false},
    {"AES-128-CTR", "ctr", 16, false},
    {"AES-128-ECB", "ecb", 16, false},
    {"AES-128-XTS", "xts", 16, false},
    {"AES-128-GCM", "gcm", 1, true},
    {"AES-128-CCM", "ccm", 1, true},
    {"ChaCha20-Poly1305", "chacha", 1, true},
    {"SHA2-256", "sha2", 1, false},
    {"HMAC", "hmac", 1, false},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const uint8_t key[64] = {1, 2, 3, 4}, nonce[16] = {9, 8, 7, 6};
static uint8_t message[LEN + 64];

static size_t digest(OSSL_LIB_CTX *lib, const char *name, int len, uint8_t *out)
{
	EVP_MD *md = EVP_MD_fetch(lib, name, NULL);
	unsigned int n;

	assert_non_null(md);
	assert_int_equal(EVP_Digest(message, (size_t)len, out, &n, md, NULL), 1);
	EVP_MD_free(md);
	return n;
}

static size_t mac(OSSL_LIB_CTX *lib, int len, uint8_t *out)
{
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA2-256", 0),
	    OSSL_PARAM_END};
	EVP_MAC *hmac = EVP_MAC_fetch(lib, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
	size_t n;

	assert_int_equal(EVP_MAC_init(ctx, key, 32, params), 1);
	assert_int_equal(EVP_MAC_update(ctx, message, (size_t)len), 1);
	assert_int_equal(EVP_MAC_final(ctx, out, &n, 64), 1);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(hmac);
	return n;
}

/* One message of @kind, in place or not. Return: bytes of output. */
static size_t work(OSSL_LIB_CTX *lib, const struct kind *kind, int len, bool in_place, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER *cipher;
	int n;

	if (!strcmp(kind->class, "sha2"))
		return digest(lib, kind->name, len, out);
	if (!strcmp(kind->class, "hmac"))
		return mac(lib, len, out);
	cipher = EVP_CIPHER_fetch(lib, kind->name, NULL);
	ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, nonce, 1, NULL), 1);
	memcpy(out, message, (size_t)len);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &n, in_place ? out : message, len), 1);
	assert_int_equal(n, len);
	if (kind->aead)
		EVP_CipherFinal_ex(ctx, out + len, &n);
	if (kind->aead)
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 12, out + len), 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return (size_t)len + (kind->aead ? 12 : 0);
}

static uint64_t numbers[5];

/* What was counted since the last call. */
static void count(const struct rig *rig, int64_t since[5])
{
	static const char *const names[] = {"cryptodev-ops", "cryptodev-bytes",
					    "cryptodev-soft-ops", "cryptodev-soft-bytes",
					    "cryptodev-errors"};

	for (int i = 0; i < 5; i++) {
		uint64_t now = rig_counter(rig, names[i]);

		since[i] = (int64_t)(now - numbers[i]);
		numbers[i] = now;
	}
}

/* A message, by device or software, with so many errors. */
static void counted(const struct rig *rig, const struct kind *kind, int len, bool in_place,
		    bool device, int errors, const char *why)
{
	uint8_t ours[LEN + 128], right[LEN + 128];
	int64_t since[5], want[5] = {device, device ? len : 0, !device, device ? 0 : len, errors};
	size_t n;

	count(rig, since);
	n = work(rig->ours, kind, len, in_place, ours);
	count(rig, since);
	assert_int_equal(work(rig->stock, kind, len, in_place, right), n);
	assert_memory_equal(ours, right, n);
	for (int i = 0; i < 5; i++)
		if (since[i] != want[i])
			fail_msg("%s, %d bytes, %s: counter %d: %lld, not %lld", kind->name, len,
				 why, i, (long long)since[i], (long long)want[i]);
}

static void test_threshold_of_each_class(void **state)
{
	char threshold[64];
	struct rig rig;

	for (size_t i = 0; i < KINDS; i++) {
		snprintf(threshold, sizeof(threshold), "100000 %s=%d", kinds[i].class, LEN);
		memset(numbers, 0, sizeof(numbers));
		rig_open(&rig, threshold, "all", NULL);
		for (int in_place = 0; in_place < 2; in_place++)
			for (int more = -1; more <= 1; more++) {
				int len = LEN + more * kinds[i].step;

				counted(&rig, &kinds[i], len, in_place, more >= 0, 0, threshold);
				/* All the others are still software's. */
				counted(&rig, &kinds[(i + 1) % KINDS], LEN, in_place, false, 0,
					threshold);
			}
		rig_close(&rig);
	}
}

/* Errors that a failure of @request with @error counts. */
static int errors_of(const struct kind *kind, unsigned long request, int error)
{
	/* The algorithm is not there, or the device is not to be asked. */
	if (request == CIOCGSESSION)
		return error != EINVAL && error != ENOENT && error != EAGAIN;
	/* The message is too long for it, or not authentic. */
	if (kind->aead && (error == EMSGSIZE || error == EBADMSG))
		return 0;
	return error != EAGAIN;
}

static void test_each_error(void **state)
{
	static const int errors[] = {EIO,    ENODEV, EINVAL,   ENOENT,	ENOMEM, EBUSY, ENOSPC,
				     EFAULT, ENOTTY, EMSGSIZE, EBADMSG, EPERM,	EAGAIN};
	char why[40];
	struct rig rig;

	for (size_t i = 0; i < KINDS; i++)
		for (size_t j = 0; j < 2 * sizeof(errors) / sizeof(errors[0]); j++) {
			int error = errors[j / 2];
			unsigned long request = j % 2		? CIOCGSESSION
						: kinds[i].aead ? CIOCAUTHCRYPT
								: CIOCCRYPT;

			snprintf(why, sizeof(why), "%s: %s", j % 2 ? "session" : "operation",
				 strerror(error));
			memset(numbers, 0, sizeof(numbers));
			rig_open(&rig, "0", "all", NULL);
			for (int in_place = 0; in_place < 2; in_place++) {
				model_fault(&(struct model_fault){
				    .request = request, .times = 1, .error = error});
				counted(&rig, &kinds[i], LEN - 16 * in_place, in_place, false,
					errors_of(&kinds[i], request, error), why);
			}
			model_fault(&(struct model_fault){0});
			counted(&rig, &kinds[i], LEN - 32, false, true, 0, why);
			rig_close(&rig);
		}
}

/* Output beside its input is not shared with it: one operation, and nothing is copied. */
static void test_side_by_side(void **state)
{
	static const char *const names[] = {"AES-128-CTR", "AES-128-CBC", "AES-128-ECB"};
	const int len = 128 * 1024;
	uint8_t *data = calloc(3, (size_t)len);
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct rig rig;
	int n;

	rig_open(&rig, NULL, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		cipher = EVP_CIPHER_fetch(rig.ours, names[i], NULL);
		for (int side = 0; side <= 2; side += 2) {
			uint64_t ops = rig_counter(&rig, "cryptodev-ops");

			EVP_CIPHER_CTX_reset(ctx);
			assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, nonce, 1, NULL), 1);
			assert_int_equal(
			    EVP_CipherUpdate(ctx, data + side * len, &n, data + len, len), 1);
			assert_int_equal(rig_counter(&rig, "cryptodev-ops"), ops + 1);
		}
		EVP_CIPHER_free(cipher);
	}
	EVP_CIPHER_CTX_free(ctx);
	rig_close(&rig);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_threshold_of_each_class),
	    cmocka_unit_test(test_each_error),
	    cmocka_unit_test(test_side_by_side),
	};
	uint64_t seed = 1;

	rig_fill(&seed, message, sizeof(message));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
