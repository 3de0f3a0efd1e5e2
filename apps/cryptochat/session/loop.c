// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop.c - the poll loop of all conversations.
 *
 * Theory of operation
 * -------------------
 * Each turn first does what can be done without waiting: what the user typed, frames that have
 * arrived, a piece of work on files, timers. Then it sleeps until a descriptor is
 * ready or a timer is due. A descriptor that cannot help now is not polled: an output that
 * does not keep up stops reading from the links, and an outbox that is full stops reading
 * the input.
 *
 * Links break. The end that has called calls again, soon, then less often, with some chance in it
 * so that a hub is not called by all at once; the other end waits. Both give up after
 * --reconnect seconds.
 */
#include "cryptochat/session/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/base/net.h"
#include "apps/base/wait.h"
#include "cryptochat/session/commands.h"
#include "cryptochat/session/frames.h"
#include "cryptochat/session/handshake.h"
#include "cryptochat/session/member.h"
#include "cryptochat/session/question.h"
#include "cryptochat/session/unsent.h"

#define TURN_MS 500	     /* longest sleep while there are members: pings and deadlines */
#define CALL_MS 30000	     /* for TCP and TLS to come about */
#define ACCEPT_PAUSE_MS 1000 /* after accept() has failed for lack of something */
#define RETRY_FIRST_MS 200
#define RETRY_MOST_MS 15000
/* Frames of one member dealt with before others get their turn. */
#define FRAME_BURST 64

/*
 * The connection to drop when there are too many that are not accepted yet: one without TLS, else
 * one without a greeting, else one that waits for the user; the oldest of these.
 */
static struct member *least_stranger(struct room *room)
{
	struct member *found = NULL;
	int found_rank = 0;

	for (struct member *m = room->members; m; m = m->next) {
		int rank;

		if (!m->caller || member_is_present(m) || m == room->question ||
		    m->stage == MEMBER_GONE)
			continue;
		rank = !m->link || m->link->state != LINK_OPEN ? 3
		       : m->stage == MEMBER_ASKING	       ? 1
							       : 2;
		if (!found || rank > found_rank ||
		    (rank == found_rank && m->since_ms <= found->since_ms)) {
			found = m;
			found_rank = rank;
		}
	}
	return found;
}

/* Strangers are few; when there are too many, the least likely one goes. */
static struct member *new_stranger(struct room *room)
{
	unsigned int strangers = 0;
	struct member *out;

	for (struct member *m = room->members; m; m = m->next)
		strangers += !member_is_present(m) && m->stage != MEMBER_GONE;
	if (strangers >= ROOM_STRANGERS) {
		out = least_stranger(room);
		if (!out)
			return NULL;
		member_end(out, CHAT_OK, "lost", "was too many");
	}
	return room_member(room, true);
}

static void accept_callers(struct room *room)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	struct member *m;
	int fd = net_take(room->listener, &peer, &len);

	if (fd < 0) {
		if (fd == -EAGAIN || fd == -EINTR)
			return;
		/* Without descriptors or memory the next try would fail at once, again and again.
		 */
		room->accept_ms = wait_clock_ms() + ACCEPT_PAUSE_MS;
		if (!room->cannot_accept)
			ui_error(&room->ui, "warning", NULL,
				 "cannot accept connections for now: %s", strerror(-fd));
		room->cannot_accept = true;
		return;
	}
	room->cannot_accept = false;
	m = new_stranger(room);
	if (!m || link_open(room->tls, fd, true, false, &m->link)) {
		close(fd);
		if (m)
			member_stage(m, MEMBER_GONE);
		return;
	}
	net_peer_name(&peer, len, m->where);
}

/* Begin to call. */
static void call(struct member *m)
{
	dial_begin(&m->dial, m->room->addresses);
	m->dialing = true;
}

/* When to call again: 0.2 s, doubled each time, and up to as much again by chance. */
static void plan_retry(struct member *m)
{
	unsigned int shift = m->attempts < 8 ? m->attempts : 8;
	int64_t delay = RETRY_FIRST_MS << shift;

	if (delay > RETRY_MOST_MS)
		delay = RETRY_MOST_MS;
	m->attempts++;
	m->retry_ms = wait_clock_ms() + delay + random() % (delay + 1);
	/* The peer, or this machine, may be elsewhere by now. */
	if (!m->room->lookup)
		m->room->lookup = net_lookup_begin(m->room->family, m->room->host, m->room->port);
}

