/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_softhsm.c - keys in SoftHSM2's tokens, made by OpenSC's pkcs11-tool.
 *
 *     test_softhsm PATH-OF-vcrypto-keeper
 *
 * KEEPER_ROUNDS: signatures of each scheme, 10 without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/keeper/keeperkit.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"

static const char *program;
static struct kit kit;

static const struct {
	const char *label;
	const char *type; /* pkcs11-tool's */
	const char *policy;
} keys[] = {
    {"p256", "EC:secp256r1",
     "use = sign derive\nschemes = ecdsa-p256-sha256 ecdsa-p256-sha512 ecdh-p256\n"},
    {"p384", "EC:secp384r1", "use = sign derive\nschemes = ecdsa-p384-sha384 ecdh-p384\n"},
    {"p521", "EC:secp521r1", "use = sign derive\nschemes = ecdsa-p521-sha512 ecdh-p521\n"},
    {"rsa", "rsa:2048",
     "use = sign decrypt\nschemes = rsa-pkcs1-sha256 rsa-pkcs1-sha512 rsa-pss-sha256 "
     "rsa-pss-sha384 rsa-oaep-sha1\n"},
    {"ed", "EC:edwards25519", "use = sign\nschemes = ed25519\n"},
};

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
	char command[600], quiet[720];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	(void)snprintf(quiet, sizeof(quiet), "%s >%s/run.log 2>&1", command, kit.folder);
	if (system(quiet) != 0)
		fail_msg("%s", command);
}

static void set_policy(void)
{
	char text[3000] = "[vm test]\nkeys = p256 p384 p521 rsa ed spare\n";
	size_t len = strlen(text);

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[key %s]\nsource = pkcs11:token=prod;object=%s\n%s",
					keys[i].label, keys[i].label, keys[i].policy);
	(void)snprintf(text + len, sizeof(text) - len,
		       "[key spare]\nsource = pkcs11:token=spare%%20one;id=%%05\nuse = sign\n"
		       "schemes = ecdsa-p256-sha256\n"
		       "[token prod]\nmodule = " MODULE "\npin = file:pin\n"
		       "[token spare one]\nmodule = " MODULE "\npin = file:pin2\n");
	kit_set_policy(&kit, text);
}

/* Two tokens; making RSA keys takes its time, so once for all tests. */
static int setup(void **state)
{
	char text[300];

	kit_open(&kit, program);
	(void)snprintf(text, sizeof(text),
		       "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
		       "log.level = ERROR\n",
		       kit.folder);
	kit_file(&kit, "softhsm.conf", text, strlen(text));
	(void)snprintf(text, sizeof(text), "%s/softhsm.conf", kit.folder);
	setenv("SOFTHSM2_CONF", text, 1);
	run("mkdir %s/tokens", kit.folder);
	run("softhsm2-util --init-token --free --label prod --pin 1234 --so-pin 4321");
	run("softhsm2-util --init-token --free --label 'spare one' --pin 5678 --so-pin 4321");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		run("pkcs11-tool --module " MODULE " --token-label prod --pin 1234 --keypairgen "
		    "--key-type %s --label %s --id 0%zu",
		    keys[i].type, keys[i].label, i + 1);
	/* The other token has a key of the same label. */
	run("pkcs11-tool --module " MODULE " --token-label 'spare one' --pin 5678 --keypairgen "
	    "--key-type EC:secp256r1 --label p256 --id 05");
	kit_file(&kit, "pin", "1234\n", 5);
	kit_file(&kit, "pin2", "5678\n", 5);
	set_policy();
	return 0;
}

static int teardown(void **state)
{
	kit_close(&kit);
	return 0;
}

static unsigned int rounds(void)
{
	const char *text = getenv("KEEPER_ROUNDS");

	return text ? (unsigned int)atoi(text) : 10;
}

static void sign_one(struct keeper_client *client, uint64_t handle, EVP_PKEY *public,
		     const struct scheme *scheme)
{
	uint8_t message[100], out[KEEPER_MAX_PAYLOAD];
	size_t len = 0;

	kit_random(message, sizeof(message));
	assert_int_equal(kit_sign(client, handle, scheme->id, message, sizeof(message), out, &len),
			 KEEPER_S_OK);
	assert_true(kit_verify(public, scheme, message, sizeof(message), out, len));
}

