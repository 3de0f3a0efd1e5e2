/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - what can be asked of a running daemon. See commands.h. */
#include "daemon/commands.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/backend.h"
#include "daemon/metrics.h"
#include "daemon/util.h"

/** Words of a command. */
#define MAX_WORDS 8

/** Sessions listed when no number is given, and fetched at a time. */
#define DEFAULT_SESSIONS 1000
#define SESSIONS_CHUNK 64

struct command {
	const char *name;
	const char *help;
	const char *(*run)(const struct commands *c, char *const words[], unsigned int n,
			   FILE *out);
};

static const char *run_help(const struct commands *c, char *const words[], unsigned int n,
			    FILE *out);

static void print_rate(FILE *out, const char *name, const struct limit *limit)
{
	if (limit->rate)
		fprintf(out, "%s %" PRIu64 "/s, burst %" PRIu64 "\n", name, limit->rate,
			limit->burst);
	else
		fprintf(out, "%s none\n", name);
}

static const char *run_status(const struct commands *c, char *const words[], unsigned int n,
			      FILE *out)
{
	_cleanup_free_ struct stats *stats = calloc(1, sizeof(*stats));
	const struct latency *latency;

	if (!stats)
		return "out of memory";
	c->gather(c->arg, stats);
	latency = &stats->backend.latency;
	fprintf(out, "version        %s\nengine         %s\n", VCD_VERSION, stats->engine);
	if (stats->vm_name)
		fprintf(out, "vm             %s\n", stats->vm_name);
	fprintf(out, "up             %" PRIu64 " s\n", stats->up_s);
	fprintf(out, "front end      %s\n",
		backend_quiesced(c->backend) ? "no queue is served" : "queues are served");
	fprintf(out, "queues         %u, served by %u workers\n", stats->queues, stats->workers);
	fprintf(out, "sessions       %" PRIu64 " live, %" PRIu64 " made\n",
		stats->device.sessions_live, stats->device.sessions_created);
	fprintf(out, "requests       %" PRIu64 ", %" PRIu64 " of them not OK\n",
		stats->device.requests, stats->device.requests - stats->device.status[VCD_S_OK]);
	fprintf(out, "bytes          %" PRIu64 "\n", stats->device.bytes);
	fprintf(out, "service time   p50 %.1f us, p99 %.1f us, p99.9 %.1f us\n",
		(double)latency_percentile(latency, 500) / 1000,
		(double)latency_percentile(latency, 990) / 1000,
		(double)latency_percentile(latency, 999) / 1000);
	return NULL;
}

static const char *run_stats(const struct commands *c, char *const words[], unsigned int n,
			     FILE *out)
{
	_cleanup_free_ struct stats *stats = calloc(1, sizeof(*stats));

	if (!stats)
		return "out of memory";
	c->gather(c->arg, stats);
	if (!strcmp(words[0], "metrics"))
		metrics_print(stats, out);
	else if (!strcmp(words[0], "counters"))
		stats_print_lines(stats, out);
	else
		stats_print(stats, out);
	return NULL;
}

static bool parse_count(const char *text, unsigned long *ret)
{
	char *end;

	*ret = strtoul(text, &end, 10);
	return end != text && !*end && *text != '-' && *ret;
}

static const char *run_sessions(const struct commands *c, char *const words[], unsigned int n,
				FILE *out)
{
	struct vcd_session_entry entries[SESSIONS_CHUNK];
	unsigned long max = DEFAULT_SESSIONS, listed = 0;
	uint32_t cursor = 0;
	size_t got;

	if (n > 1 && !parse_count(words[1], &max))
		return "sessions: a number is needed";
	do {
		got = vcd_device_sessions(c->backend->device, &cursor, entries, SESSIONS_CHUNK);
		for (size_t i = 0; i < got && listed < max; i++, listed++) {
			const struct vcd_session_entry *e = &entries[i];

			fprintf(out, "%016" PRIx64 " %s%s%s\n", e->id,
				e->cipher ? e->cipher->name : "", e->cipher && e->mac ? " + " : "",
				e->mac ? e->mac->name : "");
		}
	} while (got == SESSIONS_CHUNK && listed < max);
	return NULL;
}

static const char *run_engine(const struct commands *c, char *const words[], unsigned int n,
			      FILE *out)
{
	vcd_engine_describe(vcd_device_engine(c->backend->device), out);
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
		return "limits set: a rate is a number with K, M or G behind it, or none";
	return NULL;
}

/* All or none of them. */
static const char *set_limits(const struct commands *c, char *const words[], unsigned int n)
{
	struct limit limits[MAX_WORDS];
	enum limit_kind kinds[MAX_WORDS];

	if (!n)
		return "limits set: KIND=RATE[:BURST] is needed";
	for (unsigned int i = 0; i < n; i++) {
		const char *error = parse_setting(words[i], &kinds[i], &limits[i]);

		if (error)
			return error;
	}
	for (unsigned int i = 0; i < n; i++)
		backend_set_limit(c->backend, kinds[i], limits[i]);
	return NULL;
}

static const char *run_limits(const struct commands *c, char *const words[], unsigned int n,
			      FILE *out)
{
	if (n > 1) {
		const char *error = strcmp(words[1], "set") ? "limits: only `limits set` can follow"
							    : set_limits(c, words + 2, n - 2);

		if (error)
			return error;
	}
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		struct limit limit = limits_get(&c->backend->limits, kind);

		print_rate(out, limit_name(kind), &limit);
	}
	return NULL;
}

/* The supervisor's command: here it comes only behind another one. */
static const char *run_upgrade(const struct commands *c, char *const words[], unsigned int n,
			       FILE *out)
{
	return "upgrade: has to be the only command of a connection, one word";
}

static const struct command commands[] = {
    {"status", "what it is and how it does", run_status},
    {"stats", "every counter, as JSON", run_stats},
    {"counters", "the same as lines", run_stats},
    {"metrics", "the same for Prometheus", run_stats},
    {"sessions", "[MAX]: the sessions there are", run_sessions},
    {"engine", "what carries out what", run_engine},
    {"limits", "[set KIND=RATE[:BURST]...]: limits; KIND is ops, bytes or keys", run_limits},
    {"upgrade", "replace the worker by one of the program as it is on disk now", run_upgrade},
    {"help", "this list", run_help},
};

static const char *run_help(const struct commands *c, char *const words[], unsigned int n,
			    FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "%-10s %s\n", commands[i].name, commands[i].help);
	return NULL;
}

const char *commands_run(void *arg, char *line, FILE *out)
{
	const struct commands *c = arg;
	char *words[MAX_WORDS], *rest = line, *word;
	unsigned int n = 0;

	while ((word = strsep(&rest, " \t\r"))) {
		if (!*word)
			continue;
		if (n == MAX_WORDS)
			return "too many words";
		words[n++] = word;
	}
	if (!n)
		return "no command; try help";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, words[0]))
			return commands[i].run(c, words, n, out);
	return "no such command; try help";
}
