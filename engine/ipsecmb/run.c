/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.c - runs the jobs of a group. See internal.h.
 *
 * The library has three interfaces: synchronous cipher and hash bursts, which take an array of the
 * caller's; the direct call of GCM, which has no lanes to fill and is twice as fast as a job; and
 * jobs in the manager's own ring, for all others.
 *
 * The IV to continue with is read from the ciphertext in dst, as in every backend (iv.h). A guest
 * that changes its output meanwhile gets a wrong IV for its own next segment, and nothing else.
 */
#include "engine/ipsecmb/internal.h"

#include <string.h>

#include <openssl/crypto.h>

#include "engine/iv.h"

static const struct eng_mb_session *session_of(const struct eng_job *job)
{
	return (const struct eng_mb_session *)job->session;
}

/* ---- CBC, CTR: synchronous bursts ------------------------------------------------------ */

/* One part of @job, from @done on; the IV is in the job. */
static void fill_cipher(IMB_JOB *imb, struct eng_job *job, uint32_t done, uint32_t part)
{
	const struct eng_mb_session *session = session_of(job);
	const union eng_mb_schedule *schedule = session->schedule;

	imb->enc_keys = schedule->aes.encrypt;
	imb->dec_keys = schedule->aes.decrypt;
	imb->key_len_in_bytes = session->key_len;
	imb->src = job->src + done;
	imb->dst = job->dst + done;
	imb->cipher_start_src_offset_in_bytes = 0;
	imb->msg_len_to_cipher_in_bytes = part;
	imb->iv = job->iv;
	imb->iv_len_in_bytes = 16;
	imb->status = 0;
}

static bool submit_cipher(struct eng_mb_thread *thread, const struct eng_mb_group *group, size_t n)
{
	IMB_CIPHER_MODE mode = group->service == ENG_MB_CTR ? IMB_CIPHER_CNTR : IMB_CIPHER_CBC;
	IMB_CIPHER_DIRECTION direction =
	    group->service == ENG_MB_CBC_DECRYPT ? IMB_DIR_DECRYPT : IMB_DIR_ENCRYPT;

	return IMB_SUBMIT_CIPHER_BURST_NOCHECK(thread->aes, thread->burst, (uint32_t)n, mode,
					       direction, (IMB_KEY_SIZE_BYTES)group->key_len) == n;
}

/* These have no limit of length. The IV is saved first, as the source may be overwritten. */
static void run_parallel_mode(struct eng_mb_thread *thread, const struct eng_mb_group *group,
			      struct eng_job *const jobs[], size_t n)
{
	struct eng_iv_saved saved[ENG_MB_BURST];
	bool ok;

	for (size_t i = 0; i < n; i++) {
		fill_cipher(&thread->burst[i], jobs[i], 0, jobs[i]->len);
		eng_iv_save(&saved[i], jobs[i]);
	}
	ok = submit_cipher(thread, group, n);
	for (size_t i = 0; i < n; i++) {
		jobs[i]->status = ok ? VCD_S_OK : VCD_S_IO;
		eng_iv_next(&saved[i], jobs[i]);
	}
}

/*
 * Run a part of each of @jobs, which all have more than @done bytes. @left, which may be @jobs,
 * gets the jobs that have more after it. Return: how many.
 */
static inline size_t cbc_round(struct eng_mb_thread *thread, const struct eng_mb_group *group,
			       struct eng_job *const jobs[], size_t n, uint32_t done,
			       struct eng_job *left[])
{
	size_t n_left = 0;
	bool ok;

	for (size_t i = 0; i < n; i++) {
		uint32_t len = jobs[i]->len - done;

		fill_cipher(&thread->burst[i], jobs[i], done,
			    len < ENG_MB_MAX_PIECE ? len : ENG_MB_MAX_PIECE);
	}
	ok = submit_cipher(thread, group, n);
	for (size_t i = 0; i < n; i++) {
		const IMB_JOB *imb = &thread->burst[i];
		struct eng_job *job = jobs[i];

		memcpy(job->iv, imb->dst + imb->msg_len_to_cipher_in_bytes - 16, 16);
		job->status = ok ? VCD_S_OK : VCD_S_IO;
		if (ok && job->len - done > ENG_MB_MAX_PIECE)
			left[n_left++] = job;
	}
	return n_left;
}

