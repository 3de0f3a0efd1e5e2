/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clients.h - clients of the operator's socket, until it is known what they want.
 *
 * The supervisor accepts them, because it can see a client's user and a worker in its user
 * namespace cannot. It looks at the first word, and leaves it in the socket. `upgrade` is the
 * supervisor's own command: the worker does not live to see its outcome. A client that says
 * anything else is passed on to the worker, which serves it until it hangs up (control.h).
 */
#ifndef VCD_DAEMON_SUPERVISOR_CLIENTS_H
#define VCD_DAEMON_SUPERVISOR_CLIENTS_H

#include <stdbool.h>
#include <sys/types.h>

/** Clients that have not said what they want. */
#define CLIENTS_MAX 8u

/**
 * struct clients - these clients.
 * @epoll: waits for them, each new byte once: what was looked at stays in the socket
 * @owner: the user who may connect, beside root
 * @fd: their connections, oldest first
 * @upgrade: the client that waits for the outcome of an upgrade, or -1
 */
struct clients {
	int epoll;
	uid_t owner;
	int fd[CLIENTS_MAX];
	unsigned int count;
	int upgrade;
};

enum client_event {
	CLIENT_NOTHING,
	CLIENT_COMMAND, /* for the worker */
	CLIENT_UPGRADE,
};

/** clients_init - no clients; the current user and root may connect. Return: 0 or -errno. */
int clients_init(struct clients *clients);

/**
 * clients_accept - take the client that waits at @socket, if it may give orders.
 * @oldest: out: the client that had to make room, now the caller's; or -1
 *
 * Return: 0, or a negative errno of accept().
 */
int clients_accept(struct clients *clients, int socket, int *oldest);

/**
 * clients_read - look at what the next client wants.
 * @fd: out: the client, now the caller's, with CLIENT_COMMAND and CLIENT_UPGRADE
 */
enum client_event clients_read(struct clients *clients, int *fd);

/** clients_refuse - answer ERR to @fd, and close it. */
void clients_refuse(int fd, const char *error);

/** clients_upgraded - tell @upgrade the outcome: @error, or when that is NULL, @text. */
void clients_upgraded(struct clients *clients, const char *error, const char *text);

/** clients_close - close all connections. */
void clients_close(struct clients *clients);

#endif /* VCD_DAEMON_SUPERVISOR_CLIENTS_H */
