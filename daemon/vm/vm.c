/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.c - the device of one VM. See vm.h.
 *
 * Theory of operation
 * -------------------
 * The control thread (daemon/event_loop.c, vhost_user/) is the only one to change anything here;
 * serving threads read. A change to one queue is made under that queue's lock. A change to what
 * all queues use (memory map, features) is made under the locks of all. A locked queue has no
 * request in flight (queue.c), so whatever is replaced under the locks is not in use afterwards
 * and can be unmapped.
 *
 * Invariants
 * - After the control thread made a queue active, or may have, it wakes the
 *   queue's thread.
 * - Sessions do not outlive the driver that made them: when the last active
 *   queue ceases, they are dropped. Stock front ends report neither a driver's
 *   reset nor its removal in any better way.
 */
#include "daemon/vm/vm.h"

#include <errno.h>
#include <linux/vhost_types.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/param.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

/*
 * Locking one queue after the other would take as long as all their batches together. With slow
 * ciphers, large requests and many queues that is longer than the supervisor waits for an answer.
 */
static void lock_all(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->num_queues; i++)
		queue_hold(&vm->queues[i]);
	vdev_hurry_keys(vm->device, true);
	for (i = 0; i < vm->num_queues; i++)
		queue_lock_held(&vm->queues[i]);
	vdev_hurry_keys(vm->device, false);
}

static void unlock_all(struct vm *vm)
{
	unsigned int i;

	for (i = vm->num_queues; i > 0; i--)
		queue_unlock(&vm->queues[i - 1]);
}

void vm_lock_queue(struct vm *vm, struct queue *queue)
{
	if (queue->slow)
		vdev_hurry_keys(vm->device, true);
	queue_lock(queue);
	if (queue->slow)
		vdev_hurry_keys(vm->device, false);
}

struct ledger_shape vm_ledger(unsigned int num_queues, unsigned int num_threads,
			      uint32_t max_request)
{
	/*
	 * All requests of a batch but the last, and that one with its header and keys. What is
	 * saved was counted twice, as input and as output. Nothing of it is used before it is
	 * needed.
	 */
	const size_t last = (max_request ? max_request : VDEV_DEFAULT_MAX_REQUEST) + 4096u;

	return (struct ledger_shape){num_queues, num_threads, BATCH_BYTES_HIGH / 2 + last};
}

static int waiter_open(struct vm_waiter *waiter)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	waiter->epoll = epoll_create1(EPOLL_CLOEXEC);
	waiter->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (waiter->epoll < 0 || waiter->wake < 0 ||
	    epoll_ctl(waiter->epoll, EPOLL_CTL_ADD, waiter->wake, &event) < 0)
		return -errno;
	return 0;
}

/*
 * Where the tokens of a queue's requests begin: the same for all workers of this daemon, and far from
 * those of other queues and, as begin is a time, of the VM's next daemon.
 */
static uint64_t token_of(const struct ledger *ledger, unsigned int index)
{
	return (ledger->head->begin + index) * UINT64_C(0x9e3779b97f4a7c15);
}

int vm_new(struct vdev *device, struct ledger *ledger, unsigned int num_queues,
	   unsigned int num_threads, unsigned int slow, struct vm **ret)
{
	struct vm *vm;
	unsigned int i;
	int err = 0;

	if (num_queues == 0 || num_queues > VCD_MAX_QUEUES || num_threads == 0 ||
	    num_threads > num_queues || slow >= num_threads)
		return -EINVAL;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	vm->queues = calloc(num_queues, sizeof(*vm->queues));
	vm->waiters = calloc(num_threads, sizeof(*vm->waiters));
	vm->device = device;
	vm->ledger = ledger;
	vm->slow = slow;
	limits_init(&vm->limits);
	for (; vm->queues && vm->num_queues < num_queues; vm->num_queues++)
		queue_init(&vm->queues[vm->num_queues], vm->num_queues,
			   &ledger->queue[vm->num_queues]);
	for (; vm->waiters && vm->num_threads < num_threads; vm->num_threads++)
		vm->waiters[vm->num_threads] = (struct vm_waiter){-1, -1};
	for (i = num_queues - slow; vm->queues && i < num_queues; i++) {
		vm->queues[i].slow = true;
		vm->queues[i].token = token_of(ledger, i);
	}
	if (!vm->queues || !vm->waiters)
		err = -ENOMEM;
	for (i = 0; !err && i < num_threads; i++)
		err = waiter_open(&vm->waiters[i]);
	if (err)
		vm_free(vm);
	else
		*ret = vm;
	return err;
}

struct vm *vm_free(struct vm *vm)
{
	unsigned int i;

	if (!vm)
		return NULL;
	for (i = 0; i < vm->num_queues; i++)
		queue_destroy(&vm->queues[i]);
	for (i = 0; vm->waiters && i < vm->num_threads; i++) {
		close_fd(&vm->waiters[i].epoll);
		close_fd(&vm->waiters[i].wake);
	}
	memory_clear(&vm->memory);
	dirty_log_unmap(&vm->log);
	free(vm->waiters);
	free(vm->queues);
	free(vm);
	return NULL;
}

unsigned int vm_thread_of(const struct vm *vm, unsigned int index)
{
	const unsigned int queues = vm->num_queues - vm->slow, threads = vm->num_threads - vm->slow;

	return index < queues ? index % threads : threads + (index - queues);
}

