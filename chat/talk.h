/* SPDX-License-Identifier: GPL-2.0-or-later */
/* talk.h - listen, connect, send and recv over TLS. */
#ifndef CHAT_TALK_H
#define CHAT_TALK_H

#include "chat/options.h"

/** talk_run() - carry out a checked command line of --protocol=tls; as command_run() */
enum chat_exit talk_run(const struct options *o);

#endif /* CHAT_TALK_H */
