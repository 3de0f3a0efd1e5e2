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

/* One character on, together with the marks that belong to it. */
static size_t next(const struct editor *e, size_t pos)
{
	size_t columns;

	return pos + text_cluster(e->line + pos, e->len - pos, &columns);
}

/* Where a character begins is known from the start of the line only. */
static size_t previous(const struct editor *e, size_t pos)
{
	size_t at = 0, after = 0;

	while (after < pos) {
		at = after;
		after = next(e, at);
	}
	return at;
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

	e->pasted += e->pasting ? n : 0;
	if (e->len + n > EDITOR_LINE_MAX) {
		e->refused += n;
		return e->pasting ? EDITOR_SAME : EDITOR_FULL;
	}
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

/* The newest line before @from that has the query in it is shown. */
static void look(struct editor *e, size_t from)
{
	for (size_t i = from; i-- > 0;) {
		if (!strstr(e->history[i], e->query))
			continue;
		show(e, e->history[i]);
		e->history_at = i;
		e->no_match = false;
		return;
	}
	e->no_match = true;
}

static enum editor_result begin_search(struct editor *e)
{
	if (e->history_at == e->history_count) {
		free(e->draft);
		e->draft = strdup(e->line);
	}
	e->searching = true;
	e->no_match = false;
	e->query[0] = 0;
	return EDITOR_CHANGED;
}

static void end_search(struct editor *e, bool keep)
{
	e->searching = false;
	if (!keep) {
		e->history_at = e->history_count;
		show(e, e->draft ? e->draft : "");
	}
}

static void extend_query(struct editor *e, uint32_t c)
{
	uint8_t bytes[4];
	size_t n = text_encode(c, bytes), len = strlen(e->query);

	if (len + n >= sizeof(e->query))
		return;
	memcpy(e->query + len, bytes, n);
	e->query[len + n] = 0;
	/* The line that is shown may have it. */
	look(e, e->history_at < e->history_count ? e->history_at + 1 : e->history_count);
}

static void shorten_query(struct editor *e)
{
	size_t len = strlen(e->query);

	while (len && ((unsigned char)e->query[len - 1] & 0xc0) == 0x80)
		len--;
	e->query[len ? len - 1 : 0] = 0;
	look(e, e->history_count);
}

static enum editor_result plain_key(struct editor *e, uint32_t key)
{
	switch (key) {
	case KEY_NONE:
	case KEY_CANCEL:
	case KEY_SUSPEND: /* the terminal's owner deals with it */
		return EDITOR_SAME;
	case KEY_TAB:
		return EDITOR_TAB;
	case KEY_SEARCH:
		return begin_search(e);
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

/* A key while a line is searched for; false: it is not one of the search's own. */
static bool search_key(struct editor *e, uint32_t key)
{
	switch (key) {
	case KEY_NONE:
	case KEY_SUSPEND:
		return true;
	case KEY_SEARCH:
		look(e, e->history_at);
		return true;
	case KEY_BACKSPACE:
		shorten_query(e);
		return true;
	case KEY_CANCEL:
		end_search(e, false);
		return true;
	default:
		if (key < KEY_NONE)
			extend_query(e, key);
		return key < KEY_NONE;
	}
}

enum editor_result editor_key(struct editor *e, uint32_t key)
{
	enum editor_result result;

	if (!e->searching)
		return plain_key(e, key);
	if (search_key(e, key))
		return EDITOR_CHANGED;
	/* Another key ends the search, keeps what was found, and does what it always does. */
	end_search(e, true);
	result = plain_key(e, key);
	return result == EDITOR_SAME ? EDITOR_CHANGED : result;
}

void editor_paste_begins(struct editor *e)
{
	if (e->searching)
		end_search(e, true);
	e->pasting = true;
	e->paste_at = e->cursor;
	e->pasted = e->refused = 0;
}

size_t editor_paste_ends(struct editor *e)
{
	size_t refused = e->refused ? e->pasted : 0;

	e->pasting = false;
	if (refused)
		cut(e, e->paste_at, e->cursor);
	e->pasted = e->refused = 0;
	return refused;
}

void editor_replace(struct editor *e, size_t from, const char *text)
{
	size_t len = strlen(text), tail = e->len - e->cursor;

	if (from > e->cursor || from + len + tail > EDITOR_LINE_MAX)
		return;
	memmove(e->line + from + len, e->line + e->cursor, tail + 1);
	memcpy(e->line + from, text, len);
	e->cursor = from + len;
	e->len = e->cursor + tail;
}

bool editor_remember(struct editor *e, const char *line)
{
	char *copy;

	if (!line[0] || (e->history_count && strcmp(e->history[e->history_count - 1], line) == 0))
		return false;
	copy = strdup(line);
	if (!copy)
		return false;
	if (e->history_count == EDITOR_HISTORY) {
		free(e->history[0]);
		memmove(e->history, e->history + 1, sizeof(e->history) - sizeof(e->history[0]));
		e->history_count--;
	}
	e->history[e->history_count++] = copy;
	e->history_at = e->history_count;
	return true;
}

void editor_clear(struct editor *e, bool keep)
{
	if (keep)
		editor_remember(e, e->line);
	e->searching = false;
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
