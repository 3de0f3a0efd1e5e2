/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_loop.h - the signals and the loop of a worker's control thread.
 */
#ifndef VCD_DAEMON_EVENT_LOOP_H
#define VCD_DAEMON_EVENT_LOOP_H

#include "daemon/vm/vm.h"
#include "daemon/vhost_user/vhost_user.h"

struct control;

/**
 * struct server - what the control thread listens to.
 * @vm: what the front end drives
 * @link: the link to the supervisor, until it is served, or -1
 * @signals: signalfd
 * @epoll: what the loop waits in
 * @vu: the front end, as it comes over the link
 * @control: clients of the operator's socket, served in the same loop, or NULL
 */
struct server {
	struct vm *vm;
	int link;
	int signals;
	int epoll;
	struct vhost_user vu;
	struct control *control;
};

/**
 * server_signals - block the signals that server_run() handles.
 *
 * To be called before threads are started: they inherit it. Return: 0 or -errno.
 */
int server_signals(void);

/**
 * server_open - make what the loop needs.
 * @server: its link is set by the caller afterwards; server_close() may be called whatever the
 *	result
 *
 * What went wrong is logged. Return: 0 or a negative errno.
 */
int server_open(struct server *server);

/**
 * server_run - say that we are ready, and serve.
 * @server: open server
 * @vm: what the front end drives
 *
 * Return: 0 after SIGTERM, or when the supervisor is gone; a negative errno, logged, when it
 * cannot go on.
 */
int server_run(struct server *server, struct vm *vm);

/** server_close - close the link and all else. */
void server_close(struct server *server);

#endif /* VCD_DAEMON_EVENT_LOOP_H */
