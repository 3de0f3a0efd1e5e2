/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - the command line of vcrypto-bench.
 *
 * Options are either for a side (what is measured and where) or for the whole run. Those of
 * sides are first applied to one that serves as a template; A and B are copies of it, to which
 * their own are applied.
 */
#include "tools/bench/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cli.h"
#include "common/util.h"
#include "cryptodev.h"

#define MAX_SECONDS 86400

#define MODES "engine, openssl, wire, dev, afalg, keys, sign, pingpong, eventfd or syscall"

/* What --depth is without the option. */
#define USUAL_DEPTH 16
#define USUAL_KEYS_DEPTH 64

/* As many threads as the keeper has at most. */
#define MAX_KEEPER_THREADS 32

/* cli_option.on: options that a side of a comparison may have, too. */
#define SIDE 1

/**
 * struct parse - a command line half read.
 * @o: options so far; o.a is the template of both sides
 * @compare: argument of --compare, or NULL
 * @vs: argument of --vs, or NULL
 */
struct parse {
	struct bench_options o;
	const char *compare;
	const char *vs;
};

/* So that an option of a side has the same offset in the side. */
_Static_assert(offsetof(struct parse, o.a) == 0, "the template comes first");

/* A list with commas; for a side, one size. */
static enum cli_result set_sizes(struct cli_state *state, const struct cli_option *option,
				 char *text, void *member)
{
	struct bench_options *o = (void *)((char *)member - offsetof(struct bench_options, sizes));
	char *copy = strdup(text);
	char *rest = copy;
	char *one;
	enum cli_result result = copy ? CLI_RUN : cli_bad(state, "out of memory");

	o->size_count = 0;
	while (result == CLI_RUN && (one = strsep(&rest, ",")) != NULL) {
		if (o->size_count == BENCH_MAX_SIZES)
			result = cli_bad(state, "--size: at most %d sizes are possible",
					 BENCH_MAX_SIZES);
		else
			result = cli_number(state, option, one, &o->sizes[o->size_count++]);
	}
	free(copy);
	return result;
}

static enum cli_result add_key(struct cli_state *state, const char *name, struct bench_options *o)
{
	const struct sign_kind *kind = sign_kind_find(name);

	if (!kind)
		return cli_bad(state,
			       "--key=%s: no such kind of key; p256, rsa-2048 and ed25519 are "
			       "possible",
			       name);
	if (o->key_count == BENCH_MAX_KEYS)
		return cli_bad(state, "--key: at most %d keys are possible", BENCH_MAX_KEYS);
	o->keys[o->key_count++] = kind;
	return CLI_RUN;
}

/* A list with commas. */
static enum cli_result set_keys(struct cli_state *state, const struct cli_option *option,
				char *text, void *member)
{
	struct bench_options *o = (void *)((char *)member - offsetof(struct bench_options, keys));
	char *copy = strdup(text);
	char *rest = copy;
	char *one;
	enum cli_result result = copy ? CLI_RUN : cli_bad(state, "out of memory");

	o->key_count = 0;
	while (result == CLI_RUN && (one = strsep(&rest, ",")) != NULL)
		result = add_key(state, one, o);
	free(copy);
	return result;
}

static enum cli_result set_seconds(struct cli_state *state, const struct cli_option *option,
				   char *text, void *member)
{
	unsigned int ms = 0;
	enum cli_result result = cli_seconds(state, option, text, &ms);

	*(double *)member = ms / 1000.0;
	return result;
}

static enum cli_result set_alg(struct cli_state *state, const struct cli_option *option, char *text,
			       void *member)
{
	return workload_parse_alg(state, text, member);
}

/* The words are all operations but WORKLOAD_ANY, the first. */
static enum cli_result set_op(struct cli_state *state, const struct cli_option *option, char *text,
			      void *member)
{
	unsigned int word = 0;
	enum cli_result result = cli_word(state, option, text, &word);

	*(enum workload_op *)member = (enum workload_op)(word + 1);
	return result;
}

