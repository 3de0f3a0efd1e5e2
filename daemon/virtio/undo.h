/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * undo.h - a batch can be executed again after its worker has died in it.
 *
 * Theory of operation
 * -------------------
 * A batch that was begun and not finished is executed again from its start. That gives the same
 * bytes, unless its input has been overwritten: where output lies on input in guest memory, the
 * input is saved in the ledger before the batch runs. A record names its queue and the position at
 * which its batch begins. It counts while that is the queue's position, so that nothing has to be
 * withdrawn.
 *
 * Invariant: a record that is being written names no queue.
 */
#ifndef VCD_DAEMON_VIRTIO_UNDO_H
#define VCD_DAEMON_VIRTIO_UNDO_H

#include "daemon/recovery/ledger.h"
#include "daemon/virtio/memory.h"
#include "device/device.h"

/**
 * struct undo - where one thread saves input.
 * @thread: its line
 * @bytes: its undo memory
 * @size: bytes of it
 */
struct undo {
	struct ledger_thread *thread;
	uint8_t *bytes;
	size_t size;
};

/** undo_of - the undo of thread @number; without memory when the ledger has none. */
struct undo undo_of(const struct ledger *ledger, unsigned int number);

/**
 * undo_begin - begin a batch: save the input of @requests that lies under their output.
 * @undo: the thread's
 * @queue: the queue's number
 * @done: its position
 * @memory: guest memory, which all iovecs point into
 * @requests: the batch
 * @n: requests in it
 *
 * What is larger than any valid request can be, or in more pieces than a record
 * holds, is not saved: that can only be a chain which no driver makes, and whose
 * sender sees its own input spoilt.
 */
void undo_begin(struct undo *undo, unsigned int queue, uint64_t done, const struct memory *memory,
		const struct vdev_request *requests, unsigned int n);

/**
 * undo_recover - what a worker does first with the ledger of a dead one.
 * @ledger: ledger
 * @memory: guest memory
 *
 * Puts saved input back where it was, counts strikes, voids all records. It may
 * die itself meanwhile, and the next one do it again.
 */
void undo_recover(struct ledger *ledger, const struct memory *memory);

#endif /* VCD_DAEMON_VIRTIO_UNDO_H */
