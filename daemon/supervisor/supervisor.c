/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.c - the process that holds the connection while workers come and go.
 *
 * Theory of operation
 * -------------------
 * Stock front ends do not survive the loss of their back end (QEMU's generic device aborts the
 * VM). So they are connected to this small process. It never maps guest memory, runs no
 * cryptography, and sees of the protocol what message.c and setup.c see. A worker, a child
 * process, is the device.
 *
 *     front end  <-- vhost-user -->  supervisor  <-- vhost_user/channel.h -->  worker
 *
 * A message of the front end goes to the worker. Its outcome comes back and is noted in the
 * set-up (setup.h); only then is the next message read. When a worker dies, the next one is told
 * the set-up, and then whatever was not answered (operations.h). Requests do not come through
 * here: rings and eventfds are between the worker and the guest.
 *
 * At SIGHUP, or when the operator asks, a second worker, the successor, is started from the
 * program as it is on disk then. When it is ready, the worker is asked to end, which it does after
 * its batches, and the successor is told the set-up. The guest sees a short silence and STALE
 * sessions.
 *
 * A worker that dies is replaced at once. When it dies again without having finished a request in
 * between, the next one has to wait, longer each time, up to WORKER_RETRY_MAX_MS. After GIVE_UP such
 * deaths the queues are reported broken to the front end. Workers are still tried, because the
 * front end may be waiting for an answer. (A request that kills its worker does not get that far:
 * ledger.h.)
 *
 * Decisions
 * ---------
 * The lower files return what happened; only this one decides. The tables below say what each
 * event does in each state of the worker and of the successor (worker_process.h documents the
 * states). Conditions that last, such as a queued operation, are raised as events after each
 * event, while they hold (supervisor_settle()).
 *
 * Invariants
 * - At most one operation is outstanding.
 * - A worker has a deadline for whatever it was told; then it is killed.
 * - A worker starts to touch guest memory only when the one before it was waited for: then all of
 *   that one's threads are gone.
 * - When nothing is to do and no answer is missing, this process sleeps without a timeout.
 */
#include "daemon/supervisor/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/util.h"
#include "daemon/vhost_user/channel.h"

/* After accept() failed, mostly for want of descriptors or memory. */
#define ACCEPT_PAUSE_MS 1000u

/* For any answer of a worker that serves. Generous, as a machine may be slow; tests set less. */
#ifndef VCD_ANSWER_MS
#define VCD_ANSWER_MS 30000u
#endif

/* After so many deaths of workers that did nothing, the device is reported broken. */
#define GIVE_UP 8u

/* A worker that lived for so long has not died of its start. */
#define GOOD_LIFE_MS 10000u

/* So many workers are told the set-up, before the front end is told that it is lost. */
#define MAX_REFUSALS 5u

void supervisor_give_up(struct supervisor *s, int err)
{
	s->error = err;
	s->ending = true;
}

/* ---- the front end -------------------------------------------------------------------- */

/* @reason: -ECONNRESET: it left; another negative errno: why it is closed; 0: the daemon ends. */
static void front_end_leaves(struct supervisor *s, int reason)
{
	if (s->front.fd < 0)
		return;
	if (reason == -ECONNRESET) {
		log_limited(LOG_NOTICE, "front end disconnected");
	} else if (reason) {
		if (reason == -EPROTO)
			s->ledger.head->protocol_errors++;
		log_limited(LOG_WARN, "connection closed: %s", strerror(-reason));
	}
	front_end_close(&s->front);
	setup_clear(&s->setup);
	operations_front_end_gone(&s->operations);
	/* A daemon that was given one connection ends with it. */
	if (s->endpoints.listener.fd < 0)
		s->ending = true;
}

void supervisor_accept_failed(struct supervisor *s, int err)
{
	log_limited(LOG_WARN, "cannot accept a connection: %s; trying again", strerror(-err));
	s->accept_ns = now_ns() + ACCEPT_PAUSE_MS * 1000000ull;
}

void supervisor_accepted(struct supervisor *s, int fd)
{
	front_end_leaves(s, -ETIMEDOUT);
	front_end_begin(&s->front, fd);
	s->ledger.head->front_ends++;
}

