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
 * Terminals disagree about the width of emoji, and about what a full row does. So we end our rows
 * ourselves, by widths that are the largest in use, with the terminal's own wrapping switched off:
 * the number of our rows is what we believe it to be, and nothing of the conversation is erased. The
 * cursor is put into its place by writing the text before it once more.
 *
 * A terminal may take no output for a long time. Then what is to be shown is collected, and the
 * conversation goes on.
 *
 * A terminal without control sequences (TERM=dumb) is a printer with a keyboard: it edits lines
 * itself.
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
#define TAB_MARK "\xe2\x86\x92"	   /* a pasted tab: U+2192 */
#define MORE_BEFORE "<"
#define MORE_AFTER ">"
#define PROMPT_COLUMNS 32      /* the most that a prompt takes */
#define BACKLOG_MAX (1u << 20) /* bytes that wait for a terminal that takes none */
#define CLOSE_MS 1000

static void size_of(const struct screen *s, size_t *rows, size_t *columns)
{
	struct winsize ws = {0};

	ioctl(s->out, TIOCGWINSZ, &ws);
	*rows = ws.ws_row ? ws.ws_row : 24;
	*columns = ws.ws_col > 1 ? ws.ws_col : 80;
}

/* Where text of ours is written; a row that is full is ended by us, and never by the terminal. */
struct pen {
	FILE *out;
	size_t columns;
	size_t row;
	size_t column;
};

/* Room for a character of @width columns; returns: a new row was begun. */
static bool make_room(struct pen *p, size_t width)
{
	if (p->column + width <= p->columns || !p->column)
		return false;
	fputs("\r\n", p->out);
	p->row++;
	p->column = 0;
	return true;
}

/* The next character of the line as it is shown; returns its bytes in the line. */
static size_t glyph(const char *text, size_t len, const char **shown, size_t *bytes, size_t *width)
{
	size_t n = text_cluster(text, len, width);

	*shown = text;
	*bytes = n;
	if (text[0] == '\n' || text[0] == '\t') {
		*shown = text[0] == '\n' ? RETURN_MARK : TAB_MARK;
		*bytes = strlen(*shown);
		*width = 1;
		return 1;
	}
	return n;
}

static void write_text(struct pen *p, const char *text, size_t len)
{
	const char *shown;
	size_t bytes, width;

	while (len) {
		size_t n = glyph(text, len, &shown, &bytes, &width);

		make_room(p, width);
		fwrite(shown, 1, bytes, p->out);
		p->column += width;
		text += n;
		len -= n;
	}
}

/* As much of a text as fits in one row. */
static void write_fitting(struct pen *p, const char *text, size_t columns)
{
	size_t len = strlen(text), width;

	while (len) {
		size_t n = text_cluster(text, len, &width);

		if (p->column + width > columns)
			break;
		fwrite(text, 1, n, p->out);
		p->column += width;
		text += n;
		len -= n;
	}
}

/*
 * The part of the line that is shown, if all of it would take more rows than there are. A mark
 * stands where something is left out.
 */
struct view {
	size_t start;
	size_t end;
};

static struct view choose_view(const struct screen *s, size_t rows, size_t columns)
{
	const struct editor *e = &s->editor;
	size_t most_rows = rows > 4 ? rows - 2 : 1;
	/* Bytes are at least columns, and a wide character may leave one empty at a row's end. */
	size_t most = most_rows * (columns - 1);
	struct view v = {0, e->len};

