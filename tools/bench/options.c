/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - the command line of vcrypto-bench.
 *
 * Options are either for a side (what is measured and where) or for the whole run. Those of
 * sides are first applied to one that serves as a template; A and B are copies of it, to which
 * their own are applied.
 */
#include "tools/bench/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SECONDS 86400.0

enum option_id {
	/* for a side */
	OPT_ALG = 256,
	OPT_OP,
	OPT_SIZE,
	OPT_AAD,
	OPT_TAG,
	OPT_DEPTH,
	OPT_THREADS,
	OPT_SESSIONS,
	OPT_SUBMIT,
	OPT_BATCH,
	OPT_ZERO_COPY,
	OPT_ENGINE,
	OPT_DAEMON,
	OPT_SOCKET,
	OPT_DEVICE,
	OPT_POLL_US,
	OPT_SPIN_US,
	OPT_PLACE,
	/* for the run */
	OPT_SECONDS,
	OPT_COMPARE,
	OPT_VS,
	OPT_PAIRS,
	OPT_CLOCK,
	OPT_JSON,
	OPT_DETAILS,
	OPT_HISTOGRAM,
	OPT_LIST,
};

#define LAST_OF_SIDE OPT_PLACE

static const struct option long_options[] = {
    {"alg", required_argument, NULL, OPT_ALG},
    {"op", required_argument, NULL, OPT_OP},
    {"size", required_argument, NULL, OPT_SIZE},
    {"aad", required_argument, NULL, OPT_AAD},
    {"tag", required_argument, NULL, OPT_TAG},
    {"depth", required_argument, NULL, OPT_DEPTH},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"sessions", required_argument, NULL, OPT_SESSIONS},
    {"submit", required_argument, NULL, OPT_SUBMIT},
    {"batch", required_argument, NULL, OPT_BATCH},
    {"zero-copy", required_argument, NULL, OPT_ZERO_COPY},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"daemon", required_argument, NULL, OPT_DAEMON},
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"device", required_argument, NULL, OPT_DEVICE},
    {"poll-us", required_argument, NULL, OPT_POLL_US},
    {"spin-us", required_argument, NULL, OPT_SPIN_US},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"compare", required_argument, NULL, OPT_COMPARE},
    {"vs", required_argument, NULL, OPT_VS},
    {"pairs", required_argument, NULL, OPT_PAIRS},
    {"clock", required_argument, NULL, OPT_CLOCK},
    {"place", required_argument, NULL, OPT_PLACE},
    {"json", no_argument, NULL, OPT_JSON},
    {"details", no_argument, NULL, OPT_DETAILS},
    {"histogram", required_argument, NULL, OPT_HISTOGRAM},
    {"list", no_argument, NULL, OPT_LIST},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/**
 * struct parse - a command line half read.
 * @o: options so far; o->a is the template
 * @compare: argument of --compare, or NULL
 * @vs: argument of --vs, or NULL
 */
struct parse {
	struct bench_options *o;
	const char *compare;
	const char *vs;
};

static bool parse_uint(const char *name, const char *text, unsigned int min, unsigned int max,
		       unsigned int *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || strchr(text, '-') || value < min || value > max) {
		bench_error("--%s=%s: a number from %u to %u is needed", name, text, min, max);
		return false;
	}
	*ret = (unsigned int)value;
	return true;
}

static bool parse_seconds(const char *text, double *ret)
{
	char *end;
	double value = strtod(text, &end);

	/* Written so that NaN fails. */
	if (end == text || *end || !(value >= 0.001 && value <= MAX_SECONDS)) {
		bench_error("--seconds=%s: a number from 0.001 to %g is needed", text, MAX_SECONDS);
		return false;
	}
	*ret = value;
	return true;
}

/* A list, with commas. */
static bool parse_sizes(const char *text, struct bench_options *o)
{
	char *copy = strdup(text);
	char *rest = copy;
	char *one;
	bool ok = copy != NULL;

	o->size_count = 0;
	while (ok && (one = strsep(&rest, ",")) != NULL) {
		if (o->size_count == BENCH_MAX_SIZES) {
			bench_error("--size: at most %d sizes", BENCH_MAX_SIZES);
			ok = false;
		} else {
			ok = parse_uint("size", one, 1, BENCH_MAX_SIZE, &o->sizes[o->size_count]);
			o->size_count++;
		}
	}
	free(copy);
	return ok;
}

