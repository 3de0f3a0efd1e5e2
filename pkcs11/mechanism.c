/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mechanism.c - mechanisms, and the schemes of the host that they are.
 *
 * What is no scheme of the host's is refused when an operation is begun, or by C_Sign() where only
 * the data tell: CKM_RSA_PKCS takes the DigestInfo of a known digest and nothing else, since a host
 * that signed any bytes would sign what it would not sign otherwise.
 */
#include "pkcs11/module.h"

#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

/**
 * struct mechanism - a mechanism.
 * @type: CKM_*
 * @family: of its schemes
 * @digest: its digest; KEY_NO_DIGEST: the data or the parameter tell
 * @hashes: it takes the message
 * @flags: CKF_*
 * @min, @max: bits of keys
 */
static const struct mechanism {
	CK_MECHANISM_TYPE type;
	enum key_family family;
	enum key_digest digest;
	bool hashes;
	CK_FLAGS flags;
	CK_ULONG min, max;
} mechanisms[] = {
    {CKM_RSA_PKCS, KEY_RSA_PKCS1, KEY_NO_DIGEST, false, CKF_SIGN, 2048, 4096},
    {CKM_SHA1_RSA_PKCS, KEY_RSA_PKCS1, KEY_SHA1, true, CKF_SIGN, 2048, 4096},
    {CKM_SHA256_RSA_PKCS, KEY_RSA_PKCS1, KEY_SHA256, true, CKF_SIGN, 2048, 4096},
    {CKM_SHA384_RSA_PKCS, KEY_RSA_PKCS1, KEY_SHA384, true, CKF_SIGN, 2048, 4096},
    {CKM_SHA512_RSA_PKCS, KEY_RSA_PKCS1, KEY_SHA512, true, CKF_SIGN, 2048, 4096},
    {CKM_RSA_PKCS_PSS, KEY_RSA_PSS, KEY_NO_DIGEST, false, CKF_SIGN, 2048, 4096},
    {CKM_SHA256_RSA_PKCS_PSS, KEY_RSA_PSS, KEY_SHA256, true, CKF_SIGN, 2048, 4096},
    {CKM_SHA384_RSA_PKCS_PSS, KEY_RSA_PSS, KEY_SHA384, true, CKF_SIGN, 2048, 4096},
    {CKM_SHA512_RSA_PKCS_PSS, KEY_RSA_PSS, KEY_SHA512, true, CKF_SIGN, 2048, 4096},
    {CKM_RSA_PKCS_OAEP, KEY_OAEP, KEY_NO_DIGEST, false, CKF_DECRYPT, 2048, 4096},
    {CKM_ECDSA, KEY_ECDSA, KEY_NO_DIGEST, false, CKF_SIGN, 256, 521},
    {CKM_ECDSA_SHA256, KEY_ECDSA, KEY_SHA256, true, CKF_SIGN, 256, 521},
    {CKM_ECDSA_SHA384, KEY_ECDSA, KEY_SHA384, true, CKF_SIGN, 256, 521},
    {CKM_ECDSA_SHA512, KEY_ECDSA, KEY_SHA512, true, CKF_SIGN, 256, 521},
    {CKM_EDDSA, KEY_PURE, KEY_NO_DIGEST, true, CKF_SIGN, 255, 255},
    {CKM_ECDH1_DERIVE, KEY_ECDH, KEY_NO_DIGEST, false, CKF_DERIVE, 253, 521},
};

static const struct {
	enum key_digest digest;
	CK_MECHANISM_TYPE type;
	CK_RSA_PKCS_MGF_TYPE mgf;
} digests[] = {
    {KEY_SHA1, CKM_SHA_1, CKG_MGF1_SHA1},
    {KEY_SHA256, CKM_SHA256, CKG_MGF1_SHA256},
    {KEY_SHA384, CKM_SHA384, CKG_MGF1_SHA384},
    {KEY_SHA512, CKM_SHA512, CKG_MGF1_SHA512},
};

static const struct mechanism *find(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++)
		if (mechanisms[i].type == type)
			return &mechanisms[i];
	return NULL;
}

size_t mechanism_list(CK_MECHANISM_TYPE *ret, size_t max)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms) && i < max; i++)
		ret[i] = mechanisms[i].type;
	return ARRAY_SIZE(mechanisms);
}

CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	const struct mechanism *m = find(type);

	if (!m)
		return CKR_MECHANISM_INVALID;
	*info = (CK_MECHANISM_INFO){
	    .ulMinKeySize = m->min,
	    .ulMaxKeySize = m->max,
	    .flags = m->flags | CKF_HW,
	};
	if (m->family == KEY_ECDSA || m->family == KEY_ECDH)
		info->flags |= CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS;
	return CKR_OK;
}

static bool allows(const struct key *key, const struct key_scheme *scheme)
{
	return scheme && key->info.schemes & UINT64_C(1) << scheme->id;
}

