/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_alg.c - the algorithm table is complete, ordered and says what the ABI says. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "tests/lib/hex.h"

static void table_is_ordered_and_found(void **state)
{
	const struct eng_alg *alg;
	uint32_t last = 0;
	size_t n = 0;

	for (; (alg = eng_alg_at(n)); n++) {
		assert_true(alg->id > last);
		last = alg->id;
		assert_ptr_equal(eng_alg_find(alg->id), alg);
		assert_int_equal(eng_alg_index(alg), n);
		assert_true(alg->name[0] && strlen(alg->name) < VCD_ALG_NAME_LEN);
		assert_true(alg->cli_name[0]);
		assert_true(alg->iv_len <= VCD_MAX_IV_LEN);
		assert_true(alg->digest_len <= VCD_MAX_DIGEST_LEN);
		assert_true(alg->block_size >= 1 && alg->block_size <= 16);
		assert_int_equal(alg->block_size & (alg->block_size - 1), 0);
	}
	assert_int_equal(n, ENG_ALG_COUNT);
	assert_null(eng_alg_at(SIZE_MAX));
}

static void names_are_unique(void **state)
{
	for (size_t i = 0; i < ENG_ALG_COUNT; i++)
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(eng_algs[i].name, eng_algs[j].name);
			assert_string_not_equal(eng_algs[i].cli_name, eng_algs[j].cli_name);
		}
}

