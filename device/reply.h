/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reply.h - writes replies into the writable part of requests. */
#ifndef VDEV_REPLY_H
#define VDEV_REPLY_H

#include <endian.h>
#include <string.h>

#include "device/device.h"

/** vdev_fill_reply - write a reply at any address. @iv: VCD_MAX_IV_LEN bytes */
static inline void vdev_fill_reply(void *at, uint32_t status, uint32_t out_len, uint64_t value,
				   const uint8_t *iv)
{
	typedef struct vcd_reply unaligned_reply __attribute__((aligned(1)));
	unaligned_reply *reply = at;

	reply->status = htole32(status);
	reply->out_len = htole32(out_len);
	reply->value = htole64(value);
	memcpy(reply->iv, iv, sizeof(reply->iv));
}

/** vdev_reply_scattered - write a reply whose room the guest scattered over several iovecs. */
__attribute__((cold)) void vdev_reply_scattered(struct vdev_request *request, uint32_t status,
						uint32_t out_len, uint64_t value,
						const uint8_t *iv);

/**
 * vcd_reply - answer a request: write the reply and set the used length. The caller counts it.
 * @at: where the reply goes when its room is contiguous, else NULL
 * @iv: the IV to go on with, VCD_MAX_IV_LEN bytes; zeroes where there is none
 */
static inline void vdev_reply(struct vdev_request *request, uint8_t *at, uint32_t status,
			      uint32_t out_len, uint64_t value, const uint8_t *iv)
{
	if (at)
		vdev_fill_reply(at, status, out_len, value, iv);
	else
		vdev_reply_scattered(request, status, out_len, value, iv);
	request->written = (uint32_t)sizeof(struct vcd_reply) + out_len;
}

#endif /* VDEV_REPLY_H */
