/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timing.c - cases of cryptodev-evil: answers too late or never, in another order, or held while
 * one process floods the queue.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define COPIERS 100

/* ---- time ----------------------------------------------------------------------------- */

void late_answers(int fd)
{
	for (size_t k = 0; k < kind_count; k++) {
		struct evil_order ord = order(k % 2 ? EVIL_LATE : EVIL_SILENT, TIMEOUT_MS + 300);
		double start = seconds();
		const char *problem;
		struct outcome o;

		problem = kind_run(&kinds[k], fd, &ord, &o);
		if (!problem && o.err != -EIO)
			problem = o.err ? strerror(-o.err) : "it was waited for";
		if (!problem && seconds() - start > 20)
			problem = "it took more than 20 s";
		verdict(k % 2 ? "answered after the timeout" : "never answered", kinds[k].name,
			problem);
		if (!works(fd))
			verdict("time", kinds[k].name, "nothing works afterwards");
	}
	group("answers too late or never");
}

/* The order of answers is the device's own affair. */
void reordered(int fd)
{
	struct evil_order ord = order(EVIL_LIFO, 8);
	const char *problem = NULL;
	struct outcome o;

	for (size_t k = 0; k < kind_count; k++)
		if (!strcmp(kinds[k].name, "batch"))
			problem = kind_run(&kinds[k], fd, &ord, &o);
	verdict("answers in reverse order", "",
		problem	  ? problem
		: o.err	  ? strerror(-o.err)
		: o.right ? NULL
			  : "a wrong answer");
	group("order");
}

/* ---- one process floods the queue ----------------------------------------------------- */

static uint32_t flood_session(int fd, uint32_t what)
{
	struct evil_order ord = order(what, 0);
	uint32_t ses = 0;

	dev_session(fd, CRYPTO_AES_CBC, &ord, sizeof(ord), &ses);
	return ses;
}

/*
 * Submits from many files until it has to wait, which must happen: the answers are held. Says
 * through @count how many operations went in.
 */
static _Noreturn void flooder(unsigned int *count)
{
	static uint8_t buf[64], iv[16];

	for (int file = 0; file < 8; file++) {
		int fd = dev_open();
		uint32_t ses = fd < 0 ? 0 : flood_session(fd, EVIL_HOLD);
		struct crypt_op op = {.ses = ses, .src = buf, .dst = buf, .len = 64, .iv = iv};

		for (int i = 0; ses && i < 64; i++) {
			if (dev_ioctl(fd, CIOCASYNCCRYPT, &op))
				_exit(1);
			__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
		}
	}
	_exit(0);
}

/* The same with copies of a hash, of a hundred threads. */
struct copier {
	int fd;
	uint32_t dst, src;
};

static void *copy(void *arg)
{
	struct copier *c = arg;
	struct cphash_op op = {.dst_ses = c->dst, .src_ses = c->src};

	dev_ioctl(c->fd, CIOCCPHASH, &op);
	return NULL;
}