void vm_wake(struct vm *vm, unsigned int thread)
{
	const uint64_t one = 1;

	/* Fails only when 2^64 wake-ups are pending, one of which suffices. */
	if (write(vm->waiters[thread].wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_msg(LOG_ERROR, "cannot wake thread %u: %m", thread);
}

void vm_wake_all(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->num_threads; i++)
		vm_wake(vm, i);
}

int vm_set_kick(struct vm *vm, struct queue *queue, int fd)
{
	const struct vm_waiter *waiter = &vm->waiters[vm_thread_of(vm, queue->index)];
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = queue};

	if (queue->kick_fd >= 0)
		(void)epoll_ctl(waiter->epoll, EPOLL_CTL_DEL, queue->kick_fd, NULL);
	close_fd(&queue->kick_fd);
	if (fd >= 0 && epoll_ctl(waiter->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	queue->kick_fd = fd;
	return 0;
}

static void cannot_start(const struct queue *queue, int err)
{
	if (err == -ENOSPC)
		log_limited(LOG_WARN,
			    "queue %u cannot start: the front end's log of dirty pages is too "
			    "small for the guest's memory",
			    queue->index);
	else
		log_limited(LOG_WARN,
			    "queue %u cannot start, its rings are %s; is the guest's memory "
			    "shared with us (QEMU: memory-backend-memfd with share=on)?",
			    queue->index, err == -EINVAL ? "not aligned" : "not in shared memory");
}

int vm_update(struct vm *vm, struct queue *queue)
{
	int err;

	if (vm->replaying)
		return 0;
	err = queue_update(queue, &vm->memory, vm->features);
	if (queue->active)
		vm_wake(vm, vm_thread_of(vm, queue->index));
	else if (err)
		cannot_start(queue, err);
	return err;
}

/* After a change that concerns all of them; all are locked. */
static void update_all(struct vm *vm)
{
	unsigned int i;

	/* vm_update() has logged a queue that cannot go on; the front end gets no answer here. */
	for (i = 0; i < vm->num_queues; i++)
		(void)vm_update(vm, &vm->queues[i]);
}

/* All queues are locked. */
static void choose_log(struct vm *vm)
{
	bool wanted = (vm->features & 1ull << VHOST_F_LOG_ALL) && dirty_log_mapped(&vm->log);

	vm->memory.log = wanted ? &vm->log : NULL;
}

void vm_set_features(struct vm *vm, uint64_t features)
{
	lock_all(vm);
	vm->features = features;
	choose_log(vm);
	update_all(vm);
	unlock_all(vm);
}

void vm_set_memory(struct vm *vm)
{
	unsigned int count = MAX(vm->memory.count, vm->next_memory.count);
	struct memory *now = &vm->memory, *next = &vm->next_memory;

	lock_all(vm);
	for (unsigned int i = 0; i < count; i++) {
		struct memory_region region = now->regions[i];

		now->regions[i] = next->regions[i];
		next->regions[i] = region;
	}
	count = now->count;
	now->count = next->count;
	next->count = count;
	update_all(vm);
	unlock_all(vm);
}

void vm_set_log(struct vm *vm, struct dirty_log *log)
{
	struct dirty_log former;

	lock_all(vm);
	former = vm->log;
	vm->log = *log;
	*log = former;
	choose_log(vm);
	update_all(vm);
	unlock_all(vm);
}

void vm_set_limit(struct vm *vm, enum limit_kind kind, struct limit limit)
{
	limits_set(&vm->limits, kind, limit);
	vm->ledger->head->limits[kind] = limit;
	__atomic_fetch_or(&vm->ledger->head->limits_set, 1ull << kind, __ATOMIC_RELEASE);
	/* A thread that waits for the former limit looks at the new one. */
	vm_wake_all(vm);
}

/*
 * The operator's limits outlive workers. They are read as late as this because the operator may
 * change them while a successor stands by.
 */
static void adopt_limits(struct vm *vm)
{
	const struct ledger_head *head = vm->ledger->head;
	uint64_t set = __atomic_load_n(&head->limits_set, __ATOMIC_ACQUIRE);

	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		/* The copy is checked: the former worker may have been taken over. */
		const struct limit limit = *(const volatile struct limit *)&head->limits[kind];

		if ((set & 1ull << kind) && limit.rate <= LIMIT_MAX && limit.burst <= LIMIT_MAX)
			limits_set(&vm->limits, kind, limit);
	}
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
	undo_recover(vm->ledger, &vm->memory);
	for (i = 0; i < vm->num_queues; i++)
		queue_resume(&vm->queues[i], &vm->memory);
	update_all(vm);
	unlock_all(vm);
}

void vm_reset(struct vm *vm)
{
	unsigned int i;

	lock_all(vm);
	for (i = 0; i < vm->num_queues; i++) {
		struct queue *queue = &vm->queues[i];

		(void)vm_set_kick(vm, queue, -1);
		queue_reset(queue);
		/* The next front end's requests are others. */
		queue->ledger->strikes = 0;
	}
	vm->features = 0;
	choose_log(vm);
	unlock_all(vm);
	/* No queue is active, so no thread translates before there is a new map. */
	memory_clear(&vm->memory);
	dirty_log_unmap(&vm->log);
	vdev_reset(vm->device);
}

void vm_stats_get(const struct vm *vm, struct vm_stats *stats)
{
	unsigned int i;

	*stats = (struct vm_stats){0};
	for (i = 0; i < vm->num_threads; i++) {
		stats->kicks += counter_get(&vm->ledger->thread[i].kicks);
		stats->sleeps += counter_get(&vm->ledger->thread[i].sleeps);
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
