/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cli.c - command lines from tables: what they set, what they refuse and why, and --help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cli.h"

enum how { HOW_SLOW, HOW_FAST, HOW_NOT };

struct options {
	bool quiet, four;
	const char *path;
	unsigned int port;
	unsigned int wait_ms;
	enum how how;
	unsigned int colour;
};

static enum cli_result set_colour(struct cli_state *state, const struct cli_option *option,
				  char *text, void *member)
{
	if (strcmp(text, "red") != 0)
		return cli_bad(state, "--%s=%s: red is needed", option->name, text);
	*(unsigned int *)member = 0xff0000;
	return CLI_RUN;
}

static enum cli_result set_list(struct cli_state *state, const struct cli_option *option,
				char *text, void *member)
{
	return CLI_DONE;
}

static const char *const hows[] = {"slow", "fast", "not", NULL};

#define CLI_STRUCT struct options

static const struct cli_option table[] = {
    CLI_HEADING("What"),
    CLI_OPTION(0, "port", "PORT", "TCP port", port, cli_number, CLI_RANGE(1, 65535),
	       .value = "7000"),
    CLI_OPTION('w', "wait", "SECONDS",
	       "how long to wait before the next of all those many things that there are to do",
	       wait_ms, cli_seconds, CLI_RANGE(0.5, 60), .unit = "seconds", .value = "1.5"),
    CLI_OPTION(0, "how", NULL, "speed", how, cli_word, .words = hows, .value = "fast"),
    CLI_HEADING("Where"),
    CLI_OPTION('p', "path", "PATH", "a file", path, cli_text, .otherwise = "none"),
    CLI_OPTION('4', NULL, NULL, "four", four, cli_flag),
    CLI_OPTION('q', "quiet", NULL, "print errors only", quiet, cli_flag),
    CLI_OPTION(0, "colour", "NAME", "a colour", colour, set_colour),
    CLI_OPTION(0, "list", NULL, "list", quiet, set_list),
    CLI_OPTION(0, "hidden", "X", NULL, path, cli_text),
};

static const struct cli_status statuses[] = {
    {0, "done"}, {1, "failure"}, {2, "bad command line"}, {0}};

static const struct cli cli = {
    .program = "prog",
    .manual = "prog(1)",
    .usage = "--path=PATH [OPTION]...\n--list",
    .about = "Does things.\n",
    .after = "And so on.\n",
    .options = table,
    .count = sizeof(table) / sizeof(table[0]),
    .statuses = statuses,
};

static struct options o;
static struct cli_state state;

/* Words with spaces between them. */
static enum cli_result parse(const char *line)
{
	static char copy[256], name[] = "prog";
	static char *argv[16];
	int argc = 1;

	argv[0] = name;
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	o = (struct options){0};
	return cli_parse(&cli, argc, argv, &o, &state);
}

static void defaults(void **unused)
{
	assert_int_equal(parse(""), CLI_RUN);
	assert_int_equal(o.port, 7000);
	assert_int_equal(o.wait_ms, 1500);
	assert_int_equal(o.how, HOW_FAST);
	assert_null(o.path);
	assert_false(o.quiet || o.four);
	assert_int_equal(state.given, 0);
	assert_int_equal(state.word_count, 0);
	assert_null(state.words[0]);
}

static void every_kind(void **unused)
{
	assert_int_equal(parse("a --port=65535 -w 0.5 b --how not -p x -4q --colour=red -- --list"),
			 CLI_RUN);
	assert_int_equal(o.port, 65535);
	assert_int_equal(o.wait_ms, 500);
	assert_int_equal(o.how, HOW_NOT);
	assert_string_equal(o.path, "x");
	assert_true(o.quiet && o.four);
	assert_int_equal(o.colour, 0xff0000);
	assert_int_equal(state.word_count, 3);
	assert_string_equal(state.words[0], "a");
	assert_string_equal(state.words[1], "b");
	assert_string_equal(state.words[2], "--list");
	assert_true(cli_given(&cli, &state, offsetof(struct options, port)));
	/* The last one counts, and an abbreviation is enough. */
	assert_int_equal(parse("--po=1 --port=2"), CLI_RUN);
	assert_int_equal(o.port, 2);
	assert_false(cli_given(&cli, &state, offsetof(struct options, wait_ms)));
	assert_int_equal(parse("--hidden=h"), CLI_RUN);
	assert_string_equal(o.path, "h");
}

static void ends(void **unused)
{
	assert_int_equal(parse("--help"), CLI_HELP);
	assert_int_equal(parse("x -h --port=0"), CLI_HELP);
	assert_int_equal(parse("-V"), CLI_VERSION);
	assert_int_equal(parse("--list --port=0"), CLI_DONE);
}

