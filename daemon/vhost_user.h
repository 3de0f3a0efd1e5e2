/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost_user.h - one connection to a front end.
 */
#ifndef VCD_DAEMON_VHOST_USER_H
#define VCD_DAEMON_VHOST_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/backend.h"
#include "daemon/message.h"

struct control;

/**
 * struct vhost_user - a connection.
 * @backend: what the front end drives
 * @socket: the connection, or -1
 * @reader: what was received of the next message
 * @backend_socket: for requests of ours to the front end, or -1
 * @protocol_features: accepted ones
 * @status: device status that the front end last set
 * @linked: the other side is our supervisor, not the front end itself (link.h)
 * @report: writes the counters to a descriptor, which it takes over; 0 or a negative errno
 * @report_arg: its argument
 * @control: takes clients that come over the link, or NULL
 */
struct vhost_user {
	struct backend *backend;
	int socket;
	struct vu_reader reader;
	int backend_socket;
	uint64_t protocol_features;
	uint8_t status;
	bool linked;
	int (*report)(void *arg, int fd);
	void *report_arg;
	struct control *control;
};

/** vhost_user_begin - serve a front end on @socket, which is taken over. */
void vhost_user_begin(struct vhost_user *vu, struct backend *backend, int socket);

/**
 * vhost_user_end - close the connection, drop sessions and memory; fine when there is none.
 *
 * A link is closed and nothing else: the next worker is to go on where we are.
 */
void vhost_user_end(struct vhost_user *vu);

/**
 * vhost_user_input - answer the messages that are there; never blocks.
 *
 * Return: 0; -ECONNRESET when the front end is gone; another negative errno when
 * it broke the protocol, which was logged. The caller ends the connection.
 */
int vhost_user_input(struct vhost_user *vu);

#endif /* VCD_DAEMON_VHOST_USER_H */
