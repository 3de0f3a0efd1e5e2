// SPDX-License-Identifier: GPL-2.0-or-later
/* room.c - the list of members, the exit code, and the question that is open. */
#include "cryptochat/session/room.h"

#include <stdlib.h>
#include <string.h>

#include "apps/base/wait.h"

void room_fail(struct room *room, enum chat_exit status)
{
	if (room->status == CHAT_OK)
		room->status = status;
}

void member_stage(struct member *m, enum member_stage stage)
{
	m->stage = stage;
	m->since_ms = wait_clock_ms();
}

struct member *room_member(struct room *room, bool caller)
{
	struct member *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->room = room;
	m->caller = caller;
	m->rx_next = 1;
	m->outbox.next_seq = 1;
	files_init(&m->files, &m->outbox, &room->ui, m->nick, room->options->dir,
		   room->options->command == COMMAND_RECV);
	member_stage(m, caller ? MEMBER_GREETING : MEMBER_CALLING);
	m->next = room->members;
	room->members = m;
	return m;
}

/* The question is over: the prompt and what had been typed before it come back. */
void room_question_over(struct room *room)
{
	room->question = NULL;
	ui_ask_over(&room->ui);
}

void room_withdraw_question(struct member *m)
{
	struct room *room = m->room;

	if (room->question != m)
		return;
	room->question_changed = true;
	room_question_over(room);
	ui_notice(&room->ui, "question-over",
		  FACTS(fact_text("peer", m->caller ? m->greeting.nick : room->address)),
		  "%s is not waiting for an answer any more.",
		  m->caller ? m->greeting.nick : room->address);
}

static void free_member(struct member *m)
{
	m->room->received += m->files.received;
	if (m->dialing)
		dial_end(&m->dial);
	link_free(m->link);
	outbox_clear(&m->outbox);
	explicit_bzero(m, sizeof(*m));
	free(m);
}

void room_reap(struct room *room)
{
	struct member **at = &room->members;

	while (*at) {
		struct member *m = *at;

		if (m->stage != MEMBER_GONE) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		room_withdraw_question(m);
		free_member(m);
	}
}
