/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * endpoints.h - what the supervisor opens at the start and closes at the end: its sockets and
 * their files, signals, and the service manager.
 */
#ifndef VCD_DAEMON_SUPERVISOR_ENDPOINTS_H
#define VCD_DAEMON_SUPERVISOR_ENDPOINTS_H

#include "daemon/base/listener.h"
#include "daemon/base/remover.h"

/**
 * struct endpoints - these.
 * @listener: where front ends connect
 * @control: where the operator connects, or -1
 * @remover: removes the files when the supervisor may not, or -1
 * @notify: the service manager, or -1
 * @signals: signalfd
 */
struct endpoints {
	struct listener listener;
	int control;
	struct remover_file control_file;
	int remover;
	int notify;
	int signals;
};

/** endpoints_init - none is open. */
void endpoints_init(struct endpoints *endpoints);

/** endpoints_signals - block the supervisor's signals and open @signals. Return: 0 or -errno. */
int endpoints_signals(struct endpoints *endpoints);

/**
 * endpoints_open - open the sockets and find the service manager.
 * @path: where front ends connect, or NULL; stays in use
 * @access: who may
 * @fd: a socket that is open already, when @path is NULL
 * @control: where the operator connects, or NULL; stays in use
 *
 * Return: 0 or a negative errno, logged.
 */
int endpoints_open(struct endpoints *endpoints, const char *path,
		   const struct unix_socket_access *access, int fd, const char *control);

/** endpoints_start_remover - before root gives its rights up: leave a process that keeps them. */
void endpoints_start_remover(struct endpoints *endpoints);

/** endpoints_close - close all, and remove the files. */
void endpoints_close(struct endpoints *endpoints);

#endif /* VCD_DAEMON_SUPERVISOR_ENDPOINTS_H */
