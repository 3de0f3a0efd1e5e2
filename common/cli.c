/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cli.c - command lines from tables, on top of getopt_long(). See cli.h. */
#include "common/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"

/* getopt_long() returns this and the row, for all that are not letters. */
#define ROW 256

/* Columns of --help: where the text of an option begins, and where lines end. */
#define HELP_COLUMN 28
#define HELP_WIDTH 80

static enum cli_result set_help(struct cli_state *state, const struct cli_option *option,
				char *text, void *member)
{
	return CLI_HELP;
}

static enum cli_result set_version(struct cli_state *state, const struct cli_option *option,
				   char *text, void *member)
{
	return CLI_VERSION;
}

/* Every program's, after its own. */
static const struct cli_option common[] = {
    {.letter = 'h', .name = "help", .help = "print this help and exit", .set = set_help},
    {.letter = 'V', .name = "version", .help = "print the version and exit", .set = set_version},
};

static const struct cli_option *row(const struct cli *cli, size_t i)
{
	return i < cli->count ? &cli->options[i] : &common[i - cli->count];
}

static size_t rows(const struct cli *cli)
{
	return cli->count + ARRAY_SIZE(common);
}

static bool takes_argument(const struct cli_option *option)
{
	return option->arg || option->words;
}

enum cli_result cli_bad(struct cli_state *state, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(state->error, sizeof(state->error), format, args);
	va_end(args);
	return CLI_BAD;
}

enum cli_result cli_flag(struct cli_state *state, const struct cli_option *option, char *text,
			 void *member)
{
	*(bool *)member = true;
	return CLI_RUN;
}

enum cli_result cli_text(struct cli_state *state, const struct cli_option *option, char *text,
			 void *member)
{
	*(const char **)member = text;
	return CLI_RUN;
}

bool cli_parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoul(text, &end, 10);
	return !errno && !*end && *ret >= min && *ret <= max;
}

/* "from 1 to 64", with the unit when there is one. */
static enum cli_result out_of_range(struct cli_state *state, const struct cli_option *option,
				    const char *text)
{
	return cli_bad(state, "--%s=%s: a number from %.15g to %.15g%s%s is needed", option->name,
		       text, option->min, option->max, option->unit ? " " : "",
		       option->unit ? option->unit : "");
}

enum cli_result cli_number(struct cli_state *state, const struct cli_option *option, char *text,
			   void *member)
{
	unsigned long value;

	if (!cli_parse_number(text, (unsigned long)option->min, (unsigned long)option->max, &value))
		return out_of_range(state, option, text);
	*(unsigned int *)member = (unsigned int)value;
	return CLI_RUN;
}

enum cli_result cli_seconds(struct cli_state *state, const struct cli_option *option, char *text,
			    void *member)
{
	char *end;
	double value = strtod(text, &end);

	if (text[strspn(text, "0123456789.")] || end == text || *end || value < option->min ||
	    value > option->max)
		return out_of_range(state, option, text);
	*(unsigned int *)member = (unsigned int)(value * 1000);
	return CLI_RUN;
}

/* More text after @text, as much as there is room for. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
							 const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

/* Appends "a, b or c", with @separator ", " and @last " or ". */
static void join(const char *const *words, const char *separator, const char *last, char *text,
		 size_t size)
{
	for (size_t i = 0; words[i]; i++) {
		if (i)
			append(text, size, "%s", words[i + 1] ? separator : last);
		append(text, size, "%s", words[i]);
	}
}

enum cli_result cli_word(struct cli_state *state, const struct cli_option *option, char *text,
			 void *member)
{
	char choice[128] = "";

	for (unsigned int i = 0; option->words[i]; i++) {
		if (strcmp(text, option->words[i]) != 0)
			continue;
		*(unsigned int *)member = i;
		return CLI_RUN;
	}
	join(option->words, ", ", " or ", choice, sizeof(choice));
	return cli_bad(state, "--%s=%s: %s is needed", option->name, text, choice);
}

enum cli_result cli_mode(struct cli_state *state, const struct cli_option *option, char *text,
			 void *member)
{
	size_t digits = strspn(text, "01234567");
	unsigned long mode = digits <= 4 && !text[digits] ? strtoul(text, NULL, 8) : 0;

	if (!mode || mode > 0777)
		return cli_bad(state, "--%s=%s: an octal number from 1 to 777 is needed, as 660",
			       option->name, text);
	*(mode_t *)member = (mode_t)mode;
	return CLI_RUN;
}

static enum cli_result set(const struct cli *cli, size_t i, char *text, void *options,
			   struct cli_state *state)
{
	const struct cli_option *option = row(cli, i);

	return option->set(state, option, text, (char *)options + option->offset);
}

/* What getopt_long() did not take. */
static enum cli_result complain(const struct cli *cli, int id, char **argv, struct cli_state *state)
{
	const struct cli_option *option = optopt >= ROW ? row(cli, (size_t)(optopt - ROW)) : NULL;

	if (id == ':' && option)
		return cli_bad(state, "--%s: an argument is needed, as in --%s=%s", option->name,
			       option->name, option->arg ? option->arg : option->words[0]);
	if (id == ':')
		return cli_bad(state, "-%c: an argument is needed", optopt);
	if (option)
		return cli_bad(state, "--%s takes no argument", option->name);
	if (optopt)
		return cli_bad(state, "unknown option: -%c", optopt);
	return cli_bad(state, "unknown or ambiguous option: %s", argv[optind - 1]);
}

/* The row of what getopt_long() returned. */
static size_t row_of(const struct cli *cli, int id)
{
	size_t i = 0;

	if (id >= ROW)
		return (size_t)(id - ROW);
	while (row(cli, i)->letter != id)
		i++;
	return i;
}

