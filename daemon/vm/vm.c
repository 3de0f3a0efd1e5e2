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
static void lock_all(struct backend *backend)
{
	unsigned int i;

	for (i = 0; i < backend->num_queues; i++)
		queue_hold(&backend->queues[i]);
	for (i = 0; i < backend->num_queues; i++)
		queue_lock_held(&backend->queues[i]);
}

static void unlock_all(struct backend *backend)
{
	unsigned int i;

	for (i = backend->num_queues; i > 0; i--)
		queue_unlock(&backend->queues[i - 1]);
}

struct ledger_shape backend_ledger(unsigned int num_queues, unsigned int num_workers,
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

int backend_new(struct vcd_device *device, struct ledger *ledger, unsigned int num_queues,
		unsigned int num_workers, unsigned int poll_us, struct backend **ret)
{
	struct backend *backend;
	unsigned int i;
	int err;

	if (num_queues == 0 || num_queues > VCD_MAX_QUEUES || num_workers == 0 ||
	    num_workers > num_queues)
		return -EINVAL;
	backend = calloc(1, sizeof(*backend));
	if (!backend)
		return -ENOMEM;
	backend->queues = calloc(num_queues, sizeof(*backend->queues));
	backend->workers = calloc(num_workers, sizeof(*backend->workers));
	if (!backend->queues || !backend->workers) {
		err = -ENOMEM;
		goto err_free;
	}
	backend->device = device;
	limits_init(&backend->limits);
	backend->ledger = ledger;
	backend->poll_us = poll_us;
	backend->poll_cpu = 100;
	backend->num_queues = num_queues;
	backend->num_workers = num_workers;
	for (i = 0; i < num_queues; i++)
		queue_init(&backend->queues[i], i);
	for (i = 0; i < num_queues; i++)
		backend->queues[i].ledger = &ledger->queue[i];
	for (i = 0; i < num_workers; i++) {
		err = worker_start(&backend->workers[i], i, backend);
		if (err)
			goto err_stop;
	}
	*ret = backend;
	return 0;

err_stop:
	/* The one that failed as well: it may be half made. */
	do {
		worker_stop(&backend->workers[i]);
	} while (i-- > 0);
	for (i = 0; i < num_queues; i++)
		queue_destroy(&backend->queues[i]);
err_free:
	free(backend->workers);
	free(backend->queues);
	free(backend);
	return err;
}

struct backend *backend_free(struct backend *backend)
{
	unsigned int i;

	if (!backend)
		return NULL;
	for (i = 0; i < backend->num_workers; i++)
		worker_stop(&backend->workers[i]);
	for (i = 0; i < backend->num_queues; i++)
		queue_destroy(&backend->queues[i]);
	memory_clear(&backend->memory);
	free(backend->workers);
	free(backend->queues);
	free(backend);
	return NULL;
}

struct worker *backend_worker(struct backend *backend, const struct queue *queue)
{
	return &backend->workers[queue->index % backend->num_workers];
}

int backend_update(struct backend *backend, struct queue *queue)
{
	int err;

	if (backend->replaying)
		return 0;
	err = queue_update(queue, &backend->memory, backend->features);
	if (queue->active)
		worker_wake(backend_worker(backend, queue));
	else if (err)
		log_limited(LOG_WARN,
			    "queue %u cannot start, its rings are %s; is the guest's memory "
			    "shared with us (QEMU: memory-backend-memfd with share=on)?",
			    queue->index, err == -EINVAL ? "not aligned" : "not in shared memory");
	return err;
}

/* After a change that concerns all of them; all are locked. */
static void update_all(struct backend *backend)
{
	unsigned int i;

	/* A queue that cannot go on was reported; the front end gets no answer here. */
	for (i = 0; i < backend->num_queues; i++)
		(void)backend_update(backend, &backend->queues[i]);
}

void backend_set_features(struct backend *backend, uint64_t features)
{
	lock_all(backend);
	backend->features = features;
	update_all(backend);
	unlock_all(backend);
}

void backend_set_memory(struct backend *backend, struct memory *memory)
{
	static struct memory swap;

	lock_all(backend);
	swap = backend->memory;
	backend->memory = *memory;
	*memory = swap;
	update_all(backend);
	unlock_all(backend);
}

void backend_set_limit(struct backend *backend, enum limit_kind kind, struct limit limit)
{
	unsigned int i;

	limits_set(&backend->limits, kind, limit);
	backend->ledger->head->limits[kind] = limit;
	__atomic_fetch_or(&backend->ledger->head->limits_set, 1ull << kind, __ATOMIC_RELEASE);
	/* Who waits for the former limit looks at the new one. */
	for (i = 0; i < backend->num_workers; i++)
		worker_wake(&backend->workers[i]);
}

/*
 * The operator's limits outlive workers. They are read only now: while a worker stands by, the one
 * before it may be told others.
 */
static void adopt_limits(struct backend *backend)
{
	const struct ledger_head *head = backend->ledger->head;
	uint64_t set = __atomic_load_n(&head->limits_set, __ATOMIC_ACQUIRE);

	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		/* A copy is looked at: the former worker may have been taken over. */
		const struct limit limit = *(const volatile struct limit *)&head->limits[kind];

		if ((set & 1ull << kind) && limit.rate <= LIMIT_MAX && limit.burst <= LIMIT_MAX)
			limits_set(&backend->limits, kind, limit);
	}
}

void backend_wake_all(struct backend *backend)
{
	unsigned int i;

	for (i = 0; i < backend->num_workers; i++)
		worker_wake(&backend->workers[i]);
}

bool backend_quiesced(const struct backend *backend)
{
	unsigned int i;

	/* Only this thread activates queues, so an inactive one stays so. */
	for (i = 0; i < backend->num_queues; i++)
		if (__atomic_load_n(&backend->queues[i].active, __ATOMIC_RELAXED))
			return false;
	return true;
}

void backend_resume(struct backend *backend)
{
	unsigned int i;

	adopt_limits(backend);
	lock_all(backend);
	backend->replaying = false;
	ledger_recover(backend->ledger, &backend->memory);
	for (i = 0; i < backend->num_queues; i++)
		queue_resume(&backend->queues[i]);
	update_all(backend);
	unlock_all(backend);
}

void backend_reset(struct backend *backend)
{
	unsigned int i;

	lock_all(backend);
	for (i = 0; i < backend->num_queues; i++) {
		struct queue *queue = &backend->queues[i];

		worker_unwatch(backend_worker(backend, queue), queue->kick_fd);
		queue_reset(queue);
		/* The next front end's requests are others. */
		queue->ledger->strikes = 0;
	}
	backend->features = 0;
	unlock_all(backend);
	/* Nobody translates now, and nobody will before a new map is there. */
	memory_clear(&backend->memory);
	vcd_device_reset(backend->device);
}

void backend_stats_get(const struct backend *backend, struct backend_stats *stats)
{
	unsigned int i;

	*stats = (struct backend_stats){0};
	for (i = 0; i < backend->num_workers; i++) {
		stats->kicks += counter_get(&backend->workers[i].line->kicks);
		stats->sleeps += counter_get(&backend->workers[i].line->sleeps);
	}
	for (i = 0; i < backend->num_queues; i++) {
		stats->notifications += counter_get(&backend->queues[i].ledger->notifications);
		stats->ring_errors += counter_get(&backend->queues[i].ledger->ring_errors);
		latency_merge(&stats->latency, &backend->queues[i].ledger->latency);
	}
	stats->published = ledger_done(backend->ledger);
	stats->restarts = backend->ledger->head->restarts;
	stats->upgrades = backend->ledger->head->upgrades;
}
