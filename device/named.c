/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * named.c - sessions with keys by name.
 *
 * A key with VCD_KEY_F_FAST (hold=worker in the keeper's policy) is put into an ordinary session of
 * the engine, and its requests go the ordinary way. The device enforces what the policy allows with
 * it. All other keys stay with the service, which enforces that itself.
 */
#include "device/named.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "device/counters.h"
#include "device/key_batch.h"
#include "device/request.h"
#include "device/state.h"

void vdev_named_free(const struct vdev_key_service *keys, struct vdev_named *named)
{
	keys->close(keys->arg, named->key);
	free(named);
}

uint32_t vdev_make_nonce(struct vdev_fields *req)
{
	if (getrandom(req->iv, VDEV_NONCE_LEN, 0) != (ssize_t)VDEV_NONCE_LEN)
		return VCD_S_IO;
	req->iv_len = VDEV_NONCE_LEN;
	return VCD_S_OK;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	while (len && !*bytes) {
		bytes++;
		len--;
	}
	return !len;
}

/* Steps 5 to 7, and room for the output. */
static uint32_t create_check(const struct vdev_ctx *ctx, const struct vcd_req_create *raw)
{
	const uint16_t flags = le16toh(raw->flags);
	const uint32_t key_len = le32toh(raw->key_len), mackey_len = le32toh(raw->mackey_len);

	if (flags & ~VCD_F_CHECK || raw->session || (raw->cipher && raw->mac) ||
	    !is_zero(raw->reserved, sizeof(raw->reserved)) ||
	    (!(flags & VCD_F_CHECK) && !is_zero(raw->check, sizeof(raw->check))) || !key_len ||
	    key_len >= VCD_KEY_LABEL_LEN || (mackey_len && mackey_len != VCD_KEY_TICKET_LEN) ||
	    ctx->payload != (uint64_t)key_len + mackey_len ||
	    ctx->room < sizeof(struct vcd_key_info))
		return VCD_S_INVALID;
	return VCD_S_OK;
}

/* The algorithm that is asked for; *alg NULL: none. Return: whether there is such an algorithm. */
static bool find_alg(const struct vcd_req_create *raw, const struct eng_alg **alg)
{
	const uint32_t cipher = le32toh(raw->cipher), mac = le32toh(raw->mac);

	*alg = NULL;
	if (!cipher && !mac)
		return true;
	*alg = eng_alg_find(cipher ? cipher : mac);
	if (!*alg)
		return false;
	return cipher ? (*alg)->kind == ENG_ALG_CIPHER || (*alg)->kind == ENG_ALG_AEAD
		      : (*alg)->kind == ENG_ALG_MAC;
}

uint32_t vdev_named_create(struct vdev_ctx *ctx, const struct vcd_req_create *raw)
{
	const struct eng_alg *alg;
	struct vdev_key_op *op;
	struct vdev_slot *slot;
	uint32_t status = create_check(ctx, raw);

	if (status != VCD_S_OK)
		return status;
	if (!ctx->thread->keys)
		return VCD_S_SLOW;
	if (!find_alg(raw, &alg))
		return VCD_S_NOALG;
	slot = vdev_request_reserve(ctx);
	if (!slot)
		return VCD_S_NOSPACE;
	ctx->thread->usage.set_ups++;
	op = vdev_key_batch_add(ctx, VDEV_KEY_OPEN, (uint32_t)ctx->payload,
				sizeof(struct vcd_key_info));
	op->alg = alg;
	op->slot = slot;
	op->job.flags = le16toh(raw->flags);
	op->job.aux_len = le32toh(raw->mackey_len);
	op->job.symmetric = alg != NULL;
	memcpy(op->job.iv, raw->check, sizeof(op->job.iv));
	return VDEV_PREPARED;
}

/* Whether the output of the service's OPEN is sound, and the key is for the algorithm asked for. */
static uint32_t check_info(const struct vdev_key_op *op, const struct vcd_key_info *info)
{
	const bool fast = le32toh(info->flags) & VCD_KEY_F_FAST;
	const size_t len = sizeof(*info) + (fast ? le16toh(info->key_len) : 0);
	const bool symmetric = le16toh(info->kind) == VCD_KIND_SYMMETRIC;

	if (symmetric != (op->alg != NULL) ||
	    (op->alg && le16toh(info->alg) != (uint16_t)op->alg->id))
		return VCD_S_NOALG;
	return op->job.out_len != len || (fast && !symmetric) ? VCD_S_IO : VCD_S_OK;
}

/* Make a session of the engine from the bytes behind @info. */
static uint32_t make_session(struct vdev *device, const struct vdev_key_op *op,
			     const struct vcd_key_info *info, struct eng_session **session)
{
	const uint8_t *bytes = op->job.out + sizeof(*info);
	const bool mac = op->alg->kind == ENG_ALG_MAC;
	const struct eng_session_params params = {
	    .cipher = mac ? NULL : op->alg,
	    .mac = mac ? op->alg : NULL,
	    .key = bytes,
	    .key_len = mac ? 0 : le16toh(info->key_len),
	    .mackey = bytes,
	    .mackey_len = mac ? le16toh(info->key_len) : 0,
	};

	if (!eng_has(device->options.engine, params.cipher, params.mac))
		return VCD_S_NOALG;
	return vdev_create_status(eng_session_new(device->options.engine, &params, session));
}

/* The key is open: put it into @op's slot. Return: status; unless it is VCD_S_OK the key is to be closed. */
static uint32_t publish(struct vdev *device, struct vdev_key_op *op, uint64_t *id)
{
	struct eng_session *session = NULL;
	struct vcd_key_info info;
	struct vdev_named *named;
	uint32_t status;

	memcpy(&info, op->job.out, sizeof(info));
	status = check_info(op, &info);
	if (status != VCD_S_OK)
		return status;
	named = calloc(1, sizeof(*named));
	if (!named)
		return VCD_S_NOMEM;
	*named = (struct vdev_named){
	    .key = op->job.key,
	    .alg = op->alg,
	    .use = le32toh(info.use),
	    .fast = le32toh(info.flags) & VCD_KEY_F_FAST,
	    .iv_guest = le32toh(info.flags) & VCD_KEY_F_IV_GUEST,
	};
	if (named->fast)
		status = make_session(device, op, &info, &session);
	if (status != VCD_S_OK) {
		free(named);
		return status;
	}
	op->slot->named = named;
	*id = vdev_session_table_publish(&device->table, op->slot, session);
	return VCD_S_OK;
}

uint32_t vdev_named_opened(struct vdev *device, struct vdev_thread *thread, struct vdev_key_op *op,
			   struct vdev_answer *answer)
{
	const struct vdev_key_service *keys = device->options.keys;
	uint32_t status = op->job.status;
	uint64_t id;

	if (status == VCD_S_OK) {
		status = op->job.out_len < sizeof(struct vcd_key_info) ? VCD_S_IO
								       : publish(device, op, &id);
		if (status != VCD_S_OK)
			keys->close(keys->arg, op->job.key);
	}
	if (status != VCD_S_OK) {
		vdev_session_table_cancel(&device->table, op->slot);
		return status;
	}
	/*
	 * The key may have been revoked before vdev_end_keys() could find its session. If the guest
	 * asks again it is told what is true then.
	 */
	if (!keys->is_open(keys->arg, op->job.key)) {
		if (vdev_session_table_remove(&device->table, id))
			thread->ended++;
		return VCD_S_BUSY;
	}
	vdev_count(&thread->batch.counters->sessions_created, 1);
	answer->value = id;
	answer->out_len = sizeof(struct vcd_key_info);
	memcpy(answer->iv, op->job.iv, sizeof(answer->iv));
	return VCD_S_OK;
}

/* Whether the policy allows what @req does. */
static bool allowed(const struct vdev_fields *req, const struct vdev_named *named)
{
	const bool decrypt = req->flags & VCD_F_DECRYPT;

	/* Whoever gets a MAC can use it as a signature, and compare it. */
	if (named->alg->kind == ENG_ALG_MAC)
		return named->use & VCD_USE_SIGN;
	if (!(named->use & (decrypt ? VCD_USE_DECRYPT : VCD_USE_ENCRYPT)))
		return false;
	return named->alg->kind != ENG_ALG_AEAD || decrypt || named->iv_guest ||
	       req->flags & VCD_F_IV_BY_DEVICE;
}

/* Step 9 for a key that the service has; @out_len: out. */
static uint32_t check_lengths(const struct vdev_fields *req, const struct eng_alg *alg,
			      uint32_t *out_len)
{
	const uint16_t whole = VCD_F_HASH_RESET | VCD_F_HASH_FINAL;
	const bool decrypt = req->flags & VCD_F_DECRYPT;
	const bool by_device = req->flags & VCD_F_IV_BY_DEVICE;

	if ((alg->kind == ENG_ALG_AEAD) != (req->opcode == VCD_OP_AUTHCRYPT))
		return VCD_S_INVALID;
	if (alg->kind == ENG_ALG_MAC) {
		/* The service keeps no half-done MAC. */
		*out_len = alg->digest_len;
		return (req->flags & whole) == whole && !req->iv_len ? VCD_S_OK : VCD_S_INVALID;
	}
	if (!by_device && !eng_alg_iv_ok(alg, req->iv_len))
		return VCD_S_INVALID;
	if (alg->kind == ENG_ALG_CIPHER) {
		*out_len = req->src_len;
		return req->flags & whole || req->src_len & (alg->block_size - 1u) ? VCD_S_INVALID
										   : VCD_S_OK;
	}
	if (!eng_alg_tag_ok(alg, req->tag_len) || (decrypt && req->src_len < req->tag_len))
		return VCD_S_INVALID;
	/* In 64 bits: a length that wraps would seem to fit. */
	if ((uint64_t)req->src_len + req->tag_len > VDEV_KEY_OUT)
		return VCD_S_TOOBIG;
	*out_len = decrypt ? req->src_len - req->tag_len : req->src_len + req->tag_len;
	return VCD_S_OK;
}

/* A request on a key that the service has. */
static uint32_t crypt_by_service(const struct vdev_ctx *ctx, const struct vdev_fields *req,
				 const struct vdev_named *named)
{
	struct vdev_fields with = *req;
	struct vdev_key_op *op;
	uint32_t out_len = 0;
	uint32_t status = check_lengths(req, named->alg, &out_len);

	if (status != VCD_S_OK)
		return status;
	if (ctx->room < out_len)
		return VCD_S_INVALID;
	/* The service has both ways the same limit, and counts the tag on either. */
	if (ctx->payload + req->tag_len > VDEV_KEY_IN)
		return VCD_S_TOOBIG;
	/* For a key whose nonces are not the guest's the service makes them. */
	if (req->flags & VCD_F_IV_BY_DEVICE && named->iv_guest)
		status = vdev_make_nonce(&with);
	if (status != VCD_S_OK)
		return status;
	op = vdev_key_batch_add(ctx, VDEV_KEY_CRYPT, (uint32_t)ctx->payload, out_len);
	op->data_len = req->src_len;
	op->job.key = named->key;
	/* A MAC has no direction. */
	op->job.flags = named->alg->kind == ENG_ALG_MAC ? 0 : req->flags & VCD_F_DECRYPT;
	op->job.aux_len = req->aad_len;
	op->job.iv_len = with.iv_len;
	op->job.tag_len = req->tag_len;
	memcpy(op->job.iv, with.iv, sizeof(op->job.iv));
	return VDEV_PREPARED;
}

uint32_t vdev_named_gate(const struct vdev_ctx *ctx, const struct vdev_fields *req,
			 const struct vdev_slot *slot)
{
	const struct vdev_named *named = slot->named;

	if (!named->fast && !ctx->thread->keys)
		return VCD_S_SLOW;
	/* Private keys, and what takes a cipher and a MAC. */
	if (!named->alg || req->flags & (VCD_F_TLS | VCD_F_SRTP))
		return VCD_S_INVALID;
	if (!allowed(req, named))
		return VCD_S_DENIED;
	return named->fast ? VCD_S_OK : crypt_by_service(ctx, req, named);
}

void vdev_end_keys(struct vdev *device, uint64_t key)
{
	if (!vdev_session_table_end_named(&device->table, key))
		return;
	while (vdev_tidy(device))
		;
}
