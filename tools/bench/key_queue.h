/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_queue.h - signatures with a key by name, on a slow queue of the daemon: so many requests are
 * outstanding all the time.
 *
 * As a guest's driver the caller sleeps until the device signals. Replies come in any order.
 */
#ifndef VCD_BENCH_KEY_QUEUE_H
#define VCD_BENCH_KEY_QUEUE_H

#include "tests/wire/requests.h"
#include "tools/bench/bench.h"
#include "tools/bench/keyhost.h"

/** Buffers of a request. */
#define KEY_QUEUE_BUFS 2

/** Most bytes of payload of a request. */
#define KEY_QUEUE_PAYLOAD 512

struct key_slot;

/**
 * struct key_queue - one slow queue; all zero: none.
 * @host: keeper with the key
 * @queue: the driver's side
 * @slots: requests, @depth of them
 * @depth: how many
 * @in_flight: outstanding now
 * @session: of the key
 */
struct key_queue {
	const struct keyhost *host;
	struct front_queue *queue;
	struct key_slot *slots;
	unsigned int depth;
	unsigned int in_flight;
	uint64_t session;
};

/**
 * key_queue_open - open a session with the key, and make the requests.
 * @keys: out; key_queue_close() is to be called in any case
 * @host: keeper with the key
 * @front: front end
 * @index: number of the slow queue
 * @depth: requests
 *
 * Prints what is wrong. Return: 0 or a negative errno.
 */
int key_queue_open(struct key_queue *keys, const struct keyhost *host, struct front *front,
		   unsigned int index, unsigned int depth);

/** key_queue_close - the requests are guest memory and go with the front end. */
void key_queue_close(struct key_queue *keys);

/** key_queue_begin - send all requests. Return: 0 or a negative errno. */
int key_queue_begin(struct key_queue *keys);

/**
 * key_queue_step - wait for replies and take them.
 * @keys: queue with something outstanding
 * @end_ns: until then what has come back is sent again, on the clock of bench_now_ns()
 * @thread: where operations are counted, or NULL
 *
 * Return: 0 or a negative errno.
 */
int key_queue_step(struct key_queue *keys, uint64_t end_ns, struct bench_thread *thread);

/**
 * key_queue_verify - whether the last signature of each request is the key's.
 *
 * Nothing may be outstanding, and each request must have been sent. Return: 0 or -EBADMSG.
 */
int key_queue_verify(const struct key_queue *keys);

#endif /* VCD_BENCH_KEY_QUEUE_H */
