/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.h - lines typed in earlier conversations, in a file that the user asked for.
 *
 * One line of the file is one line of the editor; a line end in it is written as \n, and a
 * backslash as \\.
 */
#ifndef CRYPTOCHAT_UI_HISTORY_H
#define CRYPTOCHAT_UI_HISTORY_H

#include "cryptochat/ui/editor.h"

/** history_load() - the newest lines of a file, which need not exist; returns 0 or negative errno */
int history_load(const char *path, struct editor *e);

/** history_add() - one line more; other processes may add theirs; returns 0 or negative errno */
int history_add(const char *path, const char *line);

#endif /* CRYPTOCHAT_UI_HISTORY_H */
