/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.c - a bench's life: open, verify, run slices, close.
 */
#include "tools/bench/bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/bench/affinity.h"
#include "tools/bench/worker.h"

static const struct bench_mode *const modes[] = {
    &bench_mode_engine, &bench_mode_openssl,  &bench_mode_wire,	   &bench_mode_dev,
    &bench_mode_afalg,	&bench_mode_pingpong, &bench_mode_eventfd, &bench_mode_syscall,
    &bench_mode_keys,	&bench_mode_sign,
};

void bench_error(const char *format, ...)
{
	va_list args;

	fputs("vcrypto-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

const struct bench_mode *bench_mode_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i]->name, name) == 0)
			return modes[i];
	return NULL;
}

static int open_threads(struct bench *bench)
{
	unsigned int i;
	int err;

	bench->threads = calloc(bench->work.threads, sizeof(*bench->threads));
	if (!bench->threads)
		return -ENOMEM;
	for (i = 0; i < bench->work.threads; i++) {
		bench->threads[i].bench = bench;
		bench->threads[i].number = i;
	}
	for (i = 0; i < bench->work.threads; i++) {
		err = bench->mode->thread_open(&bench->threads[i]);
		if (err) {
			bench_error("%s: thread %u: %s", bench->mode->name, i, strerror(-err));
			return err;
		}
		err = bench->mode->check(&bench->threads[i]);
		if (err) {
			bench_error(err == -EBADMSG
					? "%s: the first result is WRONG: it is not libcrypto's; "
					  "nothing is measured"
					: "%s: the first operation failed; nothing is measured",
				    bench->mode->name);
			return err;
		}
	}
	return 0;
}

int bench_open(const struct bench_mode *mode, const struct workload *work,
	       const struct target *target, struct bench **ret)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int err;

	if (!bench)
		return -ENOMEM;
	bench->work = *work;
	bench->target = *target;
	err = bench_make_data(bench);
	if (!err) {
		/* From here on close may be called. */
		bench->mode = mode;
		err = mode->open(bench);
	}
	if (!err)
		err = open_threads(bench);
	if (err) {
		bench_close(bench);
		return err;
	}
	*ret = bench;
	return 0;
}

struct bench *bench_close(struct bench *bench)
{
	unsigned int i;

	if (!bench)
		return NULL;
	for (i = 0; bench->threads && i < bench->work.threads; i++)
		if (bench->threads[i].state)
			bench->mode->thread_close(&bench->threads[i]);
	if (bench->mode)
		bench->mode->close(bench);
	free(bench->threads);
	free(bench->aad);
	free(bench->input);
	free(bench->expected);
	free(bench);
	return NULL;
}

int bench_run_steps(struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	uint64_t now = bench_now_ns();

	/* Once at the least: there is nothing to be said of no operation. */
	do {
		uint64_t begin = now;
		int n = bench->mode->step(thread);

		if (n < 0)
			return n;
		now = bench_now_ns();
		bench_done(thread, now - begin, (uint64_t)n);
	} while (!bench_time_up(bench, now));
	return 0;
}

static void *thread_main(void *arg)
{
	struct bench_thread *thread = arg;
	const struct bench_mode *mode = thread->bench->mode;
	const struct bench *bench = thread->bench;
	uint64_t cpu = thread_cpu_ns();
	cpu_set_t all, set;

	/* Where that is forbidden, it is measured without. */
	if (bench->target.place && sched_getaffinity(0, sizeof(all), &all) == 0) {
		set = bench->target.place == BENCH_PLACE_TOGETHER
			  ? affinity_one(&all, thread->number)
			  : affinity_ours(&all, bench->work.threads, thread->number);
		(void)sched_setaffinity(0, sizeof(set), &set);
	}

	thread->err = mode->run ? mode->run(thread) : bench_run_steps(thread);
	thread->cpu_ns = thread_cpu_ns() - cpu;
	return NULL;
}

/* Run all threads to the end of the slice. */
static int run_threads(struct bench *bench)
{
	pthread_t ids[BENCH_MAX_THREADS];
	unsigned int started;
	unsigned int i;
	int err = 0;

	for (started = 0; !err && started < bench->work.threads; started++) {
		struct bench_thread *thread = &bench->threads[started];

		memset(&thread->latency, 0, sizeof(thread->latency));
		thread->ops = 0;
		thread->err = 0;
		err = -pthread_create(&ids[started], NULL, thread_main, thread);
		if (err)
			break;
	}
	for (i = 0; i < started; i++) {
		pthread_join(ids[i], NULL);
		if (!err)
			err = bench->threads[i].err;
	}
	return err;
}

static void add(struct result *to, const struct result *from)
{
	to->ops += from->ops;
	to->ns += from->ns;
	to->cpu_ns += from->cpu_ns;
	to->worker_cpu_ns += from->worker_cpu_ns;
	histogram_merge(&to->latency, &from->latency);
}

/* What the processes in our service come to, by a function of worker.h. */
static uint64_t workers(struct bench *bench, uint64_t (*of)(pid_t pid))
{
	uint64_t sum = 0;
	pid_t pid;

	if (!bench->mode->worker)
		return 0;
	for (unsigned int n = 0; (pid = bench->mode->worker(bench, n)) > 0; n++)
		sum += of(pid);
	return sum;
}

/* The slice itself, with its clock and what others are charged for. */
static int timed_run(struct bench *bench, double seconds)
{
	struct result *slice = &bench->slice;
	uint64_t worker_ns = workers(bench, worker_cpu_ns);
	uint64_t begin = bench_now_ns();
	int err;

	bench->end_ns = begin + (uint64_t)(seconds * 1e9);
	err = run_threads(bench);
	slice->ns = bench_now_ns() - begin;
	slice->worker_cpu_ns = workers(bench, worker_cpu_ns) - worker_ns;
	return err;
}

int bench_slice(struct bench *bench, double seconds)
{
	const struct bench_mode *mode = bench->mode;
	struct result *slice = &bench->slice;
	uint64_t memory;
	unsigned int i;
	int err;

	memset(slice, 0, sizeof(*slice));
	err = mode->begin ? mode->begin(bench) : 0;
	if (err) {
		bench_error("%s: %s", mode->name, strerror(-err));
		return err;
	}
	err = timed_run(bench, seconds);
	if (mode->end)
		err = mode->end(bench, err);
	if (err) {
		bench_error("%s: %s", mode->name, strerror(-err));
		return err;
	}
	slice->cpu_ns = slice->worker_cpu_ns;
	for (i = 0; i < bench->work.threads; i++) {
		struct bench_thread *thread = &bench->threads[i];

		slice->ops += thread->ops;
		slice->cpu_ns += thread->cpu_ns;
		histogram_merge(&slice->latency, &thread->latency);
	}
	add(&bench->total, slice);
	memory = workers(bench, worker_memory);
	if (memory > bench->worker_memory)
		bench->worker_memory = memory;
	return 0;
}
