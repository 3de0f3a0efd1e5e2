/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_properties.c - what an algorithm says of itself is what the default provider's
 * says: sizes, flags, names, and which parameters there are. OpenSSL builds HMAC, its random
 * generator and key derivation on these.
 */
#include "tests/provider/rig.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

static const char *const ciphers[] = {
    "AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "AES-128-CTR", "AES-192-CTR", "AES-256-CTR",
    "AES-128-ECB", "AES-192-ECB", "AES-256-ECB", "AES-128-XTS", "AES-256-XTS", "AES-128-GCM",
    "AES-192-GCM", "AES-256-GCM", "AES-128-CCM", "AES-192-CCM", "AES-256-CCM", "ChaCha20-Poly1305",
};

static const char *const digests[] = {"SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512"};

static unsigned int differences;

/* Each parameter of @a is in @b, with the same type and size. Says all that are not. */
static void has_all(const char *what, const OSSL_PARAM *a, const OSSL_PARAM *b)
{
	for (; a && a->key; a++) {
		const OSSL_PARAM *p = b ? OSSL_PARAM_locate_const(b, a->key) : NULL;

		if (p && p->data_type == a->data_type && p->data_size == a->data_size)
			continue;
		differences++;
		print_error("%s: parameter %s: %s\n", what, a->key,
			    p ? "another type or size" : "only one has it");
	}
}

static void same_params(const char *what, const OSSL_PARAM *ours, const OSSL_PARAM *stock)
{
	has_all(what, stock, ours);
	has_all(what, ours, stock);
}

struct names {
	const EVP_CIPHER *cipher;
	const EVP_MD *md;
	unsigned int num;
};

static void check_name(const char *name, void *arg)
{
	struct names *n = arg;

	n->num++;
	if (n->cipher ? !EVP_CIPHER_is_a(n->cipher, name) : !EVP_MD_is_a(n->md, name))
		fail_msg("the name %s is missing", name);
}

static void test_ciphers(void **state)
{
	struct rig rig;

	differences = 0;
	rig_open(&rig, NULL, NULL, NULL);
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		EVP_CIPHER *ours = EVP_CIPHER_fetch(rig.ours, ciphers[i], "provider=cryptodev");
		EVP_CIPHER *stock = EVP_CIPHER_fetch(rig.stock, ciphers[i], NULL);
		struct names names = {.cipher = ours};

		assert_non_null(ours);
		assert_non_null(stock);
		assert_int_equal(EVP_CIPHER_get_block_size(ours), EVP_CIPHER_get_block_size(stock));
		assert_int_equal(EVP_CIPHER_get_key_length(ours), EVP_CIPHER_get_key_length(stock));
		assert_int_equal(EVP_CIPHER_get_iv_length(ours), EVP_CIPHER_get_iv_length(stock));
		assert_int_equal(EVP_CIPHER_get_flags(ours), EVP_CIPHER_get_flags(stock));
		assert_int_equal(EVP_CIPHER_get_mode(ours), EVP_CIPHER_get_mode(stock));
		assert_int_equal(EVP_CIPHER_get_nid(ours), EVP_CIPHER_get_nid(stock));
		assert_int_equal(EVP_CIPHER_get_type(ours), EVP_CIPHER_get_type(stock));
		assert_string_equal(EVP_CIPHER_get0_name(ours), EVP_CIPHER_get0_name(stock));
		assert_int_equal(EVP_CIPHER_names_do_all(stock, check_name, &names), 1);
		assert_true(names.num > 0);
		same_params(ciphers[i], EVP_CIPHER_gettable_params(ours),
			    EVP_CIPHER_gettable_params(stock));
		same_params(ciphers[i], EVP_CIPHER_gettable_ctx_params(ours),
			    EVP_CIPHER_gettable_ctx_params(stock));
		same_params(ciphers[i], EVP_CIPHER_settable_ctx_params(ours),
			    EVP_CIPHER_settable_ctx_params(stock));
		EVP_CIPHER_free(ours);
		EVP_CIPHER_free(stock);
	}
	assert_int_equal(differences, 0);
	rig_close(&rig);
}

/* What one context says; @end: -1 for what cannot be had. */
static void context_says(EVP_CIPHER_CTX *ctx, int said[6])
{
	unsigned int pad = 77, num = 77;
	size_t keylen = 77;
	OSSL_PARAM params[][2] = {
	    {OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, &pad), OSSL_PARAM_END},
	    {OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, &num), OSSL_PARAM_END},
	    {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, &keylen), OSSL_PARAM_END},
	};

	said[0] = EVP_CIPHER_CTX_get_iv_length(ctx);
	said[1] = EVP_CIPHER_CTX_get_key_length(ctx);
	said[2] = EVP_CIPHER_CTX_get_tag_length(ctx);
	for (int i = 0; i < 3; i++)
		EVP_CIPHER_CTX_get_params(ctx, params[i]);
	said[3] = (int)pad;
	said[4] = (int)num;
	said[5] = (int)keylen;
}

static void same_context(EVP_CIPHER_CTX *ctx[2], const char *name)
{
	int said[2][6];

	for (int i = 0; i < 2; i++)
		context_says(ctx[i], said[i]);
	for (int i = 0; i < 6; i++)
		if (said[0][i] != said[1][i])
			fail_msg("%s: number %d is %d, not %d", name, i, said[0][i], said[1][i]);
}

