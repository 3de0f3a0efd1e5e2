// SPDX-License-Identifier: GPL-2.0-or-later
/* wait.c - the only place where cryptochat sleeps, and how it is told to stop. */
#include "apps/base/wait.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define STOP_SIGNALS (sizeof(stop_signals) / sizeof(stop_signals[0]))

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t resized;
static sigset_t asleep_mask;

static void on_stop(int sig)
{
	stop_signal = sig;
}

static void on_resize(int sig)
{
	resized = 1;
}

void wait_watch_size(void)
{
	struct sigaction resize = {.sa_handler = on_resize, .sa_flags = SA_RESTART};
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGWINCH);
	sigaction(SIGWINCH, &resize, NULL);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigdelset(&asleep_mask, SIGWINCH);
}

bool wait_resized(void)
{
	bool was = resized;

	resized = 0;
	return was;
}

int wait_ignore_pipes(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	return sigaction(SIGPIPE, &ignore, NULL) < 0 ? -errno : 0;
}

int wait_setup(void)
{
	struct sigaction stop = {.sa_handler = on_stop};
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		struct sigaction old;

		/* A signal that our parent made us ignore (nohup) stays ignored. */
		if (sigaction(stop_signals[i], NULL, &old) < 0)
			return -errno;
		if (old.sa_handler == SIG_IGN)
			continue;
		if (sigaction(stop_signals[i], &stop, NULL) < 0)
			return -errno;
		sigaddset(&block, stop_signals[i]);
	}
	if (sigprocmask(SIG_BLOCK, &block, &asleep_mask) < 0)
		return -errno;
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		sigdelset(&asleep_mask, stop_signals[i]);
	return 0;
}

/*
 * ppoll() delivers no signal when a descriptor is ready at once, as in a long
 * transfer it always is. So look for one that waits.
 */
static bool stop_pending(void)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		if (sigismember(&pending, stop_signals[i]) == 1)
			stop_signal = stop_signals[i];
	return stop_signal != 0;
}

int wait_for(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int64_t deadline = wait_clock_ms() + timeout_ms;

	for (;;) {
		struct timespec left = {0};
		int n;

		if (timeout_ms >= 0) {
			int64_t ms = deadline - wait_clock_ms();

			if (ms < 0)
				ms = 0;
			left.tv_sec = ms / 1000;
			left.tv_nsec = ms % 1000 * 1000000;
		}
		if (stop_pending())
			return -EINTR;
		n = ppoll(fds, count, timeout_ms < 0 ? NULL : &left, &asleep_mask);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
		if (stop_signal)
			return -EINTR;
		if (resized)
			return 0;
	}
}

int wait_stop_signal(void)
{
	return stop_signal;
}

int64_t wait_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
