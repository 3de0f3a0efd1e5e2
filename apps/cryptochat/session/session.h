/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h - listen, connect, send and recv over TLS. */
#ifndef CRYPTOCHAT_SESSION_SESSION_H
#define CRYPTOCHAT_SESSION_SESSION_H

#include "cryptochat/session/options.h"

/** talk_run() - carry out a checked command line of --protocol=tls; as command_run() */
enum chat_exit talk_run(const struct options *o);

#endif /* CRYPTOCHAT_SESSION_SESSION_H */
