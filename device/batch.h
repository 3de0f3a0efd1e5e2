/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * batch.h - the requests that a thread has prepared, and the memory they are processed in.
 *
 * Theory of operation
 * -------------------
 * vdev_batch_add() makes a job of a request that crypt.c has checked, and chooses where its data is
 * processed (enum vdev_place). vdev_batch_flush() has the engine run all jobs in one call, writes
 * output and replies, and leaves the batch empty. Where some requests are processed in segments,
 * the engine is called again until no segment is left (segments.h).
 *
 * A batch flushes itself when it has VDEV_BATCH_MAX requests, and when the scratch memory cannot
 * take the next one.
 *
 * Scratch memory
 * --------------
 * The arena is large enough for any single request. Data is copied there when the guest scattered
 * it and it does not fit segments, when input and output overlap other than exactly, and when the
 * request authenticates its input: decryption of an AEAD, TLS records, SRTP packets. AAD is always
 * copied.
 *
 * Invariants
 * - Input that is authenticated is read once, into the arena; it is decrypted from there.
 * - A request of the batch gets exactly one reply, from vdev_batch_flush().
 * - The iovecs of a request are private: a second walk finds the same.
 */
#ifndef VDEV_BATCH_H
#define VDEV_BATCH_H

#include "device/arena.h"
#include "device/op.h"

struct vdev_ctx;
struct vdev_fields;

/** No status: the reply comes from vdev_batch_flush(). */
#define VDEV_PREPARED UINT32_MAX

/**
 * struct vdev_batch - a thread's batch.
 * @engine: borrowed
 * @number: the thread's number, for the engine
 * @counters: of this thread
 * @segmented: some requests are processed in segments
 * @n: prepared requests
 * @ops: these; and two that are only prefetched
 * @jobs: jobs[i] is that of ops[i], except while requests run in segments
 */
struct vdev_batch {
	struct engine *engine;
	unsigned int number;
	struct vdev_counters *counters;
	struct vdev_arena arena;
	bool segmented;
	size_t n;
	struct vdev_op ops[VDEV_BATCH_MAX + 2];
	struct eng_job *jobs[VDEV_BATCH_MAX];
};

/**
 * struct vdev_plan - what a request that passed its checks will do.
 * @slot: its session
 * @holds_hash: it has the slot's hash_busy; with VDEV_PREPARED the batch gives that back
 * @aad_len: AAD bytes, first in the payload
 * @len: data bytes, next
 * @tag_in: bytes of the tag to compare with, last
 * @out_len: data bytes out: @len or 0
 * @tail_len: digest or tag bytes that follow them
 * @unverified: the input is yet to be authenticated
 */
struct vdev_plan {
	struct vdev_slot *slot;
	bool holds_hash;
	uint32_t aad_len;
	uint32_t len;
	uint32_t tag_in;
	uint32_t out_len;
	uint32_t tail_len;
	bool unverified;
};

/** vdev_batch_init - make a batch for requests of @max_request bytes. Return: 0 or -ENOMEM. */
int vdev_batch_init(struct vdev_batch *batch, struct engine *engine, unsigned int number,
		    struct vdev_counters *counters, uint32_t max_request);

/** vdev_batch_add - prepare @plan. Return: VDEV_PREPARED or VCD_S_NOMEM. */
uint32_t vdev_batch_add(const struct vdev_ctx *ctx, const struct vdev_plan *plan,
			const struct vdev_fields *req);

/**
 * vdev_batch_scratch - take @size bytes of scratch memory, flushing first if need be.
 *
 * Return: the memory, until the next flush; NULL when @size is more than the arena has.
 */
uint8_t *vdev_batch_scratch(struct vdev_batch *batch, size_t size);

/** vdev_batch_flush - run what is prepared and answer it. */
void vdev_batch_flush(struct vdev_batch *batch);

#endif /* VDEV_BATCH_H */
