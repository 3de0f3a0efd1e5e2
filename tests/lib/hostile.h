/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostile.h - what a guest that lies puts into descriptors, whichever device it has.
 */
#ifndef VCD_TEST_HOSTILE_H
#define VCD_TEST_HOSTILE_H

#include <stdint.h>

#include "tests/lib/split.h"

/** test_hostile_length - bytes of a descriptor: the bounds of something, or anything small. */
uint32_t test_hostile_length(struct test_random *random);

#endif /* VCD_TEST_HOSTILE_H */
