// SPDX-License-Identifier: GPL-2.0-or-later
/* console.c - the user's end of a conversation: standard input and output. */
#include "labchat/console.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

int console_init(struct console *con, int in, int out, bool raw, size_t read_size)
{
	struct stat st;
	bool is_file = fstat(out, &st) == 0 && S_ISREG(st.st_mode);

	*con = (struct console){
	    .in = in,
	    .out = out,
	    /* poll() promises room for PIPE_BUF bytes in a pipe, not for more. */
	    .out_step = is_file ? SIZE_MAX : PIPE_BUF,
	    .filtered = !raw && isatty(out),
	};
	if (buffer_init(&con->input, read_size) ||
	    buffer_init(&con->output, TEXT_FILTER_MAX(CONSOLE_CHUNK))) {
		console_free(con);
		return -ENOMEM;
	}
	return 0;
}

void console_free(struct console *con)
{
	buffer_free(&con->input);
	buffer_free(&con->output);
}

void console_read(struct console *con)
{
	size_t room = buffer_room(&con->input);
	ssize_t n = read(con->in, buffer_reserve(&con->input, room), room);

	if (n > 0) {
		buffer_commit(&con->input, (size_t)n);
	} else if (n == 0) {
		con->in_ended = true;
	} else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
		con->in_error = -errno;
		con->in_ended = true;
	}
}

void console_put(struct console *con, const uint8_t *text, size_t len)
{
	uint8_t *at = buffer_reserve(&con->output, TEXT_FILTER_MAX(len));

	if (!at || con->out_error)
		return;
	if (con->filtered) {
		buffer_commit(&con->output, text_filter(&con->filter, text, len, at));
	} else {
		memcpy(at, text, len);
		buffer_commit(&con->output, len);
	}
}

void console_end_put(struct console *con)
{
	uint8_t *at = buffer_reserve(&con->output, TEXT_FILTER_MAX(0));

	if (at && !con->out_error)
		buffer_commit(&con->output, text_filter_flush(&con->filter, at));
}

void console_write(struct console *con)
{
	size_t len = buffer_used(&con->output);
	ssize_t n;

	if (len > con->out_step)
		len = con->out_step;
	n = write(con->out, buffer_peek(&con->output), len);
	if (n >= 0) {
		buffer_consume(&con->output, (size_t)n);
	} else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
		con->out_error = -errno;
		buffer_clear(&con->output);
	}
}
