// SPDX-License-Identifier: GPL-2.0-or-later
/* ui.c - the user's end: a person at a terminal, a pipeline, or a program that reads JSON. */
#include "cryptochat/ui/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cryptochat/protocol/frame.h"
#include "cryptochat/ui/event.h"
#include "cryptochat/ui/history.h"
#include "cryptochat/identity/identity_key.h"
#include "cryptochat/ui/request.h"
#include "apps/base/wait.h"

/* What a pipe says goes into one frame at a time. */
#define INPUT_SIZE (EDITOR_LINE_MAX + 2)
/* The largest frame as JSON: six characters for a byte. */
#define PIECE_MAX (6 * FRAME_PAYLOAD + 1024)
#define OUTPUT_SIZE (4 * PIECE_MAX)
#define NOTICE_MAX 1024
#define ANSWER_MAX 256
#define PROMPT "> "
#define DELAY_SHOWN_MS 60000 /* what was under way for so long shows when it was written */

int ui_open(struct ui *ui, bool json, bool no_input, bool bell, bool quiet)
{
	const char *no_colour = getenv("NO_COLOR");
	struct stat st;
	bool is_file = fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
	int err;

	*ui = (struct ui){
	    .kind = json ? UI_JSON : UI_PIPE,
	    .out_is_terminal = isatty(STDOUT_FILENO),
	    .bell = bell,
	    .quiet = quiet,
	    /* poll() promises room for PIPE_BUF bytes in a pipe, not for more. */
	    .out_step = is_file ? SIZE_MAX : PIPE_BUF,
	    .in_ended = no_input,
	    .at_line_start = true,
	    .tty = -1,
	};
	if (buffer_init(&ui->input, json ? REQUEST_LINE_MAX : INPUT_SIZE) ||
	    buffer_init(&ui->output, OUTPUT_SIZE))
		return -ENOMEM;
	if (json)
		return 0;
	if (no_input || !ui->out_is_terminal || !isatty(STDIN_FILENO)) {
		ui->tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		return 0;
	}
	wait_watch_size();
	err = screen_open(&ui->screen, STDIN_FILENO, STDOUT_FILENO);
	if (err)
		return err;
	ui->kind = UI_TERMINAL;
	ui->colour = !ui->screen.dumb && !(no_colour && no_colour[0]);
	return 0;
}

void ui_close(struct ui *ui)
{
	if (ui->kind == UI_TERMINAL)
		screen_close(&ui->screen);
	while (ui->kind != UI_TERMINAL && ui_wants_output(ui)) {
		struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
		int err = 0;

		/* After a stop signal, what can be written at once is. */
		if (wait_stop_signal() && poll(&out, 1, 0) <= 0)
			break;
		if (!wait_stop_signal())
			err = wait_for(&out, 1, WAIT_FOREVER);
		if (err < 0 && err != -EINTR)
			break;
		if (err >= 0)
			ui_write(ui);
	}
	buffer_free(&ui->input);
	buffer_free(&ui->output);
	if (ui->tty >= 0)
		close(ui->tty);
}

bool ui_can_ask(const struct ui *ui)
{
	/* A program in the background would be stopped for reading. */
	return ui->kind == UI_TERMINAL || (ui->tty >= 0 && tcgetpgrp(ui->tty) == getpgrp());
}

void ui_ask(struct ui *ui)
{
	if (ui->kind == UI_TERMINAL) {
		screen_put_aside(&ui->screen);
		return;
	}
	tcflush(ui->tty, TCIFLUSH);
	ui->asking = true;
}

void ui_ask_prompt(struct ui *ui, const char *prompt)
{
	if (ui->kind == UI_TERMINAL)
		screen_prompt(&ui->screen, prompt);
	else
		dprintf(ui->tty, "%s", prompt);
}

void ui_ask_over(struct ui *ui)
{
	ui->asking = false;
	if (ui->kind != UI_TERMINAL)
		return;
	screen_prompt(&ui->screen, PROMPT);
	screen_bring_back(&ui->screen);
}

const char *ui_answer(struct ui *ui)
{
	static char line[ANSWER_MAX];
	ssize_t n = ui->asking ? read(ui->tty, line, sizeof(line) - 1) : -1;

	if (!ui->asking || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return NULL;
	/* The terminal is gone, or Ctrl-D: that is no yes. */
	if (n <= 0)
		return "no";
	line[n] = 0;
	line[strcspn(line, "\r\n")] = 0;
	return line;
}

bool ui_wants_input(const struct ui *ui)
{
	const struct buffer *in = &ui->input;

	if (ui->in_ended)
		return false;
	/* Lines of JSON input may come in pieces; the others are taken as they come. */
	if (ui->kind == UI_JSON && buffer_used(in))
		return buffer_room(in) && !memchr(in->data + in->start, '\n', buffer_used(in));
	return buffer_used(in) == 0;
}

bool ui_input_waits(const struct ui *ui)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

	return buffer_used(&ui->input) || (!ui->in_ended && poll(&in, 1, 0) > 0);
}