static void decrypt_one(struct keeper_client *client, uint64_t handle, EVP_PKEY *public,
			const struct scheme *scheme)
{
	const struct keeper_request r = {
	    .type = KEEPER_DECRYPT, .handle = handle, .scheme = (uint16_t)scheme->id};
	uint8_t in[512], out[KEEPER_MAX_PAYLOAD];
	size_t len = 0, in_len = kit_encrypt(public, scheme, NULL, 0, "a secret", 8, in);

	assert_int_equal(kit_operate(client, r, in, in_len, out, &len), KEEPER_S_OK);
	assert_int_equal(len, 8);
	assert_memory_equal(out, "a secret", 8);
	in[9] ^= 1;
	assert_int_equal(kit_operate(client, r, in, in_len, out, &len), KEEPER_S_BADMSG);
}

static void derive_one(struct keeper_client *client, uint64_t handle, EVP_PKEY *public,
		       const struct scheme *scheme)
{
	const struct keeper_request r = {
	    .type = KEEPER_DERIVE, .handle = handle, .scheme = (uint16_t)scheme->id};
	EVP_PKEY *peer = kit_generate(scheme->kind == KEEPER_KIND_P256	 ? "P-256"
				      : scheme->kind == KEEPER_KIND_P384 ? "P-384"
									 : "P-521");
	uint8_t point[140], secret[80], out[KEEPER_MAX_PAYLOAD];
	size_t len = kit_point(peer, point), secret_len = kit_derive(peer, public, secret), got = 0;

	assert_int_equal(kit_operate(client, r, point, len, out, &got), KEEPER_S_OK);
	assert_int_equal(got, secret_len);
	assert_memory_equal(out, secret, got);
	EVP_PKEY_free(peer);
}

static void test_schemes(void **state)
{
	struct keeper_client client;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		uint64_t handle = kit_handle(&client, keys[i].label);
		EVP_PKEY *public = kit_public(&client, handle);
		const struct scheme *scheme;

		for (size_t j = 0; (scheme = scheme_at(j)); j++) {
			/* as a word of the policy's line */
			if (!strstr(keys[i].policy, scheme->name))
				continue;
			for (unsigned int n = 0; n < rounds(); n++) {
				if (scheme->use == KEEPER_USE_SIGN)
					sign_one(&client, handle, public, scheme);
				else if (scheme->use == KEEPER_USE_DECRYPT)
					decrypt_one(&client, handle, public, scheme);
				else
					derive_one(&client, handle, public, scheme);
			}
		}
		EVP_PKEY_free(public);
	}
	close(client.fd);
	assert_int_equal(kit_stop(&kit), 0);
}

/* The same label in two tokens is two keys. */
static void test_two_tokens(void **state)
{
	const struct scheme *scheme = scheme_find(KEEPER_ECDSA_P256_SHA256);
	struct keeper_client client;
	uint64_t one, other;
	EVP_PKEY *a, *b;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	one = kit_handle(&client, "p256");
	other = kit_handle(&client, "spare");
	a = kit_public(&client, one);
	b = kit_public(&client, other);
	assert_int_not_equal(EVP_PKEY_eq(a, b), 1);
	sign_one(&client, one, a, scheme);
	sign_one(&client, other, b, scheme);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	close(client.fd);
	assert_int_equal(kit_stop(&kit), 0);
}