/* Long messages are run in parts: each round runs a part of every message that has one left. */
static void run_cbc_encrypt(struct eng_mb_thread *thread, const struct eng_mb_group *group,
			    struct eng_job *const jobs[], size_t n)
{
	struct eng_job *left[ENG_MB_BURST];
	uint32_t done = 0;

	n = cbc_round(thread, group, jobs, n, 0, left);
	/* Messages are far shorter than 4 GiB, so this does not wrap. */
	while (n)
		n = cbc_round(thread, group, left, n, done += ENG_MB_MAX_PIECE, left);
}

/* ---- GCM: one message at a time --------------------------------------------------------- */

static void gcm(IMB_MGR *manager, struct eng_mb_thread *thread, struct eng_job *job, uint8_t *dst,
		const uint8_t *src, uint8_t tag[16])
{
	const struct eng_mb_session *session = session_of(job);
	const struct gcm_key_data *key = &session->schedule->gcm;
	struct gcm_context_data *state = &thread->gcm;
	bool decrypt = job->flags & ENG_JOB_DECRYPT;

	switch (session->key_len + decrypt) {
	case 16:
		IMB_AES128_GCM_ENC(manager, key, state, dst, src, job->len, job->iv, job->aad,
				   job->aad_len, tag, 16);
		break;
	case 17:
		IMB_AES128_GCM_DEC(manager, key, state, dst, src, job->len, job->iv, job->aad,
				   job->aad_len, tag, 16);
		break;
	case 24:
		IMB_AES192_GCM_ENC(manager, key, state, dst, src, job->len, job->iv, job->aad,
				   job->aad_len, tag, 16);
		break;
	case 25:
		IMB_AES192_GCM_DEC(manager, key, state, dst, src, job->len, job->iv, job->aad,
				   job->aad_len, tag, 16);
		break;
	case 32:
		IMB_AES256_GCM_ENC(manager, key, state, dst, src, job->len, job->iv, job->aad,
				   job->aad_len, tag, 16);
		break;
	default:
		IMB_AES256_GCM_DEC(manager, key, state, dst, src, job->len, job->iv, job->aad,
				   job->aad_len, tag, 16);
	}
}

/* End an AEAD job whose tag was computed. */
static void settle_aead(struct eng_job *job, const uint8_t tag[16], bool ok)
{
	bool decrypt = job->flags & ENG_JOB_DECRYPT;

	job->status = ok ? VCD_S_OK : VCD_S_IO;
	if (ok && decrypt && CRYPTO_memcmp(tag, job->mac, job->mac_len))
		job->status = VCD_S_BADMSG;
	else if (ok && !decrypt)
		memcpy(job->mac, tag, job->mac_len);
	if (job->status != VCD_S_OK && job->len)
		OPENSSL_cleanse(job->dst, job->len);
}

static void run_gcm(struct eng_mb_thread *thread, struct eng_job *const jobs[], size_t n)
{
	uint8_t none[16] = {0}, tag[16];

	for (size_t i = 0; i < n; i++) {
		struct eng_job *job = jobs[i];

		gcm(thread->aes, thread, job, job->len ? job->dst : none,
		    job->len ? job->src : none, tag);
		settle_aead(job, tag, true);
	}
}

/* ---- jobs in the manager's ring --------------------------------------------------------- */