void supervisor_front_end_input(struct supervisor *s)
{
	int ret = front_end_read(&s->front, &s->setup);

	if (ret < 0)
		front_end_leaves(s, ret);
	else if (ret > 0)
		operations_add(&s->operations, OPERATION_FORWARD, -1);
}

/* ---- the keeper ----------------------------------------------------------------------- */

/* The worker gets the connection, if there is one. */
static void pass_keeper(struct supervisor *s)
{
	int fd = keeper_link_copy(&s->keeper);

	if (fd >= 0)
		operations_add(&s->operations, OPERATION_KEEPER, fd);
}

void supervisor_keeper_event(struct supervisor *s)
{
	if (keeper_link_event(&s->keeper))
		pass_keeper(s);
}

/* ---- transitions of the worker -------------------------------------------------------- */

/* What an event does; its message, if it has one, is in the worker's reader. */
typedef void transition(struct supervisor *s, struct worker_process *w);

static void kill_it(struct supervisor *s, struct worker_process *w)
{
	worker_kill(w);
}

static void kill_late(struct supervisor *s, struct worker_process *w)
{
	log_limited(LOG_WARN, "worker %d does not answer; it is killed", (int)w->pid);
	worker_kill(w);
}

static void start(struct supervisor *s, struct worker_process *w)
{
	int err;

	s->retry_ns = 0;
	s->done = ledger_done(&s->ledger);
	ledger_mend(&s->ledger);
	err = worker_start(w, &s->program, &s->sandbox, s->ledger.fd);
	if (err) {
		log_limited(LOG_ERROR, "cannot start a worker: %s", strerror(-err));
		s->retry_ns = now_ns() + WORKER_RETRY_MAX_MS * 1000000ull;
	}
}

void supervisor_start(struct supervisor *s)
{
	start(s, &s->worker);
	if (s->worker.state == WORKER_NONE)
		supervisor_give_up(s, -ECHILD);
}

/* It is about to exit, and its status says whether it could not start. */
static void await_exit(struct supervisor *s, struct worker_process *w)
{
	worker_close(w);
	worker_await_end(w);
}

static void hang_up(struct supervisor *s, struct worker_process *w)
{
	worker_close(w);
}

static void tell(struct supervisor *s, struct worker_process *w, const struct vu_message *m)
{
	if (!worker_tell(w, m, s->ending ? WORKER_END_MS : VCD_ANSWER_MS))
		worker_kill(w);
}

static void tell_private(struct supervisor *s, struct worker_process *w,
			 enum channel_request request, int fd)
{
	const struct vu_message m = {
	    .header = {.request = request, .flags = VU_VERSION},
	    .fds = {fd},
	    .fd_count = fd >= 0,
	};

	tell(s, w, &m);
}

static void replay_next(struct supervisor *s, struct worker_process *w)
{
	struct vu_message m;

	if (setup_next(&s->setup, &s->cursor, &m)) {
		s->replayed = m.header.request;
		tell(s, w, &m);
	} else {
		s->replayed = CHANNEL_RESUME;
		tell_private(s, w, CHANNEL_RESUME, -1);
	}
}

static void begin_replay(struct supervisor *s, struct worker_process *w)
{
	worker_enter(w, WORKER_REPLAYING);
	s->cursor = 0;
	replay_next(s, w);
}

/* Whether @w offers less than what front ends may have been told. */
static bool offers_less(const struct supervisor *s, const struct worker_process *w)
{
	return s->has_config && w->has_config && channel_is_less(&w->config, &s->config);
}

static void ready(struct supervisor *s, struct worker_process *w)
{
	w->has_config = channel_config(&w->reader.message, &w->config);
	if (offers_less(s, w))
		log_limited(LOG_WARN,
			    "worker %d offers fewer algorithms or lower limits than the one "
			    "before it",
			    (int)w->pid);
	if (!s->has_config && w->has_config) {
		s->has_config = true;
		s->config = w->config;
	}
	begin_replay(s, w);
}