	most = most > 2 * PROMPT_COLUMNS ? most - PROMPT_COLUMNS : most / 2;
	if (e->len <= most)
		return v;
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

/* What stands before the line: the prompt, or what is searched for; and a mark, if the line's
 * beginning is not shown. */
static void write_prompt(const struct screen *s, const struct view *v, struct pen *p)
{
	const struct editor *e = &s->editor;
	size_t most = p->columns > 2 * PROMPT_COLUMNS ? PROMPT_COLUMNS : p->columns / 2;
	char text[sizeof(e->query) + 32];

	if (e->searching) {
		snprintf(text, sizeof(text), "%s'%s': ", e->no_match ? "none has " : "search ",
			 e->query);
		write_fitting(p, text, most);
	} else {
		write_fitting(p, s->prompt, most);
	}
	if (v->start)
		write_fitting(p, MORE_BEFORE, p->columns);
}

/* The line, from v->start to v->end. The cursor's row is @row, and begins with the byte @start. */
static void write_line(const struct screen *s, const struct view *v, struct pen *p, size_t *row,
		       size_t *start)
{
	const struct editor *e = &s->editor;
	size_t begun = v->start, at = v->start;
	const char *shown = NULL;
	size_t n, bytes = 0, width;

	for (;; at += n) {
		bool end = at >= v->end;

		n = width = 1;
		if (!end)
			n = glyph(e->line + at, v->end - at, &shown, &bytes, &width);
		if (make_room(p, width))
			begun = at;
		if (at <= e->cursor && (end || e->cursor < at + n)) {
			*row = p->row;
			*start = begun;
		}
		if (end)
			break;
		fwrite(shown, 1, bytes, p->out);
		p->column += width;
	}
	if (v->end < e->len)
		fputs(MORE_AFTER, p->out);
}

static void draw(struct screen *s, FILE *out)
{
	struct pen p = {.out = out};
	size_t rows, row = 0, start = 0, first;
	struct view v;

	size_of(s, &rows, &p.columns);
	v = choose_view(s, rows, p.columns);
	fputs("\033[?7l", out);
	if (s->status[0]) {
		write_fitting(&p, s->status, p.columns - 1);
		fputs("\r\n", out);
		p.row++;
		p.column = 0;
	}
	first = p.row;
	write_prompt(s, &v, &p);
	write_line(s, &v, &p, &row, &start);
	/* The cursor gets to its place by the same text, so that it is right there whatever widths
	 * the terminal has. */
	if (s->editor.cursor < v.end || v.end < s->editor.len) {
		if (p.row > row)
			fprintf(out, "\033[%zuA", p.row - row);
		fputs("\r", out);
		p.column = 0;
		if (row == first)
			write_prompt(s, &v, &p);
		write_text(&p, s->editor.line + start, s->editor.cursor - start);
	}
	fputs("\033[?7h", out);
	s->rows_above = row;
	s->drawn = true;
}

/* The terminal takes nothing now: what was to be shown waits, or is counted if there is too much. */
static void wait_for_terminal(struct screen *s, const char *text, bool bell)
{
	size_t len = text ? strlen(text) : 0;
	char *more = len && s->backlog_len + len < BACKLOG_MAX
			 ? realloc(s->backlog, s->backlog_len + len + 1)
			 : NULL;

	s->stale = true;
	s->bell |= bell;
	if (!len)
		return;
	if (!more) {
		s->left_out++;
		return;
	}
	memcpy(more + s->backlog_len, text, len + 1);
	s->backlog = more;
	s->backlog_len += len;
}

static void show_backlog(struct screen *s, FILE *out)
{
	if (s->backlog)
		fputs(s->backlog, out);
	if (s->left_out)
		fprintf(out, "!! %u messages were left out here: the terminal took no output.\n",
			s->left_out);
	free(s->backlog);
	s->backlog = NULL;
	s->backlog_len = 0;
	s->left_out = 0;
}

/* Erase, print @text if there is one, draw: in one piece. */
static void update(struct screen *s, const char *text, bool bell)
{
	char *data = NULL;
	size_t len = 0;
	FILE *out;

	if (tty_out_waits(&s->tty)) {
		wait_for_terminal(s, text, bell);
		return;
	}
	out = open_memstream(&data, &len);
	if (!out)
		return;
	if (!s->dumb)
		erase(s, out);
	show_backlog(s, out);
	if (text)
		fputs(text, out);
	if (bell || s->bell)
		fputc('\a', out);
	s->stale = s->bell = false;
	if (!s->dumb)
		draw(s, out);
	if (fclose(out) == 0)
		tty_out_put(&s->tty, data, len);
	else
		free(data);
}

/* Something that changes the terminal's mode; it takes its place after what waits. */
static void control(struct screen *s, const char *sequence, bool erased)
{
	char *data = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&data, &len);

