/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * poll_budget.h - how much of a CPU a worker may spend on looking at empty rings.
 *
 * Time is cut into windows; in each, polling is allowed until it has used its share.
 * Work that is found costs nothing of it. The caller reads the clock.
 */
#ifndef VCD_DAEMON_VM_POLL_BUDGET_H
#define VCD_DAEMON_VM_POLL_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/** A window, in nanoseconds: long against a poll, short against a scheduler's patience. */
#define POLL_BUDGET_WINDOW 100000000ull

/**
 * struct poll_budget - one worker's. All zero but @percent is a valid one.
 * @percent: share of a CPU, 1 to 100
 * @begin: of this window, CLOCK_MONOTONIC ns
 * @used: polling in it, ns
 */
struct poll_budget {
	unsigned int percent;
	uint64_t begin;
	uint64_t used;
};

/** poll_budget_left - ns of polling that may follow at @now, at most @wanted. */
static inline uint64_t poll_budget_left(struct poll_budget *budget, uint64_t now, uint64_t wanted)
{
	uint64_t all = POLL_BUDGET_WINDOW / 100 * budget->percent;

	if (budget->percent >= 100)
		return wanted;
	if (now - budget->begin >= POLL_BUDGET_WINDOW) {
		budget->begin = now;
		budget->used = 0;
	}
	if (budget->used >= all)
		return 0;
	return wanted < all - budget->used ? wanted : all - budget->used;
}

/** poll_budget_use - book @ns of polling. */
static inline void poll_budget_use(struct poll_budget *budget, uint64_t ns)
{
	budget->used += ns;
}

#endif /* VCD_DAEMON_VM_POLL_BUDGET_H */
