/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.c - from checked requests to jobs, and from jobs to replies. See batch.h. */
#include "device/batch.h"

#include <string.h>

#include "device/context.h"
#include "device/counters.h"
#include "device/reply.h"
#include "device/segments.h"

int vdev_batch_init(struct vdev_batch *batch, struct engine *engine, unsigned int number,
		    struct vdev_counters *counters, uint32_t max_request)
{
	batch->engine = engine;
	batch->number = number;
	batch->counters = counters;
	for (size_t i = 0; i < VDEV_BATCH_MAX; i++)
		batch->jobs[i] = &batch->ops[i].job;
	return vdev_arena_init(&batch->arena, max_request);
}

/* Make the arena fit blocks of @a and @b bytes; if need be, run what is prepared first. */
static void make_room(struct vdev_batch *batch, size_t a, size_t b)
{
	if (!vdev_arena_fits(&batch->arena, a, b))
		vdev_batch_flush(batch);
}

uint8_t *vdev_batch_scratch(struct vdev_batch *batch, size_t size)
{
	make_room(batch, size, 0);
	return vdev_arena_take(&batch->arena, size);
}

/** struct data - where the data of a request is processed; NULL where scratch memory is needed. */
struct data {
	enum vdev_place place;
	uint8_t *src;
	uint8_t *dst;
};

/* Find the data of @plan in guest memory. Nearly all requests are VDEV_IN_PLACE. */
static inline struct data find_data(const struct vdev_iov *in, const struct vdev_iov *out,
				    const struct vdev_plan *plan)
{
	struct data data = {.place = VDEV_BOUNCE};

	if (plan->unverified)
		return data;
	data.src = vdev_iov_contig(in, plan->len);
	if (plan->out_len)
		data.dst = vdev_iov_contig(out, plan->out_len);
	if (data.src && data.dst && data.src != data.dst &&
	    vdev_overlap(data.src, plan->len, data.dst, plan->len))
		data.src = data.dst = NULL;
	else if (data.dst || !plan->out_len)
		data.place = data.src ? VDEV_IN_PLACE : VDEV_BOUNCE_IN;
	else if (data.src)
		data.place = VDEV_BOUNCE_OUT;
	return data;
}

/*
 * Find a place for data that is not VDEV_IN_PLACE: segments, or scratch memory for what is NULL in
 * @data. With AAD, the caller has made room for the data too. @src is NULL when there is no memory.
 */
static __attribute__((noinline)) struct data move_data(struct vdev_batch *batch, struct vdev_iov in,
						       struct vdev_iov out, struct vdev_plan plan,
						       struct data data)
{
	const struct eng_session *session = plan.slot->session;
	uint8_t *scratch = batch->arena.memory; /* of no bytes: a pointer that is not NULL */

	if (!plan.len) {
		data.place = VDEV_IN_PLACE;
	} else if (vdev_segments_fit(session, &in, &out, plan.len)) {
		data.place = VDEV_SEGMENTS;
		return data;
	} else {
		if (!plan.aad_len)
			make_room(batch, plan.len, 0);
		scratch = vdev_arena_take(&batch->arena, plan.len);
		if (!scratch)
			return (struct data){.place = VDEV_BOUNCE};
	}
	if (!data.src) {
		data.src = scratch;
		vdev_iov_read(&in, scratch, plan.len);
	}
	if (!data.dst && session->cipher)
		data.dst = scratch;
	return data;
}

static_assert((int)VCD_F_DECRYPT == (int)ENG_JOB_DECRYPT &&
		  (int)VCD_F_HASH_RESET == (int)ENG_JOB_HASH_RESET &&
		  (int)VCD_F_HASH_FINAL == (int)ENG_JOB_HASH_FINAL,
	      "the guest's flags are the engine's");

static uint32_t job_flags(const struct vdev_fields *req)
{
	return req->flags & (VCD_F_DECRYPT | VCD_F_HASH_RESET | VCD_F_HASH_FINAL);
}

/*
 * The data of the last batch has evicted the ops from the first-level cache: fetch the two lines
 * of the op after the next.
 */
static void prefetch_op(const struct vdev_op *op)
{
	__builtin_prefetch(op + 2, 1);
	__builtin_prefetch(&op[2].job.status, 1);
}

