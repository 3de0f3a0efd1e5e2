/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complete.h - Tab: commands, nicks and paths. */
#ifndef CRYPTOCHAT_SESSION_COMPLETE_H
#define CRYPTOCHAT_SESSION_COMPLETE_H

#include "cryptochat/session/room.h"

/** complete() - complete the word before the cursor, or list what it may become */
void complete(struct room *room);

/**
 * complete_path() - the path that somebody means who typed @text
 * @ret: PATH_MAX bytes
 *
 * Blanks at the end and a pair of quotes are no part of it, unless there is such a file; ~/ is the
 * home directory.
 *
 * Return: 0, -ENOENT: nothing was typed, or -ENAMETOOLONG
 */
int complete_path(const char *text, char *ret);

#endif /* CRYPTOCHAT_SESSION_COMPLETE_H */