static void fill_ecb(IMB_JOB *imb, const struct eng_job *job, uint32_t done, uint32_t part)
{
	const struct eng_mb_session *session = session_of(job);

	*imb = (IMB_JOB){
	    .enc_keys = session->schedule->aes.encrypt,
	    .dec_keys = session->schedule->aes.decrypt,
	    .key_len_in_bytes = session->key_len,
	    .src = job->src + done,
	    .dst = job->dst + done,
	    .msg_len_to_cipher_in_bytes = part,
	    .cipher_mode = IMB_CIPHER_ECB,
	    .cipher_direction = job->flags & ENG_JOB_DECRYPT ? IMB_DIR_DECRYPT : IMB_DIR_ENCRYPT,
	    .hash_alg = IMB_AUTH_NULL,
	    .chain_order = IMB_ORDER_CIPHER_HASH,
	};
}

static void fill_aead(IMB_JOB *imb, const struct eng_job *job, const struct eng_mb_group *group,
		      uint8_t *tag)
{
	const struct eng_mb_session *session = session_of(job);
	bool decrypt = job->flags & ENG_JOB_DECRYPT, ccm = group->service == ENG_MB_CCM;
	/* CCM authenticates plaintext, ChaCha20-Poly1305 ciphertext. */
	bool hash_first = ccm != decrypt;

	*imb = (IMB_JOB){
	    .enc_keys = ccm ? session->schedule->aes.encrypt : session->schedule->chacha,
	    .dec_keys = ccm ? session->schedule->aes.encrypt : session->schedule->chacha,
	    .key_len_in_bytes = session->key_len,
	    .src = job->src,
	    .dst = job->dst,
	    .msg_len_to_cipher_in_bytes = job->len,
	    .msg_len_to_hash_in_bytes = job->len,
	    .iv = job->iv,
	    .iv_len_in_bytes = job->iv_len,
	    .auth_tag_output = tag,
	    .auth_tag_output_len_in_bytes = ccm ? job->mac_len : 16,
	    .cipher_mode = ccm ? IMB_CIPHER_CCM : IMB_CIPHER_CHACHA20_POLY1305,
	    .cipher_direction = decrypt ? IMB_DIR_DECRYPT : IMB_DIR_ENCRYPT,
	    .hash_alg = ccm ? IMB_AUTH_AES_CCM : IMB_AUTH_CHACHA20_POLY1305,
	    .chain_order = hash_first ? IMB_ORDER_HASH_CIPHER : IMB_ORDER_CIPHER_HASH,
	};
	if (ccm) {
		imb->u.CCM.aad = job->aad;
		imb->u.CCM.aad_len_in_bytes = job->aad_len;
	} else {
		imb->u.CHACHA20_POLY1305.aad = job->aad;
		imb->u.CHACHA20_POLY1305.aad_len_in_bytes = job->aad_len;
	}
}

static void fill_sha(IMB_JOB *imb, struct eng_job *job, IMB_HASH_ALG hash)
{
	*imb = (IMB_JOB){
	    .src = job->src,
	    .msg_len_to_hash_in_bytes = job->len,
	    .auth_tag_output = job->mac,
	    .auth_tag_output_len_in_bytes = job->session->mac->digest_len,
	    .cipher_mode = IMB_CIPHER_NULL,
	    .cipher_direction = IMB_DIR_ENCRYPT,
	    .hash_alg = hash,
	    .chain_order = IMB_ORDER_HASH_CIPHER,
	};
}

/* Count the finished job that a submit or flush returned, and all after it. */
static size_t completed(IMB_MGR *manager, const IMB_JOB *imb)
{
	size_t good = 0;

	while (imb) {
		good += imb->status == IMB_STATUS_COMPLETED;
		imb = IMB_GET_COMPLETED_JOB(manager);
	}
	return good;
}

static size_t flush(IMB_MGR *manager)
{
	size_t good = 0;
	IMB_JOB *imb;

	while ((imb = IMB_FLUSH_JOB(manager)))
		good += completed(manager, imb);
	return good;
}

