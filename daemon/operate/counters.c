/* SPDX-License-Identifier: GPL-2.0-or-later */
/* counters.c - the counters of the daemon. See counters.h. */
#include "daemon/operate/counters.h"

#include <inttypes.h>

#include "common/json.h"
#include "common/util.h"

#define PREFIX "virtio_cryptodev_"

/**
 * struct counter - one number of struct stats, a uint64_t.
 * @name: in JSON and lines
 * @summary: the JSON of `status` has it, too
 * @offset: of the member
 * @metric: name for Prometheus, without PREFIX; NULL: it has none, or one with labels
 * @type: counter or gauge
 * @ns: in nanoseconds; the metric is in seconds
 * @help: for Prometheus
 */
struct counter {
	const char *name;
	bool summary;
	size_t offset;
	const char *metric;
	const char *type;
	bool ns;
	const char *help;
};

#define MEMBER(name) offsetof(struct stats, name)

static const struct counter counters[] = {
    {"up_s", true, MEMBER(up_s), "up_seconds", "gauge", false, "Time since the start."},
    {"queues", true, MEMBER(queues), "queues", "gauge", false, "Queues of the device."},
    {"workers", true, MEMBER(workers), "workers", "gauge", false, "Threads that serve them."},
    {"front_ends", false, MEMBER(front_ends), "front_ends_total", "counter", false,
     "Front ends that connected."},
    {"protocol_errors", false, MEMBER(protocol_errors), "protocol_errors_total", "counter", false,
     "Front ends that broke the protocol."},
    {"ring_errors", false, MEMBER(vm.ring_errors), "ring_errors_total", "counter", false,
     "Queues stopped because of a broken ring."},
    {"restarts", true, MEMBER(vm.restarts), "restarts_total", "counter", false,
     "Worker processes that died and were replaced."},
    {"upgrades", true, MEMBER(vm.upgrades), "upgrades_total", "counter", false,
     "Worker processes that were replaced on request."},
    {"published", false, MEMBER(vm.published), .metric = NULL},
    {"requests", true, MEMBER(device.requests), .metric = NULL},
    {"errors", true, MEMBER(errors), .metric = NULL},
    {"crypt", false, MEMBER(device.crypt), .metric = NULL},
    {"bytes", true, MEMBER(device.bytes), "processed_bytes_total", "counter", false,
     "Data bytes processed."},
    {"batches", false, MEMBER(device.batches), "batches_total", "counter", false,
     "Batches they were carried out in."},
    {"sessions_created", true, MEMBER(device.sessions_created), "sessions_created_total", "counter",
     false, "Sessions made."},
    {"sessions_live", true, MEMBER(device.sessions_live), "sessions", "gauge", false,
     "Sessions that exist."},
    {"kicks", false, MEMBER(vm.kicks), "kicks_total", "counter", false,
     "Notifications from the driver."},
    {"notifications", false, MEMBER(vm.notifications), "notifications_total", "counter", false,
     "Notifications to the driver."},
    {"sleeps", false, MEMBER(vm.sleeps), "sleeps_total", "counter", false,
     "Times that a worker went to sleep."},
    {"service_p50_ns", true, MEMBER(service_ns[STATS_P50]), .metric = NULL},
    {"service_p99_ns", true, MEMBER(service_ns[STATS_P99]), .metric = NULL},
    {"service_p999_ns", true, MEMBER(service_ns[STATS_P999]), .metric = NULL},
    {"limit_ops", false, MEMBER(limits[LIMIT_OPS].rate), .metric = NULL},
    {"limit_bytes", false, MEMBER(limits[LIMIT_BYTES].rate), .metric = NULL},
    {"limit_keys", false, MEMBER(limits[LIMIT_KEYS].rate), .metric = NULL},
    {"limit_waits", false, MEMBER(limit_waits), "limit_waits_total", "counter", false,
     "Times that a limit made a worker wait."},
    {"limit_waited_ns", false, MEMBER(limit_waited_ns), "limit_waited_seconds_total", "counter",
     true, "Time that limits made workers wait, of all workers."},
};

static uint64_t number_of(const struct stats *stats, const struct counter *counter)
{
	return *(const uint64_t *)(const void *)((const char *)stats + counter->offset);
}

void stats_derive(struct stats *stats)
{
	static const unsigned int per_mille[] = {500, 990, 999};

	stats->errors = stats->device.requests - stats->device.status[VCD_S_OK];
	for (unsigned int i = 0; i < STATS_PERCENTILES; i++)
		stats->service_ns[i] = latency_percentile(&stats->vm.latency, per_mille[i]);
}

/* What this process is; begins the object. */
static struct json print_identity(const struct stats *stats, FILE *file)
{
	struct json json = json_to(file, 2);

