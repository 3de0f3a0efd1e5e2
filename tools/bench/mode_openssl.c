/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_openssl.c - libcrypto's EVP in process, one stream at a time: what a
 * program gets that calls it directly. Each operation resets the IV only; the
 * context keeps the key. There is no depth.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/evp.h"

struct openssl_thread {
	struct evp_session **sessions;
	uint8_t *in;
	uint8_t *out;
	unsigned int next_session;
};

static int openssl_open(struct bench *bench)
{
	struct evp_alg *alg;
	int err = evp_alg_open(&bench->work, &alg);

	if (err) {
		bench_error("this libcrypto does not have %s; choose another --alg",
			    bench->work.name);
		return err;
	}
	bench->state = alg;
	bench->work.depth = 1;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "openssl");
	return 0;
}

static void openssl_close(struct bench *bench)
{
	evp_alg_close(bench->state);
}

static void openssl_thread_close(struct bench_thread *thread)
{
	struct openssl_thread *t = thread->state;
	unsigned int i;

	for (i = 0; t->sessions && i < thread->bench->work.sessions; i++)
		evp_session_free(t->sessions[i]);
	free(t->sessions);
	free(t->in);
	free(t->out);
	free(t);
	thread->state = NULL;
}

static int openssl_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	const struct workload *work = &bench->work;
	size_t size = bench_pages(work->size + VCD_MAX_DIGEST_LEN);
	struct openssl_thread *t = calloc(1, sizeof(*t));
	unsigned int i;
	int err = 0;

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->sessions = calloc(work->sessions, sizeof(struct evp_session *));
	t->in = aligned_alloc(4096, size);
	t->out = aligned_alloc(4096, size);
	if (!t->sessions || !t->in || !t->out)
		return -ENOMEM;
	memcpy(t->in, bench->input, bench->in_len);
	memset(t->out, 0, size);
	for (i = 0; !err && i < work->sessions; i++)
		err = evp_session_new(bench->state, work, bench->key, bench->iv, &t->sessions[i]);
	return err;
}

static int openssl_step(struct bench_thread *thread)
{
	struct openssl_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	const struct evp_io io = {.iv = bench->iv, .aad = bench->aad, .in = t->in, .out = t->out};
	struct evp_session *session = t->sessions[t->next_session];
	int err;

	if (++t->next_session == bench->work.sessions)
		t->next_session = 0;
	err = evp_session_run(session, &io);
	return err ? err : 1;
}

static int openssl_check(struct bench_thread *thread)
{
	const struct openssl_thread *t = thread->state;
	int ret = openssl_step(thread);

	if (ret < 0)
		return ret;
	return memcmp(t->out, thread->bench->expected, thread->bench->out_len) ? -EBADMSG : 0;
}

const struct bench_mode bench_mode_openssl = {
    .name = "openssl",
    .open = openssl_open,
    .close = openssl_close,
    .thread_open = openssl_thread_open,
    .thread_close = openssl_thread_close,
    .check = openssl_check,
    .step = openssl_step,
};
