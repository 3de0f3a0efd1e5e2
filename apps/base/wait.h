/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wait.h - the only place where cryptochat sleeps, and how it is told to stop.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked except while wait_for() sleeps, so no
 * other system call is ever interrupted and a signal is never missed.
 */
#ifndef APPS_BASE_WAIT_H
#define APPS_BASE_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define WAIT_FOREVER (-1)

/** wait_setup() - block the stop signals and ignore SIGPIPE; call once, at the start */
int wait_setup(void);

/** wait_ignore_pipes() - writing to what nobody reads is an error, not a signal; 0 or negative
 * errno */
int wait_ignore_pipes(void);

/**
 * wait_for() - sleep until a descriptor is ready
 * @fds: as for poll(); entries with a negative fd are skipped
 * @count: entries
 * @timeout_ms: longest sleep in milliseconds, or WAIT_FOREVER
 *
 * Return: number of ready descriptors, 0 after the timeout, -EINTR when a stop
 * signal came, or another negative errno
 */
int wait_for(struct pollfd *fds, nfds_t count, int timeout_ms);

/** wait_stop_signal() - the stop signal that came, or 0 */
int wait_stop_signal(void);

/** wait_watch_size() - from now on wait_for() returns 0 when the terminal's size changes */
void wait_watch_size(void);

/** wait_resized() - has it changed since the last call? */
bool wait_resized(void);

/** wait_clock_ms() - monotonic time in milliseconds */
int64_t wait_clock_ms(void);

#endif /* APPS_BASE_WAIT_H */
