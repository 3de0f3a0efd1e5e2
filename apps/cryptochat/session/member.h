/* SPDX-License-Identifier: GPL-2.0-or-later */
/* member.h - the conversation with a peer that is up. */
#ifndef CRYPTOCHAT_SESSION_MEMBER_H
#define CRYPTOCHAT_SESSION_MEMBER_H

#include "cryptochat/session/room.h"

/** member_up() - greetings are over, @hello is the peer's */
void member_up(struct member *m, const struct hello *hello);

/* In known_peers, the nick of somebody whose key was accepted and who has not said a nick yet. */
#define NICK_UNKNOWN "?"

/** member_remember() - write the key into known_peers, or the nick, if the key is there */
void member_remember(struct member *m, const char *nick);

/** member_work() - files, acknowledgements, pings, leaving; returns: call again without waiting */
bool member_work(struct member *m, int64_t now);

/** member_timeout() - milliseconds until member_work() is due, at most @most */
int member_timeout(const struct member *m, int64_t now, int most);

/** member_end() - the conversation is over for this reason; the member is gone */
void member_end(struct member *m, enum chat_exit status, const char *event, const char *why);

/** member_dismiss() - hub: tell @m that it has to leave, for @reason; the others learn that it left
 */
void member_dismiss(struct member *m, enum refuse_code code, const char *reason, const char *why);

/** member_too_slow() - hub: @m does not take what is said; it is told so, and leaves */
void member_too_slow(struct member *m);

/** member_away() - its link broke; in a hub the others learn it */
void member_away(struct member *m);

/** member_status() - for /status and the end */
void member_status(struct member *m);

/** member_leave_now() - leave without waiting for what has not arrived, which is named */
void member_leave_now(struct member *m);

/** member_refuse() - say why there is no conversation, and close */
void member_refuse(struct member *m, enum refuse_code code, const char *reason);

/** member_refuse_words() - member_refuse(), since the words differed */
void member_refuse_words(struct member *m);

#endif /* CRYPTOCHAT_SESSION_MEMBER_H */
