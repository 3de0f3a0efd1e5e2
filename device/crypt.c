/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypt.c - CRYPT and AUTHCRYPT: what a request asks for, checked against its session.
 * The steps are those of request.c.
 */
#include "device/crypt.h"

#include "device/named.h"
#include "device/record.h"
#include "device/state.h"

/* Step 10: whether the output fits the chain and the device. */
static uint32_t check_room(const struct vdev_ctx *ctx, const struct vdev_plan *plan)
{
	uint64_t out = (uint64_t)plan->out_len + plan->tail_len;

	if (ctx->room < out)
		return VCD_S_INVALID;
	return out > ctx->device->options.max_request ? VCD_S_TOOBIG : VCD_S_OK;
}

/* Steps 5 to 7 of CRYPT: what does not depend on the session. */
static uint32_t crypt_check(const struct vdev_ctx *ctx, const struct vdev_fields *req)
{
	if (req->flags & ~(VCD_F_DECRYPT | VCD_F_HASH_RESET | VCD_F_HASH_FINAL) ||
	    (req->aad_len | req->crypt_off | req->tag_len | req->arg) ||
	    ctx->payload != req->src_len)
		return VCD_S_INVALID;
	return ctx->payload > ctx->device->options.max_request ? VCD_S_TOOBIG : VCD_S_OK;
}

/* Steps 9 and 10 of CRYPT; then a half-done hash is reserved. */
static uint32_t crypt_plan(const struct vdev_ctx *ctx, const struct vdev_fields *req,
			   struct vdev_plan *plan)
{
	const uint16_t self_contained = VCD_F_HASH_RESET | VCD_F_HASH_FINAL;
	const struct eng_session *session = plan->slot->session;
	const struct eng_alg *cipher = session->cipher, *mac = session->mac;
	uint16_t hash_flags = req->flags & self_contained;
	uint32_t status;

	if (cipher && cipher->kind == ENG_ALG_AEAD)
		return VCD_S_INVALID;
	/* A cipher that is not an AEAD has one length of IV. */
	if (req->iv_len != (cipher ? cipher->iv_len : 0))
		return VCD_S_INVALID;
	if (cipher && req->src_len & (cipher->block_size - 1u))
		return VCD_S_INVALID;
	if (!mac && hash_flags)
		return VCD_S_INVALID;
	/* Field by field: gcc would put the plan into memory to zero all of it. */
	plan->aad_len = 0;
	plan->len = req->src_len;
	plan->tag_in = 0;
	plan->out_len = cipher ? req->src_len : 0;
	plan->tail_len = mac && hash_flags & VCD_F_HASH_FINAL ? mac->digest_len : 0;
	plan->unverified = false;
	status = check_room(ctx, plan);
	if (status != VCD_S_OK || !mac || hash_flags == self_contained)
		return status;
	plan->holds_hash = vdev_hash_trylock(plan->slot);
	return plan->holds_hash ? VCD_S_OK : VCD_S_BUSY;
}

/* Steps 5 to 7 of AUTHCRYPT: what does not depend on the session. */
static uint32_t authcrypt_check(const struct vdev_ctx *ctx, const struct vdev_fields *req)
{
	uint32_t max_request = ctx->device->options.max_request;
	bool decrypt = req->flags & VCD_F_DECRYPT;
	uint64_t payload;

	if (req->flags & ~(VCD_F_DECRYPT | VCD_F_TLS | VCD_F_SRTP | VCD_F_IV_BY_DEVICE) || req->arg)
		return VCD_S_INVALID;
	/* Without a key service the flag is one that is not used. */
	if (req->flags & VCD_F_IV_BY_DEVICE &&
	    (req->flags != VCD_F_IV_BY_DEVICE || req->iv_len || !ctx->device->options.keys))
		return VCD_S_INVALID;
	if (req->flags & VCD_F_SRTP) {
		if (req->flags & VCD_F_TLS)
			return VCD_S_INVALID;
		if ((uint64_t)req->crypt_off + req->src_len > req->aad_len)
			return VCD_S_INVALID;
		payload = (uint64_t)req->aad_len + (decrypt ? req->tag_len : 0);
		if (ctx->payload != payload)
			return VCD_S_INVALID;
		return payload > max_request ? VCD_S_TOOBIG : VCD_S_OK;
	}
	payload = (uint64_t)req->aad_len + req->src_len;
	if (req->crypt_off || ctx->payload != payload)
		return VCD_S_INVALID;
	return payload > max_request || req->aad_len > VDEV_MAX_AAD ? VCD_S_TOOBIG : VCD_S_OK;
}

/* Steps 9 and 10 of AUTHCRYPT on what should be an AEAD. */
static uint32_t aead_plan(const struct vdev_ctx *ctx, const struct vdev_fields *req,
			  struct vdev_plan *plan)
{
	const struct eng_alg *aead = plan->slot->session->cipher;
	bool decrypt = req->flags & VCD_F_DECRYPT;

	if (!aead || aead->kind != ENG_ALG_AEAD)
		return VCD_S_INVALID;
	if (!eng_alg_iv_ok(aead, req->iv_len) || !eng_alg_tag_ok(aead, req->tag_len))
		return VCD_S_INVALID;
	if (decrypt && req->src_len < req->tag_len)
		return VCD_S_INVALID;
	plan->aad_len = req->aad_len;
	plan->len = plan->out_len = req->src_len - (decrypt ? req->tag_len : 0);
	plan->tag_in = decrypt ? req->tag_len : 0;
	plan->tail_len = decrypt ? 0 : req->tag_len;
	plan->unverified = decrypt;
	return check_room(ctx, plan);
}

/* An AEAD's encryption with a nonce that the device makes. */
static __attribute__((noinline)) uint32_t
run_with_nonce(const struct vdev_ctx *ctx, struct vdev_fields req, struct vdev_plan *plan)
{
	uint32_t status = vdev_make_nonce(&req);

	if (status == VCD_S_OK)
		status = aead_plan(ctx, &req, plan);
	return status == VCD_S_OK ? vdev_batch_add(ctx, plan, &req) : status;
}

uint32_t vdev_crypt_prepare(const struct vdev_ctx *ctx, const struct vdev_fields *req,
			    struct vdev_answer *answer)
{
	bool crypt = req->opcode == VCD_OP_CRYPT;
	struct vdev_plan plan;
	uint32_t status;

	status = crypt ? crypt_check(ctx, req) : authcrypt_check(ctx, req);
	if (status != VCD_S_OK)
		return status;
	plan.slot = vdev_session_table_find(&ctx->device->table, req->session);
	if (!plan.slot)
		return VCD_S_STALE;
	if (__builtin_expect(plan.slot->named != NULL, false)) {
		status = vdev_named_gate(ctx, req, plan.slot);
		if (status != VCD_S_OK)
			return status;
	}
	if (req->flags & (VCD_F_TLS | VCD_F_SRTP))
		return vdev_record_run(*ctx, req, plan.slot->session, answer);
	plan.holds_hash = false;
	if (__builtin_expect(req->flags & VCD_F_IV_BY_DEVICE, 0))
		return run_with_nonce(ctx, *req, &plan);
	status = crypt ? crypt_plan(ctx, req, &plan) : aead_plan(ctx, req, &plan);
	if (status != VCD_S_OK)
		return status;
	status = vdev_batch_add(ctx, &plan, req);
	if (status != VDEV_PREPARED && plan.holds_hash)
		vdev_hash_unlock(plan.slot);
	return status;
}
