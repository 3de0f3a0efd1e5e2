/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reply.c - see reply.h. */
#include "device/reply.h"

#include "device/iov.h"

void vdev_reply_scattered(struct vdev_request *request, uint32_t status, uint32_t out_len,
			  uint64_t value, const uint8_t *iv)
{
	struct vdev_iov out = vdev_iov_init(request->out, request->out_count);
	struct vcd_reply reply;

	vdev_fill_reply(&reply, status, out_len, value, iv);
	vdev_iov_write(&out, &reply, sizeof(reply));
}