/* 60 outstanding, on several sessions of the token. */
static void test_outstanding(void **state)
{
	const struct scheme *scheme = scheme_find(KEEPER_ECDSA_P256_SHA256);
	struct keeper_client client;
	uint64_t handle;
	EVP_PKEY *public;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "p256");
	public = kit_public(&client, handle);
	for (unsigned int i = 0; i < 60; i++) {
		struct keeper_request r = {.type = KEEPER_SIGN,
					   .flags = KEEPER_F_MESSAGE,
					   .handle = handle,
					   .scheme = KEEPER_ECDSA_P256_SHA256};

		assert_int_equal(keeper_send(&client, &r, "message", 7), 0);
	}
	for (unsigned int i = 0; i < 60; i++) {
		uint8_t out[KEEPER_MAX_PAYLOAD];
		struct keeper_reply reply;

		assert_int_equal(keeper_receive(&client, &reply, out, sizeof(out), true), 0);
		assert_int_equal(reply.status, KEEPER_S_OK);
		assert_true(
		    kit_verify(public, scheme, (const uint8_t *)"message", 7, out, reply.len));
	}
	EVP_PKEY_free(public);
	close(client.fd);
	assert_int_equal(kit_stop(&kit), 0);
}

/* One token's PIN is wrong: the other one does not notice. */
static void test_wrong_pin(void **state)
{
	struct keeper_client client;

	kit_file(&kit, "pin2", "0000\n", 5);
	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_OPEN}, "spare",
				     5, NULL, NULL),
			 KEEPER_S_IO);
	assert_true(kit_said(&kit, "token spare one refuses the PIN"));
	(void)kit_handle(&client, "p256");
	kit_file(&kit, "pin2", "5678\n", 5);
	assert_int_equal(kit_admin(&kit, KEEPER_RELOAD, NULL), KEEPER_S_OK);
	(void)kit_handle(&client, "spare");
	close(client.fd);
	assert_int_equal(kit_stop(&kit), 0);
}

/* A token that is removed: its operations fail, and succeed when it is back, by the same handle. */
static void test_token_removed(void **state)
{
	const struct scheme *scheme = scheme_find(KEEPER_ECDSA_P256_SHA256);
	struct keeper_client client;
	uint8_t out[KEEPER_MAX_PAYLOAD];
	uint64_t handle;
	EVP_PKEY *public;
	int status;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "p256");
	public = kit_public(&client, handle);
	sign_one(&client, handle, public, scheme);
	run("mv %s/tokens %s/removed && mkdir %s/tokens", kit.folder, kit.folder, kit.folder);
	/* SoftHSM looks at the files of an object in each operation. */
	status = kit_sign(&client, handle, scheme->id, "x", 1, out, NULL);
	assert_int_equal(status, KEEPER_S_IO);
	run("rmdir %s/tokens && mv %s/removed %s/tokens", kit.folder, kit.folder, kit.folder);
	/* SoftHSM sees it again when it is started again, which happens by itself. */
	for (int i = 0; i < 100 && status != KEEPER_S_OK; i++) {
		usleep(200000);
		status = kit_sign(&client, handle, scheme->id, "x", 1, out, NULL);
	}
	sign_one(&client, handle, public, scheme);
	EVP_PKEY_free(public);
	close(client.fd);
	assert_int_equal(kit_stop(&kit), 0);
}

/* What the token does not have under that name, or not of that kind. */
static void test_not_there(void **state)
{
	struct keeper_client client;

	kit_set_policy(&kit, "[vm test]\nkeys = none other\n"
			     "[key none]\nsource = pkcs11:token=prod;object=none\nuse = sign\n"
			     "schemes = ed25519\n"
			     "[key other]\nsource = pkcs11:token=prod;object=rsa\nuse = sign\n"
			     "schemes = ed25519\n"
			     "[token prod]\nmodule = " MODULE "\npin = file:pin\n");
	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_OPEN}, "none",
				     4, NULL, NULL),
			 KEEPER_S_IO);
	assert_true(kit_said(&kit, "token prod has no private key for"));
	assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_OPEN}, "other",
				     5, NULL, NULL),
			 KEEPER_S_IO);
	assert_true(kit_said(&kit, "is no key that the schemes of the policy fit"));
	close(client.fd);
	assert_int_equal(kit_stop(&kit), 0);
	set_policy();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_schemes),	  cmocka_unit_test(test_two_tokens),
	    cmocka_unit_test(test_outstanding),	  cmocka_unit_test(test_wrong_pin),
	    cmocka_unit_test(test_token_removed), cmocka_unit_test(test_not_there),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, setup, teardown);
}
