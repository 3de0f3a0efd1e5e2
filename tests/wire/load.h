/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - a daemon under load: a driver on each of its queues, which keeps it full.
 *
 * A driver does what the guest's does: it sends requests many at a time, in place and
 * not, makes a session again that is STALE, and repeats the request with the buffer as
 * it is then. So an input that a dead worker had begun to write over shows as a wrong
 * answer. A hash in parts may be lost; what comes out of one that was not must be right.
 *
 * Every function here asserts.
 */
#ifndef TESTS_WIRE_LOAD_H
#define TESTS_WIRE_LOAD_H

#include <pthread.h>
#include <sys/types.h>

#include "tests/wire/rig.h"

/** Queues of a front end under load, of which each has a driver. */
#define LOAD_QUEUES 3

/**
 * struct load - a daemon under load.
 * @rig: the daemon and its front end
 * @drivers: one for each queue
 * @threads: theirs
 */
struct load {
	struct rig rig;
	struct load_driver *drivers;
	pthread_t threads[LOAD_QUEUES];
};

/** load_start - rig_start(), and the drivers; @options have LOAD_QUEUES queues. */
void load_start(struct load *load, const struct front_options *options, const char *const *args);

/** load_progress - wait until there are @more answers, or a driver has failed. */
void load_progress(const struct load *load, uint64_t more);

/** load_worker - wait until the daemon has a worker that is not @other. Return: its pid. */
pid_t load_worker(const struct load *load, pid_t other);

/**
 * load_stop - end the drivers; everything must have been right.
 *
 * The daemon continues, and its statistics are written: rig_stop() is to come.
 */
void load_stop(struct load *load);

#endif /* TESTS_WIRE_LOAD_H */
