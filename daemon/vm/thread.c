/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.c - the threads that serve the queues.
 *
 * Theory of operation
 * -------------------
 * Each slow queue has a thread of its own, which may sleep in a batch until the key service has
 * answered. The other queues belong to the other threads in turn (vm_thread_of()). A thread goes round its queues, a batch each, until
 * a round finds all of them empty and armed (queue.c). Then it sleeps in epoll_wait(), without a
 * timeout, for a kick. So an idle VM costs nothing, and a busy one neither kicks nor wakes anybody.
 *
 * Kick descriptors are watched edge-triggered and never read: every write to an eventfd is an
 * edge, whatever its count is, and the count overflows after 2^64 kicks. That saves a system call
 * for each wake-up.
 *
 * Polling: with --poll-us the queues are first found empty without being armed, and the thread
 * looks at them again for a while. It looks for less and less time when that does not pay, and for
 * longer again after a sleep that was short enough for polling to have caught its end. --poll-cpu
 * bounds what unsuccessful polling may take of a CPU (poll_budget.h).
 *
 * Invariants
 * - A thread holds at most one lock, that of a queue, for at most one batch.
 * - It sleeps only when all its queues are inactive or armed. The control thread wakes it after it
 *   activated a queue.
 * - An event names a queue whose descriptor may be gone by now; that is harmless, as an event only
 *   makes the thread look.
 */
#include "daemon/vm/thread.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/param.h>

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

static bool stopping(const struct serving_thread *t)
{
	return __atomic_load_n(&t->stop, __ATOMIC_ACQUIRE);
}

/* Under a limit, the first queue may use up what is paid for. So each queue is first in turn. */
static unsigned int first_queue(struct serving_thread *t)
{
	unsigned int queues;

	if (!t->batch->limited || t->first >= t->end)
		return t->first;
	queues = (t->end - t->first - 1) / t->step + 1;
	return t->first + t->rounds++ % queues * t->step;
}

/* Serve one batch per queue. Return: the busiest result. */
static enum queue_result serve_round(struct serving_thread *t, enum queue_when_empty when_empty)
{
	struct vm *vm = t->vm;
	enum queue_result busiest = QUEUE_SLEEPING;
	unsigned int i, index = first_queue(t);

	for (i = t->first; i < t->end; i += t->step) {
		enum queue_result r = queue_process(&vm->queues[index], vm->device, t->number,
						    &vm->memory, t->batch, when_empty);

		index += t->step;
		if (index >= t->end)
			index = t->first;
		if (r == QUEUE_LOST) {
			/* The memory is that of all queues: threads that sleep have to see it, too. */
			vm_wake_all(vm);
			r = QUEUE_MORE;
		}
		if (r > busiest)
			busiest = r;
	}
	return busiest;
}

/* Poll for a while. Return: whether work was found. */
static bool poll_queues(struct serving_thread *t)
{
	uint64_t begin, now, ns;
	unsigned int i;

	if (t->poll_ns == 0)
		return false;
	begin = now_ns();
	ns = poll_budget_left(&t->poll_budget, begin, t->poll_ns);
	if (ns == 0)
		return false;
	do {
		for (i = 0; i < SPINS; i++) {
			if (stopping(t) || serve_round(t, QUEUE_LEAVE) == QUEUE_MORE)
				return true;
			cpu_relax();
		}
		now = now_ns();
	} while (now - begin < ns);
	/* Polling that found something is not charged: it replaced a sleep and a wake-up. */
	poll_budget_use(&t->poll_budget, now - begin);
	return false;
}

/*
 * Learn from a sleep: had polling for max_ns caught its end, poll longer next
 * time; if it was longer than that, poll less.
 */
static void adapt(struct serving_thread *t, uint64_t slept, uint64_t max_ns)
{
	uint64_t step = max_ns / 8 + 1;

	if (slept <= max_ns)
		t->poll_ns = t->poll_ns ? t->poll_ns * 2 : step;
	else
		t->poll_ns = t->poll_ns > step ? t->poll_ns / 2 : 0;
	if (t->poll_ns > max_ns)
		t->poll_ns = max_ns;
}

/* Crypto libraries leave round keys on the stack. They are wiped before the thread sleeps. */
static void __attribute__((noinline)) wipe_stack(void)
{
	uint8_t below[STACK_WIPE];

	explicit_bzero(below, sizeof(below));
}

static void sleep_until_kick(struct serving_thread *t)
{
	struct epoll_event events[EVENTS];
	uint64_t max_ns = t->poll_max_ns;
	uint64_t begin = max_ns ? now_ns() : 0;
	int n;
	int i;

	counter_add(&t->counters->sleeps, 1);
	wipe_stack();
	vdev_rest(t->vm->device, t->number);
	n = epoll_wait(t->vm->waiters[t->number].epoll, events, EVENTS, -1);
	for (i = 0; i < n; i++)
		if (events[i].data.ptr != NULL)
			counter_add(&t->counters->kicks, 1);
	if (max_ns)
		adapt(t, now_ns() - begin, max_ns);
}

