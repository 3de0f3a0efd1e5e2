/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_dev.c - /dev/crypto: CIOCCRYPT. It is synchronous, so the depth is 1 for
 * each thread, whatever was asked for; threads make parallel load.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tools/bench/bench.h"

/* One thread, with a file of its own. */
struct dev_thread {
	int fd;
	uint32_t *sessions;
	uint8_t *in;
	uint8_t *out;
	unsigned int next_session;
};

static int dev_open(struct bench *bench)
{
	int fd = open(bench->target.device, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		int err = -errno;

		bench_error("cannot open %s: %s; is the cryptodev module loaded?",
			    bench->target.device, strerror(-err));
		return err;
	}
	close(fd);
	bench->work.depth = 1;
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
	free(t);
	thread->state = NULL;
}

static int make_sessions(struct bench *bench, struct dev_thread *t)
{
	unsigned int i;

	for (i = 0; i < bench->work.sessions; i++) {
		struct session_op session = {
		    .cipher = bench->work.alg->id,
		    .keylen = (uint32_t)bench->work.key_len,
		    .key = bench->key,
		};

		if (ioctl(t->fd, CIOCGSESSION, &session) < 0)
			return -errno;
		t->sessions[i] = session.ses;
	}
	return 0;
}

static int dev_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	size_t size = ((size_t)bench->work.size + 4095) / 4096 * 4096;
	struct dev_thread *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->fd = open(bench->target.device, O_RDWR | O_CLOEXEC);
	if (t->fd < 0)
		return -errno;
	t->sessions = calloc(bench->work.sessions, sizeof(*t->sessions));
	t->in = aligned_alloc(4096, size);
	t->out = aligned_alloc(4096, size);
	if (!t->sessions || !t->in || !t->out)
		return -ENOMEM;
	memcpy(t->in, bench->input, bench->work.size);
	return make_sessions(bench, t);
}

static int dev_one(struct bench_thread *thread)
{
	struct dev_thread *t = thread->state;
	struct bench *bench = thread->bench;
	struct crypt_op op = {
	    .ses = t->sessions[t->next_session],
	    .op = bench->work.decrypt ? COP_DECRYPT : COP_ENCRYPT,
	    .len = bench->work.size,
	    .src = t->in,
	    .dst = t->out,
	    .iv = bench->work.alg->iv_len ? bench->iv : NULL,
	};

	if (++t->next_session == bench->work.sessions)
		t->next_session = 0;
	return ioctl(t->fd, CIOCCRYPT, &op) < 0 ? -errno : 0;
}

static int dev_check(struct bench_thread *thread)
{
	const struct dev_thread *t = thread->state;
	int err = dev_one(thread);

	if (!err && memcmp(t->out, thread->bench->expected, thread->bench->work.size))
		err = -EBADMSG;
	return err;
}

static int dev_run(struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	uint64_t now = bench_now_ns();
	int err = 0;

	while (!err && !bench_time_up(bench, now)) {
		uint64_t begin = now;

		err = dev_one(thread);
		now = bench_now_ns();
		bench_done(thread, now - begin, 1);
	}
	return err;
}

const struct bench_mode bench_mode_dev = {
    .name = "dev",
    .open = dev_open,
    .close = dev_close,
    .thread_open = dev_thread_open,
    .thread_close = dev_thread_close,
    .check = dev_check,
    .run = dev_run,
};
