/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rig.h - what the wire tests have in common: a daemon and a front end on it.
 *
 * Every function here asserts: what it does is not what a test is about.
 */
#ifndef TESTS_WIRE_RIG_H
#define TESTS_WIRE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/wire/front.h"
#include "tests/wire/process.h"
#include "tests/wire/requests.h"

/** The daemon under test; main() of each test sets it from its argument. */
extern const char *rig_daemon;

#define RIG_PAYLOAD 4096
#define RIG_QUEUES 8

/**
 * struct rig - a daemon and a front end.
 * @daemon: child process
 * @dir: directory of its own, for sockets and files
 * @socket_path: where it listens, when it was started with rig_listen()
 * @control_path: its control socket
 * @stats: its counters, as of the last rig_report()
 * @front: front end, or NULL
 * @request: a request with 4 KiB of payload each way, in @front's memory, for queue 0
 * @scratch: one for each queue, used by rig_check() and rig_session()
 *
 * No buffer is used on two queues, hence by two workers: a guest would order that
 * by itself, which ThreadSanitizer cannot see.
 */
struct rig {
	struct process daemon;
	char dir[64];
	char socket_path[96];
	char control_path[96];
	char stats[4096];
	struct front *front;
	struct front_request request;
	struct front_request scratch[RIG_QUEUES];
};

/** rig_start - a daemon on a socketpair, and a front end that is started. */
void rig_start(struct rig *rig, const struct front_options *options, const char *const *args);

/** rig_open - the same, but nothing was sent yet. */
void rig_open(struct rig *rig, const struct front_options *options, const char *const *args);

/** rig_listen - a daemon that listens at rig->socket_path; no front end yet. */
void rig_listen(struct rig *rig, const char *const *args);

/** rig_reach - connect a front end to such a daemon; nothing was sent yet. */
void rig_reach(struct rig *rig, const struct front_options *options);

/** rig_connect - connect and start a front end to such a daemon. */
void rig_connect(struct rig *rig, const struct front_options *options);

/** rig_check - the device gives the known answer, on every queue. */
void rig_check(struct rig *rig);

/** rig_check_queue - the same on one queue. */
void rig_check_queue(struct rig *rig, unsigned int i);

/** rig_disconnect - the front end goes away without a word. */
void rig_disconnect(struct rig *rig);

/**
 * rig_stop - disconnect, end the daemon, remove files.
 *
 * Asserts that it exits with 0, and, where it lives on without a front end, that no session is
 * left when the front end has gone.
 */
void rig_stop(struct rig *rig);

/** rig_end - end the daemon with SIGTERM, front end connected or not; expect status 0. */
void rig_end(struct rig *rig);

/** rig_stat - a counter, as of the last rig_report(); fails when there is none of that name. */
uint64_t rig_stat(const struct rig *rig, const char *name);

/** rig_report - have the running daemon tell its counters now; waits for a worker that does. */
void rig_report(struct rig *rig);

/** rig_session - a session for AES-128-CBC with a fixed key; its id. */
uint64_t rig_session(struct rig *rig, struct front_queue *queue);

#endif /* TESTS_WIRE_RIG_H */