static void serving(struct supervisor *s, struct worker_process *w)
{
	double ms = (double)(now_ns() - s->lost_ns) / 1e6;
	char text[96];

	worker_enter(w, WORKER_IDLE);
	s->refusals = 0;
	if (!s->served)
		notify_send(s->endpoints.notify, "READY=1\n");
	s->served = true;
	pass_keeper(s);
	if (!s->lost_ns)
		return;
	s->lost_ns = 0;
	log_msg(LOG_INFO, "worker %d goes on after %.3f ms", (int)w->pid, ms);
	if (!s->upgrading)
		return;
	s->upgrading = false;
	s->ledger.head->upgrades++;
	(void)snprintf(text, sizeof(text), "upgraded to worker %d, which goes on after %.3f ms",
		       (int)w->pid, ms);
	log_msg(LOG_NOTICE, "%s", text);
	clients_upgraded(&s->clients, NULL, text);
}

/*
 * The set-up cannot be had again: the front end has made its memory's file shorter, or there is no
 * memory to map it, or this worker lies. After some tries the front end has to know.
 */
static void replay_refused(struct supervisor *s, struct worker_process *w)
{
	log_limited(LOG_ERROR, "worker %d does not accept the front end's set-up (%s)", (int)w->pid,
		    vu_request_name(s->replayed));
	worker_kill(w);
	if (++s->refusals < MAX_REFUSALS)
		return;
	log_msg(LOG_ERROR, "%u workers did not accept the front end's set-up: it is let go",
		s->refusals);
	s->refusals = 0;
	front_end_leaves(s, -EPROTO);
}

/*
 * A setting that is refused was refused the first time as well. Regions of memory are in the
 * set-up only if they were accepted.
 */
static void replay_answered(struct supervisor *s, struct worker_process *w)
{
	const struct vu_message *reply = &w->reader.message;

	w->deadline_ns = 0;
	if (s->replayed == CHANNEL_RESUME && reply->header.request == CHANNEL_DONE)
		serving(s, w);
	else if (s->replayed == CHANNEL_RESUME)
		worker_kill(w);
	else if (reply->header.request == CHANNEL_VIOLATED ||
		 (s->replayed == VU_ADD_MEM_REG && reply->payload.u64 != 0))
		replay_refused(s, w);
	else
		replay_next(s, w);
}

static void tell_operation(struct supervisor *s, struct worker_process *w)
{
	const struct operation *first = &s->operations.queue[0];

	s->operations.outstanding = true;
	worker_enter(w, WORKER_BUSY);
	if (first->kind == OPERATION_FORWARD)
		tell(s, w, &s->front.reader.message);
	else if (first->kind == OPERATION_CLIENT)
		tell_private(s, w, CHANNEL_CONTROL, first->fd);
	else if (first->kind == OPERATION_KEEPER)
		tell_private(s, w, CHANNEL_KEEPER, first->fd);
	else
		tell_private(s, w, CHANNEL_RESET, -1);
}

/* The next worker is told an operation again whose answer was wrong. */
static void forward_answered(struct supervisor *s, struct worker_process *w)
{
	switch (front_end_answer(&s->front, &s->setup, &w->reader.message)) {
	case FRONT_END_ANSWERED:
		operations_answered(&s->operations);
		break;
	case FRONT_END_LOST:
		operations_answered(&s->operations);
		front_end_leaves(s, s->front.error);
		break;
	case FRONT_END_VIOLATED:
		operations_answered(&s->operations);
		front_end_leaves(s, -EPROTO);
		break;
	case FRONT_END_NO_ANSWER:
		log_limited(LOG_WARN, "worker %d sent an invalid reply", (int)w->pid);
		worker_kill(w);
		break;
	case FRONT_END_IMPOSSIBLE:
		log_limited(LOG_WARN, "worker %d accepted an impossible message", (int)w->pid);
		operations_answered(&s->operations);
		worker_kill(w);
		front_end_leaves(s, -EPROTO);
		break;
	}
}

static void answered(struct supervisor *s, struct worker_process *w)
{
	w->deadline_ns = 0;
	worker_enter(w, WORKER_IDLE);
	/* A client that was refused has been told so by the worker. */
	if (s->operations.queue[0].kind == OPERATION_FORWARD)
		forward_answered(s, w);
	else
		operations_answered(&s->operations);
}

static void hand_over(struct supervisor *s, struct worker_process *w)
{
	s->lost_ns = now_ns();
	worker_ask_to_end(w);
}

static void end_it(struct supervisor *s, struct worker_process *w)
{
	worker_ask_to_end(w);
}