void ui_read(struct ui *ui)
{
	size_t room = buffer_room(&ui->input);
	ssize_t n = read(STDIN_FILENO, buffer_reserve(&ui->input, room), room);

	if (n > 0) {
		buffer_commit(&ui->input, (size_t)n);
	} else if (n == 0) {
		ui->in_ended = true;
	} else if (errno != EINTR && errno != EAGAIN) {
		ui->in_error = -errno;
		ui->in_ended = true;
	}
}

bool ui_wants_output(const struct ui *ui)
{
	if (ui->kind == UI_TERMINAL)
		return screen_wants_output(&ui->screen);
	return buffer_used(&ui->output) && !ui->out_error;
}

void ui_write(struct ui *ui)
{
	size_t len = buffer_used(&ui->output);
	ssize_t n;

	if (ui->kind == UI_TERMINAL) {
		screen_write(&ui->screen);
		return;
	}
	if (len > ui->out_step)
		len = ui->out_step;
	n = write(STDOUT_FILENO, buffer_peek(&ui->output), len);
	if (n >= 0) {
		buffer_consume(&ui->output, (size_t)n);
	} else if (errno != EINTR && errno != EAGAIN) {
		ui->out_error = -errno;
		buffer_clear(&ui->output);
	}
}

bool ui_has_room(const struct ui *ui)
{
	return ui->kind == UI_TERMINAL || buffer_room(&ui->output) >= 2 * PIECE_MAX;
}

static void put(struct ui *ui, const void *data, size_t len)
{
	uint8_t *at = ui->out_error ? NULL : buffer_reserve(&ui->output, len);

	if (!at)
		return;
	memcpy(at, data, len);
	buffer_commit(&ui->output, len);
}

/* A line has its limit, and a paste is taken whole or not at all. */
static void say_full(struct ui *ui)
{
	if (ui->screen.refused)
		ui_error(ui, "usage", NULL,
			 "The paste of %zu bytes was not taken: a message has at most %d.",
			 ui->screen.refused, EDITOR_LINE_MAX);
	else if (!ui->full)
		ui_error(ui, "usage", NULL, "A message has at most %d bytes.", EDITOR_LINE_MAX);
	ui->full = !ui->screen.refused;
	ui->screen.refused = 0;
}

/* The terminal's input: edit until a line is complete. */
static bool terminal_line(struct ui *ui)
{
	while (buffer_used(&ui->input)) {
		uint8_t byte = *buffer_peek(&ui->input);

		buffer_consume(&ui->input, 1);
		switch (screen_key(&ui->screen, byte)) {
		case EDITOR_LINE:
			return true;
		case EDITOR_EOF:
			ui->eof_key = true;
			return false;
		case EDITOR_TAB:
			ui->tab_key = true;
			return false;
		case EDITOR_FULL:
			say_full(ui);
			break;
		default:
			break;
		}
	}
	return false;
}

/* Drop what there is of a JSON line that is too long; at its end, say so. */
static void skip_line(struct ui *ui)
{
	uint8_t *at = buffer_peek(&ui->input);
	size_t have = buffer_used(&ui->input);
	uint8_t *end = have ? memchr(at, '\n', have) : NULL;
	size_t len = end ? (size_t)(end - at) : have;

	ui->skipped += len;
	buffer_consume(&ui->input, end ? len + 1 : len);
	if (!end && !ui->in_ended)
		return;
	ui_error(ui, "usage", NULL, "a line of %zu bytes was refused: the longest has %d",
		 ui->skipped, REQUEST_LINE_MAX - 1);
	ui->skipped = 0;
}

/* JSON's input: a line is taken whole, or refused whole if it is too long for the buffer. */
static bool plain_line(struct ui *ui, const char **line, size_t *len)
{
	uint8_t *at, *end;
	size_t have;

	if (ui->skipped)
		skip_line(ui);
	at = buffer_peek(&ui->input);
	have = buffer_used(&ui->input);
	if (!have || ui->skipped)
		return false;
	end = memchr(at, '\n', have);
	if (!end && !ui->in_ended) {
		if (!buffer_room(&ui->input))
			skip_line(ui);
		return false;
	}
	*line = (const char *)at;
	*len = end ? (size_t)(end - at) : have;
	return true;
}

bool ui_line(struct ui *ui, const char **line, size_t *len)
{
	if (ui->kind == UI_JSON)
		return plain_line(ui, line, len);
	if (ui->kind != UI_TERMINAL || !terminal_line(ui))
		return false;
	*line = ui->screen.editor.line;
	*len = ui->screen.editor.len;
	return true;
}

