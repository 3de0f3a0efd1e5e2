/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evil_worker.h - a worker that lies to its supervisor: what it is to do.
 *
 * It stands for one that a guest has taken over. tests/wire/evil_worker.c is linked into a build
 * of the daemon; a worker that finds deeds left in the plan does one instead of its work.
 */
#ifndef TESTS_WIRE_EVIL_WORKER_H
#define TESTS_WIRE_EVIL_WORKER_H

#include <stdint.h>

/**
 * enum evil_deed - on the link, and then it waits to be killed; or in the ledger, and then it dies.
 */
enum evil_deed {
	EVIL_NOISE,	   /* bytes that are no message */
	EVIL_UNPROMPTED,   /* the same, as soon as it serves, when nothing was asked */
	EVIL_REQUEST,	   /* a request, where only replies are */
	EVIL_HUGE,	   /* a reply of 4 GiB */
	EVIL_OTHER,	   /* a reply to another request */
	EVIL_READY,	   /* ready again */
	EVIL_UNASKED,	   /* more answers than questions */
	EVIL_FILES,	   /* an answer that is none, with file descriptors */
	EVIL_HALF,	   /* half an answer */
	EVIL_DRIP,	   /* an answer of a byte now and then */
	EVIL_SILENT,	   /* nothing */
	EVIL_HANGS_UP,	   /* its end closed, itself alive */
	EVIL_VIOLATED,	   /* "the front end broke the protocol" */
	EVIL_LEDGER_ONES,  /* the ledger full of 0xff */
	EVIL_LEDGER_ZEROS, /* or of 0 */
	EVIL_LEDGER_NOISE, /* or of anything */
	EVIL_LEDGER_SIZE,  /* made shorter, or at least attempted */
	EVIL_DEEDS,
};

/**
 * struct evil_plan - what the file that $VCD_EVIL names holds, shared by test and worker.
 * @deed: enum evil_deed
 * @serving: do it when the front end has sent something; otherwise while the former state is told
 * @left: workers that are still to be evil
 * @shrunk: the ledger could be made shorter
 */
struct evil_plan {
	uint32_t deed;
	uint32_t serving;
	int32_t left;
	uint32_t shrunk;
};

#endif /* TESTS_WIRE_EVIL_WORKER_H */
