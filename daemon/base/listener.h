/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.h - where front ends connect to: a path, or a socket that was passed in.
 */
#ifndef VCD_DAEMON_BASE_LISTENER_H
#define VCD_DAEMON_BASE_LISTENER_H

#include <sys/types.h>

#include "daemon/base/remover.h"
#include "common/unix_socket.h"

/**
 * struct listener - where front ends come from.
 * @fd: listening socket, or -1 when there is just one connection
 * @connected: that connection, until it is taken, or -1
 * @file: what is to be removed at the end
 */
struct listener {
	int fd;
	int connected;
	struct remover_file file;
};

/**
 * listener_open - open the socket.
 * @listener: out; listener_close() may be called whatever the result
 * @path: where to listen, or NULL; stays in use
 * @access: who may connect there
 * @fd: a socket that is there already, when @path is NULL; taken over
 *
 * What went wrong is logged. Return: 0 or a negative errno.
 */
int listener_open(struct listener *listener, const char *path,
		  const struct unix_socket_access *access, int fd);

/**
 * listener_accept - take a front end.
 *
 * Return: its socket; -EAGAIN when there is none after all, or another negative errno.
 */
int listener_accept(struct listener *listener);

/** listener_close - close it; its file stays. Fine when its descriptors are -1. */
void listener_close(struct listener *listener);

#endif /* VCD_DAEMON_BASE_LISTENER_H */
