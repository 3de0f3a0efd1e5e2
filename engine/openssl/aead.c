/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.c - AEADs of the openssl backend. See internal.h.
 *
 * libcrypto writes plaintext before it has compared the tag; if that fails, it is wiped before the
 * job ends. A caller whose dst others can read meanwhile has to pass private memory (device/ does).
 */
#include "engine/openssl/internal.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "cryptodev.h"

/*
 * A CCM context depends on the lengths of tag and nonce as well as on the key. A job with other
 * lengths makes the lane's context again.
 */
static void ccm_fit(struct eng_ossl_lane *lane, int encrypt, const struct eng_job *job)
{
	struct eng_ossl_ccm *fit = &lane->ccm[encrypt];

	if (fit->tag_len == job->mac_len && fit->nonce_len == job->iv_len)
		return;
	EVP_CIPHER_CTX_free(lane->cipher[encrypt]);
	lane->cipher[encrypt] = NULL;
	fit->tag_len = job->mac_len;
	fit->nonce_len = job->iv_len;
}

static bool set_lengths(EVP_CIPHER_CTX *ctx, const struct eng_job *job)
{
	size_t nonce_len = job->iv_len;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, &nonce_len),
	    OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, job->mac_len),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_CIPHER_CTX_set_params(ctx, params) == 1;
}

static EVP_CIPHER_CTX *context(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			       int encrypt, const struct eng_job *job)
{
	bool ccm = session->base.cipher->id == CRYPTO_AES_CCM;
	EVP_CIPHER_CTX *ctx;

	if (ccm)
		ccm_fit(lane, encrypt, job);
	if (lane->cipher[encrypt])
		return lane->cipher[encrypt];
	ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		return NULL;
	if (EVP_CipherInit_ex2(ctx, session->cipher, NULL, NULL, encrypt, NULL) != 1 ||
	    (ccm && !set_lengths(ctx, job)) ||
	    EVP_CipherInit_ex2(ctx, NULL, session->key.bytes, NULL, encrypt, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		return NULL;
	}
	lane->cipher[encrypt] = ctx;
	return ctx;
}

static bool get_tag(EVP_CIPHER_CTX *ctx, struct eng_job *job)
{
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, job->mac, job->mac_len),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_CIPHER_CTX_get_params(ctx, params) == 1;
}

/* Nonce, tag to compare with, and AAD. */
static bool start(EVP_CIPHER_CTX *ctx, int encrypt, bool ccm, struct eng_job *job)
{
	const OSSL_PARAM tag[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, job->mac, job->mac_len),
	    OSSL_PARAM_construct_end(),
	};
	int n;

	/* In one call with the nonce: a call costs a tenth of a small job. */
	if (EVP_CipherInit_ex2(ctx, NULL, NULL, job->iv, encrypt, encrypt ? NULL : tag) != 1)
		return false;
	if (ccm && EVP_CipherUpdate(ctx, NULL, &n, NULL, (int)job->len) != 1)
		return false;
	return !job->aad_len || EVP_CipherUpdate(ctx, NULL, &n, job->aad, (int)job->aad_len) == 1;
}

/* Data and verdict: when this fails while decrypting, the tag was wrong. */
static bool finish(EVP_CIPHER_CTX *ctx, bool ccm, struct eng_job *job)
{
	uint8_t none[16] = {0};
	int n = 0;

	/* CCM computes and compares in the update, so that is called without data, too. */
	if ((job->len || ccm) && EVP_CipherUpdate(ctx, job->len ? job->dst : none, &n,
						  job->len ? job->src : none, (int)job->len) != 1)
		return false;
	if (job->len && (uint32_t)n != job->len)
		return false;
	return ccm || EVP_CipherFinal_ex(ctx, none, &n) == 1;
}

uint32_t eng_ossl_aead_run(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			   struct eng_job *job)
{
	bool ccm = session->base.cipher->id == CRYPTO_AES_CCM;
	int encrypt = !(job->flags & ENG_JOB_DECRYPT);
	EVP_CIPHER_CTX *ctx;

	if (!eng_aead_lengths_ok(job))
		return VCD_S_INVALID;
	ctx = context(session, lane, encrypt, job);
	if (!ctx)
		return eng_ossl_failure();
	if (!start(ctx, encrypt, ccm, job))
		goto err_release;
	if (finish(ctx, ccm, job)) {
		if (encrypt && !get_tag(ctx, job))
			goto err_release;
		return VCD_S_OK;
	}
	if (encrypt)
		goto err_release;
	ERR_clear_error();
	OPENSSL_cleanse(job->dst, job->len);
	return VCD_S_BADMSG;

err_release:
	if (job->len)
		OPENSSL_cleanse(job->dst, job->len);
	eng_ossl_cipher_release(lane);
	ERR_clear_error();
	return VCD_S_IO;
}
