/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypt.c - CRYPT and AUTHCRYPT: from checked lengths to jobs, from jobs to replies.
 * internal.h tells the stages and the use of the scratch.
 */
#include "device/internal.h"

#include <string.h>

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

/* Step 10: whether the output fits the chain and the device. */
static uint32_t check_room(const struct vcd_ctx *ctx, const struct plan *plan)
{
	uint64_t out = (uint64_t)plan->out_len + plan->tail_len;

	if (ctx->room < out)
		return VCD_S_INVALID;
	return out > ctx->device->options.max_request ? VCD_S_TOOBIG : VCD_S_OK;
}

/**
 * struct place - where the data of a request is processed.
 * @src: the guest's input, when it lies in one piece and may be read there
 * @dst: the guest's output, likewise
 * @bounce: scratch is needed, for what of the two is NULL
 */
struct place {
	uint8_t *src;
	uint8_t *dst;
	bool bounce;
};

static struct place find_place(const struct vcd_ctx *ctx, const struct plan *plan)
{
	struct vcd_iov in = ctx->in;
	struct place place = {0};

	if (!plan->len)
		return (struct place){.bounce = true}; /* of no bytes: a pointer that is not NULL */
	if (plan->aad_len)
		vcd_iov_skip(&in, plan->aad_len);
	place.src = vcd_iov_contig(&in, plan->len);
	if (plan->out_len && !plan->private_out)
		place.dst = vcd_iov_contig(&ctx->out, plan->out_len);
	if (place.src && place.dst && place.src != place.dst &&
	    vcd_overlap(place.src, plan->len, place.dst, plan->len))
		place.src = place.dst = NULL;
	place.bounce = !place.src || (plan->out_len && !place.dst);
	return place;
}

static uint32_t job_flags(const struct vcd_fields *req)
{
	uint32_t flags = 0;

	if (req->flags & VCD_F_DECRYPT)
		flags |= VCD_JOB_DECRYPT;
	if (req->flags & VCD_F_HASH_RESET)
		flags |= VCD_JOB_HASH_RESET;
	if (req->flags & VCD_F_HASH_FINAL)
		flags |= VCD_JOB_HASH_FINAL;
	return flags;
}

/*
 * Scratch for @aad_len bytes of AAD and @len of data, after what is prepared has made room for
 * it; NULL when there is not enough. Of no bytes: a pointer that is not NULL.
 */
static uint8_t *take_scratch(const struct vcd_ctx *ctx, uint32_t aad_len, uint32_t len,
			     uint8_t **data)
{
	struct vcd_worker *worker = ctx->worker;
	uint8_t *aad;

	*data = worker->arena.memory;
	if (!aad_len && !len)
		return *data;
	if (!vcd_arena_fits(&worker->arena, aad_len, len))
		vcd_crypt_flush(ctx->device, worker);
	aad = vcd_arena_take(&worker->arena, aad_len);
	*data = vcd_arena_take(&worker->arena, len);
	return *data ? aad : NULL;
}

/*
 * The data of the batch before has driven the ops from the first level of the cache: fetch the
 * two lines of the one that comes after the next.
 */
static void prefetch_op(const struct vcd_worker *worker)
{
	const struct vcd_op *op = &worker->ops[(worker->n_ops + 1) % VCD_BATCH_MAX];

	__builtin_prefetch(op, 1);
	__builtin_prefetch(&op->job.status, 1);
}

/*
 * Append an op for @plan on @slot: AAD and tag copied, the data where it lies or in
 * the scratch. With VCD_S_OK the op has the caller's hash lock.
 */
