/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.c - what vcrypto-bench prints. A number without the machine it was
 * measured on is worth nothing, so that comes first.
 */
#include "tools/bench/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/crypto.h>

static const char *op_name(const struct workload *work)
{
	return work->decrypt ? "decrypt" : "encrypt";
}

/* "model name" of the first CPU. */
static void cpu_name(char *name, size_t size)
{
	char line[256];
	FILE *file = fopen("/proc/cpuinfo", "re");

	(void)snprintf(name, size, "unknown CPU");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		(void)snprintf(name, size, "%s", colon + 2);
		break;
	}
	fclose(file);
}

void report_machine(const struct workload *work, double seconds)
{
	struct utsname uts = {0};
	char cpu[128];

	cpu_name(cpu, sizeof(cpu));
	(void)uname(&uts);
	printf("machine   %s, %ld CPUs online, %s\n", uts.machine, sysconf(_SC_NPROCESSORS_ONLN),
	       cpu);
	printf("kernel    %s %s\n", uts.sysname, uts.release);
	printf("libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION));
	printf("workload  %s %s, depth %u, threads %u, sessions %u, %g s each\n\n", work->name,
	       op_name(work), work->depth, work->threads, work->sessions, seconds);
	printf("%-8s %-10s %8s %6s %12s %10s %10s %10s %11s\n", "mode", "engine", "size", "depth",
	       "op/s", "MB/s", "p50 us", "p99 us", "cpu ns/op");
}

static double ops_per_s(const struct bench *bench)
{
	return bench->total.ns ? (double)bench->total.ops * 1e9 / (double)bench->total.ns : 0;
}

static double cpu_per_op(const struct bench *bench)
{
	return bench->total.ops ? (double)bench->total.cpu_ns / (double)bench->total.ops : 0;
}

void report_result(const struct bench *bench)
{
	const struct workload *work = &bench->work;
	const struct histogram *latency = &bench->total.latency;

	printf("%-8s %-10s %8u %6u %12.0f %10.1f %10.2f %10.2f %11.0f\n", bench->mode->name,
	       bench->engine_name, work->size, work->depth, ops_per_s(bench),
	       ops_per_s(bench) * work->size / 1e6, (double)histogram_percentile(latency, 50) / 1e3,
	       (double)histogram_percentile(latency, 99) / 1e3, cpu_per_op(bench));
}

void report_ratio(const struct bench *a, const struct bench *b, const struct spread *spread)
{
	printf("%s / %s at %u bytes: %.3f (median of %u pairs, %.3f to %.3f)\n", a->mode->name,
	       b->mode->name, a->work.size, spread->median, spread->pairs, spread->min,
	       spread->max);
}

void report_json(const struct bench *bench)
{
	const struct workload *work = &bench->work;
	const struct histogram *latency = &bench->total.latency;

	/* All names are ours or were looked up in our tables: nothing to escape. */
	printf("{\"mode\":\"%s\",\"alg\":\"%s\",\"op\":\"%s\",\"size\":%u,\"depth\":%u,"
	       "\"threads\":%u,\"sessions\":%u,\"engine\":\"%s\",\"ops_per_s\":%.1f,"
	       "\"bytes_per_s\":%.1f,\"p50_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64
	       ",\"cpu_ns_per_op\":%.1f}\n",
	       bench->mode->name, work->name, op_name(work), work->size, work->depth, work->threads,
	       work->sessions, bench->engine_name, ops_per_s(bench), ops_per_s(bench) * work->size,
	       histogram_percentile(latency, 50), histogram_percentile(latency, 99),
	       cpu_per_op(bench));
}
