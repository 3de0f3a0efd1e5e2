/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_process.h - one worker process: started, told, heard, ended.
 *
 * Knows processes and the framing of their channel, and nothing of front ends. It reports what
 * happened; supervisor.c decides what follows.
 *
 * States
 * ------
 * WORKER_NONE: there is no process
 *	Operations: worker_start().
 *	Caveat: a process that has died is in this state only after it was waited for, because its
 *	threads may touch guest memory until then. A closed channel proves nothing.
 *
 * WORKER_STARTING: it was executed, and has not sent CHANNEL_READY
 *	Operations: worker_read().
 *	Caveat: when it closes its channel, it is about to exit, and its exit status says whether a
 *	first worker failed to start. So it is left time to exit (WORKER_ENDING).
 *
 * WORKER_READY: a successor stands by
 *	Operations: none. It is adopted when the worker before it is gone.
 *	Caveat: it has no deadline. It may stand by for as long as the worker before it needs.
 *
 * WORKER_REPLAYING: it is told the front end's set-up, one message at a time
 *	Operations: worker_tell() after each answer.
 *	Caveat: the ledger and guest memory are not touched before CHANNEL_RESUME.
 *
 * WORKER_IDLE: it serves, and no answer is outstanding
 *	Operations: worker_tell(), worker_ask_to_end().
 *	Caveat: whatever it sends now was not asked for; it is killed.
 *
 * WORKER_BUSY: it serves, and the answer to one operation is outstanding
 *	Operations: worker_read().
 *	Caveat: the answer has a deadline.
 *
 * WORKER_ENDING: it was asked to end, or closed its channel while it started
 *	Operations: none.
 *	Caveat: it finishes the batches it has begun; it is killed at its deadline.
 *
 * WORKER_DYING: it was killed, and was not waited for
 *	Operations: none; its channel is closed.
 */
#ifndef VCD_DAEMON_SUPERVISOR_WORKER_PROCESS_H
#define VCD_DAEMON_SUPERVISOR_WORKER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/supervisor/spawn.h"
#include "daemon/vhost_user/message.h"
#include "virtio_cryptodev.h"

/** Time for a worker to end, in ms, and for its last answers; then it is killed. */
#define WORKER_END_MS 10000u

/** Longest time until the next worker is started, in ms. */
#define WORKER_RETRY_MAX_MS 10000u

enum worker_state {
	WORKER_NONE,
	WORKER_STARTING,
	WORKER_READY,
	WORKER_REPLAYING,
	WORKER_IDLE,
	WORKER_BUSY,
	WORKER_ENDING,
	WORKER_DYING,
	WORKER_STATES
};

/**
 * enum worker_event - what can happen to a worker.
 * @EVENT_READY: it sent CHANNEL_READY
 * @EVENT_ANSWER: it sent any other message
 * @EVENT_CLOSED: it closed its channel, or sent what is no message
 * @EVENT_LATE: its deadline has passed
 * @EVENT_GONE: it has ended and was waited for
 *
 * These are not the worker's own; supervisor.c raises them while their condition holds:
 *
 * @EVENT_OPERATION: an operation is queued
 * @EVENT_SUCCESSOR: a successor is WORKER_READY
 * @EVENT_TIMER: it is time to start a worker
 * @EVENT_STOP: the daemon ends
 */
enum worker_event {
	EVENT_NOTHING,
	EVENT_READY,
	EVENT_ANSWER,
	EVENT_CLOSED,
	EVENT_LATE,
	EVENT_GONE,
	EVENT_OPERATION,
	EVENT_SUCCESSOR,
	EVENT_TIMER,
	EVENT_STOP,
	EVENTS
};

/**
 * struct worker_process - a worker process.
 * @state: changed by worker_enter() only
 * @channel: the supervisor's end, or -1
 * @reader: holds the message of EVENT_READY and EVENT_ANSWER
 * @started_ns: CLOCK_MONOTONIC
 * @deadline_ns: CLOCK_MONOTONIC, 0: none
 * @status: of waitpid(), with EVENT_GONE
 * @has_config: @config came with CHANNEL_READY
 */
struct worker_process {
	enum worker_state state;
	pid_t pid;
	int channel;
	struct vu_reader reader;
	uint64_t started_ns;
	uint64_t deadline_ns;
	int status;
	bool has_config;
	struct vcd_config config;
};

/** worker_init - no process. */
void worker_init(struct worker_process *worker);

/** worker_enter - change the state, and log that. */
void worker_enter(struct worker_process *worker, enum worker_state state);

/**
 * worker_start - start a process; WORKER_STARTING then.
 * @ledger: descriptor of the ledger
 *
 * Return: 0 or a negative errno.
 */
int worker_start(struct worker_process *worker, const struct program *program,
		 const struct sandbox *sandbox, int ledger);

/**
 * worker_read - read from its channel, without blocking.
 *
 * Return: EVENT_READY or EVENT_ANSWER, with a message in @reader that vu_read_next() ends;
 * EVENT_CLOSED; or EVENT_NOTHING.
 */
enum worker_event worker_read(struct worker_process *worker);

/**
 * worker_retry_ms - how long the next worker has to wait.
 * @failures: workers in a row that ended without progress, the last one counted
 */
unsigned int worker_retry_ms(unsigned int failures);

/** worker_reap - wait for a process that has ended. Return: EVENT_GONE or EVENT_NOTHING. */
enum worker_event worker_reap(struct worker_process *worker);

/** worker_check - compare the deadline with @now, CLOCK_MONOTONIC ns. Return: EVENT_LATE or EVENT_NOTHING. */
enum worker_event worker_check(const struct worker_process *worker, uint64_t now);

/**
 * worker_tell - send a message whose answer is due in @limit_ms.
 *
 * Return: whether it was sent. A worker that does not read its channel has to be killed.
 */
bool worker_tell(struct worker_process *worker, const struct vu_message *message,
		 unsigned int limit_ms);

/** worker_close - stop listening to it. */
void worker_close(struct worker_process *worker);

/** worker_kill - WORKER_DYING. */
void worker_kill(struct worker_process *worker);

/** worker_await_end - WORKER_ENDING, for at most WORKER_END_MS. */
void worker_await_end(struct worker_process *worker);

/** worker_ask_to_end - SIGTERM, after which it finishes its batches; then worker_await_end(). */
void worker_ask_to_end(struct worker_process *worker);

#endif /* VCD_DAEMON_SUPERVISOR_WORKER_PROCESS_H */