uint32_t vdev_batch_add(const struct vdev_ctx *ctx, const struct vdev_plan *plan,
			const struct vdev_fields *req)
{
	struct vdev_batch *batch = ctx->batch;
	uint8_t *aad = batch->arena.memory; /* of no bytes: a pointer that is not NULL */
	struct vdev_iov in = ctx->in;
	struct data data;
	struct vdev_op *op;

	if (batch->n == VDEV_BATCH_MAX)
		vdev_batch_flush(batch);
	if (plan->aad_len) {
		make_room(batch, plan->aad_len, plan->len);
		aad = vdev_arena_take(&batch->arena, plan->aad_len);
		if (!aad)
			return VCD_S_NOMEM;
		vdev_iov_read(&in, aad, plan->aad_len);
	}
	data = find_data(&in, &ctx->out, plan);
	if (data.place != VDEV_IN_PLACE) {
		data = move_data(batch, in, ctx->out, *plan, data);
		if (!data.src && data.place != VDEV_SEGMENTS)
			return VCD_S_NOMEM;
	}

	/* Field by field: zeroing all of it, the MAC's 64 bytes too, shows in the profile. */
	op = &batch->ops[batch->n++];
	prefetch_op(op);
	op->request = ctx->request;
	op->reply = ctx->reply;
	op->slot = plan->slot;
	op->len = plan->len;
	op->out_len = plan->out_len;
	op->tail_len = plan->tail_len;
	op->remaining = 0;
	op->place = data.place;
	op->holds_hash = plan->holds_hash;
	op->job.session = plan->slot->session;
	op->job.src = data.src;
	op->job.dst = data.dst;
	op->job.aad = aad;
	op->job.flags = job_flags(req);
	op->job.len = plan->len;
	op->job.aad_len = plan->aad_len;
	op->job.status = VCD_S_IO;
	memcpy(op->job.iv, req->iv, sizeof(op->job.iv));
	op->job.iv_len = req->iv_len;
	op->job.mac_len = req->tag_len;
	if (vdev_op_is_bounced(op))
		op->bounced = data.dst;
	if (data.place == VDEV_SEGMENTS) {
		vdev_segments_begin(op, in, ctx->out);
		batch->segmented = true;
	}
	if (plan->tag_in) {
		vdev_iov_skip(&in, plan->len);
		vdev_iov_read(&in, op->job.mac, plan->tag_in);
	}
	return VDEV_PREPARED;
}

/* Write what the engine has left in private memory: bounced output, then digest or tag. */
static void put_out(const struct vdev_op *op)
{
	struct vdev_iov out = vdev_op_out(op);

	if (vdev_op_is_bounced(op))
		vdev_iov_write(&out, op->bounced, op->out_len);
	else
		vdev_iov_skip(&out, op->out_len);
	vdev_iov_write(&out, op->job.mac, op->tail_len);
}

/* Answer a job that failed. */
static void __attribute__((cold, noinline)) fail(struct vdev_batch *batch, const struct vdev_op *op)
{
	static const uint8_t no_iv[VCD_MAX_IV_LEN];
	uint32_t status = op->job.status < VCD_S_COUNT ? op->job.status : VCD_S_IO;

	vdev_segments_wipe(op);
	vdev_reply(op->request, op->reply, status, 0, 0, no_iv);
	vdev_count(&batch->counters->status[status], 1);
}

/* Answer the requests that were run. They are counted all at once. */
static void finish(struct vdev_batch *batch)
{
	struct vdev_counters *counters = batch->counters;
	uint64_t good = 0, bytes = 0;

	for (const struct vdev_op *op = batch->ops; op < batch->ops + batch->n; op++) {
		if (op->holds_hash)
			vdev_hash_unlock(op->slot);
		if (op->job.status != VCD_S_OK) {
			fail(batch, op);
			continue;
		}
		if (op->tail_len || vdev_op_is_bounced(op))
			put_out(op);
		vdev_reply(op->request, op->reply, VCD_S_OK, op->out_len + op->tail_len, 0,
			   op->job.iv);
		good++;
		bytes += op->len;
	}
	vdev_count(&counters->requests, batch->n);
	vdev_count(&counters->status[VCD_S_OK], good);
	vdev_count(&counters->crypt, good);
	vdev_count(&counters->bytes, bytes);
	batch->n = 0;
}

/* Run the jobs where some are in segments. */
static void __attribute__((noinline)) run_segments(struct vdev_batch *batch)
{
	size_t n = batch->n;

	if (n > 1 && batch->engine->ops->lanes > 1)
		vdev_segments_level(batch->ops, n);
	while (n) {
		eng_run(batch->engine, batch->number, batch->jobs, n);
		n = vdev_segments_next(batch->jobs, n);
	}
	for (size_t i = 0; i < batch->n; i++)
		batch->jobs[i] = &batch->ops[i].job;
	batch->segmented = false;
}

void vdev_batch_flush(struct vdev_batch *batch)
{
	if (batch->segmented)
		run_segments(batch);
	else if (batch->n)
		eng_run(batch->engine, batch->number, batch->jobs, batch->n);
	if (batch->n)
		finish(batch);
	vdev_arena_empty(&batch->arena);
}
