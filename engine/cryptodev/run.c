/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.c - jobs of the cryptodev backend.
 */
#include "engine/cryptodev/internal.h"

#include <string.h>

#include <openssl/crypto.h>

#include "engine/iv.h"

/* Make the lane's contexts for the IV to continue with. Return: false without memory. */
static bool xts_ready(struct eng_cdev_engine *engine, struct eng_cdev_session *session,
		      struct eng_cdev_lane *lane)
{
	size_t half = session->key.len / 2;

	if (!lane->xts)
		lane->xts = eng_xts_new(engine->ecb[half == 32], session->key.bytes + half);
	return lane->xts;
}

/* CIOCCRYPT with the job's data on session @ses of @fd, which has the job's algorithms. */
static uint32_t crypt_job(struct eng_cdev_engine *engine, int fd, uint32_t ses, uint16_t cop_flags,
			  struct eng_cdev_lane *lane, struct eng_job *job)
{
	struct eng_cdev_session *session = eng_cdev_session_of(job->session);
	const struct eng_alg *cipher = job->flags & ENG_JOB_HASH_ONLY ? NULL : session->base.cipher;
	struct eng_iv_saved saved;
	uint8_t iv[EALG_MAX_BLOCK_LEN], nothing[1];
	struct crypt_op op = {
	    .ses = ses,
	    .op = cipher && job->flags & ENG_JOB_DECRYPT ? COP_DECRYPT : COP_ENCRYPT,
	    .flags = cop_flags,
	    .len = job->len,
	    .src = job->len ? (uint8_t *)job->src : nothing,
	    .dst = cipher ? (job->len ? job->dst : nothing) : NULL,
	    .mac = session->base.mac ? job->mac : NULL,
	    .iv = cipher && cipher->iv_len ? iv : NULL,
	};
	int error;

	if (eng_alg_mode(cipher) == ENG_MODE_XTS && job->len > ENG_XTS_MAX_LEN)
		return VCD_S_INVALID;
	if (eng_alg_mode(cipher) == ENG_MODE_XTS && !xts_ready(engine, session, lane))
		return VCD_S_NOMEM;
	memcpy(iv, job->iv, sizeof(iv));
	if (cipher)
		eng_iv_save(&saved, job);
	error = eng_cdev_ioctl(engine, fd, CIOCCRYPT, &op);
	if (error)
		return eng_cdev_status(error);
	if (eng_alg_mode(cipher) == ENG_MODE_XTS)
		return eng_xts_advance(lane->xts, job->iv, job->len / 16) ? VCD_S_IO : VCD_S_OK;
	if (cipher)
		eng_iv_next(&saved, job);
	return VCD_S_OK;
}

/*
 * A job whose hash began earlier or continues later. The ABI ends a hash at any operation without
 * data, so such an operation is only sent to end it.
 */
static uint32_t crypt_stateful(struct eng_cdev_engine *engine, struct eng_cdev_lane *lane,
			       struct eng_job *job)
{
	struct eng_cdev_session *session = eng_cdev_session_of(job->session);
	uint16_t cop_flags = COP_FLAG_UPDATE;
	uint32_t status;

	if (job->flags & ENG_JOB_HASH_RESET) {
		session->begun = true;
		session->fed = false;
	}
	if (!session->begun)
		return VCD_S_NOSTATE;
	if (job->flags & ENG_JOB_HASH_FINAL)
		cop_flags = COP_FLAG_FINAL;
	else if (!job->len)
		return VCD_S_OK;
	if (!session->fed)
		cop_flags |= COP_FLAG_RESET;
	status = crypt_job(engine, engine->control, session->state_ses, cop_flags, lane, job);
	session->fed = true;
	if (status != VCD_S_OK || job->flags & ENG_JOB_HASH_FINAL)
		session->begun = false;
	return status;
}

static bool bounce_for(struct eng_cdev_thread *thread, size_t len)
{
	uint8_t *larger;

	if (len <= thread->bounce_size)
		return true;
	larger = OPENSSL_malloc(len);
	if (!larger)
		return false;
	OPENSSL_clear_free(thread->bounce, thread->bounce_size);
	thread->bounce = larger;
	thread->bounce_size = len;
	return true;
}

