// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * member.c - the conversation with a peer that is up: beginning, signs of life, leaving.
 *
 * Theory of operation
 * -------------------
 * Leaving: no new text, wait until the peer has acknowledged everything, say BYE, close. The
 * peer needs no confirmation: it has everything. A link that ends without BYE is broken, and the
 * conversation waits for another one.
 */
#include "cryptochat/session/member.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/base/wait.h"
#include "cryptochat/session/frames.h"
#include "cryptochat/session/unsent.h"

#define LEAVE_MS 3000		 /* for the peer's end after our BYE */
#define SILENT_PINGS 3		 /* so many pings missing: the link is dead */
#define GREETING_MS (600 * 1000) /* people decide slowly, but not for ever */

void member_remember(struct member *m, const char *nick)
{
	struct room *room = m->room;
	struct peer p = {.label = m->verified ? PEER_VERIFIED : PEER_UNVERIFIED};
	const struct peer *known = m->caller
				       ? peers_by_key(&room->peers, m->key)
				       : peers_by_address(&room->peers, room->address, m->key);
	int err;

	strcpy(p.nick, nick);
	memcpy(p.key, m->key, sizeof(p.key));
	if (!m->caller)
		strcpy(p.address, room->address);
	if (known && memcmp(known->key, m->key, sizeof(p.key)) == 0)
		err = peers_rename(&room->peers, m->key, nick);
	else
		err = peers_add(&room->peers, &p);
	if (err)
		ui_error(&room->ui, "warning", FACTS(fact_text("peer", m->nick)),
			 "cannot write %s: %s; the key will be asked for again", room->peers.path,
			 strerror(-err));
}

/* The hub's ledger: a newcomer learns who is here, and the others that it came. */
static void announce(struct member *m, enum roster_event event)
{
	if (!m->room->options->hub)
		return;
	for (struct member *o = m->room->members; o; o = o->next) {
		if (o == m || !member_is_present(o))
			continue;
		member_roster(o, event, m);
		if (event == ROSTER_CAME)
			member_roster(m, ROSTER_HERE, o);
	}
}

void member_up(struct member *m, const struct hello *hello)
{
	struct room *room = m->room;
	bool again = m->resumable;
	char key[KEY_TEXT_SIZE];

	m->link->outbox = &m->outbox;
	m->is_hub = hello->flags & HELLO_HUB;
	m->resumable = true;
	m->attempts = 0;
	m->ack_due_ms = 0;
	m->rx_unacked = 0;
	member_stage(m, MEMBER_UP);
	if (again) {
		ui_notice(&room->ui, "back", FACTS(fact_text("peer", m->nick)),
			  "%s is back; nothing was lost.", m->nick);
		announce(m, ROSTER_BACK);
		return;
	}
	if (m->remember)
		member_remember(m, m->nick);
	m->remember = false;
	/* It is good for one time; from now on the key is known. */
	if (!m->caller)
		room->has_invite = false;
	room->met = true;
	if (room->options->hub)
		m->files.refuse = "a hub does not carry files";
	ui_notice(&room->ui, "joined",
		  FACTS(fact_text("peer", m->nick), fact_text("key", key_text(m->key, key)),
			fact_bool("verified", m->verified), fact_text("address", m->where),
			fact_bool("hub", m->is_hub)),
		  "Talking to %s (%s), %s.", m->nick, m->verified ? "verified" : "unverified",
		  key_text(m->key, key));
	if (hello->you[0] && strcmp(hello->you, room->nick) != 0)
		ui_notice(&room->ui, "called",
			  FACTS(fact_text("peer", m->nick), fact_text("nick", hello->you)),
			  "You are called %s there.", hello->you);
	if (m->is_hub)
		ui_error(
		    &room->ui, "hub", FACTS(fact_text("peer", m->nick)),
		    "This is a hub: whoever runs it can read everything that is said here, and "
		    "change it. Names and keys of the others are what the hub says.");
	announce(m, ROSTER_CAME);
	for (size_t i = 0; i < room->options->file_count; i++) {
		int err = files_send(&m->files, room->options->files[i]);

		if (!err)
			continue;
		m->files.failed++;
		ui_error(&room->ui, "file-failed",
			 FACTS(fact_text("peer", m->nick), fact_text("direction", "out"),
			       fact_text("name", room->options->files[i]),
			       fact_text("reason", files_error(err))),
			 "cannot send %s: %s", room->options->files[i], files_error(err));
	}
	if (room->options->message) {
		member_say(m, NULL, room->options->message, strlen(room->options->message));
		m->leaving = true;
	}
	if (room->options->command == COMMAND_SEND)
		m->leaving = true;
}

