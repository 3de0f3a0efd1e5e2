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
 * @unverified: the input is yet to be authenticated: it is read once, into the scratch, and the
 *	output is not seen before the engine's verdict
 */
struct plan {
	uint32_t aad_len;
	uint32_t len;
	uint32_t tag_in;
	uint32_t out_len;
	uint32_t tail_len;
	bool unverified;
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
 * @src: the input: the guest's, when it lies in one piece and may be read there, or scratch
 * @dst: the output, likewise; NULL: there is none
 * @bounced: @dst is scratch
 * @pieces: it is processed in pieces; then @bounced is false, @src and @dst do not matter
 */
struct place {
	uint8_t *src;
	uint8_t *dst;
	bool bounced;
	bool pieces;
};

/* The place of nearly all: the guest's memory. Where that cannot be, @src or @dst is NULL. */
static inline struct place find_place(const struct vcd_iov *in, const struct vcd_iov *out,
				      const struct plan *plan)
{
	struct place place = {0};

	/* An engine reads it twice, for the tag and for the plaintext; a guest may change it
	 * between. */
	if (plan->unverified)
		return place;
	place.src = vcd_iov_contig(in, plan->len);
	if (plan->out_len)
		place.dst = vcd_iov_contig(out, plan->out_len);
	if (place.src && place.dst && place.src != place.dst &&
	    vcd_overlap(place.src, plan->len, place.dst, plan->len))
		place.src = place.dst = NULL;
	return place;
}

/* Have AAD and data of @plan fit into the scratch; if need be, run what is prepared first. */
static void make_room(struct vcd_device *device, struct vcd_worker *worker, const struct plan *plan)
{
	if (!vcd_arena_fits(&worker->arena, plan->aad_len, plan->len))
		vcd_crypt_flush(device, worker);
}

/*
 * The place of the others: pieces, or the scratch for what of @place is NULL, the input copied.
 * With AAD, the caller has made room for the data too. @src is NULL when there is not enough.
 */
static __attribute__((noinline)) struct place
find_other_place(struct vcd_device *device, struct vcd_worker *worker, const struct vcd_slot *slot,
		 struct vcd_iov in, struct vcd_iov out, struct plan plan, struct place place)
{
	uint8_t *scratch = worker->arena.memory; /* of no bytes: a pointer that is not NULL */

