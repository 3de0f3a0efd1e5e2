// SPDX-License-Identifier: GPL-2.0-or-later
/* test_text.c - does anything but printable text reach a terminal? */
#include "tests/chat/cmocka_api.h"

#include <string.h>

#include "apps/base/text.h"

static void check_divided(const char *in, size_t len, const char *want, size_t cut)
{
	uint8_t out[TEXT_FILTER_MAX(256)];
	struct text_filter tf = {0};
	size_t n;

	n = text_filter(&tf, (const uint8_t *)in, cut, out);
	n += text_filter(&tf, (const uint8_t *)in + cut, len - cut, out + n);
	n += text_filter_flush(&tf, out + n);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(out, want, n);
}

/* Whole, and divided at each place. */
static void check(const char *in, size_t len, const char *want)
{
	for (size_t cut = 0; cut <= len; cut++)
		check_divided(in, len, want, cut);
}

#define CHECK(in, want) check(in, sizeof(in) - 1, want)

static void printable_passes(void **state)
{
	CHECK("plain text, ~ and \\\n\tindented\n", "plain text, ~ and \\\n\tindented\n");
	CHECK("καλημέρα, 世界, \xf0\x9f\x94\x92\n", "καλημέρα, 世界, \xf0\x9f\x94\x92\n");
	CHECK("\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
	      "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
}

static void controls_are_shown(void **state)
{
	CHECK("\x1b[2J\x1b]0;title\a", "\\x1b[2J\\x1b]0;title\\x07");
	CHECK("a\rb\bc\x7f\v\f", "a\\x0db\\x08c\\x7f\\x0b\\x0c");
	CHECK("nul\0nul", "nul\\x00nul");
	/* C1 in UTF-8: U+009B is CSI to some terminals. */
	CHECK("\xc2\x9b"
	      "2J\xc2\x80\xc2\x9f",
	      "\\xc2\\x9b2J\\xc2\\x80\\xc2\\x9f");
}

static void invalid_utf8_is_shown(void **state)
{
	CHECK("\x80\xbf\xfe\xff", "\\x80\\xbf\\xfe\\xff");
	CHECK("\x9b[2J", "\\x9b[2J");
	CHECK("\xc0\x9b", "\\xc0\\x9b");		   /* overlong ESC */
	CHECK("\xe0\x80\x9b", "\\xe0\\x80\\x9b");	   /* the same in three */
	CHECK("\xf0\x80\x80\x9b", "\\xf0\\x80\\x80\\x9b"); /* and in four */
	CHECK("\xed\xa0\x80", "\\xed\\xa0\\x80");	   /* surrogate */
	CHECK("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	CHECK("\xf5\x80", "\\xf5\\x80");
}

static void broken_sequences_do_not_hide_what_follows(void **state)
{
	CHECK("\xe2\x82\x1b[m", "\\xe2\\x82\\x1b[m");
	CHECK("\xe2\x82z", "\\xe2\\x82z");
	CHECK("\xe2\xe2\x82\xac", "\\xe2\xe2\x82\xac");
	CHECK("\xf0\x9f\x94", "\\xf0\\x9f\\x94"); /* unfinished at the end */
}

/* No input whatever gives a control byte, and the promised bound holds. */
static void every_pair_is_harmless(void **state)
{
	for (unsigned int pair = 0; pair < 65536; pair++) {
		const uint8_t in[4] = {0xe2, (uint8_t)(pair >> 8), (uint8_t)pair, 0x1b};
		uint8_t out[TEXT_FILTER_MAX(4)];
		struct text_filter tf = {0};
		size_t n = text_filter(&tf, in, 4, out);

		assert_true(n <= sizeof(out));
		for (size_t i = 0; i < n; i++)
			assert_true(out[i] >= 0x20 || out[i] == '\n' || out[i] == '\t');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(printable_passes),
	    cmocka_unit_test(controls_are_shown),
	    cmocka_unit_test(invalid_utf8_is_shown),
	    cmocka_unit_test(broken_sequences_do_not_hide_what_follows),
	    cmocka_unit_test(every_pair_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
