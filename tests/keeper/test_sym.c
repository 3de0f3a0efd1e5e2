/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sym.c - symmetric keys that never leave the keeper, and which of them may be loaded together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/keeper/keykit.h"
#include "tests/lib/hex.h"

static struct engine *engine;

static const struct eng_alg *alg_named(const char *name)
{
	const struct eng_alg *alg;

	for (size_t i = 0; (alg = eng_alg_at(i)); i++)
		if (!strcmp(alg->cli_name, name))
			return alg;
	fail_msg("no %s", name);
	return NULL;
}

static struct policy_key section(const char *alg, uint32_t use)
{
	return (struct policy_key){
	    .label = "k", .store = STORE_FILE, .use = use, .alg = alg_named(alg)};
}

static struct key *make(const struct policy_key *policy, const void *bytes, size_t len)
{
	char why[200] = "";
	struct key *key = key_new(policy, bytes, len, why, sizeof(why));

	if (!key)
		fail_msg("%s", why);
	if (!policy->worker)
		assert_int_equal(key_open_session(key, engine), 0);
	return key;
}

#define BOTH (KEEPER_USE_ENCRYPT | KEEPER_USE_DECRYPT)

/* SP 800-38A, F.2.1. */
static void test_cbc(void **state)
{
	const struct policy_key policy = section("aes-cbc", BOTH);
	struct keeper_request r = {.type = KEEPER_CRYPT, .iv_len = 16};
	uint8_t key_bytes[16], plain[16], want[16];
	struct result result;
	struct key *key;

	assert_true(0 < hex_decode("2b7e151628aed2a6abf7158809cf4f3c", key_bytes, 16));
	assert_true(0 < hex_decode("6bc1bee22e409f96e93d7e117393172a", plain, 16));
	assert_true(0 < hex_decode("7649abac8119b246cee98e9b12e9197d", want, 16));
	key = make(&policy, key_bytes, 16);
	for (uint8_t i = 0; i < 16; i++)
		r.iv[i] = i;
	assert_int_equal(kit_run(key, &r, plain, 16, &result), KEEPER_S_OK);
	assert_int_equal(result.len, 16);
	assert_memory_equal(result.out, want, 16);
	assert_memory_equal(result.iv, want, 16);
	r.flags = KEEPER_F_DECRYPT;
	assert_int_equal(kit_run(key, &r, want, 16, &result), KEEPER_S_OK);
	assert_memory_equal(result.out, plain, 16);
	assert_int_equal(kit_run(key, &r, want, 15, &result), KEEPER_S_INVALID);
	r.iv_len = 12;
	memset(r.iv, 0, 16);
	assert_int_equal(kit_run(key, &r, want, 16, &result), KEEPER_S_INVALID);
	r.iv_len = 16;
	r.tag_len = 1;
	assert_int_equal(kit_run(key, &r, want, 16, &result), KEEPER_S_INVALID);
	key_put(key);
}

static void test_one_right(void **state)
{
	const struct policy_key policy = section("aes-ctr", KEEPER_USE_DECRYPT);
	struct keeper_request r = {.type = KEEPER_CRYPT, .iv_len = 16};
	struct key *key = make(&policy, "0123456789abcdef", 16);
	struct result result;

	assert_int_equal(kit_run(key, &r, "abc", 3, &result), KEEPER_S_DENIED);
	r.flags = KEEPER_F_DECRYPT;
	assert_int_equal(kit_run(key, &r, "abc", 3, &result), KEEPER_S_OK);
	key->policy.use = KEEPER_USE_ENCRYPT;
	assert_int_equal(kit_run(key, &r, "abc", 3, &result), KEEPER_S_DENIED);
	key_put(key);
}