	if (plan.len) {
		place.pieces = vcd_pieces_fit(slot->session, &in, &out, plan.len);
		if (place.pieces)
			return place;
		if (!plan.aad_len)
			make_room(device, worker, &plan);
		scratch = vcd_arena_take(&worker->arena, plan.len);
		place.bounced = plan.out_len && !place.dst;
	}
	if (!place.dst && slot->session->cipher)
		place.dst = scratch;
	if (!place.src) {
		place.src = scratch;
		if (scratch)
			vcd_iov_read(&in, scratch, plan.len);
	}
	return scratch ? place : (struct place){0};
}

static_assert((int)VCD_F_DECRYPT == (int)VCD_JOB_DECRYPT &&
		  (int)VCD_F_HASH_RESET == (int)VCD_JOB_HASH_RESET &&
		  (int)VCD_F_HASH_FINAL == (int)VCD_JOB_HASH_FINAL,
	      "the guest's flags are the engine's");

static uint32_t job_flags(const struct vcd_fields *req)
{
	return req->flags & (VCD_F_DECRYPT | VCD_F_HASH_RESET | VCD_F_HASH_FINAL);
}

/*
 * The data of the batch before has driven the ops from the first level of the cache: fetch the
 * two lines of the one that comes after the next.
 */
static void prefetch_op(const struct vcd_op *op)
{
	__builtin_prefetch(op + 2, 1);
	__builtin_prefetch(&op[2].job.status, 1);
}

/*
 * Append an op for @plan on @slot: AAD and tag copied, the data where it lies or in
 * the scratch. With VCD_PREPARED the op has the caller's hash lock.
 */
static inline __attribute__((always_inline)) uint32_t
make_op(const struct vcd_ctx *ctx, struct vcd_slot *slot, const struct plan *plan,
	const struct vcd_fields *req, bool holds_hash)
{
	struct vcd_worker *worker = ctx->worker;
	uint8_t *aad = worker->arena.memory; /* of no bytes: a pointer that is not NULL */
	struct vcd_iov in = ctx->in;
	struct place place;
	struct vcd_op *op;

	if (worker->n_ops == VCD_BATCH_MAX)
		vcd_crypt_flush(ctx->device, worker);
	if (plan->aad_len) {
		make_room(ctx->device, worker, plan);
		aad = vcd_arena_take(&worker->arena, plan->aad_len);
		if (!aad)
			return VCD_S_NOMEM;
		vcd_iov_read(&in, aad, plan->aad_len);
	}
	place = find_place(&in, &ctx->out, plan);
	if (!place.src || (plan->out_len && !place.dst)) {
		place = find_other_place(ctx->device, worker, slot, in, ctx->out, *plan, place);
		if (!place.src && !place.pieces)
			return VCD_S_NOMEM;
	}

	/* Field by field: zeroing all of it, the MAC's 64 bytes too, shows in the profile. */
	op = &worker->ops[worker->n_ops++];
	prefetch_op(op);
	op->request = ctx->request;
	op->reply = ctx->reply;
	op->slot = slot;
	op->data_len = plan->out_len;
	op->tail_len = plan->tail_len;
	op->bounced = place.bounced;
	op->holds_hash = holds_hash;
	op->left = 0;
	op->job.session = slot->session;
	op->job.src = place.src;
	op->job.dst = place.dst;
	op->job.aad = aad;
	op->job.flags = job_flags(req);
	op->job.len = plan->len;
	op->job.aad_len = plan->aad_len;
	op->job.status = VCD_S_IO;
	memcpy(op->job.iv, req->iv, sizeof(op->job.iv));
	op->job.iv_len = req->iv_len;
	op->job.mac_len = req->tag_len;
	if (place.pieces)
		vcd_pieces_begin(worker, op, in, ctx->out, plan->len);
	if (plan->tag_in) {
		vcd_iov_skip(&in, plan->len);
		vcd_iov_read(&in, op->job.mac, plan->tag_in);
	}
	return VCD_PREPARED;
}

/* Step 9 and 10 of CRYPT. */
static uint32_t crypt_plan(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			   const struct vcd_engine_session *session, struct plan *plan)
{
	const struct vcd_alg *cipher = session->cipher, *mac = session->mac;
	uint16_t hash_flags = req->flags & (VCD_F_HASH_RESET | VCD_F_HASH_FINAL);

	if (cipher && cipher->kind == VCD_ALG_AEAD)
		return VCD_S_INVALID;
	/* Each has one length of IV; AEADs are another matter. */
	if (req->iv_len != (cipher ? cipher->iv_len : 0))
		return VCD_S_INVALID;
	if (cipher && req->src_len & (cipher->block_size - 1u))
		return VCD_S_INVALID;
	if (!mac && hash_flags)
		return VCD_S_INVALID;
	/* Field by field: to zero a whole one gcc wants it in memory. */
	plan->aad_len = 0;
	plan->len = req->src_len;
	plan->tag_in = 0;
	plan->out_len = cipher ? req->src_len : 0;
	plan->tail_len = hash_flags & VCD_F_HASH_FINAL ? mac->digest_len : 0;
	plan->unverified = false;
	return check_room(ctx, plan);
}

uint32_t vcd_crypt_prepare(const struct vcd_ctx *ctx, const struct vcd_fields *req)
{
	const uint16_t self_contained = VCD_F_HASH_RESET | VCD_F_HASH_FINAL;
	struct vcd_session_table *table = &ctx->device->table;
	bool half_done_hash = false;
	struct vcd_slot *slot;
	struct plan plan;
	uint32_t status;

	if (req->flags & ~(VCD_F_DECRYPT | VCD_F_HASH_RESET | VCD_F_HASH_FINAL) ||
	    (req->aad_len | req->crypt_off | req->tag_len | req->arg) ||
	    ctx->payload != req->src_len)
		return VCD_S_INVALID;
	if (ctx->payload > ctx->device->options.max_request)
		return VCD_S_TOOBIG;
	slot = vcd_session_table_find(table, req->session);
	if (!slot)
		return VCD_S_STALE;
	status = crypt_plan(ctx, req, slot->session, &plan);
	if (status != VCD_S_OK)
		return status;
	if (slot->session->mac && (req->flags & self_contained) != self_contained) {
		half_done_hash = vcd_hash_trylock(slot);
		if (!half_done_hash)
			return VCD_S_BUSY;
	}
	status = make_op(ctx, slot, &plan, req, half_done_hash);
	if (status != VCD_PREPARED && half_done_hash)
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
	    .unverified = decrypt,
	};
	plan->out_len = plan->len;
	return check_room(ctx, plan);
}

