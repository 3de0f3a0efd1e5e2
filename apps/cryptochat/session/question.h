/* SPDX-License-Identifier: GPL-2.0-or-later */
/* question.h - the user is asked about a key. */
#ifndef CRYPTOCHAT_SESSION_QUESTION_H
#define CRYPTOCHAT_SESSION_QUESTION_H

#include "cryptochat/session/room.h"

/** question_ask() - ask the user about the next member that waits for it */
void question_ask(struct room *room);

/** question_answer() - what the user typed while being asked */
void question_answer(struct room *room, const char *line);

#endif /* CRYPTOCHAT_SESSION_QUESTION_H */
