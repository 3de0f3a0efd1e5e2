/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * late.c - cryptodev-late: does a host that answers late write to memory of calls that are over?
 *
 * Each round, with lines in capitals for whoever can stop the host, who answers with a line:
 *
 *	STOP	the host stands still
 *		calls of every kind are made, on memory of their own: each fails with EIO after
 *		timeout_ms; a child is killed in one; files are closed with operations outstanding.
 *		All of that memory is noted.
 *	GO	the host continues, and carries all of it out; then not a byte may differ
 *
 * With --zero-copy the calls allow it, and some have to differ: that is how the test is tested.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"

#define MAX_LEN 65536u
#define SLOT (2 * (MAX_LEN + 4096)) /* source, destination with a tag */
#define SMALL 1024u		    /* of the slot's end: digest, tag, IV, status */
#define MAX_CALLS 48
#define PARAMETERS "/sys/module/virtio_cryptodev/parameters/"
#define QUEUES "/sys/kernel/debug/virtio_cryptodev/cryptodev0/queues"

/* How a call is made. */
enum how { CRYPT, HASH, GCM_SEAL, GCM_OPEN, TLS, SRTP, BATCH, ASYNC_FETCH, ASYNC_CLOSE, KILLED };

/**
 * struct call - a call and its memory
 * @name: for messages
 * @how: which
 * @fd: the file that it is made on
 * @ses: session of it
 * @in_place: the output goes over the input
 * @slot: SLOT bytes of the arena
 * @err: how it ended
 * @thread: what makes it, if it blocks
 */
struct call {
	const char *name;
	enum how how;
	int fd;
	uint32_t ses;
	bool in_place;
	uint8_t *slot;
	int err;
	pthread_t thread;
};

/**
 * struct late - the test
 * @fd: the file of all calls but ASYNC_CLOSE
 * @calls: the calls of a round
 * @num: how many
 * @arena: their memory, shared with a child
 * @noted: what it was when all had returned
 * @flags: COP_FLAG_ZERO_COPY or 0
 * @len: bytes of data of each call of this round
 */
static struct late {
	int fd;
	struct call calls[MAX_CALLS];
	size_t num;
	uint8_t *arena, *noted;
	uint16_t flags;
	uint32_t len;
} late;

static const uint8_t key[32] = {7}, iv0[16] = {0x10, 0x32, 0x54};

static _Noreturn void die(const char *what, int err)
{
	fprintf(stderr, "cryptodev-late: %s: %s\n", what, strerror(err < 0 ? -err : err));
	/* a host that stands still would keep the guest from its end */
	puts("GO");
	exit(2);
}

static void parameter(const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	f = fopen(path, "w");
	if (!f || fputs(value, f) < 0 || fclose(f))
		die(path, errno);
}

/* Tell the one who can stop the host, and wait until it was done. */
static void ask(const char *line)
{
	char answer[64];

	puts(line);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		die("the host is gone", EPIPE);
}

/* Requests that the device has. */
static unsigned int in_flight(void)
{
	unsigned int sum = 0, one;
	char line[256];
	FILE *f = fopen(QUEUES, "r");

	if (!f || !fgets(line, sizeof(line), f))
		die(QUEUES, errno);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*u %*u %*u %u", &one) != 1)
			die(QUEUES, EPROTO);
		sum += one;
	}
	fclose(f);
	return sum;
}

static void await_in_flight(bool some)
{
	for (int i = 0; i < 60000; i++) {
		if (!!in_flight() == some)
			return;
		usleep(2000);
	}
	die(some ? "nothing was sent" : "the host still has requests", ETIMEDOUT);
}

static uint8_t *small_of(const struct call *c)
{
	return c->slot + SLOT - SMALL;
}

static uint8_t *dst_of(const struct call *c)
{
	return c->in_place ? c->slot : c->slot + SLOT / 2;
}

static struct crypt_op crypt_op(const struct call *c)
{
	return (struct crypt_op){
	    .ses = c->ses,
	    .len = late.len,
	    .flags = (uint16_t)(late.flags | COP_FLAG_WRITE_IV |
				(c->how == HASH ? COP_FLAG_RESET | COP_FLAG_FINAL : 0)),
	    .src = c->slot,
	    .dst = dst_of(c),
	    .mac = small_of(c),
	    .iv = small_of(c) + 64,
	};
}

static int auth(const struct call *c)
{
	struct crypt_auth_op op = {
	    .ses = c->ses,
	    .op = c->how == GCM_OPEN ? COP_DECRYPT : COP_ENCRYPT,
	    .len = c->how == GCM_OPEN ? late.len + 16 : late.len,
	    .flags = late.flags,
	    .src = c->slot,
	    .dst = dst_of(c),
	    .iv = (uint8_t *)iv0,
	    .iv_len = sizeof(iv0),
	    .tag = small_of(c),
	};

	if (c->how == TLS) {
		op.flags |= COP_FLAG_AEAD_TLS_TYPE;
		op.auth_src = (uint8_t *)key;
		op.auth_len = 13;
	} else if (c->how == SRTP) {
		op.flags |= COP_FLAG_AEAD_SRTP_TYPE;
		op.auth_src = c->slot;
		op.auth_len = late.len;
	}
	return dev_ioctl(c->fd, CIOCAUTHCRYPT, &op);
}

