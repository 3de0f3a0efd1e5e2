/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evp.c - libcrypto, used as well as a program can.
 */
#include "tools/bench/evp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "cryptodev.h"

/* Names that are not made of ours by rule. */
static const struct {
	uint32_t id;
	const char *name;
} special_names[] = {
    {CRYPTO_3DES_CBC, "DES-EDE3-CBC"},
    {CRYPTO_DES_CBC, "DES-CBC"},
    {CRYPTO_BLF_CBC, "BF-CBC"},
    {CRYPTO_CHACHA20_POLY1305, "ChaCha20-Poly1305"},
};

const char *evp_name(const struct workload *work, char *buf, size_t size)
{
	const char *name = work->alg->cli_name;
	const char *dash = strchr(name, '-');
	size_t bits = work->key_len * 8;
	size_t i;

	if (work->alg->id == CRYPTO_NULL)
		return NULL;
	for (i = 0; i < sizeof(special_names) / sizeof(special_names[0]); i++) {
		if (special_names[i].id == work->alg->id) {
			(void)snprintf(buf, size, "%s", special_names[i].name);
			return buf;
		}
	}
	if (work->alg->id == CRYPTO_AES_CMAC)
		(void)snprintf(buf, size, "aes-%zu-cbc", bits);
	else if (work->alg->kind == ENG_ALG_MAC)
		(void)snprintf(buf, size, "%s", dash + 1);
	else if (work->alg->kind == ENG_ALG_HASH)
		(void)snprintf(buf, size, "%s", name);
	else /* family-mode here is family-bits-mode there; XTS's bits are those of one key */
		(void)snprintf(buf, size, "%.*s-%zu%s", (int)(dash - name), name,
			       work->alg->id == CRYPTO_AES_XTS ? bits / 2 : bits, dash);
	return buf;
}

static int fetch(struct evp_alg *alg, const struct workload *work)
{
	if (!evp_name(work, alg->inner, sizeof(alg->inner)))
		return -ENOTSUP;
	switch (work->alg->kind) {
	case ENG_ALG_HASH:
		alg->digest = EVP_MD_fetch(alg->lib, alg->inner, NULL);
		return alg->digest ? 0 : -ENOTSUP;
	case ENG_ALG_MAC:
		alg->mac = EVP_MAC_fetch(alg->lib,
					 work->alg->id == CRYPTO_AES_CMAC ? "CMAC" : "HMAC", NULL);
		return alg->mac ? 0 : -ENOTSUP;
	default:
		alg->cipher = EVP_CIPHER_fetch(alg->lib, alg->inner, NULL);
		return alg->cipher ? 0 : -ENOTSUP;
	}
}

int evp_alg_open(const struct workload *work, struct evp_alg **ret)
{
	struct evp_alg *alg = calloc(1, sizeof(*alg));
	int err = -ENOMEM;

	if (!alg)
		return -ENOMEM;
	alg->lib = OSSL_LIB_CTX_new();
	if (alg->lib) {
		alg->base = OSSL_PROVIDER_load(alg->lib, "default");
		alg->legacy = OSSL_PROVIDER_load(alg->lib, "legacy");
		err = fetch(alg, work);
	}
	if (err) {
		evp_alg_close(alg);
		return err;
	}
	*ret = alg;
	return 0;
}

struct evp_alg *evp_alg_close(struct evp_alg *alg)
{
	if (!alg)
		return NULL;
	EVP_CIPHER_free(alg->cipher);
	EVP_MD_free(alg->digest);
	EVP_MAC_free(alg->mac);
	if (alg->legacy)
		OSSL_PROVIDER_unload(alg->legacy);
	if (alg->base)
		OSSL_PROVIDER_unload(alg->base);
	OSSL_LIB_CTX_free(alg->lib);
	free(alg);
	return NULL;
}

static bool cipher_init(struct evp_session *s, const struct evp_alg *alg, const uint8_t *key,
			const uint8_t *iv)
{
	const struct workload *work = s->work;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	s->cipher = ctx;
	if (!ctx || !EVP_CipherInit_ex2(ctx, alg->cipher, NULL, NULL, !work->decrypt, NULL) ||
	    (work->alg->id == CRYPTO_BLF_CBC &&
	     !EVP_CIPHER_CTX_set_key_length(ctx, (int)work->key_len)) ||
	    EVP_CIPHER_CTX_get_key_length(ctx) != (int)work->key_len)
		return false;
	/* CCM works tag and nonce length into the context together with the key. */
	if (bench_is_aead(work) &&
	    (!EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, work->alg->iv_len, NULL) ||
	     (work->alg->id == CRYPTO_AES_CCM &&
	      !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)work->tag_len, NULL))))
		return false;
	return EVP_CipherInit_ex2(ctx, NULL, key, iv, -1, NULL) == 1 &&
	       (bench_is_aead(work) || EVP_CIPHER_CTX_set_padding(ctx, 0));
}

