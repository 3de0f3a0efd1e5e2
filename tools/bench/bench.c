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

static const struct bench_mode *const modes[] = {
    &bench_mode_engine, &bench_mode_openssl, &bench_mode_wire, &bench_mode_dev, &bench_mode_afalg,
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

uint64_t bench_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
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

/* Fixed and dull, but no two bytes in a row alike; 3DES wants three different keys. */
static void fill(uint8_t *p, size_t n, unsigned int seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(seed + i * 37 + (i >> 8) * 11);
}

static int make_data(struct bench *bench)
{
	const struct workload *work = &bench->work;
	int err;

	bench->input = malloc(work->size);
	bench->expected = malloc(work->size);
	if (!bench->input || !bench->expected)
		return -ENOMEM;
	fill(bench->key, sizeof(bench->key), 1);
	fill(bench->iv, sizeof(bench->iv), 100);
	fill(bench->input, work->size, 7);
	err = reference_crypt(work, bench->key, bench->iv, bench->input, bench->expected);
	if (err)
		bench_error("libcrypto cannot do %s here, so there is nothing to check against",
			    work->name);
	return err;
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
			bench_error(err == -EBADMSG ? "%s: the result is WRONG; not measuring"
						    : "%s: the first operation failed",
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
	err = make_data(bench);
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
	free(bench->input);
	free(bench->expected);
	free(bench);
	return NULL;
}

static void *thread_main(void *arg)
{
	struct bench_thread *thread = arg;
	uint64_t cpu = thread_cpu_ns();

	thread->err = thread->bench->mode->run(thread);
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

int bench_slice(struct bench *bench, double seconds, double *ops_per_s)
{
	uint64_t (*foreign)(struct bench *) = bench->mode->foreign_cpu_ns;
	uint64_t cpu = foreign ? foreign(bench) : 0;
	uint64_t begin = bench_now_ns();
	uint64_t ops = 0;
	uint64_t ns;
	unsigned int i;
	int err;

	bench->end_ns = begin + (uint64_t)(seconds * 1e9);
	err = run_threads(bench);
	ns = bench_now_ns() - begin;
	if (foreign)
		cpu = foreign(bench) - cpu;
	if (err) {
		bench_error("%s: %s", bench->mode->name, strerror(-err));
		return err;
	}
	for (i = 0; i < bench->work.threads; i++) {
		struct bench_thread *thread = &bench->threads[i];

		ops += thread->ops;
		cpu += thread->cpu_ns;
		histogram_merge(&bench->total.latency, &thread->latency);
	}
	bench->total.ops += ops;
	bench->total.ns += ns;
	bench->total.cpu_ns += cpu;
	*ops_per_s = (double)ops * 1e9 / (double)ns;
	return 0;
}
