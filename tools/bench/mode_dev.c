/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_dev.c - /dev/crypto, in three ways.
 *
 *	sync	CIOCCRYPT or CIOCAUTHCRYPT: one operation at a time for each thread, whatever
 *		depth was asked for; threads make parallel load
 *	batch	CIOCCRYPTBATCH: the operations of a call are begun and ended together, and
 *		each has the latency of the call
 *	async	CIOCASYNCCRYPT and CIOCASYNCFETCH: depth operations are under way; poll()
 *		when the oldest one is not done
 *
 * Each thread has a file of its own, and each operation under way its own buffers.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tools/bench/bench.h"

/* Longer than any timeout of the driver. */
#define POLL_MS 60000

/**
 * struct dev_thread - one thread.
 * @fd: its file
 * @sessions: sessions
 * @next_session: the one that is next
 * @slots: operations that may be under way
 * @in: their inputs, @in_stride apart
 * @out: their outputs, @out_stride apart
 * @ops: batch, async: the operations, one for each slot
 * @status: batch: what became of them
 * @begin: async: when they were submitted
 * @iv: IV as the ABI wants it
 */
struct dev_thread {
	int fd;
	uint32_t *sessions;
	unsigned int next_session;
	unsigned int slots;
	uint8_t *in;
	uint8_t *out;
	size_t in_stride;
	size_t out_stride;
	struct crypt_op *ops;
	int32_t *status;
	uint64_t *begin;
	uint8_t iv[VCD_MAX_IV_LEN];
};

static int dev_open(struct bench *bench)
{
	struct workload *work = &bench->work;
	int fd = open(bench->target.device, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		int err = -errno;

		bench_error("cannot open %s: %s; is the cryptodev module loaded?",
			    bench->target.device, strerror(-err));
		return err;
	}
	close(fd);
	if (bench_is_aead(work) && work->submit != BENCH_SUBMIT_SYNC) {
		bench_error(
		    "%s: authenticated encryption has one way to be submitted: --submit=sync",
		    work->name);
		return -EINVAL;
	}
	if (work->submit == BENCH_SUBMIT_SYNC)
		work->depth = 1;
	else if (work->submit == BENCH_SUBMIT_BATCH)
		work->depth = work->batch;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "cryptodev");
	return 0;
}

static void dev_close(struct bench *bench)
{
}

static void dev_thread_close(struct bench_thread *thread)
{
	struct dev_thread *t = thread->state;

	/* Sessions end with the file. */
	if (t->fd >= 0)
		close(t->fd);
	free(t->sessions);
	free(t->in);
	free(t->out);
	free(t->ops);
	free(t->status);
	free(t->begin);
	free(t);
	thread->state = NULL;
}

static int make_sessions(struct bench *bench, struct dev_thread *t)
{
	const struct workload *work = &bench->work;
	unsigned int i;

	for (i = 0; i < work->sessions; i++) {
		struct session_op session = {0};

		if (bench_is_hash(work)) {
			session.mac = work->alg->id;
			session.mackeylen = (uint32_t)work->key_len;
			session.mackey = bench->key;
		} else {
			session.cipher = work->alg->id;
			session.keylen = (uint32_t)work->key_len;
			session.key = bench->key;
		}
		if (ioctl(t->fd, CIOCGSESSION, &session) < 0)
			return -errno;
		t->sessions[i] = session.ses;
	}
	return 0;
}

/* CCM's IV is the kernel's: a byte that says how long the length field is, then the nonce. */
static void make_iv(const struct bench *bench, uint8_t *iv)
{
	memcpy(iv, bench->iv, VCD_MAX_IV_LEN);
	if (bench->work.alg->id != CRYPTO_AES_CCM)
		return;
	memset(iv, 0, VCD_MAX_IV_LEN);
	iv[0] = (uint8_t)(14 - bench->work.alg->iv_len);
	memcpy(iv + 1, bench->iv, bench->work.alg->iv_len);
}

static void fill_op(const struct bench *bench, struct dev_thread *t, unsigned int slot,
		    struct crypt_op *op)
{
	const struct workload *work = &bench->work;
	uint8_t *out = t->out + slot * t->out_stride;

	*op = (struct crypt_op){
	    .ses = t->sessions[t->next_session],
	    .op = work->decrypt ? COP_DECRYPT : COP_ENCRYPT,
	    .flags = work->zero_copy ? COP_FLAG_ZERO_COPY : 0,
	    .len = work->size,
	    .src = t->in + slot * t->in_stride,
	    .dst = bench_is_hash(work) ? NULL : out,
	    .mac = bench_is_hash(work) ? out : NULL,
	    .iv = work->alg->iv_len ? t->iv : NULL,
	};
	if (++t->next_session == work->sessions)
		t->next_session = 0;
}

static int dev_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	struct dev_thread *t = calloc(1, sizeof(*t));
	unsigned int i;

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->fd = open(bench->target.device, O_RDWR | O_CLOEXEC);
	if (t->fd < 0)
		return -errno;
	t->slots = bench->work.depth;
	t->in_stride = bench_pages(bench->in_len);
	t->out_stride = bench_pages(bench->out_len);
	t->sessions = calloc(bench->work.sessions, sizeof(*t->sessions));
	t->ops = calloc(t->slots, sizeof(*t->ops));
	t->status = calloc(t->slots, sizeof(*t->status));
	t->begin = calloc(t->slots, sizeof(*t->begin));
	t->in = aligned_alloc(4096, t->slots * t->in_stride);
	t->out = aligned_alloc(4096, t->slots * t->out_stride);
	if (!t->sessions || !t->ops || !t->status || !t->begin || !t->in || !t->out)
		return -ENOMEM;
	make_iv(bench, t->iv);
	memset(t->out, 0, t->slots * t->out_stride);
	for (i = 0; i < t->slots; i++)
		memcpy(t->in + i * t->in_stride, bench->input, bench->in_len);
	return make_sessions(bench, t);
}

