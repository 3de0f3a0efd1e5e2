/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.c - clients of the operator's socket, until the worker has them.
 *
 * From here it can be seen who a client is, as the worker in its user namespace could not. The
 * first word of each is looked at, and left in its socket: `upgrade` is the supervisor's own
 * command, as the worker does not live to see its outcome; whoever says anything else is passed on
 * to the worker, and speaks to that until it hangs up (control.h).
 *
 * Invariant: a client is watched until it is known what it wants.
 */
#include "daemon/supervisor/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/param.h>
#include <sys/socket.h>

#include "daemon/vhost_user/channel.h"
#include "common/log.h"
#include "common/unix_socket.h"
#include "common/util.h"

static const char upgrade_command[] = "upgrade\n";

void clients_init(struct clients *clients)
{
	*clients = (struct clients){.upgrade = -1};
}

static void forget(struct clients *clients, unsigned int i)
{
	clients->count--;
	memmove(&clients->client[i], &clients->client[i + 1],
		(clients->count - i) * sizeof(clients->client[0]));
}

/* It is not ours to serve: the worker is to have it. */
static void set_heard(struct supervisor *s, struct client *client)
{
	supervisor_watch(s, client->fd, false);
	client->heard = true;
}

bool clients_room(const struct supervisor *s)
{
	const struct clients *clients = &s->clients;

	for (unsigned int i = 0; i < clients->count; i++)
		if (!clients->client[i].heard)
			return true;
	return clients->count < CLIENTS_MAX;
}

/* The one that has said nothing for longest is the worker's, too. */
static bool make_room(struct supervisor *s)
{
	struct clients *clients = &s->clients;

	if (clients->count < CLIENTS_MAX)
		return true;
	for (unsigned int i = 0; i < clients->count; i++) {
		if (!clients->client[i].heard) {
			set_heard(s, &clients->client[i]);
			break;
		}
	}
	return false;
}

void clients_accept(struct supervisor *s)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	uid_t user;
	int fd;

	if (!make_room(s))
		return;
	fd = accept4(s->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			supervisor_accept_failed(s, -errno);
		return;
	}
	if (unix_socket_peer(fd, &user) < 0 || (user != 0 && user != s->owner)) {
		log_limited(LOG_WARN, "control socket: a peer of another user is turned away");
		close(fd);
		return;
	}
	/* Only what is new wakes us: what is there stays there. */
	event.data.fd = fd;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_limited(LOG_WARN, "control socket: a client cannot be served: %m");
		close(fd);
		return;
	}
	s->clients.client[s->clients.count++] = (struct client){.fd = fd};
}

/* ---- upgrades ------------------------------------------------------------------------- */

/* The whole answer; a client that has asked one thing has room for it. */
static void answer(int fd, const char *head, const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s%s\n", head, text);

	(void)!send(fd, line, MIN((size_t)n, sizeof(line) - 1), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

void clients_upgraded(struct supervisor *s, const char *error, const char *text)
{
	char head[32];

	if (s->clients.upgrade < 0)
		return;
	(void)snprintf(head, sizeof(head), "OK %zu\n", strlen(text) + 1);
	answer(take_fd(&s->clients.upgrade), error ? "ERR " : head, error ? error : text);
}

static void ask_for_upgrade(struct supervisor *s, int fd)
{
	const char *error;
	char text[sizeof(upgrade_command)];

	/* Closed with something unread, the client would lose its answer. */
	(void)!recv(fd, text, sizeof(upgrade_command) - 1, MSG_DONTWAIT);
	error = child_upgrade(s);
	if (error)
		answer(fd, "ERR ", error);
	else
		s->clients.upgrade = fd;
}

/* ---- what they say -------------------------------------------------------------------- */

bool clients_input(struct supervisor *s, int fd)
{
	const size_t size = sizeof(upgrade_command) - 1;
	struct clients *clients = &s->clients;
	char text[sizeof(upgrade_command)];
	unsigned int i;
	ssize_t n;

	for (i = 0; i < clients->count && clients->client[i].fd != fd; i++)
		;
	if (fd < 0 || i == clients->count)
		return false;
	n = recv(fd, text, size, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0) {
		forget(clients, i);
		close(fd);
	} else if (memcmp(text, upgrade_command, (size_t)n) != 0) {
		set_heard(s, &clients->client[i]);
	} else if ((size_t)n == size) {
		forget(clients, i);
		supervisor_watch(s, fd, false);
		ask_for_upgrade(s, fd);
	}
	return true;
}

int clients_next(const struct supervisor *s)
{
	const struct clients *clients = &s->clients;

	for (unsigned int i = 0; i < clients->count; i++)
		if (clients->client[i].heard)
			return clients->client[i].fd;
	return -1;
}

void clients_passed(struct supervisor *s)
{
	struct clients *clients = &s->clients;
	unsigned int i;

	for (i = 0; i < clients->count && !clients->client[i].heard; i++)
		;
	if (i == clients->count)
		return;
	close(clients->client[i].fd);
	forget(clients, i);
}

void clients_close(struct supervisor *s)
{
	clients_upgraded(s, "the daemon ends", "");
	while (s->clients.count)
		close(s->clients.client[--s->clients.count].fd);
}
