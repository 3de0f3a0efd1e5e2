/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - what supervisor and worker say to each other.
 *
 * Theory of operation
 * -------------------
 * They speak vhost-user on a socket: to the worker, the supervisor is a front end.
 * It passes on what the real one sends, one message at a time, and waits for the
 * outcome of each; what needs no answer of the protocol is answered LINK_DONE or
 * LINK_VIOLATED, which goes no further. With requests of its own, which a front
 * end cannot send, the supervisor sets up a new worker:
 *
 *     worker                           supervisor
 *     LINK_READY                 -->
 *                                <--   messages that bring about the state of now
 *     answers                    -->
 *                                <--   LINK_RESUME
 *     LINK_DONE                  -->
 *                                <--   what the front end sends
 *
 * The end of the supervisor's end is the end of the worker.
 */
#ifndef VCD_DAEMON_VHOST_USER_CHANNEL_H
#define VCD_DAEMON_VHOST_USER_CHANNEL_H

#include <stdbool.h>

#include "daemon/vhost_user/handlers.h"
#include "virtio_cryptodev.h"

/**
 * enum link_request - requests beside those of vhost-user.
 * @LINK_READY: from the worker: it can begin; its config space, as a struct vu_config
 * @LINK_DONE: from the worker: carried out; a number, 0 or 1: refused
 * @LINK_VIOLATED: from the worker: the front end broke the protocol; the same payload
 * @LINK_RESUME: all of the former state is there: go on
 * @LINK_RESET: the front end is gone: forget it, and what it had
 * @LINK_CONTROL: serve the client of the control socket that comes along; it may give orders
 */
enum link_request {
	LINK_FIRST = 0x10000,
	LINK_READY = LINK_FIRST,
	LINK_DONE,
	LINK_VIOLATED,
	LINK_RESUME,
	LINK_RESET,
	LINK_CONTROL,
};

/** link_is_request - whether a message is one of the supervisor's own. */
bool link_is_request(const struct vu_message *m);

/** link_run - carry it out, in the worker. Return: DONE, REFUSE, or VIOLATE. */
enum outcome link_run(struct vhost_user *vu, struct vu_message *m);

/** link_ready - send LINK_READY. Return: 0 or a negative errno. */
int link_ready(struct vhost_user *vu);

/**
 * link_config - the config space that came with LINK_READY.
 * @m: the message
 * @config: out
 *
 * Return: whether there was one.
 */
bool link_config(const struct vu_message *m, struct vcd_config *config);

/**
 * link_is_less - whether a driver that was told @was cannot do with @is.
 *
 * It misses an algorithm, may send less at a time, or another protocol is spoken.
 */
bool link_is_less(const struct vcd_config *is, const struct vcd_config *was);

/**
 * link_tell - send LINK_DONE or LINK_VIOLATED.
 * @vu: the worker's end
 * @request: which
 * @value: 0, or 1: refused
 *
 * Return: 0 or a negative errno.
 */
int link_tell(struct vhost_user *vu, enum link_request request, uint64_t value);

#endif /* VCD_DAEMON_VHOST_USER_CHANNEL_H */
