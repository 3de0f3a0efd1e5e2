/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.c - from a descriptor chain to an answer or a prepared operation.
 *
 * The order of the checks is the same for each operation, so a request with several faults has
 * only one answer:
 *
 *   1. writable part shorter than a reply            used length 0
 *   2. more descriptors than max_segments            VCD_S_TOOBIG
 *   3. readable part shorter than a header           VCD_S_INVALID
 *   4. opcode                                        VCD_S_NOTSUPP
 *   5. reserved fields, flags, fields not used       VCD_S_INVALID
 *   6. payload is what the header's lengths say      VCD_S_INVALID
 *   7. payload and AAD within the limits             VCD_S_TOOBIG
 *   8. session                                       VCD_S_STALE
 *   9. lengths, IV and tag fit the session           VCD_S_INVALID
 *  10. room for the output                           VCD_S_INVALID, then VCD_S_TOOBIG
 *
 * In VCD_OP_SESSION_CREATE, steps 8 and 9 are the algorithms, VCD_S_NOALG, then the keys,
 * VCD_S_BADKEY, then the table, VCD_S_NOSPACE.
 *
 * What needs the key service has the room for the output, VCD_S_INVALID, in step 6, and the queue,
 * VCD_S_SLOW, between steps 7 and 8. CRYPT and AUTHCRYPT on a session by label have after step 8 the
 * queue, VCD_S_SLOW, then the key's rights, VCD_S_DENIED (named.c).
 */
#include "device/request.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "device/counters.h"
#include "device/crypt.h"
#include "device/named.h"
#include "device/reply.h"
#include "device/state.h"

/* Whether @len bytes of a header are zero; no more than a header has. */
static bool all_zero(const void *bytes, size_t len)
{
	static const uint8_t zeroes[sizeof(struct vcd_req)];

	return len <= sizeof(zeroes) && !memcmp(bytes, zeroes, len);
}

/* A header: as it came, and decoded. */
union header {
	struct vcd_req raw;
	struct vcd_req_hello hello;
	struct vcd_req_create create;
	struct vcd_req_key key;
	struct vdev_fields fields;
};

static_assert(sizeof(union header) == sizeof(struct vcd_req), "one header size");
static_assert(sizeof(struct vcd_req_hello) == sizeof(struct vcd_req), "one header size");
static_assert(sizeof(struct vcd_req_create) == sizeof(struct vcd_req), "one header size");
static_assert(sizeof(struct vcd_req_key) == sizeof(struct vcd_req), "one header size");
#define SAME_PLACE(field, raw_field)                                                               \
	static_assert(                                                                             \
	    offsetof(struct vdev_fields, field) == offsetof(struct vcd_req, raw_field) &&          \
		sizeof((struct vdev_fields){0}.field) == sizeof((struct vcd_req){0}.raw_field),    \
	    "fields are decoded in place")
SAME_PLACE(opcode, opcode);
SAME_PLACE(flags, flags);
SAME_PLACE(src_len, src_len);
SAME_PLACE(session, session);
SAME_PLACE(aad_len, aad_len);
SAME_PLACE(crypt_off, crypt_off);
SAME_PLACE(iv_len, iv_len);
SAME_PLACE(tag_len, tag_len);
SAME_PLACE(iv, iv);
SAME_PLACE(arg, arg);
SAME_PLACE(reserved2, reserved1);
static_assert(offsetof(struct vdev_fields, reserved0) == offsetof(struct vcd_req, reserved0) &&
		  offsetof(struct vdev_fields, reserved1) + sizeof(uint32_t) ==
		      offsetof(struct vcd_req, iv),
	      "reserved fields are where they were");

/* Step 5 for the operations with the common header. */
static inline bool decode(union header *header)
{
	const struct vcd_req *raw = &header->raw;
	struct vdev_fields *req = &header->fields;

	if ((req->reserved0 | req->reserved1 | req->reserved2) || raw->iv_len > sizeof(raw->iv))
		return false;
	if (raw->iv_len < sizeof(raw->iv) &&
	    !all_zero(raw->iv + raw->iv_len, sizeof(raw->iv) - raw->iv_len))
		return false;
	req->opcode = le16toh(raw->opcode);
	req->flags = le16toh(raw->flags);
	req->src_len = le32toh(raw->src_len);
	req->session = le64toh(raw->session);
	req->aad_len = le32toh(raw->aad_len);
	req->crypt_off = le32toh(raw->crypt_off);
	req->arg = le64toh(raw->arg);
	return true;
}

