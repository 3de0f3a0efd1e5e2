/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.h - the parser of requests. */
#ifndef VDEV_REQUEST_H
#define VDEV_REQUEST_H

#include "device/device.h"

struct vdev_thread;

/**
 * vdev_requests_parse - check @n requests. Each is then answered, or in @thread's batch.
 *
 * Where the program is compiled as a whole, all that CRYPT takes is inlined in it.
 */
__attribute__((noinline)) void vdev_requests_parse(struct vdev *device, struct vdev_thread *thread,
						   struct vdev_request *const requests[], size_t n);

#endif /* VDEV_REQUEST_H */
