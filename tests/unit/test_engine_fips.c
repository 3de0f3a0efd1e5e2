/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_fips.c - the engine openssl:fips has what the FIPS module has, and nothing else.
 *
 * Debian has no such module: fake_fips.c is in its place, and fake_fips.cnf in that of the
 * system's configuration, by OPENSSL_MODULES and OPENSSL_CONF.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cryptodev.h"
#include "engine/alg.h"

static bool has(struct engine *engine, const struct eng_alg *alg)
{
	bool hash = alg->kind == ENG_ALG_HASH || alg->kind == ENG_ALG_MAC;

	return eng_has(engine, hash ? NULL : alg, hash ? alg : NULL);
}

static void what_the_module_has(void **state)
{
	static const uint32_t others[] = {
	    CRYPTO_DES_CBC,
	    CRYPTO_3DES_CBC,
	    CRYPTO_BLF_CBC,
	    CRYPTO_CAMELLIA_CBC,
	    CRYPTO_MD5,
	    CRYPTO_MD5_HMAC,
	    CRYPTO_RIPEMD160,
	    CRYPTO_RIPEMD160_HMAC,
	    CRYPTO_CHACHA20_POLY1305,
	};
	struct engine *engine;
	const struct eng_alg *alg;

	assert_int_equal(eng_open("openssl:fips", 1, &engine), 0);
	assert_null(eng_failed(engine, 0));
	for (size_t i = 0; (alg = eng_alg_at(i)); i++) {
		bool expected = true;

		for (size_t k = 0; k < ARRAY_SIZE(others); k++)
			expected &= alg->id != others[k];
		if (has(engine, alg) != expected)
			fail_msg("%s is %s", alg->cli_name, expected ? "missing" : "offered");
	}
	eng_close(engine);
}

/* The plain engine takes nothing from there. */
static void others_are_as_ever(void **state)
{
	struct engine *engine;

	assert_int_equal(eng_open("openssl", 1, &engine), 0);
	assert_true(has(engine, eng_alg_find(CRYPTO_MD5)));
	assert_true(has(engine, eng_alg_find(CRYPTO_CHACHA20_POLY1305)));
	eng_close(engine);
}

static void no_module(void **state)
{
	struct engine *engine = NULL;
	char *configuration = strdup(getenv("OPENSSL_CONF"));

	assert_int_equal(setenv("OPENSSL_CONF", "/nonexistent", 1), 0);
	assert_int_equal(eng_open("openssl:fips", 1, &engine), -ENODEV);
	assert_int_equal(setenv("OPENSSL_CONF", configuration, 1), 0);
	free(configuration);
	assert_int_equal(eng_open("openssl:", 1, &engine), -EINVAL);
	assert_int_equal(eng_open("openssl:fipsx", 1, &engine), -EINVAL);
	assert_null(engine);
}

static void host_in_fips_mode(void **state)
{
	static const struct {
		const char *text;
		bool enabled;
	} files[] = {{"1\n", true}, {"0\n", false}, {"", false}};

	assert_false(eng_defies_fips("auto", "/nonexistent/fips_enabled"));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[] = "/tmp/vcd-fips-XXXXXX";
		size_t len = strlen(files[i].text);
		int fd = mkstemp(path);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, files[i].text, len), len);
		close(fd);
		assert_int_equal(eng_defies_fips("auto", path), files[i].enabled);
		assert_int_equal(eng_defies_fips("openssl", path), files[i].enabled);
		assert_false(eng_defies_fips("openssl:fips", path));
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_module_has),
	    cmocka_unit_test(others_are_as_ever),
	    cmocka_unit_test(no_module),
	    cmocka_unit_test(host_in_fips_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
