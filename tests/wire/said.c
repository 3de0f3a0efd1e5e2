/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said.c - what the daemons of a test program wrote to their log.
 *
 * Standard error becomes a pipe to a process of ours, which writes all that comes to the former
 * standard error and to a file in memory. A process and no thread: it must not miss what is written
 * when the test program dies.
 */
#include "tests/wire/said.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 10000
#define STEP_MS 10

static int kept = -1;

static void __attribute__((noreturn)) copy(int from, int to)
{
	char text[4096];
	ssize_t n;

	/* A signal that ends the tests must not end this process before it has copied all. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	while ((n = read(from, text, sizeof(text))) > 0)
		if (write(to, text, (size_t)n) < 0 || write(kept, text, (size_t)n) < 0)
			_exit(1);
	_exit(0);
}

void said_begin(void)
{
	int ends[2];
	pid_t pid;

	kept = memfd_create("said", MFD_CLOEXEC);
	if (kept < 0 || pipe(ends) < 0)
		abort();
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		close(ends[1]);
		copy(ends[0], STDERR_FILENO);
	}
	close(ends[0]);
	if (dup2(ends[1], STDERR_FILENO) < 0)
		abort();
	close(ends[1]);
}

/* All of it; the caller frees it. */
static char *text_now(void)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(kept, &st) < 0)
		abort();
	text = malloc((size_t)st.st_size + 1);
	n = text ? pread(kept, text, (size_t)st.st_size, 0) : -1;
	if (n < 0)
		abort();
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	text[n] = 0;
	return text;
}

bool said(const char *message)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
		char *text = text_now();
		bool found = strstr(text, message) != NULL;

		free(text);
		if (found)
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

int said_all(int status, const char *const *messages)
{
	unsigned int missing = 0;

	/* Tests that failed may not have come to where a message is written. */
	if (status)
		return status;
	for (; *messages; messages++)
		if (!said(*messages)) {
			printf("no daemon wrote: %s\n", *messages);
			missing++;
		}
	return missing ? 1 : 0;
}
