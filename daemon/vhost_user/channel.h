/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - the protocol between supervisor and worker.
 *
 * Theory of operation
 * -------------------
 * They speak vhost-user on a socket: to the worker, the supervisor is a front end. It forwards what
 * the real one sends, one message at a time, and waits for the outcome of each. A message that has
 * no answer in the protocol is answered CHANNEL_DONE or CHANNEL_VIOLATED, which is not forwarded. With requests of its own, which a front
 * end cannot send, the supervisor sets up a new worker:
 *
 *     worker                           supervisor
 *     CHANNEL_READY                 -->
 *                                <--   the front end's set-up
 *     answers                    -->
 *                                <--   CHANNEL_RESUME
 *     CHANNEL_DONE                  -->
 *                                <--   what the front end sends
 *
 * The worker ends when the supervisor closes its end.
 */
#ifndef VCD_DAEMON_VHOST_USER_CHANNEL_H
#define VCD_DAEMON_VHOST_USER_CHANNEL_H

#include <stdbool.h>

#include "daemon/vhost_user/message.h"
#include "virtio_cryptodev.h"

/**
 * enum channel_request - requests beside those of vhost-user.
 * @CHANNEL_READY: from the worker: it is ready; its config space, as a struct vu_config
 * @CHANNEL_DONE: from the worker: carried out: 0; or refused: 1
 * @CHANNEL_VIOLATED: from the worker: the front end broke the protocol; an enum vu_violation
 * @CHANNEL_RESUME: the whole set-up was replayed: go on
 * @CHANNEL_RESET: the front end is gone: forget its set-up and sessions
 * @CHANNEL_CONTROL: serve the client of the control socket whose descriptor comes with it
 * @CHANNEL_KEEPER: use the connection to the keeper whose descriptor comes with it
 */
enum channel_request {
	CHANNEL_FIRST = 0x10000,
	CHANNEL_READY = CHANNEL_FIRST,
	CHANNEL_DONE,
	CHANNEL_VIOLATED,
	CHANNEL_RESUME,
	CHANNEL_RESET,
	CHANNEL_CONTROL,
	CHANNEL_KEEPER,
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
 * channel_is_less - whether @is offers less than @was: an algorithm is missing, a limit is
 * lower, or the protocol differs.
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