/* What the worker holds is not computed here, and a private key's request is not for these. */
static void test_denied(void **state)
{
	struct policy_key policy = section("aes-ctr", BOTH);
	struct keeper_request r = {.type = KEEPER_CRYPT, .iv_len = 16};
	struct result result;
	struct key *key;

	policy.worker = true;
	key = make(&policy, "0123456789abcdef", 16);
	assert_int_equal(kit_run(key, &r, "abc", 3, &result), KEEPER_S_DENIED);
	key_put(key);
	policy.worker = false;
	key = make(&policy, "0123456789abcdef", 16);
	r = (struct keeper_request){.type = KEEPER_SIGN, .scheme = KEEPER_ED25519};
	assert_int_equal(kit_run(key, &r, "abc", 3, &result), KEEPER_S_DENIED);
	key_put(key);
}

/* The keeper makes the nonce; a guest that wants to choose it needs the policy's word. */
static void test_gcm(void **state)
{
	struct policy_key policy = section("aes-gcm", BOTH);
	struct keeper_request r = {.type = KEEPER_CRYPT, .aux_len = 3, .tag_len = 16};
	struct key *key = make(&policy, "0123456789abcdef", 16);
	uint8_t sealed[3 + 5 + 16] = "AAD", first[12];
	struct result result;

	assert_int_equal(kit_run(key, &r, "AADhello", 8, &result), KEEPER_S_OK);
	assert_int_equal(result.len, 21);
	memcpy(first, result.iv, 12);
	memcpy(sealed + 3, result.out, 21);
	assert_int_equal(kit_run(key, &r, "AADhello", 8, &result), KEEPER_S_OK);
	assert_memory_not_equal(result.iv, first, 12);
	r.flags = KEEPER_F_DECRYPT;
	r.iv_len = 12;
	memcpy(r.iv, first, 12);
	assert_int_equal(kit_run(key, &r, sealed, sizeof(sealed), &result), KEEPER_S_OK);
	assert_int_equal(result.len, 5);
	assert_memory_equal(result.out, "hello", 5);
	sealed[0] = 'a';
	assert_int_equal(kit_run(key, &r, sealed, sizeof(sealed), &result), KEEPER_S_BADMSG);
	assert_int_equal(result.len, 0);
	/* shorter than tag and associated data */
	assert_int_equal(kit_run(key, &r, sealed, 18, &result), KEEPER_S_INVALID);
	r.flags = 0;
	assert_int_equal(kit_run(key, &r, "AADhello", 8, &result), KEEPER_S_DENIED);
	key->policy.iv_guest = true;
	assert_int_equal(kit_run(key, &r, "AADhello", 8, &result), KEEPER_S_OK);
	assert_memory_equal(result.iv, first, 12);
	r.tag_len = 3;
	assert_int_equal(kit_run(key, &r, "AADhello", 8, &result), KEEPER_S_INVALID);
	key_put(key);
}

/* SP 800-38D, 8.3: no more than 2^32 random nonces. */
static void test_nonces_end(void **state)
{
	const struct policy_key policy = section("aes-gcm", BOTH);
	struct keeper_request r = {.type = KEEPER_CRYPT, .tag_len = 16};
	struct key *key = make(&policy, "0123456789abcdef", 16);
	struct result result;

	key->nonces = (UINT64_C(1) << 32) - 1;
	assert_int_equal(kit_run(key, &r, "x", 1, &result), KEEPER_S_OK);
	assert_int_equal(kit_run(key, &r, "x", 1, &result), KEEPER_S_DENIED);
	key_put(key);
}

/* No room for a tag behind the largest payload. */
static void test_largest(void **state)
{
	static uint8_t data[KEEPER_MAX_PAYLOAD];
	const struct policy_key policy = section("aes-gcm", BOTH);
	struct keeper_request r = {.type = KEEPER_CRYPT, .tag_len = 16};
	struct key *key = make(&policy, "0123456789abcdef", 16);
	struct result result;

	assert_int_equal(kit_run(key, &r, data, sizeof(data) - 16, &result), KEEPER_S_OK);
	assert_int_equal(result.len, KEEPER_MAX_PAYLOAD);
	assert_int_equal(kit_run(key, &r, data, sizeof(data) - 15, &result), KEEPER_S_INVALID);
	key_put(key);
}

