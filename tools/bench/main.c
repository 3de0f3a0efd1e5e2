/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vcrypto-bench: measures each size or key, alone or in turn with something else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/bench.h"
#include "tools/bench/options.h"
#include "tools/bench/report.h"

/* Before the clock runs: caches, frequencies, first touches. */
#define WARM_UP_S 0.02

/**
 * struct output - where results go.
 * @o: command line
 * @histogram: file for histograms, or NULL
 */
struct output {
	const struct bench_options *o;
	FILE *histogram;
};

static int warm_up(struct bench *bench)
{
	int err = bench_slice(bench, WARM_UP_S);

	bench->total = (struct result){0};
	return err;
}

static void report(const struct output *output, const struct bench *bench)
{
	if (output->o->json)
		report_json(stdout, bench, output->o->details);
	else
		report_result(stdout, bench, output->o->details);
	if (output->histogram)
		report_histogram(output->histogram, bench);
}

static int measure_one(struct bench *bench, const struct output *output)
{
	int err = warm_up(bench);

	if (!err)
		err = bench_slice(bench, output->o->seconds);
	if (!err)
		report(output, bench);
	return err;
}

static double p50_of(const struct bench *bench)
{
	return (double)histogram_percentile(&bench->slice.latency, 50);
}

static double cpu_of(const struct bench *bench)
{
	return ratio_of((double)bench->slice.cpu_ns, (double)bench->slice.ops);
}

/* Operations per nanosecond of who does the work. */
static double busy_of(const struct bench *bench)
{
	const struct result *slice = &bench->slice;

	return ratio_of((double)slice->ops,
			(double)(bench->mode->worker ? slice->worker_cpu_ns : slice->cpu_ns));
}

static double rate_of(const struct bench *bench)
{
	return ratio_of((double)bench->slice.ops, (double)bench->slice.ns);
}

/* A slice of both, @second first or last. */
static int run_pair(struct bench *a, struct bench *b, bool swap, double seconds)
{
	int err = bench_slice(swap ? b : a, seconds);

	return err ? err : bench_slice(swap ? a : b, seconds);
}

/* Slices of both in turn, now one first, now the other. */
static int measure_pair(struct bench *a, struct bench *b, const struct output *output)
{
	static double ops[STATS_MAX], p50[STATS_MAX], cpu[STATS_MAX], busy[STATS_MAX];
	const struct bench_options *o = output->o;
	struct ratios ratios;
	unsigned int i;
	int err;

	err = warm_up(a);
	if (!err)
		err = warm_up(b);
	for (i = 0; !err && i < o->pairs; i++) {
		err = run_pair(a, b, i % 2, o->seconds / o->pairs);
		ops[i] = ratio_of(rate_of(a), rate_of(b));
		p50[i] = ratio_of(p50_of(a), p50_of(b));
		cpu[i] = ratio_of(cpu_of(a), cpu_of(b));
		busy[i] = ratio_of(busy_of(a), busy_of(b));
	}
	if (err)
		return err;
	ratios = (struct ratios){
	    .ops = spread_of(ops, o->pairs),
	    .p50 = spread_of(p50, o->pairs),
	    .cpu = spread_of(cpu, o->pairs),
	    .busy = spread_of(busy, o->pairs),
	};
	report(output, a);
	report(output, b);
	if (o->json)
		report_ratios_json(stdout, o->a.text, o->b.text, a, &ratios);
	else
		report_ratios(stdout, o->a.text, o->b.text, a, &ratios);
	return 0;
}

/* A mode that has no depth says so: its numbers are not those of the depth asked for. */
static void note_depth(const struct bench *bench, const struct bench_side *side)
{
	if (bench && bench->work.depth < side->work.depth && bench->work.size)
		fprintf(stderr, "vcrypto-bench: %s does one operation at a time: its depth is %u\n",
			bench->mode->name, bench->work.depth);
}

/* How many measurements there are: sizes, or keys. */
static unsigned int rounds_of(const struct bench_options *o)
{
	return o->a.mode->signs ? o->key_count : o->size_count;
}

static int open_side(const struct bench_side *side, const struct bench_options *o,
		     unsigned int round, struct bench **ret)
{
	struct workload work = side->work;
	int err;

	if (side->mode->signs) {
		work.sign = o->keys[round];
		work.size = SIGN_INPUT;
	} else if (!work.size) {
		work.size = o->sizes[round];
	}
	err = bench_open(side->mode, &work, &side->target, ret);
	if (!err)
		note_depth(*ret, side);
	return err;
}

static int measure(const struct output *output, unsigned int round)
{
	const struct bench_options *o = output->o;
	struct bench *a = NULL;
	struct bench *b = NULL;
	int err;

	err = open_side(&o->a, o, round, &a);
	if (!err && o->compare)
		err = open_side(&o->b, o, round, &b);
	if (!err)
		err = b ? measure_pair(a, b, output) : measure_one(a, output);
	bench_close(b);
	bench_close(a);
	return err;
}

static int measure_all(const struct bench_options *o)
{
	struct output output = {.o = o};
	int status = BENCH_OK;
	unsigned int i;

	if (o->tsc && bench_clock_tsc()) {
		bench_error("--clock=tsc: this processor's counter is not known to run evenly; use "
			    "--clock=system");
		return BENCH_FAILED;
	}
	if (o->histogram) {
		output.histogram = fopen(o->histogram, "we");
		if (!output.histogram) {
			bench_error("cannot write %s: %s", o->histogram, strerror(errno));
			return BENCH_FAILED;
		}
	}
	if (!o->json)
		report_machine(stdout, o->seconds);
	for (i = 0; status == BENCH_OK && i < rounds_of(o); i++) {
		if (measure(&output, i))
			status = BENCH_FAILED;
		(void)fflush(stdout);
	}
	if (output.histogram && fclose(output.histogram) != 0) {
		bench_error("cannot write %s: %s", o->histogram, strerror(errno));
		status = BENCH_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	static struct bench_options o;
	int status;

	status = bench_options_parse(argc, argv, &o);
	if (status == BENCH_RUN)
		status = measure_all(&o);
	if (status == BENCH_OK && (fflush(stdout) || ferror(stdout))) {
		bench_error("cannot write the results");
		status = BENCH_FAILED;
	}
	bench_options_free(&o);
	return status;
}
