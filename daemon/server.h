/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.h - the signals and the loop of the control thread.
 */
#ifndef VCD_DAEMON_SERVER_H
#define VCD_DAEMON_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/backend.h"
#include "daemon/listener.h"
#include "daemon/vhost_user.h"

struct control;

/**
 * struct server - what the control thread listens to.
 * @backend: what front ends drive
 * @listener: where they come from; its @connected may be a link
 * @linked: that is so: it is the link to our supervisor
 * @signals: signalfd
 * @epoll: what the loop waits in
 * @vu: the front end; vu.socket is -1 when there is none
 * @front_ends: front ends that connected
 * @protocol_errors: those among them that broke the protocol
 * @control: the operator's socket, served in the same loop, or NULL
 * @report: writes the counters to a descriptor, which it takes over, or to the
 *	statistics file: -1, at SIGUSR1
 * @report_arg: its argument
 */
struct server {
	struct backend *backend;
	struct listener listener;
	bool linked;
	int signals;
	int epoll;
	struct vhost_user vu;
	uint64_t front_ends;
	uint64_t protocol_errors;
	struct control *control;
	int (*report)(void *arg, int fd);
	void *report_arg;
};

/**
 * server_signals - block the signals that server_run() handles.
 *
 * To be called before threads are started: they inherit it. Return: 0 or -errno.
 */
int server_signals(void);

/**
 * server_open - make what the loop needs.
 * @server: its listener is opened, or its connected socket set, by the caller
 *	afterwards; server_close() may be called whatever the result
 *
 * What went wrong is logged. Return: 0 or a negative errno.
 */
int server_open(struct server *server);

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
