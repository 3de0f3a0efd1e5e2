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

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "tools/bench/bench.h"

struct openssl_thread {
	EVP_CIPHER_CTX **sessions;
	uint8_t *in;
	uint8_t *out;
	unsigned int next_session;
};

static int openssl_open(struct bench *bench)
{
	char buf[64];
	const char *name = reference_name(&bench->work, buf, sizeof(buf));

	if (!name) {
		bench_error("openssl has no cipher %s", bench->work.name);
		return -ENOTSUP;
	}
	bench->state = EVP_CIPHER_fetch(NULL, name, NULL);
	if (!bench->state) {
		bench_error("this libcrypto does not have %s", name);
		return -ENOTSUP;
	}
	bench->work.depth = 1;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "openssl");
	return 0;
}

static void openssl_close(struct bench *bench)
{
	EVP_CIPHER_free(bench->state);
}

static void openssl_thread_close(struct bench_thread *thread)
{
	struct openssl_thread *t = thread->state;
	unsigned int i;

	for (i = 0; t->sessions && i < thread->bench->work.sessions; i++)
		EVP_CIPHER_CTX_free(t->sessions[i]);
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
	size_t size = ((size_t)work->size + 4095) / 4096 * 4096;
	struct openssl_thread *t = calloc(1, sizeof(*t));
	unsigned int i;

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->sessions = calloc(work->sessions, sizeof(EVP_CIPHER_CTX *));
	t->in = aligned_alloc(4096, size);
	t->out = aligned_alloc(4096, size);
	if (!t->sessions || !t->in || !t->out)
		return -ENOMEM;
	memcpy(t->in, bench->input, work->size);
	for (i = 0; i < work->sessions; i++) {
		t->sessions[i] = EVP_CIPHER_CTX_new();
		if (!t->sessions[i])
			return -ENOMEM;
		if (!EVP_CipherInit_ex2(t->sessions[i], bench->state, bench->key, bench->iv,
					!work->decrypt, NULL) ||
		    !EVP_CIPHER_CTX_set_padding(t->sessions[i], 0))
			return -EIO;
	}
	return 0;
}

static int openssl_one(struct bench_thread *thread)
{
	struct openssl_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	EVP_CIPHER_CTX *ctx = t->sessions[t->next_session];
	int n = 0;

	if (++t->next_session == bench->work.sessions)
		t->next_session = 0;
	if (!EVP_CipherInit_ex2(ctx, NULL, NULL, bench->iv, -1, NULL) ||
	    !EVP_CipherUpdate(ctx, t->out, &n, t->in, (int)bench->work.size) ||
	    n != (int)bench->work.size)
		return -EIO;
	return 0;
}

static int openssl_check(struct bench_thread *thread)
{
	const struct openssl_thread *t = thread->state;
	int err = openssl_one(thread);

	if (!err && memcmp(t->out, thread->bench->expected, thread->bench->work.size))
		err = -EBADMSG;
	return err;
}

static int openssl_run(struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	uint64_t now = bench_now_ns();
	int err = 0;

	while (!err && !bench_time_up(bench, now)) {
		uint64_t begin = now;

		err = openssl_one(thread);
		now = bench_now_ns();
		bench_done(thread, now - begin, 1);
	}
	return err;
}

const struct bench_mode bench_mode_openssl = {
    .name = "openssl",
    .open = openssl_open,
    .close = openssl_close,
    .thread_open = openssl_thread_open,
    .thread_close = openssl_thread_close,
    .check = openssl_check,
    .run = openssl_run,
};