/* The operations that name a session and nothing else (but HASH_COPY's arg). */
static bool names_only(const struct vdev_ctx *ctx, const struct vdev_fields *req)
{
	return !req->flags && !req->src_len && !req->aad_len && !req->crypt_off && !req->iv_len &&
	       !req->tag_len && !ctx->payload;
}

static uint32_t hello(struct vdev_ctx *ctx, const struct vcd_req_hello *raw,
		      struct vdev_answer *answer)
{
	uint32_t min = le32toh(raw->min_version);
	uint32_t max = le32toh(raw->max_version);
	size_t ended;

	if (raw->flags || raw->session || !all_zero(raw->reserved, sizeof(raw->reserved)) ||
	    min > max || ctx->payload)
		return VCD_S_INVALID;
	if (min > VCD_PROTOCOL_VERSION || max < VCD_PROTOCOL_VERSION)
		return VCD_S_VERSION;
	ended = vdev_session_table_clear(&ctx->device->table);
	if (ctx->batch->number >= ctx->device->options.inline_threads)
		ctx->thread->ended += ended;
	answer->value = VCD_PROTOCOL_VERSION;
	return VCD_S_OK;
}

/**
 * struct create - VCD_OP_SESSION_CREATE, decoded. It holds keys: the owner wipes it.
 */
struct create {
	struct eng_session_params params;
	uint8_t key[VCD_MAX_KEY_LEN];
	uint8_t mackey[VCD_MAX_MACKEY_LEN];
};

static void create_wipe(struct create *create)
{
	OPENSSL_cleanse(create, sizeof(*create));
}

uint32_t vdev_create_status(int error)
{
	switch (error) {
	case 0:
		return VCD_S_OK;
	case -ENOTSUP:
		return VCD_S_NOALG;
	case -EINVAL:
		return VCD_S_BADKEY;
	case -ENOMEM:
		return VCD_S_NOMEM;
	default:
		return VCD_S_IO;
	}
}

/* Steps 5 to 7 of a SESSION_CREATE, its algorithms and key lengths; then reads the keys. */
static uint32_t create_parse(struct vdev_ctx *ctx, const struct vcd_req_create *raw,
			     struct create *create)
{
	struct eng_session_params *params = &create->params;
	uint32_t cipher = le32toh(raw->cipher), mac = le32toh(raw->mac);
	uint32_t key_len = le32toh(raw->key_len), mackey_len = le32toh(raw->mackey_len);

	if (raw->flags || raw->session || le32toh(raw->key_source) != VCD_KEY_INLINE ||
	    !all_zero(raw->check, sizeof(raw->check)) ||
	    !all_zero(raw->reserved, sizeof(raw->reserved)) || (!cipher && !mac) ||
	    (!cipher && key_len) || (!mac && mackey_len) || key_len > sizeof(create->key) ||
	    mackey_len > sizeof(create->mackey))
		return VCD_S_INVALID;
	if (ctx->payload != (uint64_t)key_len + mackey_len)
		return VCD_S_INVALID;
	params->cipher = cipher ? eng_alg_find(cipher) : NULL;
	params->mac = mac ? eng_alg_find(mac) : NULL;
	if ((cipher && !params->cipher) || (mac && !params->mac) ||
	    !eng_has(ctx->device->options.engine, params->cipher, params->mac))
		return VCD_S_NOALG;
	params->key = create->key;
	params->key_len = vdev_iov_read(&ctx->in, create->key, key_len);
	params->mackey = create->mackey;
	params->mackey_len = vdev_iov_read(&ctx->in, create->mackey, mackey_len);
	return VCD_S_OK;
}

/* Take a slot. The last one may belong to a session that this batch has destroyed. */
struct vdev_slot *vdev_request_reserve(struct vdev_ctx *ctx)
{
	struct vdev_session_table *table = &ctx->device->table;
	struct vdev_slot *slot = vdev_session_table_reserve(table);

