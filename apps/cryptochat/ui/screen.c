// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * screen.c - the terminal: a conversation that scrolls, and below it a line being typed.
 *
 * Theory of operation
 * -------------------
 * "Ours" is a block of rows at the end of what is on the terminal: the status, if any, then
 * prompt and line, wrapped at the right edge. It is drawn with relative movements only.
 * Invariant while drawn: the cursor is in our block, rows_above rows below its
 * first row. Erasing is going up so many rows and clearing to the end of the
 * screen; printing is erasing, writing, drawing.
 *
 * Where each character lands is computed as terminals do it: one that does not fit in a row goes
 * to the next. A row that is exactly full leaves the cursor in a state in which terminals
 * differ, so a line end follows it.
 *
 * Everything of one change leaves in one write().
 */
#include "cryptochat/ui/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "apps/base/text.h"

#define RETURN_MARK "\xe2\x86\xb5" /* a pasted line end: U+21B5 */

static void put_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return; /* the terminal is gone; reading it says so */
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

static void size_of(const struct screen *s, size_t *rows, size_t *columns)
{
	struct winsize ws = {0};

	ioctl(s->out, TIOCGWINSZ, &ws);
	*rows = ws.ws_row ? ws.ws_row : 24;
	*columns = ws.ws_col > 1 ? ws.ws_col : 80;
}

/* A place on rows of @columns; text moves it as it moves a terminal's cursor. */
struct place {
	size_t columns;
	size_t row;
	size_t column;
};

static void advance(struct place *p, size_t width)
{
	if (p->column + width > p->columns) {
		p->row++;
		p->column = 0;
	}
	p->column += width;
}

/* The place before the next character: a full row's end is the next one's start. */
static void settle(struct place *p)
{
	if (p->column == p->columns) {
		p->row++;
		p->column = 0;
	}
}

static void advance_text(struct place *p, const char *text, size_t len)
{
	uint32_t c;

	while (len) {
		size_t n = utf8_decode((const uint8_t *)text, len, &c);

		if (!n)
			return;
		advance(p, c == '\n' ? 1 : (size_t)text_width(c));
		text += n;
		len -= n;
	}
}

static void write_line(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			fputs(RETURN_MARK, out);
		else
			fputc(text[i], out);
	}
}

/* The part of the line that is shown, if all of it would take more rows than there are. */
struct view {
	size_t start;
	size_t end;
};

static struct view choose_view(const struct screen *s, size_t rows, size_t columns)
{
	const struct editor *e = &s->editor;
	size_t most = rows > 4 ? (rows - 2) * columns / 2 : columns;
	struct view v = {0, e->len};

	if (e->len <= most / 2)
		return v;
	/* Bytes are at least columns, so this many fit in any case. */
	if (e->cursor > most / 2)
		v.start = e->cursor - most / 2;
	while (v.start && ((unsigned char)e->line[v.start] & 0xc0) == 0x80)
		v.start--;
	if (v.end - v.start > most)
		v.end = v.start + most;
	while (v.end < e->len && ((unsigned char)e->line[v.end] & 0xc0) == 0x80)
		v.end++;
	return v;
}

static void erase(struct screen *s, FILE *out)
{
	if (!s->drawn)
		return;
	if (s->rows_above)
		fprintf(out, "\033[%zuA", s->rows_above);
	fputs("\r\033[J", out);
	s->drawn = false;
	s->rows_above = 0;
}

static void draw_status(const struct screen *s, FILE *out, struct place *p)
{
	const char *text = s->status;
	size_t len = strlen(text), used = 0;

	while (len) {
		uint32_t c;
		size_t n = utf8_decode((const uint8_t *)text, len, &c);
		size_t width = n ? (size_t)text_width(c) : 0;

		if (!n || used + width >= p->columns)
			break;
		fwrite(text, 1, n, out);
		used += width;
		text += n;
		len -= n;
	}
	fputs("\n", out);
	p->row++;
}

