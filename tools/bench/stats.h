/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.h - what a set of paired measurements says.
 */
#ifndef VCD_BENCH_STATS_H
#define VCD_BENCH_STATS_H

/** Pairs of slices in a comparison, at most. */
#define STATS_MAX 1000

/**
 * struct spread - values of paired slices.
 * @median: of them
 * @low: first quartile
 * @high: third quartile
 * @min: smallest
 * @max: largest
 * @count: how many
 */
struct spread {
	double median;
	double low;
	double high;
	double min;
	double max;
	unsigned int count;
};

/**
 * spread_of - sort @values and look at them.
 * @values: sorted on return
 * @count: how many, at least 1
 *
 * Quartiles lie on the line between neighbours (the usual definition, type 7).
 */
struct spread spread_of(double *values, unsigned int count);

/** ratio_of - @a / @b, and 0 where that has no meaning. */
double ratio_of(double a, double b);

#endif /* VCD_BENCH_STATS_H */
