/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cli.h - command lines from tables.
 *
 * A program has one table of options. The table gives the parsing, the ranges, the error messages,
 * the defaults, --help and --version; a test (tests/manual) compares it with the manual page. Each
 * option writes one member of the program's own struct of options:
 *
 *	#define CLI_STRUCT struct options
 *
 *	static const struct cli_option table[] = {
 *		CLI_HEADING("Where to listen"),
 *		CLI_OPTION(0, "port", "PORT", "TCP port", port, cli_number, CLI_RANGE(1, 65535),
 *			   .value = "7000"),
 *		CLI_OPTION('q', "quiet", NULL, "print errors only", quiet, cli_flag),
 *	};
 *
 * The program checks combinations of options itself, after cli_parse().
 */
#ifndef VCD_COMMON_CLI_H
#define VCD_COMMON_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/** Size of an error message with its NUL. */
#define CLI_ERROR_SIZE 320

/** Most options of one program, --help and --version included. */
#define CLI_MAX_OPTIONS 64

/** The next step of the program after cli_parse(). */
enum cli_result {
	CLI_RUN,     /* run the command */
	CLI_DONE,    /* end; an option has printed its output */
	CLI_HELP,    /* --help */
	CLI_VERSION, /* --version */
	CLI_BAD,     /* cli_state.error tells what is wrong and what to do */
};

/** Exit statuses that every program has. A program may have more of them, from 3 on. */
enum cli_exit {
	CLI_EXIT_OK = 0,
	CLI_EXIT_FAILURE = 1,
	CLI_EXIT_USAGE = 2,
};

struct cli_option;

/**
 * struct cli_state - what cli_parse() found.
 * @given: bit i: option i of the table was on the command line
 * @words: what is not an option; NULL-ended, in argv
 * @word_count: of @words
 * @error: after CLI_BAD
 */
struct cli_state {
	uint64_t given;
	char **words;
	int word_count;
	char error[CLI_ERROR_SIZE];
};

/**
 * cli_setter - what an option does with its argument.
 * @state: for cli_bad()
 * @option: the option
 * @text: its argument, or NULL
 * @member: the member that it sets
 *
 * Return: CLI_RUN to go on, or the result of cli_parse().
 */
typedef enum cli_result cli_setter(struct cli_state *state, const struct cli_option *option,
				   char *text, void *member);

/**
 * struct cli_option - a row of a table: an option or, with @heading alone, a heading of --help.
 * @letter: short name, or 0
 * @name: long name, or NULL
 * @arg: the argument's name, in capitals; NULL: the @words, or without them no argument
 * @words: for cli_word(): what may be said; NULL-ended
 * @min: for numbers: smallest
 * @max: for numbers: largest
 * @unit: of numbers, or NULL
 * @value: the default, set before the command line is read; NULL: what the struct has
 * @otherwise: what happens without the option, where that is not a @value; or NULL
 * @help: what it does, on one line; NULL: not for users, and not in --help
 * @on: for the program's own checks
 * @offset: of the member
 */
struct cli_option {
	char letter;
	const char *name;
	const char *arg;
	const char *const *words;
	double min, max;
	const char *unit;
	const char *value;
	const char *otherwise;
	const char *help;
	const char *heading;
	unsigned int on;
	size_t offset;
	cli_setter *set;
};

/**
 * CLI_OPTION - a row of the table.
 * @letter_: short name, or 0
 * @name_: long name, or NULL
 * @arg_: name of the argument, or NULL
 * @help_: text for --help, or NULL
 * @member_: member of CLI_STRUCT that it sets
 * @set_: setter
 *
 * Members of struct cli_option may follow.
 */
#define CLI_OPTION(letter_, name_, arg_, help_, member_, set_, ...)                                \
	{                                                                                          \
		.letter = letter_, .name = name_, .arg = arg_, .help = help_, .set = set_,         \
		.offset = offsetof(CLI_STRUCT, member_), __VA_ARGS__                               \
	}
#define CLI_HEADING(text)                                                                          \
	{                                                                                          \
		.heading = text                                                                    \
	}
#define CLI_RANGE(from, to) .min = (from), .max = (to)

/** The member is a bool. */
cli_setter cli_flag;
/** The member is a const char *; the text itself. */
cli_setter cli_text;
/** The member is an unsigned int: digits, in the range. */
cli_setter cli_number;
/** The member is an unsigned int, in ms: seconds, also 0.5, in the range. */
cli_setter cli_seconds;
/** The member is an enum: the position in @words. */
cli_setter cli_word;
/** The member is a mode_t: access bits of a file, 1 to 777 in octal, as chmod has them. */
cli_setter cli_mode;

/** struct cli_status - an exit status for --help; a table ends with no meaning. */
struct cli_status {
	int code;
	const char *meaning;
};

/**
 * struct cli - a program.
 * @program: its name
 * @manual: its manual page, as NAME(1)
 * @usage: its synopses, a line each, without its name
 * @about: text between the synopses and the options
 * @after: text after the options, or NULL
 * @options: the table
 * @count: rows of it
 * @statuses: exit statuses
 */
struct cli {
	const char *program;
	const char *manual;
	const char *usage;
	const char *about;
	const char *after;
	const struct cli_option *options;
	size_t count;
	const struct cli_status *statuses;
};

/**
 * cli_parse - read a command line. Prints nothing but what setters print.
 * @argc: of main()
 * @argv: of main(); is put in order, and its strings stay in use
 * @options: the program's struct, whose members are set
 * @state: out
 *
 * --help (-h) and --version (-V) are every program's and not in its table. Options may stand
 * after other words.
 */
enum cli_result cli_parse(const struct cli *cli, int argc, char **argv, void *options,
			  struct cli_state *state);

/** cli_bad - a setter's, or a program's, complaint. Return: CLI_BAD. */
enum cli_result cli_bad(struct cli_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * cli_finish - print what @result asks for: help, version, or what is wrong.
 *
 * Return: the exit status.
 */
int cli_finish(const struct cli *cli, enum cli_result result, const struct cli_state *state);

/** cli_help - print the text of --help. */
void cli_help(const struct cli *cli, FILE *out);

/** cli_find - the option with this long name, or NULL. */
const struct cli_option *cli_find(const struct cli *cli, const char *name);

/** cli_given - whether the option whose member is at @offset was on the command line. */
bool cli_given(const struct cli *cli, const struct cli_state *state, size_t offset);

/** cli_parse_number - digits alone, from @min to @max; no sign, no blank. */
bool cli_parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *ret);

#endif /* VCD_COMMON_CLI_H */
