/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key_batch.c - the requests of a slow queue that wait for the key service. See key_batch.h. */
#include "device/key_batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include <openssl/crypto.h>

#include "device/counters.h"
#include "device/named.h"
#include "device/reply.h"
#include "device/state.h"

#define OP_BYTES ((size_t)VDEV_KEY_IN + VDEV_KEY_OUT)

struct vdev_key_batch *vdev_key_batch_new(void)
{
	struct vdev_key_batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	/* libcrypto's memory is where keys belong (daemon/confine/vault.h). */
	batch->memory = OPENSSL_malloc(VDEV_BATCH_MAX * OP_BYTES);
	if (!batch->memory) {
		free(batch);
		return NULL;
	}
	for (size_t i = 0; i < VDEV_BATCH_MAX; i++)
		batch->jobs[i] = &batch->ops[i].job;
	return batch;
}

void vdev_key_batch_free(struct vdev_key_batch *batch)
{
	if (!batch)
		return;
	OPENSSL_free(batch->memory);
	free(batch);
}

struct vdev_key_op *vdev_key_batch_add(const struct vdev_ctx *ctx, enum vdev_key_what what,
				       uint32_t in_len, uint32_t room)
{
	struct vdev_key_batch *batch = ctx->thread->keys;
	struct vdev_key_op *op = &batch->ops[batch->n];
	uint8_t *memory = batch->memory + batch->n * OP_BYTES;
	struct vdev_iov in = ctx->in;

	ctx->thread->usage.bytes += VDEV_WORK_KEY;
	batch->n++;
	*op = (struct vdev_key_op){
	    .request = ctx->request,
	    .reply = ctx->reply,
	    .room = room,
	    .job = {.what = what,
		    .token = batch->token ? batch->token + ctx->thread->position : 0,
		    .in = memory,
		    .out = memory + VDEV_KEY_IN,
		    .status = VCD_S_IO},
	};
	op->job.in_len = (uint32_t)vdev_iov_read(&in, memory, in_len);
	return op;
}

/* What there is to answer to @op, beside its output. Return: status. */
static uint32_t finish(struct vdev *device, struct vdev_thread *thread, struct vdev_key_op *op,
		       struct vdev_answer *answer)
{
	struct vdev_key_job *job = &op->job;

	if (job->out_len > VDEV_KEY_OUT || job->status >= VCD_S_COUNT)
		job->status = VCD_S_IO;
	if (job->what == VDEV_KEY_OPEN)
		return vdev_named_opened(device, thread, op, answer);
	if (job->status != VCD_S_OK)
		return job->status;
	if (job->what == VDEV_KEY_CRYPT && job->out_len != op->room)
		return VCD_S_IO;
	answer->out_len = job->out_len;
	if (job->out_len > op->room) {
		answer->value = job->out_len;
		return VCD_S_TOOBIG;
	}
	if (job->what == VDEV_KEY_LIST)
		answer->value = job->total;
	if (job->what == VDEV_KEY_INFO || job->what == VDEV_KEY_CRYPT)
		memcpy(answer->iv, job->iv, sizeof(answer->iv));
	return VCD_S_OK;
}

static void count(struct vdev_counters *counters, const struct vdev_key_op *op, uint32_t status)
{
	vdev_count(&counters->requests, 1);
	vdev_count(&counters->status[status], 1);
	if (status != VCD_S_OK || op->job.what != VDEV_KEY_CRYPT)
		return;
	vdev_count(&counters->crypt, 1);
	vdev_count(&counters->bytes, op->data_len);
}

static void reply_to(struct vdev *device, struct vdev_thread *thread, struct vdev_key_op *op)
{
	struct vdev_iov out = vdev_iov_init(op->request->out, op->request->out_count);
	struct vdev_answer answer = {0};
	uint32_t status = finish(device, thread, op, &answer);

	if (status == VCD_S_OK) {
		vdev_iov_skip(&out, sizeof(struct vcd_reply));
		vdev_iov_write(&out, op->job.out, answer.out_len);
	} else {
		answer.out_len = 0;
		memset(answer.iv, 0, sizeof(answer.iv));
	}
	vdev_reply(op->request, op->reply, status, answer.out_len, answer.value, answer.iv);
	count(thread->batch.counters, op, status);
}

void vdev_key_batch_run(struct vdev *device, struct vdev_thread *thread)
{
	const struct vdev_key_service *keys = device->options.keys;
	struct vdev_key_batch *batch = thread->keys;

	if (batch->n) {
		keys->run(keys->arg, batch->jobs, batch->n);
		vdev_section_begin(&device->table, thread->batch.number);
		for (size_t i = 0; i < batch->n; i++)
			reply_to(device, thread, &batch->ops[i]);
		vdev_thread_section_end(device, thread);
		OPENSSL_cleanse(batch->memory, batch->n * OP_BYTES);
	}
	batch->n = 0;
	batch->token = 0;
}