static void run_ecb(struct eng_mb_thread *thread, struct eng_job *const jobs[], size_t n)
{
	size_t good = 0, wanted = 0;

	for (size_t i = 0; i < n; i++) {
		for (uint32_t done = 0; done < jobs[i]->len; done += ENG_MB_MAX_PIECE) {
			uint32_t left = jobs[i]->len - done;

			fill_ecb(IMB_GET_NEXT_JOB(thread->aes), jobs[i], done,
				 left < ENG_MB_MAX_PIECE ? left : ENG_MB_MAX_PIECE);
			good += completed(thread->aes, IMB_SUBMIT_JOB_NOCHECK(thread->aes));
			wanted++;
		}
	}
	good += flush(thread->aes);
	for (size_t i = 0; i < n; i++)
		jobs[i]->status = good == wanted ? VCD_S_OK : VCD_S_IO;
}

static void run_aead(struct eng_mb_thread *thread, const struct eng_mb_group *group,
		     struct eng_job *const jobs[], size_t n)
{
	uint8_t tags[ENG_MB_BURST][16];
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		fill_aead(IMB_GET_NEXT_JOB(thread->aes), jobs[i], group, tags[i]);
		good += completed(thread->aes, IMB_SUBMIT_JOB_NOCHECK(thread->aes));
	}
	good += flush(thread->aes);
	for (size_t i = 0; i < n; i++)
		settle_aead(jobs[i], tags[i], good == n);
}

static void settle_hash(struct eng_job *const jobs[], size_t n, bool ok)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i]->status = ok ? VCD_S_OK : VCD_S_IO;
		jobs[i]->mac_len = (uint8_t)(ok ? jobs[i]->session->mac->digest_len : 0);
	}
}

static void run_sha(struct eng_mb_thread *thread, IMB_HASH_ALG hash, struct eng_job *const jobs[],
		    size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		fill_sha(IMB_GET_NEXT_JOB(thread->hash), jobs[i], hash);
		good += completed(thread->hash, IMB_SUBMIT_JOB_NOCHECK(thread->hash));
	}
	good += flush(thread->hash);
	settle_hash(jobs, n, good == n);
}

/* ---- HMAC: synchronous burst ------------------------------------------------------------ */

static void run_hmac(struct eng_mb_thread *thread, IMB_HASH_ALG hash, struct eng_job *const jobs[],
		     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct eng_mb_session *session = session_of(jobs[i]);

		thread->burst[i] = (IMB_JOB){
		    .src = jobs[i]->src,
		    .msg_len_to_hash_in_bytes = jobs[i]->len,
		    .auth_tag_output = jobs[i]->mac,
		    .auth_tag_output_len_in_bytes = jobs[i]->session->mac->digest_len,
		    .hash_alg = hash,
		    .u.HMAC._hashed_auth_key_xor_ipad = session->schedule->hmac.inner,
		    .u.HMAC._hashed_auth_key_xor_opad = session->schedule->hmac.outer,
		};
	}
	settle_hash(jobs, n,
		    IMB_SUBMIT_HASH_BURST_NOCHECK(thread->hash, thread->burst, (uint32_t)n, hash) ==
			n);
}

void eng_mb_run_group(struct eng_mb_engine *engine, struct eng_mb_thread *thread,
		      const struct eng_mb_group *group, struct eng_job *const jobs[], size_t n)
{
	switch (group->service) {
	case ENG_MB_NONE:
		break;
	case ENG_MB_CBC_ENCRYPT:
		run_cbc_encrypt(thread, group, jobs, n);
		break;
	case ENG_MB_CBC_DECRYPT:
	case ENG_MB_CTR:
		run_parallel_mode(thread, group, jobs, n);
		break;
	case ENG_MB_ECB:
		run_ecb(thread, jobs, n);
		break;
	case ENG_MB_GCM:
		run_gcm(thread, jobs, n);
		break;
	case ENG_MB_CCM:
	case ENG_MB_CHACHA:
		run_aead(thread, group, jobs, n);
		break;
	case ENG_MB_SHA:
		run_sha(thread, group->hash, jobs, n);
		break;
	case ENG_MB_HMAC:
		run_hmac(thread, group->hash, jobs, n);
		break;
	}
}
