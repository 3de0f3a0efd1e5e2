/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - what a set of paired measurements says.
 */
#include "tools/bench/stats.h"

#include <stdlib.h>

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Value at @part of the way through sorted values. */
static double quantile(const double *values, unsigned int count, double part)
{
	double place = part * (count - 1);
	unsigned int below = (unsigned int)place;

	if (below + 1 >= count)
		return values[count - 1];
	return values[below] + (place - below) * (values[below + 1] - values[below]);
}

struct spread spread_of(double *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare_double);
	return (struct spread){
	    .median = quantile(values, count, 0.5),
	    .low = quantile(values, count, 0.25),
	    .high = quantile(values, count, 0.75),
	    .min = values[0],
	    .max = values[count - 1],
	    .count = count,
	};
}

double ratio_of(double a, double b)
{
	return b > 0 ? a / b : 0;
}
