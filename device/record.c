/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - AUTHCRYPT of TLS records and SRTP packets, from the cipher and the MAC of a session.
 *
 * These requests are carried out one by one when they are parsed: MAC and cipher depend on each
 * other, so there is nothing to batch. All of it happens in scratch memory. Nothing is written to
 * guest memory before the verdict.
 *
 * TLS and time
 * ------------
 * In a TLS record the MAC is encrypted and the padding is not authenticated. A sender of records
 * must not learn whether a padding was right: not from the status, which is the same, and not from
 * the time (Vaudenay 2002; AlFardan and Paterson, "Lucky Thirteen", 2013). So after decryption no
 * branch and no memory index depends on the padding:
 *
 *   - all bytes that can be padding are checked, with masks;
 *   - every position that the MAC can have is read to pick the MAC out;
 *   - a MAC is computed over the data without the padding, or, when the padding is wrong, over the
 *     data of the shortest padding. Its time depends on the number of blocks that are hashed.
 *     Therefore a second, unused MAC hashes the blocks that the first one had fewer than the most.
 *
 * Differences of less than a block within the hash remain.
 */
#include "device/record.h"

#include <string.h>

#include <openssl/crypto.h>

#include "cryptodev.h"
#include "device/counters.h"
#include "device/state.h"
#include "engine/alg.h"

/* Longest padding of a record, its last byte included (RFC 5246, 6.2.3.2). */
#define TLS_MAX_PAD 256u

/* Longest message of the second MAC, see even_out(). */
#define FILLER_LEN ((TLS_MAX_PAD / 64 + 2) * 128)

/** struct record - a request that is being carried out. */
struct record {
	struct vdev_ctx *ctx;
	struct vdev_answer *answer;
	const struct vdev_fields *req;
	struct eng_session *session;
	uint8_t *bytes; /* the payload in scratch memory, followed by room for MAC and padding */
	uint32_t data_at;
	uint8_t iv[VCD_MAX_IV_LEN];
	uint8_t mac[VCD_MAX_DIGEST_LEN];
};

static bool is_hmac(const struct eng_alg *mac)
{
	return mac && mac->kind == ENG_ALG_MAC && mac->id != CRYPTO_AES_CMAC;
}

/* Bytes that the hash under an HMAC processes at a time. */
static uint32_t hash_block(const struct eng_alg *mac)
{
	return mac->digest_len > 32 ? 128 : 64;
}

/* Blocks of @size of a message of @len, followed by a 1 bit and its length (size / 8). */
static uint32_t hash_blocks(uint32_t len, uint32_t size)
{
	return (len + 1 + size / 8 + size - 1) / size;
}

static uint32_t run(const struct record *record, struct eng_job *job)
{
	const struct vdev_batch *batch = record->ctx->batch;

	job->session = record->session;
	job->status = VCD_S_IO;
	eng_run(batch->engine, batch->number, &job, 1);
	return job->status < VCD_S_COUNT ? job->status : VCD_S_IO;
}

/* MAC of @len bytes at @data. */
static uint32_t compute_mac(const struct record *record, const uint8_t *data, uint32_t len,
			    uint8_t mac[VCD_MAX_DIGEST_LEN])
{
	struct eng_job job = {
	    .flags = ENG_JOB_HASH_ONLY | ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL,
	    .len = len,
	    .src = data,
	};
	uint32_t status = run(record, &job);

	memcpy(mac, job.mac, sizeof(job.mac));
	return status;
}

/* Cipher over @len bytes at @data, in place; leaves the IV that continues. */
static uint32_t run_cipher(struct record *record, uint8_t *data, uint32_t len)
{
	struct eng_job job = {
	    .flags = ENG_JOB_CIPHER_ONLY,
	    .len = len,
	    .src = data,
	    .dst = data,
	    .iv_len = record->req->iv_len,
	};
	uint32_t status;

	if (record->req->flags & VCD_F_DECRYPT)
		job.flags |= ENG_JOB_DECRYPT;
	memcpy(job.iv, record->iv, sizeof(job.iv));
	status = run(record, &job);
	memcpy(record->iv, job.iv, sizeof(job.iv));
	return status;
}

/* Masks: all ones for true. */

static uint32_t mask_lt(uint32_t a, uint32_t b)
{
	/* Both below 2^31. */
	return 0u - ((a - b) >> 31);
}

