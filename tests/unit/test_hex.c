/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_hex.c - common/hex.h: digits to bytes and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/hex.h"

static void every_byte(void **state)
{
	uint8_t bytes[256], back[256];
	char text[2 * 256 + 1];

	for (unsigned int i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	hex_text(bytes, sizeof(bytes), text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 508, "feff");
	assert_int_equal(hex_bytes(text, sizeof(back), back), 0);
	assert_memory_equal(back, bytes, sizeof(back));
	assert_int_equal(hex_bytes("aBFf", 2, back), 0);
	assert_int_equal(back[0], 0xab);
	assert_int_equal(back[1], 0xff);
}

/* The characters beside the ranges, and nothing is written. */
static void no_digits(void **state)
{
	static const char other[] = "/:@G`g \n-x\x80\xff";

	for (const char *c = other; *c; c++) {
		char text[] = {'1', '2', '3', *c};
		uint8_t bytes[2] = {7, 7};

		assert_int_equal(hex_digit(*c), -1);
		assert_int_equal(hex_bytes(text, 2, bytes), -EILSEQ);
		assert_int_equal(bytes[0], 7);
	}
	assert_int_equal(hex_digit('\0'), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_byte),
	    cmocka_unit_test(no_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
