/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clients.c - clients of the operator's socket. See clients.h. */
#include "daemon/supervisor/clients.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/unix_socket.h"
#include "common/util.h"

static const char upgrade_command[] = "upgrade\n";

int clients_init(struct clients *clients)
{
	*clients = (struct clients){.owner = geteuid(), .upgrade = -1};
	clients->epoll = epoll_create1(EPOLL_CLOEXEC);
	return clients->epoll < 0 ? -errno : 0;
}

/* Remove client @i; the connection is the caller's. */
static int take_client(struct clients *clients, unsigned int i)
{
	int fd = clients->fd[i];

	(void)epoll_ctl(clients->epoll, EPOLL_CTL_DEL, fd, NULL);
	clients->count--;
	memmove(&clients->fd[i], &clients->fd[i + 1],
		(clients->count - i) * sizeof(clients->fd[0]));
	return fd;
}

int clients_accept(struct clients *clients, int socket, int *oldest)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	uid_t user;
	int fd;

	*oldest = -1;
	fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
	if (unix_socket_peer(fd, &user) < 0 || (user != 0 && user != clients->owner)) {
		log_limited(LOG_WARN, "control socket: a client of another user is turned away");
		close(fd);
		return 0;
	}
	event.data.fd = fd;
	if (epoll_ctl(clients->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_limited(LOG_WARN, "control socket: a client cannot be served: %m");
		close(fd);
		return 0;
	}
	if (clients->count == CLIENTS_MAX)
		*oldest = take_client(clients, 0);
	clients->fd[clients->count++] = fd;
	return 0;
}

enum client_event clients_read(struct clients *clients, int *fd)
{
	const size_t size = sizeof(upgrade_command) - 1;
	char text[sizeof(upgrade_command)];
	struct epoll_event event;
	unsigned int i;
	ssize_t n;

	if (epoll_wait(clients->epoll, &event, 1, 0) != 1)
		return CLIENT_NOTHING;
	for (i = 0; i < clients->count && clients->fd[i] != event.data.fd; i++)
		;
	if (i == clients->count)
		return CLIENT_NOTHING;
	n = recv(clients->fd[i], text, size, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return CLIENT_NOTHING;
	if (n <= 0) {
		close(take_client(clients, i));
		return CLIENT_NOTHING;
	}
	if (memcmp(text, upgrade_command, (size_t)n) != 0) {
		*fd = take_client(clients, i);
		return CLIENT_COMMAND;
	}
	if ((size_t)n < size)
		return CLIENT_NOTHING;
	*fd = take_client(clients, i);
	/* A socket that is closed with unread bytes loses the answer. */
	(void)!recv(*fd, text, size, MSG_DONTWAIT);
	return CLIENT_UPGRADE;
}

/* The whole answer: a client that has asked one thing has room for it. */
static void answer(int fd, const char *head, const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s%s\n", head, text);

	(void)!send(fd, line, MIN((size_t)n, sizeof(line) - 1), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

void clients_refuse(int fd, const char *error)
{
	answer(fd, "ERR ", error);
}

void clients_upgraded(struct clients *clients, const char *error, const char *text)
{
	char head[32];

	if (clients->upgrade < 0)
		return;
	(void)snprintf(head, sizeof(head), "OK %zu\n", strlen(text) + 1);
	answer(take_fd(&clients->upgrade), error ? "ERR " : head, error ? error : text);
}

void clients_close(struct clients *clients)
{
	clients_upgraded(clients, "the daemon ends", "");
	while (clients->count)
		close(take_client(clients, 0));
	close_fd(&clients->epoll);
}
