/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal.h - what a terminal would show: the least emulator that cryptochat needs.
 *
 * It knows the controls that cryptochat's screen is allowed to send and no others. Anything
 * else is kept as the first offence, so a test that lets hostile text through fails. Its
 * widths are its own: two columns for CJK, kana and emoji, none for combining marks.
 */
#ifndef TEST_CHAT_TERMINAL_H
#define TEST_CHAT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_COLUMNS 200 /* the most that can be asked for */
#define TERMINAL_LINES 2000  /* scrollback and screen together */
#define TERMINAL_CELL 20     /* bytes of a character with its marks */

/** struct terminal_line - a row; a cell is "" behind a wide character, and " " if never written */
struct terminal_line {
	char cell[TERMINAL_COLUMNS][TERMINAL_CELL];
};

/**
 * struct terminal - a terminal
 * @line: all rows; those from @top on are the screen
 * @top: first row of the screen
 * @used: rows that have been reached
 * @row: of the cursor, in @line
 * @column: of the cursor; @columns: behind the last one, the next character wraps
 * @bells: how often it rang
  * @colours: changes of colour that it was told
 * @no_wrap: characters at the edge take the last place
 * @joins: set by the test: emoji with a joiner between them are shown as one
 * @paste: bracketed paste is on
 * @offence: the first byte sequence that is not allowed, escaped; or ""
 * @held: bytes of a sequence or character that is not complete
 */
struct terminal {
	struct terminal_line line[TERMINAL_LINES];
	size_t columns;
	size_t rows;
	size_t top;
	size_t used;
	size_t row;
	size_t column;
	unsigned int bells;
	unsigned int colours;
	bool no_wrap;
	bool joins;
	bool paste;

	char offence[64];
	char held[16];
	size_t held_len;
};

/** terminal_new() - an empty one; freed with free() */
struct terminal *terminal_new(size_t columns, size_t rows);

/** terminal_feed() - bytes that a program wrote */
void terminal_feed(struct terminal *t, const char *data, size_t len);

/** terminal_row() - text of a row without the spaces at its end; valid until the next call */
const char *terminal_row(const struct terminal *t, size_t row);

/** terminal_count() - in how many rows, scrollback included, @text is found */
unsigned int terminal_count(const struct terminal *t, const char *text);

/** terminal_text() - all rows, a newline behind each; freed by caller */
char *terminal_text(const struct terminal *t);

#endif /* TEST_CHAT_TERMINAL_H */
