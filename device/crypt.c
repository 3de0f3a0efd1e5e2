/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypt.c - CRYPT and AUTHCRYPT: from checked lengths to jobs, from jobs to replies.
 * internal.h tells the stages and the use of the scratch.
 */
#include "device/internal.h"

#include <string.h>

/* Pieces of scratch start on a cache line. */
#define ARENA_ALIGN 64u

/**
 * struct plan - what a request that passed its checks will move.
 * @aad_len: AAD bytes, first in the payload
 * @len: data bytes, then
 * @tag_in: tag bytes, then, to compare with
 * @out_len: data bytes out: @len or 0
 * @tail_len: digest or tag bytes behind them
 * @private_out: output must not be seen before the engine's verdict
 */
struct plan {
	uint32_t aad_len;
	uint32_t len;
	uint32_t tag_in;
	uint32_t out_len;
	uint32_t tail_len;
	bool private_out;
};

static size_t arena_round(size_t len)
{
	return (len + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

static uint8_t *arena_take(struct vcd_worker *worker, size_t len)
{
	uint8_t *piece = worker->arena + worker->arena_used;

	worker->arena_used += arena_round(len);
	return piece;
}

static bool overlap(const uint8_t *a, const uint8_t *b, size_t len)
{
	uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;

	return x < y ? y - x < len : x - y < len;
}

/* Step 10: whether the output fits the chain and the device. */
static uint32_t check_room(const struct vcd_ctx *ctx, const struct plan *plan)
{
	uint64_t out = (uint64_t)plan->out_len + plan->tail_len;

	if (ctx->room < out)
		return VCD_S_INVALID;
	return out > ctx->device->options.max_request ? VCD_S_TOOBIG : VCD_S_OK;
}

/*
 * Append an op for @plan on @slot, whose reference it takes over: AAD and tag
 * copied, the data where it lies or in the scratch.
 */
static struct vcd_op *make_op(struct vcd_ctx *ctx, struct vcd_slot *slot, const struct plan *plan,
			      const struct vcd_fields *req)
{
	struct vcd_worker *worker = ctx->worker;
	struct vcd_iov in = ctx->in;
	uint8_t *src, *dst, *aad, *scratch = NULL;
	bool bounce_in, bounce_out;
	struct vcd_op *op;
	size_t need;

	vcd_iov_skip(&in, plan->aad_len);
	src = vcd_iov_contig(&in, plan->len);
	dst = vcd_iov_contig(&ctx->out, plan->out_len);
	bounce_in = !src;
	bounce_out = plan->out_len && (!dst || plan->private_out);
	if (src && dst && src != dst && overlap(src, dst, plan->len))
		bounce_in = bounce_out = true;

	need = arena_round(plan->aad_len);
	if (bounce_in || bounce_out)
		need += arena_round(plan->len);
	if (worker->n_ops == VCD_BATCH_MAX || worker->arena_size - worker->arena_used < need)
		vcd_crypt_flush(ctx->device, worker);

	op = &worker->ops[worker->n_ops++];
	*op = (struct vcd_op){
	    .request = ctx->request,
	    .slot = slot,
	    .out = ctx->out,
	    .data_len = plan->out_len,
	    .tail_len = plan->tail_len,
	    .bounced = bounce_out,
	    .job =
		{
		    .session = slot->session,
		    .len = plan->len,
		    .aad_len = plan->aad_len,
		    .iv_len = req->iv_len,
		    .status = VCD_S_IO,
		},
	};
	memcpy(op->job.iv, req->iv, sizeof(op->job.iv));
	if (req->flags & VCD_F_DECRYPT)
		op->job.flags |= VCD_JOB_DECRYPT;
	if (req->flags & VCD_F_HASH_RESET)
		op->job.flags |= VCD_JOB_HASH_RESET;
	if (req->flags & VCD_F_HASH_FINAL)
		op->job.flags |= VCD_JOB_HASH_FINAL;

	aad = arena_take(worker, plan->aad_len);
	vcd_iov_read(&ctx->in, aad, plan->aad_len);
	op->job.aad = aad;
	if (bounce_in || bounce_out)
		scratch = arena_take(worker, plan->len);
	if (bounce_in)
		vcd_iov_read(&ctx->in, scratch, plan->len);
	else
		vcd_iov_skip(&ctx->in, plan->len);
	op->job.src = bounce_in ? scratch : src;
	if (slot->session->cipher)
		op->job.dst = bounce_out || !plan->len ? scratch : dst;
	if (plan->tag_in)
		vcd_iov_read(&ctx->in, op->job.mac, plan->tag_in);
	ctx->prepared = true;
	return op;
}

/* Step 9 and 10 of CRYPT. */
static uint32_t crypt_plan(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			   const struct vcd_engine_session *session, struct plan *plan)
{
	const struct vcd_alg *cipher = session->cipher, *mac = session->mac;
	uint16_t hash_flags = req->flags & (VCD_F_HASH_RESET | VCD_F_HASH_FINAL);

	if (cipher && cipher->kind == VCD_ALG_AEAD)
		return VCD_S_INVALID;
	if (cipher ? !vcd_alg_iv_ok(cipher, req->iv_len) : req->iv_len)
		return VCD_S_INVALID;
	if (cipher && req->src_len % cipher->block_size)
		return VCD_S_INVALID;
	if (!mac && hash_flags)
		return VCD_S_INVALID;
	*plan = (struct plan){
	    .len = req->src_len,
	    .out_len = cipher ? req->src_len : 0,
	    .tail_len = hash_flags & VCD_F_HASH_FINAL ? mac->digest_len : 0,
	};
	return check_room(ctx, plan);
}

uint32_t vcd_crypt_prepare(struct vcd_ctx *ctx, const struct vcd_fields *req)
{
	const uint16_t self_contained = VCD_F_HASH_RESET | VCD_F_HASH_FINAL;
	struct vcd_session_table *table = &ctx->device->table;
	bool half_done_hash = false;
	struct vcd_slot *slot;
	struct plan plan;
	uint32_t status;

	if (req->flags & ~(VCD_F_DECRYPT | VCD_F_HASH_RESET | VCD_F_HASH_FINAL) || req->aad_len ||
	    req->crypt_off || req->tag_len || req->arg || ctx->payload != req->src_len)
		return VCD_S_INVALID;
	if (ctx->payload > ctx->device->options.max_request)
		return VCD_S_TOOBIG;
	slot = vcd_session_table_get(table, req->session);
	if (!slot)
		return VCD_S_STALE;
	status = crypt_plan(ctx, req, slot->session, &plan);
	if (status == VCD_S_OK && slot->session->mac &&
	    (req->flags & self_contained) != self_contained) {
		half_done_hash = vcd_hash_trylock(slot);
		if (!half_done_hash)
			status = VCD_S_BUSY;
	}
	if (status != VCD_S_OK) {
		vcd_session_table_put(table, slot);
		return status;
	}
	make_op(ctx, slot, &plan, req)->holds_hash = half_done_hash;
	return VCD_S_OK;
}

/* Steps 5 to 7 of AUTHCRYPT: what does not depend on the session. */
static uint32_t authcrypt_check(const struct vcd_ctx *ctx, const struct vcd_fields *req)
{
	uint32_t max_request = ctx->device->options.max_request;
	bool decrypt = req->flags & VCD_F_DECRYPT;
	uint64_t payload;

	if (req->flags & ~(VCD_F_DECRYPT | VCD_F_TLS | VCD_F_SRTP) || req->arg)
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
	return payload > max_request || req->aad_len > VCD_MAX_AAD ? VCD_S_TOOBIG : VCD_S_OK;
}

/* Steps 9 and 10 of AUTHCRYPT on an AEAD. */
static uint32_t aead_plan(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			  const struct vcd_alg *aead, struct plan *plan)
{
	bool decrypt = req->flags & VCD_F_DECRYPT;

	if (!vcd_alg_iv_ok(aead, req->iv_len) || !vcd_alg_tag_ok(aead, req->tag_len))
		return VCD_S_INVALID;
	if (decrypt && req->src_len < req->tag_len)
		return VCD_S_INVALID;
	*plan = (struct plan){
	    .aad_len = req->aad_len,
	    .len = req->src_len - (decrypt ? req->tag_len : 0),
	    .tag_in = decrypt ? req->tag_len : 0,
	    .tail_len = decrypt ? 0 : req->tag_len,
	    .private_out = decrypt,
	};
	plan->out_len = plan->len;
	return check_room(ctx, plan);
}

static uint32_t authcrypt_plan(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			       const struct vcd_engine_session *session, struct plan *plan)
{
	const struct vcd_alg *cipher = session->cipher;

	if (req->flags & (VCD_F_TLS | VCD_F_SRTP)) {
		if (!cipher || cipher->kind != VCD_ALG_CIPHER || !session->mac ||
		    session->mac->kind != VCD_ALG_MAC || req->iv_len != cipher->iv_len)
			return VCD_S_INVALID;
		return VCD_S_NOALG;
	}
	if (!cipher || cipher->kind != VCD_ALG_AEAD)
		return VCD_S_INVALID;
	return aead_plan(ctx, req, cipher, plan);
}

uint32_t vcd_authcrypt_prepare(struct vcd_ctx *ctx, const struct vcd_fields *req)
{
	struct vcd_session_table *table = &ctx->device->table;
	struct vcd_slot *slot;
	struct plan plan;
	uint32_t status;

	status = authcrypt_check(ctx, req);
	if (status != VCD_S_OK)
		return status;
	slot = vcd_session_table_get(table, req->session);
	if (!slot)
		return VCD_S_STALE;
	status = authcrypt_plan(ctx, req, slot->session, &plan);
	if (status != VCD_S_OK) {
		vcd_session_table_put(table, slot);
		return status;
	}
	make_op(ctx, slot, &plan, req)->job.mac_len = req->tag_len;
	return VCD_S_OK;
}

static void finish(struct vcd_device *device, struct vcd_worker *worker, struct vcd_op *op)
{
	const struct vcd_job *job = &op->job;

	if (op->holds_hash)
		vcd_hash_unlock(op->slot);
	vcd_session_table_put(&device->table, op->slot);
	if (job->status != VCD_S_OK) {
		vcd_reply(worker, op->request, job->status < VCD_S_COUNT ? job->status : VCD_S_IO,
			  0, 0, NULL);
		return;
	}
	if (op->bounced)
		vcd_iov_write(&op->out, job->dst, op->data_len);
	else
		vcd_iov_skip(&op->out, op->data_len);
	vcd_iov_write(&op->out, job->mac, op->tail_len);
	vcd_count(&worker->counters.crypt, 1);
	vcd_count(&worker->counters.bytes, job->len);
	vcd_reply(worker, op->request, VCD_S_OK, op->data_len + op->tail_len, 0, job->iv);
}

void vcd_crypt_flush(struct vcd_device *device, struct vcd_worker *worker)
{
	if (!worker->n_ops)
		return;
	for (size_t i = 0; i < worker->n_ops; i++)
		worker->jobs[i] = &worker->ops[i].job;
	vcd_engine_run(device->options.engine, worker->number, worker->jobs, worker->n_ops);
	for (size_t i = 0; i < worker->n_ops; i++)
		finish(device, worker, &worker->ops[i]);
	worker->n_ops = 0;
	worker->arena_used = 0;
}
