/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_utf8.c - common/utf8.c: what is a character, and which would harm a reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/utf8.h"

/* Each code point, encoded by the rules of RFC 3629 alone, comes back; surrogates do not. */
static void every_character(void **state)
{
	for (uint32_t c = 0; c < 0x110000; c++) {
		uint8_t text[4] = {(uint8_t)c};
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		uint32_t got = 0, rest = c;

		for (size_t i = n - 1; n > 1 && i > 0; i--, rest >>= 6)
			text[i] = (uint8_t)(0x80 | (rest & 0x3f));
		if (n > 1)
			text[0] = (uint8_t)(0xf00 >> n | rest);
		if (c >= 0xd800 && c < 0xe000) {
			assert_int_equal(utf8_decode(text, n, &got), 0);
			continue;
		}
		assert_int_equal(utf8_decode(text, n, &got), n);
		assert_int_equal(got, c);
		assert_true(n == 1 || utf8_decode(text, n - 1, &got) == 0);
	}
}

static void not_characters(void **state)
{
	static const char *const bad[] = {
	    "\x80\x80\x80\x80", "\xbf\xbf\xbf\xbf", "\xc0\x80\x80\x80", "\xc1\xbf\x80\x80",
	    "\xc2\x7f\x80\x80", "\xc2\xc0\x80\x80", "\xe0\x9f\xbf\x80", "\xed\xa0\x80\x80",
	    "\xe1\x80\x7f\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
	    "\xf8\x88\x80\x80", "\xff\x80\x80\x80",
	};
	uint32_t c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(utf8_decode((const uint8_t *)bad[i], 4, &c), 0);
}

static void controls(void **state)
{
	static const uint32_t yes[] = {0,    '\n',   0x1f,   0x7f,   0x80,
				       0x9f, 0x2028, 0x202e, 0x2066, 0x2069};
	static const uint32_t no[] = {' ', '~', 0xa0, 0x2027, 0x202f, 0x2065, 0x206a, 0x10ffff};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(utf8_is_control(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(utf8_is_control(no[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_character),
	    cmocka_unit_test(not_characters),
	    cmocka_unit_test(controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
