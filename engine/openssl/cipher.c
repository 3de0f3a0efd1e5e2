/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher.c - ciphers of the openssl backend. See internal.h.
 *
 * Padding is switched off by a parameter at the first initialisation and not by
 * EVP_CIPHER_CTX_set_padding(): that sets a flag in the context which makes OpenSSL 3.0 set the
 * parameter again at each change of the IV, a third of the cost of a small job.
 *
 * CBC without IVs
 * ---------------
 * In OpenSSL 3.0 setting an IV costs more than encrypting 256 bytes. A CBC context without a new IV
 * continues with the last block of ciphertext that it processed. It acts like a context with any
 * other IV when that block and the IV are XORed into the first block: into the input to encrypt,
 * into the output to decrypt. The last block must be known for certain, or the next job,
 * perhaps of another program, is wrong. So the first and the last block go through private memory
 * (short messages as a whole): the guest can change its buffers, but not the block that the
 * context holds. After an error the context is freed together with that block.
 */
#include "engine/openssl/internal.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "cryptodev.h"
#include "engine/iv.h"
#include "engine/xts.h"

/* Most bytes of one EVP call, whose lengths are ints; a multiple of every block size. */
#define EVP_CHUNK (1u << 30)

/* Up to here a CBC message goes through private memory as a whole. */
#define CBC_PRIVATE 512u

struct cipher_name {
	uint32_t id;
	size_t key_len; /* 0: any that the table allows */
	const char *name;
};

/* The sizes of one algorithm stand together. */
static const struct cipher_name cipher_names[] = {
    {CRYPTO_DES_CBC, 8, "DES-CBC"},
    {CRYPTO_3DES_CBC, 24, "DES-EDE3-CBC"},
    {CRYPTO_BLF_CBC, 0, "BF-CBC"},
    {CRYPTO_AES_CBC, 16, "AES-128-CBC"},
    {CRYPTO_AES_CBC, 24, "AES-192-CBC"},
    {CRYPTO_AES_CBC, 32, "AES-256-CBC"},
    {CRYPTO_AES_CTR, 16, "AES-128-CTR"},
    {CRYPTO_AES_CTR, 24, "AES-192-CTR"},
    {CRYPTO_AES_CTR, 32, "AES-256-CTR"},
    {CRYPTO_AES_XTS, 32, "AES-128-XTS"},
    {CRYPTO_AES_XTS, 64, "AES-256-XTS"},
    {CRYPTO_AES_ECB, 16, "AES-128-ECB"},
    {CRYPTO_AES_ECB, 24, "AES-192-ECB"},
    {CRYPTO_AES_ECB, 32, "AES-256-ECB"},
    {CRYPTO_AES_CFB, 16, "AES-128-CFB"},
    {CRYPTO_AES_CFB, 24, "AES-192-CFB"},
    {CRYPTO_AES_CFB, 32, "AES-256-CFB"},
    {CRYPTO_AES_OFB, 16, "AES-128-OFB"},
    {CRYPTO_AES_OFB, 24, "AES-192-OFB"},
    {CRYPTO_AES_OFB, 32, "AES-256-OFB"},
    {CRYPTO_CAMELLIA_CBC, 16, "CAMELLIA-128-CBC"},
    {CRYPTO_CAMELLIA_CBC, 24, "CAMELLIA-192-CBC"},
    {CRYPTO_CAMELLIA_CBC, 32, "CAMELLIA-256-CBC"},
    {CRYPTO_AES_GCM, 16, "AES-128-GCM"},
    {CRYPTO_AES_GCM, 24, "AES-192-GCM"},
    {CRYPTO_AES_GCM, 32, "AES-256-GCM"},
    {CRYPTO_AES_CCM, 16, "AES-128-CCM"},
    {CRYPTO_AES_CCM, 24, "AES-192-CCM"},
    {CRYPTO_AES_CCM, 32, "AES-256-CCM"},
    {CRYPTO_CHACHA20_POLY1305, 32, "ChaCha20-Poly1305"},
};

#define N_CIPHER_NAMES (sizeof(cipher_names) / sizeof(cipher_names[0]))

