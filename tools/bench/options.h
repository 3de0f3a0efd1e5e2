/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the command line of vcrypto-bench.
 *
 * Two forms: `MODE [--compare=MODE2]`, in which the options are for both modes, and
 * `--compare=A --vs=B`, in which A and B are `mode[:option=value[,option=value]...]` and what is
 * not said there is taken from the other options.
 */
#ifndef VCD_BENCH_OPTIONS_H
#define VCD_BENCH_OPTIONS_H

#include "tools/bench/bench.h"
#include "tools/bench/sign.h"
#include "tools/bench/stats.h"
#include "tools/bench/workload.h"

/** Exit status; documented in the manual page. */
enum bench_status {
	BENCH_OK = 0,
	BENCH_FAILED = 1,
	BENCH_USAGE = 2,
};

#define BENCH_MAX_SIZES 32
#define BENCH_MAX_KEYS 8

/**
 * struct bench_side - one thing to measure.
 * @mode: how
 * @work: what; a size of 0 is one of bench_options.sizes
 * @op: operation that was asked for
 * @target: where
 * @text: as written on the command line, for reports
 * @copy: memory that the above points into, or NULL
 */
struct bench_side {
	const struct bench_mode *mode;
	struct workload work;
	enum workload_op op;
	struct target target;
	const char *text;
	char *copy;
};

/**
 * struct bench_options - the command line, checked.
 * @a: what to measure
 * @b: what to compare it with, when @compare
 * @compare: there are two
 * @sizes: sizes to measure
 * @size_count: number of them
 * @keys: kinds of keys to measure, in modes that sign
 * @key_count: number of them
 * @seconds: time for each
 * @pairs: pairs of slices in a comparison
 * @json: print objects rather than a table
 * @details: print more of each result
 * @tsc: read the time stamp counter
 * @histogram: file that histograms are written to, or NULL
 */
struct bench_options {
	struct bench_side a;
	struct bench_side b;
	bool compare;
	uint32_t sizes[BENCH_MAX_SIZES];
	unsigned int size_count;
	const struct sign_kind *keys[BENCH_MAX_KEYS];
	unsigned int key_count;
	double seconds;
	unsigned int pairs;
	bool json;
	bool details;
	bool tsc;
	const char *histogram;
};

/** Result of bench_options_parse() when there is something to do. */
#define BENCH_RUN (-1)

/**
 * bench_options_parse - read the command line; prints what is wrong with it.
 * @options: out; to be given to bench_options_free() in any case
 *
 * Return: BENCH_RUN, or an enum bench_status to end with.
 */
int bench_options_parse(int argc, char **argv, struct bench_options *options);

/** bench_options_free - free what it points to. */
void bench_options_free(struct bench_options *options);

/** bench_list - print the names of all algorithms, one a line. */
void bench_list(void);

#endif /* VCD_BENCH_OPTIONS_H */