/* Whether the key has a scheme of the mechanism's family, and of its digest if it has one. */
static bool fits(const struct key *key, const struct mechanism *m)
{
	const struct key_scheme *scheme;

	for (size_t i = 0; (scheme = key_scheme_at(i)); i++)
		if (scheme->kind == key->info.kind && scheme->family == m->family &&
		    (!m->digest || scheme->digest == m->digest) && allows(key, scheme))
			return true;
	return false;
}

size_t mechanism_key(const struct key *key, CK_MECHANISM_TYPE *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++)
		if (fits(key, &mechanisms[i]) && n < max)
			ret[n++] = mechanisms[i].type;
	return n;
}

/* Whether digest and MGF1 are those of one of the host's schemes. */
static bool named_digest(CK_MECHANISM_TYPE hash, CK_RSA_PKCS_MGF_TYPE mgf, enum key_digest *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		if (digests[i].type != hash || digests[i].mgf != mgf)
			continue;
		*ret = digests[i].digest;
		return true;
	}
	return false;
}

static CK_RV pss_digest(const CK_MECHANISM *mechanism, enum key_digest wanted, enum key_digest *ret)
{
	const CK_RSA_PKCS_PSS_PARAMS *p = mechanism->pParameter;

	if (!p || mechanism->ulParameterLen != sizeof(*p) ||
	    !named_digest(p->hashAlg, p->mgf, ret) || p->sLen != key_digest_size(*ret) ||
	    (wanted && wanted != *ret))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* The scheme, if the key has it and the policy allows it. */
static CK_RV choose(const struct key *key, enum key_family family, enum key_digest digest,
		    const struct key_scheme **ret)
{
	const struct key_scheme *scheme = key_scheme_find(key->info.kind, family, digest);

	if (!scheme)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!allows(key, scheme))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	*ret = scheme;
	return CKR_OK;
}

/* Whether the key is of the mechanism's type at all. */
static bool consistent(const struct key *key, enum key_family family)
{
	const struct key_scheme *scheme;

	for (size_t i = 0; (scheme = key_scheme_at(i)); i++)
		if (scheme->kind == key->info.kind && scheme->family == family)
			return true;
	return false;
}

CK_RV mechanism_sign(const struct key *key, const CK_MECHANISM *mechanism,
		     struct operation *operation)
{
	const struct mechanism *m = find(mechanism->mechanism);
	enum key_digest digest;
	CK_RV rv = CKR_OK;

	if (!m || !(m->flags & CKF_SIGN))
		return CKR_MECHANISM_INVALID;
	if (!consistent(key, m->family))
		return CKR_KEY_TYPE_INCONSISTENT;
	digest = m->digest;
	if (m->family == KEY_RSA_PSS)
		rv = pss_digest(mechanism, m->digest, &digest);
	/* Ed25519 has parameters for its variants, which are not the host's. */
	else if (mechanism->ulParameterLen)
		rv = CKR_MECHANISM_PARAM_INVALID;
	if (rv != CKR_OK)
		return rv;
	operation->family = m->family;
	operation->hashes = m->hashes;
	operation->scheme = NULL;
	if (digest || m->family == KEY_PURE)
		rv = choose(key, m->family, digest, &operation->scheme);
	else if (!fits(key, m))
		rv = CKR_KEY_FUNCTION_NOT_PERMITTED;
	/* A digest is of no use to a key for handshakes. */
	if (rv == CKR_OK && key->info.form && !m->hashes)
		rv = CKR_KEY_FUNCTION_NOT_PERMITTED;
	return rv;
}

CK_RV mechanism_decrypt(const struct key *key, const CK_MECHANISM *mechanism,
			struct operation *operation)
{
	const CK_RSA_PKCS_OAEP_PARAMS *p = mechanism->pParameter;
	enum key_digest digest;
	CK_RV rv;

	if (mechanism->mechanism != CKM_RSA_PKCS_OAEP)
		return CKR_MECHANISM_INVALID;
	if (!consistent(key, KEY_OAEP))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!p || mechanism->ulParameterLen != sizeof(*p) ||
	    !named_digest(p->hashAlg, p->mgf, &digest) ||
	    (p->ulSourceDataLen && (p->source != CKZ_DATA_SPECIFIED || !p->pSourceData)) ||
	    p->ulSourceDataLen > CRYPT_KEY_MAX_DATA / 2)
		return CKR_MECHANISM_PARAM_INVALID;
	rv = choose(key, KEY_OAEP, digest, &operation->scheme);
	if (rv != CKR_OK || !p->ulSourceDataLen)
		return rv;
	operation->label = malloc(p->ulSourceDataLen);
	if (!operation->label)
		return CKR_HOST_MEMORY;
	memcpy(operation->label, p->pSourceData, p->ulSourceDataLen);
	operation->label_len = p->ulSourceDataLen;
	return CKR_OK;
}

void operation_end(struct operation *operation)
{
	if (operation->data)
		explicit_bzero(operation->data, operation->len);
	free(operation->data);
	EVP_MD_CTX_free(operation->hash);
	free(operation->label);
	memset(operation, 0, sizeof(*operation));
}
