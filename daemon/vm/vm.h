/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.h - what the control thread and the workers share: device, guest
 * memory, queues.
 */
#ifndef VCD_DAEMON_VM_VM_H
#define VCD_DAEMON_VM_VM_H

#include <stdint.h>

#include "daemon/base/latency.h"
#include "daemon/recovery/ledger.h"
#include "daemon/virtio/memory.h"
#include "daemon/virtio/queue.h"
#include "daemon/recovery/rate_limits.h"
#include "daemon/vm/thread.h"
#include "device/device.h"

/**
 * struct vm - one device and those who work on it.
 * @device: the device; borrowed
 * @ledger: what survives us; borrowed
 * @num_queues: queues
 * @num_workers: workers; queue i belongs to worker i % num_workers
 * @poll_us: longest time to poll an empty ring
 * @poll_cpu: percent of a CPU that a worker may poll in vain; atomic
 * @limits: how much the VM may ask for
 * @queues: queues
 * @workers: workers
 * @memory: guest memory; changed under the locks of all queues
 * @features: virtio features that the driver accepted; changed likewise
 * @replaying: the state of a former worker is being set up again: nothing is
 *	served, and the ledger is left alone, before vm_resume()
 */
struct vm {
	struct vcd_device *device;
	struct ledger *ledger;
	unsigned int num_queues;
	unsigned int num_workers;
	unsigned int poll_us;
	unsigned int poll_cpu;
	struct limits limits;
	struct queue *queues;
	struct worker *workers;
	struct memory memory;
	uint64_t features;
	bool replaying;
};

/**
 * vm_ledger - the shape of the ledger that a vm needs.
 * @num_queues: see vm_new()
 * @num_workers: likewise
 * @max_request: the device's, 0: the default
 */
struct ledger_shape vm_ledger(unsigned int num_queues, unsigned int num_workers,
			      uint32_t max_request);

/**
 * vm_new - make a vm and start its workers.
 * @device: device, made for at least @num_workers workers; outlives the vm
 * @ledger: ledger for that many queues and workers; outlives the vm
 * @num_queues: 1 to VCD_MAX_QUEUES
 * @num_workers: 1 to @num_queues
 * @poll_us: longest time to poll an empty ring, 0: never
 * @ret: out: the vm; untouched on failure
 *
 * Return: 0 or a negative errno.
 */
int vm_new(struct vcd_device *device, struct ledger *ledger, unsigned int num_queues,
	   unsigned int num_workers, unsigned int poll_us, struct vm **ret);

/** vm_free - stop everything; NULL is fine. Return: NULL. */
struct vm *vm_free(struct vm *vm);

/** vm_worker - the worker that serves @queue. */
struct worker *vm_worker(struct vm *vm, const struct queue *queue);

/**
 * vm_update - queue_update() on a queue that is locked, and wake its worker.
 *
 * Return: as queue_update().
 */
int vm_update(struct vm *vm, struct queue *queue);

/** vm_set_features - change the accepted features, for all queues. */
void vm_set_features(struct vm *vm, uint64_t features);

/**
 * vm_set_memory - replace the memory map.
 * @vm: vm
 * @memory: the new map; out: the old one, for the caller to unmap
 *
 * Queues whose rings are no longer in the map cease to be served.
 */
void vm_set_memory(struct vm *vm, struct memory *memory);

/** vm_set_limit - change a limit, while workers work, for the workers to come as well. */
void vm_set_limit(struct vm *vm, enum limit_kind kind, struct limit limit);

/** vm_quiesced - whether no queue is being served; then sessions are dropped. */
bool vm_quiesced(const struct vm *vm);

/**
 * vm_resume - go on where a former worker was, when all its state is set up again.
 *
 * Undoes what it left half done in guest memory, starts the queues it served, and takes over
 * the limits that were set.
 */
void vm_resume(struct vm *vm);

/** vm_wake_all - have every worker look at its queues; from any thread. */
void vm_wake_all(struct vm *vm);

/** vm_reset - as if just made: queues, features, memory, sessions. */
void vm_reset(struct vm *vm);

/**
 * struct vm_stats - counters of all queues and workers since the start.
 * @kicks: kicks received
 * @notifications: signals sent to the driver
 * @sleeps: times that a worker went to sleep
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

/** vm_stats_get - a snapshot; safe while workers work. */
void vm_stats_get(const struct vm *vm, struct vm_stats *stats);

#endif /* VCD_DAEMON_VM_VM_H */