/* The addresses of a look-up that has ended well are those to call. */
static void take_lookup(struct room *room)
{
	struct addrinfo *found;

	if (!room->lookup || !net_lookup_done(room->lookup, &found))
		return;
	room->lookup = NULL;
	if (!found)
		return;
	freeaddrinfo(room->addresses);
	room->addresses = found;
}

/* The first call has failed. Returns: --timeout says to try again. */
static bool calls_again(struct member *m)
{
	const struct options *o = m->room->options;
	int64_t now = wait_clock_ms();

	if (now - m->since_ms >= o->timeout_ms)
		return false;
	if (!m->attempts)
		ui_notice(
		    &m->room->ui, "calling",
		    FACTS(fact_text("address", m->room->address), fact_text("state", "retrying")),
		    "%s does not answer; trying again.", m->room->address);
	plan_retry(m);
	return true;
}

/* No address could be connected. */
static void call_failed(struct member *m, int err)
{
	struct room *room = m->room;

	if (m->stage == MEMBER_AWAY) {
		plan_retry(m);
	} else if (!calls_again(m)) {
		ui_error(
		    &room->ui, "failed",
		    FACTS(fact_text("address", room->address), fact_text("reason", strerror(-err))),
		    "no conversation with %s: %s", room->address, strerror(-err));
		member_end(m, CHAT_NETWORK, "lost", "cannot be reached");
	}
}

static void serve_dial(struct member *m, int64_t now)
{
	int fd = dial_step(&m->dial, now, CALL_MS, m->where);

	if (fd == -EINPROGRESS)
		return;
	m->dialing = false;
	m->called_ms = now;
	if (fd >= 0 && link_open(m->room->tls, fd, false, true, &m->link)) {
		close(fd);
		fd = -ENOMEM;
	}
	if (fd < 0)
		call_failed(m, fd);
}

static const char *reason_of(const struct link *l, char *text, size_t size)
{
	switch (l->down) {
	case DOWN_NETWORK:
		snprintf(text, size, "%s", l->detail);
		break;
	case DOWN_TRUNCATED:
		snprintf(text, size, "the connection ended without a goodbye");
		break;
	case DOWN_CLOSED:
		snprintf(text, size, "the other end closed the connection");
		break;
	case DOWN_SILENT:
		snprintf(text, size, "nothing was heard for too long");
		break;
	case DOWN_TLS:
		snprintf(text, size, "TLS: %s", l->detail);
		break;
	default:
		snprintf(text, size, "the peer broke the protocol: %s", l->detail);
		break;
	}
	return text;
}

/* A link broke before its member was up. */
static void lost_greeting(struct member *m, const char *why)
{
	struct room *room = m->room;
	bool identity = m->link->down == DOWN_TLS && strstr(m->link->detail, "certificate");

	link_free(m->link);
	m->link = NULL;
	if (m->caller) {
		ui_notice(&room->ui, "failed",
			  FACTS(fact_text("address", m->where), fact_text("reason", why)),
			  "%s did not get in: %s", m->where, why);
		member_end(m, CHAT_OK, "lost", why);
		return;
	}
	if (m->stage == MEMBER_CALLING && !identity) {
		m->dialing = dial_has_more(&m->dial);
		if (m->dialing || calls_again(m))
			return;
	}
	ui_error(&room->ui, "failed",
		 FACTS(fact_text("address", room->address), fact_text("reason", why)),
		 "no conversation with %s: %s", room->address, why);
	member_end(m, identity ? CHAT_IDENTITY : CHAT_NETWORK, "lost", why);
}

/* A member's link is down. */
static void on_down(struct member *m)
{
	struct room *room = m->room;
	enum link_down down = m->link->down;
	bool again = m->stage == MEMBER_AWAY;
	char why[TLS_ERROR_SIZE + 64];

	reason_of(m->link, why, sizeof(why));
	if (m->stage == MEMBER_LEAVING || m->stage == MEMBER_GONE) {
		member_stage(m, MEMBER_GONE);
		return;
	}
	if (!member_is_present(m)) {
		lost_greeting(m, why);
		return;
	}
	link_free(m->link);
	m->link = NULL;
	if (down == DOWN_PROTOCOL) {
		ui_error(&room->ui, "protocol-error",
			 FACTS(fact_text("peer", m->nick), fact_text("reason", why)), "%s: %s",
			 m->nick, why);
		member_end(m, CHAT_NETWORK, "lost", "was disconnected");
		return;
	}
	/* Both had said everything, and all of it had arrived: only a goodbye is missing. */
	if (m->eof_in && m->eof_out && !m->outbox.first && !files_busy(&m->files)) {
		member_end(m, CHAT_OK, "left", "left");
		return;
	}
	if (m->stage == MEMBER_UP) {
		ui_notice(&room->ui, "away",
			  FACTS(fact_text("peer", m->nick), fact_text("reason", why)),
			  "Connection to %s lost (%s); %s.", m->nick, why,
			  m->caller ? "waiting for it to come back" : "trying again");
		member_away(m);
	}
	m->dialing = again && dial_has_more(&m->dial);
	if (!m->caller && !m->dialing)
		plan_retry(m);
}

