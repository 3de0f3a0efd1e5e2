/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operations.h - the queue of what the worker is to be told.
 *
 * Operations are executed one at a time, in the order they came. The retry rule: an operation
 * stays first in the queue until the worker has answered it; when the worker is gone before that,
 * the next worker is told it again. Each can be executed twice: setup.h and ledger.h say why.
 */
#ifndef VCD_DAEMON_SUPERVISOR_OPERATIONS_H
#define VCD_DAEMON_SUPERVISOR_OPERATIONS_H

#include <stdbool.h>

/** Clients of the control socket that can wait in the queue. */
#define OPERATIONS_CLIENTS 8u

/**
 * These, a reset, the keeper's connection, and the one that is outstanding: the front end's message or
 * another connection.
 */
#define OPERATIONS_MAX (OPERATIONS_CLIENTS + 3)

/**
 * enum operation_kind - what the worker is told.
 * @OPERATION_RESET: CHANNEL_RESET: the front end is gone
 * @OPERATION_FORWARD: the front end's message
 * @OPERATION_CLIENT: CHANNEL_CONTROL: serve a client of the control socket
 * @OPERATION_KEEPER: CHANNEL_KEEPER: use this connection to the keeper
 * @OPERATION_CANCELLED: a FORWARD whose front end left before the answer: the answer is dropped,
 *	and no other worker is told it
 */
enum operation_kind {
	OPERATION_RESET,
	OPERATION_FORWARD,
	OPERATION_CLIENT,
	OPERATION_KEEPER,
	OPERATION_CANCELLED,
};

/**
 * struct operation - one of them.
 * @fd: the connection of the client, or to the keeper, owned; or -1
 */
struct operation {
	enum operation_kind kind;
	int fd;
};

/**
 * struct operations - the queue.
 * @outstanding: the worker was told the first one, and has not answered
 */
struct operations {
	struct operation queue[OPERATIONS_MAX];
	unsigned int count;
	bool outstanding;
};

/**
 * operations_add - append one; @fd is taken over.
 *
 * A RESET that is in the queue suffices. A KEEPER takes the place of one that was not told yet.
 */
void operations_add(struct operations *operations, enum operation_kind kind, int fd);

/** operations_room - whether another client fits. */
bool operations_room(const struct operations *operations);

/** operations_answered - the first one is done. */
void operations_answered(struct operations *operations);

/** operations_worker_gone - the first one is to be told again, unless it was cancelled. */
void operations_worker_gone(struct operations *operations);

/** operations_front_end_gone - cancel its message, and queue a RESET. */
void operations_front_end_gone(struct operations *operations);

/** operations_drop - when the daemon ends: drop all but a RESET and what is outstanding. */
void operations_drop(struct operations *operations);

#endif /* VCD_DAEMON_SUPERVISOR_OPERATIONS_H */
