/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.c - what vcrypto-bench prints. A number without the machine it was
 * measured on is worth nothing, so that comes first.
 */
#include "tools/bench/report.h"

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "tools/bench/workload.h"

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

/* Load of the last minute: beside others, a measurement is worth less. */
static double load(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	double value = 0;

	if (file) {
		if (fscanf(file, "%lf", &value) != 1)
			value = 0;
		fclose(file);
	}
	return value;
}

void report_machine(FILE *file, double seconds)
{
	struct utsname uts = {0};
	char cpu[128];

	cpu_name(cpu, sizeof(cpu));
	(void)uname(&uts);
	fprintf(file, "machine   %s, %ld CPUs online, %s\n", uts.machine,
		sysconf(_SC_NPROCESSORS_ONLN), cpu);
	fprintf(file, "kernel    %s %s\n", uts.sysname, uts.release);
	fprintf(file, "libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION));
	fprintf(file, "load      %.2f before this run; %g s for each measurement\n\n", load(),
		seconds);
	fprintf(file, "%-8s %-10s %-17s %-7s %8s %5s %3s %5s %11s %9s %9s %9s %10s\n", "mode",
		"engine", "algorithm", "op", "size", "depth", "thr", "sess", "op/s", "MB/s",
		"p50 us", "p99 us", "cpu ns/op");
}

static double ops_per_s(const struct bench *bench)
{
	return ratio_of((double)bench->total.ops * 1e9, (double)bench->total.ns);
}

static double cpu_per_op(const struct bench *bench)
{
	return ratio_of((double)bench->total.cpu_ns, (double)bench->total.ops);
}

static double worker_per_op(const struct bench *bench)
{
	return ratio_of((double)bench->total.worker_cpu_ns, (double)bench->total.ops);
}

static double us(uint64_t ns)
{
	return (double)ns / 1e3;
}

void report_result(FILE *file, const struct bench *bench, bool details)
{
	const struct workload *work = &bench->work;
	const struct histogram *h = &bench->total.latency;

	fprintf(file, "%-8s %-10s %-17s %-7s %8u %5u %3u %5u %11.0f %9.1f %9.2f %9.2f %10.0f\n",
		bench->mode->name, bench->engine_name, work->name, workload_op_name(work),
		work->size, work->depth, work->threads, work->sessions, ops_per_s(bench),
		ops_per_s(bench) * work->size / 1e6, us(histogram_percentile(h, 50)),
		us(histogram_percentile(h, 99)), cpu_per_op(bench));
	if (!details)
		return;
	fprintf(file,
		"         us: min %.2f, p10 %.2f, p90 %.2f, p99.9 %.2f, p99.99 %.2f, max %.2f, "
		"mean %.2f\n",
		us(h->min), us(histogram_percentile(h, 10)), us(histogram_percentile(h, 90)),
		us(histogram_percentile(h, 99.9)), us(histogram_percentile(h, 99.99)), us(h->max),
		histogram_mean(h) / 1e3);
	if (bench->mode->worker)
		fprintf(file, "         worker: %.0f cpu ns/op, %.1f MiB\n", worker_per_op(bench),
			(double)bench->worker_memory / (1 << 20));
}

static void print_spread(FILE *file, const char *what, const struct spread *spread)
{
	fprintf(file, "  %-8s %8.3f   half of the pairs %.3f to %.3f, all %.3f to %.3f\n", what,
		spread->median, spread->low, spread->high, spread->min, spread->max);
}

void report_ratios(FILE *file, const char *a, const char *b, const struct bench *first,
		   const struct ratios *ratios)
{
	fprintf(file, "%s / %s at %u bytes: %.3f (median of %u pairs)\n", a, b, first->work.size,
		ratios->ops.median, ratios->ops.count);
	print_spread(file, "op/s", &ratios->ops);
	print_spread(file, "p50", &ratios->p50);
	print_spread(file, "cpu/op", &ratios->cpu);
	print_spread(file, "op/cpu s", &ratios->busy);
}

void report_string(FILE *file, const char *text)
{
	const unsigned char *p;

	fputc('"', file);
	for (p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(file, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(file, "\\u%04x", *p);
		else
			fputc(*p, file);
	}
	fputc('"', file);
}

static void json_details(FILE *file, const struct bench *bench)
{
	const struct workload *work = &bench->work;
	const struct histogram *h = &bench->total.latency;

	fprintf(file, ",\"submit\":\"%s\",\"aad\":%u,\"tag\":%u,\"poll_us\":%u,\"spin_us\":%u",
		workload_submit_name(work->submit), work->aad_len, work->tag_len,
		bench->target.poll_us, bench->target.spin_us);
	fprintf(file,
		",\"min_ns\":%" PRIu64 ",\"p10_ns\":%" PRIu64 ",\"p90_ns\":%" PRIu64
		",\"p999_ns\":%" PRIu64 ",\"p9999_ns\":%" PRIu64 ",\"max_ns\":%" PRIu64
		",\"mean_ns\":%.1f",
		h->min, histogram_percentile(h, 10), histogram_percentile(h, 90),
		histogram_percentile(h, 99.9), histogram_percentile(h, 99.99), h->max,
		histogram_mean(h));
	fprintf(file, ",\"worker_cpu_ns_per_op\":%.1f,\"worker_memory\":%" PRIu64,
		worker_per_op(bench), bench->worker_memory);
}

/* What says which measurement this is. */
static void json_head(FILE *file, const struct bench *bench)
{
	const struct workload *work = &bench->work;

	fprintf(file, "{\"mode\":\"%s\",\"alg\":\"%s\",\"op\":\"%s\",\"size\":%u,\"depth\":%u,",
		bench->mode->name, work->name, workload_op_name(work), work->size, work->depth);
	fprintf(file, "\"threads\":%u,\"sessions\":%u,\"engine\":", work->threads, work->sessions);
	report_string(file, bench->engine_name);
}

void report_json(FILE *file, const struct bench *bench, bool details)
{
	const struct histogram *h = &bench->total.latency;

	json_head(file, bench);
	fprintf(file,
		",\"ops_per_s\":%.1f,\"bytes_per_s\":%.1f,\"p50_ns\":%" PRIu64
		",\"p99_ns\":%" PRIu64 ",\"cpu_ns_per_op\":%.1f",
		ops_per_s(bench), ops_per_s(bench) * bench->work.size, histogram_percentile(h, 50),
		histogram_percentile(h, 99), cpu_per_op(bench));
	if (details)
		json_details(file, bench);
	fputs("}\n", file);
}

static void json_spread(FILE *file, const char *name, const struct spread *spread)
{
	fprintf(file, ",\"%s\":{\"median\":%.4f,\"q1\":%.4f,\"q3\":%.4f,\"min\":%.4f,\"max\":%.4f}",
		name, spread->median, spread->low, spread->high, spread->min, spread->max);
}

void report_ratios_json(FILE *file, const char *a, const char *b, const struct bench *first,
			const struct ratios *ratios)
{
	fputs("{\"compare\":", file);
	report_string(file, a);
	fputs(",\"vs\":", file);
	report_string(file, b);
	fprintf(file, ",\"alg\":\"%s\",\"op\":\"%s\",\"size\":%u,\"pairs\":%u", first->work.name,
		workload_op_name(&first->work), first->work.size, ratios->ops.count);
	json_spread(file, "ops_ratio", &ratios->ops);
	json_spread(file, "p50_ratio", &ratios->p50);
	json_spread(file, "cpu_ratio", &ratios->cpu);
	json_spread(file, "busy_ratio", &ratios->busy);
	fputs("}\n", file);
}

void report_histogram(FILE *file, const struct bench *bench)
{
	json_head(file, bench);
	fputs(",\"latency_ns\":", file);
	histogram_write_json(&bench->total.latency, file);
	fputs("}\n", file);
}
