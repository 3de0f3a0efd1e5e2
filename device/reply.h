/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reply.h - writes replies into the writable part of requests. */
#ifndef VCD_DEVICE_REPLY_H
#define VCD_DEVICE_REPLY_H

#include <endian.h>
#include <string.h>

#include "device/device.h"

/** vcd_fill_reply - write a reply at any address. @iv: VCD_MAX_IV_LEN bytes */
static inline void vcd_fill_reply(void *at, uint32_t status, uint32_t out_len, uint64_t value,
				  const uint8_t *iv)
{
	typedef struct vcd_reply unaligned_reply __attribute__((aligned(1)));
	unaligned_reply *reply = at;

	reply->status = htole32(status);
	reply->out_len = htole32(out_len);
	reply->value = htole64(value);
	memcpy(reply->iv, iv, sizeof(reply->iv));
}

/** vcd_reply_scattered - write a reply whose room the guest scattered over several iovecs. */
__attribute__((cold)) void vcd_reply_scattered(struct vcd_request *request, uint32_t status,
					       uint32_t out_len, uint64_t value, const uint8_t *iv);

/**
 * vcd_reply - answer a request: write the reply and set the used length. The caller counts it.
 * @at: where the reply goes when its room is contiguous, else NULL
 * @iv: the IV to go on with, VCD_MAX_IV_LEN bytes; zeroes where there is none
 */
static inline void vcd_reply(struct vcd_request *request, uint8_t *at, uint32_t status,
			     uint32_t out_len, uint64_t value, const uint8_t *iv)
{
	if (at)
		vcd_fill_reply(at, status, out_len, value, iv);
	else
		vcd_reply_scattered(request, status, out_len, value, iv);
	request->written = (uint32_t)sizeof(struct vcd_reply) + out_len;
}

#endif /* VCD_DEVICE_REPLY_H */
