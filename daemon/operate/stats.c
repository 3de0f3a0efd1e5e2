/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - the counters of the daemon, as text.
 */
#include "daemon/operate/stats.h"

#include <inttypes.h>
#include <string.h>

#include "common/escape.h"
#include "common/util.h"

/** Most counters of collect(). */
#define MAX_COUNTERS 40

struct counter {
	const char *name;
	uint64_t value;
};

static void print_status(const struct vdev_stats *device, FILE *file)
{
	unsigned int i;

	fputs("  \"status\": {", file);
	for (i = 0; i < VCD_S_COUNT; i++)
		fprintf(file, "%s\n    \"%s\": %" PRIu64, i ? "," : "", vdev_status_name(i),
			device->status[i]);
	fputs("\n  },\n", file);
}

/* Everything that is one number. Return: how many. */
static size_t collect(const struct stats *stats, struct counter counters[MAX_COUNTERS])
{
	const struct vdev_stats *device = &stats->device;
	const struct vm_stats *vm = &stats->vm;
	const struct counter all[] = {
	    {"up_s", stats->up_s},
	    {"queues", stats->queues},
	    {"workers", stats->workers},
	    {"front_ends", stats->front_ends},
	    {"protocol_errors", stats->protocol_errors},
	    {"ring_errors", vm->ring_errors},
	    {"restarts", vm->restarts},
	    {"upgrades", vm->upgrades},
	    {"published", vm->published},
	    {"requests", device->requests},
	    {"errors", device->requests - device->status[VCD_S_OK]},
	    {"crypt", device->crypt},
	    {"bytes", device->bytes},
	    {"batches", device->batches},
	    {"sessions_created", device->sessions_created},
	    {"sessions_live", device->sessions_live},
	    {"kicks", vm->kicks},
	    {"notifications", vm->notifications},
	    {"sleeps", vm->sleeps},
	    {"service_p50_ns", latency_percentile(&vm->latency, 500)},
	    {"service_p99_ns", latency_percentile(&vm->latency, 990)},
	    {"service_p999_ns", latency_percentile(&vm->latency, 999)},
	    {"limit_ops", stats->limits[LIMIT_OPS].rate},
	    {"limit_bytes", stats->limits[LIMIT_BYTES].rate},
	    {"limit_keys", stats->limits[LIMIT_KEYS].rate},
	    {"limit_waits", stats->limit_waits},
	    {"limit_waited_ns", stats->limit_waited_ns},
	};

	_Static_assert(ARRAY_SIZE(all) <= MAX_COUNTERS, "room for them");
	memcpy(counters, all, sizeof(all));
	return ARRAY_SIZE(all);
}

/* What this process is: version and engine are words of our own, nothing to escape. */
static void print_identity(const struct stats *stats, FILE *file)
{
	fputs("  \"vm\": ", file);
	escape_json(stats->vm_name, file);
	fprintf(file, ",\n  \"version\": \"%s\",\n  \"supervisor_version\": ", VCD_VERSION);
	escape_json(stats->supervisor, file);
	fprintf(file, ",\n  \"engine\": \"%s\",\n", stats->engine);
}

void stats_print_status(const struct stats *stats, bool served, FILE *file)
{
	static const char *const shown[] = {
	    "up_s",
	    "queues",
	    "workers",
	    "sessions_live",
	    "sessions_created",
	    "requests",
	    "errors",
	    "bytes",
	    "restarts",
	    "upgrades",
	    "service_p50_ns",
	    "service_p99_ns",
	    "service_p999_ns",
	};
	struct counter counters[MAX_COUNTERS];
	size_t n = collect(stats, counters);

	fputs("{\n", file);
	print_identity(stats, file);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(shown); j++)
			if (!strcmp(counters[i].name, shown[j]))
				fprintf(file, "  \"%s\": %" PRIu64 ",\n", counters[i].name,
					counters[i].value);
	fprintf(file, "  \"served\": %s\n}\n", served ? "true" : "false");
}

void stats_print(const struct stats *stats, FILE *file)
{
	struct counter counters[MAX_COUNTERS];
	size_t n = collect(stats, counters);

	fputs("{\n", file);
	print_identity(stats, file);
	print_status(&stats->device, file);
	for (size_t i = 0; i < n; i++)
		fprintf(file, "  \"%s\": %" PRIu64 "%s\n", counters[i].name, counters[i].value,
			i + 1 < n ? "," : "");
	fputs("}\n", file);
}

void stats_print_lines(const struct stats *stats, FILE *file)
{
	struct counter counters[MAX_COUNTERS];
	size_t n = collect(stats, counters);

	for (size_t i = 0; i < n; i++)
		fprintf(file, "%s %" PRIu64 "\n", counters[i].name, counters[i].value);
	for (unsigned int i = 0; i < VCD_S_COUNT; i++)
		fprintf(file, "status_%s %" PRIu64 "\n", vdev_status_name(i),
			stats->device.status[i]);
}
