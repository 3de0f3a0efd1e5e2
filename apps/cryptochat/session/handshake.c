// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * handshake.c - from a fresh link to a member.
 *
 * Theory of operation
 * -------------------
 * After the handshake each end knows the other's key, and that it is its own. Then:
 *
 *	calling end                              called end
 *	is the key the one expected?
 *	HELLO nick, session, proof        ->
 *	                                         may this caller come in?
 *	                                  <-     HELLO, or REFUSE
 *	is the nick free, the proof right?
 *
 * "Expected" is decided in this order: the key in the invite; a shared secret, which the called
 * end proves in its HELLO; known_peers; the user. Likewise on the other side: a proof of
 * invite or secret; known_peers; the user. Nobody to ask is a no.
 *
 * Nothing that a person wrote leaves before this is over.
 */
#include "cryptochat/session/handshake.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "apps/base/wait.h"
#include "cryptochat/session/alarm.h"
#include "cryptochat/session/member.h"
#include "cryptochat/session/words.h"

static void put_hello(struct member *m)
{
	struct room *room = m->room;
	uint8_t body[FRAME_MAX];
	struct writer w = {.data = body, .room = sizeof(body)};
	struct hello h = {
	    .flags = room->options->hub ? HELLO_HUB : 0,
	    .resume = m->resumable,
	    .next = m->rx_next,
	};
	int err = 0;

	memcpy(h.session, m->session, sizeof(h.session));
	strcpy(h.nick, room->nick);
	/* Our own end decides that, by the key; the other end should know. */
	if (m->caller)
		strcpy(h.you, m->nick);
	if (room->secret.len) {
		h.proof = PROOF_SECRET;
		err = tls_proof(room->secret.bytes, room->secret.len, m->link->server,
				m->link->binding, h.mac);
	} else if (room->has_invite && !m->resumable) {
		h.proof = PROOF_INVITE;
		err = tls_proof(room->invited.token, sizeof(room->invited.token), m->link->server,
				m->link->binding, h.mac);
	}
	if (err) {
		link_fail(m->link, DOWN_TLS, "cannot compute a proof");
		return;
	}
	frame_put_hello(&w, &h);
	link_control(m->link, FRAME_HELLO, body, w.len);
}

/* A key that nobody has seen. Returns: accepted without asking. */
static bool accept_new(struct member *m)
{
	const struct options *o = m->room->options;
	char key[KEY_TEXT_SIZE];

	if (o->accept_new) {
		m->remember = true;
		ui_notice(
		    &m->room->ui, "new-key",
		    FACTS(fact_text("address", m->where), fact_text("key", key_text(m->key, key))),
		    "%s: new key %s, accepted", m->where, key_text(m->key, key));
		return true;
	}
	if (o->strict || !ui_can_ask(&m->room->ui)) {
		alarm_stranger(m);
		return false;
	}
	member_stage(m, MEMBER_ASKING);
	return false;
}

static void call_greet(struct member *m)
{
	put_hello(m);
	member_stage(m, MEMBER_GREETING);
	ui_notice(&m->room->ui, "calling",
		  FACTS(fact_text("address", m->where), fact_text("state", "connected")),
		  "Connected to %s, waiting to be let in.", m->where);
}

/* The key is that of the same peer as before the link broke; nothing else may be. */
static void greet_again(struct member *m)
{
	if (memcmp(m->link->peer_key, m->key, KEY_HASH_SIZE) != 0) {
		struct peer known = {0};

		memcpy(known.key, m->key, KEY_HASH_SIZE);
		memcpy(m->key, m->link->peer_key, KEY_HASH_SIZE);
		m->leaving = true;
		alarm_changed(m, m->nick, &known);
		return;
	}
	put_hello(m);
}

static void greet_called(struct member *m)
{
	struct room *room = m->room;
	const struct peer *known;
	enum trust trust = trust_address(&room->peers, room->address, m->key, &known);

	if (trust == TRUST_REJECTED) {
		alarm_rejected(m, room->address);
		return;
	}
	if (room->has_invite) {
		if (memcmp(m->key, room->invited.key, KEY_HASH_SIZE) != 0) {
			struct peer expected = {0};

			memcpy(expected.key, room->invited.key, KEY_HASH_SIZE);
			alarm_changed(m, "the end that invited you", &expected);
			return;
		}
		m->remember = !peers_by_address(&room->peers, room->address, m->key);
		call_greet(m);
		return;
	}
	if (room->secret.len) {
		call_greet(m);
		return;
	}
	switch (trust) {
	case TRUST_REJECTED: /* dealt with */
		break;
	case TRUST_KNOWN:
		call_greet(m);
		break;
	case TRUST_CHANGED:
		alarm_changed(m, room->address, known);
		break;
	case TRUST_NEW:
		if (accept_new(m))
			call_greet(m);
		break;
	}
}