static bool mac_init(struct evp_session *s, const struct evp_alg *alg, const uint8_t *key)
{
	bool cmac = s->work->alg->id == CRYPTO_AES_CMAC;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(cmac ? OSSL_MAC_PARAM_CIPHER : OSSL_MAC_PARAM_DIGEST,
					     (char *)(uintptr_t)alg->inner, 0),
	    OSSL_PARAM_construct_end(),
	};

	s->mac = EVP_MAC_CTX_new(alg->mac);
	return s->mac && EVP_MAC_init(s->mac, key, s->work->key_len, params) == 1;
}

int evp_session_new(const struct evp_alg *alg, const struct workload *work, const uint8_t *key,
		    const uint8_t *iv, struct evp_session **ret)
{
	struct evp_session *s = calloc(1, sizeof(*s));
	bool ok;

	if (!s)
		return -ENOMEM;
	s->work = work;
	if (alg->digest) {
		s->hash = alg->digest;
		s->digest = EVP_MD_CTX_new();
		ok = s->digest && EVP_DigestInit_ex2(s->digest, alg->digest, NULL);
	} else {
		ok = alg->mac ? mac_init(s, alg, key) : cipher_init(s, alg, key, iv);
	}
	if (!ok) {
		evp_session_free(s);
		return -EIO;
	}
	*ret = s;
	return 0;
}

struct evp_session *evp_session_free(struct evp_session *session)
{
	if (!session)
		return NULL;
	EVP_CIPHER_CTX_free(session->cipher);
	EVP_MD_CTX_free(session->digest);
	EVP_MAC_CTX_free(session->mac);
	free(session);
	return NULL;
}

static int run_cipher(EVP_CIPHER_CTX *ctx, const struct workload *work, const struct evp_io *io)
{
	int n = 0;

	if (!EVP_CipherInit_ex2(ctx, NULL, NULL, io->iv, -1, NULL) ||
	    !EVP_CipherUpdate(ctx, io->out, &n, io->in, (int)work->size) || n != (int)work->size)
		return -EIO;
	return 0;
}

static int run_aead(EVP_CIPHER_CTX *ctx, const struct workload *work, const struct evp_io *io)
{
	bool ccm = work->alg->id == CRYPTO_AES_CCM;
	int tag_len = (int)work->tag_len;
	int n = 0;

	if (work->decrypt && !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, tag_len,
						  (void *)(uintptr_t)(io->in + work->size)))
		return -EIO;
	if (!EVP_CipherInit_ex2(ctx, NULL, NULL, io->iv, -1, NULL) ||
	    (ccm && !EVP_CipherUpdate(ctx, NULL, &n, NULL, (int)work->size)) ||
	    (work->aad_len && !EVP_CipherUpdate(ctx, NULL, &n, io->aad, (int)work->aad_len)))
		return -EIO;
	if (!EVP_CipherUpdate(ctx, io->out, &n, io->in, (int)work->size))
		return work->decrypt ? -EBADMSG : -EIO;
	if (!ccm && !EVP_CipherFinal_ex(ctx, io->out + work->size, &n))
		return work->decrypt ? -EBADMSG : -EIO;
	if (!work->decrypt &&
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, tag_len, io->out + work->size))
		return -EIO;
	return 0;
}

int evp_session_run(struct evp_session *session, const struct evp_io *io)
{
	const struct workload *work = session->work;
	unsigned int digest_len = 0;
	size_t mac_len = 0;

	if (session->digest) {
		if (EVP_DigestInit_ex2(session->digest, session->hash, NULL) &&
		    EVP_DigestUpdate(session->digest, io->in, work->size) &&
		    EVP_DigestFinal_ex(session->digest, io->out, &digest_len) &&
		    digest_len == work->alg->digest_len)
			return 0;
		return -EIO;
	}
	if (session->mac) {
		if (EVP_MAC_init(session->mac, NULL, 0, NULL) &&
		    EVP_MAC_update(session->mac, io->in, work->size) &&
		    EVP_MAC_final(session->mac, io->out, &mac_len, work->alg->digest_len) &&
		    mac_len == work->alg->digest_len)
			return 0;
		return -EIO;
	}
	return bench_is_aead(work) ? run_aead(session->cipher, work, io)
				   : run_cipher(session->cipher, work, io);
}