	json_begin(&json, NULL, '{');
	json_string(&json, "vm", stats->vm_name);
	json_string(&json, "version", VCD_VERSION);
	json_string(&json, "supervisor_version", stats->supervisor);
	json_string(&json, "engine", stats->engine);
	return json;
}

void stats_print_status(const struct stats *stats, bool served, FILE *file)
{
	struct json json = print_identity(stats, file);

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (counters[i].summary)
			json_number(&json, counters[i].name, number_of(stats, &counters[i]));
	json_bool(&json, "served", served);
	json_end(&json);
	fputc('\n', file);
}

void stats_print(const struct stats *stats, FILE *file)
{
	struct json json = print_identity(stats, file);

	json_begin(&json, "status", '{');
	for (unsigned int i = 0; i < VCD_S_COUNT; i++)
		json_number(&json, vdev_status_name(i), stats->device.status[i]);
	json_end(&json);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		json_number(&json, counters[i].name, number_of(stats, &counters[i]));
	json_end(&json);
	fputc('\n', file);
}

void stats_print_lines(const struct stats *stats, FILE *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		fprintf(file, "%s %" PRIu64 "\n", counters[i].name, number_of(stats, &counters[i]));
	for (unsigned int i = 0; i < VCD_S_COUNT; i++)
		fprintf(file, "status_%s %" PRIu64 "\n", vdev_status_name(i),
			stats->device.status[i]);
}

/* ---- Prometheus ----------------------------------------------------------------------- */

static void head(FILE *file, const char *name, const char *type, const char *help)
{
	fprintf(file, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* Name and labels of a sample, up to its value; @label may be "". */
static void begin(const struct stats *stats, FILE *file, const char *name, const char *label)
{
	fprintf(file, PREFIX "%s", name);
	if (stats->vm_name)
		fprintf(file, "{vm=\"%s\"%s%s} ", stats->vm_name, *label ? "," : "", label);
	else
		fprintf(file, *label ? "{%s} " : "%s ", label);
}

static void value(const struct stats *stats, FILE *file, const char *name, const char *label,
		  uint64_t value)
{
	begin(stats, file, name, label);
	fprintf(file, "%" PRIu64 "\n", value);
}

static void seconds(const struct stats *stats, FILE *file, const char *name, uint64_t ns)
{
	begin(stats, file, name, "");
	fprintf(file, "%.9f\n", (double)ns / 1e9);
}

/* A bucket for each power of two from 1 us to 1 s; finer ones are added up into these. */
static void print_latency(const struct stats *stats, FILE *file)
{
	const struct latency *latency = &stats->vm.latency;
	const char *bucket = "request_duration_seconds_bucket";
	uint64_t count = latency_count(latency), seen = 0;
	unsigned int i = 0;
	char label[64];

	head(file, "request_duration_seconds", "histogram",
	     "Time from when a request was taken off its ring to when it was answered.");
	for (unsigned int bits = 10; bits <= 30; bits++) {
		while (i < LATENCY_BUCKETS && latency_upper(i) < (UINT64_C(1) << bits))
			seen += latency->bucket[i++];
		(void)snprintf(label, sizeof(label), "le=\"%.9f\"",
			       (double)(UINT64_C(1) << bits) / 1e9);
		value(stats, file, bucket, label, seen);
	}
	value(stats, file, bucket, "le=\"+Inf\"", count);
	seconds(stats, file, "request_duration_seconds_sum", latency->sum_ns);
	value(stats, file, "request_duration_seconds_count", "", count);
}

/* Families whose samples have labels of their own. */
static void print_labelled(const struct stats *stats, FILE *file)
{
	char label[96];

	head(file, "info", "gauge", "What this process is.");
	(void)snprintf(label, sizeof(label), "version=\"%s\",engine=\"%s\"", VCD_VERSION,
		       stats->engine);
	value(stats, file, "info", label, 1);
	head(file, "requests_total", "counter", "Requests answered, by status.");
	for (unsigned int i = 0; i < VCD_S_COUNT; i++) {
		(void)snprintf(label, sizeof(label), "status=\"%s\"", vdev_status_name(i));
		value(stats, file, "requests_total", label, stats->device.status[i]);
	}
	head(file, "limit_per_second", "gauge", "Limits of the VM; 0: none.");
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		(void)snprintf(label, sizeof(label), "kind=\"%s\"", limit_name(kind));
		value(stats, file, "limit_per_second", label, stats->limits[kind].rate);
	}
}

void metrics_print(const struct stats *stats, FILE *file)
{
	print_labelled(stats, file);
	print_latency(stats, file);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct counter *c = &counters[i];

		if (!c->metric)
			continue;
		head(file, c->metric, c->type, c->help);
		if (c->ns)
			seconds(stats, file, c->metric, number_of(stats, c));
		else
			value(stats, file, c->metric, "", number_of(stats, c));
	}
}
