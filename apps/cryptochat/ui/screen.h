/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen.h - the terminal: a conversation that scrolls, and below it a line being typed.
 *
 * What the terminal shows and keeps in its scrollback stays its own; only the last rows, which
 * hold the prompt and a line of status, are erased and drawn again. So text that arrives
 * never destroys what is being typed.
 */
#ifndef CRYPTOCHAT_UI_SCREEN_H
#define CRYPTOCHAT_UI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "cryptochat/ui/editor.h"
#include "cryptochat/ui/keyboard.h"
#include "cryptochat/ui/tty_out.h"

#define SCREEN_STATUS_SIZE 256

/**
 * struct screen - the terminal
 * @in: descriptor read
 * @out: descriptor written
 * @saved: settings to go back to
 * @raw: the settings are ours
 * @rows_above: rows of ours above the cursor's, as drawn last
 * @drawn: ours are on the terminal
 * @dumb: it knows no control sequences, and edits lines itself
 * @tty: how it is written
 * @backlog: text that waits for it, @backlog_len bytes; @left_out: messages there was no room for
 * @stale: our rows are not as they should be, since it takes no output
 * @bell: it is to ring then
 * @refused: bytes of the last paste, if it was too long and was taken back
 * @prompt: text before the line
 * @status: a line above the prompt, or empty
 */
struct screen {
	int in;
	int out;
	struct termios saved;
	bool raw;
	size_t rows_above;
	bool drawn;
	bool dumb;
	struct tty_out tty;
	char *backlog;
	size_t backlog_len;
	unsigned int left_out;
	bool stale;
	bool bell;
	size_t refused;
	struct keys keys;
	struct editor editor;
	char prompt[64];
	char status[SCREEN_STATUS_SIZE];
};

/** screen_open() - take over the terminal; returns 0 or negative errno */
int screen_open(struct screen *s, int in, int out);

/** screen_close() - give it back; a zeroed one is fine */
void screen_close(struct screen *s);

/** screen_print() - show text above the prompt; it is printed as it is, so must be safe */
void screen_print(struct screen *s, const char *text, bool bell);

/** screen_status() - change the status line; empty removes it */
void screen_status(struct screen *s, const char *text);

/** screen_prompt() - change the text before the line */
void screen_prompt(struct screen *s, const char *text);

/** screen_key() - a byte from the terminal; after EDITOR_LINE the line is in the editor */
enum editor_result screen_key(struct screen *s, uint8_t byte);

/** screen_replace() - @text instead of what is from @from to the cursor */
void screen_replace(struct screen *s, size_t from, const char *text);

/** screen_wants_output() - does something wait for the terminal? */
static inline bool screen_wants_output(const struct screen *s)
{
	return tty_out_waits(&s->tty);
}

/** screen_write() - the terminal takes output again */
void screen_write(struct screen *s);

/** screen_line_done() - the line was taken; @keep: leave it in the scrollback and the history */
void screen_line_done(struct screen *s, bool keep);

/** screen_put_aside() - an empty line instead of the one being typed, which comes back later */
void screen_put_aside(struct screen *s);

/** screen_bring_back() - the line that was put aside, instead of the one being typed */
void screen_bring_back(struct screen *s);

/** screen_refresh() - draw again, after a change of size or a stop */
void screen_refresh(struct screen *s);

#endif /* CRYPTOCHAT_UI_SCREEN_H */
