/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.h - the threads that serve the queues.
 */
#ifndef VCD_DAEMON_VM_THREAD_H
#define VCD_DAEMON_VM_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/vm/poll_budget.h"
#include "daemon/virtio/queue.h"
#include "device/device.h"

struct vm;

/**
 * struct worker - one thread.
 * @number: 0, 1, ...; also the number it has for device and engine
 * @vm: what it works for
 * @thread: the thread
 * @running: it was started
 * @epoll: its kick descriptors and @wake
 * @wake: eventfd of thread_wake()
 * @stop: it is to end
 * @poll_ns: how long to look for more work before the next sleep
 * @poll_budget: what is left of its share of a CPU for that
 * @line: its line in the ledger: counters
 * @paid: what rate_limits.c was told of
 * @rounds: that it served under a limit
 * @prepaid: what was paid in advance, by enum limit_kind, since @paid
 * @paid_generation: of the limits, then
 * @batch: its memory for batches
 */
struct worker {
	unsigned int number;
	struct vm *vm;
	pthread_t thread;
	bool running;
	int epoll;
	int wake;
	bool stop;
	uint64_t poll_ns;
	struct poll_budget poll_budget;
	struct ledger_thread *line;
	struct vcd_device_usage paid;
	unsigned int rounds;
	uint64_t prepaid[LIMIT_KINDS];
	unsigned int paid_generation;
	struct queue_batch *batch;
};

/**
 * thread_start - start a worker.
 * @worker: memory for it, undefined before
 * @number: its number
 * @vm: what it works for; outlives it
 *
 * Return: 0 or a negative errno; thread_stop() may be called in either case.
 */
int thread_start(struct worker *worker, unsigned int number, struct vm *vm);

/** thread_pin - have it run on @cpu alone. Return: 0 or a negative errno. */
int thread_pin(struct worker *worker, unsigned int cpu);

/** thread_stop - end it after the batch it is working on, and wait for that. */
void thread_stop(struct worker *worker);

/** thread_wake - make it look at all its queues; from any thread. */
void thread_wake(struct worker *worker);

/**
 * thread_watch - have it wait for a kick descriptor.
 * @worker: worker
 * @queue: queue that the descriptor belongs to
 * @fd: eventfd; thread_unwatch() before it is closed
 *
 * Return: 0 or a negative errno.
 */
int thread_watch(struct worker *worker, struct queue *queue, int fd);

/** thread_unwatch - undo thread_watch(). */
void thread_unwatch(struct worker *worker, int fd);

#endif /* VCD_DAEMON_VM_THREAD_H */