	if (slot)
		return slot;
	vdev_batch_flush(ctx->batch);
	vdev_thread_section_end(ctx->device, ctx->thread);
	vdev_section_begin(table, ctx->batch->number);
	return vdev_session_table_reserve(table);
}

static uint32_t session_create(struct vdev_ctx *ctx, const struct vcd_req_create *raw,
			       struct vdev_answer *answer)
{
	__attribute__((cleanup(create_wipe))) struct create create = {0};
	struct vdev *device = ctx->device;
	struct eng_session *session;
	struct vdev_slot *slot;
	uint32_t status;

	if (device->options.keys && le32toh(raw->key_source) == VCD_KEY_LABEL)
		return vdev_named_create(ctx, raw);
	status = create_parse(ctx, raw, &create);
	if (status != VCD_S_OK)
		return status;
	slot = vdev_request_reserve(ctx);
	if (!slot)
		return VCD_S_NOSPACE;
	ctx->thread->usage.set_ups++;
	status =
	    vdev_create_status(eng_session_new(device->options.engine, &create.params, &session));
	if (status != VCD_S_OK) {
		vdev_session_table_cancel(&device->table, slot);
		return status;
	}
	answer->value = vdev_session_table_publish(&device->table, slot, session);
	vdev_count(&ctx->batch->counters->sessions_created, 1);
	return VCD_S_OK;
}

static uint32_t session_destroy(struct vdev_ctx *ctx, const struct vdev_fields *req)
{
	if (!names_only(ctx, req) || req->arg)
		return VCD_S_INVALID;
	if (!vdev_session_table_remove(&ctx->device->table, req->session))
		return VCD_S_STALE;
	ctx->thread->ended++;
	return VCD_S_OK;
}

/* What carries out the operations of a key that the key service has. */
#define KEY_SERVICE_DRIVER "keeper"

static void put_name(char field[VCD_ALG_NAME_LEN], const char *name)
{
	/* The field is zero, and its last byte stays zero. */
	memcpy(field, name, strnlen(name, VCD_ALG_NAME_LEN - 1));
}

static uint32_t session_info(struct vdev_ctx *ctx, const struct vdev_fields *req,
			     struct vdev_answer *answer)
{
	struct engine *engine = ctx->device->options.engine;
	struct vcd_session_info info = {0};
	const struct eng_alg *cipher, *mac;
	struct vdev_slot *slot;

	if (!names_only(ctx, req) || req->arg)
		return VCD_S_INVALID;
	slot = vdev_session_table_find(&ctx->device->table, req->session);
	if (!slot)
		return VCD_S_STALE;
	vdev_slot_algs(slot, &cipher, &mac);
	if (cipher) {
		put_name(info.cipher_name, cipher->name);
		put_name(info.cipher_driver,
			 slot->session ? eng_driver_name(engine, cipher) : KEY_SERVICE_DRIVER);
	}
	if (mac) {
		put_name(info.mac_name, mac->name);
		put_name(info.mac_driver,
			 slot->session ? eng_driver_name(engine, mac) : KEY_SERVICE_DRIVER);
	}
	if (ctx->room < sizeof(info))
		return VCD_S_INVALID;
	ctx->thread->usage.bytes += sizeof(info);
	vdev_iov_write(&ctx->out, &info, sizeof(info));
	answer->out_len = sizeof(info);
	return VCD_S_OK;
}

static uint32_t hash_copy_locked(struct vdev_slot *dst, struct vdev_slot *src)
{
	uint32_t status;

	/* A session whose key the key service has keeps no hash. */
	if (dst == src || !dst->session || !src->session || !dst->session->mac ||
	    dst->session->mac != src->session->mac)
		return VCD_S_INVALID;
	if (!vdev_hash_trylock(dst))
		return VCD_S_BUSY;
	if (!vdev_hash_trylock(src)) {
		vdev_hash_unlock(dst);
		return VCD_S_BUSY;
	}
	status = eng_hash_copy(dst->session, src->session);
	if (status >= VCD_S_COUNT)
		status = VCD_S_IO;
	vdev_hash_unlock(src);
	vdev_hash_unlock(dst);
	return status;
}

