/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confined.h - run a function in a process that went through the stages of
 * daemon/confine/sandbox.h, and tell how that ended.
 */
#ifndef TESTS_WIRE_CONFINED_H
#define TESTS_WIRE_CONFINED_H

#include <stdbool.h>

#include "daemon/confine/sandbox.h"

/**
 * struct confined - a process to make.
 * @mode: how much of a sandbox
 * @seccomp: its filter
 * @cryptodev: with the ioctls of /dev/crypto
 * @thread: run the function in a thread that was there before the lock
 * @user: become this user before anything, 0: stay who we are
 * @before: called before all stages, or NULL; false: give up
 * @open: called where the daemon opens things, or NULL; false: give up
 * @probe: called at the end. 0: what it tried worked; a negative errno: it failed
 */
struct confined {
	enum sandbox_mode mode;
	enum seccomp_mode seccomp;
	bool cryptodev;
	bool thread;
	unsigned int user;
	bool (*before)(void);
	bool (*open)(void);
	int (*probe)(void);
};

/**
 * struct confined_end - how it ended.
 * @signal: what it died of, or 0
 * @stages: the stages' result, 0 or a negative errno
 * @done: bits of enum measure
 * @result: the probe's, when it was called
 */
struct confined_end {
	int signal;
	int stages;
	unsigned int done;
	int result;
};

/** CONFINED_UNTRIED - result when the probe was not called. */
#define CONFINED_UNTRIED 1

/** confined_run - make the process, and wait for its end. */
struct confined_end confined_run(const struct confined *confined);

/** confined_has - whether the process had that measure. */
static inline bool confined_has(const struct confined_end *end, enum measure measure)
{
	return end->done & (1u << measure);
}

#endif /* TESTS_WIRE_CONFINED_H */