static void refused(void **unused)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
	    {"--port=0", "--port=0: a number from 1 to 65535 is needed"},
	    {"--port=65536", "--port=65536: a number from 1 to 65535 is needed"},
	    {"--port=+1", "--port=+1: a number from 1 to 65535 is needed"},
	    {"--port=-1", "--port=-1: a number from 1 to 65535 is needed"},
	    {"--port=0x10", "--port=0x10: a number from 1 to 65535 is needed"},
	    {"--port=99999999999999999999",
	     "--port=99999999999999999999: a number from 1 to 65535 is needed"},
	    {"--port=", "--port=: a number from 1 to 65535 is needed"},
	    {"-w 0.4", "--wait=0.4: a number from 0.5 to 60 seconds is needed"},
	    {"--wait=61", "--wait=61: a number from 0.5 to 60 seconds is needed"},
	    {"--wait=nan", "--wait=nan: a number from 0.5 to 60 seconds is needed"},
	    {"--wait=1e1", "--wait=1e1: a number from 0.5 to 60 seconds is needed"},
	    {"--wait=1.2.3", "--wait=1.2.3: a number from 0.5 to 60 seconds is needed"},
	    {"--wait=.", "--wait=.: a number from 0.5 to 60 seconds is needed"},
	    {"--how=quick", "--how=quick: slow, fast or not is needed"},
	    {"--how=fas", "--how=fas: slow, fast or not is needed"},
	    {"--colour=blue", "--colour=blue: red is needed"},
	    {"--port", "--port: an argument is needed, as in --port=PORT"},
	    {"--how", "--how: an argument is needed, as in --how=slow"},
	    {"-p", "-p: an argument is needed"},
	    {"--quiet=1", "--quiet takes no argument"},
	    {"--nonsense", "unknown or ambiguous option: --nonsense"},
	    {"--h", "unknown or ambiguous option: --h"},
	    {"-x", "unknown option: -x"},
	    {"-qx", "unknown option: -x"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line), CLI_BAD);
		assert_string_equal(state.error, cases[i].error);
	}
}

static void long_text_is_cut(void **unused)
{
	char line[250] = "--how=";

	memset(line + 6, 'x', sizeof(line) - 7);
	assert_int_equal(parse(line), CLI_BAD);
	assert_int_equal(cli_bad(&state, "%400s", "x"), CLI_BAD);
	assert_int_equal(strlen(state.error), CLI_ERROR_SIZE - 1);
}

static void help(void **unused)
{
	static const char expected[] =
	    "Usage: prog --path=PATH [OPTION]...\n"
	    "       prog --list\n"
	    "\n"
	    "Does things.\n"
	    "\n"
	    "What:\n"
	    "      --port=PORT           TCP port (1 to 65535; default: 7000)\n"
	    "  -w, --wait=SECONDS        how long to wait before the next of all those many\n"
	    "                            things that there are to do (0.5 to 60 seconds;\n"
	    "                            default: 1.5)\n"
	    "      --how=slow|fast|not   speed (default: fast)\n"
	    "Where:\n"
	    "  -p, --path=PATH           a file (default: none)\n"
	    "  -4                        four\n"
	    "  -q, --quiet               print errors only\n"
	    "      --colour=NAME         a colour\n"
	    "      --list                list\n"
	    "  -h, --help                print this help and exit\n"
	    "  -V, --version             print the version and exit\n"
	    "\n"
	    "And so on.\n"
	    "\n"
	    "Exit status: 0 done, 1 failure, 2 bad command line. See prog(1).\n";
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	cli_help(&cli, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void by_name(void **unused)
{
	assert_ptr_equal(cli_find(&cli, "how")->words, hows);
	assert_null(cli_find(&cli, "help"));
	assert_null(cli_find(&cli, "ho"));
}

/* A table with more rows than CLI_MAX_OPTIONS is refused and not read. */
/* A setter by itself: most of the table above is for --help. */
static void modes(void **unused)
{
	static const struct {
		const char *text;
		mode_t mode; /* 0: refused */
	} modes[] = {
	    {"1", 1},	 {"660", 0660}, {"0660", 0660}, {"777", 0777}, {"0777", 0777}, {"0", 0},
	    {"1000", 0}, {"00660", 0},	{"668", 0},	{"66x", 0},    {"-1", 0},      {"", 0},
	};
	const struct cli_option option = {.name = "mode"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char text[8];
		mode_t mode = 0;
		enum cli_result result;

		strcpy(text, modes[i].text);
		result = cli_mode(&state, &option, text, &mode);
		assert_int_equal(mode, modes[i].mode);
		assert_int_equal(result, modes[i].mode ? CLI_RUN : CLI_BAD);
		if (result == CLI_BAD)
			assert_non_null(strstr(state.error, "as 660"));
	}
}

static void too_long(void **unused)
{
	static const struct cli_option many[CLI_MAX_OPTIONS - 1];
	const struct cli big = {.options = many, .count = CLI_MAX_OPTIONS - 1};
	char name[] = "prog", *argv[] = {name, NULL};

	assert_int_equal(cli_parse(&big, 1, argv, &o, &state), CLI_BAD);
}

static void statuses_of_ends(void **unused)
{
	assert_int_equal(parse("--port=0"), CLI_BAD);
	assert_int_equal(cli_finish(&cli, CLI_BAD, &state), CLI_EXIT_USAGE);
	assert_int_equal(cli_finish(&cli, CLI_VERSION, &state), CLI_EXIT_OK);
	assert_int_equal(cli_finish(&cli, CLI_DONE, &state), CLI_EXIT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults), cmocka_unit_test(every_kind),
	    cmocka_unit_test(ends),	cmocka_unit_test(refused),
	    cmocka_unit_test(help),	cmocka_unit_test(long_text_is_cut),
	    cmocka_unit_test(by_name),	cmocka_unit_test(modes),
	    cmocka_unit_test(too_long), cmocka_unit_test(statuses_of_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
