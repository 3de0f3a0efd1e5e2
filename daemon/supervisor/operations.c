/* SPDX-License-Identifier: GPL-2.0-or-later */
/* operations.c - the queue of what the worker is to be told. See operations.h. */
#include "daemon/supervisor/operations.h"

#include <assert.h>
#include <string.h>

#include "common/util.h"

static unsigned int count_of(const struct operations *operations, enum operation_kind kind)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < operations->count; i++)
		n += operations->queue[i].kind == kind;
	return n;
}

static void take_out(struct operations *operations, unsigned int i)
{
	close_fd(&operations->queue[i].fd);
	operations->count--;
	memmove(&operations->queue[i], &operations->queue[i + 1],
		(operations->count - i) * sizeof(operations->queue[0]));
}

void operations_add(struct operations *operations, enum operation_kind kind, int fd)
{
	if (kind == OPERATION_RESET && count_of(operations, OPERATION_RESET))
		return;
	for (unsigned int i = operations->outstanding; i < operations->count; i++) {
		if (kind != OPERATION_KEEPER || operations->queue[i].kind != kind)
			continue;
		close_fd(&operations->queue[i].fd);
		operations->queue[i].fd = fd;
		return;
	}
	/* One front end has one message, and clients are counted: see operations_room(). */
	assert(operations->count < OPERATIONS_MAX);
	operations->queue[operations->count++] = (struct operation){kind, fd};
}

bool operations_room(const struct operations *operations)
{
	return count_of(operations, OPERATION_CLIENT) < OPERATIONS_CLIENTS;
}

void operations_answered(struct operations *operations)
{
	operations->outstanding = false;
	take_out(operations, 0);
}

void operations_worker_gone(struct operations *operations)
{
	operations->outstanding = false;
	if (operations->count && operations->queue[0].kind == OPERATION_CANCELLED)
		take_out(operations, 0);
}

void operations_front_end_gone(struct operations *operations)
{
	for (unsigned int i = operations->count; i-- > 0;) {
		if (operations->queue[i].kind != OPERATION_FORWARD)
			continue;
		if (i == 0 && operations->outstanding)
			operations->queue[i].kind = OPERATION_CANCELLED;
		else
			take_out(operations, i);
	}
	operations_add(operations, OPERATION_RESET, -1);
}

void operations_drop(struct operations *operations)
{
	for (unsigned int i = operations->count; i-- > 0;)
		if (operations->queue[i].kind != OPERATION_RESET &&
		    !(i == 0 && operations->outstanding))
			take_out(operations, i);
}
