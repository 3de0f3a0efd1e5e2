/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the command line of vcrypto-bench.
 */
#ifndef VCD_BENCH_OPTIONS_H
#define VCD_BENCH_OPTIONS_H

#include "tools/bench/bench.h"

/** Exit status; documented in the manual page. */
enum bench_status {
	BENCH_OK = 0,
	BENCH_FAILED = 1,
	BENCH_USAGE = 2,
};

#define BENCH_MAX_SIZES 32

/**
 * struct bench_options - the command line, checked.
 * @mode: what to measure
 * @compare: what to compare it with, or NULL
 * @work: workload; its size is one of @sizes
 * @target: where
 * @sizes: sizes to measure
 * @size_count: number of them
 * @seconds: time for each
 * @json: print objects rather than a table
 */
struct bench_options {
	const struct bench_mode *mode;
	const struct bench_mode *compare;
	struct workload work;
	struct target target;
	uint32_t sizes[BENCH_MAX_SIZES];
	unsigned int size_count;
	double seconds;
	bool json;
};

/** Result of bench_options_parse() when there is something to do. */
#define BENCH_RUN (-1)

/**
 * bench_options_parse - read the command line; prints what is wrong with it.
 *
 * Return: BENCH_RUN, or an enum bench_status to end with.
 */
int bench_options_parse(int argc, char **argv, struct bench_options *options);

#endif /* VCD_BENCH_OPTIONS_H */