bool ui_tab(struct ui *ui)
{
	bool was = ui->tab_key;

	ui->tab_key = false;
	return was;
}

const char *ui_typed(const struct ui *ui, size_t *cursor)
{
	*cursor = ui->screen.editor.cursor;
	return ui->screen.editor.line;
}

void ui_replace(struct ui *ui, size_t from, const char *text)
{
	screen_replace(&ui->screen, from, text);
}

int ui_history(struct ui *ui, const char *path)
{
	ui->history = path;
	return history_load(path, &ui->screen.editor);
}

static void keep_line(struct ui *ui)
{
	int err = history_add(ui->history, ui->screen.editor.line);

	if (!err)
		return;
	ui_error(ui, "warning", NULL, "cannot write %s: %s; lines are not kept any more",
		 ui->history, strerror(-err));
	ui->history = NULL;
}

void ui_line_done(struct ui *ui, bool keep)
{
	const char *line;
	size_t len;

	if (ui->kind == UI_TERMINAL) {
		ui->full = false;
		if (keep && ui->history && ui->screen.editor.len)
			keep_line(ui);
		screen_line_done(&ui->screen, keep);
	} else if (plain_line(ui, &line, &len)) {
		if (len < buffer_used(&ui->input))
			len++; /* the newline */
		buffer_consume(&ui->input, len);
	}
}

/* "[12:34] ", or "[12:40, written 12:34] " of what has been under way for @delay_ms. */
static void put_clock(FILE *out, int64_t delay_ms)
{
	time_t now = time(NULL), then = now - (time_t)(delay_ms / 1000);
	struct tm tm;
	char clock[32], written[32] = "";

	if (delay_ms >= DELAY_SHOWN_MS && localtime_r(&then, &tm))
		strftime(written, sizeof(written), ", written %H:%M", &tm);
	if (localtime_r(&now, &tm) && strftime(clock, sizeof(clock), "%H:%M", &tm))
		fprintf(out, "[%s%s] ", clock, written);
}

/* The same nick has the same colour on every screen. */
static void write_nick(const struct ui *ui, const char *nick, char *head, size_t size)
{
	unsigned int hash = 2166136261u; /* FNV-1a */

	for (const char *at = nick; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	if (ui->colour)
		snprintf(head, size, "<\033[%um%s\033[0m> ", 31 + hash % 6, nick);
	else
		snprintf(head, size, "<%s> ", nick);
}

/* A message as people see it: the lines after the first are set in, so that none poses as
 * another's. */
static void put_lines(FILE *out, const char *head, const char *text)
{
	fputs(head, out);
	for (; *text; text++) {
		fputc(*text, out);
		if (*text == '\n' && text[1])
			fputs("        | ", out);
	}
	fputs("\n", out);
}

static void print_message(struct ui *ui, const char *nick, int64_t delay_ms, const void *text,
			  size_t len, bool bell)
{
	char *safe = malloc(TEXT_SHOW_MAX(len)), *data = NULL, head[NICK_SIZE + 32];
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);

	while (len && ((const char *)text)[len - 1] == '\n')
		len--;
	if (safe && out) {
		text_show(text, len, "\n\t", safe);
		put_clock(out, delay_ms);
		write_nick(ui, nick, head, sizeof(head));
		put_lines(out, head, safe);
	}
	if (out && fclose(out) == 0 && safe) {
		if (ui->kind == UI_TERMINAL)
			screen_print(&ui->screen, data, bell);
		else
			put(ui, data, size);
	}
	free(data);
	free(safe);
}

void ui_echo(struct ui *ui, const char *nick, const char *text, size_t len)
{
	/* A dumb terminal shows what was typed itself. */
	if (ui->kind == UI_TERMINAL && !ui->screen.dumb)
		print_message(ui, nick, 0, text, len, false);
}

void ui_message(struct ui *ui, const char *nick, uint64_t time_ms, int64_t delay_ms,
		const uint8_t *text, size_t len)
{
	char *line;

	switch (ui->kind) {
	case UI_TERMINAL:
		print_message(ui, nick, delay_ms, text, len, ui->bell);
		break;
	case UI_PIPE:
		if (ui->out_is_terminal) {
			print_message(ui, nick, delay_ms, text, len, false);
			break;
		}
		put(ui, text, len);
		put(ui, "\n", 1);
		break;
	case UI_JSON:
		line = event_line("message",
				  FACTS(fact_text("from", nick), fact_number("time", time_ms)),
				  "text", text, len);
		if (line)
			put(ui, line, strlen(line));
		free(line);
		break;
	}
}

