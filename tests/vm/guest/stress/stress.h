/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stress.h - what the files of cryptodev-stress share, but for those of more.h. See main.c.
 */
#ifndef TESTS_VM_GUEST_STRESS_H
#define TESTS_VM_GUEST_STRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../dev.h"
#include "../rand.h"
#include "../ref.h"
#include "more.h"

#define MAX_CIPHERS 16
#define MAX_MACS 32
#define MARGIN 128 /* bytes before and behind the output that are looked at */
#define MAX_SHIFT 64
#define CANARY 0x3c

/** struct options - of the command line. */
struct options {
	unsigned long processes, sessions, requests, live, max_len, max_request, only;
	uint64_t seed;
	bool progress, plain;
};

/** struct totals - what a worker counts; shared with the parent. */
struct totals {
	uint64_t sessions, requests, bytes;
	struct more_count more;
};

/**
 * struct session - a session on the device and its twin in libcrypto.
 * @ses: the device's id, 0: none
 * @ref: cipher; ref.c NULL: none
 * @mac: hash or MAC, or NULL
 * @mackey: its key
 * @mackeylen: bytes of it
 */
struct session {
	uint32_t ses;
	struct ref_session ref;
	const struct ref_mac *mac;
	uint8_t mackey[64];
	uint32_t mackeylen;
};

/**
 * struct worker - one of the processes.
 * @o: options
 * @number: which one
 * @totals: its own
 * @r: random numbers
 * @fd: the device
 * @ciphers: that the device has, @num_ciphers of them
 * @macs: the same
 * @live: sessions, o->live of them
 * @step: requests so far
 * @src: random bytes, @room and MAX_SHIFT of them
 * @dst: where output goes, @room bytes; the same @want, and @clean: CANARY all over
 * @more: the other kinds of requests
 */
struct worker {
	const struct options *o;
	unsigned long number;
	struct totals *totals;
	struct rnd r;
	int fd;
	const struct ref_cipher *ciphers[MAX_CIPHERS];
	const struct ref_mac *macs[MAX_MACS];
	uint32_t num_ciphers, num_macs;
	struct session *live;
	uint64_t step;
	uint8_t *src, *dst, *want, *clean;
	size_t room;
	struct more *more;
};

struct request;

/** give_up - say @what is wrong, with the request @q (or NULL) and how to repeat it; end. */
_Noreturn void give_up(const struct worker *w, const struct request *q, const char *what);

/** request_run - one random CIOCCRYPT on a random session, compared with libcrypto's answer. */
void request_run(struct worker *w);

/** worker_main - all that worker @number does. */
_Noreturn void worker_main(const struct options *o, unsigned long number, struct totals *totals);

#endif
