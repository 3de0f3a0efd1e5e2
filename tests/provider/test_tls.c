/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_tls.c - TLS through the provider against stock OpenSSL, both ways, with every
 * kind of record protection; and the records of CBC alone, right and wrong ones.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define PAYLOAD 200000

static EVP_PKEY *key;
static X509 *certificate;

static const struct suite {
	int version;
	const char *name;
	bool no_etm;
} suites[] = {
    {TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", false},
    {TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", false},
    {TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", false},
    {TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256", false},
    {TLS1_3_VERSION, "TLS_AES_128_CCM_8_SHA256", false},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", false},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", false},
    {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", false},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM", false},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-CCM8", false},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", false},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", false},
    /* no combined cipher exists for this one: padding and MAC are the provider's */
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", true},
};

static SSL_CTX *context(OSSL_LIB_CTX *lib, const struct suite *suite, bool server)
{
	SSL_CTX *ctx =
	    SSL_CTX_new_ex(lib, NULL, server ? TLS_server_method() : TLS_client_method());

	assert_non_null(ctx);
	SSL_CTX_set_min_proto_version(ctx, suite->version);
	SSL_CTX_set_max_proto_version(ctx, suite->version);
	SSL_CTX_set_security_level(ctx, 0);
	if (suite->version == TLS1_3_VERSION)
		assert_int_equal(SSL_CTX_set_ciphersuites(ctx, suite->name), 1);
	else
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, suite->name), 1);
	if (suite->no_etm)
		SSL_CTX_set_options(ctx, SSL_OP_NO_ENCRYPT_THEN_MAC);
	if (server) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	}
	return ctx;
}

/* All that is written at one end comes out at the other. */
static void transfer(SSL *from, SSL *to)
{
	static uint8_t out[PAYLOAD], in[PAYLOAD];
	uint64_t seed = 5;
	size_t done = 0, got = 0, n;

	rig_fill(&seed, out, sizeof(out));
	while (got < PAYLOAD) {
		n = PAYLOAD - done < 40000 ? PAYLOAD - done : 40000;
		if (n && SSL_write_ex(from, out + done, n, &n) == 1)
			done += n;
		while (SSL_read_ex(to, in + got, PAYLOAD - got, &n) == 1 && n)
			got += n;
		assert_int_not_equal(SSL_get_error(to, 0), SSL_ERROR_SSL);
	}
	assert_memory_equal(in, out, PAYLOAD);
}

static void conversation(OSSL_LIB_CTX *server_lib, OSSL_LIB_CTX *client_lib,
			 const struct suite *suite)
{
	SSL_CTX *contexts[2] = {context(server_lib, suite, true),
				context(client_lib, suite, false)};
	SSL *server = SSL_new(contexts[0]), *client = SSL_new(contexts[1]);
	BIO *a, *b;
	int ok = 0;

	assert_int_equal(BIO_new_bio_pair(&a, 300000, &b, 300000), 1);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 20 && ok != 2; i++)
		ok = (SSL_do_handshake(client) == 1) + (SSL_do_handshake(server) == 1);
	assert_int_equal(ok, 2);
	assert_string_equal(SSL_get_cipher(client), suite->name);
	transfer(server, client);
	transfer(client, server);
	/* New keys for the same contexts. */
	if (suite->version == TLS1_3_VERSION) {
		assert_int_equal(SSL_key_update(server, SSL_KEY_UPDATE_REQUESTED), 1);
		transfer(server, client);
		transfer(client, server);
	}
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(contexts[0]);
	SSL_CTX_free(contexts[1]);
}

static void test_suites(void **state)
{
	struct rig rig;
	uint64_t before;

	rig_open(&rig, NULL, NULL, NULL);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		before = rig_counter(&rig, "cryptodev-ops");
		conversation(rig.ours, rig.stock, &suites[i]);
		conversation(rig.stock, rig.ours, &suites[i]);
		/* 13 full records each way and end. */
		if (!suites[i].no_etm)
			assert_true(rig_counter(&rig, "cryptodev-ops") >= before + 4 * 12);
	}
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	rig_close(&rig);
}

/* Also the hashes, of which a handshake makes dozens; and both ends are ours. */
static void test_everything_on_device(void **state)
{
	struct rig rig;

	rig_open(&rig, "0", "all", NULL);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		conversation(rig.ours, rig.ours, &suites[i]);
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	rig_close(&rig);
}

/* The device dies in the middle of each connection, and comes back. */
static void test_failing_device(void **state)
{
	struct rig rig;

	rig_open(&rig, "0", NULL, NULL);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		model_fault(
		    &(struct model_fault){.after = 15, .times = 9, .error = i % 2 ? EIO : ENODEV});
		conversation(rig.ours, rig.stock, &suites[i]);
	}
	assert_true(rig_counter(&rig, "cryptodev-errors") > 0);
	rig_close(&rig);
}

/* --- CBC records --------------------------------------------------------------- */

