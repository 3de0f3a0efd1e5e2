// SPDX-License-Identifier: GPL-2.0-or-later
/* process.c - how a program of this folder begins and ends. */
#include "apps/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

int process_fill_streams(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one. */
		if (open("/dev/null", O_RDONLY) != fd)
			return -errno;
	}
	return 0;
}

void process_die_of(int sig)
{
	sigset_t mask;

	signal(sig, SIG_DFL);
	sigemptyset(&mask);
	sigaddset(&mask, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}
