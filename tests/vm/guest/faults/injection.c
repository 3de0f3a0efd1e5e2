/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * injection.c - the kernel's fault injection, for the calls of this thread.
 */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define DEBUGFS "/sys/kernel/debug"

static int nth_fd;

_Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static void setting(const char *file, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		fprintf(stderr,
			"%s: %s\nThis needs a kernel with fault injection and debugfs mounted.\n",
			path, strerror(errno));
		exit(2);
	}
	close(fd);
}

/* All allocations count, not just those that must not wait; of pages all orders. */
void injection_setup(void)
{
	setting("failslab/ignore-gfp-wait", "N");
	setting("fail_page_alloc/ignore-gfp-wait", "N");
	setting("fail_page_alloc/ignore-gfp-highmem", "N");
	setting("fail_page_alloc/min-order", "0");
	/* the call traces of thousands of faults tell nothing here */
	setting("failslab/verbose", "0");
	setting("fail_page_alloc/verbose", "0");
	setting("fail_usercopy/verbose", "0");
	nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		die(FAIL_NTH);
}

void injection_arm(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	/* what is left of the last fault may hit this very call */
	for (int tries = 0; pwrite(nth_fd, text, (size_t)n, 0) != n; tries++)
		if (errno != EFAULT || tries == 3)
			die(FAIL_NTH);
}

unsigned int injection_disarm(void)
{
	char text[16] = {0};
	ssize_t n = pread(nth_fd, text, sizeof(text) - 1, 0);

	if (n <= 0 && errno != EFAULT)
		die(FAIL_NTH);
	injection_arm(0);
	return n > 0 ? (unsigned int)atoi(text) : 1;
}

bool injection_allows(int err)
{
	return err == 0 || err == -ENOMEM || err == -EFAULT || err == -EAGAIN || err == -ENOSPC;
}
