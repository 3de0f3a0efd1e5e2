/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parsekit.h - command lines as text. Include it after the options.h of the program, and define
 * PROGRAM, its name, before.
 */
#ifndef TESTS_CHAT_PARSEKIT_H
#define TESTS_CHAT_PARSEKIT_H

#include <string.h>

#define MAX_WORDS 30

static struct cli_state state;

/* Divide @line at spaces and parse it; @o points into the words until the next call. */
static enum cli_result parse(const char *line, struct options *o)
{
	static char copy[512], name[] = PROGRAM;
	static char *argv[MAX_WORDS + 2];
	int argc = 1;

	argv[0] = name;
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc <= MAX_WORDS);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return options_parse(argc, argv, o, &state);
}

static void expect_bad(const char *line, const char *because)
{
	struct options o;

	assert_int_equal(parse(line, &o), CLI_BAD);
	if (!strstr(state.error, because))
		fail_msg("\"%s\" was refused for: %s", line, state.error);
}

#endif /* TESTS_CHAT_PARSEKIT_H */
