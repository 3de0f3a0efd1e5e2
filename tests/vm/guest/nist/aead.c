/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.c - GCMVS and CCMVS vectors, through CIOCAUTHCRYPT.
 *
 * The interface's GCM has nonces of 12 bytes; vectors of other lengths are composed.
 * Its CCM takes the counter block of RFC 3610 as IV: a byte with
 * the size of the length field less one, then the nonce.
 */
#include "nist.h"

#include <errno.h>
#include <string.h>

#define MAX_AAD 65536
#define GCM_NONCE 12

static uint8_t aad[MAX_AAD], plain[NIST_MAX], sealed[NIST_MAX], output[NIST_MAX];

struct vector {
	uint8_t key[32], iv[128];
	size_t keylen, ivlen, aadlen, plainlen, sealedlen, taglen;
	bool fails;
};

static int auth(struct nist *n, uint32_t ses, unsigned int op, const struct vector *v,
		const uint8_t *src, size_t len, uint32_t *outlen)
{
	uint8_t iv[16];
	struct crypt_auth_op cao = {
	    .ses = ses,
	    .op = (uint16_t)op,
	    .len = (uint32_t)len,
	    .auth_len = (uint32_t)v->aadlen,
	    .auth_src = aad,
	    .src = (uint8_t *)src,
	    .dst = output,
	    .tag_len = (uint32_t)v->taglen,
	    .iv = iv,
	    .iv_len = sizeof(iv),
	};
	int err;

	memcpy(iv, v->iv, sizeof(iv));
	err = dev_ioctl(n->fd, CIOCAUTHCRYPT, &cao);
	*outlen = cao.len;
	return err;
}

/* Seals unless the plaintext is unknown, opens always. */
static void run_vector(struct nist *n, uint32_t ses, const struct vector *v)
{
	uint32_t len;
	int err;

	n->vectors++;
	if (!v->fails) {
		err = auth(n, ses, COP_ENCRYPT, v, plain, v->plainlen, &len);
		if (!nist_expect(n, "ciphertext and tag", err, output, sealed, v->sealedlen))
			return;
		if (len != v->sealedlen) {
			nist_wrong(n, "the length of ciphertext and tag", NULL, NULL, 0);
			return;
		}
	}
	err = auth(n, ses, COP_DECRYPT, v, sealed, v->sealedlen, &len);
	if (v->fails && err != -EBADMSG)
		nist_wrong_errno(n, "a forgery", err, -EBADMSG);
	else if (!v->fails && nist_expect(n, "the plaintext", err, output, plain, v->plainlen) &&
		 len != v->plainlen)
		nist_wrong(n, "the length of the plaintext", NULL, NULL, 0);
}

/* One session for each vector: the tag length of a session cannot grow. */
static int run_session(struct nist *n, uint32_t id, const struct vector *v)
{
	uint32_t ses;
	int err = dev_session(n->fd, id, v->key, v->keylen, &ses);

	if (err)
		return err == -EINVAL ? -ENOTSUP : err;
	run_vector(n, ses, v);
	dev_end(n->fd, ses);
	return 0;
}

static int gcm_read(struct nist *n, struct vector *v)
{
	ssize_t key = rsp_hex(n->rsp, "Key", v->key, sizeof(v->key));
	ssize_t a = rsp_hex(n->rsp, "AAD", aad, sizeof(aad));
	ssize_t c = rsp_hex(n->rsp, "CT", sealed, sizeof(sealed) - 16), t, p = 0;
	ssize_t iv = rsp_hex(n->rsp, "IV", v->iv, sizeof(v->iv));

	v->fails = rsp_fresh(n->rsp, "FAIL");
	if (!v->fails)
		p = rsp_hex(n->rsp, "PT", plain, sizeof(plain));
	if (key <= 0 || a < 0 || c < 0 || p < 0 || (!v->fails && p != c) || iv <= 0 ||
	    iv * 8 != rsp_number(n->rsp, "IVlen"))
		return -EINVAL;
	t = rsp_hex(n->rsp, "Tag", sealed + c, 16);
	if (t <= 0 || t * 8 != rsp_number(n->rsp, "Taglen"))
		return -EINVAL;
	v->keylen = (size_t)key;
	v->ivlen = (size_t)iv;
	v->aadlen = (size_t)a;
	v->plainlen = (size_t)p;
	v->taglen = (size_t)t;
	v->sealedlen = (size_t)(c + t);
	return 0;
}

