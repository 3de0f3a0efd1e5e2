/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.h - the parser of requests. */
#ifndef VCD_DEVICE_REQUEST_H
#define VCD_DEVICE_REQUEST_H

#include "device/device.h"

struct vcd_worker;

/**
 * vcd_requests_parse - check @n requests. Each is then answered, or in @worker's batch.
 *
 * Where the program is compiled as a whole, all that CRYPT takes is inlined in it.
 */
__attribute__((noinline)) void vcd_requests_parse(struct vcd_device *device,
						  struct vcd_worker *worker,
						  struct vcd_request *const requests[], size_t n);

#endif /* VCD_DEVICE_REQUEST_H */
