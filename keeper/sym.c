/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sym.c - ciphers, AEADs and MACs with keys that never leave the keeper. See key.h. */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "keeper/key.h"

/* Most random nonces of 96 bits under one key: SP 800-38D, 8.3. */
#define MAX_NONCES (UINT64_C(1) << 32)

#define NONCE_LEN 12

static uint16_t refuse(const char **why, const char *reason, uint16_t status)
{
	*why = reason;
	return status;
}

static bool decrypts(const struct keeper_request *r)
{
	return r->flags & KEEPER_F_DECRYPT;
}

/* Bytes of data, without what is in front and behind. */
static uint32_t data_len(const struct key *key, const struct keeper_request *r)
{
	const enum eng_alg_kind kind = key->policy.alg->kind;
	uint32_t len = r->len - (kind == ENG_ALG_AEAD ? r->aux_len : 0);

	if ((kind == ENG_ALG_AEAD && decrypts(r)) ||
	    (kind == ENG_ALG_MAC && r->flags & KEEPER_F_VERIFY))
		len -= r->tag_len;
	return len;
}

static uint16_t check_mac(const struct key *key, const struct keeper_request *r, const char **why)
{
	const bool verify = r->flags & KEEPER_F_VERIFY;

	if (!(key->policy.use & (verify ? KEEPER_USE_VERIFY : KEEPER_USE_SIGN)))
		return refuse(why, "a right that the policy does not give", KEEPER_S_DENIED);
	/* Short tags are for those who can afford to try them all. */
	if (verify ? r->tag_len != key->policy.alg->digest_len || r->tag_len > r->len
		   : r->tag_len != 0)
		return refuse(why, "a MAC of another length", KEEPER_S_INVALID);
	return r->aux_len || r->iv_len || decrypts(r)
		   ? refuse(why, "fields that a MAC does not have", KEEPER_S_INVALID)
		   : KEEPER_S_OK;
}

static uint16_t check_aead(const struct key *key, const struct keeper_request *r, const char **why)
{
	const struct eng_alg *alg = key->policy.alg;
	uint64_t around = (uint64_t)r->aux_len + (decrypts(r) ? r->tag_len : 0);

	if (around > r->len || !eng_alg_tag_ok(alg, r->tag_len))
		return refuse(why, "a tag or associated data of the wrong length",
			      KEEPER_S_INVALID);
	if (!decrypts(r) && (uint64_t)r->len + r->tag_len > KEEPER_MAX_PAYLOAD)
		return refuse(why, "no room for the tag", KEEPER_S_INVALID);
	if (!decrypts(r) && !key->policy.iv_guest)
		return r->iv_len ? refuse(why, "a nonce of the guest's", KEEPER_S_DENIED)
				 : KEEPER_S_OK;
	return eng_alg_iv_ok(alg, r->iv_len)
		   ? KEEPER_S_OK
		   : refuse(why, "a nonce of the wrong length", KEEPER_S_INVALID);
}

uint16_t sym_check(const struct key *key, const struct operation *op, const char **why)
{
	const struct keeper_request *r = op->request;
	const struct eng_alg *alg = key->policy.alg;
	uint16_t status;

	if (!alg)
		return refuse(why, "a private key", KEEPER_S_DENIED);
	if (key->policy.worker)
		return refuse(why, "a key that the worker holds", KEEPER_S_DENIED);
	if (alg->kind == ENG_ALG_MAC)
		return check_mac(key, r, why);
	if (!(key->policy.use & (decrypts(r) ? KEEPER_USE_DECRYPT : KEEPER_USE_ENCRYPT)))
		return refuse(why, "a right that the policy does not give", KEEPER_S_DENIED);
	if (alg->kind == ENG_ALG_AEAD) {
		status = check_aead(key, r, why);
	} else {
		status = r->aux_len || r->tag_len || !eng_alg_iv_ok(alg, r->iv_len)
			     ? refuse(why, "an IV of the wrong length", KEEPER_S_INVALID)
			     : KEEPER_S_OK;
	}
	if (!status && data_len(key, r) % alg->block_size)
		return refuse(why, "no whole number of blocks", KEEPER_S_INVALID);
	return status;
}

/* The nonce of an AEAD's encryption, unless the guest may choose it. */
static uint16_t make_nonce(struct key *key, struct eng_job *job)
{
	if (__atomic_add_fetch(&key->nonces, 1, __ATOMIC_RELAXED) > MAX_NONCES)
		return KEEPER_S_DENIED;
	job->iv_len = NONCE_LEN;
	return RAND_bytes(job->iv, NONCE_LEN) == 1 ? KEEPER_S_OK : KEEPER_S_IO;
}

static uint16_t from_vcd(uint32_t status)
{
	switch (status) {
	case VCD_S_OK:
		return KEEPER_S_OK;
	case VCD_S_BADMSG:
		return KEEPER_S_BADMSG;
	case VCD_S_INVALID:
	case VCD_S_TOOBIG:
		return KEEPER_S_INVALID;
	default:
		return KEEPER_S_IO;
	}
}

static void take_mac(const struct key *key, const struct operation *op, const struct eng_job *job,
		     struct result *result)
{
	const struct keeper_request *r = op->request;
	size_t len = key->policy.alg->digest_len;

	if (r->flags & KEEPER_F_VERIFY) {
		if (CRYPTO_memcmp(op->in + job->len, job->mac, len) != 0)
			result->status = KEEPER_S_BADMSG;
		return;
	}
	memcpy(result->out, job->mac, len);
	result->len = (uint32_t)len;
}

static void take_data(const struct operation *op, const struct eng_job *job, bool aead,
		      struct result *result)
{
	const struct keeper_request *r = op->request;

	result->len = job->len;
	memcpy(result->iv, job->iv, sizeof(result->iv));
	if (aead && !decrypts(r)) {
		memcpy(result->out + job->len, job->mac, r->tag_len);
		result->len += r->tag_len;
	}
}

void sym_run(struct key *key, unsigned int worker, const struct operation *op,
	     struct result *result)
{
	const struct keeper_request *r = op->request;
	const enum eng_alg_kind kind = key->policy.alg->kind;
	const bool aead = kind == ENG_ALG_AEAD, mac = kind == ENG_ALG_MAC;
	uint8_t nonce[16];
	struct eng_job job = {
	    .session = key->session,
	    .src = op->in + (aead ? r->aux_len : 0),
	    .dst = mac ? NULL : result->out,
	    .aad = op->in,
	    .aad_len = aead ? r->aux_len : 0,
	    .len = data_len(key, r),
	    .flags = (decrypts(r) ? ENG_JOB_DECRYPT : 0) |
		     (mac ? ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL : 0),
	    .iv_len = r->iv_len,
	    .mac_len = mac ? (uint8_t)key->policy.alg->digest_len : r->tag_len,
	};
	struct eng_job *jobs[] = {&job};

	memcpy(job.iv, r->iv, sizeof(job.iv));
	result->status = KEEPER_S_OK;
	if (aead && decrypts(r))
		memcpy(job.mac, job.src + job.len, r->tag_len);
	else if (aead && !key->policy.iv_guest)
		result->status = make_nonce(key, &job);
	if (result->status)
		return;
	memcpy(nonce, job.iv, sizeof(nonce));
	eng_run(key->session->engine, worker, jobs, 1);
	result->status = from_vcd(job.status);
	if (result->status)
		return;
	if (mac)
		take_mac(key, op, &job, result);
	else
		take_data(op, &job, aead, result);
	/* The nonce of an AEAD is not the one to go on with, whatever the engine left there. */
	if (aead)
		memcpy(result->iv, nonce, sizeof(nonce));
}