void greet_open(struct member *m)
{
	if (m->stage == MEMBER_AWAY) {
		greet_again(m);
		return;
	}
	memcpy(m->key, m->link->peer_key, KEY_HASH_SIZE);
	if (m->caller)
		return; /* it says HELLO first */
	if (RAND_bytes(m->session, sizeof(m->session)) != 1)
		link_fail(m->link, DOWN_TLS, "no random numbers");
	else
		greet_called(m);
}

static bool proof_is_right(const struct member *m, const struct hello *h, const uint8_t *secret,
			   size_t len)
{
	uint8_t mac[PROOF_SIZE];

	/* The peer's role is the other one. */
	return tls_proof(secret, len, !m->link->server, m->link->binding, mac) == 0 &&
	       CRYPTO_memcmp(mac, h->mac, sizeof(mac)) == 0;
}

/* The other end of a conversation that is already going on, over a new link? */
static struct member *find_session(struct member *m, const struct hello *h)
{
	for (struct member *o = m->room->members; o; o = o->next)
		if (o != m && member_is_present(o) && o->caller &&
		    memcmp(o->session, h->session, sizeof(h->session)) == 0 &&
		    memcmp(o->key, m->key, KEY_HASH_SIZE) == 0)
			return o;
	return NULL;
}

static void resume(struct member *m, struct member *old, const struct hello *h)
{
	if (old->words_differ) {
		member_refuse_words(m);
		member_stage(old, MEMBER_GONE);
		return;
	}
	if (outbox_resume(&old->outbox, h->next)) {
		member_refuse(m, REFUSE_LOST, "what you have not received is not here any more");
		return;
	}
	link_free(old->link);
	old->link = m->link;
	m->link = NULL;
	member_stage(m, MEMBER_GONE);
	old->resumable = true;
	put_hello(old);
	member_up(old, h);
}

static void let_in(struct member *m)
{
	put_hello(m);
	member_up(m, &m->greeting);
}

/* The conversation that this caller's key is in already, or NULL. */
static struct member *same_key(const struct member *m)
{
	for (struct member *o = m->room->members; o; o = o->next)
		if (o != m && member_is_present(o) && memcmp(o->key, m->key, KEY_HASH_SIZE) == 0)
			return o;
	return NULL;
}

/*
 * A caller whose key is already in a conversation. An active conversation is not replaced, because
 * the caller may be another window or a script of the same person. The caller waits until the peer
 * of that conversation sends something, which proves that it is active, or until its link breaks.
 * A conversation with a broken link is over, because the process that could have resumed it has
 * started again.
 *
 * Returns: the caller may go on.
 */
static bool replace_old(struct member *m)
{
	struct member *old = same_key(m);
	const struct room *room = m->room;

	if (!old)
		return true;
	if (old->stage == MEMBER_UP && !m->wants_place_ms) {
		m->wants_place_ms = wait_clock_ms();
		/* If the other end is gone, its system says so. */
		link_control(old->link, FRAME_PING, NULL, 0);
		return false;
	}
	if (old->stage == MEMBER_UP && old->link->heard_ms > m->wants_place_ms) {
		member_refuse(m, REFUSE_BUSY, "your key is in a conversation here already");
		return false;
	}
	if (old->stage == MEMBER_UP)
		return false;
	if (room->options->once || (old->streamed && !room->options->hub)) {
		/* What comes next belongs to the conversation that is over. */
		member_end(old, CHAT_NETWORK, "lost", "has started anew");
		member_refuse(m, REFUSE_LOST, "the conversation before cannot be continued");
		m->room->quitting = true;
		return false;
	}
	member_end(old, CHAT_OK, "left", "has started anew");
	return true;
}

/* Is there a place for it? Else it was refused. */
static bool has_place(struct member *m)
{
	unsigned int present = 0;

	for (struct member *o = m->room->members; o; o = o->next) {
		if (o == m || !member_is_present(o))
			continue;
		if (strcmp(o->nick, m->nick) == 0) {
			member_refuse(m, REFUSE_BUSY,
				      "somebody with your nick is here; use --nick");
			return false;
		}
		present++;
	}
	if (present < (m->room->options->hub ? ROOM_MEMBERS : 1))
		return true;
	member_refuse(m, REFUSE_BUSY, "somebody else is in conversation here; try later");
	return false;
}