static bool parse_clock(const char *text, bool *tsc)
{
	*tsc = strcmp(text, "tsc") == 0;
	if (*tsc || strcmp(text, "system") == 0)
		return true;
	bench_error("--clock=%s: system or tsc is needed", text);
	return false;
}

static bool parse_place(const char *text, enum bench_place *ret)
{
	static const char *const names[] = {
	    [BENCH_PLACE_FREE] = "free",
	    [BENCH_PLACE_APART] = "apart",
	    [BENCH_PLACE_TOGETHER] = "together",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum bench_place)i;
			return true;
		}
	bench_error("--place=%s: free, apart or together is needed", text);
	return false;
}

static bool take_work_option(int id, const char *arg, struct bench_side *side)
{
	struct workload *work = &side->work;

	switch (id) {
	case OPT_ALG:
		return workload_parse_alg(arg, work);
	case OPT_OP:
		return workload_parse_op(arg, &side->op);
	case OPT_SIZE:
		return parse_uint("size", arg, 1, BENCH_MAX_SIZE, &work->size);
	case OPT_AAD:
		return parse_uint("aad", arg, 0, BENCH_MAX_AAD, &work->aad_len);
	case OPT_TAG:
		return parse_uint("tag", arg, 1, VCD_MAX_DIGEST_LEN, &work->tag_len);
	case OPT_DEPTH:
		return parse_uint("depth", arg, 1, BENCH_MAX_DEPTH, &work->depth);
	case OPT_THREADS:
		return parse_uint("threads", arg, 1, BENCH_MAX_THREADS, &work->threads);
	case OPT_SESSIONS:
		return parse_uint("sessions", arg, 1, BENCH_MAX_SESSIONS, &work->sessions);
	case OPT_SUBMIT:
		return workload_parse_submit(arg, &work->submit);
	case OPT_BATCH:
		return parse_uint("batch", arg, 1, BENCH_MAX_BATCH, &work->batch);
	case OPT_ZERO_COPY:
		return parse_uint("zero-copy", arg, 0, 1, &work->zero_copy);
	default:
		return false;
	}
}

static bool take_side_option(int id, const char *arg, struct bench_side *side)
{
	struct target *target = &side->target;

	switch (id) {
	case OPT_ENGINE:
		target->engine = arg;
		return true;
	case OPT_DAEMON:
		target->daemon = arg;
		return true;
	case OPT_SOCKET:
		target->socket = arg;
		return true;
	case OPT_DEVICE:
		target->device = arg;
		return true;
	case OPT_POLL_US:
		return parse_uint("poll-us", arg, 0, 1000000, &target->poll_us);
	case OPT_SPIN_US:
		return parse_uint("spin-us", arg, 0, 1000000, &target->spin_us);
	case OPT_PLACE:
		return parse_place(arg, &target->place);
	default:
		return take_work_option(id, arg, side);
	}
}

/* One option; BENCH_RUN to go on. */
static int take_option(int id, const char *arg, struct parse *parse)
{
	struct bench_options *o = parse->o;
	bool ok = true;

	switch (id) {
	case OPT_SIZE: /* here it is a list */
		ok = parse_sizes(arg, o);
		break;
	case OPT_SECONDS:
		ok = parse_seconds(arg, &o->seconds);
		break;
	case OPT_COMPARE:
		parse->compare = arg;
		break;
	case OPT_VS:
		parse->vs = arg;
		break;
	case OPT_PAIRS:
		ok = parse_uint("pairs", arg, 1, STATS_MAX, &o->pairs);
		break;
	case OPT_CLOCK:
		ok = parse_clock(arg, &o->tsc);
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_DETAILS:
		o->details = true;
		break;
	case OPT_HISTOGRAM:
		o->histogram = arg;
		break;
	case OPT_LIST:
		bench_list();
		return BENCH_OK;
	case 'h':
		bench_help();
		return BENCH_OK;
	case 'V':
		puts("vcrypto-bench " VCD_VERSION);
		return BENCH_OK;
	default:
		ok = id >= OPT_ALG && id <= LAST_OF_SIDE && take_side_option(id, arg, &o->a);
	}
	return ok ? BENCH_RUN : BENCH_USAGE;
}

