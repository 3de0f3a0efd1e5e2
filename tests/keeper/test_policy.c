/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_policy.c - keeper/policy.c: what a policy may say, and what is said of one that may not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/policy.h"
#include "keeper/policy_internal.h"
#include "keeper/scheme.h"

static char said[8192];

static void note(void *arg, unsigned int line, const char *what)
{
	size_t len = strlen(said);

	(void)snprintf(said + len, sizeof(said) - len, "%u: %s\n", line, what);
}

static struct policy *parse(const char *text)
{
	struct policy_errors errors = {.report = note};

	said[0] = '\0';
	return policy_parse(text, strlen(text), &errors);
}

static void good(const char *text)
{
	struct policy *policy = parse(text);

	if (!policy)
		fail_msg("refused: %s%s", text, said);
	policy_free(policy);
}

/* The policy is refused, once, in that line, with these words. */
static void bad(const char *text, unsigned int line, const char *words)
{
	char begin[16];

	assert_null(parse(text));
	(void)snprintf(begin, sizeof(begin), "%u: ", line);
	if (strncmp(said, begin, strlen(begin)) != 0 || !strstr(said, words))
		fail_msg("for %s: not line %u \"%s\" but %s", text, line, words, said);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

#define KEY "[key k]\nsource = file:k.pem\nuse = sign\nschemes = ed25519\n"
#define DISK "[key d]\nsource = file:d\nuse = encrypt decrypt\nalg = aes-xts\n"
#define TOKEN "[token t]\nmodule = /lib/m.so\n"

static void test_example(void **state)
{
	struct policy *policy = parse("# a comment\n"
				      "[vm test]\n"
				      "keys = web-tls, disk0\n"
				      "uid = vcd-test\n"
				      "\n"
				      "[key web-tls]\r\n"
				      "source = pkcs11:token=prod;object=web\n"
				      "  use = sign\n"
				      "schemes = ecdsa-p256-sha256 rsa-pss-sha256\n"
				      "form = tls13-server\n"
				      "rate = 2000/s\n"
				      "audit = all\n"
				      "[key disk0]\n"
				      "source = file:disk0.key\n"
				      "alg = aes-xts\n"
				      "use = encrypt decrypt\n"
				      "[token prod]\n"
				      "module = /usr/lib/softhsm/libsofthsm2.so\n"
				      "pin = file:prod.pin\n"
				      "threads = 8\n"
				      "timeout = 250ms");
	const struct policy_key *key;

	if (!policy)
		fail_msg("%s", said);
	assert_int_equal(policy->key_count, 2);
	assert_int_equal(policy->vm_count, 1);
	assert_int_equal(policy_key_find(policy, "disk0"), 0);
	assert_int_equal(policy_key_find(policy, "web-tls"), 1);
	assert_int_equal(policy_key_find(policy, "web"), -1);
	assert_int_equal(policy_key_find(policy, "zzz"), -1);
	key = &policy->keys[1];
	assert_int_equal(key->store, STORE_PKCS11);
	assert_string_equal(key->source, "pkcs11:token=prod;object=web");
	assert_int_equal(key->use, KEEPER_USE_SIGN);
	assert_int_equal(key->schemes, UINT64_C(1) << KEEPER_ECDSA_P256_SHA256 |
					   UINT64_C(1) << KEEPER_RSA_PSS_SHA256);
	assert_int_equal(key->form, KEEPER_FORM_TLS13_SERVER);
	assert_int_equal(key->rate, 2000);
	assert_int_equal(key->burst, 2000);
	assert_int_equal(key->audit, AUDIT_ALL);
	assert_false(key->worker);
	key = &policy->keys[0];
	assert_string_equal(key->alg->cli_name, "aes-xts");
	assert_true(key->worker);
	assert_int_equal(key->audit, AUDIT_EVENTS);
	assert_int_equal(key->line, 13);
	assert_string_equal(policy->vms[0].user, "vcd-test");
	assert_int_equal(policy->vms[0].key_count, 2);
	assert_int_equal(policy->vms[0].keys[0], 0);
	assert_ptr_equal(policy_vm_find(policy, "test"), &policy->vms[0]);
	assert_null(policy_vm_find(policy, "tes"));
	assert_int_equal(policy->tokens[0].threads, 8);
	assert_int_equal(policy->tokens[0].timeout_ms, 250);
	assert_string_equal(policy->tokens[0].pin, "prod.pin");
	policy_free(policy);
}

/* A word that is misspelt must not become no restriction. */
static void test_unknown_words(void **state)
{
	bad(KEY "from = tls13-server\n", 5, "unknown word \"from\"");
	bad("[kye k]\nsource = file:k\n", 1, "unknown section [kye]");
	bad("[vm v]\nkey =\n", 2, "unknown word");
	bad(TOKEN "pim = file:p\n", 3, "unknown word");
	bad("[key k]\nsource = file:k\nuse = sing\nschemes = ed25519\n", 3, "\"sing\" is none of");
	bad("[key k]\nsource = file:k\nuse = sign\nschemes = ed25519 rsa\n", 4, "unknown scheme");
	bad("[key k]\nsource = file:k\nuse = encrypt\nalg = aes\n", 4, "unknown algorithm");
	bad("[key k]\nsource = file:k\nuse = encrypt\nalg = sha256\n", 4, "unknown algorithm");
	bad(KEY "form = tls\n", 5, "form:");
	bad(KEY "hold = guest\n", 5, "hold:");
	bad(DISK "iv = any\n", 5, "iv:");
	bad(KEY "audit = none\n", 5, "audit:");
	bad("form = any\n", 1, "before the first section");
	bad("[vm v]\nkeys\n", 2, "WORD = VALUE");
	bad("[vm v\n", 1, "a section is");
	bad("[vm v] x\n", 1, "a section is");
	bad("[vm]\n", 1, "a kind and a name");
	bad("[vm a b]\n", 1, "visible characters");
	bad("[vm v]\nkeys = \n", 2, "no value");
}

static void test_twice(void **state)
{
	bad(KEY "use = sign\n", 5, "in this section already");
	bad(KEY KEY, 5, "[key k] is in line 1 already");
	bad("[vm v]\n[vm v]\n", 2, "in line 1 already");
	bad(TOKEN TOKEN, 3, "in line 1 already");
	bad(KEY "[vm v]\nkeys = k k\n", 5, "listed twice");
}

static void test_missing(void **state)
{
	bad("[key k]\nuse = sign\nschemes = ed25519\n", 1, "source is missing");
	bad("[key k]\nsource = file:k\nalg = aes-xts\n", 1, "use is missing");
	bad("[key k]\nsource = file:k\nuse = sign\n", 1, "schemes or alg is missing");
	bad("[token t]\nthreads = 2\n", 1, "module is missing");
	bad("[vm v]\nkeys = k\n", 1, "there is no [key k]");
	bad("[key k]\nsource = pkcs11:token=t;object=o\nuse = sign\nschemes = ed25519\n", 1,
	    "names no [token]");
	bad("[key k]\nsource = pkcs11:token=t\nuse = sign\nschemes = ed25519\n" TOKEN, 1,
	    "object or id");
}

static void test_sources(void **state)
{
	good("[key k]\nsource = pkcs11:token=t;id=%01%ff;type=private\nuse = sign\n"
	     "schemes = ed25519\n" TOKEN);
	bad("[key k]\nsource = k.pem\nuse = sign\nschemes = ed25519\n", 2, "source:");
	bad("[key k]\nsource = file:\nuse = sign\nschemes = ed25519\n", 2, "source:");
	/* The PIN, and code to load, are for the administrator's sections alone. */
	bad("[key k]\nsource = pkcs11:token=t;object=o?pin-value=1\nuse = sign\nschemes = "
	    "ed25519\n" TOKEN,
	    2, "PIN and module");
	bad("[key k]\nsource = pkcs11:token=t;object=o;module-path=/x\nuse = sign\nschemes = "
	    "ed25519\n" TOKEN,
	    2, "PIN and module");
	bad("[token t]\nmodule = m.so\n", 2, "absolute path");
	bad(TOKEN "pin = 1234\n", 3, "no place in this file");
	bad(TOKEN "pin = credential:../x\n", 3, "no place in this file");
	good(TOKEN "pin = credential:prod\n");
	good("[token two words]\nmodule = /m.so\n[key k]\nsource = "
	     "pkcs11:token=two%20words;object=o\nuse = sign\nschemes = ed25519\n");
}

static void test_fitting(void **state)
{
	bad("[key k]\nsource = file:k\nuse = sign decrypt\nschemes = ed25519\n", 1,
	    "no scheme is for the right \"decrypt\"");
	bad("[key k]\nsource = file:k\nuse = sign\nschemes = ed25519 x25519\n", 1,
	    "a scheme needs the right \"derive\"");
	bad(KEY "hold = worker\n", 1, "never leaves the keeper");
	good(KEY "hold = keeper\n");
	bad(KEY "iv = guest\n", 1, "iv is for AEADs");
	bad(DISK "iv = guest\n", 1, "iv is for AEADs");
	good("[key g]\nsource = file:g\nuse = encrypt\nalg = aes-gcm\niv = guest\n");
	bad(DISK "schemes = ed25519\n", 1, "schemes and form are for private keys");
	bad(DISK "form = tls13-client\n", 1, "schemes and form are for private keys");
	bad(DISK "passphrase = file:p\n", 1, "no passphrase");
	bad("[key d]\nsource = file:d\nuse = sign\nalg = aes-xts\n", 1, "not for this algorithm");
	bad("[key d]\nsource = file:d\nuse = decrypt\nalg = hmac-sha256\n", 1,
	    "not for this algorithm");
	bad("[key d]\nsource = pkcs11:token=t;object=o\nuse = decrypt\nalg = aes-xts\n" TOKEN, 1,
	    "comes from a file");
	bad("[key k]\nsource = pkcs11:token=t;object=o\nuse = sign\nschemes = ed25519\n"
	    "passphrase = file:p\n" TOKEN,
	    1, "passphrase is for a file");
	bad("[key k]\nsource = file:k\nuse = derive\nschemes = x25519\nform = tls13-client\n", 1,
	    "form is for keys that sign");
	bad(TOKEN "[token u]\nmodule = /lib/m.so\nthreads = 2\n", 3, "threads and timeout differ");
}

static void test_defaults(void **state)
{
	struct policy *policy =
	    parse(DISK "[key m]\nsource = file:m\nuse = sign\nalg = hmac-sha256\n"
		       "[key w]\nsource = file:w\nuse = sign\nalg = hmac-sha256\nhold = worker\n"
		       "[key z]\nsource = file:z\nuse = decrypt\nalg = aes-cbc\nhold = keeper\n");

	assert_non_null(policy);
	assert_true(policy->keys[0].worker);
	assert_false(policy->keys[1].worker);
	assert_true(policy->keys[2].worker);
	assert_false(policy->keys[3].worker);
	policy_free(policy);
}

static void test_numbers(void **state)
{
	struct policy *policy = parse(KEY "rate = 5/s:7\n");

	assert_non_null(policy);
	assert_int_equal(policy->keys[0].rate, 5);
	assert_int_equal(policy->keys[0].burst, 7);
	policy_free(policy);
	good(KEY "rate = 1000000/s\n");
	bad(KEY "rate = 1000001/s\n", 5, "rate:");
	bad(KEY "rate = 0/s\n", 5, "rate:");
	bad(KEY "rate = 5\n", 5, "rate:");
	bad(KEY "rate = 5/s:0\n", 5, "rate:");
	bad(KEY "rate = -5/s\n", 5, "rate:");
	bad(KEY "rate = 99999999999999999999/s\n", 5, "rate:");
	bad(TOKEN "threads = 0\n", 3, "threads:");
	good(TOKEN "threads = 64\n");
	bad(TOKEN "threads = 65\n", 3, "threads:");
	bad(TOKEN "timeout = 16s\n", 3, "timeout:");
	good(TOKEN "timeout = 15s\n");
	bad(TOKEN "timeout = 5\n", 3, "timeout:");
	bad(TOKEN "timeout = 0ms\n", 3, "timeout:");
}

static void test_tickets(void **state)
{
#define HEX15 "000102030405060708090a0b0c0d0e"
	struct policy *policy =
	    parse(KEY "ticket = sha256:" HEX15 "ffA0b0c0d0e0f0a1b1c1d1e1f1a2b2c2d2\n");

	assert_non_null(policy);
	assert_true(policy->keys[0].has_ticket);
	assert_int_equal(policy->keys[0].ticket[14], 0x0e);
	assert_int_equal(policy->keys[0].ticket[15], 0xff);
	assert_int_equal(policy->keys[0].ticket[16], 0xa0);
	policy_free(policy);
	bad(KEY "ticket = sha256:" HEX15 HEX15 "0f0\n", 5, "ticket:");
	bad(KEY "ticket = sha256:" HEX15 HEX15 "0f0g\n", 5, "ticket:");
	bad(KEY "ticket = md5:" HEX15 HEX15 "0f00\n", 5, "ticket:");
}

static void test_labels(void **state)
{
	char long_one[80];

	assert_true(policy_label_ok("a"));
	assert_true(policy_label_ok("0.web_tls-1"));
	assert_false(policy_label_ok(""));
	assert_false(policy_label_ok("-a"));
	assert_false(policy_label_ok("Web"));
	assert_false(policy_label_ok("a b"));
	assert_false(policy_label_ok("a/b"));
	memset(long_one, 'a', sizeof(long_one));
	long_one[63] = '\0';
	assert_true(policy_label_ok(long_one));
	long_one[63] = 'a';
	long_one[64] = '\0';
	assert_false(policy_label_ok(long_one));
	bad("[key Web]\nsource = file:k\n", 1, "is no label");
}

/* All errors are told, not just the first. */
static void test_several_errors(void **state)
{
	assert_null(parse("[key k]\nuse = sing\nsource = file:k\nschemes = x\n[vm v]\nkeys = q\n"));
	assert_non_null(strstr(said, "2: use:"));
	assert_non_null(strstr(said, "4: schemes:"));
	assert_non_null(strstr(said, "there is no [key q]"));
}

static void test_bounds(void **state)
{
	static char text[POLICY_MAX_BYTES + 1];
	struct policy_errors errors = {.report = note};
	size_t len = 0;

	memset(text, '\n', sizeof(text));
	said[0] = '\0';
	assert_null(policy_parse(text, sizeof(text), &errors));
	assert_non_null(strstr(said, "more than"));
	assert_null(policy_parse("[vm v]\n\0", 8, &errors));
	assert_non_null(strstr(said, "byte 0"));
	for (unsigned int i = 0; i <= POLICY_MAX_TOKENS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[token t%u]\nmodule = /m\n", i);
	text[len] = '\0';
	bad(text, 2 * POLICY_MAX_TOKENS + 1, "more than 64 sections [token]");
	len = (size_t)snprintf(text, sizeof(text), "[vm v]\nkeys =");
	for (unsigned int i = 0; i <= KEEPER_MAX_LABELS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " k%u", i);
	text[len++] = '\n';
	for (unsigned int i = 0; i <= KEEPER_MAX_LABELS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[key k%u]\nsource=file:k\nuse=sign\nschemes=ed25519\n", i);
	bad(text, 1, "more than 256 keys");
}

static void expect_part(const char *uri, const char *name, const char *value, size_t value_len)
{
	size_t len;
	char *part = policy_uri_part(uri, name, &len);

	if (value) {
		assert_non_null(part);
		assert_int_equal(len, value_len);
		assert_memory_equal(part, value, len);
	} else {
		assert_null(part);
	}
	free(part);
}

static void test_uris(void **state)
{
	expect_part("pkcs11:token=a%20b;object=c", "token", "a b", 3);
	expect_part("pkcs11:token=a;object=c", "object", "c", 1);
	expect_part("pkcs11:token=a;id=%00%Ff", "id", "\0\xff", 2);
	expect_part("pkcs11:token=a?object=c", "object", NULL, 0);
	expect_part("pkcs11:mytoken=a", "token", NULL, 0);
	expect_part("pkcs11:id=%0", "id", NULL, 0);
	expect_part("pkcs11:id=%zz", "id", NULL, 0);
	expect_part("p", "id", NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_example),	   cmocka_unit_test(test_unknown_words),
	    cmocka_unit_test(test_twice),	   cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_sources),	   cmocka_unit_test(test_fitting),
	    cmocka_unit_test(test_defaults),	   cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_tickets),	   cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_several_errors), cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