/* Four operations on quarters of the data. */
static int batch(const struct call *c)
{
	struct crypt_op ops[4];
	int32_t *status = (int32_t *)(void *)(small_of(c) + 256);
	struct crypt_batch b = {.count = 4, .ops = (uintptr_t)ops, .status = (uintptr_t)status};
	int err;

	for (uint32_t i = 0; i < 4; i++) {
		ops[i] = crypt_op(c);
		ops[i].len = late.len / 4;
		ops[i].src += i * ops[i].len;
		ops[i].dst += i * ops[i].len;
		ops[i].iv += 16 * i;
	}
	err = dev_ioctl(c->fd, CIOCCRYPTBATCH, &b);
	for (int i = 0; i < 4 && !err; i++)
		if (status[i] != -EIO)
			return status[i];
	return err ? err : -EIO;
}

static void *blocking(void *arg)
{
	struct call *c = arg;
	struct crypt_op op = crypt_op(c);

	if (c->how == BATCH)
		c->err = batch(c);
	else if (c->how == CRYPT || c->how == HASH || c->how == KILLED)
		c->err = dev_ioctl(c->fd, CIOCCRYPT, &op);
	else
		c->err = auth(c);
	return NULL;
}

/* A process that is killed while it waits. */
static int killed(struct call *c)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		blocking(c);
		_exit(1);
	}
	await_in_flight(true);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return -ECHILD;
	return -EIO;
}

/* What is left of the operations of late.fd, which are all done timeout_ms from now. */
static void fetch_all(void)
{
	struct pollfd p = {.fd = late.fd, .events = POLLIN};
	struct crypt_op op;
	int err;

	for (size_t i = 0; i < late.num; i++) {
		struct call *c = &late.calls[i];

		if (c->how != ASYNC_FETCH)
			continue;
		while ((err = dev_ioctl(late.fd, CIOCASYNCFETCH, &op)) == -EBUSY)
			poll(&p, 1, 1000);
		c->err = err;
	}
}

/* All calls of a round, the host standing still; afterwards all of them have returned. */
static void make_calls(void)
{
	struct call *end = late.calls + late.num, *c;

	parameter("timeout_ms", "600000");
	for (c = late.calls; c < end; c++)
		if (c->how == KILLED)
			c->err = killed(c);
	parameter("timeout_ms", "200");
	for (c = late.calls; c < end; c++) {
		struct crypt_op op = crypt_op(c);

		if (c->how == ASYNC_FETCH || c->how == ASYNC_CLOSE)
			c->err = dev_ioctl(c->fd, CIOCASYNCCRYPT, &op);
		if (c->how == ASYNC_CLOSE) {
			close(c->fd);
			c->err = c->err ? c->err : -EIO;
		}
		if (c->how < ASYNC_FETCH && pthread_create(&c->thread, NULL, blocking, c))
			die("thread", EAGAIN);
	}
	for (c = late.calls; c < end; c++)
		if (c->how < ASYNC_FETCH)
			pthread_join(c->thread, NULL);
	fetch_all();
	for (c = late.calls; c < end; c++)
		if (c->err != -EIO)
			die(c->name, c->err ? c->err : EALREADY);
}

static uint32_t must_session(int fd, uint32_t cipher, uint32_t mac)
{
	uint32_t ses;
	int err = dev_mac_session(fd, cipher, key, cipher ? 16 : 0, mac, key,
				  mac && mac != CRYPTO_SHA2_256 ? 20 : 0, &ses);

	if (err)
		die("session", err);
	return ses;
}

static void add(const char *name, enum how how, uint32_t cipher, uint32_t mac, bool in_place)
{
	struct call *c = &late.calls[late.num];

	*c = (struct call){.name = name,
			   .how = how,
			   .fd = late.fd,
			   .in_place = in_place,
			   .slot = late.arena + late.num * SLOT};
	/* those that are closed have a file of their own, again each round */
	if (how != ASYNC_CLOSE)
		c->ses = must_session(c->fd, cipher, mac);
	late.num++;
}

