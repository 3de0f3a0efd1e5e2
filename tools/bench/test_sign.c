/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sign.c - keys and signatures: those that are right are verified, others are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/bench/sign.h"

static void test_kinds(void **state)
{
	unsigned int n;

	for (n = 0; sign_kind_at(n); n++)
		assert_ptr_equal(sign_kind_find(sign_kind_at(n)->name), sign_kind_at(n));
	assert_int_equal(n, 3);
	assert_null(sign_kind_find("p25"));
	assert_null(sign_kind_find(""));
}

static void check_kind(const struct sign_kind *kind)
{
	EVP_PKEY *key = sign_generate(kind), *other = sign_generate(kind);
	struct signer *signer = signer_new(kind, key);
	uint8_t in[SIGN_INPUT], sig[SIGN_MAX];
	size_t len;

	assert_non_null(signer);
	assert_int_equal(EVP_PKEY_eq(key, other), 0);
	/* the same context again and again, with other input */
	for (unsigned int i = 0; i < 3; i++) {
		memset(in, (int)i, sizeof(in));
		assert_int_equal(signer_run(signer, in, sig, &len), 0);
		assert_true(sign_verify(kind, key, in, sig, len));
		assert_false(sign_verify(kind, other, in, sig, len));
		in[i] ^= 1;
		assert_false(sign_verify(kind, key, in, sig, len));
		in[i] ^= 1;
		sig[len - 1 - i] ^= 1;
		assert_false(sign_verify(kind, key, in, sig, len));
		assert_false(sign_verify(kind, key, in, sig, 0));
	}
	signer_free(signer);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void test_signatures(void **state)
{
	for (unsigned int i = 0; sign_kind_at(i); i++)
		check_kind(sign_kind_at(i));
	signer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