bool eng_ossl_cipher_fetch(struct eng_ossl_engine *engine, const struct eng_alg *alg)
{
	struct eng_ossl_alg *entry = &engine->algs[eng_alg_index(alg)];
	size_t n = 0;

	for (size_t i = 0; i < N_CIPHER_NAMES && n < ENG_OSSL_KEY_SIZES; i++) {
		if (cipher_names[i].id != alg->id)
			continue;
		entry->cipher[n] =
		    EVP_CIPHER_fetch(engine->lib, cipher_names[i].name, engine->properties);
		if (!entry->cipher[n])
			goto err_free;
		n++;
	}
	return n;

err_free:
	/* All sizes or none: has() does not ask for sizes. */
	while (n-- > 0) {
		EVP_CIPHER_free(entry->cipher[n]);
		entry->cipher[n] = NULL;
	}
	return false;
}

const EVP_CIPHER *eng_ossl_cipher_for(const struct eng_ossl_engine *engine,
				      const struct eng_alg *alg, size_t key_len)
{
	const struct eng_ossl_alg *entry = &engine->algs[eng_alg_index(alg)];
	size_t n = 0;

	for (size_t i = 0; i < N_CIPHER_NAMES; i++) {
		if (cipher_names[i].id != alg->id)
			continue;
		if (!cipher_names[i].key_len || cipher_names[i].key_len == key_len)
			return entry->cipher[n];
		n++;
	}
	return NULL;
}

/* The lane's keyed context for one direction. NULL: see eng_ossl_failure(). */
static EVP_CIPHER_CTX *context(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			       int encrypt)
{
	unsigned int pad = 0;
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, &pad),
	    OSSL_PARAM_END,
	};
	EVP_CIPHER_CTX *ctx = lane->cipher[encrypt];

	if (ctx)
		return ctx;
	ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		return NULL;
	/* The length of a Blowfish key has to be set after the cipher and before the key. */
	if (EVP_CipherInit_ex2(ctx, session->cipher, NULL, NULL, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_key_length(ctx, (int)session->key.len) != 1 ||
	    EVP_CipherInit_ex2(ctx, NULL, session->key.bytes, NULL, encrypt, params) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		return NULL;
	}
	lane->cipher[encrypt] = ctx;
	return ctx;
}

static bool update(EVP_CIPHER_CTX *ctx, uint8_t *dst, const uint8_t *src, size_t len)
{
	while (len) {
		size_t chunk = len < EVP_CHUNK ? len : EVP_CHUNK;
		int n;

		if (EVP_CipherUpdate(ctx, dst, &n, src, (int)chunk) != 1 || (size_t)n != chunk)
			return false;
		dst += chunk;
		src += chunk;
		len -= chunk;
	}
	return true;
}

static void xor_block(uint8_t *block, const uint8_t *other, size_t size)
{
	for (size_t i = 0; i < size; i++)
		block[i] ^= other[i];
}

/**
 * struct cbc - a CBC job that is running.
 * @fix: the IV XORed with the last block of the context
 * @size: bytes of a block
 */
struct cbc {
	EVP_CIPHER_CTX *ctx;
	uint8_t fix[VCD_MAX_IV_LEN];
	size_t size;
	bool encrypt;
};

/* Run @len private bytes at @data in place. @last gets their last block of ciphertext. */
static bool cbc_private(const struct cbc *cbc, uint8_t *data, size_t len, bool first, uint8_t *last)
{
	int n;

	if (first && cbc->encrypt)
		xor_block(data, cbc->fix, cbc->size);
	if (!cbc->encrypt)
		memcpy(last, data + len - cbc->size, cbc->size);
	if (EVP_CipherUpdate(cbc->ctx, data, &n, data, (int)len) != 1 || (size_t)n != len)
		return false;
	if (first && !cbc->encrypt)
		xor_block(data, cbc->fix, cbc->size);
	if (cbc->encrypt)
		memcpy(last, data + len - cbc->size, cbc->size);
	return true;
}