static void test_cipher_contexts(void **state)
{
	static const uint8_t key[64] = {1, 2, 3}, iv[16] = {4, 5, 6};
	uint8_t data[48] = {7};
	EVP_CIPHER_CTX *ctx[2];
	struct rig rig;
	int n;

	rig_open(&rig, "0", NULL, NULL);
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		for (int enc = 0; enc < 2; enc++) {
			for (int j = 0; j < 2; j++) {
				EVP_CIPHER *cipher =
				    EVP_CIPHER_fetch(j ? rig.stock : rig.ours, ciphers[i], NULL);

				ctx[j] = EVP_CIPHER_CTX_new();
				assert_int_equal(
				    EVP_CipherInit_ex2(ctx[j], cipher, NULL, NULL, enc, NULL), 1);
				EVP_CIPHER_free(cipher);
			}
			same_context(ctx, ciphers[i]);
			for (int j = 0; j < 2; j++)
				assert_int_equal(
				    EVP_CipherInit_ex2(ctx[j], NULL, key, iv, enc, NULL), 1);
			same_context(ctx, ciphers[i]);
			for (int j = 0; j < 2; j++)
				EVP_CipherUpdate(ctx[j], data, &n, data, 37);
			same_context(ctx, ciphers[i]);
			for (int j = 0; j < 2; j++)
				EVP_CIPHER_CTX_free(ctx[j]);
		}
	rig_close(&rig);
}

static void test_digests(void **state)
{
	struct rig rig;

	differences = 0;
	rig_open(&rig, NULL, "digests", NULL);
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		EVP_MD *ours = EVP_MD_fetch(rig.ours, digests[i], "provider=cryptodev");
		EVP_MD *stock = EVP_MD_fetch(rig.stock, digests[i], NULL);
		struct names names = {.md = ours};

		assert_non_null(ours);
		assert_non_null(stock);
		assert_int_equal(EVP_MD_get_size(ours), EVP_MD_get_size(stock));
		assert_int_equal(EVP_MD_get_block_size(ours), EVP_MD_get_block_size(stock));
		assert_int_equal(EVP_MD_get_flags(ours), EVP_MD_get_flags(stock));
		assert_int_equal(EVP_MD_get_type(ours), EVP_MD_get_type(stock));
		assert_int_equal(EVP_MD_get_pkey_type(ours), EVP_MD_get_pkey_type(stock));
		assert_string_equal(EVP_MD_get0_name(ours), EVP_MD_get0_name(stock));
		assert_int_equal(EVP_MD_names_do_all(stock, check_name, &names), 1);
		assert_true(names.num > 0);
		same_params(digests[i], EVP_MD_gettable_params(ours),
			    EVP_MD_gettable_params(stock));
		same_params(digests[i], EVP_MD_gettable_ctx_params(ours),
			    EVP_MD_gettable_ctx_params(stock));
		same_params(digests[i], EVP_MD_settable_ctx_params(ours),
			    EVP_MD_settable_ctx_params(stock));
		EVP_MD_free(ours);
		EVP_MD_free(stock);
	}
	assert_int_equal(differences, 0);
	rig_close(&rig);
}

static void test_mac(void **state)
{
	static const uint8_t key[20] = {1};
	static const char *const names[] = {"SHA1",	"SHA2-224", "SHA2-256", "SHA2-384",
					    "SHA2-512", "SHA3-256", "SM3"};
	struct rig rig;
	EVP_MAC *mac[2];

	rig_open(&rig, NULL, "macs", NULL);
	mac[0] = EVP_MAC_fetch(rig.ours, "HMAC", "provider=cryptodev");
	mac[1] = EVP_MAC_fetch(rig.stock, "HMAC", NULL);
	assert_non_null(mac[0]);
	assert_non_null(mac[1]);
	differences = 0;
	same_params("HMAC", EVP_MAC_gettable_params(mac[0]), EVP_MAC_gettable_params(mac[1]));
	same_params("HMAC", EVP_MAC_gettable_ctx_params(mac[0]),
		    EVP_MAC_gettable_ctx_params(mac[1]));
	/* OpenSSL 3.0 has two besides that do nothing in any provider. */
	has_all("HMAC", EVP_MAC_settable_ctx_params(mac[0]), EVP_MAC_settable_ctx_params(mac[1]));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t size[2], block[2];

		for (int j = 0; j < 2; j++) {
			EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac[j]);
			OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(
						   OSSL_MAC_PARAM_DIGEST, (char *)names[i], 0),
					       OSSL_PARAM_END};

			assert_int_equal(EVP_MAC_init(ctx, key, sizeof(key), params), 1);
			size[j] = EVP_MAC_CTX_get_mac_size(ctx);
			block[j] = EVP_MAC_CTX_get_block_size(ctx);
			EVP_MAC_CTX_free(ctx);
		}
		assert_int_equal(size[0], size[1]);
		assert_int_equal(block[0], block[1]);
	}
	EVP_MAC_free(mac[0]);
	EVP_MAC_free(mac[1]);
	assert_int_equal(differences, 0);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ciphers),
	    cmocka_unit_test(test_cipher_contexts),
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