/* Sealed and opened as others are, but of the device's ECB; see composed.c. */
static int run_composed(struct nist *n, const struct vector *v)
{
	struct nist_gcm g = {
	    v->key, v->iv, aad, v->keylen, v->ivlen, v->aadlen, v->sealedlen - v->taglen};
	uint8_t tag[16];
	bool same;
	int err;

	n->vectors++;
	n->composed++;
	if (!v->fails) {
		err = nist_gcm_compose(n, &g, false, plain, output, tag);
		if (err == -ENOTSUP)
			return err;
		memcpy(output + g.len, tag, v->taglen);
		if (!nist_expect(n, "ciphertext and tag", err, output, sealed, v->sealedlen))
			return 0;
	}
	err = nist_gcm_compose(n, &g, true, sealed, output, tag);
	if (err)
		return err;
	same = !memcmp(tag, sealed + g.len, v->taglen);
	if (same == v->fails)
		nist_wrong(n, v->fails ? "a forgery's tag is right, which" : "the tag", NULL, NULL,
			   0);
	else if (same)
		nist_expect(n, "the plaintext", 0, output, plain, v->plainlen);
	return 0;
}

int nist_gcm(struct nist *n, uint32_t id)
{
	int status, err;

	while ((status = rsp_next(n->rsp)) > 0) {
		struct vector v = {0};

		if (!rsp_fresh(n->rsp, "Key"))
			continue;
		err = gcm_read(n, &v);
		if (!err && v.ivlen == GCM_NONCE)
			err = run_session(n, id, &v);
		else if (!err)
			err = run_composed(n, &v);
		if (err)
			return err;
	}
	return status;
}

/* Lengths of 0 are written as one zero byte, so the heading's numbers count. */
static int ccm_read(struct nist *n, struct vector *v)
{
	long alen = rsp_number(n->rsp, "Alen"), plen = rsp_number(n->rsp, "Plen");
	long tlen = rsp_number(n->rsp, "Tlen"), nlen = rsp_number(n->rsp, "Nlen");
	ssize_t key = rsp_hex(n->rsp, "Key", v->key, sizeof(v->key));
	ssize_t payload = v->fails ? plen : rsp_hex(n->rsp, "Payload", plain, sizeof(plain));

	if (key <= 0 || alen < 0 || plen < 0 || tlen <= 0 || nlen < 7 || nlen > 13 ||
	    payload < plen || rsp_hex(n->rsp, "Adata", aad, sizeof(aad)) < alen ||
	    rsp_hex(n->rsp, "CT", sealed, sizeof(sealed)) != plen + tlen ||
	    rsp_hex(n->rsp, "Nonce", v->iv + 1, 13) != nlen)
		return -EINVAL;
	v->iv[0] = (uint8_t)(15 - nlen - 1);
	v->keylen = (size_t)key;
	v->aadlen = (size_t)alen;
	v->plainlen = (size_t)plen;
	v->taglen = (size_t)tlen;
	v->sealedlen = (size_t)(plen + tlen);
	return 0;
}

static int ccm_run(struct nist *n, uint32_t id, bool verify)
{
	int status, err;

	while ((status = rsp_next(n->rsp)) > 0) {
		struct vector v = {0};
		const char *result;

		if (!rsp_fresh(n->rsp, "CT"))
			continue;
		result = verify ? rsp_text(n->rsp, "Result") : "Pass";
		if (!result)
			return -EINVAL;
		v.fails = !!strncmp(result, "Pass", 4);
		/* the interface copies additional data of up to a page */
		if (rsp_number(n->rsp, "Alen") > 4096) {
			n->inapplicable++;
			continue;
		}
		err = ccm_read(n, &v);
		if (!err)
			err = run_session(n, id, &v);
		if (err)
			return err;
	}
	return status;
}

int nist_ccm(struct nist *n, uint32_t id)
{
	return ccm_run(n, id, false);
}

int nist_ccm_verify(struct nist *n, uint32_t id)
{
	return ccm_run(n, id, true);
}
