/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what vcrypto-bench prints.
 */
#ifndef VCD_BENCH_REPORT_H
#define VCD_BENCH_REPORT_H

#include "tools/bench/bench.h"

/**
 * struct spread - ratios of paired slices.
 * @median: of them
 * @min: smallest
 * @max: largest
 * @pairs: how many
 */
struct spread {
	double median;
	double min;
	double max;
	unsigned int pairs;
};

/** report_machine - what this runs on; then the heading of the table. */
void report_machine(const struct workload *work, double seconds);

/** report_result - one line of the table. */
void report_result(const struct bench *bench);

/** report_ratio - how the first mode did, compared with the second. */
void report_ratio(const struct bench *a, const struct bench *b, const struct spread *spread);

/** report_json - one object on a line of its own. */
void report_json(const struct bench *bench);

#endif /* VCD_BENCH_REPORT_H */
