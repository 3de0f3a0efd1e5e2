/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * editor.h - a line being typed, and those typed before. Knows nothing of a terminal.
 *
 * The line is UTF-8 without controls, except that a paste may have brought line ends.
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
	char *aside;
	size_t aside_cursor;
};

/** enum editor_result - what a key did */
enum editor_result {
	EDITOR_SAME,
	EDITOR_CHANGED,
	EDITOR_LINE, /* the line is complete: take it, then editor_clear() */
	EDITOR_EOF,  /* end of input, on an empty line */
};

/** editor_init() - returns 0 or -ENOMEM */
int editor_init(struct editor *e);

/** editor_key() - a key or character of keys_feed() */
enum editor_result editor_key(struct editor *e, uint32_t key);

/** editor_clear() - begin a new line; @remember: the old one goes to the history */
void editor_clear(struct editor *e, bool remember);

/** editor_put_aside() - begin a new line; the one being typed comes back later */
void editor_put_aside(struct editor *e);

/** editor_bring_back() - drop the line being typed for the one put aside */
void editor_bring_back(struct editor *e);

void editor_free(struct editor *e);

#endif /* CRYPTOCHAT_UI_EDITOR_H */