	if (!out)
		return;
	if (erased)
		erase(s, out);
	fputs(sequence, out);
	if (fclose(out) == 0)
		tty_out_put(&s->tty, data, len);
	else
		free(data);
}

static int enter(struct screen *s)
{
	struct termios t = s->saved;

	if (s->dumb)
		return 0;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	t.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | ISTRIP);
	t.c_cc[VSUSP] = _POSIX_VDISABLE; /* the terminal must be given back first */
	t.c_cc[VQUIT] = _POSIX_VDISABLE;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(s->in, TCSADRAIN, &t) < 0)
		return -errno;
	s->raw = true;
	control(s, "\033[?2004h", false);
	return 0;
}

static void leave(struct screen *s)
{
	if (!s->raw)
		return;
	/* A terminal that takes nothing would keep us here for ever. */
	if (tty_out_waits(&s->tty)) {
		tcsetattr(s->in, TCSANOW, &s->saved);
	} else {
		control(s, "\033[?2004l", true);
		tcsetattr(s->in, tty_out_waits(&s->tty) ? TCSANOW : TCSADRAIN, &s->saved);
	}
	s->raw = false;
}

/* Does this terminal understand control sequences? */
static bool is_dumb(void)
{
	const char *term = getenv("TERM");

	return !term || !term[0] || strcmp(term, "dumb") == 0;
}

int screen_open(struct screen *s, int in, int out)
{
	int err;

	*s = (struct screen){.in = in, .out = out, .prompt = "> ", .dumb = is_dumb()};
	tty_out_open(&s->tty, out);
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
	tty_out_close(&s->tty, CLOSE_MS);
	free(s->backlog);
	s->backlog = NULL;
	editor_free(&s->editor);
}

void screen_write(struct screen *s)
{
	if (tty_out_flush(&s->tty) && s->stale)
		update(s, NULL, false);
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
	/* A terminal without control sequences gets it once, and the answer behind it. */
	update(s, s->dumb && strcmp(text, "> ") != 0 ? text : NULL, false);
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
	/* All of our job, as the terminal's own Ctrl-Z does it. */
	kill(0, SIGSTOP);
	if (enter(s) == 0)
		update(s, NULL, false);
}

/* The beginning or the end of a paste. */
static enum editor_result paste(struct screen *s, bool begins)
{
	if (begins) {
		editor_paste_begins(&s->editor);
		return EDITOR_SAME;
	}
	s->refused = editor_paste_ends(&s->editor);
	/* A paste is drawn once, at its end. */
	update(s, NULL, false);
	return s->refused ? EDITOR_FULL : EDITOR_CHANGED;
}

enum editor_result screen_key(struct screen *s, uint8_t byte)
{
	bool pasting = s->keys.pasting;
	uint32_t key = keys_feed(&s->keys, byte);
	enum editor_result result;

	if (s->keys.pasting != pasting)
		return paste(s, s->keys.pasting);
	/* A dumb terminal's own editor has passed the Tab on. */
	result = editor_key(&s->editor, s->dumb && key == KEY_TAB ? '\t' : key);
	if (key == KEY_SUSPEND)
		suspend(s);
	else if (!pasting && result == EDITOR_CHANGED)
		update(s, NULL, false);
	return result;
}

void screen_replace(struct screen *s, size_t from, const char *text)
{
	editor_replace(&s->editor, from, text);
	update(s, NULL, false);
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