static uint32_t hash_copy(struct vdev_ctx *ctx, const struct vdev_fields *req)
{
	struct vdev_session_table *table = &ctx->device->table;
	struct vdev_slot *dst, *src;

	if (!names_only(ctx, req))
		return VCD_S_INVALID;
	ctx->thread->usage.bytes += VDEV_WORK_HASH_COPY;
	dst = vdev_session_table_find(table, req->session);
	src = vdev_session_table_find(table, req->arg);
	return dst && src ? hash_copy_locked(dst, src) : VCD_S_STALE;
}

/* The operations that are not on data. They are rare. */
static __attribute__((noinline)) uint32_t
session_operation(struct vdev_ctx ctx, union header *header, struct vdev_answer *answer)
{
	const struct vdev_fields *req = &header->fields;

	switch (le16toh(header->raw.opcode)) {
	case VCD_OP_HELLO:
		return hello(&ctx, &header->hello, answer);
	case VCD_OP_SESSION_CREATE:
		return session_create(&ctx, &header->create, answer);
	case VCD_OP_SESSION_DESTROY:
		return decode(header) ? session_destroy(&ctx, req) : VCD_S_INVALID;
	case VCD_OP_SESSION_INFO:
		return decode(header) ? session_info(&ctx, req, answer) : VCD_S_INVALID;
	case VCD_OP_HASH_COPY:
		return decode(header) ? hash_copy(&ctx, req) : VCD_S_INVALID;
	case VCD_OP_KEY_LIST:
	case VCD_OP_KEY_INFO:
	case VCD_OP_SIGN:
	case VCD_OP_DECRYPT:
	case VCD_OP_DERIVE:
		return vdev_key_prepare(&ctx, &header->key);
	default:
		return VCD_S_NOTSUPP;
	}
}

static inline uint32_t dispatch(const struct vdev_ctx *ctx, union header *header,
				struct vdev_answer *answer)
{
	const struct vdev_fields *req = &header->fields;

	switch (le16toh(header->raw.opcode)) {
	case VCD_OP_CRYPT:
	case VCD_OP_AUTHCRYPT:
		return decode(header) ? vdev_crypt_prepare(ctx, req, answer) : VCD_S_INVALID;
	default:
		return session_operation(*ctx, header, answer);
	}
}

static inline __attribute__((always_inline)) void
parse(struct vdev *device, struct vdev_thread *thread, struct vdev_request *request)
{
	struct vdev_iov in = vdev_iov_init(request->in, request->in_count);
	struct vdev_iov out = vdev_iov_init(request->out, request->out_count);
	uint64_t readable = vdev_iov_total(request->in, request->in_count);
	uint64_t writable = vdev_iov_total(request->out, request->out_count);
	struct vdev_batch *batch = &thread->batch;
	struct vdev_answer answer = {0};
	union header header;
	uint32_t status;
	uint8_t *reply;

	thread->usage.bytes += vdev_charge_of(device, readable);
	if (writable < sizeof(struct vcd_reply)) {
		request->written = 0;
		return;
	}
	reply = vdev_iov_take(&out, sizeof(struct vcd_reply));
	if (!reply)
		vdev_iov_skip(&out, sizeof(struct vcd_reply));
	if ((uint64_t)request->in_count + request->out_count > device->options.max_segments) {
		status = VCD_S_TOOBIG;
	} else if (readable < sizeof(header)) {
		status = VCD_S_INVALID;
	} else {
		vdev_iov_read(&in, &header, sizeof(header));
		status = dispatch(
		    &(struct vdev_ctx){
			.device = device,
			.thread = thread,
			.batch = batch,
			.request = request,
			.reply = reply,
			.in = in,
			.out = out,
			.payload = readable - sizeof(header),
			.room = writable - sizeof(struct vcd_reply),
		    },
		    &header, &answer);
	}
	if (status == VDEV_PREPARED)
		return;
	vdev_reply(request, reply, status, answer.out_len, answer.value, answer.iv);
	vdev_count(&batch->counters->requests, 1);
	vdev_count(&batch->counters->status[status], 1);
}

void vdev_requests_parse(struct vdev *device, struct vdev_thread *thread,
			 struct vdev_request *const requests[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		thread->position = i;
		parse(device, thread, requests[i]);
	}
}
