/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_sign.c - libcrypto's signatures in process, one after the other on each thread: what
 * `openssl speed` measures, and what mode keys is to be compared with. The key is made for the
 * run; the context is used again for each signature. There is no depth.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/bench.h"
#include "tools/bench/sign.h"

struct sign_thread {
	struct signer *signer;
	uint8_t in[SIGN_INPUT];
	uint8_t out[SIGN_MAX];
	size_t len;
};

static int sign_open(struct bench *bench)
{
	struct workload *work = &bench->work;

	bench->state = sign_generate(work->sign);
	if (!bench->state) {
		bench_error("this libcrypto makes no key of the kind %s; choose another --key",
			    work->sign->name);
		return -ENOTSUP;
	}
	work->name = work->sign->name;
	work->size = SIGN_INPUT;
	work->depth = 1;
	work->sessions = 1;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "openssl");
	return 0;
}

static void sign_close(struct bench *bench)
{
	EVP_PKEY_free(bench->state);
}

static int sign_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	struct sign_thread *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	thread->state = t;
	memcpy(t->in, bench->input, SIGN_INPUT);
	t->signer = signer_new(bench->work.sign, bench->state);
	return t->signer ? 0 : -ENOMEM;
}

static void sign_thread_close(struct bench_thread *thread)
{
	struct sign_thread *t = thread->state;

	signer_free(t->signer);
	free(t);
	thread->state = NULL;
}

static int sign_step(struct bench_thread *thread)
{
	struct sign_thread *t = thread->state;
	int err = signer_run(t->signer, t->in, t->out, &t->len);

	return err ? err : 1;
}

static int sign_check(struct bench_thread *thread)
{
	const struct sign_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	int ret = sign_step(thread);

	if (ret < 0)
		return ret;
	return sign_verify(bench->work.sign, bench->state, t->in, t->out, t->len) ? 0 : -EBADMSG;
}

const struct bench_mode bench_mode_sign = {
    .name = "sign",
    .signs = true,
    .open = sign_open,
    .close = sign_close,
    .thread_open = sign_thread_open,
    .thread_close = sign_thread_close,
    .check = sign_check,
    .step = sign_step,
};
