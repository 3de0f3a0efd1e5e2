// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * member.c - the conversation with a peer that is up: frames, acknowledgements, leaving.
 *
 * Theory of operation
 * -------------------
 * Numbered frames arrive in order or not at all. One below rx_next came before, over the
 * link that broke, and is dropped; one above it cannot be and ends the conversation.
 * What a frame asks for has been done when it is acknowledged: text is with the user's
 * output, bytes are in the file.
 *
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
#include <time.h>

#include "apps/base/wait.h"
#include "cryptochat/session/unsent.h"

#define ACK_BYTES (256u << 10)
#define ACK_MS 20
#define LEAVE_MS 3000		 /* for the peer's end after our BYE */
#define SILENT_PINGS 3		 /* so many pings missing: the link is dead */
#define GREETING_MS (600 * 1000) /* people decide slowly, but not for ever */

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void begin(struct member *m, struct writer *w, uint8_t type)
{
	frame_begin(w, m->scratch, type, m->outbox.next_seq);
}

static void commit(struct member *m, struct writer *w)
{
	size_t len = frame_finish(w);

	if (!len || outbox_add(&m->outbox, m->scratch, len))
		member_end(m, CHAT_NETWORK, "lost", "cannot be told more: no memory");
	explicit_bzero(m->scratch, w->len);
}

void member_text(struct member *m, const char *nick, const void *text, size_t len)
{
	struct text_frame t = {.time_ms = clock_ms(), .text = text, .len = len};
	struct writer w;

	if (nick)
		strcpy(t.nick, nick);
	begin(m, &w, FRAME_TEXT);
	frame_put_text(&w, &t);
	commit(m, &w);
}

void member_stream(struct member *m, const void *data, size_t len)
{
	struct writer w;

	m->streamed = true;
	begin(m, &w, FRAME_STREAM);
	wire_put_bytes(&w, data, len);
	commit(m, &w);
}

void member_eof(struct member *m)
{
	struct writer w;

	if (m->eof_out)
		return;
	m->eof_out = true;
	begin(m, &w, FRAME_EOF);
	commit(m, &w);
}

void member_roster(struct member *m, enum roster_event event, const struct member *about)
{
	struct roster r = {.event = (uint8_t)event};
	struct writer w;

	strcpy(r.nick, about->nick);
	memcpy(r.key, about->key, sizeof(r.key));
	begin(m, &w, FRAME_ROSTER);
	frame_put_roster(&w, &r);
	commit(m, &w);
}

static void put_verify(struct member *m, const struct verify_frame *v)
{
	struct writer w;

	begin(m, &w, FRAME_VERIFY);
	frame_put_verify(&w, v);
	commit(m, &w);
}

static void show_words(struct member *m)
{
	if (m->verify.state == VERIFY_SHOWN)
		ui_error(&m->room->ui, "verify",
			 "Words for %s:  %s\n"
			 "Compare them by voice, then /verify yes, or /verify no if they differ.",
			 m->nick, m->verify.words);
}

/* Write down what the user, or the other person, found out about the key of @m. */
static void label_key(struct member *m, enum peer_label label)
{
	struct room *room = m->room;
	struct peer p = {.label = label};
	int err;

	m->verified = label == PEER_VERIFIED;
	strcpy(p.nick, m->nick);
	memcpy(p.key, m->key, sizeof(p.key));
	err = peers_label(&room->peers, &p);
	if (err)
		ui_error(&room->ui, "warning", "cannot write %s: %s", room->peers.path,
			 strerror(-err));
}

/* The words differ: the key is never let in again, and the user is told so. */
static void reject_key(struct member *m)
{
	char key[KEY_TEXT_SIZE];

	label_key(m, PEER_REJECTED);
	ui_error(&m->room->ui, "key-rejected",
		 "From now on this key is rejected: %s. If that was a mistake, remove its line "
		 "from %s.",
		 key_text(m->key, key), m->room->peers.path);
}

