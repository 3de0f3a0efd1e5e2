/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - what can be asked of a running daemon. See commands.h. */
#include "daemon/operate/commands.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/vm/vm.h"
#include "common/cli.h"
#include "common/json.h"
#include "common/util.h"

/** Words of a command. */
#define MAX_WORDS 8

/** Sessions listed when no number is given, and fetched at a time. */
#define DEFAULT_SESSIONS 1000
#define SESSIONS_CHUNK 64

/**
 * struct call - one command as it was given.
 * @words: its words, the name first, without --json
 * @n: how many
 * @json: --json was among them
 */
struct call {
	char *words[MAX_WORDS];
	unsigned int n;
	bool json;
};

/**
 * struct command - what can be asked.
 * @name: first word
 * @help: for the list
 * @most: words that may follow the name
 * @json: whether there is JSON of it
 * @run: carries it out; returns NULL or what is wrong
 */
struct command {
	const char *name;
	const char *help;
	unsigned int most;
	bool json;
	const char *(*run)(const struct commands *c, const struct call *call, FILE *out);
};

static const char *run_help(const struct commands *c, const struct call *call, FILE *out);

static void print_rate(FILE *out, const char *name, const struct limit *limit)
{
	if (limit->rate)
		fprintf(out, "%s %" PRIu64 "/s, burst %" PRIu64 "\n", name, limit->rate,
			limit->burst);
	else
		fprintf(out, "%s none\n", name);
}

static void print_status(const struct stats *stats, bool served, FILE *out)
{
	fprintf(out, "version        %s\n", VCD_VERSION);
	fprintf(out, "supervisor     %s\n", stats->supervisor ? stats->supervisor : "unknown");
	fprintf(out, "engine         %s\n", stats->engine);
	if (stats->vm_name)
		fprintf(out, "vm             %s\n", stats->vm_name);
	fprintf(out, "up             %" PRIu64 " s\n", stats->up_s);
	fprintf(out, "front end      %s\n", served ? "queues are served" : "no queue is served");
	fprintf(out, "queues         %" PRIu64 ", served by %" PRIu64 " workers\n", stats->queues,
		stats->workers);
	fprintf(out, "sessions       %" PRIu64 " live, %" PRIu64 " made\n",
		stats->device.sessions_live, stats->device.sessions_created);
	fprintf(out, "requests       %" PRIu64 ", %" PRIu64 " of them not OK\n",
		stats->device.requests, stats->errors);
	fprintf(out, "bytes          %" PRIu64 "\n", stats->device.bytes);
	fprintf(out, "upgrades       %" PRIu64 ", and %" PRIu64 " restarts\n", stats->vm.upgrades,
		stats->vm.restarts);
	fprintf(out, "service time   p50 %.1f us, p99 %.1f us, p99.9 %.1f us\n",
		(double)stats->service_ns[STATS_P50] / 1000,
		(double)stats->service_ns[STATS_P99] / 1000,
		(double)stats->service_ns[STATS_P999] / 1000);
}

static const char *run_status(const struct commands *c, const struct call *call, FILE *out)
{
	_cleanup_free_ struct stats *stats = calloc(1, sizeof(*stats));
	bool served = !vm_quiesced(c->vm);

	if (!stats)
		return "out of memory";
	c->gather(c->arg, stats);
	stats_derive(stats);
	if (!strcmp(call->words[0], "metrics"))
		metrics_print(stats, out);
	else if (!strcmp(call->words[0], "status"))
		call->json ? stats_print_status(stats, served, out)
			   : print_status(stats, served, out);
	else if (!strcmp(call->words[0], "counters") && !call->json)
		stats_print_lines(stats, out);
	else
		stats_print(stats, out);
	return NULL;
}

static void print_session(const struct vdev_session_entry *entry, struct json *json, FILE *out)
{
	const char *cipher = entry->cipher ? entry->cipher->name : NULL;
	const char *mac = entry->mac ? entry->mac->name : NULL;
	char id[17];

	(void)snprintf(id, sizeof(id), "%016" PRIx64, entry->id);
	if (!json) {
		fprintf(out, "%s %s%s%s\n", id, cipher ? cipher : "", cipher && mac ? " + " : "",
			mac ? mac : "");
		return;
	}
	json_begin(json, NULL, '{');
	json_string(json, "id", id);
	json_string(json, "cipher", cipher);
	json_string(json, "mac", mac);
	json_end(json);
}

static const char *run_sessions(const struct commands *c, const struct call *call, FILE *out)
{
	struct vdev_session_entry entries[SESSIONS_CHUNK];
	unsigned long max = DEFAULT_SESSIONS, listed = 0;
	struct json json = json_to(out, 1);
	uint32_t cursor = 0;
	size_t got;

	if (call->n > 1 && !cli_parse_number(call->words[1], 1, ULONG_MAX, &max))
		return "sessions: a number from 1 on is needed";
	if (call->json)
		json_begin(&json, NULL, '[');
	do {
		got = vdev_sessions(c->vm->device, &cursor, entries, SESSIONS_CHUNK);
		for (size_t i = 0; i < got && listed < max; i++, listed++)
			print_session(&entries[i], call->json ? &json : NULL, out);
	} while (got == SESSIONS_CHUNK && listed < max);
	if (call->json) {
		json_end(&json);
		fputc('\n', out);
	}
	return NULL;
}

