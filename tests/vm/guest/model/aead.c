/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.c - the model's AES-GCM and AES-CCM.
 */
#include "model.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

/* CCM wants to know all lengths first, and its tag when opening. */
static bool start(EVP_CIPHER_CTX *ctx, bool ccm, bool open, const char *name, const uint8_t *key,
		  const uint8_t *iv, uint8_t *tag, size_t len, size_t taglen)
{
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, name, NULL);
	int nonce = ccm ? 14 - iv[0] : 12, none;
	bool ok = evp && EVP_CipherInit_ex(ctx, evp, NULL, NULL, NULL, !open) == 1 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, nonce, NULL) == 1;

	if (ok && (ccm || open))
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)taglen,
					 open ? tag : NULL) == 1;
	ok = ok && EVP_CipherInit_ex(ctx, NULL, NULL, key, ccm ? iv + 1 : iv, -1) == 1;
	if (ok && ccm)
		ok = EVP_CipherUpdate(ctx, NULL, &none, NULL, (int)len) == 1;
	EVP_CIPHER_free(evp);
	return ok;
}

int model_aead(bool ccm, bool open, const uint8_t *key, size_t keylen, const uint8_t *iv,
	       const uint8_t *aad, size_t aadlen, uint8_t *buf, size_t len, size_t taglen,
	       size_t *outlen)
{
	static const char *const names[2][3] = {
	    {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"},
	    {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"},
	};
	uint8_t tag[16] = {0}, last[16];
	EVP_CIPHER_CTX *ctx;
	bool ok, sealed;
	int n = 0;

	if ((ccm && (iv[0] < 1 || iv[0] > 7)) || (open && len < taglen))
		return -EINVAL;
	if (open) {
		len -= taglen;
		memcpy(tag, buf + len, taglen);
	}
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx && start(ctx, ccm, open, names[ccm][keylen / 8 - 2], key, iv, tag, len, taglen);
	if (ok && aadlen)
		ok = EVP_CipherUpdate(ctx, NULL, &n, aad, (int)aadlen) == 1;
	/* CCM checks the tag here, GCM at the end */
	sealed = ok && (!(len || ccm) || EVP_CipherUpdate(ctx, buf, &n, buf, (int)len) == 1);
	if (sealed && !(ccm && open))
		sealed = EVP_CipherFinal_ex(ctx, last, &n) == 1;
	if (sealed && !open)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)taglen, buf + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		return -EINVAL;
	*outlen = open ? len : len + taglen;
	return sealed ? 0 : open ? -EBADMSG : -EINVAL;
}
