/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tty_out.h - output to a terminal that may take none for a while: Ctrl-S, a window that is being
 * searched, an ssh session that hangs. Writing never blocks.
 */
#ifndef CRYPTOCHAT_UI_TTY_OUT_H
#define CRYPTOCHAT_UI_TTY_OUT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct tty_out - a terminal
 * @fd: a descriptor of our own that does not block; @fallback if there is none
 * @fallback: the descriptor we were given
 * @data: @len bytes that wait, the first @at of which have been written
 */
struct tty_out {
	int fd;
	int fallback;
	char *data;
	size_t at;
	size_t len;
};

/** tty_out_open() - never fails: without a descriptor of our own we write in small pieces */
void tty_out_open(struct tty_out *t, int fd);

/** tty_out_put() - write @data, which is owned by @t from now on; nothing may wait */
void tty_out_put(struct tty_out *t, char *data, size_t len);

/** tty_out_flush() - write what the terminal takes; returns: nothing waits any more */
bool tty_out_flush(struct tty_out *t);

/** tty_out_waits() - has the terminal not taken everything? */
static inline bool tty_out_waits(const struct tty_out *t)
{
	return t->data != NULL;
}

/** tty_out_close() - give the terminal @ms milliseconds for what waits */
void tty_out_close(struct tty_out *t, int ms);

#endif /* CRYPTOCHAT_UI_TTY_OUT_H */
