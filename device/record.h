/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.h - TLS records and SRTP packets. */
#ifndef VDEV_RECORD_H
#define VDEV_RECORD_H

#include "device/context.h"

/**
 * vdev_record_run - carry out an AUTHCRYPT of a TLS record or an SRTP packet.
 *
 * The caller has done steps 5 to 8 of request.c's checks.
 *
 * @answer: out: what else to answer with VCD_S_OK
 *
 * Return: the status to answer with.
 */
__attribute__((noinline)) uint32_t vdev_record_run(struct vdev_ctx ctx,
						   const struct vdev_fields *req,
						   struct eng_session *session,
						   struct vdev_answer *answer);

#endif /* VDEV_RECORD_H */
