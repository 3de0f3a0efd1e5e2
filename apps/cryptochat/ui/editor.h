/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * editor.h - a line being typed, and those typed before. Knows nothing of a terminal.
 *
  * The line is UTF-8 without controls, except that a paste may have brought line ends and tabs.
 */
#ifndef CRYPTOCHAT_UI_EDITOR_H
#define CRYPTOCHAT_UI_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDITOR_LINE_MAX 60000 /* bytes; fits a frame */
#define EDITOR_HISTORY 200

/**
 * struct editor - a line editor
 * @line: EDITOR_LINE_MAX + 1 bytes, 0 at the end
 * @len: bytes of it
 * @cursor: byte position, at a character's start
 * @history: lines typed before, oldest first
 * @history_count: how many
 * @history_at: line shown, @history_count: the one being typed
 * @draft: the line being typed while another one is shown
  * @searching: keys go to @query, and the line of the history that has it is shown
 * @no_match: no line of the history has it
 * @pasting: between editor_paste_begins() and editor_paste_ends(); the paste has @pasted bytes and
 *	began at @paste_at
 * @refused: bytes of the paste that had no room
 * @aside: a line put aside, or NULL; @aside_cursor: where the cursor was in it
 */
struct editor {
	char *line;
	size_t len;
	size_t cursor;
	char *history[EDITOR_HISTORY];
	size_t history_count;
	size_t history_at;
	char *draft;
	bool searching;
	bool no_match;
	char query[64];
	bool pasting;
	size_t paste_at;
	size_t pasted;
	size_t refused;
	char *aside;

	size_t aside_cursor;
};

/** enum editor_result - what a key did */
enum editor_result {
	EDITOR_SAME,
	EDITOR_CHANGED,
	EDITOR_TAB,  /* complete the word before the cursor */
	EDITOR_FULL, /* there is no room for the character */
	EDITOR_LINE, /* the line is complete: take it, then editor_clear() */
	EDITOR_EOF,  /* end of input, on an empty line */
};

/** editor_init() - returns 0 or -ENOMEM */
int editor_init(struct editor *e);

/** editor_key() - a key or character of keys_feed() */
enum editor_result editor_key(struct editor *e, uint32_t key);

/** editor_paste_begins() - the next characters are of a paste */
void editor_paste_begins(struct editor *e);

/** editor_paste_ends() - a paste that has not fitted is taken back as a whole; returns its bytes, else 0 */
size_t editor_paste_ends(struct editor *e);

/** editor_replace() - @text instead of what is from @from to the cursor, if there is room */
void editor_replace(struct editor *e, size_t from, const char *text);

/** editor_remember() - a line for the history; returns: it is new there */
bool editor_remember(struct editor *e, const char *line);

/** editor_clear() - begin a new line; @remember: the old one goes to the history */
void editor_clear(struct editor *e, bool remember);

/** editor_put_aside() - begin a new line; the one being typed comes back later */
void editor_put_aside(struct editor *e);

/** editor_bring_back() - drop the line being typed for the one put aside */
void editor_bring_back(struct editor *e);

void editor_free(struct editor *e);

#endif /* CRYPTOCHAT_UI_EDITOR_H */
