/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meter.h - how often keys were used, and how often they may be.
 *
 * A meter is for a pair of VM and key; the one without a VM is for all of them, and has the
 * rate. Meters outlive reloads of the policy: counters only grow, and a reload gives
 * nobody a new burst. One thread.
 */
#ifndef VCD_KEEPER_METER_H
#define VCD_KEEPER_METER_H

#include <stdint.h>

#include "keeper/link.h"

#define METER_BUCKETS 1024u

/**
 * struct meter - counters of one key, for one VM or all.
 * @vm: VM, or "" for all
 * @label: key
 * @opened: times it was opened
 * @done: operations with a result, those whose input was not authentic too
 * @failed: operations that the store failed
 * @refused: requests that the policy or their lengths forbade
 * @limited: operations that the rate delayed or refused
 * @repeated: answers that were given again for the same token
 * @due: CLOCK_MONOTONIC, ns, at which all operations so far would be done at the key's rate
 * @next: in the same bucket
 */
struct meter {
	char vm[KEEPER_LABEL_LEN];
	char label[KEEPER_LABEL_LEN];
	uint64_t opened;
	uint64_t done;
	uint64_t failed;
	uint64_t refused;
	uint64_t limited;
	uint64_t repeated;
	uint64_t due;
	struct meter *next;
};

/** struct meters - all of them, by name. */
struct meters {
	struct meter *buckets[METER_BUCKETS];
};

/** meter_of - the meter of a VM and a key, made if need be. NULL: no memory. */
struct meter *meter_of(struct meters *meters, const char *vm, const char *label);

/** meter_find - the meter if there is one, or NULL. */
struct meter *meter_find(const struct meters *meters, const char *vm, const char *label);

/** meters_each - call @see for each of them, in no order. */
void meters_each(const struct meters *meters, void (*see)(void *arg, const struct meter *meter),
		 void *arg);

/** meters_free - all of them. */
void meters_free(struct meters *meters);

/**
 * meter_wait - charge an operation to a rate (generic cell rate algorithm).
 * @meter: the key's meter for all VMs
 * @rate: operations a second; 0: no limit
 * @burst: operations that may come at once
 * @now: CLOCK_MONOTONIC, ns
 * @patience: ns that the operation can wait
 *
 * Return: ns that it has to wait, charged; UINT64_MAX: longer than it can, not charged.
 */
uint64_t meter_wait(struct meter *meter, unsigned int rate, unsigned int burst, uint64_t now,
		    uint64_t patience);

#endif /* VCD_KEEPER_METER_H */
