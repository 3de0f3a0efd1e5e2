// SPDX-License-Identifier: GPL-2.0-or-later
/* tty_out.c - output to a terminal that may take none for a while. */
#include "cryptochat/ui/tty_out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/base/wait.h"

#define PIECE 256 /* for a descriptor that blocks: what a terminal that is writable takes */

void tty_out_open(struct tty_out *t, int fd)
{
	char path[PATH_MAX];

	*t = (struct tty_out){.fd = -1, .fallback = fd};
	/* O_NONBLOCK on the descriptor that we were given would be one on the shell's, too. */
	if (ttyname_r(fd, path, sizeof(path)) == 0)
		t->fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		t->fd = fd;
}

static void forget(struct tty_out *t)
{
	if (t->data)
		explicit_bzero(t->data, t->len);
	free(t->data);
	t->data = NULL;
	t->at = t->len = 0;
}

/* Bytes written, 0: the terminal takes none now, -1: it is gone, and reading it says so. */
static ssize_t write_some(struct tty_out *t)
{
	struct pollfd out = {.fd = t->fd, .events = POLLOUT};
	size_t len = t->len - t->at;
	ssize_t n;

	if (t->fd == t->fallback) {
		if (poll(&out, 1, 0) <= 0)
			return 0;
		len = len < PIECE ? len : PIECE;
	}
	n = write(t->fd, t->data + t->at, len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	return n;
}

bool tty_out_flush(struct tty_out *t)
{
	while (t->data) {
		ssize_t n = write_some(t);

		if (n == 0)
			return false;
		if (n > 0)
			t->at += (size_t)n;
		if (n < 0 || t->at == t->len)
			forget(t);
	}
	return true;
}

void tty_out_put(struct tty_out *t, char *data, size_t len)
{
	forget(t);
	t->data = data;
	t->len = len;
	if (!len)
		forget(t);
	tty_out_flush(t);
}

void tty_out_close(struct tty_out *t, int ms)
{
	int64_t end = wait_clock_ms() + ms, now;

	while (!tty_out_flush(t) && (now = wait_clock_ms()) < end) {
		struct pollfd out = {.fd = t->fd, .events = POLLOUT};

		if (poll(&out, 1, (int)(end - now)) < 0 && errno != EINTR)
			break;
	}
	forget(t);
	if (t->fd >= 0 && t->fd != t->fallback)
		close(t->fd);
	t->fd = -1;
}