/* Who encrypted how much. @or_none: say so even if no device is in use. */
static void show_crypto(struct room *room, bool or_none)
{
	struct offload_counts c;

	offload_counts(&room->offload, &c);
	if (room->offload.provider)
		ui_notice(&room->ui, "crypto",
			  FACTS(fact_number("device_operations", c.ops),
				fact_number("device_bytes", c.bytes),
				fact_number("process_operations", c.soft_ops),
				fact_number("process_bytes", c.soft_bytes)),
			  "crypto: device operations=%" PRIu64 " bytes=%" PRIu64
			  ", in this process operations=%" PRIu64 " bytes=%" PRIu64,
			  c.ops, c.bytes, c.soft_ops, c.soft_bytes);
	else if (or_none)
		ui_reply(&room->ui, "crypto", NULL, "crypto: in this process (%s)",
			 room->offload.why_not[0] ? room->offload.why_not : "--offload=off");
}

void member_end(struct member *m, enum chat_exit status, const char *event, const char *why)
{
	struct room *room = m->room;

	if (m->stage == MEMBER_GONE || m->stage == MEMBER_LEAVING)
		return;
	if (member_is_present(m)) {
		files_abandon(&m->files);
		ui_notice(&room->ui, event, FACTS(fact_text("peer", m->nick)), "%s %s.", m->nick,
			  why);
		unsent_report(m);
		show_crypto(room, false);
		if (m->files.failed)
			room_fail(room, CHAT_INCOMPLETE);
		member_stage(m, MEMBER_GONE);
		announce(m, ROSTER_LEFT);
	}
	if (status)
		room_fail(room, status);
	room_withdraw_question(m);
	member_stage(m, MEMBER_GONE);
}

void member_refuse(struct member *m, enum refuse_code code, const char *reason)
{
	uint8_t body[2 + REASON_SIZE];
	struct writer w = {.data = body, .room = sizeof(body)};

	frame_put_refuse(&w, (uint8_t)code, reason);
	if (m->link) {
		link_control(m->link, FRAME_REFUSE, body, w.len);
		link_close(m->link);
	}
	if (member_is_present(m))
		files_abandon(&m->files);
	room_withdraw_question(m);
	member_stage(m, MEMBER_LEAVING);
}

void member_refuse_words(struct member *m)
{
	member_refuse(m, REFUSE_WORDS, "the words differ: somebody sits between us");
}

void member_dismiss(struct member *m, enum refuse_code code, const char *reason, const char *why)
{
	ui_notice(&m->room->ui, "left", FACTS(fact_text("peer", m->nick)), "%s %s.", m->nick, why);
	member_refuse(m, code, reason);
	announce(m, ROSTER_LEFT);
}

void member_too_slow(struct member *m)
{
	member_dismiss(m, REFUSE_BUSY, "you were too slow to take what was said",
		       "is too slow and was disconnected");
}

void member_away(struct member *m)
{
	member_stage(m, MEMBER_AWAY);
	m->attempts = 0;
	announce(m, ROSTER_AWAY);
}