static EVP_CIPHER_CTX *cbc(OSSL_LIB_CTX *lib, unsigned int version, size_t mac_size, int enc)
{
	static const uint8_t secret[32] = {1, 2, 3}, iv[16] = {4, 5, 6};
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(lib, "AES-256-CBC", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_TLS_VERSION, &version),
	    OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &mac_size),
	    OSSL_PARAM_END,
	};

	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, secret, iv, enc, NULL), 1);
	if (version)
		assert_int_equal(EVP_CIPHER_CTX_set_params(ctx, params), 1);
	else
		EVP_CIPHER_CTX_set_padding(ctx, 0);
	EVP_CIPHER_free(cipher);
	return ctx;
}

static const uint8_t *mac_of(EVP_CIPHER_CTX *ctx, size_t size)
{
	uint8_t *mac = NULL;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC, (void **)&mac, size),
	    OSSL_PARAM_END};

	assert_int_equal(EVP_CIPHER_CTX_get_params(ctx, params), 1);
	return mac;
}

/* One record, padded as it should be or not, decrypted by both. */
static void cbc_record(const struct rig *rig, unsigned int version, size_t mac_size, uint64_t *seed)
{
	EVP_CIPHER_CTX *raw = cbc(rig->stock, 0, 0, 1);
	EVP_CIPHER_CTX *ctx[2] = {cbc(rig->ours, version, mac_size, 0),
				  cbc(rig->stock, version, mac_size, 0)};
	size_t len = 16 * (1 + rig_random(seed, rig_random(seed, 2) ? 8 : 1000));
	static uint8_t record[16016], out[2][16016];
	uint8_t pad = (uint8_t)rig_random(seed, rig_random(seed, 2) ? 16 : 256);
	const uint8_t *mac[2];
	int n[2] = {0, 0}, ok[2];

	rig_fill(seed, record, len);
	for (size_t i = 0; i <= pad && i < len; i++)
		record[len - 1 - i] = pad;
	if (!rig_random(seed, 3))
		record[len - 1 - rig_random(seed, 16)] ^= (uint8_t)(1 + rig_random(seed, 255));
	assert_int_equal(EVP_CipherUpdate(raw, record, &n[0], record, (int)len), 1);
	for (int i = 0; i < 2; i++) {
		memcpy(out[i], record, len);
		n[i] = -1;
		ok[i] = EVP_CipherUpdate(ctx[i], out[i], &n[i], out[i], (int)len);
	}
	assert_int_equal(ok[0], ok[1]);
	if (ok[0]) {
		assert_int_equal(n[0], n[1]);
		assert_memory_equal(out[0], out[1], (size_t)n[0]);
		for (int i = 0; i < 2 && mac_size; i++)
			mac[i] = mac_of(ctx[i], mac_size);
		/* With wrong padding both are random; the bytes of the record are neither. */
		if (mac_size && memcmp(mac[0], mac[1], mac_size)) {
			size_t skip = version > TLS1_VERSION ? 16 : 0;

			assert_memory_not_equal(mac[0], out[1] + skip + n[1], mac_size);
			assert_memory_not_equal(mac[1], out[1] + skip + n[1], mac_size);
		}
	}
	EVP_CIPHER_CTX_free(raw);
	EVP_CIPHER_CTX_free(ctx[0]);
	EVP_CIPHER_CTX_free(ctx[1]);
}

static void test_cbc_records(void **state)
{
	static const unsigned int versions[] = {SSL3_VERSION, TLS1_VERSION, TLS1_2_VERSION};
	static const size_t macs[] = {0, 20, 32, 48};
	uint64_t seed = 11;
	struct rig rig;

	rig_open(&rig, "1024", NULL, NULL);
	for (int i = 0; i < 6000; i++)
		cbc_record(&rig, versions[i % 3], macs[rig_random(&seed, 4)], &seed);
	rig_close(&rig);
}

static void test_cbc_encrypts(void **state)
{
	static const unsigned int versions[] = {SSL3_VERSION, TLS1_VERSION, TLS1_2_VERSION};
	static uint8_t out[2][5032];
	uint64_t seed = 12;
	struct rig rig;
	int n[2];

	rig_open(&rig, "0", NULL, NULL);
	for (int i = 0; i < 300; i++) {
		size_t len = rig_random(&seed, 5000);

		rig_fill(&seed, out[0], len);
		memcpy(out[1], out[0], len);
		for (int j = 0; j < 2; j++) {
			EVP_CIPHER_CTX *ctx = cbc(j ? rig.stock : rig.ours, versions[i % 3], 20, 1);

			assert_int_equal(EVP_CipherUpdate(ctx, out[j], &n[j], out[j], (int)len), 1);
			EVP_CIPHER_CTX_free(ctx);
		}
		assert_int_equal(n[0], n[1]);
		assert_memory_equal(out[0], out[1], (size_t)n[0]);
	}
	rig_close(&rig);
}

static int setup(void **state)
{
	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	if (!key || !certificate || !X509_set_version(certificate, X509_VERSION_3) ||
	    !X509_gmtime_adj(X509_getm_notBefore(certificate), 0) ||
	    !X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) ||
	    !X509_set_pubkey(certificate, key) || !X509_sign(certificate, key, EVP_sha256()))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY_free(key);
	X509_free(certificate);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_suites),	   cmocka_unit_test(test_everything_on_device),
	    cmocka_unit_test(test_failing_device), cmocka_unit_test(test_cbc_records),
	    cmocka_unit_test(test_cbc_encrypts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
