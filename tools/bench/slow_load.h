/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow_load.h - signatures with a slow token that are outstanding while something else is
 * measured on the same daemon.
 */
#ifndef VCD_BENCH_SLOW_LOAD_H
#define VCD_BENCH_SLOW_LOAD_H

#include <pthread.h>

#include "tools/bench/key_queue.h"

/**
 * struct slow_load - a thread that keeps a slow queue full; all zero: none.
 * @host: keeper with a slow token
 * @keys: requests
 * @thread: who sends and takes them
 * @end_ns: when it sends no more; accessed atomically
 * @err: what the thread ended with
 */
struct slow_load {
	struct keyhost host;
	struct key_queue keys;
	pthread_t thread;
	uint64_t end_ns;
	int err;
};

/**
 * slow_load_open - open the session, and verify the first signatures.
 * @load: with a keeper in @load->host
 * @front: front end
 * @queue: number of the slow queue
 * @depth: signatures that are outstanding
 *
 * Prints what is wrong. Return: 0 or a negative errno.
 */
int slow_load_open(struct slow_load *load, struct front *front, unsigned int queue,
		   unsigned int depth);

/** slow_load_close - end the keeper too. */
void slow_load_close(struct slow_load *load);

/** slow_load_begin - from now on they are outstanding. Return: 0 or a negative errno. */
int slow_load_begin(struct slow_load *load);

/** slow_load_end - wait for all of them. Return: 0, or a negative errno if any failed. */
int slow_load_end(struct slow_load *load);

#endif /* VCD_BENCH_SLOW_LOAD_H */
