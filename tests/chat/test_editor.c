// SPDX-License-Identifier: GPL-2.0-or-later
/* test_editor.c - keys and the line they make. */
#include "tests/chat/cmocka_api.h"

#include <string.h>

#include "cryptochat/ui/editor.h"
#include "cryptochat/ui/keyboard.h"

static struct editor editor;
static struct keys keys;

static int setup(void **state)
{
	keys = (struct keys){0};
	return editor_init(&editor);
}

static int teardown(void **state)
{
	editor_free(&editor);
	return 0;
}

/* Type bytes; the last result. */
static enum editor_result type(const char *bytes)
{
	enum editor_result result = EDITOR_SAME;

	for (; *bytes; bytes++)
		result = editor_key(&editor, keys_feed(&keys, (uint8_t)*bytes));
	return result;
}

static void expect(const char *typed, const char *line, size_t cursor)
{
	editor_clear(&editor, false);
	type(typed);
	assert_string_equal(editor.line, line);
	assert_int_equal(editor.len, strlen(line));
	assert_int_equal(editor.cursor, cursor);
}

#define LEFT "\033[D"
#define RIGHT "\033OC"

static void editing(void **state)
{
	expect("hello", "hello", 5);
	expect("hello" LEFT LEFT "X", "helXlo", 4);
	expect("ab" LEFT LEFT LEFT RIGHT "X", "aXb", 2);
	expect("hello\001X\005Y", "XhelloY", 7);
	expect("hello\033[HX\033[FY\033[1~Z", "ZXhelloY", 1);
	expect("hello\x7f\x7f", "hel", 3);
	expect("hello\001\033[3~\004", "llo", 0);
	expect("one two\027", "one ", 4);
	expect("one two\033bX", "one Xtwo", 5);
	expect("one two\001\033[1;5CX", "oneX two", 4);
	expect("one two\033b\013", "one ", 4);
	expect("one two\033b\025", "two", 0);
}

/* A character of several bytes, of two columns, and with a mark on it, is one. */
static void characters(void **state)
{
	expect("\xc3\xa4\xe4\xbd\xa0" LEFT "X", "\xc3\xa4X\xe4\xbd\xa0", 3);
	expect("\xc3\xa4\xe4\xbd\xa0\x7f", "\xc3\xa4", 2);
	expect("\xf0\x9f\x99\x82\x7f", "", 0);
	/* Broken ones are not taken. */
	expect("a\xc3"
	       "b\xff"
	       "c\xe4\xbd"
	       "d",
	       "abcd", 4);
	/* A C1 control as UTF-8, and an unknown sequence. */
	expect("a\xc2\x9b"
	       "b\033[99;5Zc",
	       "abc", 3);
}

static void ends(void **state)
{
	assert_int_equal(type("\004"), EDITOR_EOF);
	assert_int_equal(type("a"), EDITOR_CHANGED);
	assert_int_equal(type("\004"), EDITOR_SAME);
	assert_int_equal(type("\r"), EDITOR_LINE);
}

static void enter(const char *line)
{
	type(line);
	editor_clear(&editor, true);
}

static void history(void **state)
{
	enter("one");
	enter("two");
	enter("two");
	expect("dr\033[A", "two", 3);
	type("\033[A");
	assert_string_equal(editor.line, "one");
	type("\033[A");
	assert_string_equal(editor.line, "one");
	type("\033[B\033[B");
	assert_string_equal(editor.line, "dr");
	for (int i = 0; i < 2 * EDITOR_HISTORY; i++) {
		char line[3] = {(char)('a' + i % 26), (char)('a' + i / 26), 0};

		enter(line);
	}
	assert_int_equal(editor.history_count, EDITOR_HISTORY);
}

/* A paste is one line with line ends in it, and no key in it does anything. */
static void paste(void **state)
{
	expect("\033[200~two\rlines\033[A\001\004\033[201~!", "two\nlines!", 10);
	assert_int_equal(type("\r"), EDITOR_LINE);
}

static void limit(void **state)
{
	for (int i = 0; i < EDITOR_LINE_MAX + 10; i++)
		type("x");
	assert_int_equal(editor.len, EDITOR_LINE_MAX);
	type("\xc3\xa4");
	assert_int_equal(editor.len, EDITOR_LINE_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(editing), TEST(characters), TEST(ends), TEST(history), TEST(paste), TEST(limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
