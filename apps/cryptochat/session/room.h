/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * room.h - the conversations of this process, and who takes part in them.
 *
 * A room has one member when two people talk and up to ROOM_MEMBERS as a hub. A member
 * is a peer and its conversation: numbers, outbox, files; its link comes and goes.
 *
 * A file includes only what is below it:
 *
 *	session.c    from the options to a room
 *	loop.c       the poll loop, timers, reconnecting
 *	commands.c   what the user types: messages and /commands
 *	complete.c   Tab
 *	invitation.c invites that are given out
 *	question.c   the user is asked about a key
 *	handshake.c  from a fresh link to a member: keys, proofs, HELLO
 *	alarm.c      a key that is not let in
 *	member.c     a member that is up: beginning, signs of life, leaving
 *	words.c      two people compare words
 *	frames.c     frames to and from a member that is up
 *	unsent.c     what has not arrived when a conversation ends
 *	room.c       the list of members, the exit code, the question that is open
 */
#ifndef CRYPTOCHAT_SESSION_ROOM_H
#define CRYPTOCHAT_SESSION_ROOM_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "cryptochat/files/files.h"
#include "cryptochat/identity/invite.h"
#include "cryptochat/link/link.h"
#include "apps/base/dial.h"
#include "apps/base/net.h"
#include "cryptochat/session/options.h"
#include "cryptochat/identity/peers.h"
#include "apps/base/secret.h"
#include "cryptochat/identity/trust.h"
#include "cryptochat/ui/ui.h"
#include "cryptochat/identity/verify.h"

#define ROOM_MEMBERS 64	  /* of a hub */
#define ROOM_INVITES 16	  /* given out and not used */
#define ROOM_STRANGERS 16 /* links whose peers are not accepted yet */

/**
 * enum member_stage - where a member is
 * @MEMBER_CALLING: we call; there is no link yet, or it is not open
 * @MEMBER_GREETING: HELLO is awaited
 * @MEMBER_ASKING: the user decides whether to accept the key
 * @MEMBER_UP: talking
 * @MEMBER_AWAY: the link broke; it is hoped for another
 * @MEMBER_LEAVING: BYE was sent; only the end is awaited
 * @MEMBER_GONE: to be freed
 */
enum member_stage {
	MEMBER_CALLING,
	MEMBER_GREETING,
	MEMBER_ASKING,
	MEMBER_UP,
	MEMBER_AWAY,
	MEMBER_LEAVING,
	MEMBER_GONE,
};

/**
 * struct member - a peer and the conversation with it
 * @caller: it called us
 * @link: NULL: none now
 * @where: its address, for people
 * @nick: what it is called here; bound to @key
 * @key: valid once its link was open
 * @verified: words were compared, or a shared secret was proved
 * @is_hub: it says that it is one
 * @remember: the key is new and is written to known_peers when the member comes up
 * @greeting: its HELLO, while the user is asked
 * @session: names the conversation
 * @resumable: the conversation was up before
 * @rx_next: number of the next frame from it
 * @rx_unacked: bytes of frames since the last acknowledgement
 * @ack_due_ms: when to acknowledge; 0: nothing to
  * @said: number of the last message of the user to it
 * @delivered: the user's program knows that all up to this number have arrived
  * @clock_offset: our clock's milliseconds less its clock's, and the time that its fastest message
 *	took; valid if @clock_known
 * @eof_in: it will send no more text
 * @eof_out: we told it the same
 * @leaving: we leave as soon as everything has arrived
 * @words_differ: we leave at once, and say that this is why
 * @streamed: part of our standard input was sent to it
 * @wants_place_ms: a caller whose key is in a conversation: since when it waits for news of that
 *	one; 0: it does not
 * @since_ms: when the stage began
 * @retry_ms: MEMBER_AWAY and MEMBER_CALLING without a link: when to call again
 * @roster: a hub: the others, as it says, @roster_count of them
 * @attempts: calls since the link broke
 * @dial: the addresses being tried; valid if @dialing
 * @called_ms: when @link was connected, or the first call began
 */
