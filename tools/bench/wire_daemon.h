/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire_daemon.h - the daemon of the modes wire and keys, with the front end that drives it.
 */
#ifndef VCD_BENCH_WIRE_DAEMON_H
#define VCD_BENCH_WIRE_DAEMON_H

#include "tests/wire/front.h"
#include "tests/wire/process.h"
#include "tests/wire/requests.h"
#include "tools/bench/bench.h"

/**
 * struct wire_needs - what a mode needs of the daemon.
 * @queues: fast queues; the slow ones are numbered from there on
 * @slow: slow queues; 0: no keys by name
 * @keeper: socket of the keeper, with @slow
 * @vm: what the keeper calls us
 * @payload: most bytes of payload of a request, in either direction
 * @depth: outstanding requests of a queue
 * @bufs: most buffers of one
 * @slow_descriptors: descriptors of all requests of a slow queue, where these are of another kind
 * @sessions: sessions of all queues
 */
struct wire_needs {
	unsigned int queues;
	unsigned int slow;
	const char *keeper;
	const char *vm;
	uint32_t payload;
	unsigned int depth;
	unsigned int bufs;
	unsigned int slow_descriptors;
	uint64_t sessions;
};

/**
 * struct wire_daemon - a daemon, started by us or not; all zero: none.
 * @process: the one that we have started
 * @pid: whose CPU time counts
 * @front: front end, started
 * @scratch: a request with room for the keys of a session, for queue 0
 */
struct wire_daemon {
	struct process process;
	pid_t pid;
	struct front *front;
	struct front_request scratch;
};

/**
 * wire_daemon_open - start the daemon, or connect to bench->target.socket, and start the device.
 * @bench: target and workload
 * @daemon: out; wire_daemon_close() is to be called in any case
 * @needs: of the mode
 *
 * Prints what is wrong. Return: 0 or a negative errno.
 */
int wire_daemon_open(struct bench *bench, struct wire_daemon *daemon,
		     const struct wire_needs *needs);

/** wire_daemon_close - end what was started. */
void wire_daemon_close(struct wire_daemon *daemon);

#endif /* VCD_BENCH_WIRE_DAEMON_H */