static uint32_t make_op(struct vcd_ctx *ctx, struct vcd_slot *slot, const struct plan *plan,
			const struct vcd_fields *req, bool holds_hash)
{
	struct place place = find_place(ctx, plan);
	struct vcd_worker *worker = ctx->worker;
	uint8_t *aad, *scratch;
	bool pieces = false;
	struct vcd_op *op;

	if (place.bounce && vcd_pieces_fit(slot->session, &ctx->in, &ctx->out, plan->len)) {
		pieces = true;
		place.bounce = false;
	}
	if (worker->n_ops == VCD_BATCH_MAX)
		vcd_crypt_flush(ctx->device, worker);
	aad = take_scratch(ctx, plan->aad_len, place.bounce ? plan->len : 0, &scratch);
	if (!aad)
		return VCD_S_NOMEM;

	/* Field by field: zeroing all of it, the MAC's 64 bytes too, shows in the profile. */
	op = &worker->ops[worker->n_ops++];
	prefetch_op(worker);
	op->request = ctx->request;
	op->slot = slot;
	op->out = ctx->out;
	op->data_len = plan->out_len;
	op->tail_len = plan->tail_len;
	op->bounced = plan->out_len && !place.dst && !pieces;
	op->holds_hash = holds_hash;
	op->left = 0;
	op->job.session = slot->session;
	op->job.flags = job_flags(req);
	op->job.len = plan->len;
	op->job.src = place.src ? place.src : scratch;
	op->job.dst = NULL;
	if (slot->session->cipher)
		op->job.dst = place.dst ? place.dst : scratch;
	op->job.aad = aad;
	op->job.aad_len = plan->aad_len;
	op->job.iv_len = req->iv_len;
	op->job.mac_len = req->tag_len;
	op->job.status = VCD_S_IO;
	memcpy(op->job.iv, req->iv, sizeof(op->job.iv));

	if (plan->aad_len)
		vcd_iov_read(&ctx->in, aad, plan->aad_len);
	if (pieces)
		vcd_pieces_begin(worker, op, &ctx->in, plan->len);
	else if (!place.src)
		vcd_iov_read(&ctx->in, scratch, plan->len);
	if (plan->tag_in) {
		if (place.src)
			vcd_iov_skip(&ctx->in, plan->len);
		vcd_iov_read(&ctx->in, op->job.mac, plan->tag_in);
	}
	ctx->prepared = true;
	return VCD_S_OK;
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
	if (cipher && req->src_len & (cipher->block_size - 1u))
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
	slot = vcd_session_table_find(table, req->session);
	if (!slot)
		return VCD_S_STALE;
	status = crypt_plan(ctx, req, slot->session, &plan);
	if (status == VCD_S_OK && slot->session->mac &&
	    (req->flags & self_contained) != self_contained) {
		half_done_hash = vcd_hash_trylock(slot);
		if (!half_done_hash)
			status = VCD_S_BUSY;
	}
	if (status == VCD_S_OK)
		status = make_op(ctx, slot, &plan, req, half_done_hash);
	if (status != VCD_S_OK && half_done_hash)
		vcd_hash_unlock(slot);
	return status;
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

/* Steps 9 and 10 of AUTHCRYPT on what should be an AEAD. */
static uint32_t aead_plan(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			  const struct vcd_alg *aead, struct plan *plan)
{
	bool decrypt = req->flags & VCD_F_DECRYPT;

	if (!aead || aead->kind != VCD_ALG_AEAD)
		return VCD_S_INVALID;
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

uint32_t vcd_authcrypt_prepare(struct vcd_ctx *ctx, const struct vcd_fields *req)
{
	struct vcd_session_table *table = &ctx->device->table;
	struct vcd_slot *slot;
	struct plan plan;
	uint32_t status;

	status = authcrypt_check(ctx, req);
	if (status != VCD_S_OK)
		return status;
	slot = vcd_session_table_find(table, req->session);
	if (!slot)
		return VCD_S_STALE;
	if (req->flags & (VCD_F_TLS | VCD_F_SRTP))
		return vcd_record_run(ctx, req, slot->session);
	status = aead_plan(ctx, req, slot->session->cipher, &plan);
	if (status == VCD_S_OK)
		status = make_op(ctx, slot, &plan, req, false);
	return status;
}

/* Put out what a job that went well has made. */
static void put_out(struct vcd_op *op)
{
	const struct vcd_job *job = &op->job;

	if (op->bounced)
		vcd_iov_write(&op->out, job->dst, op->data_len);
	else if (op->tail_len)
		vcd_iov_skip(&op->out, op->data_len);
	if (op->tail_len)
		vcd_iov_write(&op->out, job->mac, op->tail_len);
}

static void finish(struct vcd_worker *worker, struct vcd_op *op)
{
	static const uint8_t no_iv[VCD_MAX_IV_LEN];
	const struct vcd_job *job = &op->job;
	uint32_t status = job->status < VCD_S_COUNT ? job->status : VCD_S_IO;
	const uint8_t *iv = job->iv;
	uint32_t out_len = 0;

	if (op->holds_hash)
		vcd_hash_unlock(op->slot);
	if (status == VCD_S_OK) {
		put_out(op);
		out_len = op->data_len + op->tail_len;
		vcd_count(&worker->counters->crypt, 1);
		vcd_count(&worker->counters->bytes, job->len);
	} else {
		vcd_pieces_wipe(op);
		iv = no_iv;
	}
	vcd_reply(worker, op->request, status, out_len, 0, iv);
}

void vcd_crypt_flush(struct vcd_device *device, struct vcd_worker *worker)
{
	struct vcd_engine *engine = device->options.engine;
	size_t n = worker->n_ops;

	if (worker->cut && n > 1 && engine->ops->lanes > 1)
		vcd_pieces_level(worker->ops, n);
	for (size_t i = 0; i < n; i++)
		worker->jobs[i] = &worker->ops[i].job;
	while (n) {
		vcd_engine_run(engine, worker->number, worker->jobs, n);
		n = worker->cut ? vcd_pieces_next(worker->jobs, n) : 0;
	}
	worker->cut = false;
	for (size_t i = 0; i < worker->n_ops; i++)
		finish(worker, &worker->ops[i]);
	worker->n_ops = 0;
	vcd_arena_empty(&worker->arena);
}
