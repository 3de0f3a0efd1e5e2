/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.c - the threads that serve the queues.
 *
 * Theory of operation
 * -------------------
 * Queue i belongs to worker i % workers, for good. A worker goes round its
 * queues, a batch each, until a round finds all of them empty and armed
 * (queue.c); then it sleeps in epoll_wait(), without a timeout, for a kick. So an
 * idle VM costs nothing, and a busy one neither kicks nor wakes anybody.
 *
 * Kick descriptors are watched edge-triggered and never read: every write to an
 * eventfd is an edge, whatever its count is, and the count overflows after 2^64
 * kicks. That saves a system call for each wake-up.
 *
 * Polling: with --poll-us the queues are first found empty without being armed,
 * and the worker looks at them again for a while. It looks for less and less
 * time when that does not pay, and for longer again after a sleep that was short
 * enough for polling to have caught its end. --poll-cpu bounds what polling in vain
 * may take of a CPU (poll_budget.h).
 *
 * Invariants
 * - A worker holds at most one lock, that of a queue, for at most one batch.
 * - It sleeps only when all its queues are inactive or armed. Whoever activates
 *   a queue wakes the worker.
 * - An event names a queue whose descriptor may be gone by now; that is
 *   harmless, as an event only makes the worker look.
 */
#include "daemon/vm/thread.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/param.h>
#include <unistd.h>

#include "daemon/vm/vm.h"
#include "common/log.h"
#include "common/util.h"

#define EVENTS 32

/* More than a batch needs of the stack. */
#define STACK_WIPE (32u * 1024)

/* Looks at the rings between two looks at the clock. */
#define SPINS 16

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

static bool stopping(const struct worker *worker)
{
	return __atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE);
}

/* Under a limit, what is paid for may last for the first queue only: then each is the first in
 * turn. */
static unsigned int first_queue(struct worker *worker)
{
	const struct vm *vm = worker->vm;
	unsigned int queues;

	if (!worker->batch->limited || worker->number >= vm->num_queues)
		return worker->number;
	queues = (vm->num_queues - worker->number - 1) / vm->num_workers + 1;
	return worker->number + worker->rounds++ % queues * vm->num_workers;
}

/* A batch for each queue; the least restful of their results. */
static enum queue_result serve_round(struct worker *worker, bool rearm)
{
	struct vm *vm = worker->vm;
	enum queue_result most = QUEUE_SLEEPING;
	unsigned int i, index = first_queue(worker);

	for (i = worker->number; i < vm->num_queues; i += vm->num_workers) {
		enum queue_result r = queue_process(&vm->queues[index], vm->device, worker->number,
						    &vm->memory, worker->batch, rearm);

		index += vm->num_workers;
		if (index >= vm->num_queues)
			index = worker->number;
		if (r == QUEUE_LOST) {
			/* It is all queues' memory; those who sleep have to see it too. */
			vm_wake_all(vm);
			r = QUEUE_MORE;
		}
		if (r > most)
			most = r;
	}
	return most;
}

/* Look for work for a while. Whether some was found. */
static bool poll_queues(struct worker *worker)
{
	uint64_t begin, now, ns;
	unsigned int i;

	if (worker->poll_ns == 0)
		return false;
	begin = now_ns();
	worker->poll_budget.percent = __atomic_load_n(&worker->vm->poll_cpu, __ATOMIC_RELAXED);
	ns = poll_budget_left(&worker->poll_budget, begin, worker->poll_ns);
	if (ns == 0)
		return false;
	do {
		for (i = 0; i < SPINS; i++) {
			if (stopping(worker) || serve_round(worker, false) == QUEUE_MORE)
				return true;
			cpu_relax();
		}
		now = now_ns();
	} while (now - begin < ns);
	/* Looking that found something is not counted: it stood in for a sleep and a wake-up. */
	poll_budget_use(&worker->poll_budget, now - begin);
	return false;
}

/*
 * Learn from a sleep: had polling for max_ns caught its end, poll longer next
 * time; if it was longer than that, poll less.
 */
static void adapt(struct worker *worker, uint64_t slept, uint64_t max_ns)
{
	uint64_t step = max_ns / 8 + 1;

	if (slept <= max_ns)
		worker->poll_ns = worker->poll_ns ? worker->poll_ns * 2 : step;
	else
		worker->poll_ns = worker->poll_ns > step ? worker->poll_ns / 2 : 0;
	if (worker->poll_ns > max_ns)
		worker->poll_ns = max_ns;
}

/*
 * Round keys, padded keys and the like are left on the stack by the libraries that
 * have worked on it. They do not outlive the next rest; nor does data in the device's scratch.
 */
static void __attribute__((noinline)) wipe_stack(void)
{
	uint8_t below[STACK_WIPE];

	explicit_bzero(below, sizeof(below));
}

static void sleep_until_kick(struct worker *worker)
{
	struct epoll_event events[EVENTS];
	uint64_t max_ns = worker->vm->poll_us * 1000ull;
	uint64_t begin = max_ns ? now_ns() : 0;
	int n;
	int i;

	counter_add(&worker->line->sleeps, 1);
	wipe_stack();
	vcd_device_rest(worker->vm->device, worker->number);
	n = epoll_wait(worker->epoll, events, EVENTS, -1);
	for (i = 0; i < n; i++)
		if (events[i].data.ptr != NULL)
			counter_add(&worker->line->kicks, 1);
	if (max_ns)
		adapt(worker, now_ns() - begin, max_ns);
}

