/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - the counters of the daemon as a JSON file.
 *
 * The file is written beside its place and then renamed, so that a reader finds
 * either the former object or the new one, whole.
 */
#include "daemon/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/util.h"

static void print_status(const struct vcd_device_stats *device, FILE *file)
{
	unsigned int i;

	fputs("  \"status\": {", file);
	for (i = 0; i < VCD_S_COUNT; i++)
		fprintf(file, "%s\n    \"%s\": %" PRIu64, i ? "," : "", vcd_status_name(i),
			device->status[i]);
	fputs("\n  },\n", file);
}

void stats_print(const struct stats *stats, FILE *file)
{
	const struct vcd_device_stats *device = &stats->device;
	const struct {
		const char *name;
		uint64_t value;
	} counters[] = {
	    {"queues", stats->queues},
	    {"workers", stats->workers},
	    {"front_ends", stats->front_ends},
	    {"protocol_errors", stats->protocol_errors},
	    {"ring_errors", stats->backend.ring_errors},
	    {"requests", device->requests},
	    {"errors", device->requests - device->status[VCD_S_OK]},
	    {"crypt", device->crypt},
	    {"bytes", device->bytes},
	    {"batches", device->batches},
	    {"sessions_created", device->sessions_created},
	    {"sessions_live", device->sessions_live},
	    {"kicks", stats->backend.kicks},
	    {"notifications", stats->backend.notifications},
	    {"sleeps", stats->backend.sleeps},
	};
	size_t i;

	/* The engine's name is one of our own words: nothing to escape. */
	fprintf(file, "{\n  \"version\": \"%s\",\n  \"engine\": \"%s\",\n", VCD_VERSION,
		stats->engine);
	print_status(device, file);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		fprintf(file, "  \"%s\": %" PRIu64 "%s\n", counters[i].name, counters[i].value,
			i + 1 < ARRAY_SIZE(counters) ? "," : "");
	fputs("}\n", file);
}

int stats_write(const struct stats *stats, const char *path)
{
	_cleanup_free_ char *temporary = NULL;
	bool failed;
	FILE *file;
	int err;

	if (asprintf(&temporary, "%s.%ld.tmp", path, (long)getpid()) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	file = fopen(temporary, "we");
	if (!file)
		return -errno;
	stats_print(stats, file);
	failed = ferror(file);
	if (fclose(file) || failed || rename(temporary, path) < 0) {
		err = errno ? -errno : -EIO;
		unlink(temporary);
		return err;
	}
	return 0;
}
