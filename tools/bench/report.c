/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.c - what vcrypto-bench prints. A number without the machine it was
 * measured on is worth nothing, so that comes first.
 */
#include "tools/bench/report.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/json.h"
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
	fprintf(file, "%s / %s ", a, b);
	if (first->work.sign)
		fprintf(file, "with %s", first->work.name);
	else
		fprintf(file, "at %u bytes", first->work.size);
	fprintf(file, ": %.3f (median of %u pairs)\n", ratios->ops.median, ratios->ops.count);
	print_spread(file, "op/s", &ratios->ops);
	print_spread(file, "p50", &ratios->p50);
	print_spread(file, "cpu/op", &ratios->cpu);
	print_spread(file, "op/cpu s", &ratios->busy);
}

static void json_details(struct json *json, const struct bench *bench)
{
	const struct workload *work = &bench->work;
	const struct histogram *h = &bench->total.latency;

	json_string(json, "submit", workload_submit_name(work->submit));
	json_number(json, "aad", work->aad_len);
	json_number(json, "tag", work->tag_len);
	json_number(json, "poll_us", bench->target.poll_us);
	json_number(json, "spin_us", bench->target.spin_us);
	json_number(json, "min_ns", h->min);
	json_number(json, "p10_ns", histogram_percentile(h, 10));
	json_number(json, "p90_ns", histogram_percentile(h, 90));
	json_number(json, "p999_ns", histogram_percentile(h, 99.9));
	json_number(json, "p9999_ns", histogram_percentile(h, 99.99));
	json_number(json, "max_ns", h->max);
	json_decimal(json, "mean_ns", histogram_mean(h), 1);
	json_decimal(json, "worker_cpu_ns_per_op", worker_per_op(bench), 1);
	json_number(json, "worker_memory", bench->worker_memory);
}

/* Begins an object, and says which measurement this is. */
static struct json json_head(FILE *file, const struct bench *bench)
{
	const struct workload *work = &bench->work;
	struct json json = json_to(file, 0);

	json_begin(&json, NULL, '{');
	json_string(&json, "mode", bench->mode->name);
	json_string(&json, "alg", work->name);
	json_string(&json, "op", workload_op_name(work));
	json_number(&json, "size", work->size);
	json_number(&json, "depth", work->depth);
	json_number(&json, "threads", work->threads);
	json_number(&json, "sessions", work->sessions);
	json_string(&json, "engine", bench->engine_name);
	return json;
}

static void json_finish(struct json *json)
{
	json_end(json);
	fputc('\n', json->file);
}

void report_json(FILE *file, const struct bench *bench, bool details)
{
	const struct histogram *h = &bench->total.latency;
	struct json json = json_head(file, bench);

	json_decimal(&json, "ops_per_s", ops_per_s(bench), 1);
	json_decimal(&json, "bytes_per_s", ops_per_s(bench) * bench->work.size, 1);
	json_number(&json, "p50_ns", histogram_percentile(h, 50));
	json_number(&json, "p99_ns", histogram_percentile(h, 99));
	json_decimal(&json, "cpu_ns_per_op", cpu_per_op(bench), 1);
	if (details)
		json_details(&json, bench);
	json_finish(&json);
}

static void json_spread(struct json *json, const char *name, const struct spread *spread)
{
	json_begin(json, name, '{');
	json_decimal(json, "median", spread->median, 4);
	json_decimal(json, "q1", spread->low, 4);
	json_decimal(json, "q3", spread->high, 4);
	json_decimal(json, "min", spread->min, 4);
	json_decimal(json, "max", spread->max, 4);
	json_end(json);
}

void report_ratios_json(FILE *file, const char *a, const char *b, const struct bench *first,
			const struct ratios *ratios)
{
	struct json json = json_to(file, 0);

	json_begin(&json, NULL, '{');
	json_string(&json, "compare", a);
	json_string(&json, "vs", b);
	json_string(&json, "alg", first->work.name);
	json_string(&json, "op", workload_op_name(&first->work));
	json_number(&json, "size", first->work.size);
	json_number(&json, "pairs", ratios->ops.count);
	json_spread(&json, "ops_ratio", &ratios->ops);
	json_spread(&json, "p50_ratio", &ratios->p50);
	json_spread(&json, "cpu_ratio", &ratios->cpu);
	json_spread(&json, "busy_ratio", &ratios->busy);
	json_finish(&json);
}

void report_histogram(FILE *file, const struct bench *bench)
{
	struct json json = json_head(file, bench);

	histogram_write_json(&bench->total.latency, &json, "latency_ns");
	json_finish(&json);
}
