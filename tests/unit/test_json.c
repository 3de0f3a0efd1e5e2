/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_json.c - common/json.c: what is written, in lines and without blanks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"

static char *text;
static size_t size;

static struct json start(unsigned int lines)
{
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	return json_to(file, lines);
}

static void expect(struct json *json, const char *expected)
{
	assert_int_equal(fclose(json->file), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void write_all(struct json *json)
{
	json_begin(json, NULL, '{');
	json_string(json, "text", "a");
	json_string(json, "none", NULL);
	json_number(json, "n", UINT64_MAX);
	json_begin(json, "in", '{');
	json_decimal(json, "d", 0.126, 2);
	json_bool(json, "yes", true);
	json_end(json);
	json_begin(json, "list", '[');
	json_number(json, NULL, 1);
	json_begin(json, NULL, '[');
	json_end(json);
	json_bool(json, NULL, false);
	json_end(json);
	json_number(json, "last", 0);
	json_end(json);
}

static void layouts(void **state)
{
	struct json json = start(0);

	write_all(&json);
	expect(&json, "{\"text\":\"a\",\"none\":null,\"n\":18446744073709551615,"
		      "\"in\":{\"d\":0.13,\"yes\":true},\"list\":[1,[],false],\"last\":0}");
	json = start(1);
	write_all(&json);
	expect(&json, "{\n  \"text\": \"a\",\n  \"none\": null,\n  \"n\": 18446744073709551615,\n"
		      "  \"in\": {\"d\": 0.13, \"yes\": true},\n  \"list\": [1, [], false],\n"
		      "  \"last\": 0\n}");
	json = start(2);
	write_all(&json);
	expect(&json, "{\n  \"text\": \"a\",\n  \"none\": null,\n  \"n\": 18446744073709551615,\n"
		      "  \"in\": {\n    \"d\": 0.13,\n    \"yes\": true\n  },\n"
		      "  \"list\": [\n    1,\n    [],\n    false\n  ],\n  \"last\": 0\n}");
}

static void foreign_bytes(void **state)
{
	static const char bytes[] =
	    "a\"b\\c\n\x01\x7f\0\xff\xc3\xa4\xc2\x9b\xe2\x80\xae\xf0\x9f\x94\x91\xe2\x82";
	struct json json = start(0);

	json_bytes(&json, NULL, bytes, sizeof(bytes) - 1);
	expect(&json, "\"a\\\"b\\\\c\\n\\u0001\\u007f\\u0000\\ufffd\xc3\xa4\\u009b\\u202e"
		      "\xf0\x9f\x94\x91\\ufffd\\ufffd\"");
	json = start(0);
	json_bytes(&json, NULL, "", 0);
	expect(&json, "\"\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(layouts),
	    cmocka_unit_test(foreign_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