static void serve_away(struct member *m, int64_t now)
{
	if (now - m->since_ms > m->room->options->reconnect_ms) {
		ui_error(&m->room->ui, "lost", FACTS(fact_text("peer", m->nick)),
			 "%s did not come back", m->nick);
		member_end(m, CHAT_NETWORK, "lost", "is lost");
		return;
	}
}

/* A member that we call, or call again. */
static void serve_call(struct member *m, int64_t now)
{
	if (m->dialing) {
		serve_dial(m, now);
	} else if (!m->link && now >= m->retry_ms) {
		take_lookup(m->room);
		call(m);
	} else if (m->link && m->link->state != LINK_OPEN && now - m->called_ms > CALL_MS) {
		link_fail(m->link, DOWN_SILENT, NULL);
	}
}

/* Frames that have come; returns: there may be more. */
static bool serve_frames(struct member *m)
{
	struct frame f;
	int n;

	for (n = 0; n < FRAME_BURST; n++) {
		if (!m->link || (m->link->state != LINK_OPEN && m->link->state != LINK_DOWN))
			return false;
		if (m->stage == MEMBER_LEAVING || m->stage == MEMBER_GONE)
			return false;
		if (!ui_has_room(&m->room->ui) || !link_next(m->link, &f))
			return false;
		if (m->stage == MEMBER_UP)
			member_frame(m, &f);
		else
			greet_frame(m, &f);
	}
	return true;
}

static bool serve(struct member *m, int64_t now)
{
	bool more = serve_frames(m);

	if (m->wants_place_ms)
		greet_wait(m);
	more = member_work(m, now) || more;
	if (m->link && m->link->state == LINK_DOWN && !more)
		on_down(m);
	if (m->stage == MEMBER_AWAY)
		serve_away(m, now);
	if (!m->caller && (m->stage == MEMBER_AWAY || m->stage == MEMBER_CALLING))
		serve_call(m, now);
	return more;
}

static bool wants_input(const struct room *room)
{
	bool anybody = false;

	if (!ui_wants_input(&room->ui))
		return false;
	for (struct member *m = room->members; m; m = m->next) {
		if (!member_is_present(m))
			continue;
		anybody = true;
		if (outbox_full(&m->outbox) && room->ui.kind == UI_PIPE)
			return false;
	}
	/* What a pipeline says while nobody is there is for the next one who comes. A program's
	 * commands are taken at any time. */
	return anybody || room->ui.kind != UI_PIPE;
}

enum { POLL_INPUT, POLL_OUTPUT, POLL_ANSWER, POLL_LISTENER, POLL_FIRST };

static void service_link(struct member *m, short revents)
{
	enum link_state before = m->link->state;
	bool readable = ui_has_room(&m->room->ui) && (revents & (POLLIN | POLLHUP | POLLERR));

	link_service(m->link, readable || link_has_input(m->link));
	if (before < LINK_OPEN && m->link->state == LINK_OPEN)
		greet_open(m);
}

/* What the call that is going on waits for; there is one at most. */
static nfds_t poll_dial(const struct room *room, struct pollfd *fds, int64_t now, int *timeout)
{
	for (const struct member *m = room->members; m; m = m->next) {
		if (!m->dialing)
			continue;
		*timeout = dial_timeout(&m->dial, now, *timeout);
		return dial_poll(&m->dial, fds);
	}
	return 0;
}

