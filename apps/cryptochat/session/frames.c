// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frames.c - the frames between us and a member that is up.
 *
 * Theory of operation
 * -------------------
 * Numbered frames arrive in order or not at all. One below rx_next came before, over the
 * link that broke, and is dropped; one above it cannot be and ends the conversation.
 * What a frame asks for has been done when it is acknowledged: text is with the user's
 * output, bytes are in the file.
 */
#include "cryptochat/session/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/base/wait.h"
#include "cryptochat/session/member.h"
#include "cryptochat/session/words.h"

#define ACK_BYTES (256u << 10)
#define ACK_MS 20

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

void member_say(struct member *m, const char *nick, const void *text, size_t len)
{
	member_text(m, nick, text, len);
	m->said = m->outbox.next_seq - 1;
	ui_event(&m->room->ui, "sent",
		 FACTS(fact_text("peer", m->nick), fact_number("id", m->said)));
}

/* All numbered frames below @next have arrived, and with them messages of the user. */
static void tell_delivered(struct member *m, uint64_t next)
{
	if (m->delivered >= m->said || m->delivered + 1 >= next)
		return;
	m->delivered = next - 1;
	ui_event(&m->room->ui, "delivered",
		 FACTS(fact_text("peer", m->nick), fact_number("id", m->delivered)));
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

void member_put_verify(struct member *m, const struct verify_frame *v)
{
	struct writer w;

	begin(m, &w, FRAME_VERIFY);
	frame_put_verify(&w, v);
	commit(m, &w);
}

/*
 * How long a message was under way. The two clocks may differ by any time, so the fastest message
 * counts as not delayed.
 */
static int64_t delay_of(struct member *m, uint64_t written_ms)
{
	int64_t took = (int64_t)(clock_ms() - written_ms);

	if (!m->clock_known || took < m->clock_offset)
		m->clock_offset = took;
	m->clock_known = true;
	return took - m->clock_offset;
}

static void on_text(struct member *m, const struct text_frame *t)
{
	struct room *room = m->room;
	/* Only a hub speaks for others. */
	const char *nick = m->is_hub && t->nick[0] ? t->nick : m->nick;

	ui_message(&room->ui, nick, t->time_ms, delay_of(m, t->time_ms), t->text, t->len);
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
	static const char *const words[] = {"", "here", "came", "left", "away", "back"};
	char key[KEY_TEXT_SIZE];

	ui_notice(&m->room->ui, "roster",
		  FACTS(fact_text("peer", r->nick), fact_text("key", key_text(r->key, key)),
			fact_text("change", words[r->event]), fact_text("hub", m->nick)),
		  "%s %s (%s)", r->nick, events[r->event], key_text(r->key, key));
	remember_roster(m, r);
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
		return frame_get_verify(f, &u.verify) ? -EPROTO : words_receive(m, &u.verify);
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
		ui_error(&room->ui, "unsent", FACTS(fact_text("peer", m->nick)),
			 "%s left before everything was sent", m->nick);
		room_fail(room, CHAT_NETWORK);
	}
	member_end(m, CHAT_OK, "left", "left");
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
		else
			tell_delivered(m, next);
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
			words_differ(m);
			break;
		}
		ui_error(&m->room->ui, "refused",
			 FACTS(fact_text("peer", m->nick), fact_text("reason", r.reason)),
			 "%s ends the conversation: %s", m->nick, r.reason);
		link_close(m->link);
		member_end(m, CHAT_REFUSED, "left", "left");
		break;
	default:
		break; /* PING, and what a later version may have */
	}
}

void member_acknowledge(struct member *m, int64_t now)
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