/* "option=value" of a side. */
static bool take_pair(char *text, struct bench_side *side)
{
	char *value = strchr(text, '=');
	const struct option *option;

	if (value)
		*value++ = '\0';
	for (option = long_options; option->name; option++)
		if (strcmp(option->name, text) == 0)
			break;
	if (!option->name || option->val < OPT_ALG || option->val > LAST_OF_SIDE) {
		bench_error("%s: '%s' is no option that a side of a comparison has", side->text,
			    text);
		return false;
	}
	if (!value) {
		bench_error("%s: '%s' needs a value, as in %s=...", side->text, text, text);
		return false;
	}
	return take_side_option(option->val, value, side);
}

/* "mode:option=value,...", applied to a copy of the template that @side is. */
static bool parse_side(const char *text, struct bench_side *side)
{
	char *rest;
	char *one;

	side->text = text;
	side->copy = strdup(text);
	if (!side->copy)
		return false;
	rest = strchr(side->copy, ':');
	if (rest)
		*rest++ = '\0';
	side->mode = bench_mode_find(side->copy);
	if (!side->mode) {
		bench_error("%s: no such mode; engine, openssl, wire, dev, afalg, pingpong, "
			    "eventfd or syscall is needed",
			    side->copy);
		return false;
	}
	while (rest && (one = strsep(&rest, ",")) != NULL)
		if (!take_pair(one, side))
			return false;
	return true;
}

static bool settle_side(struct bench_side *side, const struct bench_options *o)
{
	unsigned int i;

	if (!workload_settle(&side->work, side->op))
		return false;
	if (side->work.size)
		return workload_size_ok(&side->work, side->work.size);
	for (i = 0; i < o->size_count; i++)
		if (!workload_size_ok(&side->work, o->sizes[i]))
			return false;
	return true;
}

static bool parse_sides(struct parse *parse, char **modes, int count)
{
	struct bench_options *o = parse->o;
	const char *a = parse->vs ? parse->compare : modes[0];
	const char *b = parse->vs ? parse->vs : parse->compare;

	if (parse->vs && !parse->compare) {
		bench_error("--vs=%s: --compare is needed too", parse->vs);
		return false;
	}
	if (count != (parse->vs ? 0 : 1)) {
		bench_error(parse->vs ? "with --compare and --vs there is no other mode"
			    : count   ? "just one mode is needed"
				      : "a mode is needed: engine, openssl, wire, dev, afalg, "
					"pingpong, eventfd or syscall");
		return false;
	}
	o->compare = b != NULL;
	o->b = o->a;
	return parse_side(a, &o->a) && (!b || parse_side(b, &o->b)) && settle_side(&o->a, o) &&
	       (!b || settle_side(&o->b, o));
}

int bench_options_parse(int argc, char **argv, struct bench_options *options)
{
	struct parse parse = {.o = options};
	int ret = BENCH_RUN;
	int id;

	*options = (struct bench_options){
	    .a.work = {.depth = 16,
		       .threads = 1,
		       .sessions = 1,
		       .batch = 32,
		       .aad_len = WORKLOAD_UNSET,
		       .tag_len = WORKLOAD_UNSET},
	    .a.target = {.engine = "auto", .device = "/dev/crypto", .spin_us = 50},
	    .sizes = {4096},
	    .size_count = 1,
	    .seconds = 2,
	    .pairs = 10,
	};
	if (!workload_parse_alg("aes-128-cbc", &options->a.work))
		return BENCH_FAILED;
	/* Tests call this more than once. */
	optind = 0;
	while (ret == BENCH_RUN && (id = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
		ret = take_option(id, optarg, &parse);
	if (ret == BENCH_RUN && !parse_sides(&parse, argv + optind, argc - optind))
		ret = BENCH_USAGE;
	if (ret == BENCH_USAGE)
		fputs("Try 'vcrypto-bench --help'.\n", stderr);
	return ret;
}

void bench_options_free(struct bench_options *options)
{
	free(options->a.copy);
	free(options->b.copy);
	options->a.copy = NULL;
	options->b.copy = NULL;
}
