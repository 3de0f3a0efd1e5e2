/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_keys_tls.c - TLS 1.2 and 1.3 with keys that the host has: server and client, with every kind
 * of key and every signature algorithm that libssl can be told.
 */
#include "tests/provider/keykit.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static struct rig rig;

static const struct {
	const char *label;
	int version;
	const char *sigalgs;
	bool fails;
} cases[] = {
    {"rsa", TLS1_3_VERSION, "rsa_pss_rsae_sha256", false},
    {"rsa", TLS1_3_VERSION, "rsa_pss_rsae_sha384", false},
    {"rsa", TLS1_3_VERSION, "rsa_pss_rsae_sha512", false},
    {"rsa", TLS1_2_VERSION, "rsa_pss_rsae_sha256", false},
    {"rsa", TLS1_2_VERSION, "rsa_pkcs1_sha256", false},
    {"rsa", TLS1_2_VERSION, "rsa_pkcs1_sha512", false},
    {"rsa-pss", TLS1_3_VERSION, NULL, false},
    {"rsa-pss", TLS1_2_VERSION, "rsa_pkcs1_sha256", true},
    {"web-rsa", TLS1_3_VERSION, NULL, false},
    {"web-rsa", TLS1_2_VERSION, NULL, true},
    {"p256", TLS1_3_VERSION, NULL, false},
    {"p256", TLS1_2_VERSION, NULL, false},
    {"p256", TLS1_2_VERSION, "ecdsa_secp384r1_sha384", false},
    {"p384", TLS1_3_VERSION, NULL, false},
    {"p384", TLS1_2_VERSION, NULL, false},
    {"p521", TLS1_3_VERSION, NULL, false},
    {"p521", TLS1_2_VERSION, NULL, false},
    {"ed25519", TLS1_3_VERSION, NULL, false},
    {"ed25519", TLS1_2_VERSION, NULL, false},
    {"web-tls", TLS1_3_VERSION, NULL, false},
    {"web-tls", TLS1_2_VERSION, NULL, true},
};

static int accept_all(int ok, X509_STORE_CTX *store)
{
	return 1;
}

static SSL_CTX *context(OSSL_LIB_CTX *lib, int version, bool server, EVP_PKEY *key, X509 *cert,
			const char *sigalgs)
{
	SSL_CTX *ctx =
	    SSL_CTX_new_ex(lib, NULL, server ? TLS_server_method() : TLS_client_method());

	assert_non_null(ctx);
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	if (sigalgs)
		assert_int_equal(SSL_CTX_set1_sigalgs_list(ctx, sigalgs), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, accept_all);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	assert_int_equal(SSL_CTX_check_private_key(ctx), 1);
	return ctx;
}

/* Whether both sides have ended the handshake well. */
static bool handshake(SSL_CTX *contexts[2])
{
	SSL *server = SSL_new(contexts[0]), *client = SSL_new(contexts[1]);
	bool good = false;
	BIO *a, *b;
	char in[4];

	assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 20 && !good; i++)
		good = (SSL_do_handshake(client) == 1) + (SSL_do_handshake(server) == 1) == 2;
	if (good) {
		assert_int_equal(SSL_write(server, "data", 4), 4);
		assert_int_equal(SSL_read(client, in, 4), 4);
		assert_memory_equal(in, "data", 4);
	}
	SSL_free(server);
	SSL_free(client);
	return good;
}

/* Our key at the server, and at the client. */
static void test_handshakes(void **state)
{
	EVP_PKEY *own = EVP_PKEY_Q_keygen(rig.stock, NULL, "EC", "P-256");
	X509 *own_cert = keykit_certificate(&rig, own);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EVP_PKEY *key = keykit_key(&rig, cases[i].label);
		X509 *cert = keykit_certificate(&rig, key);
		int version = cases[i].version;
		char sigalgs[100];

		/* The other side's own key has to be in the list, too. */
		snprintf(sigalgs, sizeof(sigalgs), "%s:ecdsa_secp256r1_sha256",
			 cases[i].sigalgs ? cases[i].sigalgs : "");
		for (int ours_at_client = 0; ours_at_client < 2; ours_at_client++) {
			const char *peers = cases[i].sigalgs ? sigalgs : NULL;
			SSL_CTX *ours =
			    context(rig.ours, version, !ours_at_client, key, cert, NULL);
			SSL_CTX *theirs =
			    context(rig.stock, version, ours_at_client, own, own_cert, peers);
			bool server_form = !strncmp(cases[i].label, "web", 3);
			SSL_CTX *pair[2] = {ours_at_client ? theirs : ours,
					    ours_at_client ? ours : theirs};

			if (handshake(pair) != !(cases[i].fails || (ours_at_client && server_form)))
				fail_msg("%s %x %s at the %s", cases[i].label,
					 (unsigned int)version, sigalgs,
					 ours_at_client ? "client" : "server");
			SSL_CTX_free(ours);
			SSL_CTX_free(theirs);
			ERR_clear_error();
		}
		X509_free(cert);
		EVP_PKEY_free(key);
	}
	X509_free(own_cert);
	EVP_PKEY_free(own);
}

/* A certificate that is another key's is found. */
static void test_mismatch(void **state)
{
	EVP_PKEY *key = keykit_key(&rig, "p256"), *other = keykit_key(&rig, "p384");
	X509 *cert = keykit_certificate(&rig, other);
	SSL_CTX *ctx = SSL_CTX_new_ex(rig.ours, NULL, TLS_server_method());

	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_not_equal(
	    SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1, 1);
	SSL_CTX_free(ctx);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	ERR_clear_error();
}

static int setup(void **state)
{
	rig_open(&rig, NULL, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	rig_close(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshakes),
	    cmocka_unit_test(test_mismatch),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
