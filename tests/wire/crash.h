/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash.h - telling a test build of the daemon where to die.
 */
#ifndef TESTS_WIRE_CRASH_H
#define TESTS_WIRE_CRASH_H

#include <stdint.h>

#include "daemon/crash.h"

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

#endif /* TESTS_WIRE_CRASH_H */