/*
 * Names a new key. The name gets the first characters of the key as a suffix if it is our own name,
 * if it belongs to another key, or if it has characters that look like those of another script.
 */
static void name_new(struct member *m)
{
	const struct room *room = m->room;
	const char *nick = m->greeting.nick;
	const struct peer *other = peers_by_nick(&room->peers, nick);
	char key[KEY_TEXT_SIZE], mine[KEY_TEXT_SIZE], mark[7];

	if (!other && strcmp(nick, room->nick) != 0 && !nick_is_marked(nick)) {
		strcpy(m->nick, nick);
		return;
	}
	key_text(m->key, mine);
	snprintf(mark, sizeof(mark), "%.6s", mine + strlen("SHA256:"));
	nick_mark(nick, mark, m->nick);
	if (other)
		ui_error(&m->room->ui, "nick",
			 FACTS(fact_text("peer", m->nick), fact_text("calls_itself", nick),
			       fact_text("key", mine),
			       fact_text("known", key_text(other->key, key))),
			 "Somebody calls itself %s, but has another key than the %s you know (%s): "
			 "it is "
			 "called %s here.",
			 nick, other->nick, key_text(other->key, key), m->nick);
}

static void use_nick(struct member *m, const struct peer *known)
{
	char key[KEY_TEXT_SIZE];

	if (known && strcmp(known->nick, NICK_UNKNOWN) == 0) {
		m->verified = known->label == PEER_VERIFIED;
		m->remember = true;
		name_new(m);
	} else if (known) {
		if (strcmp(known->nick, m->greeting.nick) != 0)
			ui_notice(&m->room->ui, "nick",
				  FACTS(fact_text("peer", known->nick),
					fact_text("calls_itself", m->greeting.nick),
					fact_text("key", key_text(m->key, key))),
				  "%s calls itself %s today.", known->nick, m->greeting.nick);
		strcpy(m->nick, known->nick);
		m->verified = known->label == PEER_VERIFIED;
	} else {
		name_new(m);
	}
}

/* Has the caller proved the shared key, if there is one? Else it was refused. */
static bool knows_secret(struct member *m)
{
	struct room *room = m->room;
	const struct hello *h = &m->greeting;

	if (!room->secret.len && h->proof != PROOF_SECRET)
		return true;
	if (room->secret.len && h->proof == PROOF_SECRET &&
	    proof_is_right(m, h, room->secret.bytes, room->secret.len))
		return true;
	ui_error(&room->ui, "wrong-secret", FACTS(fact_text("address", m->where)),
		 "%s does not have the shared key", m->where);
	member_refuse(m, REFUSE_PROOF, "the shared key (--key-file) is not the same");
	return false;
}

/* A caller that has an invite. */
static void greet_invited(struct member *m, bool is_new)
{
	struct room *room = m->room;
	unsigned int i = 0;

	while (i < room->token_count &&
	       !proof_is_right(m, &m->greeting, room->tokens[i], INVITE_TOKEN_SIZE))
		i++;
	if (i == room->token_count) {
		member_refuse(m, REFUSE_PROOF, "the invite is wrong or was used already");
		return;
	}
	room->token_count--;
	memcpy(room->tokens[i], room->tokens[room->token_count], INVITE_TOKEN_SIZE);
	explicit_bzero(room->tokens[room->token_count], INVITE_TOKEN_SIZE);
	m->remember = is_new;
	let_in(m);
}

/* A caller whose greeting is in order, and who is not in a conversation that can be resumed. */
static void greet_new(struct member *m)
{
	struct room *room = m->room;
	const struct peer *known;
	enum trust trust = trust_caller(&room->peers, m->key, &known);

	if (trust == TRUST_REJECTED) {
		alarm_rejected(m, m->where);
		return;
	}
	if (!knows_secret(m) || !replace_old(m))
		return;
	m->wants_place_ms = 0;
	use_nick(m, known);
	if (!has_place(m))
		return;
	if (room->secret.len) {
		m->verified = true;
		let_in(m);
	} else if (m->greeting.proof == PROOF_INVITE) {
		greet_invited(m, trust == TRUST_NEW);
	} else if (trust == TRUST_KNOWN || accept_new(m)) {
		let_in(m);
	}
}

void greet_wait(struct member *m)
{
	if (m->stage == MEMBER_GREETING && m->link && m->link->state == LINK_OPEN)
		greet_new(m);
}