static void draw(struct screen *s, FILE *out)
{
	const struct editor *e = &s->editor;
	struct place p = {0}, cursor;
	size_t rows;
	struct view v;

	size_of(s, &rows, &p.columns);
	v = choose_view(s, rows, p.columns);
	if (s->status[0])
		draw_status(s, out, &p);
	fputs(s->prompt, out);
	advance_text(&p, s->prompt, strlen(s->prompt));
	write_line(out, e->line + v.start, v.end - v.start);
	advance_text(&p, e->line + v.start, e->cursor - v.start);
	cursor = p;
	advance_text(&p, e->line + e->cursor, v.end - e->cursor);
	if (p.column == p.columns)
		fputs("\n", out);
	settle(&p);
	settle(&cursor);
	if (p.row > cursor.row)
		fprintf(out, "\033[%zuA", p.row - cursor.row);
	fputs("\r", out);
	if (cursor.column)
		fprintf(out, "\033[%zuC", cursor.column);
	s->rows_above = cursor.row;
	s->drawn = true;
}

/* Erase, print @text if there is one, draw: in one piece. */
static void update(struct screen *s, const char *text, bool bell)
{
	char *data = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&data, &len);

	if (!out)
		return;
	erase(s, out);
	if (text)
		fputs(text, out);
	if (bell)
		fputc('\a', out);
	draw(s, out);
	if (fclose(out) == 0)
		put_all(s->out, data, len);
	free(data);
}

static int enter(struct screen *s)
{
	struct termios t = s->saved;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	t.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | ISTRIP);
	t.c_cc[VSUSP] = _POSIX_VDISABLE; /* the terminal must be given back first */
	t.c_cc[VQUIT] = _POSIX_VDISABLE;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(s->in, TCSADRAIN, &t) < 0)
		return -errno;
	s->raw = true;
	put_all(s->out, "\033[?2004h", 8);
	return 0;
}

static void leave(struct screen *s)
{
	char *data = NULL;
	size_t len = 0;
	FILE *out;

	if (!s->raw)
		return;
	out = open_memstream(&data, &len);
	if (out) {
		erase(s, out);
		fputs("\033[?2004l", out);
		if (fclose(out) == 0)
			put_all(s->out, data, len);
		free(data);
	}
	tcsetattr(s->in, TCSADRAIN, &s->saved);
	s->raw = false;
}

int screen_open(struct screen *s, int in, int out)
{
	int err;

	*s = (struct screen){.in = in, .out = out, .prompt = "> "};
	err = editor_init(&s->editor);
	if (!err && tcgetattr(in, &s->saved) < 0)
		err = -errno;
	if (!err)
		err = enter(s);
	if (err)
		editor_free(&s->editor);
	else
		update(s, NULL, false);
	return err;
}

void screen_close(struct screen *s)
{
	leave(s);
	editor_free(&s->editor);
}

void screen_print(struct screen *s, const char *text, bool bell)
{
	update(s, text, bell);
}

void screen_status(struct screen *s, const char *text)
{
	if (strcmp(s->status, text) == 0)
		return;
	snprintf(s->status, sizeof(s->status), "%s", text);
	update(s, NULL, false);
}

void screen_prompt(struct screen *s, const char *text)
{
	snprintf(s->prompt, sizeof(s->prompt), "%s", text);
	update(s, NULL, false);
}

void screen_refresh(struct screen *s)
{
	if (s->raw)
		update(s, NULL, false);
}

/* As the shell would have it: our settings off, stop, and on again afterwards. */
static void suspend(struct screen *s)
{
	leave(s);
	raise(SIGSTOP);
	if (enter(s) == 0)
		update(s, NULL, false);
}

enum editor_result screen_key(struct screen *s, uint8_t byte)
{
	uint32_t key = keys_feed(&s->keys, byte);
	enum editor_result result = editor_key(&s->editor, key);

	if (key == KEY_SUSPEND)
		suspend(s);
	/* A paste is drawn once, at its end. */
	else if (!s->keys.pasting && (result == EDITOR_CHANGED || (key == KEY_NONE && byte == '~')))
		update(s, NULL, false);
	return result;
}

void screen_put_aside(struct screen *s)
{
	editor_put_aside(&s->editor);
	update(s, NULL, false);
}

void screen_bring_back(struct screen *s)
{
	editor_bring_back(&s->editor);
	update(s, NULL, false);
}

void screen_line_done(struct screen *s, bool keep)
{
	editor_clear(&s->editor, keep);
	update(s, NULL, false);
}
