/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abuse.h - what a guest that lies writes into its memory. Everything follows from guest.chance
 * but the time at which the device sees it.
 */
#ifndef TESTS_QEMU_ABUSE_H
#define TESTS_QEMU_ABUSE_H

#include "guest.h"

/** abuse_below - a number of 0 to @n - 1. */
uint64_t abuse_below(struct guest *g, uint64_t n);

/** abuse_one_in - true once in @n times. */
bool abuse_one_in(struct guest *g, unsigned int n);

/** abuse_random - 64 bits. */
uint64_t abuse_random(struct guest *g);

/** abuse_address - memory, rings, registers, or nothing. */
uint64_t abuse_address(struct guest *g);

/**
 * abuse_fill - fill a queue's table and ring, and offer entries of it.
 * @whole: offer chains that can be followed to their ends, whatever is in them
 */
void abuse_fill(struct guest *g, unsigned int queue, bool whole);

/** abuse_request - put a request somewhere, right but for some bytes perhaps. */
void abuse_request(struct guest *g);

/** abuse_desc - put any descriptor into a queue's table. */
void abuse_desc(struct guest *g, unsigned int queue);

/** abuse_scribble - change something that the device may be reading; no descriptor. */
void abuse_scribble(struct guest *g);

#endif /* TESTS_QEMU_ABUSE_H */
