/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handshake.h - from a fresh link to a member. */
#ifndef CRYPTOCHAT_SESSION_HANDSHAKE_H
#define CRYPTOCHAT_SESSION_HANDSHAKE_H

#include "cryptochat/session/room.h"

/** greet_open() - a member's link has just become open */
void greet_open(struct member *m);

/** greet_frame() - a frame from a member that is not up yet */
void greet_frame(struct member *m, const struct frame *f);

/** greet_wait() - a caller waits for a place: look again whether there is one */
void greet_wait(struct member *m);

/** greet_accept() - the user accepts the key of @m */
void greet_accept(struct member *m);

#endif /* CRYPTOCHAT_SESSION_HANDSHAKE_H */
