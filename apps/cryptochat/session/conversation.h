/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conversation.h - the conversations of this process, and who takes part in them.
 *
 * A room has one member when two people talk and up to ROOM_MEMBERS as a hub. A member
 * is a peer and its conversation: numbers, outbox, files; its link comes and goes.
 *
 *	conversation.c      the poll loop, timers, reconnecting
 *	handshake.c     from a fresh link to a member: keys, proofs, HELLO
 *	question.c  the user is asked about a key
 *	member.c    frames of a member that is up, acknowledgements, leaving
 *	commands.c     what the user types: messages and /commands
 *	unsent.c    what has not arrived when a conversation ends
 *	session.c      from the options to a room
 */
#ifndef CRYPTOCHAT_SESSION_CONVERSATION_H
#define CRYPTOCHAT_SESSION_CONVERSATION_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "cryptochat/files/files.h"
#include "cryptochat/identity/invite.h"
#include "cryptochat/link/link.h"
#include "cryptochat/link/net.h"
#include "cryptochat/options.h"
#include "cryptochat/identity/peers.h"
#include "cryptochat/identity/passphrase.h"
#include "cryptochat/identity/trust.h"
#include "cryptochat/ui/ui.h"
#include "cryptochat/identity/verify.h"

#define ROOM_MEMBERS 64	  /* of a hub */
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
 * @eof_in: it will send no more text
 * @eof_out: we told it the same
 * @leaving: we leave as soon as everything has arrived
 * @words_differ: we leave at once, and say that this is why
 * @streamed: part of our standard input was sent to it
 * @wants_place_ms: a caller whose key is in a conversation: since when it waits for news of that
 *	one; 0: it does not
 * @since_ms: when the stage began
 * @retry_ms: MEMBER_AWAY, when to call again
 * @attempts: calls since the link broke
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
	bool eof_in;
	bool eof_out;
	bool leaving;
	bool words_differ;
	bool streamed;
	int64_t wants_place_ms;
	int64_t since_ms;
	int64_t retry_ms;
	unsigned int attempts;
	struct files files;
	struct verify verify;
	uint8_t scratch[FRAME_MAX];
};

/**
 * struct room - everything
 * @address: whom we call, as in known_peers; empty: nobody
 * @addresses: whom we call, resolved
 * @next_address: which to try next
 * @invited: key and token of the invite we were given
 * @has_invite: @invited is valid
 * @token: of the invite we gave out
 * @token_valid: and nobody has used it yet
 * @secret: of --key-file; len 0: none
 * @accept_ms: when to look at the listener again; 0: at once
 * @cannot_accept: the last try failed, and the user was told
 * @question: the member the user is being asked about
 * @question_changed: the question before went without an answer
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
	struct addrinfo *addresses;
	struct addrinfo *next_address;
	struct invite invited;
	bool has_invite;
	uint8_t token[INVITE_TOKEN_SIZE];
	bool token_valid;
	struct secret secret;
	char nick[NICK_SIZE];
	struct member *members;
	int64_t accept_ms;
	bool cannot_accept;
	struct member *question;
	bool question_changed;
	bool quitting;
	unsigned int quits;
	bool met;
	unsigned int received;
	enum chat_exit status;
};

/* conversation.c */

/** room_run() - until the conversation is over, or a stop signal; returns the exit code */
enum chat_exit room_run(struct room *room);

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

/* handshake.c */

/** greet_open() - a member's link has just become open */
void greet_open(struct member *m);

/** greet_frame() - a frame from a member that is not up yet */
void greet_frame(struct member *m, const struct frame *f);

/** greet_wait() - a caller waits for a place: look again whether there is one */
void greet_wait(struct member *m);

/** greet_accept() - the user accepts the key of @m */
void greet_accept(struct member *m);

/** greet_refuse() - say why there is no conversation, and close */
void greet_refuse(struct member *m, enum refuse_code code, const char *reason);

/** greet_refuse_words() - greet_refuse(), since the words differed */
void greet_refuse_words(struct member *m);

/* question.c */

/** question_ask() - ask the user about the next member that waits for it */
void question_ask(struct room *room);

/** question_answer() - what the user typed while being asked */
void question_answer(struct room *room, const char *line);

/** question_withdraw() - @m goes; if the user is being asked about it, the question goes too */
void question_withdraw(struct member *m);

/* member.c */

/** member_up() - greetings are over, @hello is the peer's */
void member_up(struct member *m, const struct hello *hello);

/** member_frame() - a frame from a member that is up */
void member_frame(struct member *m, const struct frame *f);

/** member_work() - files, acknowledgements, pings, leaving; returns: call again without waiting */
bool member_work(struct member *m, int64_t now);

/** member_timeout() - milliseconds until member_work() is due, at most @most */
int member_timeout(const struct member *m, int64_t now, int most);

/** member_text() - send a message; @nick: hub: who wrote it, else NULL */
void member_text(struct member *m, const char *nick, const void *text, size_t len);

/** member_stream() - send bytes of standard input, at most FRAME_PAYLOAD */
void member_stream(struct member *m, const void *data, size_t len);

/** member_eof() - say that no more text will come */
void member_eof(struct member *m);

/** member_roster() - hub: tell @m about @about */
void member_roster(struct member *m, enum roster_event event, const struct member *about);

/** member_verify() - start comparing words, or record what came of it */
void member_verify(struct member *m, const char *word);

/** member_words_differ() - the other person found that the words differ */
void member_words_differ(struct member *m);

/** member_end() - the conversation is over for this reason; the member is gone */
void member_end(struct member *m, enum chat_exit status, const char *event, const char *why);

/** member_status() - for /status and the end */
void member_status(struct member *m);

/** member_leave_now() - leave without waiting for what has not arrived, which is named */
void member_leave_now(struct member *m);

/* unsent.c */

/** unsent_any() - is there a message, or part of the standard input, that @m has not acknowledged?
 */
bool unsent_any(const struct member *m);

/** unsent_report() - name it, since the conversation ends; the exit status is then not 0 */
void unsent_report(struct member *m);

/** unsent_wait() - tell the user, who wants to leave, what is waited for */
void unsent_wait(struct member *m);

/* commands.c */

/** typed_input() - deal with what the user has typed */
void typed_input(struct room *room);

#endif /* CRYPTOCHAT_SESSION_CONVERSATION_H */
