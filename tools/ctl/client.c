/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client.c - the client's side of the daemon's control socket. See client.h. */
#include "tools/ctl/client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/operate/control.h"
#include "common/util.h"
#include "tools/ctl/text.h"

int client_connect(const char *path, unsigned int timeout_ms)
{
	const struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000l};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_fd_ int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return take_fd(&fd);
}

static int send_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int receive_all(int fd, char *bytes, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, bytes, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -EPIPE;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The first line, without its end. Byte by byte: what follows it has another reader. */
static int receive_line(int fd, char *line, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		int err = receive_all(fd, line + n, 1);

		if (err)
			return err;
		if (line[n] == '\n') {
			line[n] = '\0';
			return 0;
		}
	}
	return -EPROTO;
}

static int receive_text(int fd, const char *length, char **text, size_t *len)
{
	_cleanup_free_ char *buffer = NULL;
	unsigned long n;
	char *end;
	int err;

	errno = 0;
	n = strtoul(length, &end, 10);
	if (errno || end == length || *end || n > CLIENT_MAX_ANSWER)
		return -EPROTO;
	buffer = malloc(n + 1);
	if (!buffer)
		return -ENOMEM;
	err = receive_all(fd, buffer, n);
	if (err)
		return err;
	buffer[n] = '\0';
	text_clean(buffer, n);
	*text = buffer;
	*len = n;
	buffer = NULL;
	return 0;
}

int client_ask(int fd, const char *command, char **text, size_t *len)
{
	char line[CONTROL_LINE];
	int n = snprintf(line, sizeof(line), "%s\n", command);
	int err;

	*text = NULL;
	*len = 0;
	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	err = send_all(fd, line, (size_t)n);
	if (!err)
		err = receive_line(fd, line, sizeof(line));
	if (err)
		return err;
	if (!strncmp(line, "OK ", 3))
		return receive_text(fd, line + 3, text, len);
	if (strncmp(line, "ERR ", 4) != 0)
		return -EPROTO;
	*text = strdup(line + 4);
	if (!*text)
		return -ENOMEM;
	*len = strlen(*text);
	text_clean(*text, *len);
	return -EINVAL;
}
