/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_engine.c - the engine by itself: vcd_engine_run() with batches of `depth`
 * jobs. The ceiling of everything that is built on it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/bench.h"

/* One thread: depth jobs with a source and a destination each. */
struct engine_thread {
	struct vcd_engine_session **sessions;
	struct vcd_job *jobs;
	struct vcd_job **list;
	uint8_t *buffers;
	unsigned int next_session;
};

static int engine_open(struct bench *bench)
{
	struct vcd_engine *engine;
	int err;

	err = vcd_engine_open(bench->target.engine, bench->work.threads, &engine);
	if (err) {
		bench_error("engine '%s': %s", bench->target.engine,
			    err == -EINVAL ? "no such engine, or a bad argument" : strerror(-err));
		return err;
	}
	bench->state = engine;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "%s", engine->ops->name);
	if (!vcd_engine_has(engine, bench->work.alg, NULL)) {
		bench_error("engine '%s' does not have %s", bench->engine_name, bench->work.name);
		return -ENOTSUP;
	}
	return 0;
}

static void engine_close(struct bench *bench)
{
	vcd_engine_close(bench->state);
}

static void engine_thread_close(struct bench_thread *thread)
{
	struct engine_thread *t = thread->state;
	unsigned int i;

	for (i = 0; t->sessions && i < thread->bench->work.sessions; i++)
		vcd_engine_session_free(t->sessions[i]);
	free(t->sessions);
	free(t->jobs);
	free(t->list);
	free(t->buffers);
	free(t);
	thread->state = NULL;
}

static int make_sessions(struct bench *bench, struct engine_thread *t)
{
	const struct vcd_session_params params = {
	    .cipher = bench->work.alg,
	    .key = bench->key,
	    .key_len = bench->work.key_len,
	};
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < bench->work.sessions; i++)
		err = vcd_engine_session_new(bench->state, &params, &t->sessions[i]);
	return err;
}

static int engine_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	const struct workload *work = &bench->work;
	size_t stride = ((size_t)work->size + 4095) / 4096 * 4096;
	struct engine_thread *t = calloc(1, sizeof(*t));
	unsigned int i;

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->sessions = calloc(work->sessions, sizeof(struct vcd_engine_session *));
	t->jobs = calloc(work->depth, sizeof(*t->jobs));
	t->list = calloc(work->depth, sizeof(struct vcd_job *));
	t->buffers = aligned_alloc(4096, 2 * stride * work->depth);
	if (!t->sessions || !t->jobs || !t->list || !t->buffers)
		return -ENOMEM;
	for (i = 0; i < work->depth; i++) {
		uint8_t *src = t->buffers + 2 * stride * i;

		memcpy(src, bench->input, work->size);
		memset(src + stride, 0, work->size);
		t->list[i] = &t->jobs[i];
		t->jobs[i].src = src;
		t->jobs[i].dst = src + stride;
		t->jobs[i].len = work->size;
		t->jobs[i].flags = work->decrypt ? VCD_JOB_DECRYPT : 0;
		t->jobs[i].iv_len = (uint8_t)work->alg->iv_len;
	}
	return make_sessions(bench, t);
}

static int engine_batch(struct bench_thread *thread)
{
	struct engine_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	unsigned int depth = bench->work.depth;
	unsigned int i;

	for (i = 0; i < depth; i++) {
		t->jobs[i].session = t->sessions[t->next_session];
		if (++t->next_session == bench->work.sessions)
			t->next_session = 0;
		memcpy(t->jobs[i].iv, bench->iv, sizeof(bench->iv));
	}
	vcd_engine_run(bench->state, thread->number, t->list, depth);
	for (i = 0; i < depth; i++)
		if (t->jobs[i].status != VCD_S_OK)
			return -EIO;
	return 0;
}

static int engine_check(struct bench_thread *thread)
{
	struct engine_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	unsigned int i;
	int err = engine_batch(thread);

	for (i = 0; !err && i < bench->work.depth; i++)
		if (memcmp(t->jobs[i].dst, bench->expected, bench->work.size))
			err = -EBADMSG;
	return err;
}

static int engine_run(struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	uint64_t now = bench_now_ns();
	int err = 0;

	while (!err && !bench_time_up(bench, now)) {
		uint64_t begin = now;

		err = engine_batch(thread);
		now = bench_now_ns();
		bench_done(thread, now - begin, bench->work.depth);
	}
	return err;
}

const struct bench_mode bench_mode_engine = {
    .name = "engine",
    .open = engine_open,
    .close = engine_close,
    .thread_open = engine_thread_open,
    .thread_close = engine_thread_close,
    .check = engine_check,
    .run = engine_run,
};
