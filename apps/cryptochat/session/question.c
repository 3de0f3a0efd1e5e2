// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * question.c - "accept this key?"
 *
 * Theory of operation
 * -------------------
 * The program asks the user about one member at a time, at a terminal. In a pipeline, or when it has
 * something to send and leave, it asks at the terminal of its user, /dev/tty. It puts aside what the user
 * had typed, and brings it back when the question is over. While the question is open, a line is
 * an answer, or a command if it begins with a slash. It is never a message.
 *
 * The answer belongs to the key that was on the screen:
 *
 * - A question does not open while there is input that was typed before it was there.
 * - When the member leaves, the question closes: its prompt and the answer being typed disappear.
 * - After a question that closed without an answer, the user may still be answering that one. The
 *   program therefore asks again, with the name and the key, before it accepts a "yes" to the next
 *   question. A fingerprint names its key, so the program accepts it at once.
 */
#include "cryptochat/session/question.h"

#include <stdio.h>

#include "cryptochat/session/handshake.h"
#include "cryptochat/session/member.h"

#define PROMPT "accept? "

/* The name of the member in a message to the user. */
static const char *name_of(const struct member *m)
{
	return m->caller ? m->nick : m->room->address;
}

void question_ask(struct room *room)
{
	const struct peer *same;
	char key[KEY_TEXT_SIZE];
	struct member *m;

	for (m = room->members; m && m->stage != MEMBER_ASKING; m = m->next)
		;
	if (room->question || !m || !ui_can_ask(&room->ui))
		return;
	if (room->ui.kind == UI_TERMINAL && ui_input_waits(&room->ui))
		return;
	room->question = m;
	ui_ask(&room->ui);
	same = peers_by_key(&room->peers, m->key);
	if (m->caller)
		ui_error(&room->ui, "question",
			 FACTS(fact_text("peer", m->greeting.nick), fact_text("address", m->where),
			       fact_text("key", key_text(m->key, key))),
			 "%s wants to talk, from %s, with a key never seen here:", m->greeting.nick,
			 m->where);
	else
		ui_error(&room->ui, "question", NULL,
			 "%s has a key never seen here:", room->address);
	ui_error(&room->ui, "question", NULL, "   %s%s%s", key_text(m->key, key),
		 same ? "\n   You know this key as " : "", same ? same->nick : "");
	ui_error(&room->ui, "question", NULL,
		 "Accept it? yes, no, or its fingerprint from the other end:");
	ui_ask_prompt(&room->ui, PROMPT);
}

/* Whether a plain "yes" certainly belongs to this key. */
static bool yes_is_meant(struct room *room, const char *line)
{
	char key[KEY_TEXT_SIZE];

	if (!room->question_changed || trust_is_fingerprint(line))
		return true;
	room->question_changed = false;
	ui_error(&room->ui, "question", NULL,
		 "The question has changed. Now %s waits, with the key\n   %s\nyes once more "
		 "accepts it.",
		 name_of(room->question), key_text(room->question->key, key));
	return false;
}

void question_answer(struct room *room, const char *line)
{
	struct member *m = room->question;
	enum consent consent = trust_consent(line, m->key);

	if (consent == CONSENT_UNCLEAR) {
		ui_error(&room->ui, "question", NULL,
			 "Please say yes, no, or the whole fingerprint.%s",
			 line[0] && room->ui.kind == UI_TERMINAL
			     ? "\nWhat you typed was not sent; Up brings it back."
			     : "");
		ui_ask_prompt(&room->ui, PROMPT);
		return;
	}
	if (consent == CONSENT_YES && !yes_is_meant(room, line)) {
		ui_ask_prompt(&room->ui, PROMPT);
		return;
	}
	room->question_changed = false;
	room_question_over(room);
	if (consent == CONSENT_YES) {
		ui_error(&room->ui, "question", NULL, "Accepted.");
		greet_accept(m);
		return;
	}
	ui_error(&room->ui, "question", NULL, "Not accepted.");
	member_refuse(m, REFUSE_UNKNOWN, "your key was not accepted");
	if (!m->caller)
		room_fail(room, CHAT_IDENTITY);
}
