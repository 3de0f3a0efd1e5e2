// SPDX-License-Identifier: GPL-2.0-or-later
/* words.c - two people compare words, and what becomes of the key. */
#include "cryptochat/session/words.h"

#include <string.h>

#include "cryptochat/session/frames.h"
#include "cryptochat/session/member.h"

static void show_words(struct member *m)
{
	if (m->verify.state == VERIFY_SHOWN)
		ui_error(&m->room->ui, "verify",
			 FACTS(fact_text("peer", m->nick), fact_text("words", m->verify.words)),
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
		ui_error(&room->ui, "warning", FACTS(fact_text("peer", m->nick)),
			 "cannot write %s: %s", room->peers.path, strerror(-err));
}

/* The words differ: the key is never let in again, and the user is told so. */
static void reject_key(struct member *m)
{
	char key[KEY_TEXT_SIZE];

	label_key(m, PEER_REJECTED);
	ui_error(&m->room->ui, "key-rejected",
		 FACTS(fact_text("peer", m->nick), fact_text("key", key_text(m->key, key))),
		 "From now on this key is rejected: %s. If that was a mistake:\n"
		 "   cryptochat peers forget %s",
		 key, key);
}

void words_command(struct member *m, const char *word)
{
	struct room *room = m->room;
	struct verify_frame out;
	char key[KEY_TEXT_SIZE];

	if (!word[0]) {
		if (verify_start(&m->verify, &out) == 0)
			member_put_verify(m, &out);
		return;
	}
	if (m->verify.state != VERIFY_SHOWN) {
		ui_error(&room->ui, "usage", FACTS(fact_text("peer", m->nick)),
			 "No words were compared yet: /verify starts it.");
		return;
	}
	if (strcmp(word, "yes") == 0) {
		label_key(m, PEER_VERIFIED);
		ui_notice(
		    &room->ui, "verified",
		    FACTS(fact_text("peer", m->nick), fact_text("key", key_text(m->key, key))),
		    "%s is verified.", m->nick);
	} else if (strcmp(word, "no") == 0) {
		ui_error(
		    &room->ui, "verify-failed",
		    FACTS(fact_text("peer", m->nick), fact_text("seen_by", "us")),
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
		ui_error(&room->ui, "usage", FACTS(fact_text("peer", m->nick)),
			 "/verify, /verify yes or /verify no");
	}
}

int words_receive(struct member *m, const struct verify_frame *in)
{
	struct verify_frame out;
	int result = verify_receive(&m->verify, m->room->identity.hash, m->key, in, &out);

	if (result < 0)
		return result;
	if (result)
		member_put_verify(m, &out);
	show_words(m);
	return 0;
}

/*
 * The other person says so. If it is not true, a conversation is lost that a liar could have ended
 * anyway; so it is believed.
 */
void words_differ(struct member *m)
{
	struct room *room = m->room;

	ui_error(&room->ui, "verify-failed",
		 FACTS(fact_text("peer", m->nick), fact_text("seen_by", "peer")),
		 "%s sees different words: somebody sits between you. Nothing you wrote here was "
		 "private. The conversation ends.",
		 m->nick);
	reject_key(m);
	link_close(m->link);
	member_end(m, CHAT_IDENTITY, "left", "left");
}
