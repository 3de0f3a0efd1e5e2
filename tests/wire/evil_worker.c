/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evil_worker.c - in a build of the daemon: a worker that lies to its supervisor. See
 * evil_worker.h.
 *
 * It takes over before main(), when it is a worker and the plan says so. Until the time for its
 * deed has come it says yes to everything.
 */
#include "tests/wire/evil_worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/vhost_user/channel.h"
#include "daemon/options.h"
#include "common/util.h"

static struct evil_plan *plan;
static int link_fd, ledger_fd;

/* Not a signal: number 1 of a PID namespace would not die of its own. */
static void __attribute__((noreturn)) die(void)
{
	__builtin_trap();
}

static void __attribute__((noreturn)) wait_for_the_end(void)
{
	for (;;)
		pause();
}

static void say(uint32_t request, uint32_t flags, uint32_t size)
{
	struct vu_message m = {.header = {request, flags, size}};

	if (write(link_fd, &m, sizeof(m.header) + MIN(size, sizeof(uint64_t))) < 0)
		die();
}

static void yes(uint32_t request)
{
	say(request, VU_VERSION | VU_REPLY, sizeof(uint64_t));
}

static void noise(uint8_t *bytes, size_t len)
{
	uint32_t x = 2463534242u;

	while (len--) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		*bytes++ = (uint8_t)x;
	}
}

static void spoil_ledger(uint32_t deed)
{
	struct stat st;
	uint8_t *p;

	if (fstat(ledger_fd, &st) < 0)
		die();
	if (deed == EVIL_LEDGER_SIZE && ftruncate(ledger_fd, 1) == 0)
		plan->shrunk = 1;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, ledger_fd, 0);
	if (p == MAP_FAILED)
		die();
	if (deed == EVIL_LEDGER_ONES || deed == EVIL_LEDGER_ZEROS)
		memset(p, deed == EVIL_LEDGER_ONES ? 0xff : 0, (size_t)st.st_size);
	if (deed == EVIL_LEDGER_NOISE)
		noise(p, (size_t)st.st_size);
	die();
}

/* A reply with as many descriptors as fit. */
static void send_files(void)
{
	struct vu_message m = {
	    .header = {VU_GET_CONFIG, VU_VERSION | VU_REPLY, 0},
	    .fd_count = VU_MAX_FDS,
	};

	for (unsigned int i = 0; i < VU_MAX_FDS; i++)
		m.fds[i] = STDERR_FILENO;
	(void)vu_send(link_fd, &m);
}

static void drip(void)
{
	const struct vu_header header = {CHANNEL_DONE, VU_VERSION | VU_REPLY, sizeof(uint64_t)};

	for (size_t i = 0; i + 1 < sizeof(header); i++) {
		if (write(link_fd, (const uint8_t *)&header + i, 1) != 1)
			die();
		usleep(300 * 1000);
	}
}

/* What is to be answered is @asked. */
static void __attribute__((noreturn)) do_evil(uint32_t asked)
{
	uint8_t bytes[64];

	switch (plan->deed) {
	case EVIL_NOISE:
	case EVIL_UNPROMPTED:
		noise(bytes, sizeof(bytes));
		if (write(link_fd, bytes, sizeof(bytes)) < 0)
			die();
		break;
	case EVIL_REQUEST:
		say(VU_GET_FEATURES, VU_VERSION, 0);
		break;
	case EVIL_HUGE:
		say(asked, VU_VERSION | VU_REPLY, UINT32_MAX);
		break;
	case EVIL_OTHER:
		/* As an answer to the set-up it would do no harm, so one that does follows.
		 */
		yes(asked + 1);
		say(asked, 0, 0);
		break;
	case EVIL_READY:
		yes(CHANNEL_READY);
		say(asked, 0, 0);
		break;
	case EVIL_UNASKED:
		/* The first answers a question, and so do some of the others, perhaps. */
		for (unsigned int i = 0; i < 1000; i++)
			yes(CHANNEL_DONE);
		break;
	case EVIL_FILES:
		send_files();
		say(asked, 0, 0);
		break;
	case EVIL_HALF:
		if (write(link_fd, &(uint32_t){CHANNEL_DONE}, 4) != 4)
			die();
		break;
	case EVIL_DRIP:
		drip();
		break;
	case EVIL_HANGS_UP:
		close(link_fd);
		break;
	case EVIL_VIOLATED:
		yes(CHANNEL_VIOLATED);
		break;
	case EVIL_SILENT:
		break;
	default:
		spoil_ledger(plan->deed);
	}
	wait_for_the_end();
}

/* Answer until it is time. */
static void __attribute__((noreturn)) serve(void)
{
	struct vu_reader reader = {0};
	bool resumed = false;

	/* Blocking: vu_read() says that there is nothing yet. */
	yes(CHANNEL_READY);
	for (;;) {
		int ret = vu_read(&reader, link_fd);
		uint32_t asked = reader.message.header.request;

		if (ret < 0)
			die();
		if (ret == 0) {
			usleep(1000);
			continue;
		}
		vu_read_next(&reader);
		if (plan->serving ? resumed : true)
			do_evil(asked);
		resumed = resumed || asked == CHANNEL_RESUME;
		yes(CHANNEL_DONE);
		if (plan->deed == EVIL_UNPROMPTED && resumed)
			do_evil(asked);
	}
}

static bool is_worker(void)
{
	char text[4096] = "";
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *arg = n > 0 ? text + strlen(text) + 1 : text;

	close(fd);
	return sscanf(arg, "--" OPTIONS_WORKER "=%d,%d", &link_fd, &ledger_fd) == 2;
}

static void __attribute__((constructor)) evil_worker(void)
{
	const char *path = getenv("VCD_EVIL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED || !is_worker())
		return;
	plan = p;
	if (__atomic_load_n(&plan->left, __ATOMIC_ACQUIRE) <= 0)
		return;
	__atomic_fetch_sub(&plan->left, 1, __ATOMIC_ACQ_REL);
	serve();
}