/** struct shape - what the header of an operation may have beside lengths. */
struct shape {
	uint16_t opcode;
	uint16_t flags;
	enum vdev_key_what what;
	bool session;
	bool label;
	bool aux;
	bool first;
};

static const struct shape shapes[] = {
    {VCD_OP_KEY_LIST, 0, VDEV_KEY_LIST, .first = true},
    {VCD_OP_KEY_INFO, 0, VDEV_KEY_INFO, .label = true, .aux = true},
    {VCD_OP_SIGN, VCD_F_MESSAGE, VDEV_KEY_SIGN, .session = true},
    {VCD_OP_DECRYPT, 0, VDEV_KEY_DECRYPT, .session = true, .aux = true},
    {VCD_OP_DERIVE, 0, VDEV_KEY_DERIVE, .session = true},
};

/** struct fields - struct vcd_req_key, decoded. */
struct fields {
	uint16_t flags;
	uint16_t scheme;
	uint32_t in_len;
	uint32_t aux_len;
	uint32_t out_len;
	uint32_t first;
	uint64_t session;
};

static struct fields decode(const struct vcd_req_key *raw)
{
	return (struct fields){
	    .flags = le16toh(raw->flags),
	    .scheme = le16toh(raw->scheme),
	    .in_len = le32toh(raw->in_len),
	    .aux_len = le32toh(raw->aux_len),
	    .out_len = le32toh(raw->out_len),
	    .first = le32toh(raw->first),
	    .session = le64toh(raw->session),
	};
}

/* Step 5: reserved fields, flags, fields not used. */
static bool shape_ok(const struct shape *shape, const struct vcd_req_key *raw,
		     const struct fields *req)
{
	static const uint8_t zeroes[sizeof(raw->reserved1)];

	if (memcmp(raw->reserved0, zeroes, sizeof(raw->reserved0)) != 0 ||
	    memcmp(raw->reserved1, zeroes, sizeof(raw->reserved1)) != 0)
		return false;
	if (req->flags & ~shape->flags || (!shape->session && (req->session || req->scheme)) ||
	    (!shape->aux && req->aux_len) || (!shape->first && req->first) ||
	    (shape->first && req->in_len))
		return false;
	return !shape->label || (req->in_len && req->in_len < VCD_KEY_LABEL_LEN &&
				 (!req->aux_len || req->aux_len == VCD_KEY_TICKET_LEN));
}

/* Steps 5 to 7, and room for the output. */
static uint32_t check(const struct vdev_ctx *ctx, const struct shape *shape,
		      const struct vcd_req_key *raw, const struct fields *req)
{
	uint64_t payload = (uint64_t)req->in_len + req->aux_len;

	if (!shape_ok(shape, raw, req) || ctx->payload != payload || ctx->room < req->out_len)
		return VCD_S_INVALID;
	return payload > VCD_KEY_MAX_IN || req->out_len > VCD_KEY_MAX_OUT ? VCD_S_TOOBIG : VCD_S_OK;
}

static const struct shape *shape_of(uint16_t opcode)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].opcode == opcode)
			return &shapes[i];
	return NULL;
}

uint32_t vdev_key_prepare(const struct vdev_ctx *ctx, const struct vcd_req_key *raw)
{
	const struct shape *shape = shape_of(le16toh(raw->opcode));
	const struct fields req = decode(raw);
	const struct vdev_slot *slot;
	struct vdev_key_op *op;
	uint64_t key = 0;
	uint32_t status;

	if (!shape || !ctx->device->options.keys)
		return VCD_S_NOTSUPP;
	status = check(ctx, shape, raw, &req);
	if (status != VCD_S_OK)
		return status;
	if (!ctx->thread->keys)
		return VCD_S_SLOW;
	if (shape->session) {
		slot = vdev_session_table_find(&ctx->device->table, req.session);
		if (!slot)
			return VCD_S_STALE;
		/* A symmetric key has no scheme. */
		if (!slot->named || slot->named->alg)
			return VCD_S_INVALID;
		key = slot->named->key;
	}
	op = vdev_key_batch_add(ctx, shape->what, req.in_len + req.aux_len, req.out_len);
	op->job.key = key;
	op->job.flags = req.flags;
	op->job.scheme = req.scheme;
	op->job.first = req.first;
	op->job.list_max = MIN(req.out_len / sizeof(struct vcd_key_info), VCD_KEY_LIST_PAGE);
	op->job.aux_len = req.aux_len;
	return VDEV_PREPARED;
}