/* ---- sync ----------------------------------------------------------------------------- */

static int auth_step(const struct bench *bench, struct dev_thread *t)
{
	struct crypt_auth_op op = {
	    .ses = t->sessions[t->next_session],
	    .op = bench->work.decrypt ? COP_DECRYPT : COP_ENCRYPT,
	    .flags = bench->work.zero_copy ? COP_FLAG_ZERO_COPY : 0,
	    .len = bench->in_len,
	    .auth_len = bench->work.aad_len,
	    .auth_src = bench->aad,
	    .src = t->in,
	    .dst = t->out,
	    .tag_len = bench->work.tag_len,
	    .iv = t->iv,
	    .iv_len = bench->work.alg->iv_len,
	};

	if (++t->next_session == bench->work.sessions)
		t->next_session = 0;
	return ioctl(t->fd, CIOCAUTHCRYPT, &op) < 0 ? -errno : 1;
}

static int sync_step(const struct bench *bench, struct dev_thread *t)
{
	struct crypt_op op;

	if (bench_is_aead(&bench->work))
		return auth_step(bench, t);
	fill_op(bench, t, 0, &op);
	return ioctl(t->fd, CIOCCRYPT, &op) < 0 ? -errno : 1;
}

/* ---- batch ---------------------------------------------------------------------------- */

static int batch_step(const struct bench *bench, struct dev_thread *t)
{
	struct crypt_batch batch = {
	    .count = t->slots,
	    .ops = (uintptr_t)t->ops,
	    .status = (uintptr_t)t->status,
	};
	unsigned int i;

	for (i = 0; i < t->slots; i++)
		fill_op(bench, t, i, &t->ops[i]);
	if (ioctl(t->fd, CIOCCRYPTBATCH, &batch) < 0)
		return -errno;
	for (i = 0; i < t->slots; i++)
		if (t->status[i])
			return t->status[i];
	return (int)t->slots;
}

static int dev_step(struct bench_thread *thread)
{
	return thread->bench->work.submit == BENCH_SUBMIT_BATCH
		   ? batch_step(thread->bench, thread->state)
		   : sync_step(thread->bench, thread->state);
}

/* ---- async ---------------------------------------------------------------------------- */

static int async_submit(const struct bench *bench, struct dev_thread *t, unsigned int slot)
{
	fill_op(bench, t, slot, &t->ops[slot]);
	t->begin[slot] = bench_now_ns();
	if (ioctl(t->fd, CIOCASYNCCRYPT, &t->ops[slot]) == 0)
		return 0;
	if (errno == EBUSY)
		bench_error("--depth=%u is more than the module's parameter async_max", t->slots);
	return -errno;
}

/* The oldest operation's result; it sleeps until there is one. */
static int async_fetch(struct dev_thread *t, unsigned int slot)
{
	struct pollfd pfd = {.fd = t->fd, .events = POLLIN};
	struct crypt_op op;

	while (ioctl(t->fd, CIOCASYNCFETCH, &op) < 0) {
		int n;

		if (errno != EBUSY)
			return -errno;
		n = poll(&pfd, 1, POLL_MS);
		if (n <= 0)
			return n < 0 ? -errno : -ETIMEDOUT;
	}
	/* Results come in the order of submission. */
	return op.src == t->ops[slot].src ? 0 : -EPROTO;
}

static int async_run(struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	struct dev_thread *t = thread->state;
	unsigned int in_flight = 0;
	unsigned int slot;
	int err = 0;

	while (!err && in_flight < t->slots)
		err = async_submit(bench, t, in_flight++);
	for (slot = 0; !err && in_flight; slot = (slot + 1) % t->slots) {
		uint64_t now;

		err = async_fetch(t, slot);
		if (err)
			break;
		now = bench_now_ns();
		bench_done(thread, now - t->begin[slot], 1);
		in_flight--;
		if (!bench_time_up(bench, now)) {
			err = async_submit(bench, t, slot);
			in_flight++;
		}
	}
	return err;
}

static int dev_run(struct bench_thread *thread)
{
	return thread->bench->work.submit == BENCH_SUBMIT_ASYNC ? async_run(thread)
								: bench_run_steps(thread);
}

static int dev_check(struct bench_thread *thread)
{
	const struct dev_thread *t = thread->state;
	struct bench *bench = thread->bench;
	unsigned int i;
	int ret;

	/* Time is up already: each slot goes once. */
	bench->end_ns = 0;
	ret = bench->work.submit == BENCH_SUBMIT_ASYNC ? async_run(thread) : dev_step(thread);
	for (i = 0; ret >= 0 && i < t->slots; i++)
		if (memcmp(t->out + i * t->out_stride, bench->expected, bench->out_len))
			ret = -EBADMSG;
	return ret < 0 ? ret : 0;
}

const struct bench_mode bench_mode_dev = {
    .name = "dev",
    .open = dev_open,
    .close = dev_close,
    .thread_open = dev_thread_open,
    .thread_close = dev_thread_close,
    .check = dev_check,
    .step = dev_step,
    .run = dev_run,
};