static enum cli_result set_clock(struct cli_state *state, const struct cli_option *option,
				 char *text, void *member)
{
	unsigned int word = 0;
	enum cli_result result = cli_word(state, option, text, &word);

	*(bool *)member = word == 1;
	return result;
}

static enum cli_result print_list(struct cli_state *state, const struct cli_option *option,
				  char *text, void *member)
{
	bench_list();
	return CLI_DONE;
}

/* In the order of their enums. */
static const char *const ops[] = {"encrypt", "decrypt", "digest", NULL};
static const char *const submits[] = {"sync", "batch", "async", NULL};
static const char *const places[] = {"free", "apart", "together", NULL};
static const char *const clocks[] = {"system", "tsc", NULL};

#define CLI_STRUCT struct parse

static const struct cli_option table[] = {
    CLI_HEADING("What"),
    CLI_OPTION(0, "alg", "NAME",
	       "algorithm, as aes-128-cbc, aes-256-xts, 3des-cbc, sha256, hmac-sha256, "
	       "aes-128-cmac, aes-128-gcm or null; --list prints all",
	       o.a.work, set_alg, .value = "aes-128-cbc", .on = SIDE),
    CLI_OPTION(0, "op", NULL, "operation", o.a.op, set_op, .words = ops,
	       .otherwise = "encrypt, for hashes and MACs digest", .on = SIDE),
    CLI_OPTION(0, "size", "N[,N]...", "bytes of one operation", o.sizes, set_sizes,
	       CLI_RANGE(1, BENCH_MAX_SIZE), .value = "4096", .on = SIDE),
    CLI_OPTION(0, "aad", "N", "AEAD: bytes of additional data", o.a.work.aad_len, cli_number,
	       CLI_RANGE(0, BENCH_MAX_AAD), .otherwise = "13", .on = SIDE),
    CLI_OPTION(0, "tag", "N", "AEAD: bytes of the tag", o.a.work.tag_len, cli_number,
	       CLI_RANGE(1, VCD_MAX_DIGEST_LEN), .otherwise = "all", .on = SIDE),
    CLI_OPTION(0, "key", "KIND[,KIND]...",
	       "keys and sign: kinds of keys, of p256, rsa-2048 and ed25519", o.keys, set_keys,
	       .value = "p256,rsa-2048,ed25519"),
    CLI_OPTION(0, "depth", "N", "outstanding operations of each thread", o.a.work.depth, cli_number,
	       CLI_RANGE(1, BENCH_MAX_DEPTH), .otherwise = "16, for keys 64", .on = SIDE),
    CLI_OPTION(0, "threads", "N", "threads; in wire and keys modes each has a queue",
	       o.a.work.threads, cli_number, CLI_RANGE(1, BENCH_MAX_THREADS),
	       .otherwise = "1, for sign as many as --keeper-threads", .on = SIDE),
    CLI_OPTION(0, "sessions", "N", "sessions of each thread, used in turn", o.a.work.sessions,
	       cli_number, CLI_RANGE(1, BENCH_MAX_SESSIONS), .value = "1", .on = SIDE),
    CLI_OPTION(0, "submit", NULL, "dev: how operations are submitted; sync: depth is 1",
	       o.a.work.submit, cli_word, .words = submits, .value = "sync", .on = SIDE),
    CLI_OPTION(0, "batch", "N", "dev: operations of one call, with --submit=batch", o.a.work.batch,
	       cli_number, CLI_RANGE(1, BENCH_MAX_BATCH), .value = "32", .on = SIDE),
    CLI_OPTION(0, "zero-copy", "0|1", "dev: write output straight to this program's memory",
	       o.a.work.zero_copy, cli_number, CLI_RANGE(0, 1), .value = "0", .on = SIDE),
    CLI_HEADING("Where"),
    CLI_OPTION(0, "engine", "SPEC",
	       "engine, for engine and wire; for afalg the kernel's driver, as in /proc/crypto",
	       o.a.target.engine, cli_text, .value = "auto", .on = SIDE),
    CLI_OPTION(0, "daemon", "PATH", "wire and keys: daemon to start", o.a.target.daemon, cli_text,
	       .otherwise = "the one built with this program", .on = SIDE),
    CLI_OPTION(0, "socket", "PATH", "wire: use the daemon that listens there", o.a.target.socket,
	       cli_text, .on = SIDE),
    CLI_OPTION(0, "keeper", "PATH", "keys: keeper to start", o.a.target.keeper, cli_text,
	       .otherwise = "the one built with this program", .on = SIDE),
    CLI_OPTION(0, "keeper-threads", "N", "keys: threads of the keeper that sign",
	       o.a.target.keeper_threads, cli_number, CLI_RANGE(1, MAX_KEEPER_THREADS),
	       .otherwise = "one for each processor", .on = SIDE),
    CLI_OPTION(
	0, "slow-load", "N", "wire: keep N signatures with a slow token outstanding meanwhile",
	o.a.target.slow_load, cli_number, CLI_RANGE(0, BENCH_MAX_DEPTH), .value = "0", .on = SIDE),
    CLI_OPTION(0, "slow-ms", "N", "how long a signature of that token takes", o.a.target.slow_ms,
	       cli_number, CLI_RANGE(0, 4000), .unit = "ms", .value = "200", .on = SIDE),
    CLI_OPTION(0, "slow-module", "PATH", "the token's PKCS#11 module", o.a.target.slow_module,
	       cli_text, .otherwise = "the tests' fault_module.so", .on = SIDE),
    CLI_OPTION(0, "poll-us", "N", "wire: --poll-us of the daemon", o.a.target.poll_us, cli_number,
	       CLI_RANGE(0, 1000000), .unit = "us", .value = "0", .on = SIDE),
    CLI_OPTION(0, "spin-us", "N", "wire: poll the ring that long before sleeping",
	       o.a.target.spin_us, cli_number, CLI_RANGE(0, 1000000), .unit = "us", .value = "50",
	       .on = SIDE),
    CLI_OPTION(0, "place", NULL,
	       "apart: our threads on CPUs of their own, the daemon on the others; together: each "
	       "thread on one CPU with what serves it",
	       o.a.target.place, cli_word, .words = places, .value = "free", .on = SIDE),
    CLI_OPTION(0, "device", "PATH", "dev: device", o.a.target.device, cli_text,
	       .value = "/dev/crypto", .on = SIDE),
    CLI_HEADING("How"),
    CLI_OPTION(0, "seconds", "S", "time for each measurement", o.seconds, set_seconds,
	       CLI_RANGE(0.001, MAX_SECONDS), .unit = "seconds", .value = "2"),
    CLI_OPTION(0, "compare", "MODE2", "measure MODE2 too, in turn with MODE, and print the ratio",
	       compare, cli_text),
    CLI_OPTION(0, "vs", "B", "with --compare=A: compare A with B", vs, cli_text),
    CLI_OPTION(0, "pairs", "N", "pairs of slices of time in a comparison", o.pairs, cli_number,
	       CLI_RANGE(1, STATS_MAX), .value = "10"),
    CLI_OPTION(0, "clock", NULL,
	       "tsc: the processor's time stamp counter, for where reading the clock is an "
	       "expensive system call",
	       o.tsc, set_clock, .words = clocks, .value = "system"),
    CLI_OPTION(0, "json", NULL, "print one JSON object a line", o.json, cli_flag),
    CLI_OPTION(0, "details", NULL, "print percentiles, and the worker's CPU time and memory",
	       o.details, cli_flag),
    CLI_OPTION(0, "histogram", "FILE", "write the latencies to FILE, one JSON object a line",
	       o.histogram, cli_text),
    CLI_OPTION(0, "list", NULL, "print the names of all algorithms and exit", o.json, print_list),
};

