/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vcrypto-bench: measures each size, alone or in turn with another mode.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/bench.h"
#include "tools/bench/options.h"
#include "tools/bench/report.h"

/* Pairs of slices in a comparison. Even, so that each mode goes first as often. */
#define PAIRS 10

/* Before the clock runs: caches, frequencies, first touches. */
#define WARM_UP_S 0.02

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spread spread_of(double *ratio, unsigned int n)
{
	qsort(ratio, n, sizeof(*ratio), compare_double);
	return (struct spread){
	    .median = n % 2 ? ratio[n / 2] : (ratio[n / 2 - 1] + ratio[n / 2]) / 2,
	    .min = ratio[0],
	    .max = ratio[n - 1],
	    .pairs = n,
	};
}

static int warm_up(struct bench *bench)
{
	double ignored;
	int err;

	err = bench_slice(bench, WARM_UP_S, &ignored);
	bench->total = (struct result){0};
	return err;
}

static int measure_one(struct bench *bench, const struct bench_options *o)
{
	double ignored;
	int err;

	err = warm_up(bench);
	if (!err)
		err = bench_slice(bench, o->seconds, &ignored);
	if (err)
		return err;
	if (o->json)
		report_json(bench);
	else
		report_result(bench);
	return 0;
}

/* Slices of both in turn, now one first, now the other. */
static int measure_pair(struct bench *a, struct bench *b, const struct bench_options *o)
{
	struct bench *const pair[2] = {a, b};
	double ratio[PAIRS];
	struct spread spread;
	unsigned int i;
	unsigned int k;
	int err;

	err = warm_up(a);
	if (!err)
		err = warm_up(b);
	for (i = 0; !err && i < PAIRS; i++) {
		double ops[2] = {0, 0};

		for (k = 0; !err && k < 2; k++) {
			unsigned int which = (k + i) % 2;

			err = bench_slice(pair[which], o->seconds / PAIRS, &ops[which]);
		}
		ratio[i] = ops[1] > 0 ? ops[0] / ops[1] : 0;
	}
	if (err)
		return err;
	spread = spread_of(ratio, PAIRS);
	if (o->json) {
		report_json(a);
		report_json(b);
	} else {
		report_result(a);
		report_result(b);
		report_ratio(a, b, &spread);
	}
	return 0;
}

/* A mode that has no depth says so: its numbers are not those of the depth asked for. */
static void note_depth(const struct bench *bench, const struct bench_options *o)
{
	if (bench && bench->work.depth != o->work.depth)
		fprintf(stderr, "vcrypto-bench: %s does one operation at a time: its depth is %u\n",
			bench->mode->name, bench->work.depth);
}

static int measure(const struct bench_options *o, uint32_t size)
{
	struct workload work = o->work;
	struct bench *a = NULL;
	struct bench *b = NULL;
	int err;

	work.size = size;
	err = bench_open(o->mode, &work, &o->target, &a);
	if (!err && o->compare)
		err = bench_open(o->compare, &work, &o->target, &b);
	if (!err) {
		note_depth(a, o);
		note_depth(b, o);
		err = b ? measure_pair(a, b, o) : measure_one(a, o);
	}
	bench_close(b);
	bench_close(a);
	return err;
}

int main(int argc, char **argv)
{
	struct bench_options o;
	unsigned int i;
	int status;

	status = bench_options_parse(argc, argv, &o);
	if (status == BENCH_RUN) {
		status = BENCH_OK;
		if (!o.json)
			report_machine(&o.work, o.seconds);
		for (i = 0; status == BENCH_OK && i < o.size_count; i++) {
			if (measure(&o, o.sizes[i]))
				status = BENCH_FAILED;
			(void)fflush(stdout);
		}
	}
	if (status == BENCH_OK && (fflush(stdout) || ferror(stdout))) {
		bench_error("cannot write the results");
		status = BENCH_FAILED;
	}
	return status;
}
