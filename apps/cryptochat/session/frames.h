/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - the frames between us and a member that is up. */
#ifndef CRYPTOCHAT_SESSION_FRAMES_H
#define CRYPTOCHAT_SESSION_FRAMES_H

#include "cryptochat/session/room.h"

/** member_frame() - a frame from a member that is up */
void member_frame(struct member *m, const struct frame *f);

/** member_acknowledge() - say how much has come, if it is time to */
void member_acknowledge(struct member *m, int64_t now);

/** member_text() - send a message; @nick: hub: who wrote it, else NULL */
void member_text(struct member *m, const char *nick, const void *text, size_t len);

/** member_say() - as member_text(), for a message of the user; programs learn when it arrives */
void member_say(struct member *m, const char *nick, const void *text, size_t len);

/** member_stream() - send bytes of standard input, at most FRAME_PAYLOAD */
void member_stream(struct member *m, const void *data, size_t len);

/** member_eof() - say that no more text will come */
void member_eof(struct member *m);

/** member_roster() - hub: tell @m about @about */
void member_roster(struct member *m, enum roster_event event, const struct member *about);

/** member_put_verify() - send a step of comparing words */
void member_put_verify(struct member *m, const struct verify_frame *v);

#endif /* CRYPTOCHAT_SESSION_FRAMES_H */
