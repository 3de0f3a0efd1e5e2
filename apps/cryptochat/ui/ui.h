/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ui.h - the user's end: a person at a terminal, a pipeline, or a program that reads JSON.
 *
 *	terminal: lines are edited and sent as messages; everything is shown above the prompt
 *	pipe:     standard input is sent byte for byte, what comes goes to standard output, status
 *	          to standard error
 *	JSON:     each line of standard input is an object of request.h, each line of standard
 *	          output one of event.h
 *
 * Everything that came from a peer is made safe here before a terminal sees it.
 */
#ifndef CRYPTOCHAT_UI_UI_H
#define CRYPTOCHAT_UI_UI_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/base/buffer.h"
#include "cryptochat/ui/event.h"
#include "cryptochat/ui/screen.h"
#include "apps/base/text.h"

enum ui_kind { UI_TERMINAL, UI_PIPE, UI_JSON };

/**
 * struct ui - the user's end
 * @input: bytes read and not dealt with
 * @output: bytes to be written, not for a terminal
 * @skipped: JSON: bytes dropped so far of a line that is too long; 0: not in one
 * @in_ended: the end of the input was read, or reading failed
 * @eof_key: terminal: Ctrl-D was typed on an empty line; whoever acts on it clears it
  * @colour: terminal: nicks and marks have colours
 * @history: terminal: file of the lines typed, or NULL
 * @tab_key: terminal: Tab was typed; ui_tab() clears it
 * @full: terminal: the user knows that the line is full
 * @in_error: negative errno of a failed read
 * @out_error: negative errno of a failed write; output is dropped from then on
 * @progress: pipe: a line of progress is on standard error, without its end
 * @tty: pipe: the terminal of the user, for questions; -1: none
 * @asking: pipe: a question is open there
 * @at_line_start: what was written last to the pipe ended in a newline
 */
struct ui {
	enum ui_kind kind;
	bool out_is_terminal;
	bool bell;
	bool quiet;
	struct screen screen;
	struct buffer input;
	struct buffer output;
	size_t out_step;
	size_t skipped;
	bool in_ended;
	bool eof_key;
	bool colour;
	const char *history;
	bool tab_key;

	bool full;
	int in_error;
	int out_error;
	bool progress;
	int tty;
	bool asking;
	bool at_line_start;
	struct text_filter filter;
};

/** ui_open() - @no_input: standard input is not read; returns 0 or negative errno */
int ui_open(struct ui *ui, bool json, bool no_input, bool bell, bool quiet);

/** ui_close() - give back the terminal and write what is left */
void ui_close(struct ui *ui);

/** ui_wants_input() - is there room for more input? */
bool ui_wants_input(const struct ui *ui);

/** ui_input_waits() - is there input that was typed and not dealt with? */
bool ui_input_waits(const struct ui *ui);

/** ui_read() - the input is ready */
void ui_read(struct ui *ui);

/** ui_wants_output() - does something wait for the output? */
bool ui_wants_output(const struct ui *ui);

/** ui_write() - the output is ready */
void ui_write(struct ui *ui);

/** ui_has_room() - may ui_message() and ui_stream() be called? */
bool ui_has_room(const struct ui *ui);

/**
 * ui_line() - terminal and JSON: the next complete line
 * @line: the line without its end; valid until ui_line_done()
 *
 * Return: is there one? Then ui_line_done() must follow.
 */
bool ui_line(struct ui *ui, const char **line, size_t *len);

/** ui_line_done() - @keep: put it into the history */
void ui_line_done(struct ui *ui, bool keep);

/** ui_tab() - terminal: was Tab typed? Then ui_typed() is what it is about */
bool ui_tab(struct ui *ui);

/** ui_typed() - terminal: the line as it is, and where the cursor is in it */
const char *ui_typed(const struct ui *ui, size_t *cursor);

/** ui_replace() - terminal: @text instead of what is from @from to the cursor */
void ui_replace(struct ui *ui, size_t from, const char *text);

/** ui_history() - terminal: lines typed are kept in the file @path (borrowed), and those in it come
 * back; returns 0 or negative errno */
int ui_history(struct ui *ui, const char *path);

/** ui_echo() - terminal: show our own message above the prompt, as the others see it */
void ui_echo(struct ui *ui, const char *nick, const char *text, size_t len);

/**
 * ui_message() - somebody wrote
 * @time_ms: when, by the sender's clock, since 1970
 * @delay_ms: how long it was under way, as far as is known
 * @text: valid UTF-8
 */
void ui_message(struct ui *ui, const char *nick, uint64_t time_ms, int64_t delay_ms,
		const uint8_t *text, size_t len);

/** ui_stream() - bytes of a peer's standard input */
void ui_stream(struct ui *ui, const char *nick, const uint8_t *data, size_t len);

/**
 * ui_notice() - something happened
 * @event: a word for programs; event.h says where it is documented
 * @facts: what programs want to know of it, or NULL
 * @format: a sentence for people, without the newline; what came from a peer in it is escaped here
 */
__attribute__((format(printf, 4, 5))) void
ui_notice(struct ui *ui, const char *event, const struct fact *facts, const char *format, ...);

/** ui_error() - as ui_notice(), but shown even if the user wants quiet */
__attribute__((format(printf, 4, 5))) void
ui_error(struct ui *ui, const char *event, const struct fact *facts, const char *format, ...);

/** ui_reply() - as ui_notice(), but it is what the user has asked for: also shown if quiet */
__attribute__((format(printf, 4, 5))) void
ui_reply(struct ui *ui, const char *event, const struct fact *facts, const char *format, ...);

/** ui_event() - as ui_notice(), but for programs only: people see it otherwise, or need not know */
void ui_event(struct ui *ui, const char *event, const struct fact *facts);

/** ui_progress() - terminal: a line above the prompt; NULL: none */
void ui_progress(struct ui *ui, const char *text);

/** ui_columns() - what fits in a line of ui_progress() */
size_t ui_columns(const struct ui *ui);

/**
 * ui_can_ask() - can the user be asked now?
 *
 * At a terminal, and in a pipeline that a terminal's user runs in the foreground, as ssh does. A
 * program that talks JSON is not asked.
 */
bool ui_can_ask(const struct ui *ui);

/** ui_ask() - a question begins: what was typed before is put aside, and is no answer */
void ui_ask(struct ui *ui);

/** ui_ask_prompt() - the text of the question is complete: @prompt stands before the answer */
void ui_ask_prompt(struct ui *ui, const char *prompt);

/** ui_ask_over() - the question is over */
void ui_ask_over(struct ui *ui);

/** ui_answer() - pipe: the user's answer, valid until the next call; NULL: none yet */
const char *ui_answer(struct ui *ui);

/** ui_tick() - the terminal's size may have changed */
void ui_tick(struct ui *ui);

#endif /* CRYPTOCHAT_UI_UI_H */
