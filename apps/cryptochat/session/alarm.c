// SPDX-License-Identifier: GPL-2.0-or-later
/* alarm.c - a key that is not let in: the user is told why, and the other end, too. */
#include "cryptochat/session/alarm.h"

#include "cryptochat/session/member.h"

/* Stop hard: somebody has another key than the one that was accepted for it. */
void alarm_changed(struct member *m, const char *name, const struct peer *known)
{
	bool kept = peers_by_key(&m->room->peers, known->key);
	char old[KEY_TEXT_SIZE], new[KEY_TEXT_SIZE];

	ui_error(
	    &m->room->ui, "key-changed",
	    FACTS(fact_text("peer", name), fact_text("known", key_text(known->key, old)),
		  fact_text("key", key_text(m->key, new))),
	    "THE KEY OF %s HAS CHANGED.\n"
	    "   known: %s\n   now:   %s\n"
	    "Somebody may be posing as %s, or the identity was made anew. Ask by other means.%s%s",
	    name, old, new, name,
	    kept ? " If the new key is right, forget the old one:\n   cryptochat peers forget "
		 : "",
	    kept ? old : "");
	member_refuse(m, REFUSE_CHANGED, "this key is not the one I know for you");
	if (!m->caller || m->room->options->once)
		room_fail(m->room, CHAT_IDENTITY);
}

/* The user has found out that somebody else is behind this key. */
void alarm_rejected(struct member *m, const char *name)
{
	char key[KEY_TEXT_SIZE];

	ui_error(
	    &m->room->ui, "key-rejected",
	    FACTS(fact_text("peer", name), fact_text("key", key_text(m->key, key))),
	    "%s has the key %s, which was rejected when words were compared: refused. If that was "
	    "a mistake: cryptochat peers forget %s",
	    name, key, key);
	member_refuse(m, REFUSE_UNKNOWN, "your key is rejected here");
	if (!m->caller || m->room->options->once)
		room_fail(m->room, CHAT_IDENTITY);
}

void alarm_stranger(struct member *m)
{
	char key[KEY_TEXT_SIZE];

	ui_error(&m->room->ui, "unknown-key",
		 FACTS(fact_text("address", m->where), fact_text("key", key_text(m->key, key))),
		 "%s has the unknown key %s: not accepted, since nobody can be asked here. Use an "
		 "invite, --accept-new, or make contact once at a terminal.",
		 m->where, key_text(m->key, key));
	member_refuse(m, REFUSE_UNKNOWN, "your key is not known here and nobody can be asked");
	if (!m->caller || m->room->options->once)
		room_fail(m->room, CHAT_IDENTITY);
}
