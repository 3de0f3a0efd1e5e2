/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.c - what the control thread and the workers share.
 *
 * Theory of operation
 * -------------------
 * The control thread (daemon/event_loop.c, vhost_user.c) is the only one to change anything
 * here; workers read. A change to one queue is made under that queue's lock; a
 * change to what all queues use (memory map, features) under the locks of all.
 * As a locked queue has no request in flight (queue.c), whatever is replaced
 * under the locks is not in use any more afterwards and can be unmapped.
 *
 * Invariants
 * - After the control thread made a queue active, or may have, it wakes the
 *   queue's worker.
 * - Sessions do not outlive the driver that made them: when the last active
 *   queue ceases, they are dropped. Stock front ends report neither a driver's
 *   reset nor its removal in any better way.
 */
#include "daemon/vm/vm.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/util.h"

/*
 * One queue after the other would take as long as all their batches together: with slow ciphers,
 * large requests and many queues longer than the supervisor waits for an answer.
 */
static void lock_all(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->num_queues; i++)
		queue_hold(&vm->queues[i]);
	for (i = 0; i < vm->num_queues; i++)
		queue_lock_held(&vm->queues[i]);
}

static void unlock_all(struct vm *vm)
{
	unsigned int i;

	for (i = vm->num_queues; i > 0; i--)
		queue_unlock(&vm->queues[i - 1]);
}

struct ledger_shape vm_ledger(unsigned int num_queues, unsigned int num_workers,
			      uint32_t max_request)
{
	/*
	 * All requests of a batch but the last, and that one with its header and keys. What is
	 * saved was counted twice, as input and as output. Nothing of it is used before it is
	 * needed.
	 */
	const size_t last = (max_request ? max_request : VCD_DEFAULT_MAX_REQUEST) + 4096u;

	return (struct ledger_shape){num_queues, num_workers, QUEUE_BATCH_BYTES_HIGH / 2 + last};
}

int vm_new(struct vcd_device *device, struct ledger *ledger, unsigned int num_queues,
	   unsigned int num_workers, unsigned int poll_us, struct vm **ret)
{
	struct vm *vm;
	unsigned int i;
	int err;

	if (num_queues == 0 || num_queues > VCD_MAX_QUEUES || num_workers == 0 ||
	    num_workers > num_queues)
		return -EINVAL;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	vm->queues = calloc(num_queues, sizeof(*vm->queues));
	vm->workers = calloc(num_workers, sizeof(*vm->workers));
	if (!vm->queues || !vm->workers) {
		err = -ENOMEM;
		goto err_free;
	}
	vm->device = device;
	limits_init(&vm->limits);
	vm->ledger = ledger;
	vm->poll_us = poll_us;
	vm->poll_cpu = 100;
	vm->num_queues = num_queues;
	vm->num_workers = num_workers;
	for (i = 0; i < num_queues; i++)
		queue_init(&vm->queues[i], i);
	for (i = 0; i < num_queues; i++)
		vm->queues[i].ledger = &ledger->queue[i];
	for (i = 0; i < num_workers; i++) {
		err = thread_start(&vm->workers[i], i, vm);
		if (err)
			goto err_stop;
	}
	*ret = vm;
	return 0;

err_stop:
	/* The one that failed as well: it may be half made. */
	do {
		thread_stop(&vm->workers[i]);
	} while (i-- > 0);
	for (i = 0; i < num_queues; i++)
		queue_destroy(&vm->queues[i]);
err_free:
	free(vm->workers);
	free(vm->queues);
	free(vm);
	return err;
}

struct vm *vm_free(struct vm *vm)
{
	unsigned int i;

	if (!vm)
		return NULL;
	for (i = 0; i < vm->num_workers; i++)
		thread_stop(&vm->workers[i]);
	for (i = 0; i < vm->num_queues; i++)
		queue_destroy(&vm->queues[i]);
	memory_clear(&vm->memory);
	free(vm->workers);
	free(vm->queues);
	free(vm);
	return NULL;
}

struct worker *vm_worker(struct vm *vm, const struct queue *queue)
{
	return &vm->workers[queue->index % vm->num_workers];
}

