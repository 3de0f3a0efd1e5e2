// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unsent.c - what a peer has not acknowledged when its conversation ends.
 *
 * No message is lost silently. Whatever ends a conversation, the program names the messages that
 * may not have arrived, and its exit status is not 0.
 */
#include "cryptochat/session/unsent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 20	/* messages named one by one */
#define EXCERPT_MAX 200 /* bytes of each */

/** struct unsent - what waits in an outbox. @bytes: of standard input */
struct unsent {
	unsigned int messages;
	size_t bytes;
};

static bool next_frame(const struct out_frame *out, struct frame *f)
{
	return frame_parse(out->data, out->len, f) > 0;
}

static struct unsent count(const struct member *m)
{
	struct unsent u = {0};
	struct frame f;

	for (const struct out_frame *out = m->outbox.first; out; out = out->next) {
		if (!next_frame(out, &f))
			continue;
		if (f.type == FRAME_TEXT)
			u.messages++;
		else if (f.type == FRAME_STREAM)
			u.bytes += f.body.left;
	}
	return u;
}

bool unsent_any(const struct member *m)
{
	struct unsent u = count(m);

	return u.messages || u.bytes;
}

/* The text with a 0 after it; NULL: no memory. */
static char *copy_text(const struct text_frame *t)
{
	char *copy = malloc(t->len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, t->text, t->len);
	copy[t->len] = 0;
	return copy;
}

static void name_messages(struct member *m, unsigned int messages)
{
	unsigned int named = 0;
	struct text_frame t;
	struct frame f;
	char *whole;

	for (const struct out_frame *out = m->outbox.first; out; out = out->next) {
		if (!next_frame(out, &f) || f.type != FRAME_TEXT || frame_get_text(&f, &t))
			continue;
		if (named++ == NAMED_MAX)
			break;
		whole = copy_text(&t);
		ui_error(&m->room->ui, "unsent-message",
			 FACTS(fact_text("peer", m->nick), fact_text("message", whole)),
			 "   %.*s%s", (int)(t.len < EXCERPT_MAX ? t.len : EXCERPT_MAX),
			 (const char *)t.text, t.len > EXCERPT_MAX ? "..." : "");
		if (whole)
			explicit_bzero(whole, t.len);
		free(whole);
	}
	if (messages > NAMED_MAX)
		ui_error(
		    &m->room->ui, "unsent",
		    FACTS(fact_text("peer", m->nick), fact_number("more", messages - NAMED_MAX)),
		    "   and %u more", messages - NAMED_MAX);
}

void unsent_report(struct member *m)
{
	struct unsent u = count(m);

	/* A hub repeats what others said; that somebody has left is no failure of theirs. */
	if (m->room->options->hub || (!u.messages && !u.bytes))
		return;
	if (u.messages) {
		ui_error(&m->room->ui, "unsent",
			 FACTS(fact_text("peer", m->nick), fact_number("messages", u.messages)),
			 "%u message%s may not have reached %s:", u.messages,
			 u.messages == 1 ? "" : "s", m->nick);
		name_messages(m, u.messages);
	}
	if (u.bytes)
		ui_error(&m->room->ui, "unsent",
			 FACTS(fact_text("peer", m->nick), fact_number("bytes", u.bytes)),
			 "%zu bytes of the standard input may not have reached %s.", u.bytes,
			 m->nick);
	room_fail(m->room, CHAT_NETWORK);
}

void unsent_wait(struct member *m)
{
	struct unsent u = count(m);

	if (u.messages)
		ui_error(&m->room->ui, "unsent",
			 FACTS(fact_text("peer", m->nick), fact_number("messages", u.messages),
			       fact_bool("waiting", true)),
			 "%u message%s not reached %s yet; waiting. /quit again leaves without.",
			 u.messages, u.messages == 1 ? " has" : "s have", m->nick);
	else
		ui_error(&m->room->ui, "unsent",
			 FACTS(fact_text("peer", m->nick), fact_number("bytes", u.bytes),
			       fact_bool("waiting", true)),
			 "Not everything has reached %s yet; waiting. /quit again leaves without.",
			 m->nick);
}
