/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operation.c - what the worker is told, one thing at a time, and what follows from
 * its answers. What it may be told: enum op; how: vhost_user/channel.h.
 */
#include "daemon/supervisor/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/vhost_user/channel.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/util.h"

/* For any answer of a worker that serves. Generous, as a machine may be slow; tests set less. */
#ifndef VCD_ANSWER_MS
#define VCD_ANSWER_MS 30000u
#endif

/* So many workers are told the former state, before the front end is told that it is lost. */
#define MAX_REFUSALS 5u

/*
 * Give the worker something to answer. One that does not even read is not worth having.
 * Return: whether it was told.
 */
static bool tell(struct supervisor *s, enum op op, const struct vu_message *message)
{
	s->op = op;
	s->worker.deadline = now_ns() + (s->ending ? END_MS : VCD_ANSWER_MS) * 1000000ull;
	if (vu_send(s->worker.link, message) == 0)
		return true;
	child_kill(s, &s->worker);
	return false;
}

static bool tell_private(struct supervisor *s, enum op op, enum channel_request request, int fd)
{
	struct vu_message m = {
	    .header = {.request = request, .flags = VU_VERSION},
	    .fds = {fd},
	    .fd_count = fd >= 0,
	};

	return tell(s, op, &m);
}

void operation_reset(struct supervisor *s)
{
	tell_private(s, OP_RESET, CHANNEL_RESET, -1);
}

void operation_replay(struct supervisor *s)
{
	struct vu_message m;

	if (setup_next(&s->setup, &s->cursor, &m)) {
		s->replayed = m.header.request;
		tell(s, OP_REPLAY, &m);
	} else {
		tell_private(s, OP_RESUME, CHANNEL_RESUME, -1);
	}
}

/* ---- answers -------------------------------------------------------------------------- */

static void upgraded(struct supervisor *s)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "upgraded to worker %d, which goes on after %.3f ms",
		       (int)s->worker.pid, (double)(now_ns() - s->lost) / 1e6);
	log_msg(LOG_NOTICE, "%s", text);
	clients_upgraded(s, NULL, text);
}

static void serving(struct supervisor *s)
{
	s->worker.state = SERVING;
	s->refusals = 0;
	if (!s->served)
		notify_send(s->notify, "READY=1\n");
	s->served = true;
	if (!s->lost)
		return;
	log_msg(LOG_INFO, "worker %d goes on after %.3f ms", (int)s->worker.pid,
		(double)(now_ns() - s->lost) / 1e6);
	if (s->upgrading) {
		s->upgrading = false;
		s->ledger.head->upgrades++;
		upgraded(s);
	}
	s->lost = 0;
}

/*
 * Refused is fine: then it was refused the first time as well. Not so for a region of memory: only
 * those are told that were accepted.
 */
static bool is_refusal(const struct supervisor *s, const struct vu_message *reply)
{
	return reply->header.request == CHANNEL_VIOLATED ||
	       (s->replayed == VU_ADD_MEM_REG && reply->payload.u64 != 0);
}

/*
 * The former state cannot be had: the front end has made its memory's file shorter, or there is no
 * memory to map it, or this worker lies. After some tries the front end has to know.
 */
static void replay_refused(struct supervisor *s)
{
	log_limited(LOG_ERROR, "worker %d does not accept the former state (%s)",
		    (int)s->worker.pid, vu_request_name(s->replayed));
	child_kill(s, &s->worker);
	if (++s->refusals < MAX_REFUSALS)
		return;
	log_msg(LOG_ERROR, "%u workers did not accept what the front end has set up: it is let go",
		s->refusals);
	s->refusals = 0;
	front_end_leave(s, -EPROTO);
}

void operation_answered(struct supervisor *s, struct vu_message *reply)
{
	enum op op = s->op;
	bool done = reply->header.request == CHANNEL_DONE;

	s->op = OP_NONE;
	s->worker.deadline = 0;
	switch (op) {
	case OP_REPLAY:
		if (is_refusal(s, reply))
			replay_refused(s);
		break;
	case OP_RESUME:
		if (done)
			serving(s);
		else
			child_kill(s, &s->worker);
		break;
	case OP_FORWARD:
		front_end_answer(s, reply);
		break;
	case OP_RESET:
		s->want_reset = false;
		break;
	case OP_CONTROL:
		/* Who was refused has been told. */
		break;
	case OP_NONE:
		child_kill(s, &s->worker);
	}
}

/* ---- the next one --------------------------------------------------------------------- */

/* When the worker is dead already, the next one gets it; later, the client notices. */
static void pass_client(struct supervisor *s)
{
	if (tell_private(s, OP_CONTROL, CHANNEL_CONTROL, clients_next(s)))
		clients_passed(s);
}

void operation_next(struct supervisor *s)
{
	if (s->want_reset) {
		operation_reset(s);
	} else if (s->pending) {
		tell(s, OP_FORWARD, &s->reader.message);
	} else if (clients_next(s) >= 0) {
		pass_client(s);
	} else if (s->second.state == READY) {
		s->lost = now_ns();
		child_ask_to_end(&s->worker);
	} else if (s->front < 0 && s->listener.connected >= 0) {
		front_end_begin(s, take_fd(&s->listener.connected));
	}
}