struct member {
	struct member *next;
	struct room *room;
	enum member_stage stage;
	bool caller;
	struct link *link;
	char where[NET_NAME_SIZE];
	char nick[NICK_SIZE];
	uint8_t key[KEY_HASH_SIZE];
	bool verified;
	bool is_hub;
	bool remember;
	struct hello greeting;
	uint8_t session[SESSION_ID_SIZE];
	bool resumable;
	struct outbox outbox;
	uint64_t rx_next;
	size_t rx_unacked;
	int64_t ack_due_ms;
	uint64_t said;
	uint64_t delivered;
	int64_t clock_offset;
	bool clock_known;
	bool eof_in;
	bool eof_out;
	bool leaving;
	bool words_differ;
	bool streamed;
	int64_t wants_place_ms;
	int64_t since_ms;
	int64_t retry_ms;
	unsigned int attempts;
	struct dial dial;
	bool dialing;
	int64_t called_ms;
	struct files files;
	struct verify verify;
	struct roster roster[ROOM_MEMBERS];
	unsigned int roster_count;
	uint8_t scratch[FRAME_MAX];
};

/**
 * struct room - everything
 * @address: whom we call, as in known_peers; empty: nobody
 * @addresses: whom we call, resolved
 * @lookup: the same name, looked up anew for coming back; NULL: no look-up is outstanding
 * @invited: key and token of the invite we were given
 * @has_invite: @invited is valid
 * @port: where we listen, or whom we call
 * @host: whom we call
 * @tokens: of the invites we gave out and nobody has used yet, @token_count of them
  * @invite_text: the invite of the start, until programs know it; else empty
 * @secret: of --key-file; len 0: none
 * @accept_ms: when to look at the listener again; 0: at once
 * @cannot_accept: the last try failed, and the user was told
 * @question: the member the user is being asked about
 * @question_changed: the question before went without an answer
  * @call_anew: whom we call has started anew: begin another conversation
 * @quitting: the user wants to leave
 * @quits: how often the user said so
 * @met: somebody was up once
 * @received: files that arrived
 * @status: exit code so far
 */
struct room {
	const struct options *options;
	struct offload offload;
	struct identity identity;
	SSL_CTX *tls;
	struct peers peers;
	struct ui ui;
	int listener;
	char address[PEER_ADDRESS_SIZE];
	const char *host;
	int family;
	struct addrinfo *addresses;
	struct net_lookup *lookup;
	struct invite invited;
	bool has_invite;
	uint16_t port;
	uint8_t tokens[ROOM_INVITES][INVITE_TOKEN_SIZE];
	unsigned int token_count;
	char invite_text[INVITE_TEXT_SIZE];
	struct secret secret;
	char nick[NICK_SIZE];
	struct member *members;
	int64_t accept_ms;
	bool cannot_accept;
	struct member *question;
	bool question_changed;
	bool call_anew;
	bool quitting;
	unsigned int quits;
	bool met;
	unsigned int received;
	enum chat_exit status;
};

/** room_member() - a new member, in the list; NULL: no memory */
struct member *room_member(struct room *room, bool caller);

/** room_fail() - the exit code, unless there is one already */
void room_fail(struct room *room, enum chat_exit status);

/** member_stage() - change the stage */
void member_stage(struct member *m, enum member_stage stage);

/** member_is_present() - is there a conversation with it? */
static inline bool member_is_present(const struct member *m)
{
	return m->stage == MEMBER_UP || m->stage == MEMBER_AWAY;
}

/** room_question_over() - no question is open any more: prompt and typed text come back */
void room_question_over(struct room *room);

/** room_withdraw_question() - @m goes; if the user is being asked about it, the question goes too */
void room_withdraw_question(struct member *m);

/** room_reap() - free the members that are gone */
void room_reap(struct room *room);

#endif /* CRYPTOCHAT_SESSION_ROOM_H */
