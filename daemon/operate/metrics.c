/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.c - the counters in the text format of Prometheus. See metrics.h. */
#include "daemon/operate/metrics.h"

#include <inttypes.h>

#include "common/util.h"

#define PREFIX "virtio_cryptodev_"

/**
 * struct out - where metrics go.
 * @file: there
 * @vm: name of the virtual machine, which is then a label of each, or NULL
 */
struct out {
	FILE *file;
	const char *vm;
};

static void head(const struct out *out, const char *name, const char *type, const char *help)
{
	fprintf(out->file, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
		type);
}

/* Name and labels of a sample, up to its value; @label may be "". */
static void begin(const struct out *out, const char *name, const char *label)
{
	fprintf(out->file, PREFIX "%s", name);
	if (out->vm)
		fprintf(out->file, "{vm=\"%s\"%s%s} ", out->vm, *label ? "," : "", label);
	else
		fprintf(out->file, *label ? "{%s} " : "%s ", label);
}

static void value(const struct out *out, const char *name, const char *label, uint64_t value)
{
	begin(out, name, label);
	fprintf(out->file, "%" PRIu64 "\n", value);
}

static void seconds(const struct out *out, const char *name, uint64_t ns)
{
	begin(out, name, "");
	fprintf(out->file, "%.9f\n", (double)ns / 1e9);
}

static void one(const struct out *out, const char *name, const char *type, const char *help,
		uint64_t number)
{
	head(out, name, type, help);
	value(out, name, "", number);
}

static void print_requests(const struct stats *stats, const struct out *out)
{
	char label[64];

	head(out, "requests_total", "counter", "Requests answered, by status.");
	for (unsigned int i = 0; i < VCD_S_COUNT; i++) {
		(void)snprintf(label, sizeof(label), "status=\"%s\"", vdev_status_name(i));
		value(out, "requests_total", label, stats->device.status[i]);
	}
}

/* A bucket for each power of two from 1 us to 1 s; finer ones are added up into these. */
static void print_latency(const struct latency *latency, const struct out *out)
{
	const char *name = "request_duration_seconds";
	const char *bucket = "request_duration_seconds_bucket";
	uint64_t count = latency_count(latency), seen = 0;
	unsigned int i = 0;
	char label[64];

	head(out, name, "histogram",
	     "Time from when a request was taken off its ring to when it was answered.");
	for (unsigned int bits = 10; bits <= 30; bits++) {
		while (i < LATENCY_BUCKETS && latency_upper(i) < (UINT64_C(1) << bits))
			seen += latency->bucket[i++];
		(void)snprintf(label, sizeof(label), "le=\"%.9f\"",
			       (double)(UINT64_C(1) << bits) / 1e9);
		value(out, bucket, label, seen);
	}
	value(out, bucket, "le=\"+Inf\"", count);
	seconds(out, "request_duration_seconds_sum", latency->sum_ns);
	value(out, "request_duration_seconds_count", "", count);
}

static void print_limits(const struct stats *stats, const struct out *out)
{
	char label[64];

	head(out, "limit_per_second", "gauge", "Limits of the VM; 0: none.");
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		(void)snprintf(label, sizeof(label), "kind=\"%s\"", limit_name(kind));
		value(out, "limit_per_second", label, stats->limits[kind].rate);
	}
	one(out, "limit_waits_total", "counter", "Times that a limit made a worker wait.",
	    stats->limit_waits);
	head(out, "limit_waited_seconds_total", "counter", "For how long, of all workers.");
	seconds(out, "limit_waited_seconds_total", stats->limit_waited_ns);
}

void metrics_print(const struct stats *stats, FILE *file)
{
	const struct vm_stats *vm = &stats->vm;
	const struct out out = {.file = file, .vm = stats->vm_name};
	char label[96];

	head(&out, "info", "gauge", "What this process is.");
	(void)snprintf(label, sizeof(label), "version=\"%s\",engine=\"%s\"", VCD_VERSION,
		       stats->engine);
	value(&out, "info", label, 1);
	one(&out, "up_seconds", "gauge", "Time since the start.", stats->up_s);
	one(&out, "queues", "gauge", "Queues of the device.", stats->queues);
	one(&out, "workers", "gauge", "Threads that serve them.", stats->workers);
	print_requests(stats, &out);
	one(&out, "processed_bytes_total", "counter", "Data bytes processed.", stats->device.bytes);
	one(&out, "batches_total", "counter", "Batches they were carried out in.",
	    stats->device.batches);
	print_latency(&vm->latency, &out);
	one(&out, "sessions", "gauge", "Sessions there are.", stats->device.sessions_live);
	one(&out, "sessions_created_total", "counter", "Sessions made.",
	    stats->device.sessions_created);
	one(&out, "kicks_total", "counter", "Notifications from the driver.", vm->kicks);
	one(&out, "notifications_total", "counter", "Notifications to the driver.",
	    vm->notifications);
	one(&out, "sleeps_total", "counter", "Times that a worker went to sleep.", vm->sleeps);
	one(&out, "ring_errors_total", "counter", "Queues stopped because of a broken ring.",
	    vm->ring_errors);
	one(&out, "front_ends_total", "counter", "Front ends that connected.", stats->front_ends);
	one(&out, "protocol_errors_total", "counter", "Front ends that broke the protocol.",
	    stats->protocol_errors);
	one(&out, "restarts_total", "counter", "Worker processes that died and were replaced.",
	    vm->restarts);
	one(&out, "upgrades_total", "counter", "Worker processes that were replaced on request.",
	    vm->upgrades);
	print_limits(stats, &out);
}
