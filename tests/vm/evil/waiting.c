/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * waiting.c - cases of cryptodev-evil: what a program may do, and hold, while the host keeps the
 * answers to its asynchronous operations.
 */
#include <errno.h>
#include <poll.h>
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

#define LARGE (128 * 1024)
/* 2 MiB of share_bytes: pages in, pages out, and one of each operation's. */
#define PINS_MAX (2 * (2 * 1024 * 1024) / 4096)

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

struct submission {
	int fd;
	struct crypt_op op;
	int err;
	bool ended;
};

static void *submit(void *arg)
{
	struct submission *s = arg;

	s->err = dev_ioctl(s->fd, CIOCASYNCCRYPT, &s->op);
	__atomic_store_n(&s->ended, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static const char *fetch_ok(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct crypt_op op;
	int err;

	if (poll(&p, 1, 60000) != 1)
		return "it was never done";
	err = dev_ioctl(fd, CIOCASYNCFETCH, &op);
	return err ? strerror(-err) : NULL;
}

/* One thread's submission waits for an earlier operation: another may poll and fetch. */
void polled_while_waiting(int fd)
{
	static uint8_t buf[64], iv[16];
	struct evil_order ord = order(EVIL_HOLD, 0);
	struct crypt_op op = {.src = buf, .dst = buf, .len = sizeof(buf), .iv = iv};
	int file = must_open();
	struct submission second = {.fd = file};
	struct pollfd p = {.fd = file, .events = POLLIN | POLLOUT};
	const char *problem = NULL;
	pthread_t thread;

	set_parameter("timeout_ms", "600000");
	if (dev_session(file, CRYPTO_AES_CBC, &ord, sizeof(ord), &op.ses) ||
	    dev_ioctl(file, CIOCASYNCCRYPT, &op))
		problem = "nothing was submitted";
	second.op = op;
	second.op.iv = NULL;
	if (pthread_create(&thread, NULL, submit, &second))
		exit(2);
	pause_ms(300);
	alarm(60);
	if (!problem && (poll(&p, 1, 0) != 1 || p.revents != POLLOUT))
		problem = "poll";
	if (!problem && dev_ioctl(file, CIOCASYNCFETCH, &op) != -EBUSY)
		problem = "there was something to fetch";
	alarm(0);
	if (!problem && __atomic_load_n(&second.ended, __ATOMIC_SEQ_CST))
		problem = "it did not wait";
	/* The first is answered, then the second comes, and is held, too. */
	while (!__atomic_load_n(&second.ended, __ATOMIC_SEQ_CST)) {
		tell(fd, EVIL_RELEASE, 0);
		pause_ms(20);
	}
	pthread_join(thread, NULL);
	if (!problem && second.err)
		problem = strerror(-second.err);
	for (int i = 0; i < 2 && !problem; i++)
		problem = fetch_ok(file);
	close(file);
	verdict("polling", "while a submission waits", problem);
	set_parameter("timeout_ms", TIMEOUT_PARAMETER);
	group("polling");
}

/* Pages that are pinned now, by the kernel's account. */
static long pinned(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	long acquired = 0, released = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "nr_foll_pin_acquired %ld", &acquired);
		sscanf(line, "nr_foll_pin_released %ld", &released);
	}
	if (f)
		fclose(f);
	return acquired - released;
}

/* Submits large operations from many files and lets go of their memory, until it has to wait. */
static _Noreturn void pinner(unsigned int *count)
{
	static uint8_t iv[16];
	struct evil_order ord = order(EVIL_HOLD, 0);
	uint32_t ses[16];
	int fds[16];

	for (int i = 0; i < 16; i++) {
		fds[i] = must_open();
		if (dev_session(fds[i], CRYPTO_AES_CBC, &ord, sizeof(ord), &ses[i]))
			_exit(1);
	}
	for (int i = 0; i < 16 * 60; i++) {
		uint8_t *buf = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		struct crypt_op op = {
		    .ses = ses[i / 60], .src = buf, .dst = buf, .len = LARGE, .iv = iv};

		if (buf == MAP_FAILED || dev_ioctl(fds[i / 60], CIOCASYNCCRYPT, &op))
			_exit(1);
		munmap(buf, LARGE);
		__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
	}
	_exit(0);
}

/* What the operations of a process hold is bounded by its share, and ends with the device's part. */
void pages_are_held(int fd)
{
	unsigned int *count =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long before = pinned(), most = 0;
	char detail[64];
	pid_t child;
	int status;

	if (count == MAP_FAILED)
		exit(2);
	set_parameter("timeout_ms", "600000");
	child = fork();
	if (!child)
		pinner(count);
	for (int i = 0; i < 30; i++) {
		long now = pinned() - before;

		most = now > most ? now : most;
		pause_ms(100);
	}
	snprintf(detail, sizeof(detail), "%u operations, %ld pages", *count, most);
	printf("# held: %s\n", detail);
	verdict("pages held", detail,
		most > PINS_MAX ? "more than its share"
		: most < 64	? "none were: the test sees nothing"
				: NULL);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	tell(fd, EVIL_RELEASE, 0);
	for (int i = 0; i < 300 && pinned() > before; i++)
		pause_ms(100);
	verdict("pages held", "after the release", pinned() > before ? "some still are" : NULL);
	set_parameter("timeout_ms", TIMEOUT_PARAMETER);
	munmap(count, 4096);
	group("memory that is held");
}
