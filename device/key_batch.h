/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_batch.h - the requests of a slow queue that wait for the key service.
 *
 * Theory of operation
 * -------------------
 * Parsing adds an op for each such request: its checked numbers, and a copy of its input. After the
 * rest of the batch has been answered, vdev_key_batch_run() passes all ops to the service at once,
 * and answers them. While it waits the thread is in no section of the session table, so that ended
 * sessions can be freed meanwhile. An op therefore holds no slot but one that is reserved.
 *
 * Input and output are private memory, which is wiped after each batch: it holds messages,
 * plaintexts, shared secrets, and the bytes of keys.
 */
#ifndef VDEV_KEY_BATCH_H
#define VDEV_KEY_BATCH_H

#include "device/context.h"
#include "device/device.h"
#include "device/key_service.h"
#include "device/session_table.h"

/**
 * struct vdev_key_op - a request that waits for the key service.
 * @reply: where its reply goes, see vdev_reply()
 * @room: most bytes of output; CRYPT: exactly so many
 * @data_len: CRYPT: bytes of data, for the statistics
 * @alg: OPEN: the algorithm asked for; NULL: a private key
 * @slot: OPEN: reserved for the session
 */
struct vdev_key_op {
	struct vdev_request *request;
	uint8_t *reply;
	uint32_t room;
	uint32_t data_len;
	const struct eng_alg *alg;
	struct vdev_slot *slot;
	struct vdev_key_job job;
};

/**
 * struct vdev_key_batch - those of one thread.
 * @token: of the first request of the batch that is executed; 0: none
 * @memory: input and output of all ops
 */
struct vdev_key_batch {
	uint64_t token;
	size_t n;
	struct vdev_key_op ops[VDEV_BATCH_MAX];
	struct vdev_key_job *jobs[VDEV_BATCH_MAX];
	uint8_t *memory;
};

/** vdev_key_batch_new - Return: a batch, or NULL: no memory. */
struct vdev_key_batch *vdev_key_batch_new(void);

/** vdev_key_batch_free - NULL is allowed. */
void vdev_key_batch_free(struct vdev_key_batch *batch);

/**
 * vdev_key_batch_add - add a job whose other members the caller fills in.
 * @in_len: all of the payload, at most %VDEV_KEY_IN bytes, which are copied
 * @room: see struct vdev_key_op
 */
struct vdev_key_op *vdev_key_batch_add(const struct vdev_ctx *ctx, enum vdev_key_what what,
				       uint32_t in_len, uint32_t room);

/** vdev_key_batch_run - have the service carry out what was added, and answer it. */
void vdev_key_batch_run(struct vdev *device, struct vdev_thread *thread);

/**
 * vdev_key_prepare - check a KEY_LIST, KEY_INFO, SIGN, DECRYPT or DERIVE and add it to the batch.
 *
 * Return: VDEV_PREPARED, or the status to answer.
 */
uint32_t vdev_key_prepare(const struct vdev_ctx *ctx, const struct vcd_req_key *raw);

#endif /* VDEV_KEY_BATCH_H */
