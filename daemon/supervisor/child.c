/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.c - the child processes: the worker, and the one that is to follow it.
 *
 * Theory of operation
 * -------------------
 * States of a worker:
 *
 *     STARTING --READY--> READY --adopted--> REPLAYING --RESUME done--> SERVING
 *                                                                          |
 *     gone <--------------------- ENDING <-------------- asked to end -----+
 *
 * and from each of them to gone, when it dies.
 *
 * REPLAYING begins in step() (supervisor.c), SERVING with the answer to CHANNEL_RESUME
 * (operation.c), all others here.
 *
 * A worker that dies is replaced at once. When it dies again without having
 * finished a request in between, the next one has to wait, longer each time up to
 * RETRY_MAX_MS; after GIVE_UP such deaths, the queues are reported broken to the
 * front end. It is tried on and on nevertheless, as the front end may be waiting
 * for an answer. (A request that kills its worker does not get that far: ledger.h.)
 *
 * Invariant: a child that was started is GONE only when it was waited for; that its link
 * is closed says nothing.
 */
#include "daemon/supervisor/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <sys/wait.h>

#include "daemon/vhost_user/channel.h"
#include "common/log.h"
#include "common/util.h"

#define RETRY_FIRST_MS 10u
#define RETRY_MAX_MS 10000u

/* A worker that lived for so long has not died of its start. */
#define GOOD_LIFE_MS 10000u

/* For a worker to get ready. Generous: a machine may be slow. */
#define START_MS 60000u

/* ---- start and end of one ------------------------------------------------------------- */

static int start_child(struct supervisor *s, struct child *child, const struct program *program)
{
	int link = -1;
	pid_t pid;

	ledger_mend(&s->ledger);
	pid = spawn_worker(program, &s->sandbox, s->ledger.fd, &link);
	if (pid < 0)
		return (int)pid;
	child->state = STARTING;
	child->pid = pid;
	child->link = link;
	child->started = now_ns();
	child->deadline = child->started + START_MS * 1000000ull;
	supervisor_watch(s, link, true);
	return 0;
}

void child_start_worker(struct supervisor *s)
{
	int err;

	s->retry = 0;
	s->done = ledger_done(&s->ledger);
	err = start_child(s, &s->worker, &s->program);
	if (err) {
		log_limited(LOG_ERROR, "cannot start a worker: %s", strerror(-err));
		s->retry = now_ns() + RETRY_MAX_MS * 1000000ull;
	}
}

/* No more is heard from it; that it is gone, SIGCHLD tells. */
static void drop_link(struct supervisor *s, struct child *child)
{
	if (child->link >= 0)
		supervisor_watch(s, child->link, false);
	vu_read_next(&child->reader);
	close_fd(&child->link);
}

void child_kill(struct supervisor *s, struct child *child)
{
	drop_link(s, child);
	child->deadline = 0;
	kill(child->pid, SIGKILL);
}

/* It ends, or has to. */
static void await_end(struct child *child)
{
	child->state = ENDING;
	child->deadline = now_ns() + END_MS * 1000000ull;
}

void child_ask_to_end(struct child *child)
{
	kill(child->pid, SIGTERM);
	await_end(child);
}

/* ---- one after the other -------------------------------------------------------------- */

/* The worker died; see to the next one. */
static void replace_worker(struct supervisor *s, const char *how, int number)
{
	bool progress = ledger_done(&s->ledger) != s->done ||
			now_ns() - s->worker.started > GOOD_LIFE_MS * 1000000ull;
	uint64_t delay;

	s->failures = progress ? 1 : s->failures + 1;
	s->ledger.head->restarts++;
	delay = s->failures > 1 ? RETRY_FIRST_MS << MIN(s->failures - 2, 16u) : 0;
	delay = MIN(delay, RETRY_MAX_MS);
	log_limited(LOG_WARN, "worker %d ended (%s %d); %s", (int)s->worker.pid, how, number,
		    delay ? "the next one has to wait, as it did nothing" : "starting another one");
	if (s->failures == GIVE_UP) {
		log_msg(LOG_ERROR,
			"%u workers in a row ended without having done anything; the device "
			"is out of order, one is tried every %u s",
			GIVE_UP, RETRY_MAX_MS / 1000);
		setup_report_broken(&s->setup);
	}
	if (delay)
		s->retry = now_ns() + delay * 1000000ull;
	else
		child_start_worker(s);
}

/* The second one takes the place of the first, which is gone. */
static void adopt_second(struct supervisor *s)
{
	program_close(&s->program);
	s->program = s->second.program;
	s->worker = s->second;
	if (s->worker.has_config)
		s->config = s->worker.config;
	s->second = (struct child){.link = -1, .program.fd = -1};
	s->retry = 0;
	s->done = ledger_done(&s->ledger);
	s->upgrading = true;
}

static void worker_gone(struct supervisor *s, bool signalled, int number)
{
	drop_link(s, &s->worker);
	s->op = OP_NONE;
	s->worker.state = GONE;
	s->worker.deadline = 0;
	if (s->ending)
		return;
	if (!s->lost)
		s->lost = now_ns();
	if (s->second.state == READY) {
		adopt_second(s);
	} else if (!s->served && !signalled) {
		/* The first one cannot start, and has said why. */
		s->error = -ECHILD;
		s->ending = true;
	} else {
		replace_worker(s, signalled ? "signal" : "status", number);
	}
}

