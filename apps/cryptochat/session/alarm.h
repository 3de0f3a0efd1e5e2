/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alarm.h - a key that is not let in: the user is told why, and the other end, too. */
#ifndef CRYPTOCHAT_SESSION_ALARM_H
#define CRYPTOCHAT_SESSION_ALARM_H

#include "cryptochat/session/room.h"

/** alarm_changed() - @name has another key than the one of @known, which was accepted for it */
void alarm_changed(struct member *m, const char *name, const struct peer *known);

/** alarm_rejected() - the user found out that somebody else is behind this key of @name */
void alarm_rejected(struct member *m, const char *name);

/** alarm_stranger() - a key never seen, and nobody who can be asked */
void alarm_stranger(struct member *m);

#endif /* CRYPTOCHAT_SESSION_ALARM_H */