/* Sleep until something can be done, and do the system calls for it. */
static int turn(struct room *room, bool more)
{
	struct pollfd fds[POLL_FIRST + ROOM_MEMBERS + ROOM_STRANGERS + 1 + DIAL_ADDRESSES];
	struct member *members[ROOM_MEMBERS + ROOM_STRANGERS + 1], *m;
	int64_t now = wait_clock_ms();
	int timeout = room->members ? TURN_MS : WAIT_FOREVER;
	bool has_room = ui_has_room(&room->ui);
	nfds_t n = 0, dialing;
	int err;

	fds[POLL_INPUT] =
	    (struct pollfd){.fd = wants_input(room) ? STDIN_FILENO : -1, .events = POLLIN};
	fds[POLL_OUTPUT] = (struct pollfd){.fd = ui_wants_output(&room->ui) ? STDOUT_FILENO : -1,
					   .events = POLLOUT};
	fds[POLL_ANSWER] =
	    (struct pollfd){.fd = room->ui.asking ? room->ui.tty : -1, .events = POLLIN};
	if (now >= room->accept_ms)
		room->accept_ms = 0;
	else if (timeout < 0 || timeout > room->accept_ms - now)
		timeout = (int)(room->accept_ms - now);
	fds[POLL_LISTENER] =
	    (struct pollfd){.fd = room->accept_ms ? -1 : room->listener, .events = POLLIN};
	for (m = room->members; m; m = m->next) {
		short events;

		timeout = member_timeout(m, now, timeout);
		if (!m->link || n == sizeof(members) / sizeof(members[0]))
			continue;
		events = link_events(m->link, has_room);
		if (has_room && link_has_input(m->link))
			more = true;
		fds[POLL_FIRST + n] =
		    (struct pollfd){.fd = events ? m->link->fd : -1, .events = events};
		members[n++] = m;
	}
	dialing = poll_dial(room, fds + POLL_FIRST + n, now, &timeout);
	err = wait_for(fds, POLL_FIRST + n + dialing, more ? 0 : timeout);
	if (err < 0)
		return err;
	for (nfds_t i = 0; i < n; i++)
		if (fds[POLL_FIRST + i].revents || (has_room && link_has_input(members[i]->link)))
			service_link(members[i], fds[POLL_FIRST + i].revents);
	if (fds[POLL_OUTPUT].revents)
		ui_write(&room->ui);
	if (fds[POLL_INPUT].revents)
		ui_read(&room->ui);
	if (fds[POLL_LISTENER].revents)
		accept_callers(room);
	return 0;
}

/* Is there a reason to go on? */
static bool is_over(const struct room *room)
{
	const struct options *o = room->options;
	bool anybody = room->members != NULL;

	if (room->ui.out_error)
		return true;
	if (room->listener < 0 || room->quitting)
		return !anybody;
	if (!room->met || anybody)
		return false;
	return o->once || (room->ui.kind != UI_TERMINAL && room->ui.in_ended && !o->hub);
}

/* A stop signal: no time to see that everything arrives, but the peers shall know. */
static void stop(struct room *room)
{
	for (struct member *m = room->members; m; m = m->next) {
		if (m->stage != MEMBER_UP || !m->link || m->link->state != LINK_OPEN)
			continue;
		link_control(m->link, FRAME_BYE, NULL, 0);
		link_close(m->link);
	}
}

/* Begin to call whom we were told to; false: no memory. */
static bool call_somebody(struct room *room)
{
	struct member *m = room_member(room, false);

	if (!m)
		return false;
	strcpy(m->where, room->address);
	ui_notice(&room->ui, "calling",
		  FACTS(fact_text("address", room->address), fact_text("state", "calling")),
		  "Calling %s.", room->address);
	call(m);
	return true;
}

enum chat_exit room_run(struct room *room)
{
	int err = 0;

	if (room->addresses && !call_somebody(room))
		return CHAT_NETWORK;
	while (!err) {
		int64_t now = wait_clock_ms();
		bool more = false;

		typed_input(room);
		for (struct member *m = room->members; m; m = m->next)
			more = serve(m, now) || more;
		room_reap(room);
		if (room->call_anew && !call_somebody(room))
			room_fail(room, CHAT_NETWORK);
		room->call_anew = false;
		ui_tick(&room->ui);
		question_ask(room);
		if (is_over(room))
			break;
		err = turn(room, more);
	}
	if (err == -EINTR)
		stop(room);
	for (struct member *m = room->members; m; m = m->next) {
		if (member_is_present(m)) {
			files_abandon(&m->files);
			unsent_report(m);
		}
		member_stage(m, MEMBER_GONE);
	}
	room_reap(room);
	return room->status;
}