static uint32_t mask_eq(uint32_t a, uint32_t b)
{
	uint32_t x = a ^ b;

	return ((x | (0u - x)) >> 31) - 1;
}

/*
 * Padding bytes, including the last one, of the @len decrypted bytes at @data, which end with
 * @tag_len bytes of MAC and the padding. When the padding is wrong, *good becomes 0 and the result
 * is 1.
 */
static uint32_t tls_padding(const uint8_t *data, uint32_t len, uint32_t tag_len, uint32_t *good)
{
	uint32_t pad = data[len - 1] + 1u;
	uint32_t look = len < TLS_MAX_PAD ? len : TLS_MAX_PAD;

	*good = ~mask_lt(len, pad + tag_len);
	for (uint32_t i = 0; i < look; i++) {
		uint32_t inside = mask_lt(i, pad);

		*good &= ~inside | mask_eq(data[len - 1 - i], pad - 1);
	}
	return (pad & *good) | (1u & ~*good);
}

/* Copy the @tag_len bytes at offset @at of the @len bytes at @data. @at is secret. */
static void tls_pick_mac(const uint8_t *data, uint32_t len, uint32_t at, uint32_t tag_len,
			 uint8_t *mac)
{
	uint32_t most = TLS_MAX_PAD + tag_len;
	uint32_t first = len > most ? len - most : 0;

	memset(mac, 0, tag_len);
	for (uint32_t start = first; start + tag_len < len; start++) {
		uint8_t here = (uint8_t)mask_eq(start, at);

		for (uint32_t i = 0; i < tag_len; i++)
			mac[i] |= data[start + i] & here;
	}
}

/*
 * Hash as many blocks as a message of @len bytes has fewer than one of @most bytes, so that the sum
 * does not depend on @len.
 */
static uint32_t even_out(const struct record *record, uint32_t len, uint32_t most)
{
	static const uint8_t filler[FILLER_LEN];
	uint32_t size = hash_block(record->session->mac);
	uint32_t blocks = hash_blocks(most, size) - hash_blocks(len, size) + 1;
	uint8_t unused[VCD_MAX_DIGEST_LEN];

	return compute_mac(record, filler, blocks * size - size / 8 - 1, unused);
}

static uint32_t reply_with(struct record *record, const uint8_t *data, uint32_t len,
			   uint32_t tag_len)
{
	struct vdev_ctx *ctx = record->ctx;

	vdev_iov_write(&ctx->out, data, len);
	vdev_iov_write(&ctx->out, record->mac, tag_len);
	record->answer->out_len = len + tag_len;
	memcpy(record->answer->iv, record->iv, sizeof(record->iv));
	vdev_count(&ctx->batch->counters->crypt, 1);
	vdev_count(&ctx->batch->counters->bytes, record->req->src_len);
	return VCD_S_OK;
}

static uint32_t tls_encrypt(struct record *record)
{
	uint32_t block = record->session->cipher->block_size;
	uint32_t len = record->req->src_len, tag_len = record->req->tag_len;
	uint8_t *data = record->bytes + record->data_at;
	uint32_t pad = block - (len + tag_len) % block, status;

	status = compute_mac(record, record->bytes, record->data_at + len, record->mac);
	if (status != VCD_S_OK)
		return status;
	memcpy(data + len, record->mac, tag_len);
	memset(data + len + tag_len, (int)pad - 1, pad);
	status = run_cipher(record, data, len + tag_len + pad);
	if (status != VCD_S_OK)
		return status;
	return reply_with(record, data, len + tag_len + pad, 0);
}

static uint32_t tls_decrypt(struct record *record)
{
	uint32_t len = record->req->src_len, tag_len = record->req->tag_len;
	uint8_t *data = record->bytes + record->data_at;
	uint8_t theirs[VCD_MAX_DIGEST_LEN];
	uint32_t good, data_len, status;

	/* The length is not secret. */
	if (len < tag_len + 1)
		return VCD_S_BADMSG;
	status = run_cipher(record, data, len);
	if (status != VCD_S_OK)
		return status;
	data_len = len - tag_len - tls_padding(data, len, tag_len, &good);
	tls_pick_mac(data, len, data_len, tag_len, theirs);
	status = compute_mac(record, record->bytes, record->data_at + data_len, record->mac);
	if (status == VCD_S_OK)
		status = even_out(record, record->data_at + data_len,
				  record->data_at + len - tag_len - 1);
	if (status != VCD_S_OK)
		return status;
	good &= mask_eq((uint32_t)CRYPTO_memcmp(record->mac, theirs, tag_len), 0);
	if (!good) {
		OPENSSL_cleanse(data, len);
		return VCD_S_BADMSG;
	}
	return reply_with(record, data, data_len, 0);
}

