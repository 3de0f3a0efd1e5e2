/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_afalg.c - the kernel's own crypto API through AF_ALG sockets: what QEMU's
 * virtio-crypto device and the guest's software are reached by.
 *
 * --engine names an implementation of the kernel as in /proc/crypto
 * ("virtio_crypto_aes_cbc", "cbc-aes-aesni"); "auto" takes the best it has for the
 * algorithm. An operation is a sendmsg() and a read(); it is synchronous, so the
 * depth is 1 for each thread. Sessions are sockets with a key of their own.
 */
#include <errno.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench/bench.h"

/* AF_ALG takes 16 pages at a time. */
#define AFALG_MAX_SIZE 65536u

/* One thread; its sessions are pairs of sockets, the second one for data. */
struct afalg_thread {
	int *keys;
	int *fds;
	unsigned int count;
	unsigned int next;
	uint8_t *in;
	uint8_t *out;
};

static const char *implementation(const struct bench *bench)
{
	const char *name = bench->target.engine;

	return strcmp(name, "auto") == 0 ? bench->work.alg->name : name;
}

/* Return: a socket with that implementation and our key, or a negative errno. */
static int key_socket(const struct bench *bench)
{
	struct sockaddr_alg addr = {.salg_family = AF_ALG, .salg_type = "skcipher"};
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	(void)snprintf((char *)addr.salg_name, sizeof(addr.salg_name), "%s", implementation(bench));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    setsockopt(fd, SOL_ALG, ALG_SET_KEY, bench->key, (socklen_t)bench->work.key_len) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int afalg_open(struct bench *bench)
{
	int fd;

	if (bench->work.size > AFALG_MAX_SIZE) {
		bench_error("afalg: at most %u bytes, not %u", AFALG_MAX_SIZE, bench->work.size);
		return -EINVAL;
	}
	fd = key_socket(bench);
	if (fd < 0) {
		bench_error(
		    "afalg: no '%s' in this kernel: %s (see /proc/crypto; modprobe algif_skcipher)",
		    implementation(bench), strerror(-fd));
		return fd;
	}
	close(fd);
	bench->work.depth = 1;
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "%s", implementation(bench));
	return 0;
}

static void afalg_close(struct bench *bench)
{
}

static void afalg_thread_close(struct bench_thread *thread)
{
	struct afalg_thread *t = thread->state;

	for (unsigned int i = 0; i < t->count; i++) {
		close(t->fds[i]);
		close(t->keys[i]);
	}
	free(t->keys);
	free(t->fds);
	free(t->in);
	free(t->out);
	free(t);
	thread->state = NULL;
}

static int afalg_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	size_t size = ((size_t)bench->work.size + 4095) / 4096 * 4096;
	struct afalg_thread *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->keys = calloc(bench->work.sessions, sizeof(*t->keys));
	t->fds = calloc(bench->work.sessions, sizeof(*t->fds));
	t->in = aligned_alloc(4096, size);
	t->out = aligned_alloc(4096, size);
	if (!t->keys || !t->fds || !t->in || !t->out)
		return -ENOMEM;
	memcpy(t->in, bench->input, bench->work.size);
	for (; t->count < bench->work.sessions; t->count++) {
		int key = key_socket(bench);
		int fd = key < 0 ? -1 : accept4(key, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0) {
			int err = key < 0 ? key : -errno;

			if (key >= 0)
				close(key);
			return err;
		}
		t->keys[t->count] = key;
		t->fds[t->count] = fd;
	}
	return 0;
}

static int afalg_send(const struct bench *bench, int fd, const uint8_t *in)
{
	union {
		char bytes[CMSG_SPACE(sizeof(uint32_t)) +
			   CMSG_SPACE(sizeof(struct af_alg_iv) + VCD_MAX_IV_LEN)];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = (void *)in, .iov_len = bench->work.size};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = CMSG_SPACE(sizeof(uint32_t)),
	};
	uint32_t op = bench->work.decrypt ? ALG_OP_DECRYPT : ALG_OP_ENCRYPT;
	uint32_t iv_len = bench->work.alg->iv_len;
	struct cmsghdr *cmsg;

	if (iv_len)
		msg.msg_controllen += CMSG_SPACE(sizeof(struct af_alg_iv) + iv_len);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_ALG;
	cmsg->cmsg_type = ALG_SET_OP;
	cmsg->cmsg_len = CMSG_LEN(sizeof(op));
	memcpy(CMSG_DATA(cmsg), &op, sizeof(op));
	if (iv_len) {
		cmsg = CMSG_NXTHDR(&msg, cmsg);
		cmsg->cmsg_level = SOL_ALG;
		cmsg->cmsg_type = ALG_SET_IV;
		cmsg->cmsg_len = CMSG_LEN(sizeof(struct af_alg_iv) + iv_len);
		memcpy(CMSG_DATA(cmsg), &iv_len, sizeof(iv_len));
		memcpy(CMSG_DATA(cmsg) + sizeof(struct af_alg_iv), bench->iv, iv_len);
	}
	if (sendmsg(fd, &msg, 0) != (ssize_t)bench->work.size)
		return errno ? -errno : -EIO;
	return 0;
}

static int afalg_one(struct bench_thread *thread)
{
	struct afalg_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	int fd = t->fds[t->next];
	ssize_t n;
	int err;

	if (++t->next == t->count)
		t->next = 0;
	err = afalg_send(bench, fd, t->in);
	if (err)
		return err;
	n = read(fd, t->out, bench->work.size);
	if (n < 0)
		return -errno;
	return n == (ssize_t)bench->work.size ? 0 : -EIO;
}

static int afalg_check(struct bench_thread *thread)
{
	const struct afalg_thread *t = thread->state;
	int err = afalg_one(thread);

	if (!err && memcmp(t->out, thread->bench->expected, thread->bench->work.size))
		err = -EBADMSG;
	return err;
}

static int afalg_run(struct bench_thread *thread)
{
	const struct bench *bench = thread->bench;
	uint64_t now = bench_now_ns();
	int err = 0;

	while (!err && !bench_time_up(bench, now)) {
		uint64_t begin = now;

		err = afalg_one(thread);
		now = bench_now_ns();
		bench_done(thread, now - begin, 1);
	}
	return err;
}

const struct bench_mode bench_mode_afalg = {
    .name = "afalg",
    .open = afalg_open,
    .close = afalg_close,
    .thread_open = afalg_thread_open,
    .thread_close = afalg_thread_close,
    .check = afalg_check,
    .run = afalg_run,
};