uint32_t vcd_authcrypt_prepare(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			       struct vcd_answer *answer)
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
		return vcd_record_run(*ctx, req, slot->session, answer);
	status = aead_plan(ctx, req, slot->session->cipher, &plan);
	if (status == VCD_S_OK)
		status = make_op(ctx, slot, &plan, req, false);
	return status;
}

/* Put out what a job that went well has made and what is not where it belongs. */
static void put_out(const struct vcd_op *op)
{
	const struct vcd_job *job = &op->job;
	struct vcd_iov out = vcd_op_out(op);

	if (op->bounced)
		vcd_iov_write(&out, job->dst, op->data_len);
	else
		vcd_iov_skip(&out, op->data_len);
	vcd_iov_write(&out, job->mac, op->tail_len);
}

/* Answer a job that failed. */
static void __attribute__((cold, noinline)) fail(struct vcd_worker *worker, const struct vcd_op *op)
{
	static const uint8_t no_iv[VCD_MAX_IV_LEN];
	uint32_t status = op->job.status < VCD_S_COUNT ? op->job.status : VCD_S_IO;

	vcd_pieces_wipe(op);
	vcd_reply(op->request, op->reply, status, 0, 0, no_iv);
	vcd_count(&worker->counters->status[status], 1);
}

/* Answer the requests that were run. They are counted all at once. */
static void finish(struct vcd_worker *worker)
{
	struct vcd_device_counters *counters = worker->counters;
	uint64_t good = 0, bytes = 0;

	for (struct vcd_op *op = worker->ops; op < worker->ops + worker->n_ops; op++) {
		if (op->holds_hash)
			vcd_hash_unlock(op->slot);
		if (op->job.status != VCD_S_OK) {
			fail(worker, op);
			continue;
		}
		if (op->bounced || op->tail_len)
			put_out(op);
		vcd_reply(op->request, op->reply, VCD_S_OK, op->data_len + op->tail_len, 0,
			  op->job.iv);
		good++;
		bytes += op->job.len;
	}
	vcd_count(&counters->requests, worker->n_ops);
	vcd_count(&counters->status[VCD_S_OK], good);
	vcd_count(&counters->crypt, good);
	vcd_count(&counters->bytes, bytes);
	worker->n_ops = 0;
}

/* Run the jobs where some are in pieces. */
static void __attribute__((noinline))
run_pieces(struct vcd_engine *engine, struct vcd_worker *worker)
{
	size_t n = worker->n_ops;

	if (n > 1 && engine->ops->lanes > 1)
		vcd_pieces_level(worker->ops, n);
	while (n) {
		vcd_engine_run(engine, worker->number, worker->jobs, n);
		n = vcd_pieces_next(worker->jobs, n);
	}
	for (size_t i = 0; i < worker->n_ops; i++)
		worker->jobs[i] = &worker->ops[i].job;
	worker->cut = false;
}

void vcd_crypt_flush(struct vcd_device *device, struct vcd_worker *worker)
{
	struct vcd_engine *engine = device->options.engine;

	if (worker->cut)
		run_pieces(engine, worker);
	else if (worker->n_ops)
		vcd_engine_run(engine, worker->number, worker->jobs, worker->n_ops);
	if (worker->n_ops)
		finish(worker);
	vcd_arena_empty(&worker->arena);
}
