/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold.c - cryptodev-hold: does one thing with /dev/crypto for as long as a test
 * wants it.
 *
 *	idle	has the device open, with sessions, and does nothing
 *	busy	runs requests until one fails, and says how that was
 *	fill	makes sessions until the device has no more
 *	async	submits operations until no more may be outstanding, fetches them later
 *
 * Every mode prints "ready" when it has begun; idle and busy end with their
 * standard input or after --seconds. async reads a line before it submits and one
 * before it fetches. Answers are always checked.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "ref.h"

#define FILL_MAX 1000000u
#define ASYNC_MAX 100000u

struct options {
	const char *mode, *label;
	unsigned long seconds, len, sessions, timeout;
};

static const uint8_t key[16] = {7}, zero_iv[16];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* True when standard input has ended. */
static bool input_ended(int timeout_ms)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char buf[64];

	return poll(&p, 1, timeout_ms) > 0 && read(STDIN_FILENO, buf, sizeof(buf)) <= 0;
}

static int must_open(const struct options *o)
{
	uint32_t ms = (uint32_t)o->timeout;
	int fd = dev_open();

	if (fd < 0) {
		dev_explain(fd);
		exit(2);
	}
	if (ms && dev_ioctl(fd, CIOCTIMEOUT, &ms)) {
		puts("no time-out can be set");
		exit(2);
	}
	return fd;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static int idle(const struct options *o)
{
	int fd = must_open(o);
	double end = now() + (double)o->seconds;
	uint32_t ses;

	for (unsigned long i = 0; i < o->sessions; i++) {
		int err = dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &ses);

		if (err) {
			fprintf(stderr, "session %lu: %s\n", i, strerror(-err));
			return 1;
		}
	}
	ready();
	while (now() < end && !input_ended(100))
		;
	return 0;
}

static int busy(const struct options *o)
{
	uint8_t *src = calloc(1, o->len), *dst = malloc(o->len), *want = malloc(o->len), iv[16];
	int fd = must_open(o), err;
	double end = now() + (double)o->seconds;
	unsigned long done = 0;
	uint32_t ses;

	if (!src || !dst || !want)
		return 1;
	err = dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &ses);
	if (err) {
		printf("session: %s\n", strerror(-err));
		return 1;
	}
	ref_once(CRYPTO_AES_CBC, key, sizeof(key), COP_ENCRYPT, zero_iv, src, want, o->len, NULL);
	ready();
	for (; now() < end && !input_ended(0); done++) {
		double start = now();

		memcpy(iv, zero_iv, sizeof(iv));
		err = dev_crypt(fd, ses, COP_ENCRYPT, 0, src, dst, o->len, iv);
		if (err) {
			printf("failed: %s, after %lu requests and %.1f s\n", strerrorname_np(-err),
			       done, now() - start);
			return 1;
		}
		if (memcmp(dst, want, o->len)) {
			printf("failed: WRONG ANSWER, after %lu requests\n", done);
			return 1;
		}
	}
	printf("%lu requests\n", done);
	return 0;
}

/* With the key of --label, or with one of our own. */
static int new_session(const struct options *o, int fd, uint32_t *id)
{
	struct crypt_label_op op = {.cipher = CRYPTO_AES_CBC};
	int err;

	if (!o->label)
		return dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), id);
	strncpy(op.label, o->label, sizeof(op.label) - 1);
	err = dev_ioctl(fd, CIOCGSESSLABEL, &op);
	*id = op.ses;
	return err;
}

/* When no more can be made, each one ended has to make room for a new one. */
static int fill(const struct options *o)
{
	static uint32_t ids[FILL_MAX];
	uint32_t n = 0;
	uint8_t block[16] = {0};
	int fd = must_open(o), err = 0;

	ready();
	while (n < FILL_MAX && !err)
		err = new_session(o, fd, &ids[n++]);
	n--;
	printf("%u sessions, then %s\n", n, err ? strerrorname_np(-err) : "the end of patience");
	for (uint32_t i = 0; err && i < n; i += n / 8 + 1) {
		if (dev_crypt(fd, ids[i], 0, 0, block, block, 16, NULL) || dev_end(fd, ids[i]) ||
		    new_session(o, fd, &ids[i]) ||
		    dev_crypt(fd, ids[i], 0, 0, block, block, 16, NULL)) {
			printf("failed: session %u cannot be replaced\n", i);
			return 1;
		}
	}
	/* the last close makes room for all of them, at once */
	close(fd);
	fd = must_open(o);
	for (uint32_t i = 0; i < n; i++) {
		int again = new_session(o, fd, &ids[i]);

		if (again) {
			printf("failed: session %u after a close: %s\n", i,
			       strerrorname_np(-again));
			return 1;
		}
	}
	return err ? 0 : 1;
}

static short events(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	return poll(&p, 1, timeout_ms) > 0 ? p.revents : 0;
}

static struct crypt_op async_op(const struct options *o, uint32_t ses, uint8_t *out, uint32_t i)
{
	static uint8_t *src;

