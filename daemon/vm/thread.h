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
#include "daemon/vm/vm.h"

/**
 * struct serving_thread - one thread.
 * @number: 0, 1, ...; also its number for the VM, the device and the engine
 * @first: its first queue
 * @step: from each of its queues to the next
 * @end: its queues are below this
 * @poll_max_ns: longest time to poll empty rings, 0: never
 * @poll_ns: how long to poll before the next sleep
 * @counters: in the ledger
 * @paid: what rate_limits.c was told of
 * @paid_generation: of the limits, then
 * @prepaid: what was paid in advance since @paid, by enum limit_kind
 * @rounds: served under a limit
 */
struct serving_thread {
	unsigned int number;
	unsigned int first;
	unsigned int step;
	unsigned int end;
	struct vm *vm;
	pthread_t thread;
	bool running;
	bool stop;
	uint64_t poll_max_ns;
	uint64_t poll_ns;
	struct poll_budget poll_budget;
	struct ledger_thread *counters;
	struct vdev_usage paid;
	unsigned int paid_generation;
	uint64_t prepaid[LIMIT_KINDS];
	unsigned int rounds;
	struct queue_batch *batch;
};

/** struct serving_threads - all threads of a VM. */
struct serving_threads {
	struct vm *vm;
	struct serving_thread *thread;
};

/**
 * threads_start - start the threads of a VM.
 * @threads: out; threads_stop() may be called whatever the result
 * @vm: outlives them
 * @poll_us: longest time to poll empty rings, 0: never
 * @poll_cpu: percent of a CPU that a thread may spend on unsuccessful polling
 *
 * Return: 0 or a negative errno.
 */
int threads_start(struct serving_threads *threads, struct vm *vm, unsigned int poll_us,
		  unsigned int poll_cpu);

/** thread_pin - have thread @number run on @cpu alone. Return: 0 or a negative errno. */
int thread_pin(struct serving_threads *threads, unsigned int number, unsigned int cpu);

/** threads_stop - end all after the batches they are working on; a zeroed @threads is allowed. */
void threads_stop(struct serving_threads *threads);

#endif /* VCD_DAEMON_VM_THREAD_H */
