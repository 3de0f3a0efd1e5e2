// SPDX-License-Identifier: GPL-2.0-or-later
/* terminal.c - what a terminal would show: the least emulator that cryptochat needs. */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/terminal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void blank(struct terminal *t, size_t row, size_t from)
{
	for (size_t i = from; i < TERMINAL_COLUMNS; i++)
		strcpy(t->line[row].cell[i], " ");
}

struct terminal *terminal_new(size_t columns, size_t rows)
{
	struct terminal *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	assert_true(columns <= TERMINAL_COLUMNS);
	t->columns = columns;
	t->rows = rows;
	t->used = 1;
	for (size_t row = 0; row < TERMINAL_LINES; row++)
		blank(t, row, 0);
	return t;
}

/* Bytes of the UTF-8 character that begins with @first; 0: none does. */
static size_t length_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

static uint32_t decode(const char *bytes, size_t len)
{
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = (unsigned char)bytes[0] & first[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)bytes[i] & 0x3f);
	return c;
}

static size_t width_of(uint32_t c)
{
	if ((c >= 0x300 && c < 0x370) || c == 0x200d || (c >= 0xfe00 && c < 0xfe10))
		return 0;
	if ((c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) ||
	    (c >= 0xac00 && c < 0xd7a4) || (c >= 0xff00 && c < 0xff61) ||
	    (c >= 0x1f300 && c < 0x1f650) || (c >= 0x1f900 && c < 0x1fa00))
		return 2;
	return 1;
}

static void line_feed(struct terminal *t)
{
	t->row++;
	assert_true(t->row < TERMINAL_LINES);
	if (t->row >= t->used)
		t->used = t->row + 1;
	if (t->row >= t->top + t->rows)
		t->top = t->row + 1 - t->rows;
}

/* A mark goes onto the character before it. */
static void put_mark(struct terminal *t, const char *bytes)
{
	size_t column = t->column;
	char *cell;
	size_t used, len = strlen(bytes);

	assert_true(column > 0);
	do
		column--;
	while (column && !t->line[t->row].cell[column][0]);
	cell = t->line[t->row].cell[column];
	used = strlen(cell);
	assert_true(used + len < TERMINAL_CELL);
	memcpy(cell + used, bytes, len + 1);
}

/* Does the character before the cursor end in a joiner? */
static bool joins_before(const struct terminal *t)
{
	size_t column = t->column;
	const char *cell;
	size_t len;

	if (!column)
		return false;
	do
		column--;
	while (column && !t->line[t->row].cell[column][0]);
	cell = t->line[t->row].cell[column];
	len = strlen(cell);
	return len >= 3 && strcmp(cell + len - 3, "\xe2\x80\x8d") == 0;
}

static void put(struct terminal *t, const char *bytes, size_t len)
{
	size_t width = width_of(decode(bytes, len));
	char(*cell)[TERMINAL_CELL];

	if (!width || (t->joins && joins_before(t))) {
		put_mark(t, bytes);
		return;
	}
	if (t->column + width > t->columns && t->no_wrap)
		t->column = t->columns - width;
	if (t->column + width > t->columns) {
		line_feed(t);
		t->column = 0;
	}
	cell = t->line[t->row].cell;
	memset(cell[t->column], 0, TERMINAL_CELL);
	memcpy(cell[t->column], bytes, len);
	if (width == 2)
		cell[t->column + 1][0] = 0;
	t->column += width;
}

static void offend(struct terminal *t)
{
	size_t at = 0;

	if (t->offence[0])
		return;
	for (size_t i = 0; i < t->held_len; i++)
		at += (size_t)snprintf(t->offence + at, sizeof(t->offence) - at, "\\x%02x",
				       (unsigned char)t->held[i]);
}

static void erase_below(struct terminal *t)
{
	blank(t, t->row, t->column);
	for (size_t row = t->row + 1; row < t->used; row++)
		blank(t, row, 0);
	t->used = t->row + 1;
}

/* A whole sequence, ESC [ to the letter. */
static void sequence(struct terminal *t)
{
	size_t n = (size_t)strtoul(t->held + 2, NULL, 10);

	n = n ? n : 1;
	if (strcmp(t->held, "\033[?2004h") == 0)
		t->paste = true;
	else if (strcmp(t->held, "\033[?2004l") == 0)
		t->paste = false;
	else if (strcmp(t->held, "\033[?7l") == 0)
		t->no_wrap = true;
	else if (strcmp(t->held, "\033[?7h") == 0)
		t->no_wrap = false;
	else if (t->held[2] != '?' && t->held[t->held_len - 1] == 'm')
		t->colours++;
	else if (strcmp(t->held, "\033[J") == 0)
		erase_below(t);
	else if (t->held[2] != '?' && t->held[t->held_len - 1] == 'A')
		t->row = t->row - t->top < n ? t->top : t->row - n;
	else if (t->held[2] != '?' && t->held[t->held_len - 1] == 'C')
		t->column = t->column + n >= t->columns ? t->columns - 1 : t->column + n;
	else
		offend(t);
}

static bool control(struct terminal *t, char byte)
{
	switch (byte) {
	case '\r':
		t->column = 0;
		return true;
	case '\n':
		line_feed(t);
		return true;
	case '\t':
		t->column = (t->column / 8 + 1) * 8;
		if (t->column >= t->columns)
			t->column = t->columns - 1;
		return true;
	case '\a':
		t->bells++;
		return true;
	default:
		return false;
	}
}

/* Is what is held complete? Then it is executed. */
static bool complete(struct terminal *t)
{
	unsigned char first = (unsigned char)t->held[0];
	char last = t->held[t->held_len - 1];
	size_t need = length_of(first);

	if (first == 0x1b) {
		if (t->held_len == 1)
			return false;
		if (t->held[1] != '[') {
			offend(t);
			return true;
		}
		if (t->held_len == 2 || last == '?' || (last >= '0' && last <= '9') || last == ';')
			return t->held_len == sizeof(t->held) - 1;
		sequence(t);
		return true;
	}
	if (first < 0x20 || first == 0x7f || !need) {
		if (!control(t, t->held[0]))
			offend(t);
		return true;
	}
	if (t->held_len < need)
		return false;
	/* C1 controls, and marks that turn the direction. */
	if ((need == 2 && decode(t->held, 2) < 0xa0) ||
	    (need == 3 && decode(t->held, 3) >= 0x202a && decode(t->held, 3) <= 0x202e))
		offend(t);
	else
		put(t, t->held, need);
	return true;
}

void terminal_feed(struct terminal *t, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		t->held[t->held_len++] = data[i];
		t->held[t->held_len] = 0;
		if (complete(t))
			t->held_len = 0;
	}
}

const char *terminal_row(const struct terminal *t, size_t row)
{
	static char text[TERMINAL_COLUMNS * TERMINAL_CELL];
	size_t len = 0, end = 0;

	for (size_t i = 0; i < t->columns; i++) {
		const char *cell = t->line[row].cell[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", cell);
		if (cell[0] && strcmp(cell, " ") != 0)
			end = len;
	}
	text[end] = 0;
	return text;
}

unsigned int terminal_count(const struct terminal *t, const char *text)
{
	unsigned int count = 0;

	for (size_t row = 0; row < t->used; row++)
		count += strstr(terminal_row(t, row), text) != NULL;
	return count;
}

char *terminal_text(const struct terminal *t)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t row = 0; row < t->used; row++)
		fprintf(out, "%s\n", terminal_row(t, row));
	assert_int_equal(fclose(out), 0);
	return text;
}
