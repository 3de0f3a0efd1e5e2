// SPDX-License-Identifier: GPL-2.0-or-later
/* editor.c - a line being typed, and those typed before. */
#include "cryptochat/ui/editor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cryptochat/ui/keyboard.h"
#include "apps/base/text.h"

int editor_init(struct editor *e)
{
	*e = (struct editor){.line = calloc(1, EDITOR_LINE_MAX + 1)};
	return e->line ? 0 : -ENOMEM;
}

void editor_free(struct editor *e)
{
	for (size_t i = 0; i < e->history_count; i++)
		free(e->history[i]);
	if (e->line)
		explicit_bzero(e->line, EDITOR_LINE_MAX);
	free(e->line);
	free(e->draft);
	if (e->aside)
		explicit_bzero(e->aside, strlen(e->aside));
	free(e->aside);
	*e = (struct editor){0};
}

static uint32_t at(const struct editor *e, size_t pos, size_t *len)
{
	uint32_t c = 0;

	*len = pos < e->len ? utf8_decode((const uint8_t *)e->line + pos, e->len - pos, &c) : 0;
	return c;
}

/* One character on, together with the marks of no width that belong to it. */
static size_t next(const struct editor *e, size_t pos)
{
	size_t n;

	at(e, pos, &n);
	pos += n;
	while (pos < e->len) {
		uint32_t c = at(e, pos, &n);

		if (c == '\n' || text_width(c) > 0)
			break;
		pos += n;
	}
	return pos;
}

static size_t previous(const struct editor *e, size_t pos)
{
	size_t n;
	uint32_t c;

	do {
		if (pos == 0)
			return 0;
		do
			pos--;
		while (pos && ((unsigned char)e->line[pos] & 0xc0) == 0x80);
		c = at(e, pos, &n);
	} while (c != '\n' && text_width(c) == 0);
	return pos;
}

static bool is_space(const struct editor *e, size_t pos)
{
	return e->line[pos] == ' ' || e->line[pos] == '\n';
}

static size_t word_left(const struct editor *e, size_t pos)
{
	while (pos && is_space(e, previous(e, pos)))
		pos = previous(e, pos);
	while (pos && !is_space(e, previous(e, pos)))
		pos = previous(e, pos);
	return pos;
}

static size_t word_right(const struct editor *e, size_t pos)
{
	while (pos < e->len && is_space(e, pos))
		pos = next(e, pos);
	while (pos < e->len && !is_space(e, pos))
		pos = next(e, pos);
	return pos;
}

/* Remove from @from to @to; the cursor goes to @from. */
static enum editor_result cut(struct editor *e, size_t from, size_t to)
{
	if (from == to)
		return EDITOR_SAME;
	memmove(e->line + from, e->line + to, e->len - to + 1);
	e->len -= to - from;
	e->cursor = from;
	return EDITOR_CHANGED;
}

static enum editor_result insert(struct editor *e, uint32_t c)
{
	uint8_t bytes[4];
	size_t n = text_encode(c, bytes);

	if (e->len + n > EDITOR_LINE_MAX)
		return EDITOR_SAME;
	memmove(e->line + e->cursor + n, e->line + e->cursor, e->len - e->cursor + 1);
	memcpy(e->line + e->cursor, bytes, n);
	e->len += n;
	e->cursor += n;
	return EDITOR_CHANGED;
}

static enum editor_result move(struct editor *e, size_t pos)
{
	if (pos == e->cursor)
		return EDITOR_SAME;
	e->cursor = pos;
	return EDITOR_CHANGED;
}

static void show(struct editor *e, const char *line)
{
	e->len = strlen(line);
	memmove(e->line, line, e->len + 1);
	e->cursor = e->len;
}

static enum editor_result recall(struct editor *e, bool older)
{
	if (older ? e->history_at == 0 : e->history_at == e->history_count)
		return EDITOR_SAME;
	if (e->history_at == e->history_count) {
		free(e->draft);
		e->draft = strdup(e->line);
	}
	e->history_at += older ? (size_t)-1 : 1;
	show(e, e->history_at < e->history_count ? e->history[e->history_at]
		: e->draft			 ? e->draft
						 : "");
	return EDITOR_CHANGED;
}

enum editor_result editor_key(struct editor *e, uint32_t key)
{
	switch (key) {
	case KEY_NONE:
	case KEY_SUSPEND: /* the terminal's owner deals with it */
		return EDITOR_SAME;
	case KEY_ENTER:
		return EDITOR_LINE;
	case KEY_EOF:
		return e->len == 0 ? EDITOR_EOF : cut(e, e->cursor, next(e, e->cursor));
	case KEY_DELETE:
		return cut(e, e->cursor, next(e, e->cursor));
	case KEY_BACKSPACE:
		return cut(e, previous(e, e->cursor), e->cursor);
	case KEY_LEFT:
		return move(e, previous(e, e->cursor));
	case KEY_RIGHT:
		return move(e, next(e, e->cursor));
	case KEY_WORD_LEFT:
		return move(e, word_left(e, e->cursor));
	case KEY_WORD_RIGHT:
		return move(e, word_right(e, e->cursor));
	case KEY_HOME:
		return move(e, 0);
	case KEY_END:
		return move(e, e->len);
	case KEY_KILL_END:
		return cut(e, e->cursor, e->len);
	case KEY_KILL_START:
		return cut(e, 0, e->cursor);
	case KEY_KILL_WORD:
		return cut(e, word_left(e, e->cursor), e->cursor);
	case KEY_UP:
	case KEY_DOWN:
		return recall(e, key == KEY_UP);
	case KEY_REDRAW:
		return EDITOR_CHANGED;
	default:
		return insert(e, key);
	}
}

static void remember(struct editor *e)
{
	char *copy;

	if (!e->len || (e->history_count && strcmp(e->history[e->history_count - 1], e->line) == 0))
		return;
	copy = strdup(e->line);
	if (!copy)
		return;
	if (e->history_count == EDITOR_HISTORY) {
		free(e->history[0]);
		memmove(e->history, e->history + 1, sizeof(e->history) - sizeof(e->history[0]));
		e->history_count--;
	}
	e->history[e->history_count++] = copy;
}

void editor_clear(struct editor *e, bool keep)
{
	if (keep)
		remember(e);
	e->history_at = e->history_count;
	e->line[0] = 0;
	e->len = e->cursor = 0;
}

void editor_put_aside(struct editor *e)
{
	free(e->aside);
	e->aside = e->len ? strdup(e->line) : NULL;
	e->aside_cursor = e->cursor;
	editor_clear(e, false);
}

void editor_bring_back(struct editor *e)
{
	editor_clear(e, false);
	if (!e->aside)
		return;
	show(e, e->aside);
	e->cursor = e->aside_cursor;
	explicit_bzero(e->aside, e->len);
	free(e->aside);
	e->aside = NULL;
}
