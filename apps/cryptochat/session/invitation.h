/* SPDX-License-Identifier: GPL-2.0-or-later */
/* invitation.h - invites that are given out. */
#ifndef CRYPTOCHAT_SESSION_INVITATION_H
#define CRYPTOCHAT_SESSION_INVITATION_H

#include "cryptochat/session/room.h"

/**
 * invitation_make() - a new invite, which lets one person in
 *
 * Return: 0, -EMFILE: too many are unused, or -EIO: no random numbers
 */
int invitation_make(struct room *room, char text[INVITE_TEXT_SIZE]);

/** invitation_how() - what the user, and the other person, do with an invite */
const char *invitation_how(const struct room *room);

/** invitation_hint() - why the other person may not reach the host in the invite, or NULL */
const char *invitation_hint(const struct room *room);

#endif /* CRYPTOCHAT_SESSION_INVITATION_H */