/* Pay for what was done since the last time, as far as it was not paid for; the rest goes back. */
static void settle(struct worker *worker)
{
	struct limits *limits = &worker->vm->limits;
	unsigned int generation = limits_generation(limits);
	uint64_t used[LIMIT_KINDS], unused[LIMIT_KINDS] = {0};
	struct vcd_device_usage usage;

	vcd_device_usage_get(worker->vm->device, worker->number, &usage);
	used[LIMIT_OPS] = usage.requests - worker->paid.requests;
	used[LIMIT_BYTES] = usage.bytes - worker->paid.bytes;
	used[LIMIT_KEYS] = usage.set_ups - worker->paid.set_ups;
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		uint64_t covered = MIN(used[i], worker->prepaid[i]);

		unused[i] = worker->prepaid[i] - covered;
		used[i] -= covered;
		worker->prepaid[i] = 0;
	}
	/* What was done, or paid, under other limits, or none, is nothing to these. */
	if (worker->paid_generation == generation) {
		limits_charge(limits, now_ns(), used);
		limits_refund(limits, unused);
	}
	worker->paid = usage;
	worker->paid_generation = generation;
	worker->batch->ops_left = worker->batch->cost_left = 0;
}

/*
 * Settle, and pay for what comes next; what that makes of waiting is waited for. A limit is
 * changed, or the worker stopped, by a wake-up, and then one looks anew. Kicks wake it too: they
 * may come once for each queue.
 */
static void keep_limits(struct worker *worker)
{
	struct limits *limits = &worker->vm->limits;
	struct queue_batch *batch = worker->batch;
	const uint64_t want[LIMIT_KINDS] = {[LIMIT_OPS] = 1, [LIMIT_BYTES] = batch->wants};
	struct epoll_event event;
	unsigned int generation;
	uint64_t begin, until;

	settle(worker);
	generation = worker->paid_generation;
	begin = now_ns();
	batch->limited = true;
	batch->wants = 0;
	limits_claim(limits, begin, worker->vm->num_workers, want, worker->prepaid);
	until = begin + limits_wait(limits, begin);
	/* @until stays what it is, whatever others claim: see rate_limits.h, turns. */
	for (uint64_t now = begin;
	     now < until && limits_generation(limits) == generation && !stopping(worker);
	     now = now_ns()) {
		uint64_t ms = (until - now + 999999) / 1000000;

		(void)epoll_wait(worker->epoll, &event, 1, ms < 1000 ? (int)ms : 1000);
	}
	if (until != begin)
		limits_waited(limits, now_ns() - begin);
	/* Paid under other limits: nothing may be taken for it. */
	if (limits_generation(limits) != generation || stopping(worker))
		return;
	batch->ops_left = worker->prepaid[LIMIT_OPS];
	batch->cost_left = worker->prepaid[LIMIT_BYTES];
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	bool polls = worker->vm->poll_us != 0;
	char name[16];

	/* Cosmetic, for top -H; nothing depends on it. Another thread would need /proc for it. */
	(void)snprintf(name, sizeof(name), "vcd-worker-%u", worker->number % 1000);
	(void)pthread_setname_np(pthread_self(), name);
	while (!stopping(worker)) {
		if (limits_any(&worker->vm->limits))
			keep_limits(worker);
		else
			worker->batch->limited = false;
		if (serve_round(worker, !polls) == QUEUE_MORE)
			continue;
		if (polls && (poll_queues(worker) || serve_round(worker, true) == QUEUE_MORE))
			continue;
		/* Sessions that have ended are freed while there is nothing else to do. */
		if (vcd_device_tidy(worker->vm->device))
			continue;
		/* Others may use what we have claimed. */
		if (worker->batch->limited)
			settle(worker);
		sleep_until_kick(worker);
	}
	return NULL;
}

int thread_start(struct worker *worker, unsigned int number, struct vm *vm)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int err;

	*worker = (struct worker){.number = number, .vm = vm, .epoll = -1, .wake = -1};
	worker->poll_ns = vm->poll_us * 1000ull;
	worker->line = &vm->ledger->thread[number];
	worker->batch = calloc(1, sizeof(*worker->batch));
	if (!worker->batch)
		return -ENOMEM;
	worker->batch->undo = ledger_undo(vm->ledger, number);
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->epoll < 0 || worker->wake < 0 ||
	    epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->wake, &event) < 0)
		return -errno;

	err = pthread_create(&worker->thread, NULL, worker_main, worker);
	if (err)
		return -err;
	worker->running = true;
	return 0;
}

int thread_pin(struct worker *worker, unsigned int cpu)
{
	cpu_set_t set;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return -pthread_setaffinity_np(worker->thread, sizeof(set), &set);
}

void thread_stop(struct worker *worker)
{
	if (worker->running) {
		__atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE);
		thread_wake(worker);
		pthread_join(worker->thread, NULL);
		worker->running = false;
	}
	close_fd(&worker->epoll);
	close_fd(&worker->wake);
	free(worker->batch);
	worker->batch = NULL;
}

void thread_wake(struct worker *worker)
{
	const uint64_t one = 1;

	/* Fails only when 2^64 wake-ups are pending, one of which suffices. */
	if (write(worker->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_msg(LOG_ERROR, "waking worker %u failed: %m", worker->number);
}

int thread_watch(struct worker *worker, struct queue *queue, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = queue};

	return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void thread_unwatch(struct worker *worker, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(worker->epoll, EPOLL_CTL_DEL, fd, NULL);
}