/* A caller said HELLO. */
static void greet_caller(struct member *m, const struct hello *h)
{
	struct member *old = find_session(m, h);

	m->greeting = *h;
	if (old) {
		resume(m, old, h);
		return;
	}
	if (h->resume) {
		member_refuse(m, REFUSE_LOST, "that conversation is not known here any more");
		return;
	}
	if (h->next != 1) {
		link_fail(m->link, DOWN_PROTOCOL, "a new conversation that has a past");
		return;
	}
	memcpy(m->session, h->session, sizeof(m->session));
	greet_new(m);
}

/* Whom we called said HELLO. */
static void greet_answered(struct member *m, const struct hello *h)
{
	struct room *room = m->room;
	const struct peer *known;

	trust_caller(&room->peers, m->key, &known);
	m->greeting = *h;
	if (memcmp(h->session, m->session, sizeof(m->session)) != 0) {
		link_fail(m->link, DOWN_PROTOCOL, "the answer to another greeting");
		return;
	}
	if (room->secret.len) {
		if (h->proof != PROOF_SECRET ||
		    !proof_is_right(m, h, room->secret.bytes, room->secret.len)) {
			ui_error(&room->ui, "wrong-secret", FACTS(fact_text("address", m->where)),
				 "%s does not have the shared key", m->where);
			member_refuse(m, REFUSE_PROOF,
				      "the shared key (--key-file) is not the same");
			room_fail(room, CHAT_IDENTITY);
			return;
		}
		use_nick(m, known);
		m->verified = true;
	} else if (m->stage == MEMBER_GREETING) {
		use_nick(m, known);
	}
	if (m->words_differ) {
		member_refuse_words(m);
		return;
	}
	if (outbox_resume(&m->outbox, h->next)) {
		link_fail(m->link, DOWN_PROTOCOL, "numbers that cannot be");
		return;
	}
	member_up(m, h);
}

/*
 * May a new conversation take the place of one that a hub does not know any more? A person's
 * may; a stream cannot be continued in its middle, and a message or a file was for one conversation.
 */
static bool may_call_anew(const struct member *m)
{
	const struct room *room = m->room;

	return m->stage == MEMBER_AWAY && m->is_hub && !m->caller && !m->leaving &&
	       !room->options->once && room->ui.kind != UI_PIPE && !room->quitting;
}

static void refused(struct member *m, const struct refuse *r)
{
	if (r->code == REFUSE_WORDS && m->stage == MEMBER_AWAY) {
		words_differ(m);
		return;
	}
	if (r->code == REFUSE_LOST && may_call_anew(m)) {
		link_close(m->link);
		member_end(m, CHAT_OK, "lost", "has started anew; calling again");
		m->room->call_anew = true;
		return;
	}
	ui_error(&m->room->ui, "refused",
		 FACTS(fact_text("address", m->where), fact_text("reason", r->reason)),
		 "%s refuses: %s", m->where, r->reason[0] ? r->reason : "no reason given");
	link_close(m->link);
	if (m->stage == MEMBER_AWAY || !m->caller || m->room->options->once)
		room_fail(m->room, CHAT_REFUSED);
	if (m->stage == MEMBER_AWAY)
		member_end(m, CHAT_REFUSED, "lost", "cannot be continued");
	else
		member_stage(m, MEMBER_LEAVING);
}

static void bad_hello(struct member *m)
{
	static const char reason[] = "no HELLO of this protocol version";

	if (m->caller) {
		ui_notice(&m->room->ui, "failed",
			  FACTS(fact_text("address", m->where), fact_text("reason", reason)),
			  "%s did not get in: %s", m->where, reason);
		member_refuse(m, REFUSE_VERSION, reason);
	} else {
		link_fail(m->link, DOWN_PROTOCOL, reason);
	}
}

void greet_frame(struct member *m, const struct frame *f)
{
	struct refuse r;
	struct hello h;

	switch (f->type) {
	case FRAME_PING:
		break;
	case FRAME_REFUSE:
		if (frame_get_refuse(f, &r))
			link_fail(m->link, DOWN_PROTOCOL, "a refusal that is none");
		else
			refused(m, &r);
		break;
	case FRAME_HELLO:
		if (frame_get_hello(f, &h) ||
		    (m->stage != MEMBER_GREETING && m->stage != MEMBER_AWAY)) {
			bad_hello(m);
		} else if (m->caller) {
			greet_caller(m, &h);
		} else {
			greet_answered(m, &h);
		}
		break;
	default:
		link_fail(m->link, DOWN_PROTOCOL, "no greeting");
	}
}

void greet_accept(struct member *m)
{
	m->remember = true;
	if (!m->caller) {
		/* The other end may be busy, or say no: the answer counts the next time, too. */
		member_remember(m, NICK_UNKNOWN);
		call_greet(m);
	} else if (has_place(m)) {
		let_in(m);
	}
}