	if (!src)
		src = calloc(1, o->len);
	return (struct crypt_op){
	    .ses = ses,
	    .len = (uint32_t)o->len,
	    .src = src,
	    .dst = out + i * o->len,
	    .iv = (uint8_t *)zero_iv,
	};
}

/* Return: operations submitted, the next one being refused; 0: it was not for that. */
static uint32_t async_submit(const struct options *o, int fd, uint32_t ses, uint8_t *out)
{
	uint32_t n = 0;
	int err = 0;

	while (n < ASYNC_MAX && !err) {
		struct crypt_op op = async_op(o, ses, out, n);

		err = dev_ioctl(fd, CIOCASYNCCRYPT, &op);
		n += !err;
	}
	printf("%u outstanding, then %s\n", n, strerrorname_np(-err));
	fflush(stdout);
	return err == -EBUSY ? n : 0;
}

static bool async_fetch(const struct options *o, int fd, uint32_t ses, uint8_t *out, uint32_t n)
{
	uint8_t *want = calloc(1, o->len);

	ref_once(CRYPTO_AES_CBC, key, sizeof(key), COP_ENCRYPT, zero_iv, want, want, o->len, NULL);
	for (uint32_t i = 0; i < n; i++) {
		struct crypt_op op, expected = async_op(o, ses, out, i);
		int err = 0;

		while (!err && !(events(fd, -1) & POLLIN))
			usleep(1000); /* there is room, which poll() says at once */
		err = dev_ioctl(fd, CIOCASYNCFETCH, &op);
		if (err || memcmp(&op, &expected, sizeof(op)) || memcmp(op.dst, want, o->len)) {
			printf("failed: number %u: %s\n", i,
			       err ? strerrorname_np(-err) : "another, or a wrong answer");
			return false;
		}
	}
	printf("%u fetched in order\n", n);
	free(want);
	return true;
}

static int async(const struct options *o)
{
	uint8_t *out = calloc(ASYNC_MAX, o->len);
	int fd = must_open(o);
	struct crypt_op op;
	char line[16];
	uint32_t ses, n;

	if (!out || dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &ses))
		return 1;
	ready();
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	n = async_submit(o, fd, ses, out);
	if (!n)
		return 1;
	/* whoever stopped the host between the lines sees that nothing waits for it */
	printf("poll 0x%x, fetch %s\n", events(fd, 0),
	       strerrorname_np(-dev_ioctl(fd, CIOCASYNCFETCH, &op)));
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	return !async_fetch(o, fd, ses, out, n);
}

static void usage(FILE *to)
{
	fputs("usage: cryptodev-hold [--device=PATH] [--seconds=N] [--len=N] [--sessions=N] "
	      "[--timeout=MS] [--label=LABEL] "
	      "idle|busy|fill|async\n"
	      "Uses /dev/crypto in one way until standard input ends.\n\n"
	      "  idle            have it open, with --sessions (default 1) sessions\n"
	      "  busy            run requests of --len (default 65536) bytes until one fails\n"
	      "  fill            make sessions until there are no more, then end and make some\n"
	      "  async           after a line of input submit operations of --len bytes until the "
	      "next is\n"
	      "                  refused, after another one fetch them\n"
	      "  --label=LABEL   fill: sessions of that key of the host, which is for aes-cbc\n"
	      "  --timeout=MS    that a request may take (default: as the driver has it)\n"
	      "  --seconds=N     end after that time (default 3600)\n"
	      "  --version, --help\n\n"
	      "Exit status: 0 nothing failed (fill: the limit was met), 1 something did, 2 wrong "
	      "usage\n"
	      "or no device.\n",
	      to);
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"device", required_argument, NULL, 'd'},
	    {"seconds", required_argument, NULL, 's'},
	    {"len", required_argument, NULL, 'l'},
	    {"version", no_argument, NULL, 'v'},
	    {"label", required_argument, NULL, 'k'},
	    {"sessions", required_argument, NULL, 'n'},
	    {"timeout", required_argument, NULL, 't'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'd')
			dev_path = optarg;
		else if (opt == 's')
			o->seconds = strtoul(optarg, NULL, 10);
		else if (opt == 'l')
			o->len = strtoul(optarg, NULL, 10) / 16 * 16;
		else if (opt == 'k')
			o->label = optarg;
		else if (opt == 't')
			o->timeout = strtoul(optarg, NULL, 10);
		else if (opt == 'n')
			o->sessions = strtoul(optarg, NULL, 10);
		else if (opt == 'v' || opt == 'h') {
			if (opt == 'h')
				usage(stdout);
			else
				puts("cryptodev-hold " VCD_VERSION);
			exit(0);
		} else {
			return 2;
		}
	}
	if (optind != argc - 1 || !o->len)
		return 2;
	o->mode = argv[optind];
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {.seconds = 3600, .len = 65536, .sessions = 1};

	if (!parse(argc, argv, &o)) {
		if (!strcmp(o.mode, "idle"))
			return idle(&o);
		if (!strcmp(o.mode, "busy"))
			return busy(&o);
		if (!strcmp(o.mode, "fill"))
			return fill(&o);
		if (!strcmp(o.mode, "async"))
			return async(&o);
	}
	usage(stderr);
	return 2;
}
