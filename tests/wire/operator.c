/* SPDX-License-Identifier: GPL-2.0-or-later */
/* operator.c - a client of a daemon's control socket. See operator.h. */
#include "tests/wire/operator.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

int operator_reach(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

size_t operator_receive(int fd, char *text, size_t want)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t len = 0;
	ssize_t n = 1;

	while (len < want && n > 0) {
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		n = read(fd, text + len, want - len);
		if (n > 0)
			len += (size_t)n;
	}
	return len;
}

/* NULL: it hung up. */
static char *answer(int fd)
{
	static char text[1 << 17];
	size_t len = 0, body;

	do {
		if (operator_receive(fd, text + len, 1) != 1)
			return NULL;
	} while (text[len++] != '\n' && len < 600);
	text[len] = '\0';
	if (sscanf(text, "OK %zu\n", &body) != 1)
		return text;
	assert_true(body < sizeof(text));
	if (operator_receive(fd, text, body) != body)
		return NULL;
	text[body] = '\0';
	return text;
}

char *operator_next(int fd)
{
	char *text = answer(fd);

	assert_non_null(text);
	return text;
}

char *operator_ask(int fd, const char *command)
{
	char *text = operator_try(fd, command);

	assert_non_null(text);
	return text;
}

char *operator_try(int fd, const char *command)
{
	ssize_t len = (ssize_t)strlen(command);

	return send(fd, command, (size_t)len, MSG_NOSIGNAL) == len ? answer(fd) : NULL;
}

uint64_t operator_counter(int fd, const char *name)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(operator_ask(fd, "counters\n"), line);
	assert_non_null(at);
	return strtoull(at + strlen(line), NULL, 10);
}
