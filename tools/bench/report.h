/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what vcrypto-bench prints.
 */
#ifndef VCD_BENCH_REPORT_H
#define VCD_BENCH_REPORT_H

#include <stdio.h>

#include "tools/bench/bench.h"
#include "tools/bench/stats.h"

/**
 * struct ratios - how A did beside B, slice by slice.
 * @ops: operations per second of A, divided by those of B
 * @p50: median latency, likewise
 * @cpu: CPU time of one operation, likewise
 * @busy: operations per second of CPU time of who does the work, the worker process where there
 *	is one, likewise; when others want the CPUs too, this still says something
 */
struct ratios {
	struct spread ops;
	struct spread p50;
	struct spread cpu;
	struct spread busy;
};

/** report_machine - what this runs on; then the heading of the table. */
void report_machine(FILE *file, double seconds);

/** report_result - one line of the table; with @details some more. */
void report_result(FILE *file, const struct bench *bench, bool details);

/** report_ratios - how @a did beside @b; their names as on the command line. */
void report_ratios(FILE *file, const char *a, const char *b, const struct bench *first,
		   const struct ratios *ratios);

/** report_json - one object on a line of its own; with @details it has more members. */
void report_json(FILE *file, const struct bench *bench, bool details);

/** report_ratios_json - an object with "compare" and "vs". */
void report_ratios_json(FILE *file, const char *a, const char *b, const struct bench *first,
			const struct ratios *ratios);

/** report_histogram - the latencies, one object on a line of its own. */
void report_histogram(FILE *file, const struct bench *bench);

#endif /* VCD_BENCH_REPORT_H */
