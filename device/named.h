/* SPDX-License-Identifier: GPL-2.0-or-later */
/* named.h - sessions with keys by name. */
#ifndef VDEV_NAMED_H
#define VDEV_NAMED_H

#include "device/context.h"
#include "device/key_service.h"
#include "engine/engine.h"

struct vdev_key_op;
struct vdev_slot;
struct vdev_thread;

/**
 * struct vdev_named - what a session by label has beside, or in place of, an engine's session.
 * @key: its number with the key service
 * @alg: the symmetric key's algorithm; NULL: a private key
 * @use: VCD_USE_*
 * @fast: the engine's session has the key's bytes; otherwise the service has them, and there is no
 *	engine's session
 * @iv_guest: the guest may choose the nonces
 */
struct vdev_named {
	uint64_t key;
	const struct eng_alg *alg;
	uint32_t use;
	bool fast;
	bool iv_guest;
};

/** vdev_named_free - close the key and free @named. */
void vdev_named_free(const struct vdev_key_service *keys, struct vdev_named *named);

/**
 * vdev_named_create - check a SESSION_CREATE with VCD_KEY_LABEL and add it to the thread's key batch.
 *
 * Return: VDEV_PREPARED, or the status to answer.
 */
uint32_t vdev_named_create(struct vdev_ctx *ctx, const struct vcd_req_create *raw);

/**
 * vdev_named_opened - the service has opened the key: make the session.
 * @answer: out: what else to answer with VCD_S_OK
 *
 * Return: enum vcd_status.
 */
uint32_t vdev_named_opened(struct vdev *device, struct vdev_thread *thread, struct vdev_key_op *op,
			   struct vdev_answer *answer);

/**
 * vdev_named_gate - check a CRYPT or AUTHCRYPT against the policy of its session's key.
 *
 * A request that the service has to carry out is added to the thread's key batch.
 *
 * Return: VCD_S_OK: the engine is to carry it out; VDEV_PREPARED, or the status to answer.
 */
uint32_t vdev_named_gate(const struct vdev_ctx *ctx, const struct vdev_fields *req,
			 const struct vdev_slot *slot);

/** vdev_make_nonce - a random nonce in place of that of @req. Return: VCD_S_OK or VCD_S_IO. */
uint32_t vdev_make_nonce(struct vdev_fields *req);

/** Bytes of a nonce that the device makes. */
#define VDEV_NONCE_LEN 12u

#endif /* VDEV_NAMED_H */
