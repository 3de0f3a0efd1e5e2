/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_afalg.c - the kernel's own crypto API through AF_ALG sockets: what QEMU's
 * virtio-crypto device and the guest's software are reached by.
 *
 * --engine names an implementation of the kernel as in /proc/crypto
 * ("virtio_crypto_aes_cbc", "cbc-aes-aesni"); "auto" takes the best it has for the
 * algorithm. An operation is a sendmsg() and a read(); it is synchronous, so the
 * depth is 1 for each thread. Sessions are sockets with a key of their own.
 *
 * An AEAD's socket takes and gives the AAD in front of the data.
 */
#include <errno.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cryptodev.h"
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

static const char *socket_type(const struct workload *work)
{
	if (bench_is_hash(work))
		return "hash";
	return bench_is_aead(work) ? "aead" : "skcipher";
}

/* Return: a socket with that implementation and our key, or a negative errno. */
static int key_socket(const struct bench *bench)
{
	const struct workload *work = &bench->work;
	struct sockaddr_alg addr = {.salg_family = AF_ALG};
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	(void)snprintf((char *)addr.salg_type, sizeof(addr.salg_type), "%s", socket_type(work));
	(void)snprintf((char *)addr.salg_name, sizeof(addr.salg_name), "%s", implementation(bench));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    (work->alg->kind != ENG_ALG_HASH &&
	     setsockopt(fd, SOL_ALG, ALG_SET_KEY, bench->key, (socklen_t)work->key_len) < 0) ||
	    (bench_is_aead(work) &&
	     setsockopt(fd, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, work->tag_len) < 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int afalg_open(struct bench *bench)
{
	uint32_t size = bench->work.size;
	int fd;

	if (bench_is_aead(&bench->work))
		size += bench->work.aad_len + bench->work.tag_len;
	if (size > AFALG_MAX_SIZE) {
		bench_error("afalg: %u bytes with AAD and tag are too many; it takes at most %u",
			    size, AFALG_MAX_SIZE);
		return -EINVAL;
	}
	fd = key_socket(bench);
	if (fd < 0) {
		bench_error(
		    "afalg: no '%s' in this kernel: %s (see /proc/crypto; modprobe algif_%s)",
		    implementation(bench), strerror(-fd), socket_type(&bench->work));
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
	uint32_t aad = bench->work.aad_len;
	size_t size = bench_pages(aad + bench->work.size + VCD_MAX_DIGEST_LEN);
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
	memset(t->out, 0, size);
	memcpy(t->in, bench->aad, aad);
	memcpy(t->in + aad, bench->input, bench->in_len);
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

/**
 * struct control - ancillary data of a message.
 * @msg: message it belongs to
 * @bytes: room
 */
struct control {
	struct msghdr *msg;
	union {
		char bytes[2 * CMSG_SPACE(sizeof(uint32_t)) +
			   CMSG_SPACE(sizeof(struct af_alg_iv) + VCD_MAX_IV_LEN)];
		struct cmsghdr align;
	};
};

/* Return: where its @len bytes go. */
static uint8_t *add_control(struct control *control, int type, size_t len)
{
	struct msghdr *msg = control->msg;
	/* CMSG_SPACE() keeps the next one aligned. */
	struct cmsghdr *header = (void *)(control->bytes + msg->msg_controllen);

	msg->msg_control = control->bytes;
	msg->msg_controllen += CMSG_SPACE(len);
	header->cmsg_level = SOL_ALG;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(len);
	return CMSG_DATA(header);
}

/* CCM's IV is the kernel's: a byte that says how long the length field is, then the nonce. */
static void add_iv(struct control *control, const struct bench *bench)
{
	bool ccm = bench->work.alg->id == CRYPTO_AES_CCM;
	uint32_t nonce_len = bench->work.alg->iv_len;
	uint32_t len = ccm ? VCD_MAX_IV_LEN : nonce_len;
	uint8_t *p = add_control(control, ALG_SET_IV, sizeof(len) + len);

	memcpy(p, &len, sizeof(len));
	p += sizeof(len);
	memset(p, 0, len);
	if (ccm)
		*p++ = (uint8_t)(14 - nonce_len);
	memcpy(p, bench->iv, nonce_len);
}

static int afalg_send(const struct bench *bench, int fd, uint8_t *in)
{
	const struct workload *work = &bench->work;
	size_t len = (size_t)work->aad_len + bench->in_len;
	struct iovec iov = {.iov_base = in, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct control control = {.msg = &msg};
	uint32_t op = work->decrypt ? ALG_OP_DECRYPT : ALG_OP_ENCRYPT;

	memset(control.bytes, 0, sizeof(control.bytes));
	if (!bench_is_hash(work)) {
		memcpy(add_control(&control, ALG_SET_OP, sizeof(op)), &op, sizeof(op));
		if (work->alg->iv_len)
			add_iv(&control, bench);
	}
	if (bench_is_aead(work))
		memcpy(add_control(&control, ALG_SET_AEAD_ASSOCLEN, sizeof(work->aad_len)),
		       &work->aad_len, sizeof(work->aad_len));
	if (sendmsg(fd, &msg, 0) != (ssize_t)len)
		return errno ? -errno : -EIO;
	return 0;
}

static int afalg_step(struct bench_thread *thread)
{
	struct afalg_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	size_t len = (size_t)bench->work.aad_len + bench->out_len;
	int fd = t->fds[t->next];
	ssize_t n;
	int err;

	if (++t->next == t->count)
		t->next = 0;
	err = afalg_send(bench, fd, t->in);
	if (err)
		return err;
	n = read(fd, t->out, len);
	if (n < 0)
		return -errno;
	return n == (ssize_t)len ? 1 : -EIO;
}

static int afalg_check(struct bench_thread *thread)
{
	const struct afalg_thread *t = thread->state;
	const struct bench *bench = thread->bench;
	int ret = afalg_step(thread);

	if (ret < 0)
		return ret;
	return memcmp(t->out + bench->work.aad_len, bench->expected, bench->out_len) ? -EBADMSG : 0;
}

const struct bench_mode bench_mode_afalg = {
    .name = "afalg",
    .open = afalg_open,
    .close = afalg_close,
    .thread_open = afalg_thread_open,
    .thread_close = afalg_thread_close,
    .check = afalg_check,
    .step = afalg_step,
};
