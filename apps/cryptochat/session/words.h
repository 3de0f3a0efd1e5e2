/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.h - two people compare words, and what becomes of the key. */
#ifndef CRYPTOCHAT_SESSION_WORDS_H
#define CRYPTOCHAT_SESSION_WORDS_H

#include "cryptochat/session/room.h"

/** words_command() - "": start comparing words; "yes" or "no": record what came of it */
void words_command(struct member *m, const char *word);

/** words_receive() - a step of the other end; returns 0 or -EPROTO */
int words_receive(struct member *m, const struct verify_frame *in);

/** words_differ() - the other person found that the words differ */
void words_differ(struct member *m);

#endif /* CRYPTOCHAT_SESSION_WORDS_H */
