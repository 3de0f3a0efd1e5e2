/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * more.h - the part of cryptodev-stress that goes beyond single CIOCCRYPT calls.
 */
#ifndef TESTS_VM_GUEST_MORE_H
#define TESTS_VM_GUEST_MORE_H

#include <stddef.h>
#include <stdint.h>

#include "../rand.h"

struct more;

/**
 * struct more_count - what was done so far.
 * @calls: single operations of groups
 * @batch: operations of batches
 * @async: asynchronous ones
 * @copies: hashes copied
 * @aead: authenticated operations of plain AEADs
 * @tls: of TLS records
 * @srtp: of SRTP packets
 * @forged: of these, of forgeries
 * @refused: operations that had to be refused for what they were given
 */
struct more_count {
	uint64_t calls, batch, async, copies, aead, tls, srtp, forged, refused;
};

/**
 * more_new - sessions and memory for random groups of requests.
 * @fd: the device; the caller's
 * @r: random numbers; the caller's
 * @max_len: longest request
 * @max_request: payload of one request that the device takes, each way; 0: more than is asked for.
 *	Authenticated operations cannot be cut, and are refused above it.
 * @count: counted in
 * Return: never NULL; ends the process without memory.
 */
struct more *more_new(int fd, struct rnd *r, size_t max_len, size_t max_request,
		      struct more_count *count);

/**
 * more_run - one random group: authenticated operations, a batch, or asynchronous operations.
 * Return: requests executed; -1: an answer was wrong, and what is printed.
 */
long more_run(struct more *m);

/** more_free - end the sessions, free everything. */
void more_free(struct more *m);

#endif