static void unusable_numbers_are_not_found(void **state)
{
	static const uint32_t numbers[] = {
	    0,
	    CRYPTO_CAST_CBC,
	    CRYPTO_SKIPJACK_CBC,
	    CRYPTO_MD5_KPDK,
	    CRYPTO_SHA1_KPDK,
	    CRYPTO_ARC4,
	    CRYPTO_DEFLATE_COMP,
	    CRYPTO_LZS_COMP,
	    CRYPTO_TLS11_AES_CBC_HMAC_SHA1,
	    CRYPTO_TLS12_AES_CBC_HMAC_SHA256,
	    CRYPTO_ALGORITHM_ALL,
	    118,
	    UINT32_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_null(eng_alg_find(numbers[i]));
}

static void kinds_have_their_facts(void **state)
{
	for (size_t i = 0; i < ENG_ALG_COUNT; i++) {
		const struct eng_alg *alg = &eng_algs[i];

		switch (alg->kind) {
		case ENG_ALG_CIPHER:
			assert_int_equal(alg->digest_len, 0);
			assert_true(alg->key_max <= VCD_MAX_KEY_LEN);
			assert_true((alg->iv_len == 0) == (eng_alg_mode(alg) == ENG_MODE_NONE));
			break;
		case ENG_ALG_AEAD:
			assert_int_equal(alg->iv_len, 12);
			assert_int_equal(alg->digest_len, 16);
			assert_true(alg->key_max <= VCD_MAX_KEY_LEN);
			assert_int_equal(eng_alg_mode(alg), ENG_MODE_AEAD);
			break;
		case ENG_ALG_HASH:
			assert_int_equal(alg->key_max, 0);
			__attribute__((fallthrough));
		case ENG_ALG_MAC:
			assert_int_equal(alg->iv_len, 0);
			assert_int_equal(alg->block_size, 1);
			assert_true(alg->digest_len >= 16);
			assert_true(alg->key_max <= VCD_MAX_MACKEY_LEN);
			assert_int_equal(eng_alg_mode(alg), ENG_MODE_NONE);
			break;
		}
	}
	assert_int_equal(eng_alg_mode(NULL), ENG_MODE_NONE);
}

/* Each key length from 0 to 520: exactly those of the ABI are accepted. */
static void check_keys(uint32_t id, const size_t *good, size_t n)
{
	const struct eng_alg *alg = eng_alg_find(id);

	assert_non_null(alg);
	for (size_t len = 0; len <= 520; len++) {
		bool expected = false;

		for (size_t i = 0; i < n; i++)
			expected |= good[i] == len;
		assert_int_equal(eng_alg_key_ok(alg, len), expected);
	}
}

static void key_lengths(void **state)
{
	static const size_t aes[] = {16, 24, 32}, xts[] = {32, 64}, des[] = {8}, tdes[] = {24},
			    none[] = {0}, chacha[] = {32};
	size_t blowfish[53], hmac[513];

	for (size_t i = 0; i < ARRAY_SIZE(blowfish); i++)
		blowfish[i] = 4 + i;
	for (size_t i = 0; i < ARRAY_SIZE(hmac); i++)
		hmac[i] = i;
	check_keys(CRYPTO_AES_CBC, aes, 3);
	check_keys(CRYPTO_AES_GCM, aes, 3);
	check_keys(CRYPTO_AES_CMAC, aes, 3);
	check_keys(CRYPTO_CAMELLIA_CBC, aes, 3);
	check_keys(CRYPTO_AES_XTS, xts, 2);
	check_keys(CRYPTO_DES_CBC, des, 1);
	check_keys(CRYPTO_3DES_CBC, tdes, 1);
	check_keys(CRYPTO_BLF_CBC, blowfish, ARRAY_SIZE(blowfish));
	check_keys(CRYPTO_NULL, none, 1);
	check_keys(CRYPTO_SHA2_256, none, 1);
	check_keys(CRYPTO_CHACHA20_POLY1305, chacha, 1);
	check_keys(CRYPTO_SHA2_256_HMAC, hmac, ARRAY_SIZE(hmac));
}

/* Bit n of the mask: n is a good length. */
static uint32_t lengths(const struct eng_alg *alg, bool (*ok)(const struct eng_alg *, size_t))
{
	uint32_t mask = 0;

	for (size_t len = 0; len < 32; len++)
		if (ok(alg, len))
			mask |= 1u << len;
	return mask;
}

static void iv_and_tag_lengths(void **state)
{
	const struct eng_alg *gcm = eng_alg_find(CRYPTO_AES_GCM);
	const struct eng_alg *ccm = eng_alg_find(CRYPTO_AES_CCM);
	const struct eng_alg *chacha = eng_alg_find(CRYPTO_CHACHA20_POLY1305);

	assert_int_equal(lengths(eng_alg_find(CRYPTO_AES_CBC), eng_alg_iv_ok), 1u << 16);
	assert_int_equal(lengths(eng_alg_find(CRYPTO_3DES_CBC), eng_alg_iv_ok), 1u << 8);
	assert_int_equal(lengths(eng_alg_find(CRYPTO_AES_ECB), eng_alg_iv_ok), 1u << 0);
	assert_int_equal(lengths(gcm, eng_alg_iv_ok), 1u << 12);
	assert_int_equal(lengths(chacha, eng_alg_iv_ok), 1u << 12);
	assert_int_equal(lengths(ccm, eng_alg_iv_ok), 0x3f80);
	assert_int_equal(lengths(gcm, eng_alg_tag_ok), 0x1f110);
	assert_int_equal(lengths(ccm, eng_alg_tag_ok), 0x15550);
	assert_int_equal(lengths(chacha, eng_alg_tag_ok), 0x1fffe);
	assert_int_equal(lengths(eng_alg_find(CRYPTO_AES_CBC), eng_alg_tag_ok), 0);
	assert_int_equal(lengths(eng_alg_find(CRYPTO_SHA1), eng_alg_tag_ok), 0);
}

static void driver_names(void **state)
{
	char name[VCD_ALG_NAME_LEN];

	eng_alg_driver_name(eng_alg_find(CRYPTO_AES_CBC), "openssl", name, sizeof(name));
	assert_string_equal(name, "openssl-cbc-aes");
	eng_alg_driver_name(eng_alg_find(CRYPTO_CHACHA20_POLY1305), "x", name, sizeof(name));
	assert_string_equal(name, "x-rfc7539-chacha20-poly1305");
	eng_alg_driver_name(eng_alg_find(CRYPTO_SHA1), "openssl", name, 6);
	assert_string_equal(name, "opens");
}

/* The key lengths of @alg in the words of the specification. */
static void key_words(const struct eng_alg *alg, char *words, size_t size)
{
	size_t n = 0;

	if (alg->kind == ENG_ALG_HASH) {
		words[0] = 0;
	} else if (alg->key_step == 1) {
		snprintf(words, size, "%u to %u ", alg->key_min, alg->key_max);
	} else {
		for (size_t len = alg->key_min; len <= alg->key_max; len += alg->key_step) {
			n += (size_t)snprintf(words + n, size - n, n ? ", %zu" : "%zu", len);
			if (!alg->key_step)
				break;
		}
		snprintf(words + n, size - n, " ");
	}
}

/* @line without what is in parentheses, in small letters. */
static void plain_row(char *line)
{
	char *note = strstr(line, " ("), *end = note ? strchr(note, ')') : NULL;

	if (end)
		memmove(note, end + 1, strlen(end + 1) + 1);
	for (; *line; line++)
		*line = (char)tolower(*line);
}

/* Section 5 of the specification has a row for each algorithm of the table, and no other row. */
static void specification_agrees(void **state)
{
	FILE *file = fopen(test_path("docs/device-spec.md"), "re");
	char line[512], words[64], want[256];
	bool inside = false;
	size_t rows = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		const struct eng_alg *alg;
		unsigned int number;

		if (!strncmp(line, "## ", 3))
			inside = !strncmp(line, "## 5. Algorithms", 16);
		if (!inside || sscanf(line, "| %u |", &number) != 1)
			continue;
		alg = eng_alg_find(number);
		assert_non_null(alg);
		key_words(alg, words, sizeof(words));
		if (alg->kind == ENG_ALG_CIPHER)
			snprintf(want, sizeof(want), "| %u | %s | %u | %u | %s|\n", number,
				 alg->cli_name, alg->block_size, alg->iv_len, words);
		else
			snprintf(want, sizeof(want), "| %u | %s | %u | %s|\n", number,
				 alg->cli_name, alg->digest_len, words);
		plain_row(line);
		assert_string_equal(line, want);
		rows++;
	}
	fclose(file);
	assert_int_equal(rows, ENG_ALG_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_is_ordered_and_found),
	    cmocka_unit_test(names_are_unique),
	    cmocka_unit_test(unusable_numbers_are_not_found),
	    cmocka_unit_test(kinds_have_their_facts),
	    cmocka_unit_test(key_lengths),
	    cmocka_unit_test(iv_and_tag_lengths),
	    cmocka_unit_test(driver_names),
	    cmocka_unit_test(specification_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
