/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console.h - the user's end of a conversation: standard input and output.
 *
 * The same for a terminal, a pipe and a file; only what a terminal must be
 * spared is filtered (text.h). Reads and writes happen when poll() said ready and
 * in amounts that do not block then, so the descriptors, which are shared with
 * the shell, need not be made non-blocking.
 */
#ifndef LABCHAT_CONSOLE_H
#define LABCHAT_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/base/buffer.h"
#include "apps/base/text.h"

/* Most text given to console_put() at once, bytes. */
#define CONSOLE_CHUNK 16384

/**
 * struct console - both standard streams
 * @in: descriptor of the input
 * @out: descriptor of the output
 * @out_step: bytes written at once without risk of blocking
 * @filtered: output goes through text_filter()
 * @in_ended: the input's end was read, or reading failed
 * @in_error: negative errno of a failed read, or 0
 * @out_error: negative errno of a failed write, or 0; output is dropped from then on
 * @input: text that was read and has not been taken yet
 * @output: bytes that have not been written yet
 * @filter: state of the filter
 */
struct console {
	int in;
	int out;
	size_t out_step;
	bool filtered;
	bool in_ended;
	int in_error;
	int out_error;
	struct buffer input;
	struct buffer output;
	struct text_filter filter;
};

/**
 * console_init() - set up a console
 * @con: console
 * @in: input descriptor, borrowed
 * @out: output descriptor, borrowed
 * @raw: never filter, even for a terminal
 * @read_size: most bytes to read at once, above 0
 *
 * Return: 0 or -ENOMEM
 */
int console_init(struct console *con, int in, int out, bool raw, size_t read_size);

/** console_free() - wipe and free the buffers; a zeroed console is fine */
void console_free(struct console *con);

/** console_read() - the input is ready: read once into @input, which is empty */
void console_read(struct console *con);

/** console_can_put() - is there room for CONSOLE_CHUNK bytes of console_put()? */
static inline bool console_can_put(const struct console *con)
{
	return buffer_used(&con->output) == 0;
}

/** console_put() - queue @len bytes, at most CONSOLE_CHUNK, for the output */
void console_put(struct console *con, const uint8_t *text, size_t len);

/** console_end_put() - queue what the filter still holds: the peer's text is over */
void console_end_put(struct console *con);

/** console_write() - the output is ready: write some of what is queued */
void console_write(struct console *con);

#endif /* LABCHAT_CONSOLE_H */
