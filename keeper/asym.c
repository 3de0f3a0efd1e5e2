/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asym.c - signatures, decryption and key exchange with libcrypto. See key.h. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include <string.h>

#include "keeper/key.h"

/* Padding and digests of RSA; those of ECDSA. */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct scheme *scheme)
{
	char digest[16];
	int pad = scheme->family == FAMILY_RSA_PKCS1 ? RSA_PKCS1_PADDING
		  : scheme->family == FAMILY_RSA_PSS ? RSA_PKCS1_PSS_PADDING
						     : RSA_PKCS1_OAEP_PADDING;
	int salt = RSA_PSS_SALTLEN_DIGEST;
	OSSL_PARAM params[5], *p = params;

	memcpy(digest, scheme->digest, strlen(scheme->digest) + 1);
	/* NOLINTNEXTLINE(bugprone-branch-clone): two names that are the same word today */
	if (scheme->family == FAMILY_OAEP)
		*p++ =
		    OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, digest, 0);
	else
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, digest, 0);
	if (scheme->family != FAMILY_ECDSA)
		*p++ = OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_PAD_MODE, &pad);
	if (scheme->family == FAMILY_RSA_PSS)
		*p++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
	if (scheme->family == FAMILY_RSA_PSS || scheme->family == FAMILY_OAEP)
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_MGF1_DIGEST, digest, 0);
	*p = OSSL_PARAM_construct_end();
	return EVP_PKEY_CTX_set_params(ctx, params) > 0;
}

/* A context that is ready to sign, the thread's own. */
static EVP_PKEY_CTX *signer(struct key *key, unsigned int worker, const struct scheme *scheme)
{
	struct key_context *kept = &key->contexts[worker % KEY_MAX_WORKERS];

	if (kept->ctx && kept->scheme == scheme->id)
		return kept->ctx;
	EVP_PKEY_CTX_free(kept->ctx);
	kept->scheme = scheme->id;
	kept->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (kept->ctx && EVP_PKEY_sign_init(kept->ctx) > 0 && set_padding(kept->ctx, scheme))
		return kept->ctx;
	EVP_PKEY_CTX_free(kept->ctx);
	kept->ctx = NULL;
	return NULL;
}

static bool sign_digest(struct key *key, unsigned int worker, const struct operation *op,
			uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *ctx = signer(key, worker, op->scheme);

	return ctx && EVP_PKEY_sign(ctx, out, len, op->digest, op->digest_len) > 0;
}

static bool sign_message(struct key *key, const struct operation *op, uint8_t *out, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) > 0 &&
		  EVP_DigestSign(ctx, out, len, op->digest, op->digest_len) > 0;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool decrypt(struct key *key, const struct operation *op, uint8_t *out, size_t *len)
{
	const struct keeper_request *r = op->request;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	size_t cipher_len = r->len - r->aux_len;
	OSSL_PARAM label[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
					      (void *)(op->in + cipher_len), r->aux_len),
	    OSSL_PARAM_construct_end(),
	};
	bool ok = ctx && EVP_PKEY_decrypt_init(ctx) > 0 && set_padding(ctx, op->scheme) &&
		  (!r->aux_len || EVP_PKEY_CTX_set_params(ctx, label) > 0) &&
		  EVP_PKEY_decrypt(ctx, out, len, op->in, cipher_len) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* The peer's key, on the curve: libcrypto checks that. */
static EVP_PKEY *peer_key(const struct key *key, const struct operation *op)
{
	EVP_PKEY *peer;

	if (op->scheme->kind == KEEPER_KIND_X25519)
		return EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, op->in,
						      op->request->len);
	peer = EVP_PKEY_new();
	if (peer && EVP_PKEY_copy_parameters(peer, key->pkey) > 0 &&
	    EVP_PKEY_set1_encoded_public_key(peer, op->in, op->request->len) > 0)
		return peer;
	EVP_PKEY_free(peer);
	return NULL;
}

static bool derive(struct key *key, const struct operation *op, uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	EVP_PKEY *peer = peer_key(key, op);
	/* X25519's result of all zeros, from a point of small order, is an error of libcrypto's. */
	bool ok = ctx && peer && EVP_PKEY_derive_init(ctx) > 0 &&
		  EVP_PKEY_derive_set_peer(ctx, peer) > 0 && EVP_PKEY_derive(ctx, out, len) > 0;

	EVP_PKEY_free(peer);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

void asym_run(struct key *key, unsigned int worker, const struct operation *op,
	      struct result *result)
{
	size_t len = result->size;
	/* What is wrong with the peer's input is no failure of the store. */
	uint16_t failed = op->request->type == KEEPER_DECRYPT  ? KEEPER_S_BADMSG
			  : op->request->type == KEEPER_DERIVE ? KEEPER_S_INVALID
							       : KEEPER_S_IO;
	bool ok;

	if (op->request->type == KEEPER_DECRYPT)
		ok = decrypt(key, op, result->out, &len);
	else if (op->request->type == KEEPER_DERIVE)
		ok = derive(key, op, result->out, &len);
	else if (op->scheme->digest)
		ok = sign_digest(key, worker, op, result->out, &len);
	else
		ok = sign_message(key, op, result->out, &len);
	if (!ok)
		ERR_clear_error();
	result->status = ok ? KEEPER_S_OK : failed;
	result->len = ok ? (uint32_t)len : 0;
}