static const char *run_engine(const struct commands *c, const struct call *call, FILE *out)
{
	eng_describe(vdev_engine(c->vm->device), out);
	return NULL;
}

/* "ops=1000:50" */
static const char *parse_setting(char *word, enum limit_kind *kind, struct limit *limit)
{
	char *value = strchr(word, '=');

	if (!value)
		return "limits set: KIND=RATE[:BURST] is needed";
	*value++ = '\0';
	for (*kind = 0; *kind < LIMIT_KINDS; (*kind)++)
		if (!strcmp(word, limit_name(*kind)))
			break;
	if (*kind == LIMIT_KINDS)
		return "limits set: there are ops, bytes and keys";
	if (!limit_parse(value, limit))
		return "limits set: RATE and BURST are numbers from 1 on, with K, M or G; a RATE "
		       "of none takes the limit away";
	return NULL;
}

/* All or none of them. */
static const char *set_limits(const struct commands *c, char *const words[], unsigned int n)
{
	struct limit limits[MAX_WORDS];
	enum limit_kind kinds[MAX_WORDS];
	unsigned int seen = 0;

	if (!n)
		return "limits set: KIND=RATE[:BURST] is needed";
	for (unsigned int i = 0; i < n; i++) {
		const char *error = parse_setting(words[i], &kinds[i], &limits[i]);

		if (error)
			return error;
		if (seen & 1u << kinds[i])
			return "limits set: one KIND is given twice";
		seen |= 1u << kinds[i];
	}
	for (unsigned int i = 0; i < n; i++)
		vm_set_limit(c->vm, kinds[i], limits[i]);
	return NULL;
}

static void print_limits(struct limits *limits, FILE *out)
{
	struct json json = json_to(out, 1);

	json_begin(&json, NULL, '{');
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		struct limit limit = limits_get(limits, kind);

		if (!limit.rate) {
			json_string(&json, limit_name(kind), NULL);
			continue;
		}
		json_begin(&json, limit_name(kind), '{');
		json_number(&json, "rate", limit.rate);
		json_number(&json, "burst", limit.burst);
		json_end(&json);
	}
	json_end(&json);
	fputc('\n', out);
}

static const char *run_limits(const struct commands *c, const struct call *call, FILE *out)
{
	if (call->n > 1) {
		const char *error = strcmp(call->words[1], "set")
					? "limits: only `limits set` can follow"
					: set_limits(c, call->words + 2, call->n - 2);

		if (error)
			return error;
	}
	if (call->json) {
		print_limits(&c->vm->limits, out);
		return NULL;
	}
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		struct limit limit = limits_get(&c->vm->limits, kind);

		print_rate(out, limit_name(kind), &limit);
	}
	return NULL;
}

/* The supervisor's command: here it comes only behind another one. */
static const char *run_upgrade(const struct commands *c, const struct call *call, FILE *out)
{
	return "upgrade: has to be the only command of a connection, one word";
}

static const struct command commands[] = {
    {"status", "what it is and how it does", 0, true, run_status},
    {"stats", "every counter, as JSON", 0, true, run_status},
    {"counters", "the same as lines", 0, true, run_status},
    {"metrics", "the same for Prometheus", 0, false, run_status},
    {"sessions", "[MAX]: the sessions there are", 1, true, run_sessions},
    {"engine", "what carries out what", 0, false, run_engine},
    {"limits", "[set KIND=RATE[:BURST]...]: limits; KIND is ops, bytes or keys", MAX_WORDS, true,
     run_limits},
    {"upgrade", "replace the worker by one of the program as it is on disk now", 0, false,
     run_upgrade},
    {"help", "this list", 0, false, run_help},
};

static const char *run_help(const struct commands *c, const struct call *call, FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "%-10s %s\n", commands[i].name, commands[i].help);
	return NULL;
}

/* The words of @line. Return: NULL or what is wrong. */
static const char *split(char *line, struct call *call)
{
	char *rest = line, *word;

	while ((word = strsep(&rest, " \t\r"))) {
		if (!*word)
			continue;
		if (!strcmp(word, "--json")) {
			call->json = true;
			continue;
		}
		if (call->n == MAX_WORDS)
			return "too many words";
		call->words[call->n++] = word;
	}
	return call->n ? NULL : "no command; try help";
}

const char *commands_run(void *arg, char *line, FILE *out)
{
	const struct commands *c = arg;
	struct call call = {0};
	const char *error = split(line, &call);

	if (error)
		return error;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, call.words[0]) != 0)
			continue;
		if (call.n - 1 > commands[i].most)
			return "there is a word too many behind the command; try help";
		if (call.json && !commands[i].json)
			return "there is no JSON of this command";
		/* What comes back is a string that stays, nothing of the call. */
		/* cppcheck-suppress returnDanglingLifetime */
		return commands[i].run(c, &call, out);
	}
	return "no such command; try help";
}
