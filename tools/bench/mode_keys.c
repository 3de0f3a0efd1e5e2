/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_keys.c - signatures with a key by name: a real daemon, driven over rings in shared memory
 * as in mode wire, and a real keeper that has the key in a file. Each thread has a slow queue of
 * its own and keeps `depth` requests in it.
 *
 * What is measured is the path from the ring through the daemon and the keeper to libcrypto and
 * back. The keeper has --keeper-threads threads that sign.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/key_queue.h"
#include "tools/bench/wire_daemon.h"

struct keys {
	struct keyhost host;
	struct wire_daemon daemon;
};

static int keys_open(struct bench *bench)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	struct workload *work = &bench->work;
	struct wire_needs needs = {
	    .queues = 1,
	    .slow = work->threads,
	    .vm = KEYHOST_VM,
	    .payload = KEY_QUEUE_PAYLOAD,
	    .depth = work->depth,
	    .bufs = KEY_QUEUE_BUFS,
	    .sessions = work->threads,
	};
	int err;

	if (!keys)
		return -ENOMEM;
	bench->state = keys;
	if (work->threads + needs.queues > FRONT_MAX_QUEUES) {
		bench_error("keys: at most %u threads are possible", FRONT_MAX_QUEUES - 1);
		return -EINVAL;
	}
	work->name = work->sign->name;
	work->size = SIGN_INPUT;
	work->sessions = 1;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "keeper");
	err = keyhost_open(&keys->host, work->sign, &bench->target);
	if (err)
		return err;
	needs.keeper = keys->host.socket;
	return wire_daemon_open(bench, &keys->daemon, &needs);
}

static void keys_close(struct bench *bench)
{
	struct keys *keys = bench->state;

	if (!keys)
		return;
	wire_daemon_close(&keys->daemon);
	keyhost_close(&keys->host);
	free(keys);
}

static int keys_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	struct keys *keys = bench->state;
	struct key_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return -ENOMEM;
	thread->state = queue;
	return key_queue_open(queue, &keys->host, keys->daemon.front, 1 + thread->number,
			      bench->work.depth);
}

static void keys_thread_close(struct bench_thread *thread)
{
	key_queue_close(thread->state);
	free(thread->state);
	thread->state = NULL;
}

/* All requests, again and again until the time is up; at the end nothing is in flight. */
static int keys_run(struct bench_thread *thread)
{
	struct key_queue *queue = thread->state;
	int err = key_queue_begin(queue);

	while (!err && queue->in_flight)
		err = key_queue_step(queue, thread->bench->end_ns, thread);
	return err;
}

static int keys_check(struct bench_thread *thread)
{
	int err;

	/* Time is up already: each request goes once. */
	thread->bench->end_ns = 0;
	err = keys_run(thread);
	return err ? err : key_queue_verify(thread->state);
}

/* The last signature of each request, when the clock has stopped. */
static int keys_end(struct bench *bench, int err)
{
	for (unsigned int i = 0; !err && i < bench->work.threads; i++) {
		err = key_queue_verify(bench->threads[i].state);
		if (err)
			bench_error("a signature is WRONG: libcrypto does not verify it");
	}
	return err;
}

static pid_t keys_worker(struct bench *bench, unsigned int n)
{
	const struct keys *keys = bench->state;

	return n == 0 ? keys->daemon.pid : n == 1 ? keys->host.keeper.pid : 0;
}

const struct bench_mode bench_mode_keys = {
    .name = "keys",
    .signs = true,
    .open = keys_open,
    .close = keys_close,
    .thread_open = keys_thread_open,
    .thread_close = keys_thread_close,
    .check = keys_check,
    .run = keys_run,
    .end = keys_end,
    .worker = keys_worker,
};
