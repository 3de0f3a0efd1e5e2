/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_engine.c - the engine by itself: eng_run() with batches of `depth`
 * jobs. The ceiling of everything that is built on it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/bench.h"

/* One thread: depth jobs with a source and a destination each. */
struct engine_thread {
	struct eng_session **sessions;
	struct eng_job *jobs;
	struct eng_job **list;
	uint8_t *buffers;
	unsigned int next_session;
};

static int engine_open(struct bench *bench)
{
	struct engine *engine;
	int err;

	err = eng_open(bench->target.engine, bench->work.threads, &engine);
	if (err) {
		bench_error("engine '%s': %s", bench->target.engine,
			    err == -EINVAL ? "no such engine, or a bad argument" : strerror(-err));
		return err;
	}
	bench->state = engine;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "%s", engine->name);
	if (!(bench_is_hash(&bench->work) ? eng_has(engine, NULL, bench->work.alg)
					  : eng_has(engine, bench->work.alg, NULL))) {
		bench_error("engine '%s' does not have %s; choose another --engine or --alg",
			    bench->engine_name, bench->work.name);
		return -ENOTSUP;
	}
	return 0;
}

static void engine_close(struct bench *bench)
{
	eng_close(bench->state);
}

static void engine_thread_close(struct bench_thread *thread)
{
	struct engine_thread *t = thread->state;
	unsigned int i;

	for (i = 0; t->sessions && i < thread->bench->work.sessions; i++)
		eng_session_free(t->sessions[i]);
	free(t->sessions);
	free(t->jobs);
	free(t->list);
	free(t->buffers);
	free(t);
	thread->state = NULL;
}

static int make_sessions(struct bench *bench, struct engine_thread *t)
{
	struct eng_session_params params = {0};
	unsigned int i;
	int err = 0;

	if (bench_is_hash(&bench->work)) {
		params.mac = bench->work.alg;
		params.mackey = bench->key;
		params.mackey_len = bench->work.key_len;
	} else {
		params.cipher = bench->work.alg;
		params.key = bench->key;
		params.key_len = bench->work.key_len;
	}
	for (i = 0; !err && i < bench->work.sessions; i++)
		err = eng_session_new(bench->state, &params, &t->sessions[i]);
	return err;
}

static void fill_job(const struct bench *bench, struct eng_job *job, uint8_t *src, uint8_t *dst)
{
	const struct workload *work = &bench->work;

	memcpy(src, bench->input, bench->in_len);
	memset(dst, 0, work->size);
	job->src = src;
	job->len = work->size;
	if (bench_is_hash(work)) {
		job->flags = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL;
		return;
	}
	job->dst = dst;
	job->flags = work->decrypt ? ENG_JOB_DECRYPT : 0;
	job->iv_len = (uint8_t)work->alg->iv_len;
	if (bench_is_aead(work)) {
		job->aad = bench->aad;
		job->aad_len = work->aad_len;
		job->mac_len = (uint8_t)work->tag_len;
	}
}

static int engine_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	const struct workload *work = &bench->work;
	size_t stride = bench_pages(bench->in_len);
	struct engine_thread *t = calloc(1, sizeof(*t));
	unsigned int i;

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->sessions = calloc(work->sessions, sizeof(struct eng_session *));
	t->jobs = calloc(work->depth, sizeof(*t->jobs));
	t->list = calloc(work->depth, sizeof(struct eng_job *));
	t->buffers = aligned_alloc(4096, 2 * stride * work->depth);
	if (!t->sessions || !t->jobs || !t->list || !t->buffers)
		return -ENOMEM;
	for (i = 0; i < work->depth; i++) {
		uint8_t *src = t->buffers + 2 * stride * i;

		t->list[i] = &t->jobs[i];
		fill_job(bench, &t->jobs[i], src, src + stride);
	}
	return make_sessions(bench, t);
}

/* A batch of depth jobs. */
static int engine_step(struct bench_thread *thread)
{
	struct engine_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	const struct workload *work = &bench->work;
	bool opening = bench_is_aead(work) && work->decrypt;
	unsigned int i;

	for (i = 0; i < work->depth; i++) {
		struct eng_job *job = &t->jobs[i];

		job->session = t->sessions[t->next_session];
		if (++t->next_session == work->sessions)
			t->next_session = 0;
		memcpy(job->iv, bench->iv, sizeof(bench->iv));
		if (opening)
			memcpy(job->mac, bench->input + work->size, work->tag_len);
	}
	eng_run(bench->state, thread->number, t->list, work->depth);
	for (i = 0; i < work->depth; i++)
		if (t->jobs[i].status != VCD_S_OK)
			return -EIO;
	return (int)work->depth;
}

static int engine_check(struct bench_thread *thread)
{
	struct engine_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	uint32_t data = bench_data_out(&bench->work);
	unsigned int i;
	int ret = engine_step(thread);

	for (i = 0; ret > 0 && i < bench->work.depth; i++)
		if ((data && memcmp(t->jobs[i].dst, bench->expected, data)) ||
		    memcmp(t->jobs[i].mac, bench->expected + data, bench->out_len - data))
			return -EBADMSG;
	return ret < 0 ? ret : 0;
}

const struct bench_mode bench_mode_engine = {
    .name = "engine",
    .open = engine_open,
    .close = engine_close,
    .thread_open = engine_thread_open,
    .thread_close = engine_thread_close,
    .check = engine_check,
    .step = engine_step,
};