void ui_stream(struct ui *ui, const char *nick, const uint8_t *data, size_t len)
{
	char *text;

	switch (ui->kind) {
	case UI_TERMINAL:
		print_message(ui, nick, 0, data, len, false);
		break;
	case UI_PIPE:
		if (!ui->out_is_terminal) {
			put(ui, data, len);
			break;
		}
		text = malloc(TEXT_FILTER_MAX(len));
		if (text)
			put(ui, text, text_filter(&ui->filter, data, len, (uint8_t *)text));
		free(text);
		break;
	case UI_JSON:
		if (text_is_utf8(data, len)) {
			text =
			    event_line("stream", FACTS(fact_text("from", nick)), "text", data, len);
		} else {
			char *coded = malloc(BASE64_LENGTH(len) + 1);

			if (!coded)
				return;
			base64_encode(data, len, coded);
			text = event_line("stream", FACTS(fact_text("from", nick)), "base64", coded,
					  strlen(coded));
			free(coded);
		}
		if (text)
			put(ui, text, strlen(text));
		free(text);
		break;
	}
}

static void put_event(struct ui *ui, const char *event, const struct fact *facts, const char *text)
{
	char *line = event_line(event, facts, text ? "text" : NULL, text, text ? strlen(text) : 0);

	if (line)
		put(ui, line, strlen(line));
	free(line);
}

/* Somebody waits for the user. */
static bool is_call(const char *event)
{
	static const char *const calls[] = {"joined", "question", "file-offer", "verify"};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(event, calls[i]) == 0)
			return true;
	return false;
}

/* A sentence for people, @raw, with "-- " or "!! " in front of it at a terminal. */
static void show(struct ui *ui, const char *prefix, const char *raw, bool bell)
{
	char safe[TEXT_SHOW_MAX(NOTICE_MAX)], line[sizeof(safe) + 32];
	const char *colour = prefix[0] == '!' ? "\033[31m" : "\033[36m"; /* red, cyan */

	text_show(raw, strlen(raw), "\n", safe);
	if (ui->kind == UI_TERMINAL) {
		snprintf(line, sizeof(line), "%s%s%s%s\n", ui->colour ? colour : "", prefix,
			 ui->colour ? "\033[0m" : "", safe);
		screen_print(&ui->screen, line, bell);
	} else if (ui->asking) {
		dprintf(ui->tty, "%s\n", safe);
	} else {
		fprintf(stderr, "%scryptochat: %s\n", ui->progress ? "\r\033[K" : "", safe);
		ui->progress = false;
	}
}

__attribute__((format(printf, 5, 0))) static void say(struct ui *ui, const char *event,
						      const struct fact *facts, const char *prefix,
						      const char *format, va_list args)
{
	char raw[NOTICE_MAX];

	vsnprintf(raw, sizeof(raw), format, args);
	if (ui->kind == UI_JSON)
		put_event(ui, event, facts, raw);
	else
		show(ui, prefix, raw, ui->bell && is_call(event));
}

void ui_notice(struct ui *ui, const char *event, const struct fact *facts, const char *format, ...)
{
	va_list args;

	if (ui->quiet && ui->kind != UI_JSON)
		return;
	va_start(args, format);
	say(ui, event, facts, "-- ", format, args);
	va_end(args);
}

void ui_error(struct ui *ui, const char *event, const struct fact *facts, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ui, event, facts, "!! ", format, args);
	va_end(args);
}

void ui_reply(struct ui *ui, const char *event, const struct fact *facts, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ui, event, facts, "-- ", format, args);
	va_end(args);
}

void ui_event(struct ui *ui, const char *event, const struct fact *facts)
{
	if (ui->kind == UI_JSON)
		put_event(ui, event, facts, NULL);
}

void ui_progress(struct ui *ui, const char *text)
{
	char safe[TEXT_SHOW_MAX(SCREEN_STATUS_SIZE)];

	if (ui->kind == UI_TERMINAL) {
		size_t len = text ? strlen(text) : 0;

		if (len >= SCREEN_STATUS_SIZE)
			len = SCREEN_STATUS_SIZE - 1;
		screen_status(&ui->screen, text_show(text ? text : "", len, "", safe));
	} else if (ui->kind == UI_PIPE && isatty(STDERR_FILENO)) {
		if (text || ui->progress)
			fprintf(stderr, "\r\033[K%s", text ? text : "");
		ui->progress = text != NULL;
	}
}

size_t ui_columns(const struct ui *ui)
{
	int fd = ui->kind == UI_TERMINAL ? STDOUT_FILENO : STDERR_FILENO;
	struct winsize ws = {0};

	/* The last column is left free: after it terminals differ. */
	return ioctl(fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 1 ? ws.ws_col - 1u : 79;
}

void ui_tick(struct ui *ui)
{
	if (wait_resized() && ui->kind == UI_TERMINAL)
		screen_refresh(&ui->screen);
}