static uint32_t srtp_encrypt(struct record *record)
{
	uint8_t *data = record->bytes + record->data_at;
	uint32_t status = run_cipher(record, data, record->req->src_len);

	if (status == VCD_S_OK)
		status = compute_mac(record, record->bytes, record->req->aad_len, record->mac);
	if (status != VCD_S_OK)
		return status;
	return reply_with(record, data, record->req->src_len, record->req->tag_len);
}

static uint32_t srtp_decrypt(struct record *record)
{
	uint8_t *data = record->bytes + record->data_at;
	uint32_t status;

	status = compute_mac(record, record->bytes, record->req->aad_len, record->mac);
	if (status != VCD_S_OK)
		return status;
	if (CRYPTO_memcmp(record->mac, record->bytes + record->req->aad_len, record->req->tag_len))
		return VCD_S_BADMSG;
	status = run_cipher(record, data, record->req->src_len);
	if (status != VCD_S_OK)
		return status;
	return reply_with(record, data, record->req->src_len, 0);
}

/* Steps 9 and 10 of request.c: whether the session has the algorithms, and the output fits. */
static uint32_t check(const struct vdev_ctx *ctx, const struct vdev_fields *req,
		      const struct eng_session *session)
{
	const struct eng_alg *cipher = session->cipher, *mac = session->mac;
	bool decrypt = req->flags & VCD_F_DECRYPT;
	uint64_t out = req->src_len, block;

	if (!cipher || cipher->kind != ENG_ALG_CIPHER || !is_hmac(mac))
		return VCD_S_INVALID;
	if (!eng_alg_iv_ok(cipher, req->iv_len) || !req->tag_len || req->tag_len > mac->digest_len)
		return VCD_S_INVALID;
	block = cipher->block_size;
	if (req->flags & VCD_F_SRTP) {
		if (cipher->id != CRYPTO_AES_CTR && cipher->id != CRYPTO_NULL)
			return VCD_S_INVALID;
		out += decrypt ? 0 : req->tag_len;
	} else if (eng_alg_mode(cipher) != ENG_MODE_CBC) {
		return VCD_S_INVALID;
	} else if (decrypt) {
		if (!out || out % block)
			return VCD_S_INVALID;
		out = out > req->tag_len ? out - req->tag_len - 1 : 0;
	} else {
		out = (out + req->tag_len) / block * block + block;
	}
	if (ctx->room < out)
		return VCD_S_INVALID;
	return out > ctx->device->options.max_request ? VCD_S_TOOBIG : VCD_S_OK;
}

uint32_t vdev_record_run(struct vdev_ctx ctx, const struct vdev_fields *req,
			 struct eng_session *session, struct vdev_answer *answer)
{
	struct record record = {
	    .ctx = &ctx,
	    .answer = answer,
	    .req = req,
	    .session = session,
	    .data_at = req->flags & VCD_F_SRTP ? req->crypt_off : req->aad_len,
	};
	/* A MAC and at most a block of padding follow the payload of an encryption. */
	size_t size = ctx.payload + VCD_MAX_DIGEST_LEN + VCD_MAX_IV_LEN;
	bool decrypt = req->flags & VCD_F_DECRYPT;
	uint32_t status = check(&ctx, req, session);

	if (status != VCD_S_OK)
		return status;
	record.bytes = vdev_batch_scratch(ctx.batch, size);
	if (!record.bytes)
		return VCD_S_NOMEM;
	memcpy(record.iv, req->iv, sizeof(record.iv));
	vdev_iov_read(&ctx.in, record.bytes, ctx.payload);
	if (req->flags & VCD_F_SRTP)
		return decrypt ? srtp_decrypt(&record) : srtp_encrypt(&record);
	return decrypt ? tls_decrypt(&record) : tls_encrypt(&record);
}
