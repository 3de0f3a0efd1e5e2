/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sign.c - private keys of the modes keys and sign: their kinds, and libcrypto's work with them.
 */
#include "tools/bench/sign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

/**
 * struct signer - a context that is made once and used again and again.
 * @kind: what it signs with
 * @ctx: for digests
 * @md: for messages; it owns its own EVP_PKEY_CTX
 */
struct signer {
	const struct sign_kind *kind;
	EVP_PKEY_CTX *ctx;
	EVP_MD_CTX *md;
};

static const struct sign_kind kinds[] = {
    {"p256", "EC", "P-256", 0, VCD_ECDSA_P256_SHA256, "ecdsa-p256-sha256", false},
    {"rsa-2048", "RSA", NULL, 2048, VCD_RSA_PKCS1_SHA256, "rsa-pkcs1-sha256", false},
    {"ed25519", "ED25519", NULL, 0, VCD_SCHEME_ED25519, "ed25519", true},
};

const struct sign_kind *sign_kind_at(unsigned int i)
{
	return i < ARRAY_SIZE(kinds) ? &kinds[i] : NULL;
}

const struct sign_kind *sign_kind_find(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

EVP_PKEY *sign_generate(const struct sign_kind *kind)
{
	if (kind->group)
		return EVP_PKEY_Q_keygen(NULL, NULL, kind->type, kind->group);
	if (kind->bits)
		return EVP_PKEY_Q_keygen(NULL, NULL, kind->type, (size_t)kind->bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, kind->type);
}

/* What the scheme says of digest and padding. */
static bool set_scheme(EVP_PKEY_CTX *ctx, const struct sign_kind *kind)
{
	return EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
	       (!kind->bits || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0);
}

struct signer *signer_new(const struct sign_kind *kind, EVP_PKEY *key)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	bool ok;

	if (!signer)
		return NULL;
	signer->kind = kind;
	if (kind->message) {
		signer->md = EVP_MD_CTX_new();
		ok = signer->md && EVP_DigestSignInit(signer->md, NULL, NULL, NULL, key) > 0;
	} else {
		signer->ctx = EVP_PKEY_CTX_new(key, NULL);
		ok = signer->ctx && EVP_PKEY_sign_init(signer->ctx) > 0 &&
		     set_scheme(signer->ctx, kind);
	}
	if (!ok) {
		signer_free(signer);
		return NULL;
	}
	return signer;
}

void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	EVP_PKEY_CTX_free(signer->ctx);
	EVP_MD_CTX_free(signer->md);
	free(signer);
}

int signer_run(struct signer *signer, const uint8_t *in, uint8_t *out, size_t *len)
{
	bool ok;

	*len = SIGN_MAX;
	if (signer->ctx)
		ok = EVP_PKEY_sign(signer->ctx, out, len, in, SIGN_INPUT) > 0;
	else
		/* Newer versions sign once after each initialisation; the key stays. */
		ok = EVP_DigestSignInit(signer->md, NULL, NULL, NULL, NULL) > 0 &&
		     EVP_DigestSign(signer->md, out, len, in, SIGN_INPUT) > 0;
	return ok ? 0 : -EIO;
}

bool sign_verify(const struct sign_kind *kind, EVP_PKEY *key, const uint8_t *in, const uint8_t *sig,
		 size_t len)
{
	EVP_PKEY_CTX *ctx = NULL;
	EVP_MD_CTX *md = NULL;
	bool ok;

	if (kind->message) {
		md = EVP_MD_CTX_new();
		ok = md && EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) > 0 &&
		     EVP_DigestVerify(md, sig, len, in, SIGN_INPUT) == 1;
	} else {
		ctx = EVP_PKEY_CTX_new(key, NULL);
		ok = ctx && EVP_PKEY_verify_init(ctx) > 0 && set_scheme(ctx, kind) &&
		     EVP_PKEY_verify(ctx, sig, len, in, SIGN_INPUT) == 1;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_MD_CTX_free(md);
	return ok;
}
