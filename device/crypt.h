/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crypt.h - CRYPT and AUTHCRYPT. */
#ifndef VDEV_CRYPT_H
#define VDEV_CRYPT_H

#include "device/context.h"

/**
 * vdev_crypt_prepare - check a CRYPT or AUTHCRYPT and add it to the batch.
 * @answer: out: what else to answer with VCD_S_OK
 *
 * Return: VDEV_PREPARED, or the status to answer.
 */
uint32_t vdev_crypt_prepare(const struct vdev_ctx *ctx, const struct vdev_fields *req,
			    struct vdev_answer *answer);

#endif /* VDEV_CRYPT_H */
