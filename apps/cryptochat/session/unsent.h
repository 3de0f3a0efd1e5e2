/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unsent.h - what has not arrived when a conversation ends. */
#ifndef CRYPTOCHAT_SESSION_UNSENT_H
#define CRYPTOCHAT_SESSION_UNSENT_H

#include "cryptochat/session/room.h"

/** unsent_any() - is there a message, or part of the standard input, that @m has not acknowledged?
 */
bool unsent_any(const struct member *m);

/** unsent_report() - name it, since the conversation ends; the exit status is then not 0 */
void unsent_report(struct member *m);

/** unsent_wait() - tell the user, who wants to leave, what is waited for */
void unsent_wait(struct member *m);

#endif /* CRYPTOCHAT_SESSION_UNSENT_H */