/* RFC 4231, test case 2. */
static void test_hmac(void **state)
{
	static const char text[] = "what do ya want for nothing?";
	const struct policy_key policy = section("hmac-sha256", KEEPER_USE_SIGN);
	struct keeper_request r = {.type = KEEPER_CRYPT};
	struct key *key = make(&policy, "Jefe", 4);
	uint8_t both[28 + 32], want[32];
	struct result result;

	assert_true(0 <
		    hex_decode("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
			       want, 32));
	assert_int_equal(kit_run(key, &r, text, 28, &result), KEEPER_S_OK);
	assert_int_equal(result.len, 32);
	assert_memory_equal(result.out, want, 32);
	memcpy(both, text, 28);
	memcpy(both + 28, want, 32);
	r.flags = KEEPER_F_VERIFY;
	r.tag_len = 32;
	assert_int_equal(kit_run(key, &r, both, 60, &result), KEEPER_S_DENIED);
	key->policy.use = KEEPER_USE_VERIFY;
	assert_int_equal(kit_run(key, &r, both, 60, &result), KEEPER_S_OK);
	assert_int_equal(result.len, 0);
	both[59] ^= 1;
	assert_int_equal(kit_run(key, &r, both, 60, &result), KEEPER_S_BADMSG);
	r.tag_len = 16;
	assert_int_equal(kit_run(key, &r, both, 60, &result), KEEPER_S_INVALID);
	r.tag_len = 32;
	assert_int_equal(kit_run(key, &r, both, 31, &result), KEEPER_S_INVALID);
	r.flags = 0;
	r.tag_len = 0;
	assert_int_equal(kit_run(key, &r, both, 60, &result), KEEPER_S_DENIED);
	key_put(key);
}

static void not_loaded(const char *alg, const void *bytes, size_t len, const char *words)
{
	const struct policy_key policy = section(alg, BOTH);
	char why[200] = "";

	assert_null(key_new(&policy, bytes, len, why, sizeof(why)));
	assert_non_null(strstr(why, words));
}

static void test_bad_keys(void **state)
{
	not_loaded("aes-cbc", "0123456789abcde", 15, "as many bytes");
	not_loaded("aes-xts", "0123456789abcdef0123456789abcdef", 32, "both halves");
}

/* One key, one algorithm; half of an XTS key is a key. */
static void test_crossed(void **state)
{
	const struct policy_key cbc = section("aes-cbc", BOTH), gcm = section("aes-gcm", BOTH),
				xts = section("aes-xts", BOTH);
	struct key *a = make(&cbc, "0123456789abcdef", 16), *b = make(&gcm, "0123456789abcdef", 16),
		   *c = make(&gcm, "0123456789abcdeX", 16),
		   *d = make(&xts, "0123456789abcdeX0123456789abcdef", 32),
		   *e = make(&cbc, "0123456789abcdef", 16);

	assert_true(key_cross_used(a, b));
	assert_false(key_cross_used(a, c));
	assert_true(key_cross_used(a, d));
	assert_true(key_cross_used(d, c));
	assert_false(key_cross_used(a, e));
	/* the check value is of bytes and algorithm */
	assert_memory_equal(a->info.check, e->info.check, KEEPER_CHECK_LEN);
	assert_memory_not_equal(a->info.check, b->info.check, KEEPER_CHECK_LEN);
	key_put(a);
	key_put(b);
	key_put(c);
	key_put(d);
	key_put(e);
}

static int setup(void **state)
{
	return eng_open("openssl", 1, &engine);
}

static int teardown(void **state)
{
	engine = eng_close(engine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cbc),	       cmocka_unit_test(test_one_right),
	    cmocka_unit_test(test_denied),     cmocka_unit_test(test_gcm),
	    cmocka_unit_test(test_nonces_end), cmocka_unit_test(test_largest),
	    cmocka_unit_test(test_hmac),       cmocka_unit_test(test_bad_keys),
	    cmocka_unit_test(test_crossed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