/* What getopt_long() wants to know of the table. */
static void describe(const struct cli *cli, struct option *longs, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < rows(cli); i++) {
		const struct cli_option *option = row(cli, i);
		int arg = takes_argument(option) ? required_argument : no_argument;

		if (option->name)
			*longs++ = (struct option){option->name, arg, NULL, ROW + (int)i};
		if (option->letter) {
			*letters++ = option->letter;
			if (arg == required_argument)
				*letters++ = ':';
		}
	}
	*longs = (struct option){0};
	*letters = '\0';
}

enum cli_result cli_parse(const struct cli *cli, int argc, char **argv, void *options,
			  struct cli_state *state)
{
	struct option longs[CLI_MAX_OPTIONS + 1];
	char letters[2 * CLI_MAX_OPTIONS + 2];
	enum cli_result result = CLI_RUN;
	int id;

	*state = (struct cli_state){0};
	if (rows(cli) > CLI_MAX_OPTIONS)
		return cli_bad(state, "the table of options is too long");
	for (size_t i = 0; i < cli->count && result == CLI_RUN; i++)
		if (cli->options[i].value)
			result =
			    set(cli, i, (char *)(uintptr_t)cli->options[i].value, options, state);
	describe(cli, longs, letters);
	opterr = 0;
	optind = 0; /* glibc begins anew, so that a test may call this more than once */
	while (result == CLI_RUN && (id = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i;

		if (id == '?' || id == ':')
			return complain(cli, id, argv, state);
		i = row_of(cli, id);
		state->given |= UINT64_C(1) << i;
		result = set(cli, i, optarg, options, state);
	}
	state->words = argv + optind;
	state->word_count = argc - optind;
	return result;
}

const struct cli_option *cli_find(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < cli->count; i++)
		if (cli->options[i].name && !strcmp(cli->options[i].name, name))
			return &cli->options[i];
	return NULL;
}

bool cli_given(const struct cli *cli, const struct cli_state *state, size_t offset)
{
	for (size_t i = 0; i < cli->count; i++)
		if (cli->options[i].set && cli->options[i].offset == offset &&
		    state->given >> i & 1)
			return true;
	return false;
}

/* Words of @text in lines from @indent to HELP_WIDTH. */
static void wrap(const char *text, size_t indent, FILE *out)
{
	size_t column = indent;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > indent && column + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, len, out);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* "  -m, --message=TEXT" */
static void help_name(const struct cli_option *option, char *text, size_t size)
{
	*text = '\0';
	if (option->letter)
		append(text, size, "  -%c%s", option->letter, option->name ? ", " : "");
	else
		append(text, size, "      ");
	if (option->name)
		append(text, size, "--%s", option->name);
	if (takes_argument(option))
		append(text, size, "%s", option->name ? "=" : " ");
	if (option->arg)
		append(text, size, "%s", option->arg);
	else if (option->words)
		join(option->words, "|", "|", text, size);
}

static void help_option(const struct cli_option *option, FILE *out)
{
	const char *fallback = option->value ? option->value : option->otherwise;
	bool range = option->max > 0;
	char text[640];

	help_name(option, text, sizeof(text));
	if (strlen(text) < HELP_COLUMN - 1)
		fprintf(out, "%-*s", HELP_COLUMN, text);
	else
		fprintf(out, "%s\n%*s", text, HELP_COLUMN, "");
	*text = '\0';
	append(text, sizeof(text), "%s", option->help);
	if (range)
		append(text, sizeof(text), " (%.15g to %.15g%s%s", option->min, option->max,
		       option->unit ? " " : "", option->unit ? option->unit : "");
	if (fallback)
		append(text, sizeof(text), "%sdefault: %s", range ? "; " : " (", fallback);
	append(text, sizeof(text), "%s", fallback || range ? ")" : "");
	wrap(text, HELP_COLUMN, out);
}

static void help_usage(const struct cli *cli, FILE *out)
{
	const char *line = cli->usage;

	while (*line) {
		size_t len = strcspn(line, "\n");

		fprintf(out, "%s %s %.*s\n", line == cli->usage ? "Usage:" : "      ", cli->program,
			(int)len, line);
		line += len + (line[len] == '\n');
	}
}

void cli_help(const struct cli *cli, FILE *out)
{
	char text[640] = "Exit status:";

	help_usage(cli, out);
	fprintf(out, "\n%s\n", cli->about);
	for (size_t i = 0; i < rows(cli); i++) {
		const struct cli_option *option = row(cli, i);

		if (option->heading)
			fprintf(out, "%s:\n", option->heading);
		else if (option->help)
			help_option(option, out);
	}
	fprintf(out, "\n%s%s", cli->after ? cli->after : "", cli->after ? "\n" : "");
	for (const struct cli_status *status = cli->statuses; status->meaning; status++)
		append(text, sizeof(text), " %d %s%s", status->code, status->meaning,
		       status[1].meaning ? "," : ".");
	append(text, sizeof(text), " See %s.", cli->manual);
	wrap(text, 0, out);
}

int cli_finish(const struct cli *cli, enum cli_result result, const struct cli_state *state)
{
	if (result == CLI_BAD) {
		fprintf(stderr, "%s: %s\nTry '%s --help'.\n", cli->program, state->error,
			cli->program);
		return CLI_EXIT_USAGE;
	}
	if (result == CLI_HELP)
		cli_help(cli, stdout);
	else if (result == CLI_VERSION)
		printf("%s " VCD_VERSION "\n", cli->program);
	/* Output that got lost must not look like success. */
	if (!fflush(stdout) && !ferror(stdout))
		return CLI_EXIT_OK;
	fprintf(stderr, "%s: cannot write standard output: %s\n", cli->program, strerror(errno));
	return CLI_EXIT_FAILURE;
}