/* The ABI takes CCM's nonce as the first counter block: L - 1, nonce, zeroes. */
static void aead_iv(const struct eng_job *job, uint8_t iv[EALG_MAX_BLOCK_LEN])
{
	memset(iv, 0, EALG_MAX_BLOCK_LEN);
	if (job->session->cipher->id == CRYPTO_AES_CCM) {
		iv[0] = (uint8_t)(14 - job->iv_len);
		iv++;
	}
	memcpy(iv, job->iv, job->iv_len);
}

static uint32_t authcrypt(struct eng_cdev_engine *engine, unsigned int number, uint32_t ses,
			  struct eng_job *job)
{
	struct eng_cdev_thread *thread = &engine->threads[number];
	bool decrypt = job->flags & ENG_JOB_DECRYPT;
	size_t whole = (size_t)job->len + job->mac_len;
	uint8_t iv[EALG_MAX_BLOCK_LEN];
	struct crypt_auth_op op;
	int error;

	if (!eng_aead_lengths_ok(job))
		return VCD_S_INVALID;
	if (!bounce_for(thread, whole))
		return VCD_S_NOMEM;
	if (job->len)
		memcpy(thread->bounce, job->src, job->len);
	if (decrypt)
		memcpy(thread->bounce + job->len, job->mac, job->mac_len);
	aead_iv(job, iv);
	op = (struct crypt_auth_op){
	    .ses = ses,
	    .op = decrypt ? COP_DECRYPT : COP_ENCRYPT,
	    .len = (uint32_t)(decrypt ? whole : job->len),
	    .auth_len = job->aad_len,
	    .auth_src = job->aad_len ? (uint8_t *)job->aad : NULL,
	    .src = thread->bounce,
	    .dst = thread->bounce,
	    .tag_len = job->mac_len,
	    .iv = iv,
	    .iv_len = sizeof(iv),
	};
	error = eng_cdev_ioctl(engine, thread->fd, CIOCAUTHCRYPT, &op);
	if (error) {
		OPENSSL_cleanse(thread->bounce, whole);
		return eng_cdev_status(error);
	}
	if (job->len)
		memcpy(job->dst, thread->bounce, job->len);
	if (!decrypt)
		memcpy(job->mac, thread->bounce + job->len, job->mac_len);
	return VCD_S_OK;
}

static uint32_t run_job(struct eng_cdev_engine *engine, unsigned int thread, struct eng_job *job)
{
	const uint32_t self_contained = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL;
	struct eng_cdev_session *session = eng_cdev_session_of(job->session);
	struct eng_cdev_lane *lane = eng_cdev_lane_of(engine, thread, session);
	uint32_t status, ses;

	if (!lane)
		return VCD_S_NOMEM;
	if (session->base.mac && !(job->flags & ENG_JOB_CIPHER_ONLY)) {
		job->mac_len = 0;
		if (job->flags & ENG_JOB_HASH_FINAL)
			job->mac_len = (uint8_t)session->base.mac->digest_len;
		if ((job->flags & self_contained) != self_contained)
			return crypt_stateful(engine, lane, job);
	}
	status = eng_cdev_lane_session(engine, thread, lane, job, &ses);
	if (status != VCD_S_OK)
		return status;
	if (eng_alg_mode(session->base.cipher) == ENG_MODE_AEAD)
		return authcrypt(engine, thread, ses, job);
	/* No flags: the hash begins and ends here. */
	return crypt_job(engine, engine->threads[thread].fd, ses, COP_FLAG_NONE, lane, job);
}

void eng_cdev_run(struct engine *base, unsigned int thread, struct eng_job *const jobs[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		jobs[i]->status = run_job(eng_cdev_engine_of(base), thread, jobs[i]);
}

uint32_t eng_cdev_hash_copy(struct eng_session *dst_base, struct eng_session *src_base)
{
	struct eng_cdev_engine *engine = eng_cdev_engine_of(dst_base->engine);
	struct eng_cdev_session *dst = eng_cdev_session_of(dst_base),
				*src = eng_cdev_session_of(src_base);
	struct cphash_op op = {.dst_ses = dst->state_ses, .src_ses = src->state_ses};
	uint32_t status = VCD_S_OK;

	if (!eng_key_equal(&dst->mackey, &src->mackey))
		return VCD_S_INVALID;
	if (!src->begun)
		return VCD_S_NOSTATE;
	dst->begun = true;
	dst->fed = src->fed;
	if (src->fed)
		status = eng_cdev_status(eng_cdev_ioctl(engine, engine->control, CIOCCPHASH, &op));
	if (status != VCD_S_OK)
		dst->begun = false;
	return status;
}