/* Pay for what was done since the last time and was not prepaid; what is left goes back. */
static void settle(struct serving_thread *t)
{
	struct limits *limits = &t->vm->limits;
	unsigned int generation = limits_generation(limits);
	uint64_t used[LIMIT_KINDS], unused[LIMIT_KINDS] = {0};
	struct vdev_usage usage;

	vdev_usage_get(t->vm->device, t->number, &usage);
	used[LIMIT_OPS] = usage.requests - t->paid.requests;
	used[LIMIT_BYTES] = usage.bytes - t->paid.bytes;
	used[LIMIT_KEYS] = usage.set_ups - t->paid.set_ups;
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		uint64_t covered = MIN(used[i], t->prepaid[i]);

		unused[i] = t->prepaid[i] - covered;
		used[i] -= covered;
		t->prepaid[i] = 0;
	}
	/* What was done or paid under other limits does not count for these. */
	if (t->paid_generation == generation) {
		limits_charge(limits, now_ns(), used);
		limits_refund(limits, unused);
	}
	t->paid = usage;
	t->paid_generation = generation;
	t->batch->ops_left = t->batch->cost_left = 0;
}

/*
 * Settle, and pay for what comes next; then wait until that is due. A change of a limit and the
 * end of the thread come with a wake-up, and end the wait. Kicks wake the thread, too, which then
 * goes on waiting.
 */
static void keep_limits(struct serving_thread *t)
{
	struct limits *limits = &t->vm->limits;
	struct queue_batch *batch = t->batch;
	const uint64_t want[LIMIT_KINDS] = {[LIMIT_OPS] = 1, [LIMIT_BYTES] = batch->wants};
	struct epoll_event event;
	unsigned int generation;
	uint64_t begin, until;

	settle(t);
	generation = t->paid_generation;
	begin = now_ns();
	batch->limited = true;
	batch->wants = 0;
	limits_claim(limits, begin, t->vm->num_threads, want, t->prepaid);
	until = begin + limits_wait(limits, begin);
	/* @until stays what it is, whatever others claim: see rate_limits.h, turns. */
	for (uint64_t now = begin;
	     now < until && limits_generation(limits) == generation && !stopping(t);
	     now = now_ns()) {
		uint64_t ms = (until - now + 999999) / 1000000;

		(void)epoll_wait(t->vm->waiters[t->number].epoll, &event, 1,
				 ms < 1000 ? (int)ms : 1000);
	}
	if (until != begin)
		limits_waited(limits, now_ns() - begin);
	/* The limits have changed: what was paid is void. */
	if (limits_generation(limits) != generation || stopping(t))
		return;
	batch->ops_left = t->prepaid[LIMIT_OPS];
	batch->cost_left = t->prepaid[LIMIT_BYTES];
}

static void *thread_main(void *arg)
{
	struct serving_thread *t = arg;
	bool polls = t->poll_max_ns != 0;
	char name[16];

	/* For top -H. */
	(void)snprintf(name, sizeof(name), "vcd-thread-%u", t->number % 1000);
	(void)pthread_setname_np(pthread_self(), name);
	while (!stopping(t)) {
		if (limits_any(&t->vm->limits))
			keep_limits(t);
		else
			t->batch->limited = false;
		if (serve_round(t, polls ? QUEUE_LEAVE : QUEUE_ARM) == QUEUE_MORE)
			continue;
		if (polls && (poll_queues(t) || serve_round(t, QUEUE_ARM) == QUEUE_MORE))
			continue;
		/* Sessions that have ended are freed while there is nothing else to do. */
		if (vdev_tidy(t->vm->device))
			continue;
		/* Other threads may use what this one has claimed. */
		if (t->batch->limited)
			settle(t);
		sleep_until_kick(t);
	}
	return NULL;
}

/* Say which queues are the thread's: see vm_thread_of(). Those of slow queues do not poll. */
static void assign(struct serving_thread *t)
{
	const struct vm *vm = t->vm;
	const unsigned int queues = vm->num_queues - vm->slow, threads = vm->num_threads - vm->slow;

	t->first = t->number;
	t->step = threads;
	t->end = queues;
	if (t->number < threads)
		return;
	t->first = queues + (t->number - threads);
	t->step = 1;
	t->end = t->first + 1;
	t->poll_max_ns = t->poll_ns = 0;
}

static int start(struct serving_thread *t)
{
	int err;

	assign(t);
	t->counters = &t->vm->ledger->thread[t->number];
	t->batch = calloc(1, sizeof(*t->batch));
	if (!t->batch)
		return -ENOMEM;
	t->batch->undo = undo_of(t->vm->ledger, t->number);
	err = pthread_create(&t->thread, NULL, thread_main, t);
	t->running = !err;
	return -err;
}

int threads_start(struct serving_threads *threads, struct vm *vm, unsigned int poll_us,
		  unsigned int poll_cpu)
{
	int err = 0;

	threads->vm = vm;
	threads->thread = calloc(vm->num_threads, sizeof(*threads->thread));
	if (!threads->thread)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < vm->num_threads; i++) {
		threads->thread[i] = (struct serving_thread){
		    .number = i,
		    .vm = vm,
		    .poll_max_ns = poll_us * 1000ull,
		    .poll_ns = poll_us * 1000ull,
		    .poll_budget.percent = poll_cpu,
		};
		err = start(&threads->thread[i]);
	}
	return err;
}

int thread_pin(struct serving_threads *threads, unsigned int number, unsigned int cpu)
{
	cpu_set_t set;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return -pthread_setaffinity_np(threads->thread[number].thread, sizeof(set), &set);
}

void threads_stop(struct serving_threads *threads)
{
	for (unsigned int i = 0; threads->thread && i < threads->vm->num_threads; i++) {
		struct serving_thread *t = &threads->thread[i];

		if (t->running) {
			__atomic_store_n(&t->stop, true, __ATOMIC_RELEASE);
			vm_wake(threads->vm, i);
			pthread_join(t->thread, NULL);
		}
		free(t->batch);
	}
	free(threads->thread);
	threads->thread = NULL;
}