static void replace(struct supervisor *s, struct worker_process *w)
{
	bool signalled = WIFSIGNALED(w->status);
	bool progress = ledger_done(&s->ledger) != s->done ||
			now_ns() - w->started_ns > GOOD_LIFE_MS * 1000000ull;
	uint64_t delay_ms;

	s->failures = progress ? 1 : s->failures + 1;
	s->ledger.head->restarts++;
	delay_ms = worker_retry_ms(s->failures);
	log_limited(
	    LOG_WARN, "worker %d ended (%s %d); %s", (int)w->pid, signalled ? "signal" : "status",
	    signalled ? WTERMSIG(w->status) : WEXITSTATUS(w->status),
	    delay_ms ? "the next one has to wait, as it did nothing" : "starting another one");
	if (s->failures == GIVE_UP) {
		log_msg(LOG_ERROR,
			"%u workers in a row ended without finishing a request: the device is "
			"reported broken; a worker is tried every %u s",
			GIVE_UP, WORKER_RETRY_MAX_MS / 1000);
		setup_report_broken(&s->setup);
	}
	if (delay_ms)
		s->retry_ns = now_ns() + delay_ms * 1000000ull;
	else
		start(s, w);
}

static void gone(struct supervisor *s, struct worker_process *w)
{
	worker_close(w);
	w->deadline_ns = 0;
	worker_enter(w, WORKER_NONE);
	operations_worker_gone(&s->operations);
	if (s->ending)
		return;
	if (!s->lost_ns)
		s->lost_ns = now_ns();
	if (s->successor.state == WORKER_READY)
		return;
	/* The first worker cannot start, and has said why. */
	if (!s->served && !WIFSIGNALED(w->status))
		supervisor_give_up(s, -ECHILD);
	else
		replace(s, w);
}

/* The successor takes the place of the worker, which is gone. */
static void adopt(struct supervisor *s, struct worker_process *w)
{
	program_close(&s->program);
	s->program = s->next_program;
	s->next_program.fd = -1;
	*w = s->successor;
	worker_init(&s->successor);
	if (w->has_config) {
		s->has_config = true;
		s->config = w->config;
	}
	s->retry_ns = 0;
	s->done = ledger_done(&s->ledger);
	s->upgrading = true;
	begin_replay(s, w);
}

/* ---- transitions of the successor ----------------------------------------------------- */

/* A guest's program must not find that an algorithm is gone, because of an upgrade. */
static void stand_by(struct supervisor *s, struct worker_process *w)
{
	w->has_config = channel_config(&w->reader.message, &w->config);
	w->deadline_ns = 0;
	if (!(s->has_config && !w->has_config) && !offers_less(s, w)) {
		worker_enter(w, WORKER_READY);
		return;
	}
	s->upgrade_error = "the new worker offers fewer algorithms or lower limits than the "
			   "old one, which goes on";
	worker_kill(w);
}

static void successor_gone(struct supervisor *s, struct worker_process *w)
{
	const char *error = s->upgrade_error;

	if (!error)
		error = "the new worker did not start; the old one goes on";
	s->upgrade_error = NULL;
	worker_close(w);
	worker_enter(w, WORKER_NONE);
	worker_init(w);
	program_close(&s->next_program);
	if (s->ending)
		return;
	log_msg(LOG_ERROR, "%s", error);
	clients_upgraded(&s->clients, error, "");
}

const char *supervisor_upgrade(struct supervisor *s)
{
	int err;

	if (s->successor.state != WORKER_NONE || s->upgrading || s->ending) {
		const char *why = s->ending ? "the daemon ends" : "an upgrade is under way already";

		log_msg(LOG_WARN, "%s", why);
		return why;
	}
	ledger_mend(&s->ledger);
	err = program_next(&s->program, &s->next_program);
	if (!err)
		err = worker_start(&s->successor, &s->next_program, &s->sandbox, s->ledger.fd);
	if (!err)
		return NULL;
	program_close(&s->next_program);
	(void)snprintf(s->upgrade_text, sizeof(s->upgrade_text),
		       "cannot start a new worker from %s: %s", s->program.path, strerror(-err));
	log_msg(LOG_ERROR, "%s", s->upgrade_text);
	return s->upgrade_text;
}

/* ---- the tables ----------------------------------------------------------------------- */

