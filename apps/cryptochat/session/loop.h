/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.h - the poll loop of all conversations. */
#ifndef CRYPTOCHAT_SESSION_LOOP_H
#define CRYPTOCHAT_SESSION_LOOP_H

#include "cryptochat/session/room.h"

/** room_run() - until the conversation is over, or a stop signal; returns the exit code */
enum chat_exit room_run(struct room *room);

#endif /* CRYPTOCHAT_SESSION_LOOP_H */