static void add_all(void)
{
	for (int in_place = 0; in_place < 2; in_place++) {
		add("CTR", CRYPT, CRYPTO_AES_CTR, 0, in_place);
		add("CBC", CRYPT, CRYPTO_AES_CBC, 0, in_place);
		add("CTR and HMAC", CRYPT, CRYPTO_AES_CTR, CRYPTO_SHA1_HMAC, in_place);
		add("GCM encryption", GCM_SEAL, CRYPTO_AES_GCM, 0, in_place);
		add("GCM decryption", GCM_OPEN, CRYPTO_AES_GCM, 0, in_place);
		add("batch CTR", BATCH, CRYPTO_AES_CTR, 0, in_place);
		add("batch CBC", BATCH, CRYPTO_AES_CBC, 0, in_place);
		add("asynchronous CTR", ASYNC_FETCH, CRYPTO_AES_CTR, 0, in_place);
		add("asynchronous CBC", ASYNC_FETCH, CRYPTO_AES_CBC, 0, in_place);
		add("asynchronous CTR, closed", ASYNC_CLOSE, CRYPTO_AES_CTR, 0, in_place);
	}
	add("TLS record", TLS, CRYPTO_AES_CBC, CRYPTO_SHA1_HMAC, true);
	add("SRTP packet", SRTP, CRYPTO_AES_CTR, CRYPTO_SHA1_HMAC, true);
	add("hash", HASH, 0, CRYPTO_SHA2_256, false);
	add("killed", KILLED, CRYPTO_AES_CTR, 0, false);
}

/* While the host answers: input, and ciphertext that is authentic. */
static void prepare(void)
{
	memset(late.arena, 0x5a, late.num * SLOT);
	for (size_t i = 0; i < late.num; i++) {
		struct call *c = &late.calls[i];
		struct call seal = *c;

		/* what comes of it must not be what was there */
		memset(c->slot, 0xa5, late.len);
		if (c->how == GCM_OPEN) {
			seal.how = GCM_SEAL;
			seal.in_place = true;
			blocking(&seal);
			if (seal.err)
				die("encryption before the host is stopped", seal.err);
		}
		if (c->how == ASYNC_CLOSE) {
			c->fd = dev_open();
			if (c->fd < 0)
				die(dev_path, c->fd);
			c->ses = must_session(c->fd, CRYPTO_AES_CTR, 0);
		}
	}
}

/* Return: how many calls' memory is not what was noted. */
static unsigned int changed(unsigned long round)
{
	unsigned int n = 0;

	for (size_t i = 0; i < late.num; i++) {
		const uint8_t *now = late.calls[i].slot, *then = late.noted + i * SLOT;
		size_t at = 0, bytes = 0;

		for (size_t b = 0; b < SLOT; b++) {
			if (now[b] != then[b] && !bytes++)
				at = b;
		}
		if (!bytes)
			continue;
		n++;
		if (!late.flags)
			printf("round %lu: %s%s of %u bytes: %zu bytes changed, from %zu on\n",
			       round, late.calls[i].name, late.calls[i].in_place ? " in place" : "",
			       late.len, bytes, at);
	}
	return n;
}

static int rounds(unsigned long num)
{
	static const uint32_t lens[] = {16384, 256, 65536, 4096, 32768, 1088};
	unsigned long sum = 0;

	for (unsigned long i = 0; i < num; i++) {
		late.len = lens[i % 6];
		parameter("timeout_ms", "600000");
		prepare();
		ask("STOP");
		make_calls();
		memcpy(late.noted, late.arena, late.num * SLOT);
		ask("GO");
		await_in_flight(false);
		sum += changed(i);
	}
	printf("%lu rounds of %zu calls that failed: the memory of %lu changed afterwards\n", num,
	       late.num, sum);
	return late.flags ? !sum : !!sum;
}

static void usage(FILE *to)
{
	fputs(
	    "usage: cryptodev-late [--rounds=N] [--zero-copy]\n"
	    "Makes calls of every kind that fail because the host stands still, and looks whether\n"
	    "their memory changes when it goes on. Prints STOP and GO and reads a line after "
	    "each.\n\n"
	    "  --rounds=N      that many times (default 6: every size once)\n"
	    "  --zero-copy     with COP_FLAG_ZERO_COPY: fails if nothing changes\n"
	    "  --version, --help\n\n"
	    "Exit status: 0 nothing changed, 1 something did, 2 wrong usage, no device, or a call\n"
	    "that did not fail with EIO.\n",
	    to);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"rounds", required_argument, NULL, 'r'},
	    {"zero-copy", no_argument, NULL, 'z'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	unsigned long num = 6;
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'r') {
			num = strtoul(optarg, NULL, 10);
		} else if (opt == 'z') {
			late.flags = COP_FLAG_ZERO_COPY;
		} else if (opt == 'v' || opt == 'h') {
			if (opt == 'h')
				usage(stdout);
			else
				puts("cryptodev-late " VCD_VERSION);
			return 0;
		} else {
			usage(stderr);
			return 2;
		}
	}
	late.fd = dev_open();
	if (late.fd < 0) {
		dev_explain(late.fd);
		return 2;
	}
	late.arena =
	    mmap(NULL, MAX_CALLS * SLOT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	late.noted = malloc(MAX_CALLS * SLOT);
	if (late.arena == MAP_FAILED || !late.noted)
		die("memory", ENOMEM);
	add_all();
	return rounds(num);
}
