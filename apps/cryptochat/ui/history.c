// SPDX-License-Identifier: GPL-2.0-or-later
/* history.c - lines typed in earlier conversations, in a file that the user asked for. */
#include "cryptochat/ui/history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/base/text.h"

/* A file with so many lines is written anew with the newest EDITOR_HISTORY. */
#define LINES_MAX (5 * EDITOR_HISTORY)

static char *escape(const char *line, size_t *len)
{
	char *out = malloc(2 * strlen(line) + 2), *to = out;

	if (!out)
		return NULL;
	for (; *line; line++) {
		if (*line == '\n' || *line == '\\')
			*to++ = '\\';
		*to++ = *line == '\n' ? 'n' : *line;
	}
	*to++ = '\n';
	*to = 0;
	*len = (size_t)(to - out);
	return out;
}

static void unescape(char *line)
{
	char *to = line;

	for (; *line && *line != '\n'; line++) {
		if (*line == '\\' && line[1])
			*to++ = *++line == 'n' ? '\n' : *line;
		else
			*to++ = *line;
	}
	*to = 0;
}

int history_add(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), err = 0;
	size_t len = 0;
	char *text = escape(line, &len);

	if (fd < 0)
		err = -errno;
	else if (!text)
		err = -ENOMEM;
	/* In one piece, so that lines of several processes are not mixed. */
	else if (write(fd, text, len) != (ssize_t)len)
		err = errno ? -errno : -EIO;
	if (text)
		explicit_bzero(text, len);
	free(text);
	if (fd >= 0)
		close(fd);
	return err;
}

/* The file shall have only the lines that @e has. */
static int shorten(const char *path, const struct editor *e)
{
	char fresh[PATH_MAX];
	int err = 0;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >= sizeof(fresh))
		return -ENAMETOOLONG;
	if (unlink(fresh) < 0 && errno != ENOENT)
		return -errno;
	for (size_t i = 0; i < e->history_count && !err; i++)
		err = history_add(fresh, e->history[i]);
	if (!err && rename(fresh, path) < 0)
		err = -errno;
	return err;
}

int history_load(const char *path, struct editor *e)
{
	FILE *in = fopen(path, "re");
	size_t size = 0, lines = 0;
	char *line = NULL;

	if (!in)
		return errno == ENOENT ? 0 : -errno;
	while (getline(&line, &size, in) >= 0) {
		lines++;
		unescape(line);
		/* Whoever wrote this, it is going to be on the terminal. */
		if (strlen(line) <= EDITOR_LINE_MAX && text_is_utf8(line, strlen(line)) &&
		    !strpbrk(line, "\033\a\b\r"))
			editor_remember(e, line);
	}
	if (line)
		explicit_bzero(line, size);
	free(line);
	fclose(in);
	return lines > LINES_MAX ? shorten(path, e) : 0;
}
