/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash.h - telling a test build of the daemon where to die.
 */
#ifndef TESTS_WIRE_CRASH_H
#define TESTS_WIRE_CRASH_H

#include <stdint.h>

#include "daemon/recovery/crash.h"

/**
 * struct crash_plan - what the file that $VCD_CRASH names holds, shared by test and daemon.
 * @place: enum crash_place
 * @every: die at each so many'th time that a process comes there
 * @left: times that it is still to be done
 */
struct crash_plan {
	uint32_t place;
	uint32_t every;
	int32_t left;
};

/**
 * struct crash_file - a plan, and the file that it is in.
 * @path: its name
 * @plan: mapped
 */
struct crash_file {
	char path[32];
	struct crash_plan *plan;
};

/** crash_file_make - make it, with a plan of no death; daemons that are started from now on see it.
 */
void crash_file_make(struct crash_file *file);

/** crash_file_set - from now on: die at each @every'th time at @place, @times times. */
void crash_file_set(const struct crash_file *file, enum crash_place place, unsigned int every,
		    int times);

/** crash_file_left - deaths that are still to come. */
int crash_file_left(const struct crash_file *file);

/** crash_file_remove - undo crash_file_make(). */
void crash_file_remove(struct crash_file *file);

#endif /* TESTS_WIRE_CRASH_H */