void member_verify(struct member *m, const char *word)
{
	struct room *room = m->room;
	struct verify_frame out;

	if (!word[0]) {
		if (verify_start(&m->verify, &out) == 0)
			put_verify(m, &out);
		return;
	}
	if (m->verify.state != VERIFY_SHOWN) {
		ui_error(&room->ui, "verify", "No words were compared yet: /verify starts it.");
		return;
	}
	if (strcmp(word, "yes") == 0) {
		label_key(m, PEER_VERIFIED);
		ui_notice(&room->ui, "verified", m->nick, "%s is verified.", m->nick);
	} else if (strcmp(word, "no") == 0) {
		ui_error(
		    &room->ui, "verify-failed",
		    "Different words: somebody sits between you and %s. Nothing you wrote here was "
		    "private. The conversation ends.",
		    m->nick);
		reject_key(m);
		room_fail(room, CHAT_IDENTITY);
		files_abandon(&m->files);
		outbox_forget(&m->outbox);
		m->leaving = true;
		m->words_differ = true;
	} else {
		ui_error(&room->ui, "verify", "/verify, /verify yes or /verify no");
	}
}

static void save_key(struct member *m)
{
	struct room *room = m->room;
	struct peer p = {.label = m->verified ? PEER_VERIFIED : PEER_UNVERIFIED};
	int err;

	m->remember = false;
	strcpy(p.nick, m->nick);
	memcpy(p.key, m->key, sizeof(p.key));
	if (!m->caller)
		strcpy(p.address, room->address);
	err = peers_add(&room->peers, &p);
	if (err)
		ui_error(&room->ui, "warning",
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
		ui_notice(&room->ui, "back", m->nick, "%s is back; nothing was lost.", m->nick);
		announce(m, ROSTER_BACK);
		return;
	}
	if (m->remember)
		save_key(m);
	room->met = true;
	if (room->options->hub)
		m->files.refuse = "a hub does not carry files";
	ui_notice(&room->ui, "joined", m->nick, "Talking to %s (%s), %s.", m->nick,
		  m->verified ? "verified" : "unverified", key_text(m->key, key));
	if (m->is_hub)
		ui_error(
		    &room->ui, "hub",
		    "This is a hub: whoever runs it can read everything that is said here, and "
		    "change it. Names and keys of the others are what the hub says.");
	announce(m, ROSTER_CAME);
	for (size_t i = 0; i < room->options->file_count; i++) {
		int err = files_send(&m->files, room->options->files[i]);

		if (!err)
			continue;
		m->files.failed++;
		ui_error(&room->ui, "file-failed", "cannot send %s: %s", room->options->files[i],
			 err == -EINVAL ? "it is no regular file" : strerror(-err));
	}
	if (room->options->message) {
		member_text(m, NULL, room->options->message, strlen(room->options->message));
		m->leaving = true;
	}
	if (room->options->command == COMMAND_SEND)
		m->leaving = true;
}

