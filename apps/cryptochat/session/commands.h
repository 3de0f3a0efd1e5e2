/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - what the user types: messages and /commands. */
#ifndef CRYPTOCHAT_SESSION_COMMANDS_H
#define CRYPTOCHAT_SESSION_COMMANDS_H

#include "cryptochat/session/room.h"

/** typed_input() - deal with what the user has typed */
void typed_input(struct room *room);

/** command_name() - of command @i; NULL: there are not so many */
const char *command_name(size_t i);

#endif /* CRYPTOCHAT_SESSION_COMMANDS_H */