int vm_update(struct vm *vm, struct queue *queue)
{
	int err;

	if (vm->replaying)
		return 0;
	err = queue_update(queue, &vm->memory, vm->features);
	if (queue->active)
		thread_wake(vm_worker(vm, queue));
	else if (err)
		log_limited(LOG_WARN,
			    "queue %u cannot start, its rings are %s; is the guest's memory "
			    "shared with us (QEMU: memory-backend-memfd with share=on)?",
			    queue->index, err == -EINVAL ? "not aligned" : "not in shared memory");
	return err;
}

/* After a change that concerns all of them; all are locked. */
static void update_all(struct vm *vm)
{
	unsigned int i;

	/* A queue that cannot go on was reported; the front end gets no answer here. */
	for (i = 0; i < vm->num_queues; i++)
		(void)vm_update(vm, &vm->queues[i]);
}

void vm_set_features(struct vm *vm, uint64_t features)
{
	lock_all(vm);
	vm->features = features;
	update_all(vm);
	unlock_all(vm);
}

void vm_set_memory(struct vm *vm, struct memory *memory)
{
	static struct memory swap;

	lock_all(vm);
	swap = vm->memory;
	vm->memory = *memory;
	*memory = swap;
	update_all(vm);
	unlock_all(vm);
}

void vm_set_limit(struct vm *vm, enum limit_kind kind, struct limit limit)
{
	unsigned int i;

	limits_set(&vm->limits, kind, limit);
	vm->ledger->head->limits[kind] = limit;
	__atomic_fetch_or(&vm->ledger->head->limits_set, 1ull << kind, __ATOMIC_RELEASE);
	/* Who waits for the former limit looks at the new one. */
	for (i = 0; i < vm->num_workers; i++)
		thread_wake(&vm->workers[i]);
}

/*
 * The operator's limits outlive workers. They are read only now: while a worker stands by, the one
 * before it may be told others.
 */
static void adopt_limits(struct vm *vm)
{
	const struct ledger_head *head = vm->ledger->head;
	uint64_t set = __atomic_load_n(&head->limits_set, __ATOMIC_ACQUIRE);

	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		/* A copy is looked at: the former worker may have been taken over. */
		const struct limit limit = *(const volatile struct limit *)&head->limits[kind];

		if ((set & 1ull << kind) && limit.rate <= LIMIT_MAX && limit.burst <= LIMIT_MAX)
			limits_set(&vm->limits, kind, limit);
	}
}

void vm_wake_all(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->num_workers; i++)
		thread_wake(&vm->workers[i]);
}

bool vm_quiesced(const struct vm *vm)
{
	unsigned int i;

	/* Only this thread activates queues, so an inactive one stays so. */
	for (i = 0; i < vm->num_queues; i++)
		if (__atomic_load_n(&vm->queues[i].active, __ATOMIC_RELAXED))
			return false;
	return true;
}

void vm_resume(struct vm *vm)
{
	unsigned int i;

	adopt_limits(vm);
	lock_all(vm);
	vm->replaying = false;
	ledger_recover(vm->ledger, &vm->memory);
	for (i = 0; i < vm->num_queues; i++)
		queue_resume(&vm->queues[i]);
	update_all(vm);
	unlock_all(vm);
}

void vm_reset(struct vm *vm)
{
	unsigned int i;

	lock_all(vm);
	for (i = 0; i < vm->num_queues; i++) {
		struct queue *queue = &vm->queues[i];

		thread_unwatch(vm_worker(vm, queue), queue->kick_fd);
		queue_reset(queue);
		/* The next front end's requests are others. */
		queue->ledger->strikes = 0;
	}
	vm->features = 0;
	unlock_all(vm);
	/* Nobody translates now, and nobody will before a new map is there. */
	memory_clear(&vm->memory);
	vcd_device_reset(vm->device);
}

void vm_stats_get(const struct vm *vm, struct vm_stats *stats)
{
	unsigned int i;

	*stats = (struct vm_stats){0};
	for (i = 0; i < vm->num_workers; i++) {
		stats->kicks += counter_get(&vm->workers[i].line->kicks);
		stats->sleeps += counter_get(&vm->workers[i].line->sleeps);
	}
	for (i = 0; i < vm->num_queues; i++) {
		stats->notifications += counter_get(&vm->queues[i].ledger->notifications);
		stats->ring_errors += counter_get(&vm->queues[i].ledger->ring_errors);
		latency_merge(&stats->latency, &vm->queues[i].ledger->latency);
	}
	stats->published = ledger_done(vm->ledger);
	stats->restarts = vm->ledger->head->restarts;
	stats->upgrades = vm->ledger->head->upgrades;
}