/* A CBC job on a context that may hold another job's last block; sets the IV to continue with. */
static bool cbc_run(EVP_CIPHER_CTX *ctx, struct eng_ossl_chain *chain, bool encrypt,
		    struct eng_job *job)
{
	struct cbc cbc = {.ctx = ctx, .size = job->session->cipher->iv_len, .encrypt = encrypt};
	size_t size = cbc.size, len = job->len;
	uint8_t data[CBC_PRIVATE];
	bool ok = true;

	if (len % size)
		return false;
	if (chain->known)
		memcpy(cbc.fix, chain->block, size);
	else if (EVP_CipherInit_ex2(ctx, NULL, NULL, cbc.fix, encrypt, NULL) != 1)
		return false;
	chain->known = false;
	xor_block(cbc.fix, job->iv, size);
	if (len <= CBC_PRIVATE) {
		memcpy(data, job->src, len);
		ok = cbc_private(&cbc, data, len, true, chain->block);
		if (ok)
			memcpy(job->dst, data, len);
		explicit_bzero(data, len);
	} else {
		memcpy(data, job->src, size);
		ok = cbc_private(&cbc, data, size, true, chain->block);
		if (ok)
			memcpy(job->dst, data, size);
		ok = ok && update(ctx, job->dst + size, job->src + size, len - 2 * size);
		memcpy(data, job->src + len - size, size);
		ok = ok && cbc_private(&cbc, data, size, false, chain->block);
		if (ok)
			memcpy(job->dst + len - size, data, size);
		explicit_bzero(data, size);
	}
	chain->known = ok;
	if (ok)
		memcpy(job->iv, chain->block, size);
	return ok;
}

/* Make the lane's contexts for the IV to continue with. Return: false without memory. */
static bool xts_ready(struct eng_ossl_session *session, struct eng_ossl_lane *lane)
{
	if (!lane->xts)
		lane->xts =
		    eng_xts_new(session->xts_ecb, session->key.bytes + session->key.len / 2);
	return lane->xts;
}

uint32_t eng_ossl_cipher_run(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			     struct eng_job *job)
{
	enum eng_mode mode = eng_alg_mode(session->base.cipher);
	int encrypt = !(job->flags & ENG_JOB_DECRYPT);
	struct eng_iv_saved saved;
	EVP_CIPHER_CTX *ctx;

	if (!job->len)
		return VCD_S_OK;
	if (!session->cipher) { /* CRYPTO_NULL */
		if (job->dst != job->src)
			memcpy(job->dst, job->src, job->len);
		return VCD_S_OK;
	}
	if (mode == ENG_MODE_XTS && job->len > ENG_XTS_MAX_LEN)
		return VCD_S_INVALID;
	ctx = context(session, lane, encrypt);
	if (!ctx || (mode == ENG_MODE_XTS && !xts_ready(session, lane)))
		return eng_ossl_failure();
	if (mode == ENG_MODE_CBC) {
		if (cbc_run(ctx, &lane->chain[encrypt], encrypt, job))
			return VCD_S_OK;
		eng_ossl_cipher_release(lane);
		ERR_clear_error();
		return VCD_S_IO;
	}
	eng_iv_save(&saved, job);
	if ((mode != ENG_MODE_NONE &&
	     EVP_CipherInit_ex2(ctx, NULL, NULL, job->iv, encrypt, NULL) != 1) ||
	    !update(ctx, job->dst, job->src, job->len) ||
	    (mode == ENG_MODE_XTS && eng_xts_advance(lane->xts, job->iv, job->len / 16))) {
		eng_ossl_cipher_release(lane);
		ERR_clear_error();
		return VCD_S_IO;
	}
	eng_iv_next(&saved, job);
	return VCD_S_OK;
}

void eng_ossl_cipher_release(struct eng_ossl_lane *lane)
{
	for (size_t i = 0; i < 2; i++) {
		EVP_CIPHER_CTX_free(lane->cipher[i]);
		lane->cipher[i] = NULL;
	}
	eng_xts_free(lane->xts);
	lane->xts = NULL;
	memset(lane->ccm, 0, sizeof(lane->ccm));
	memset(lane->chain, 0, sizeof(lane->chain));
}
