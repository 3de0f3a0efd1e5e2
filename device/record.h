/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.h - TLS records and SRTP packets. */
#ifndef VCD_DEVICE_RECORD_H
#define VCD_DEVICE_RECORD_H

#include "device/context.h"

/**
 * vcd_record_run - carry out an AUTHCRYPT of a TLS record or an SRTP packet.
 *
 * The caller has done steps 5 to 8 of request.c's checks.
 *
 * @answer: out: what else to answer with VCD_S_OK
 *
 * Return: the status to answer with.
 */
__attribute__((noinline)) uint32_t vcd_record_run(struct vcd_ctx ctx, const struct vcd_fields *req,
						  struct eng_session *session,
						  struct vcd_answer *answer);

#endif /* VCD_DEVICE_RECORD_H */
