/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refauth.c - what the right answers of CIOCAUTHCRYPT are, by libcrypto.
 */
#include "refauth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

static const struct ref_aead aeads[] = {
    {CRYPTO_AES_GCM, "aes-gcm", 12, {16, 24, 32}, {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"}},
    {CRYPTO_AES_CCM, "aes-ccm", 16, {16, 24, 32}, {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"}},
    {CRYPTO_CHACHA20_POLY1305, "chacha20-poly1305", 12, {32}, {"ChaCha20-Poly1305"}},
};

const struct ref_aead *ref_aead_at(size_t i)
{
	return i < sizeof(aeads) / sizeof(aeads[0]) ? &aeads[i] : NULL;
}

const struct ref_aead *ref_aead_find(uint32_t id)
{
	for (size_t i = 0; ref_aead_at(i); i++)
		if (aeads[i].id == id)
			return &aeads[i];
	return NULL;
}

static const char *evp_name(const struct ref_aead *aead, size_t keylen)
{
	for (int i = 0; i < 3; i++)
		if (aead->keylens[i] && aead->keylens[i] == keylen)
			return aead->evp[i];
	return NULL;
}

/* CCM wants to know all lengths first, and its tag when opening. */
static bool start(EVP_CIPHER_CTX *ctx, const struct ref_auth *a, const char *name, uint8_t *tag,
		  size_t len)
{
	bool ccm = a->cipher == CRYPTO_AES_CCM, ok;
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, name, NULL);
	int nonce = ccm ? 14 - a->iv[0] : 12, none;

	ok = evp && EVP_CipherInit_ex(ctx, evp, NULL, NULL, NULL, !a->open) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, nonce, NULL) == 1;
	if (ok && (ccm || a->open))
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)a->taglen,
					 a->open ? tag : NULL) == 1;
	ok = ok && EVP_CipherInit_ex(ctx, NULL, NULL, a->key, ccm ? a->iv + 1 : a->iv, -1) == 1;
	if (ok && ccm)
		ok = EVP_CipherUpdate(ctx, NULL, &none, NULL, (int)len) == 1;
	EVP_CIPHER_free(evp);
	return ok;
}

int ref_aead(const struct ref_auth *a, uint8_t *buf, size_t len, size_t *outlen)
{
	const struct ref_aead *aead = ref_aead_find(a->cipher);
	const char *name = aead ? evp_name(aead, a->keylen) : NULL;
	bool ccm = a->cipher == CRYPTO_AES_CCM, ok, sealed;
	uint8_t tag[16] = {0}, last[16];
	EVP_CIPHER_CTX *ctx;
	int n = 0;

	if (!name || a->taglen > sizeof(tag) || (ccm && (a->iv[0] < 1 || a->iv[0] > 7)) ||
	    (a->open && len < a->taglen))
		return -EINVAL;
	/* CCM's message length has L bytes */
	if (ccm && a->iv[0] < 3 && (len - (a->open ? a->taglen : 0)) >> (8 * (a->iv[0] + 1)))
		return -EINVAL;
	if (a->open) {
		len -= a->taglen;
		memcpy(tag, buf + len, a->taglen);
	}
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx && start(ctx, a, name, tag, len);
	if (ok && a->aadlen)
		ok = EVP_CipherUpdate(ctx, NULL, &n, a->aad, (int)a->aadlen) == 1;
	/* CCM checks the tag here, the others at the end */
	sealed = ok && (!(len || ccm) || EVP_CipherUpdate(ctx, buf, &n, buf, (int)len) == 1);
	if (sealed && !(ccm && a->open))
		sealed = EVP_CipherFinal_ex(ctx, last, &n) == 1;
	if (sealed && !a->open)
		ok =
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)a->taglen, buf + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		return -EINVAL;
	*outlen = a->open ? len : len + a->taglen;
	return sealed ? 0 : a->open ? -EBADMSG : -EIO;
}

/* MAC over up to two pieces. */
static int mac_of(const struct ref_auth *a, const uint8_t *p, size_t plen, const uint8_t *q,
		  size_t qlen, uint8_t *out)
{
	uint8_t *both = malloc(plen + qlen + 1);
	int err = -ENOMEM;

	if (both) {
		memcpy(both, p, plen);
		memcpy(both + plen, q, qlen);
		err = ref_digest(ref_mac_find(a->mac), a->mackey, a->mackeylen, both, plen + qlen,
				 out);
	}
	free(both);
	return err;
}

static int cipher(const struct ref_auth *a, uint8_t *buf, size_t len)
{
	return ref_once(a->cipher, a->key, (uint32_t)a->keylen, a->open, a->iv, buf, buf, len,
			NULL);
}

size_t ref_tls_size(size_t block, size_t taglen, size_t len)
{
	return (len + taglen) / block * block + block;
}

int ref_tls(const struct ref_auth *a, uint8_t *buf, size_t len, size_t *outlen)
{
	static const uint8_t nothing[1];
	size_t block = ref_cipher_find(a->cipher)->block, pad;
	const uint8_t *aad = a->aadlen ? a->aad : nothing;
	uint8_t digest[64];
	int err;

	if (!a->open) {
		*outlen = ref_tls_size(block, a->taglen, len);
		err = mac_of(a, aad, a->aadlen, buf, len, digest);
		if (err)
			return err;
		memcpy(buf + len, digest, a->taglen);
		pad = *outlen - len - a->taglen;
		memset(buf + len + a->taglen, (int)pad - 1, pad);
		return cipher(a, buf, *outlen);
	}
	err = cipher(a, buf, len);
	if (err)
		return err;
	pad = buf[len - 1] + 1u;
	if (pad + a->taglen > len)
		return -EBADMSG;
	for (size_t i = 0; i < pad; i++)
		if (buf[len - 1 - i] != pad - 1)
			return -EBADMSG;
	*outlen = len - pad - a->taglen;
	err = mac_of(a, aad, a->aadlen, buf, *outlen, digest);
	if (err)
		return err;
	return memcmp(digest, buf + *outlen, a->taglen) ? -EBADMSG : 0;
}

int ref_srtp(const struct ref_auth *a, uint8_t *region, size_t off, size_t len, uint8_t *tag)
{
	uint8_t digest[64];
	int err = a->open ? 0 : cipher(a, region + off, len);

	if (!err)
		err = mac_of(a, region, a->aadlen, region, 0, digest);
	if (err)
		return err;
	if (!a->open) {
		memcpy(tag, digest, a->taglen);
		return 0;
	}
	return memcmp(digest, tag, a->taglen) ? -EBADMSG : cipher(a, region + off, len);
}