static void second_gone(struct supervisor *s)
{
	const char *error = "the new worker did not start; the old one goes on";

	if (s->second_error)
		error = s->second_error;
	s->second_error = NULL;
	drop_link(s, &s->second);
	program_close(&s->second.program);
	s->second.state = GONE;
	s->second.deadline = 0;
	if (s->ending)
		return;
	log_msg(LOG_ERROR, "%s", error);
	clients_upgraded(s, error, "");
	/* It was the clock's turn meanwhile. */
	if (s->worker.state == GONE && !s->retry)
		child_start_worker(s);
}

void child_reap(struct supervisor *s)
{
	int status;

	if (s->second.state != GONE && waitpid(s->second.pid, &status, WNOHANG) == s->second.pid)
		second_gone(s);
	if (s->worker.state != GONE && waitpid(s->worker.pid, &status, WNOHANG) == s->worker.pid)
		worker_gone(s, WIFSIGNALED(status),
			    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

const char *child_upgrade(struct supervisor *s)
{
	static char error[PATH_MAX + 128];
	int err;

	if (s->second.state != GONE || s->upgrading || s->ending) {
		const char *why = s->ending ? "the daemon ends" : "an upgrade is under way already";

		log_msg(LOG_WARN, "%s", why);
		return why;
	}
	err = program_next(&s->program, &s->second.program);
	if (!err)
		err = start_child(s, &s->second, &s->second.program);
	if (!err)
		return NULL;
	program_close(&s->second.program);
	(void)snprintf(error, sizeof(error), "cannot start a new worker from %s: %s",
		       s->program.path, strerror(-err));
	log_msg(LOG_ERROR, "%s", error);
	return error;
}

/* ---- what it says --------------------------------------------------------------------- */

/* A program that runs must not find that an algorithm is gone, because of an upgrade. */
static void ready(struct supervisor *s, struct child *child, const struct vu_message *m)
{
	static const char less[] =
	    "the new worker offers fewer algorithms or lower limits than the "
	    "old one, which goes on";

	child->has_config = channel_config(m, &child->config);
	if (s->has_config && child == &s->second &&
	    (!child->has_config || channel_is_less(&child->config, &s->config))) {
		s->second_error = less;
		child_kill(s, child);
		return;
	}
	if (s->has_config && child->has_config && channel_is_less(&child->config, &s->config))
		log_limited(LOG_WARN,
			    "worker %d offers fewer algorithms or lower limits than the "
			    "one before it",
			    (int)child->pid);
	if (!s->has_config && child->has_config) {
		s->has_config = true;
		s->config = child->config;
	}
	child->state = READY;
	child->deadline = 0;
}

void child_input(struct supervisor *s, struct child *child)
{
	int ret = vu_read_reply(&child->reader, child->link);
	struct vu_message *m = &child->reader.message;

	if (ret < 0 && child == &s->worker && child->state == STARTING) {
		/* Most likely it cannot start, and is about to say so by its exit status. */
		drop_link(s, child);
		await_end(child);
	} else if (ret < 0) {
		child_kill(s, child);
	} else if (ret > 0) {
		if (m->header.request == CHANNEL_READY && child->state == STARTING)
			ready(s, child, m);
		else if (child == &s->worker)
			operation_answered(s, m);
		else
			child_kill(s, child);
		vu_read_next(&child->reader);
		/* One that was asked for need not wait until it is time to try the other again. */
		if (child == &s->second && child->state == READY && child->link >= 0 &&
		    s->worker.state == GONE && !s->ending)
			adopt_second(s);
	}
}

/* ---- deadlines ------------------------------------------------------------------------ */

static bool passed(uint64_t deadline, uint64_t now)
{
	return deadline && deadline <= now;
}

static void child_late(struct supervisor *s, struct child *child)
{
	log_limited(LOG_WARN, "worker %d does not answer; it is killed", (int)child->pid);
	child_kill(s, child);
}

void child_deadlines(struct supervisor *s)
{
	uint64_t now = now_ns();

	if (passed(s->worker.deadline, now))
		child_late(s, &s->worker);
	if (passed(s->second.deadline, now))
		child_late(s, &s->second);
	if (passed(s->accept_after, now))
		s->accept_after = 0;
	if (passed(s->retry, now)) {
		s->retry = 0;
		/* One that was asked for is on its way: second_gone() sees to it if that fails. */
		if (s->worker.state == GONE && s->second.state == GONE && !s->ending)
			child_start_worker(s);
	}
}

int child_timeout_ms(const struct supervisor *s)
{
	const uint64_t deadlines[] = {s->retry, s->worker.deadline, s->second.deadline,
				      s->accept_after};
	uint64_t first = UINT64_MAX;
	uint64_t now;

	for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++)
		if (deadlines[i])
			first = MIN(first, deadlines[i]);
	if (first == UINT64_MAX)
		return -1;
	now = now_ns();
	return first <= now ? 0 : (int)((first - now) / 1000000u + 1);
}
