/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - what supervisor and worker say to each other.
 *
 * Theory of operation
 * -------------------
 * They speak vhost-user on a socket: to the worker, the supervisor is a front end.
 * It passes on what the real one sends, one message at a time, and waits for the
 * outcome of each; what needs no answer of the protocol is answered CHANNEL_DONE or
 * CHANNEL_VIOLATED, which goes no further. With requests of its own, which a front
 * end cannot send, the supervisor sets up a new worker:
 *
 *     worker                           supervisor
 *     CHANNEL_READY                 -->
 *                                <--   messages that bring about the state of now
 *     answers                    -->
 *                                <--   CHANNEL_RESUME
 *     CHANNEL_DONE                  -->
 *                                <--   what the front end sends
 *
 * The end of the supervisor's end is the end of the worker.
 */
#ifndef VCD_DAEMON_VHOST_USER_CHANNEL_H
#define VCD_DAEMON_VHOST_USER_CHANNEL_H

#include <stdbool.h>

#include "daemon/vhost_user/message.h"
#include "virtio_cryptodev.h"

/**
 * enum channel_request - requests beside those of vhost-user.
 * @CHANNEL_READY: from the worker: it can begin; its config space, as a struct vu_config
 * @CHANNEL_DONE: from the worker: carried out; a number, 0 or 1: refused
 * @CHANNEL_VIOLATED: from the worker: the front end broke the protocol; the same payload
 * @CHANNEL_RESUME: all of the former state is there: go on
 * @CHANNEL_RESET: the front end is gone: forget it, and what it had
 * @CHANNEL_CONTROL: serve the client of the control socket that comes along; it may give orders
 */
enum channel_request {
	CHANNEL_FIRST = 0x10000,
	CHANNEL_READY = CHANNEL_FIRST,
	CHANNEL_DONE,
	CHANNEL_VIOLATED,
	CHANNEL_RESUME,
	CHANNEL_RESET,
	CHANNEL_CONTROL,
};

/** channel_is_request - whether a message is one of the supervisor's own. */
bool channel_is_request(const struct vu_message *m);

/** channel_ready - from the worker: send CHANNEL_READY. Return: 0 or a negative errno. */
int channel_ready(int channel, const struct vcd_config *config);

/**
 * channel_config - the config space that came with CHANNEL_READY.
 * @m: the message
 * @config: out
 *
 * Return: whether there was one.
 */
bool channel_config(const struct vu_message *m, struct vcd_config *config);

/**
 * channel_is_less - whether a driver that was told @was cannot do with @is.
 *
 * It misses an algorithm, may send less at a time, or another protocol is spoken.
 */
bool channel_is_less(const struct vcd_config *is, const struct vcd_config *was);

/**
 * channel_tell - from the worker: send CHANNEL_DONE or CHANNEL_VIOLATED.
 * @value: 0; or with CHANNEL_DONE 1: refused; with CHANNEL_VIOLATED: an enum vu_violation
 *
 * Return: 0 or a negative errno.
 */
int channel_tell(int channel, enum channel_request request, uint64_t value);

#endif /* VCD_DAEMON_VHOST_USER_CHANNEL_H */
