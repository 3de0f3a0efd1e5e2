/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.h - the socket, the signals and the loop of the control thread.
 */
#ifndef VCD_DAEMON_SERVER_H
#define VCD_DAEMON_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/backend.h"
#include "daemon/vhost_user.h"

struct control;

/**
 * struct server - what the control thread listens to.
 * @backend: what front ends drive
 * @listener: listening socket, or -1 when there is just one connection
 * @socket_dev: device of the socket's file, for whoever removes it
 * @socket_ino: and inode, as we made it
 * @signals: signalfd
 * @epoll: what the loop waits in
 * @vu: the front end; vu.socket is -1 when there is none
 * @pending: socket to serve from the start, or -1
 * @front_ends: front ends that connected
 * @protocol_errors: those among them that broke the protocol
 * @control: the operator's socket, served in the same loop, or NULL
 * @report: called at SIGUSR1
 * @report_arg: its argument
 */
struct server {
	struct backend *backend;
	int listener;
	dev_t socket_dev;
	ino_t socket_ino;
	int signals;
	int epoll;
	struct vhost_user vu;
	int pending;
	uint64_t front_ends;
	uint64_t protocol_errors;
	struct control *control;
	void (*report)(void *arg);
	void *report_arg;
};

/**
 * server_signals - block the signals that server_run() handles.
 *
 * To be called before threads are started: they inherit it. Return: 0 or -errno.
 */
int server_signals(void);

/**
 * server_open - open the socket.
 * @server: out; server_close() may be called whatever the result
 * @socket_path: where to listen, or NULL; stays in use
 * @fd: a socket that is there already, when @socket_path is NULL; taken over
 *
 * What went wrong is logged. Return: 0 or a negative errno.
 */
int server_open(struct server *server, const char *socket_path, int fd);

/**
 * server_run - serve one front end after the other.
 * @server: open server, @report set
 * @backend: what they drive
 *
 * Return: 0 after SIGTERM, SIGINT or SIGHUP, or after the one connection of a
 * connected socket is gone; a negative errno, logged, when it cannot go on.
 */
int server_run(struct server *server, struct backend *backend);

/** server_close - let the front end go, close the socket; its file stays. */
void server_close(struct server *server);

#endif /* VCD_DAEMON_SERVER_H */
