// SPDX-License-Identifier: GPL-2.0-or-later
/* test_request.c - lines of a program that talks JSON to the chat. */
#include "tests/chat/cmocka_api.h"

#include <errno.h>
#include <string.h>

#include "cryptochat/ui/request.h"

static void texts(void **state)
{
	static const struct {
		const char *line;
		const char *text;
		size_t len;
	} cases[] = {
	    {"{\"text\":\"hello\"}", "hello", 5},
	    {" { \"text\" : \"\" } ", "", 0},
	    {"{\"text\":\"/quit\"}", "/quit", 5},
	    {"{\"text\":\"a\\u0000b\\n\\u00e4\"}", "a\0b\n\xc3\xa4", 6},
	    {"{\"text\":\"\xc3\xa4\"}\r", "\xc3\xa4", 2},
	    {"{\"text\":\"\xe2\x82\xac\xf0\x9f\x99\x82\\ud83d\\ude42\"}",
	     "\xe2\x82\xac\xf0\x9f\x99\x82\xf0\x9f\x99\x82", 11},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request r;
		const char *why;

		assert_int_equal(request_parse(cases[i].line, strlen(cases[i].line), &r, &why), 0);
		assert_null(r.command);
		assert_int_equal(r.text_len, cases[i].len);
		assert_memory_equal(r.text, cases[i].text, cases[i].len + 1);
		request_free(&r);
		assert_null(r.text);
	}
}

static void commands(void **state)
{
	static const char with[] = "{\"cmd\":\"send\",\"file\":\"a b\"}",
			  without[] = "{\"cmd\":\"who\"}";
	static const char turned[] = "{\"file\":\"\",\"cmd\":\"send\"}";
	struct request r;
	const char *why;

	assert_int_equal(request_parse(with, strlen(with), &r, &why), 0);
	assert_null(r.text);
	assert_string_equal(r.command, "send");
	assert_string_equal(r.argument_name, "file");
	assert_string_equal(r.argument, "a b");
	request_free(&r);
	assert_int_equal(request_parse(without, strlen(without), &r, &why), 0);
	assert_string_equal(r.command, "who");
	assert_null(r.argument_name);
	assert_null(r.argument);
	request_free(&r);
	assert_int_equal(request_parse(turned, strlen(turned), &r, &why), 0);
	assert_string_equal(r.argument, "");
	request_free(&r);
}

static void refused(void **state)
{
	static const char *const lines[] = {
	    "",
	    "hello",
	    "/quit",
	    "\"hello\"",
	    "{",
	    "{}",
	    "[]",
	    "null",
	    "7",
	    "{\"text\":7}",
	    "{\"text\":null}",
	    "{\"text\":{}}",
	    "{\"text\":\"a\"} x",
	    "{\"text\":\"a\"}{\"cmd\":\"quit\"}",
	    "{\"text\":\"a\",\"cmd\":\"quit\"}",
	    "{\"text\":\"a\",\"to\":\"bob\"}",
	    "{\"cmd\":\"kick\",\"nick\":\"a\",\"why\":\"b\"}",
	    "{\"cmd\":\"send\",\"file\":\"a\\u0000b\"}",
	    "{\"cmd\":\"qu\\u0000it\"}",
	    "{\"file\":\"a\"}",
	    "{\"text\":\"\xff\"}",
	    "{\"text\":\"\xed\xa0\x80\"}",
	    "\xc3\xa4",
	    "{\"text\":\"\xc3\"}",
	    "{'text':'a'}",
	    "{\"text\":\"a\",}",
	    "{\"text\":\"a\" /* */}",
	};
	struct request r, untouched;
	const char *why;

	memset(&untouched, 0x5a, sizeof(untouched));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		r = untouched;
		why = NULL;
		if (request_parse(lines[i], strlen(lines[i]), &r, &why) != -EINVAL)
			fail_msg("taken: %s", lines[i]);
		assert_non_null(why);
		assert_memory_equal(&r, &untouched, sizeof(r));
	}
	/* A NUL byte in the line itself. */
	assert_int_equal(request_parse("{\"text\":\"a\0b\"}", 14, &r, &why), -EINVAL);
	assert_int_equal(request_parse("{\"text\":\"a\"}\0", 13, &r, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts),
	    cmocka_unit_test(commands),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
