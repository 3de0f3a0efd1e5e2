/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.h - the parser of requests. */
#ifndef VDEV_REQUEST_H
#define VDEV_REQUEST_H

#include "device/device.h"

struct vdev_ctx;
struct vdev_slot;
struct vdev_thread;

/**
 * vdev_request_reserve - take a slot for a session. Return: NULL: no slot is left.
 *
 * It may run what the batch has prepared, and end the thread's section and begin another.
 */
struct vdev_slot *vdev_request_reserve(struct vdev_ctx *ctx);

/** vdev_create_status - the status for what eng_session_new() returned. */
uint32_t vdev_create_status(int error);

/**
 * vdev_requests_parse - check @n requests. Each is then answered, or in @thread's batch.
 *
 * Where the program is compiled as a whole, all that CRYPT takes is inlined in it.
 */
__attribute__((noinline)) void vdev_requests_parse(struct vdev *device, struct vdev_thread *thread,
						   struct vdev_request *const requests[], size_t n);

#endif /* VDEV_REQUEST_H */
