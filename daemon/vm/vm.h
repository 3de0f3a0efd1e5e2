/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.h - the device of one VM: guest memory, queues, features, limits. The control thread changes
 * it and the serving threads (thread.h) work on it.
 */
#ifndef VCD_DAEMON_VM_VM_H
#define VCD_DAEMON_VM_VM_H

#include <stdint.h>

#include "daemon/base/latency.h"
#include "daemon/recovery/ledger.h"
#include "daemon/virtio/dirty_log.h"
#include "daemon/virtio/memory.h"
#include "daemon/virtio/queue.h"
#include "daemon/recovery/rate_limits.h"
#include "device/device.h"

/**
 * struct vm_waiter - where a serving thread waits for kicks.
 * @epoll: the kick descriptors of its queues, and @wake, whose event has no pointer
 * @wake: eventfd of vm_wake()
 */
struct vm_waiter {
	int epoll;
	int wake;
};

/**
 * struct vm - the device of one VM.
 * @device: borrowed
 * @ledger: borrowed
 * @num_threads: serving threads
 * @slow: the last so many queues are slow, and each has one of the last so many threads. The other
 *	queues belong to the other threads in turn (vm_thread_of())
 * @limits: how much the VM may ask for
 * @waiters: of the threads
 * @memory: guest memory; changed under the locks of all queues
 * @next_memory: for the control thread, to make the next map in; too large for a stack
 * @log: the front end's log of dirty pages; @memory names it while it is to be written
 * @features: virtio features that the driver accepted; changed under the locks of all queues
 * @replaying: the set-up is being replayed: nothing is served, and the ledger is left alone,
 *	before vm_resume()
 */
struct vm {
	struct vdev *device;
	struct ledger *ledger;
	unsigned int num_queues;
	unsigned int num_threads;
	unsigned int slow;
	struct limits limits;
	struct queue *queues;
	struct vm_waiter *waiters;
	struct memory memory;
	struct memory next_memory;
	struct dirty_log log;
	uint64_t features;
	bool replaying;
};

/**
 * vm_ledger - the shape of the ledger that a VM needs.
 * @num_queues: see vm_new()
 * @num_threads: see vm_new()
 * @max_request: the device's, 0: the default
 */
struct ledger_shape vm_ledger(unsigned int num_queues, unsigned int num_threads,
			      uint32_t max_request);

/**
 * vm_new - make the device of a VM.
 * @device: made for at least @num_threads threads; outlives the VM
 * @ledger: for that many queues and threads; outlives the VM
 * @num_queues: 1 to VCD_MAX_QUEUES, with the slow ones
 * @num_threads: 1 to @num_queues, likewise
 * @slow: slow queues, fewer than @num_threads
 * @ret: out; untouched on failure
 *
 * Return: 0 or a negative errno.
 */
int vm_new(struct vdev *device, struct ledger *ledger, unsigned int num_queues,
	   unsigned int num_threads, unsigned int slow, struct vm **ret);

/** vm_free - free it, after its threads were stopped; NULL is allowed. Return: NULL. */
struct vm *vm_free(struct vm *vm);

/** vm_thread_of - the thread that queue @index belongs to. */
unsigned int vm_thread_of(const struct vm *vm, unsigned int index);

/** vm_wake - have serving thread @thread look at its queues; from any thread. */
void vm_wake(struct vm *vm, unsigned int thread);

/** vm_wake_all - have every serving thread look at its queues; from any thread. */
void vm_wake_all(struct vm *vm);

/**
 * vm_lock_queue - queue_lock() for the control thread: requests that wait for the key service are
 * answered, so that it does not wait for a slow token.
 */
void vm_lock_queue(struct vm *vm, struct queue *queue);

/**
 * vm_set_kick - change the kick descriptor of a queue that is locked.
 * @fd: eventfd, taken over; -1: none
 *
 * Return: 0; or a negative errno: then there is none, and @fd is still the caller's.
 */
int vm_set_kick(struct vm *vm, struct queue *queue, int fd);

/**
 * vm_update - queue_update() on a queue that is locked, and wake its thread.
 *
 * Return: as queue_update().
 */
int vm_update(struct vm *vm, struct queue *queue);

/** vm_set_features - change the accepted features, for all queues. */
void vm_set_features(struct vm *vm, uint64_t features);

/**
 * vm_set_memory - exchange @memory and @next_memory; what is in the latter then is not in use.
 *
 * Queues whose rings are not in the new map cease to be served.
 */
void vm_set_memory(struct vm *vm);

/** vm_set_log - exchange the log of dirty pages and @log, which then is not in use. */
void vm_set_log(struct vm *vm, struct dirty_log *log);

/** vm_set_limit - change a limit, while threads serve; also for later workers. */
void vm_set_limit(struct vm *vm, enum limit_kind kind, struct limit limit);

/** vm_quiesced - whether no queue is being served; then sessions are dropped. */
bool vm_quiesced(const struct vm *vm);

/**
 * vm_resume - go on where a former worker was, after the set-up was replayed.
 *
 * Undoes what it left half done in guest memory, starts the queues it served, and takes over
 * the limits that were set.
 */
void vm_resume(struct vm *vm);

/** vm_reset - as if just made: queues, features, memory, sessions. */
void vm_reset(struct vm *vm);

/**
 * struct vm_stats - counters of all queues and threads since the start.
 * @kicks: kicks received
 * @notifications: signals sent to the driver
 * @sleeps: times that a thread went to sleep
 * @ring_errors: times that a driver broke a ring
 * @latency: of all queues' requests
 * @published: requests given back to the driver, each counted once
 * @restarts: worker processes that died and were replaced
 * @upgrades: worker processes that were replaced on request
 */
struct vm_stats {
	uint64_t kicks;
	uint64_t notifications;
	uint64_t sleeps;
	uint64_t ring_errors;
	struct latency latency;
	uint64_t published;
	uint64_t restarts;
	uint64_t upgrades;
};

/** vm_stats_get - a snapshot; safe while threads serve. */
void vm_stats_get(const struct vm *vm, struct vm_stats *stats);

#endif /* VCD_DAEMON_VM_VM_H */
