/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front_end.h - the front end as the supervisor sees it: a connection, and one message at a time.
 *
 * The worker's answer is passed on after a check that it can be one: neither of the two is
 * trusted. What happened is returned; supervisor.c decides what follows.
 */
#ifndef VCD_DAEMON_SUPERVISOR_FRONT_END_H
#define VCD_DAEMON_SUPERVISOR_FRONT_END_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/listener.h"
#include "daemon/supervisor/setup.h"
#include "daemon/vhost_user/message.h"

/**
 * struct front_end - the connection.
 * @fd: socket, or -1
 * @since_ns: when it connected, CLOCK_MONOTONIC
 * @owner: it has sent SET_OWNER
 * @hung_up: it has left, and that was not read yet: no other one is accepted before
 * @reader: its message, until that is answered
 * @error: why it could not be answered, a negative errno
 */
struct front_end {
	int fd;
	uint64_t since_ns;
	bool owner;
	bool hung_up;
	struct vu_reader reader;
	int error;
};

/**
 * front_end_accept - take a connection from the listening socket.
 * @front: the front end there is, if any
 * @listener: open listener
 *
 * One front end at a time: the next one is turned away, so that it knows; unless @front has not
 * begun for long, and has to make room.
 *
 * Return: the socket, -EAGAIN when there is none, or another negative errno of accept().
 */
int front_end_accept(struct front_end *front, struct listener *listener);

/** front_end_begin - a front end has connected. */
void front_end_begin(struct front_end *front, int socket);

/** front_end_close - close the connection. */
void front_end_close(struct front_end *front);

/**
 * front_end_read - read its next message, without blocking.
 * @setup: keeps the channel for back-end requests, which no worker gets
 *
 * Return: 1: the worker has to be told @reader's message; 0: not complete, or answered here;
 * a negative errno: the connection has to be closed.
 */
int front_end_read(struct front_end *front, struct setup *setup);

/**
 * enum front_end_outcome - what the worker's answer means.
 * @FRONT_END_ANSWERED: the front end has its answer, or wants none
 * @FRONT_END_LOST: the same, but it cannot be sent (@error): the connection has to be closed
 * @FRONT_END_VIOLATED: the front end broke the protocol: the connection has to be closed
 * @FRONT_END_NO_ANSWER: this is not an answer to the message: the worker has to be killed
 * @FRONT_END_IMPOSSIBLE: the worker accepted what cannot be accepted: both
 */
enum front_end_outcome {
	FRONT_END_ANSWERED,
	FRONT_END_LOST,
	FRONT_END_VIOLATED,
	FRONT_END_NO_ANSWER,
	FRONT_END_IMPOSSIBLE,
};

/** front_end_answer - note the outcome of its message in @setup, and pass @reply on. */
enum front_end_outcome front_end_answer(struct front_end *front, struct setup *setup,
					struct vu_message *reply);

#endif /* VCD_DAEMON_SUPERVISOR_FRONT_END_H */