/* An event that is not listed changes nothing in that state. */
static transition *const of_worker[WORKER_STATES][EVENTS] = {
    [WORKER_NONE] = {[EVENT_SUCCESSOR] = adopt, [EVENT_TIMER] = start},
    [WORKER_STARTING] = {[EVENT_READY] = ready,
			 [EVENT_ANSWER] = kill_it,
			 [EVENT_CLOSED] = await_exit,
			 [EVENT_LATE] = kill_late,
			 [EVENT_GONE] = gone,
			 [EVENT_STOP] = kill_it},
    [WORKER_REPLAYING] = {[EVENT_READY] = kill_it,
			  [EVENT_ANSWER] = replay_answered,
			  [EVENT_CLOSED] = kill_it,
			  [EVENT_LATE] = kill_late,
			  [EVENT_GONE] = gone,
			  [EVENT_STOP] = kill_it},
    [WORKER_IDLE] = {[EVENT_READY] = kill_it,
		     [EVENT_ANSWER] = kill_it,
		     [EVENT_CLOSED] = kill_it,
		     [EVENT_GONE] = gone,
		     [EVENT_OPERATION] = tell_operation,
		     [EVENT_SUCCESSOR] = hand_over,
		     [EVENT_STOP] = end_it},
    [WORKER_BUSY] = {[EVENT_READY] = kill_it,
		     [EVENT_ANSWER] = answered,
		     [EVENT_CLOSED] = kill_it,
		     [EVENT_LATE] = kill_late,
		     [EVENT_GONE] = gone},
    [WORKER_ENDING] = {[EVENT_READY] = kill_it,
		       [EVENT_ANSWER] = kill_it,
		       [EVENT_CLOSED] = hang_up,
		       [EVENT_LATE] = kill_late,
		       [EVENT_GONE] = gone},
    [WORKER_DYING] = {[EVENT_GONE] = gone},
};

static transition *const of_successor[WORKER_STATES][EVENTS] = {
    [WORKER_STARTING] = {[EVENT_READY] = stand_by,
			 [EVENT_ANSWER] = kill_it,
			 [EVENT_CLOSED] = kill_it,
			 [EVENT_LATE] = kill_late,
			 [EVENT_GONE] = successor_gone,
			 [EVENT_STOP] = kill_it},
    [WORKER_READY] = {[EVENT_READY] = kill_it,
		      [EVENT_ANSWER] = kill_it,
		      [EVENT_CLOSED] = kill_it,
		      [EVENT_GONE] = successor_gone,
		      [EVENT_STOP] = kill_it},
    [WORKER_DYING] = {[EVENT_GONE] = successor_gone},
};

void supervisor_event(struct supervisor *s, struct worker_process *w, enum worker_event event)
{
	transition *run =
	    w == &s->worker ? of_worker[w->state][event] : of_successor[w->state][event];

	if (run)
		run(s, w);
}

/* A worker that waits for the clock: a successor, if there is one, comes sooner. */
bool supervisor_waits(const struct supervisor *s)
{
	return s->worker.state == WORKER_NONE && s->successor.state == WORKER_NONE && !s->ending;
}

/* Raise the events whose conditions hold. Whether the daemon goes on. */
bool supervisor_settle(struct supervisor *s)
{
	bool idle = s->worker.state == WORKER_IDLE;

	if (s->ending) {
		operations_drop(&s->operations);
		if (idle)
			front_end_leaves(s, 0);
		supervisor_event(s, &s->successor, EVENT_STOP);
	} else if (idle && !s->operations.count && s->front.fd < 0 &&
		   s->endpoints.listener.connected >= 0) {
		supervisor_accepted(s, take_fd(&s->endpoints.listener.connected));
	}
	if (s->operations.count)
		supervisor_event(s, &s->worker, EVENT_OPERATION);
	if (s->ending)
		supervisor_event(s, &s->worker, EVENT_STOP);
	else if (s->successor.state == WORKER_READY)
		supervisor_event(s, &s->worker, EVENT_SUCCESSOR);
	else if (supervisor_waits(s) && s->retry_ns <= now_ns())
		supervisor_event(s, &s->worker, EVENT_TIMER);
	return !s->ending || s->worker.state != WORKER_NONE || s->successor.state != WORKER_NONE;
}
