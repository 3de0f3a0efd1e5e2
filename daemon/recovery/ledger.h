/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.h - what survives a worker process.
 *
 * Theory of operation
 * -------------------
 * The worker process may be killed between any two instructions. What its
 * successor must know to go on without a lost, repeated or corrupted request is kept
 * in a file in memory that both of them map, and that the supervisor holds:
 *
 *     position   for each queue, how many requests were published, ever (@done).
 *                Every request before it is finished, all others have to be carried
 *                out. Storing it is the one step in which a batch becomes finished:
 *                used entries first, then @done, then the used index in the ring. A
 *                successor writes the used index again, @base + @done, so that a
 *                death between the last two steps loses nothing.
 *     undo       input that a batch overwrites, so that it can be carried out again (virtio/undo.h).
 *     serial     the counter that session ids are made of. Each creation takes its
 *                number by an atomic addition here, in whichever worker it is: at an
 *                upgrade two of them are alive. So no id is given twice, and those of
 *                a worker that is gone are unknown to the next one.
 *     strikes    how often workers died in the batch at a position: a request that
 *                kills its worker stops its queue, and not the device.
 *     counters   statistics.
 *
 * In tests the same structures are ordinary memory, and nothing is saved.
 *
 * A killed process stops between two instructions, and all of its stores up to
 * there are done; only the compiler must be kept from reordering them. The next
 * worker starts when the last thread of the former one is gone.
 *
 * Invariants
 * - A worker believes no length, index or address in here: its predecessor may
 *   have been taken over by its guest.
 * - The file is sealed: it cannot be made shorter.
 */
#ifndef VCD_DAEMON_RECOVERY_LEDGER_H
#define VCD_DAEMON_RECOVERY_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/latency.h"
#include "daemon/recovery/rate_limits.h"
#include "device/device.h"

/**
 * Changes with the layout, and with what workers have to agree on about its contents; a worker that
 * knows another one does not start.
 */
#define LEDGER_VERSION 3u

/** Says that a file is one: "vledger1". */
#define LEDGER_MAGIC 0x3172656764656c76ull

/** Pieces of input that one undo record can hold. */
#define LEDGER_PIECES 1024u

/** Deaths at one position after which a queue is given up. */
#define LEDGER_STRIKES 5u

/**
 * struct ledger_head - the start of the file.
 * @magic: LEDGER_MAGIC
 * @version: LEDGER_VERSION of its maker
 * @queues: queues of the device
 * @threads: threads of a worker
 * @counters_size: sizeof(struct vdev_counters) of its maker
 * @undo_size: bytes of saved input for each thread
 * @restarts: workers that died and were replaced; by the supervisor
 * @upgrades: workers that were replaced on request; by the supervisor
 * @front_ends: front ends that connected; by the supervisor
 * @protocol_errors: those among them that broke the protocol; by the supervisor
 * @begin: CLOCK_MONOTONIC, ns, of when it was made
 * @limits_set: which of @limits are set, a bit each
 * @limits: of the VM, by enum limit_kind; as the operator set them last
 * @serial: counter of session ids, see struct vdev_options; 0 at first
 */
struct ledger_head {
	uint64_t magic;
	uint32_t version;
	uint32_t queues;
	uint32_t threads;
	uint32_t counters_size;
	uint64_t undo_size;
	uint64_t restarts;
	uint64_t upgrades;
	uint64_t front_ends;
	uint64_t protocol_errors;
	uint64_t begin;
	uint64_t limits_set;
	struct limit limits[LIMIT_KINDS];
	_Alignas(64) uint64_t serial;
};

/**
 * struct ledger_queue - a queue's line.
 * @done: requests published
 * @base: base + @done is the position in both rings: the device completes in order
 * @strikes: workers that died in a batch at @strike_done
 * @strike_done: see @strikes
 * @ring_errors: times that the ring was broken
 * @notifications: signals sent
 * @latency: of each request, from when it was taken off the ring to when it was published
 */
struct ledger_queue {
	_Alignas(64) uint64_t done;
	uint16_t base;
	uint32_t strikes;
	uint64_t strike_done;
	uint64_t ring_errors;
	uint64_t notifications;
	struct latency latency;
};

/**
 * struct ledger_piece - a saved piece of input.
 * @guest_addr: where it belongs
 * @len: its bytes
 * @padding: zero
 */
struct ledger_piece {
	uint64_t guest_addr;
	uint32_t len;
	uint32_t padding;
};

/**
 * struct ledger_thread - a thread's line: its counters, and the batch it is in.
 * @kicks: kicks received
 * @sleeps: times that it went to sleep
 * @queue: index + 1 of the queue whose batch it carries out, 0: the record is void
 * @pieces: pieces of input that are saved
 * @done: the queue's position at which the batch begins
 * @piece: their bytes are contiguous in the thread's undo memory
 */
struct ledger_thread {
	_Alignas(64) uint64_t kicks;
	uint64_t sleeps;
	_Alignas(64) uint32_t queue;
	uint32_t pieces;
	uint64_t done;
	struct ledger_piece piece[LEDGER_PIECES];
};

/**
 * struct ledger - a ledger that is mapped.
 * @fd: the file, or -1 when it is ordinary memory
 * @size: bytes mapped
 * @queues: queues
 * @threads: threads
 * @head: start of the mapping
 * @queue: lines of the queues
 * @thread: lines of the threads
 * @counters: the device's counters of each thread, NULL: they are of another version
 * @undo: undo memory of all threads, or NULL
 * @undo_size: bytes of it for each thread
 * @max_serial: for ledger_mend(): no honest device's serial comes to that; 0: not known
 */
struct ledger {
	int fd;
	size_t size;
	unsigned int queues;
	unsigned int threads;
	struct ledger_head *head;
	struct ledger_queue *queue;
	struct ledger_thread *thread;
	struct vdev_counters *counters;
	uint8_t *undo;
	size_t undo_size;
	uint64_t max_serial;
};

/**
 * struct ledger_shape - what determines the size of a ledger.
 * @queues: queues of the device
 * @threads: threads of the worker
 * @undo_size: bytes of input that the largest batch can have
 */
struct ledger_shape {
	unsigned int queues;
	unsigned int threads;
	size_t undo_size;
};

/**
 * ledger_private - a ledger in ordinary memory, without undo.
 *
 * Return: 0 or -ENOMEM; ledger_close() in either case.
 */
int ledger_private(struct ledger *ledger, const struct ledger_shape *shape);

/** ledger_create - a ledger in a sealed memory file. Return: 0 or a negative errno. */
int ledger_create(struct ledger *ledger, const struct ledger_shape *shape);

/**
 * ledger_open - map a ledger that another process made.
 * @ledger: out
 * @fd: its file; taken over
 * @shape: what it must be for
 *
 * Return: 0, -EPROTO when it is not a ledger, not sealed, or of another version or
 * shape, or a negative errno; ledger_close() in either case.
 */
int ledger_open(struct ledger *ledger, int fd, const struct ledger_shape *shape);

/**
 * ledger_mend - write again what says that the file is a ledger, and of what shape.
 * @ledger: one that this process made
 *
 * A worker may have overwritten it. The next one would take it for another version's and not start;
 * or a used-up serial would leave no session to be made.
 */
void ledger_mend(struct ledger *ledger);

/** ledger_close - unmap it; allowed on a zeroed one with fd -1. */
void ledger_close(struct ledger *ledger);

/** ledger_done - requests published on all queues. */
uint64_t ledger_done(const struct ledger *ledger);

#endif /* VCD_DAEMON_RECOVERY_LEDGER_H */
