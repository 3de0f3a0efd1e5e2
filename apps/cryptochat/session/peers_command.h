/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peers_command.h - cryptochat peers: who is known. */
#ifndef CRYPTOCHAT_SESSION_PEERS_COMMAND_H
#define CRYPTOCHAT_SESSION_PEERS_COMMAND_H

#include "cryptochat/identity/peers.h"
#include "cryptochat/session/options.h"

/** peers_command() - do what the command line says: list, show, forget or rename */
enum chat_exit peers_command(const struct options *o, struct peers *peers);

#endif /* CRYPTOCHAT_SESSION_PEERS_COMMAND_H */