void member_end(struct member *m, enum chat_exit status, const char *event, const char *why)
{
	struct room *room = m->room;

	if (m->stage == MEMBER_GONE || m->stage == MEMBER_LEAVING)
		return;
	if (member_is_present(m)) {
		files_abandon(&m->files);
		ui_notice(&room->ui, event, m->nick, "%s %s.", m->nick, why);
		unsent_report(m);
		member_status(m);
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
	ui_notice(&m->room->ui, "left", m->nick, "%s %s.", m->nick, why);
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

static void on_text(struct member *m, const struct text_frame *t)
{
	struct room *room = m->room;
	/* Only a hub speaks for others. */
	const char *nick = m->is_hub && t->nick[0] ? t->nick : m->nick;

	ui_message(&room->ui, nick, t->time_ms, t->text, t->len);
	if (!room->options->hub)
		return;
	for (struct member *o = room->members; o; o = o->next) {
		if (o == m || !member_is_present(o))
			continue;
		if (outbox_full(&o->outbox))
			member_too_slow(o);
		else
			member_text(o, m->nick, t->text, t->len);
	}
}

static int on_stream(struct member *m, const struct frame *f)
{
	struct reader r = f->body;
	size_t len = r.left;
	const uint8_t *data = wire_take(&r, len);
	struct text_frame t = {.time_ms = clock_ms()};
	char *safe;

	if (len > FRAME_PAYLOAD)
		return -EPROTO;
	if (!m->room->options->hub) {
		ui_stream(&m->room->ui, m->nick, data, len);
		return 0;
	}
	/* In a hub a pipe is somebody who writes; what is not text is shown escaped. */
	while (len) {
		size_t piece = len < FRAME_PAYLOAD / 4 ? len : FRAME_PAYLOAD / 4;

		safe = malloc(TEXT_SHOW_MAX(piece));
		if (!safe)
			return 0;
		t.text = (uint8_t *)text_show(data, piece, "\n\t", safe);
		t.len = strlen(safe);
		on_text(m, &t);
		free(safe);
		data += piece;
		len -= piece;
	}
	return 0;
}

/* Keep the list of those whom the hub names, for /who. */
static void remember_roster(struct member *m, const struct roster *r)
{
	unsigned int i = 0;

	while (i < m->roster_count && memcmp(m->roster[i].key, r->key, sizeof(r->key)) != 0)
		i++;
	if (r->event == ROSTER_LEFT && i < m->roster_count)
		m->roster[i] = m->roster[--m->roster_count];
	else if (r->event != ROSTER_LEFT && i < ROOM_MEMBERS) {
		m->roster[i] = *r;
		m->roster_count += i == m->roster_count;
	}
}

static void on_roster(struct member *m, const struct roster *r)
{
	static const char *const events[] = {
	    "", "is here", "came", "left", "has lost its connection", "is back"};
	char key[KEY_TEXT_SIZE];

	ui_notice(&m->room->ui, "roster", r->nick, "%s %s (%s)", r->nick, events[r->event],
		  key_text(r->key, key));
	remember_roster(m, r);
}

static int on_verify(struct member *m, const struct verify_frame *in)
{
	struct verify_frame out;
	int result = verify_receive(&m->verify, m->room->identity.hash, m->key, in, &out);

	if (result < 0)
		return result;
	if (result)
		put_verify(m, &out);
	show_words(m);
	return 0;
}

/* What a numbered frame asks for; 0 or -EPROTO. */
static int deliver(struct member *m, const struct frame *f)
{
	union {
		struct text_frame text;
		struct verify_frame verify;
		struct roster roster;
		struct offer offer;
		struct answer answer;
		struct data_frame data;
		struct end_frame end;
		struct done_frame done;
	} u;

	switch (f->type) {
	case FRAME_TEXT:
		if (m->eof_in || frame_get_text(f, &u.text))
			return -EPROTO;
		on_text(m, &u.text);
		return 0;
	case FRAME_STREAM:
		return m->eof_in ? -EPROTO : on_stream(m, f);
	case FRAME_EOF:
		m->eof_in = true;
		return f->body.left ? -EPROTO : 0;
	case FRAME_VERIFY:
		return frame_get_verify(f, &u.verify) ? -EPROTO : on_verify(m, &u.verify);
	case FRAME_ROSTER:
		if (!m->is_hub || frame_get_roster(f, &u.roster))
			return -EPROTO;
		on_roster(m, &u.roster);
		return 0;
	case FRAME_OFFER:
		return frame_get_offer(f, &u.offer) ? -EPROTO : files_on_offer(&m->files, &u.offer);
	case FRAME_ANSWER:
		return frame_get_answer(f, &u.answer) ? -EPROTO
						      : files_on_answer(&m->files, &u.answer);
	case FRAME_DATA:
		return frame_get_data(f, &u.data) ? -EPROTO : files_on_data(&m->files, &u.data);
	case FRAME_END:
		return frame_get_end(f, &u.end) ? -EPROTO : files_on_end(&m->files, &u.end);
	case FRAME_DONE:
		return frame_get_done(f, &u.done) ? -EPROTO : files_on_done(&m->files, &u.done);
	default:
		return 0; /* of a later version */
	}
}

static void on_reliable(struct member *m, const struct frame *f)
{
	char detail[64];

	if (f->seq < m->rx_next)
		return; /* it was on its way when the link broke, and came twice */
	if (f->seq > m->rx_next) {
		link_fail(m->link, DOWN_PROTOCOL, "a frame is missing");
		return;
	}
	m->rx_next++;
	m->rx_unacked += f->body.left + FRAME_HEAD + FRAME_SEQ;
	if (!m->ack_due_ms)
		m->ack_due_ms = wait_clock_ms() + ACK_MS;
	if (deliver(m, f) && m->link) {
		snprintf(detail, sizeof(detail), "a frame of type 0x%02x that may not be", f->type);
		link_fail(m->link, DOWN_PROTOCOL, detail);
	}
	/* Answers of ours that it never acknowledges, while it goes on asking. */
	if (m->link && m->outbox.bytes > 2 * OUTBOX_LIMIT + FRAME_MAX)
		link_fail(m->link, DOWN_PROTOCOL, "it does not acknowledge");
}

/* Is there something of ours that has not even been taken? What was is unsent.c's. */
static bool has_more_to_send(const struct member *m)
{
	return files_busy(&m->files) || buffer_used(&m->room->ui.input);
}

static void on_bye(struct member *m)
{
	struct room *room = m->room;

	link_close(m->link);
	if (has_more_to_send(m) && !room->options->hub && room->ui.kind != UI_TERMINAL) {
		ui_error(&room->ui, "unsent", "%s left before everything was sent", m->nick);
		room_fail(room, CHAT_NETWORK);
	}
	member_end(m, CHAT_OK, "left", "left");
}

/*
 * The other person says so. If it is not true, a conversation is lost that a liar could have ended
 * anyway; so it is believed.
 */
void member_words_differ(struct member *m)
{
	struct room *room = m->room;

	ui_error(&room->ui, "verify-failed",
		 "%s sees different words: somebody sits between you. Nothing you wrote here was "
		 "private. The conversation ends.",
		 m->nick);
	reject_key(m);
	link_close(m->link);
	member_end(m, CHAT_IDENTITY, "left", "left");
}

void member_frame(struct member *m, const struct frame *f)
{
	struct refuse r;
	uint64_t next;

	if (frame_is_reliable(f->type)) {
		on_reliable(m, f);
		return;
	}
	switch (f->type) {
	case FRAME_ACK:
		if (frame_get_ack(f, &next) || outbox_ack(&m->outbox, next))
			link_fail(m->link, DOWN_PROTOCOL, "it acknowledges what was not sent");
		break;
	case FRAME_BYE:
		on_bye(m);
		break;
	case FRAME_HELLO:
		link_fail(m->link, DOWN_PROTOCOL, "a second HELLO");
		break;
	case FRAME_REFUSE:
		if (frame_get_refuse(f, &r))
			r.reason[0] = 0;
		if (r.code == REFUSE_WORDS) {
			member_words_differ(m);
			break;
		}
		ui_error(&m->room->ui, "refused", "%s ends the conversation: %s", m->nick,
			 r.reason);
		link_close(m->link);
		member_end(m, CHAT_REFUSED, "left", "left");
		break;
	default:
		break; /* PING, and what a later version may have */
	}
}

static void acknowledge(struct member *m, int64_t now)
{
	uint8_t body[8];
	struct writer w = {.data = body, .room = sizeof(body)};

	if (!m->ack_due_ms || (m->rx_unacked < ACK_BYTES && now < m->ack_due_ms))
		return;
	wire_put(&w, m->rx_next, 8);
	link_control(m->link, FRAME_ACK, body, w.len);
	m->ack_due_ms = 0;
	m->rx_unacked = 0;
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
	member_status(m);
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
		acknowledge(m, now);
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
	struct room *room = m->room;
	struct offload_counts c;
	char key[KEY_TEXT_SIZE];

	offload_counts(&room->offload, &c);
	ui_notice(&room->ui, "status", m->nick, "%s, %s, %s", m->nick,
		  m->verified ? "verified" : "unverified", key_text(m->key, key));
	ui_notice(&room->ui, "status", m->nick,
		  "TLS 1.3 %s; numbers: sent %" PRIu64 ", received %" PRIu64,
		  m->link ? SSL_get_cipher_name(m->link->ssl) : "(not connected)",
		  m->outbox.next_seq - 1, m->rx_next - 1);
	if (room->offload.provider)
		ui_notice(&room->ui, "crypto", NULL,
			  "crypto: device operations=%" PRIu64 " bytes=%" PRIu64
			  ", in this process operations=%" PRIu64 " bytes=%" PRIu64,
			  c.ops, c.bytes, c.soft_ops, c.soft_bytes);
	else
		ui_notice(&room->ui, "crypto", NULL, "crypto: in this process (%s)",
			  room->offload.why_not[0] ? room->offload.why_not : "--offload=off");
}
