/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.c - the counters in the text format of Prometheus. See metrics.h. */
#include "daemon/metrics.h"

#include <inttypes.h>

#include "daemon/util.h"

#define PREFIX "virtio_cryptodev_"

static void head(FILE *file, const char *name, const char *type, const char *help)
{
	fprintf(file, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void one(FILE *file, const char *name, const char *type, const char *help, uint64_t value)
{
	head(file, name, type, help);
	fprintf(file, PREFIX "%s %" PRIu64 "\n", name, value);
}

static void print_requests(const struct stats *stats, FILE *file)
{
	head(file, "requests_total", "counter", "Requests answered, by status.");
	for (unsigned int i = 0; i < VCD_S_COUNT; i++)
		fprintf(file, PREFIX "requests_total{status=\"%s\"} %" PRIu64 "\n",
			vcd_status_name(i), stats->device.status[i]);
}

/* A bucket for each power of two from 1 us to 1 s; finer ones are added up into these. */
static void print_latency(const struct latency *latency, FILE *file)
{
	const char *name = "request_duration_seconds";
	uint64_t count = latency_count(latency), seen = 0;
	unsigned int i = 0;

	head(file, name, "histogram",
	     "Time from when a request was taken off its ring to when it was answered.");
	for (unsigned int bits = 10; bits <= 30; bits++) {
		while (i < LATENCY_BUCKETS && latency_upper(i) < (UINT64_C(1) << bits))
			seen += latency->bucket[i++];
		fprintf(file, PREFIX "%s_bucket{le=\"%.9f\"} %" PRIu64 "\n", name,
			(double)(UINT64_C(1) << bits) / 1e9, seen);
	}
	fprintf(file, PREFIX "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
	fprintf(file, PREFIX "%s_sum %.9f\n", name, (double)latency->sum_ns / 1e9);
	fprintf(file, PREFIX "%s_count %" PRIu64 "\n", name, count);
}

static void print_limits(const struct stats *stats, FILE *file)
{
	head(file, "limit_per_second", "gauge", "Limits of the VM; 0: none.");
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++)
		fprintf(file, PREFIX "limit_per_second{kind=\"%s\"} %" PRIu64 "\n",
			limit_name(kind), stats->limits[kind].rate);
	one(file, "limit_waits_total", "counter", "Times that a limit made a worker wait.",
	    stats->limit_waits);
	head(file, "limit_waited_seconds_total", "counter", "For how long, of all workers.");
	fprintf(file, PREFIX "limit_waited_seconds_total %.9f\n",
		(double)stats->limit_waited_ns / 1e9);
}

void metrics_print(const struct stats *stats, FILE *file)
{
	const struct backend_stats *backend = &stats->backend;

	head(file, "info", "gauge", "What this process is.");
	fprintf(file, PREFIX "info{version=\"%s\",engine=\"%s\"} 1\n", VCD_VERSION, stats->engine);
	one(file, "up_seconds", "gauge", "Time since the start.", stats->up_s);
	one(file, "queues", "gauge", "Queues of the device.", stats->queues);
	one(file, "workers", "gauge", "Threads that serve them.", stats->workers);
	print_requests(stats, file);
	one(file, "processed_bytes_total", "counter", "Data bytes processed.", stats->device.bytes);
	one(file, "batches_total", "counter", "Batches they were carried out in.",
	    stats->device.batches);
	print_latency(&backend->latency, file);
	one(file, "sessions", "gauge", "Sessions there are.", stats->device.sessions_live);
	one(file, "sessions_created_total", "counter", "Sessions made.",
	    stats->device.sessions_created);
	one(file, "kicks_total", "counter", "Notifications from the driver.", backend->kicks);
	one(file, "notifications_total", "counter", "Notifications to the driver.",
	    backend->notifications);
	one(file, "sleeps_total", "counter", "Times that a worker went to sleep.", backend->sleeps);
	one(file, "ring_errors_total", "counter", "Queues stopped because of a broken ring.",
	    backend->ring_errors);
	one(file, "front_ends_total", "counter", "Front ends that connected.", stats->front_ends);
	one(file, "protocol_errors_total", "counter", "Front ends that broke the protocol.",
	    stats->protocol_errors);
	one(file, "restarts_total", "counter", "Worker processes that died and were replaced.",
	    backend->restarts);
	one(file, "upgrades_total", "counter", "Worker processes that were replaced on request.",
	    backend->upgrades);
	print_limits(stats, file);
}