static _Noreturn void copying_flooder(unsigned int *count)
{
	static struct copier copiers[COPIERS];
	static uint8_t buf[64];
	struct evil_order ord = order(EVIL_HOLD, 0);
	pthread_t thread;
	int fd = dev_open();

	for (int i = 0; i < COPIERS; i++) {
		struct copier *c = &copiers[i];
		struct crypt_op op = {
		    .flags = COP_FLAG_RESET | COP_FLAG_UPDATE, .len = 64, .src = buf};

		c->fd = fd;
		if (dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA1_HMAC, &ord, sizeof(ord), &c->dst) ||
		    dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA1_HMAC, buf, sizeof(ord), &c->src))
			_exit(1);
		op.ses = c->src;
		if (dev_ioctl(fd, CIOCCRYPT, &op))
			_exit(1);
	}
	for (int i = 0; i < COPIERS; i++)
		if (pthread_create(&thread, NULL, copy, &copiers[i]))
			_exit(1);
	__atomic_store_n(count, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

/* Requests that the device has, by the driver's own account. */
static unsigned int in_flight(void)
{
	FILE *f = fopen("/sys/kernel/debug/virtio_cryptodev/cryptodev0/queues", "re");
	unsigned int sum = 0, one;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*u %*u %*u %u", &one) == 1)
			sum += one;
	if (f)
		fclose(f);
	return sum;
}

/* A copy of a hash is a request as others are: no more than the share of them. */
void flooded_with_copies(int fd)
{
	unsigned int *count =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* those that were never answered, in cases before */
	unsigned int before = in_flight(), now = 0, most = 0;
	char detail[64];
	pid_t child;
	int status;

	if (count == MAP_FAILED)
		exit(2);
	child = fork();
	if (!child)
		copying_flooder(count);
	/* until it has been the same for a while */
	for (int same = 0; same < 20 && !waitpid(child, &status, WNOHANG); usleep(20000)) {
		now = in_flight() - before;
		same =
		    __atomic_load_n(count, __ATOMIC_SEQ_CST) && now && now == most ? same + 1 : 0;
		most = now > most ? now : most;
	}
	snprintf(detail, sizeof(detail), "%u of %u copies went in", most, COPIERS);
	verdict("flooding", detail, most > 64 ? "more than its share" : most ? NULL : "none did");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	tell(fd, EVIL_RELEASE, 0);
	verdict("flooding", "after the release", works(fd) ? NULL : "nothing works");
	munmap(count, 4096);
	group("flooding with copies of a hash");
}

/* Ending sessions waits for nobody; with the former driver this took ten minutes for each. */
void ended_in_silence(int fd)
{
	struct evil_order ord = order(EVIL_DESTROY_SILENT, 0);
	const char *problem = NULL;
	uint32_t ses[8];

	set_parameter("timeout_ms", "600000");
	for (int i = 0; i < 8; i++)
		if (dev_session(fd, CRYPTO_AES_CBC, &ord, sizeof(ord), &ses[i]))
			problem = "no session";
	alarm(120);
	for (int i = 0; i < 8; i++)
		if (dev_end(fd, ses[i]))
			problem = "it failed";
	alarm(0);
	verdict("sessions end", "the host says nothing", problem);
	verdict("sessions end", "afterwards", works(fd) ? NULL : "nothing works");
	set_parameter("timeout_ms", TIMEOUT_PARAMETER);
	group("sessions that end in silence");
}

/* Until the number stays what it is for a while. */
static unsigned int settled(const unsigned int *count)
{
	unsigned int last = 0, now, same = 0;
	struct timespec pause = {.tv_nsec = 50000000};

	while (same < 6) {
		nanosleep(&pause, NULL);
		now = __atomic_load_n(count, __ATOMIC_SEQ_CST);
		same = now == last && now ? same + 1 : 0;
		last = now;
	}
	return last;
}

/*
 * With the answers of one process held, another one is served at once. Without a share for each
 * process the ring (256 entries) would be full of the first one's.
 */
void flooded(int fd)
{
	unsigned int *count =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char detail[64];
	unsigned int went;
	pid_t child;
	int status;

	if (count == MAP_FAILED)
		exit(2);
	child = fork();
	if (!child)
		flooder(count);
	went = settled(count);
	snprintf(detail, sizeof(detail), "%u of 512 went in", went);
	printf("# flooding: %s\n", detail);
	verdict("flooding", detail, went > 64 ? "more than its share" : NULL);
	for (int i = 0; i < 100; i++)
		if (!works(fd)) {
			verdict("flooding", detail, "another process is not served");
			break;
		}
	/* It can be killed while it waits; what it left in the ring is its own. */
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	verdict("flooding", "another process afterwards", works(fd) ? NULL : "nothing works");
	tell(fd, EVIL_RELEASE, 0);
	verdict("flooding", "after the release", works(fd) ? NULL : "nothing works");
	munmap(count, 4096);
	group("flooding");
}