static const struct cli_status statuses[] = {
    {BENCH_OK, "measured"},
    {BENCH_FAILED, "failure"},
    {BENCH_USAGE, "bad command line"},
    {0},
};

static const struct cli cli = {
    .program = "vcrypto-bench",
    .manual = "vcrypto-bench(1)",
    .usage = "MODE [OPTION]...\n"
	     "--compare=A --vs=B [OPTION]...",
    .about =
	"Measures cryptography from a call to its result. MODE is one of\n"
	"\n"
	"  engine    the engine by itself, batches of --depth jobs\n"
	"  openssl   libcrypto's EVP in process, one stream (depth is 1)\n"
	"  wire      a daemon, over rings in shared memory as a guest's driver uses them\n"
	"  dev       /dev/crypto: one call at a time, in batches, or asynchronously\n"
	"  keys      signatures with a key that a keeper has, through a daemon as in wire\n"
	"  sign      libcrypto's signatures in process, one stream a thread (depth is 1)\n"
	"  afalg     the kernel's crypto API over AF_ALG sockets; up to 64 KiB (depth is 1)\n"
	"  pingpong  a round trip between two processes that poll\n"
	"  eventfd   a round trip between two processes that sleep\n"
	"  syscall   a system call: the least that dev can cost\n"
	"\n"
	"A and B are MODE[:OPTION=VALUE[,OPTION=VALUE]...], as wire:depth=32,engine=openssl.\n",
    .after =
	"cpu ns/op is the CPU time of this process, of the daemon and of the keeper, with all\n"
	"threads; time spent polling rings counts. In dev mode it is the CPU time of this\n"
	"process and of the kernel on its behalf, without what a host does. Latency is the time\n"
	"from submitting an operation to having its result. The first results are compared\n"
	"with libcrypto's before anything is measured.\n",
    .options = table,
    .count = ARRAY_SIZE(table),
    .statuses = statuses,
};

