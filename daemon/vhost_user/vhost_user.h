/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost_user.h - a front end, whose messages come over the channel from the supervisor.
 */
#ifndef VCD_DAEMON_VHOST_USER_VHOST_USER_H
#define VCD_DAEMON_VHOST_USER_VHOST_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/vm/vm.h"
#include "daemon/vhost_user/message.h"

/**
 * struct vhost_user - a front end, as it comes over the channel.
 * @vm: what it drives
 * @socket: the channel, or -1
 * @reader: what was received of the next message
 * @protocol_features: accepted ones
 * @status: device status that the front end last set
 * @adopt_client: takes over a client of the control socket; a negative errno: refused; or NULL
 * @adopt_arg: its argument
 * @adopt_keeper: takes over a connection to the keeper; NULL: the device has no keys by name
 * @keeper_arg: its argument
 */
struct vhost_user {
	struct vm *vm;
	int socket;
	struct vu_reader reader;
	uint64_t protocol_features;
	uint8_t status;
	int (*adopt_client)(void *arg, int fd);
	void *adopt_arg;
	void (*adopt_keeper)(void *arg, int fd);
	void *keeper_arg;
};

/** vhost_user_begin - serve the supervisor on @socket, the channel, which is taken over. */
void vhost_user_begin(struct vhost_user *vu, struct vm *vm, int socket);

/**
 * vhost_user_end - close the channel and nothing else: the next worker goes on with the queues as
 * they are. Allowed when there is no channel.
 */
void vhost_user_end(struct vhost_user *vu);

/**
 * vhost_user_input - answer the messages that are there; never blocks.
 *
 * Each is answered: how, channel.h says. A front end that breaks the protocol is the
 * supervisor's to let go.
 *
 * Return: 0; a negative errno when the supervisor is gone, or cannot be understood.
 */
int vhost_user_input(struct vhost_user *vu);

#endif /* VCD_DAEMON_VHOST_USER_VHOST_USER_H */
