/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crypt.h - CRYPT and AUTHCRYPT. */
#ifndef VCD_DEVICE_CRYPT_H
#define VCD_DEVICE_CRYPT_H

#include "device/context.h"

/**
 * vcd_crypt_prepare - check a CRYPT or AUTHCRYPT and add it to the batch.
 * @answer: out: what else to answer with VCD_S_OK
 *
 * Return: VCD_PREPARED, or the status to answer.
 */
uint32_t vcd_crypt_prepare(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			   struct vcd_answer *answer);

#endif /* VCD_DEVICE_CRYPT_H */