/* "option=value" of a side. */
static enum cli_result take_pair(struct cli_state *state, char *text, struct bench_side *side)
{
	char *value = strchr(text, '=');
	const struct cli_option *option;

	if (value)
		*value++ = '\0';
	option = cli_find(&cli, text);
	if (!option || option->on != SIDE)
		return cli_bad(state, "%s: '%s' is no option that a side of a comparison has",
			       side->text, text);
	if (!value)
		return cli_bad(state, "%s: '%s' needs a value, as in %s=...", side->text, text,
			       text);
	if (option->set == set_sizes)
		return cli_number(state, option, value, &side->work.size);
	return option->set(state, option, value, (char *)side + option->offset);
}

/* "mode:option=value,...", applied to a copy of the template that @side is. */
static enum cli_result parse_side(struct cli_state *state, const char *text,
				  struct bench_side *side)
{
	enum cli_result result = CLI_RUN;
	char *rest;
	char *one;

	side->text = text;
	side->copy = strdup(text);
	if (!side->copy)
		return cli_bad(state, "out of memory");
	rest = strchr(side->copy, ':');
	if (rest)
		*rest++ = '\0';
	side->mode = bench_mode_find(side->copy);
	if (!side->mode)
		return cli_bad(state, "%s: no such mode; " MODES " is needed", side->copy);
	while (result == CLI_RUN && rest && (one = strsep(&rest, ",")) != NULL)
		result = take_pair(state, one, side);
	return result;
}

/* What was not said and depends on the mode. */
static void settle_usual(struct bench_side *side)
{
	struct target *target = &side->target;
	struct workload *work = &side->work;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (!target->keeper_threads)
		target->keeper_threads = cpus < 1		     ? 1
					 : cpus > MAX_KEEPER_THREADS ? MAX_KEEPER_THREADS
								     : (unsigned int)cpus;
	if (!work->threads)
		work->threads = side->mode == &bench_mode_sign ? target->keeper_threads : 1;
	if (!work->depth)
		work->depth = side->mode == &bench_mode_sign   ? 1
			      : side->mode == &bench_mode_keys ? USUAL_KEYS_DEPTH
							       : USUAL_DEPTH;
}

