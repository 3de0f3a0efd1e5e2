/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op.h - a prepared CRYPT or AUTHCRYPT. */
#ifndef VDEV_OP_H
#define VDEV_OP_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "device/device.h"
#include "device/iov.h"
#include "device/session_table.h"

/**
 * enum vdev_place - where the data of a request is processed.
 *
 * Guest memory can be used where the data is contiguous. An AEAD's decryption never reads it
 * there: the engine reads the input twice, and the guest may change it in between.
 */
enum vdev_place {
	VDEV_IN_PLACE,	 /* input and output in guest memory; or there is no data */
	VDEV_BOUNCE_IN,	 /* input copied to scratch memory, output in guest memory or none */
	VDEV_BOUNCE_OUT, /* input in guest memory, output copied from scratch memory */
	VDEV_BOUNCE,	 /* both copied, processed in place in scratch memory */
	VDEV_SEGMENTS,	 /* in guest memory, one segment after the other (segments.h) */
};

/**
 * struct vdev_op - a prepared request. Most requests use two cache lines of it.
 * @reply: where its reply goes, see vdev_reply()
 * @len: bytes of data in
 * @out_len: bytes of data out: @len, or 0 without a cipher
 * @tail_len: bytes of job.mac that follow them: digest or tag
 * @remaining: bytes of data after those of @job; 0 when @job is the last or only segment
 * @holds_hash: this request has the slot's hash_busy
 * @job: the engine's work: all of the request, or a segment of it
 * @bounced: VDEV_BOUNCE_OUT, VDEV_BOUNCE: the output in scratch memory
 * @in: segments: input after @contiguous
 * @out: segments: where the output of @in goes
 * @contiguous: segments: of @remaining, the bytes that follow @job's in memory
 * @segment_max: segments: most bytes of one
 */
struct vdev_op {
	_Alignas(64) struct vdev_request *request;
	uint8_t *reply;
	struct vdev_slot *slot;
	uint32_t len;
	uint32_t out_len;
	uint32_t tail_len;
	uint32_t remaining;
	enum vdev_place place;
	bool holds_hash;
	struct eng_job job;
	uint8_t *bounced;
	struct vdev_iov in;
	struct vdev_iov out;
	uint32_t contiguous;
	uint32_t segment_max;
};

static_assert(offsetof(struct vdev_op, job.mac) <= 128, "what most requests need is on two lines");

/** vdev_op_is_bounced - whether @op's output is yet to be copied to the guest. */
static inline bool vdev_op_is_bounced(const struct vdev_op *op)
{
	return op->place == VDEV_BOUNCE_OUT || op->place == VDEV_BOUNCE;
}

/**
 * vdev_op_out - the writable part of @op's request after the reply.
 *
 * To walk it again costs less than to keep a cursor for each request: that needs a cache line more.
 */
static inline struct vdev_iov vdev_op_out(const struct vdev_op *op)
{
	struct vdev_iov out = vdev_iov_init(op->request->out, op->request->out_count);

	vdev_iov_skip(&out, sizeof(struct vcd_reply));
	return out;
}

#endif /* VDEV_OP_H */