static void keep_alive(struct member *m, int64_t now)
{
	int64_t interval = m->room->options->keepalive_ms;
	struct link *l = m->link;

	if (l->state == LINK_OPEN && now - l->said_ms >= interval && !link_sending(l))
		link_control(l, FRAME_PING, NULL, 0);
	/* What we do not read for lack of room is not silence. */
	if (!ui_has_room(&m->room->ui))
		l->heard_ms = now;
	if (now - l->heard_ms > SILENT_PINGS * interval)
		link_fail(l, DOWN_SILENT, NULL);
}

/* Is there nothing left to say or to hear? */
static bool is_finished(const struct member *m)
{
	const struct options *o = m->room->options;

	if (m->outbox.first || files_busy(&m->files))
		return false;
	if (m->leaving)
		return true;
	if (!m->eof_out || o->command == COMMAND_RECV || o->hub)
		return false;
	return m->eof_in || o->eof_close;
}

void member_leave_now(struct member *m)
{
	if (m->link && m->link->state == LINK_OPEN) {
		link_control(m->link, FRAME_BYE, NULL, 0);
		link_close(m->link);
	}
	member_end(m, CHAT_NETWORK, "left", "was left");
}

static void leave(struct member *m)
{
	struct room *room = m->room;

	link_control(m->link, FRAME_BYE, NULL, 0);
	link_close(m->link);
	ui_event(&room->ui, "left", FACTS(fact_text("peer", m->nick), fact_bool("self", true)));
	show_crypto(room, false);
	if (m->files.failed)
		room_fail(room, CHAT_INCOMPLETE);
	member_stage(m, MEMBER_LEAVING);
	announce(m, ROSTER_LEFT);
}

bool member_work(struct member *m, int64_t now)
{
	bool more = false;

	if (m->stage == MEMBER_LEAVING && now - m->since_ms > LEAVE_MS)
		member_stage(m, MEMBER_GONE);
	if (m->stage == MEMBER_GREETING && m->caller && now - m->since_ms > GREETING_MS)
		link_fail(m->link, DOWN_SILENT, NULL);
	if (member_is_present(m)) {
		more = files_step(&m->files);
		files_show(&m->files);
	}
	if (m->stage == MEMBER_UP && m->words_differ)
		member_refuse_words(m);
	if (m->stage == MEMBER_UP) {
		member_acknowledge(m, now);
		if (is_finished(m) && m->rx_unacked == 0)
			leave(m);
	}
	if (m->link && m->stage != MEMBER_LEAVING && m->link->state != LINK_DOWN)
		keep_alive(m, now);
	return more;
}

int member_timeout(const struct member *m, int64_t now, int most)
{
	int64_t due = now + most;

	if (m->ack_due_ms && m->ack_due_ms < due)
		due = m->ack_due_ms;
	if (m->stage == MEMBER_LEAVING && m->since_ms + LEAVE_MS + 1 < due)
		due = m->since_ms + LEAVE_MS + 1;
	if (m->retry_ms && !m->link && !m->dialing && !m->caller && m->retry_ms < due)
		due = m->retry_ms;
	return due > now ? (int)(due - now) : 0;
}

void member_status(struct member *m)
{
	const char *cipher = m->link ? SSL_get_cipher_name(m->link->ssl) : NULL;
	char key[KEY_TEXT_SIZE];

	ui_reply(&m->room->ui, "status",
		 FACTS(fact_text("peer", m->nick), fact_text("key", key_text(m->key, key)),
		       fact_bool("verified", m->verified), fact_bool("connected", m->link != NULL),
		       fact_text("cipher", cipher), fact_number("sent", m->outbox.next_seq - 1),
		       fact_number("received", m->rx_next - 1)),
		 "%s, %s, %s, %s%s", m->nick, m->verified ? "verified" : "unverified", key,
		 cipher ? "TLS 1.3 " : "not connected", cipher ? cipher : "");
	show_crypto(m->room, true);
}