static enum cli_result settle_side(struct cli_state *state, struct bench_side *side,
				   const struct bench_options *o)
{
	enum cli_result result;

	settle_usual(side);
	if (side->mode->signs && (side->target.slow_load || side->target.socket))
		return cli_bad(state, "%s: --slow-load and --socket are not for this mode",
			       side->text);
	result = workload_settle(state, &side->work, side->op);
	if (result == CLI_RUN && side->work.size)
		return workload_check_size(state, &side->work, side->work.size);
	for (unsigned int i = 0; result == CLI_RUN && i < o->size_count; i++)
		result = workload_check_size(state, &side->work, o->sizes[i]);
	return result;
}

static enum cli_result parse_sides(struct cli_state *state, struct parse *parse)
{
	struct bench_options *o = &parse->o;
	const char *a = parse->vs ? parse->compare : state->words[0];
	const char *b = parse->vs ? parse->vs : parse->compare;
	enum cli_result result;

	if (parse->vs && !parse->compare)
		return cli_bad(state, "--vs=%s: --compare is needed too", parse->vs);
	if (parse->vs && state->word_count)
		return cli_bad(state, "%s: with --compare and --vs there is no other mode",
			       state->words[0]);
	if (!parse->vs && state->word_count > 1)
		return cli_bad(state, "%s: only one mode is possible; see --compare",
			       state->words[1]);
	if (!a)
		return cli_bad(state, "a mode is needed: " MODES);
	o->compare = b != NULL;
	o->b = o->a;
	result = parse_side(state, a, &o->a);
	if (result == CLI_RUN && b)
		result = parse_side(state, b, &o->b);
	if (result == CLI_RUN && b && o->a.mode->signs != o->b.mode->signs)
		result = cli_bad(state, "%s and %s: signatures are compared with signatures only",
				 o->a.mode->name, o->b.mode->name);
	if (result == CLI_RUN)
		result = settle_side(state, &o->a, o);
	if (result == CLI_RUN && b)
		result = settle_side(state, &o->b, o);
	return result;
}

int bench_options_parse(int argc, char **argv, struct bench_options *options)
{
	struct parse parse = {
	    .o.a.work = {.aad_len = WORKLOAD_UNSET, .tag_len = WORKLOAD_UNSET},
	};
	struct cli_state state;
	enum cli_result result = cli_parse(&cli, argc, argv, &parse, &state);

	if (result == CLI_RUN)
		result = parse_sides(&state, &parse);
	*options = parse.o;
	return result == CLI_RUN ? BENCH_RUN : cli_finish(&cli, result, &state);
}

void bench_options_free(struct bench_options *options)
{
	free(options->a.copy);
	free(options->b.copy);
	options->a.copy = NULL;
	options->b.copy = NULL;
}

/* All key sizes that the name can have in its middle. */
static void list_sizes(const struct eng_alg *alg, const char *dash)
{
	bool xts = alg->id == CRYPTO_AES_XTS;
	unsigned int len;

	for (len = alg->key_min; len <= alg->key_max; len += alg->key_step)
		printf("%.*s-%u%s\n", (int)(dash - alg->cli_name), alg->cli_name,
		       len * 8 / (xts ? 2 : 1), dash);
}

void bench_list(void)
{
	const struct eng_alg *alg;

	for (size_t i = 0; (alg = eng_alg_at(i)) != NULL; i++) {
		const char *dash = strchr(alg->cli_name, '-');

		if (dash && alg->key_step > 1)
			list_sizes(alg, dash);
		else
			puts(alg->cli_name);
	}
}
