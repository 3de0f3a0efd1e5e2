/* SPDX-License-Identifier: GPL-2.0-or-later */
/* context.h - the request that a thread is looking at: its decoded header and its buffers. */
#ifndef VDEV_CONTEXT_H
#define VDEV_CONTEXT_H

#include "device/device.h"
#include "device/iov.h"

/**
 * struct vdev_fields - the common request header, decoded.
 *
 * It is struct vcd_req in the byte order of the host, decoded in place. The reserved fields were
 * zero, @iv_len is at most VCD_MAX_IV_LEN, and the rest of @iv is zero.
 */
struct vdev_fields {
	uint16_t opcode;
	uint16_t flags;
	uint32_t src_len;
	uint64_t session;
	uint32_t aad_len;
	uint32_t crypt_off;
	uint8_t iv_len;
	uint8_t tag_len;
	uint16_t reserved0;
	uint32_t reserved1;
	uint8_t iv[VCD_MAX_IV_LEN];
	uint64_t arg;
	uint64_t reserved2;
};

/**
 * struct vdev_ctx - the request that is being parsed.
 * @batch: the thread's batch
 * @reply: where its reply goes, see vdev_reply()
 * @in: the readable part after the header
 * @out: the writable part after the reply
 * @payload: readable bytes after the header
 * @room: writable bytes after the reply
 *
 * Functions that are not inlined take it by value, so that the compiler can keep it in registers.
 */
struct vdev_ctx {
	struct vdev *device;
	struct vdev_thread *thread;
	struct vdev_batch *batch;
	struct vdev_request *request;
	uint8_t *reply;
	struct vdev_iov in;
	struct vdev_iov out;
	uint64_t payload;
	uint64_t room;
};

/** struct vdev_answer - what a reply carries beside VCD_S_OK, as in struct vcd_reply; else zero. */
struct vdev_answer {
	uint64_t value;
	uint8_t iv[VCD_MAX_IV_LEN];
	uint32_t out_len;
};

#endif /* VDEV_CONTEXT_H */
