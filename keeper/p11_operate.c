/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p11_operate.c - operations in a token, and the forms that PKCS#11 has for them. See p11_token.h. */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>

#include "common/util.h"
#include "keeper/p11_token.h"
#include "keeper/scheme.h"

/** struct hash - a digest as PKCS#11 knows it, and the head of PKCS#1's DigestInfo. */
static const struct hash {
	size_t len;
	CK_MECHANISM_TYPE mechanism;
	CK_RSA_PKCS_MGF_TYPE mgf;
	size_t head_len;
	uint8_t head[19];
} hashes[] = {
    {20,
     CKM_SHA_1,
     CKG_MGF1_SHA1,
     15,
     {0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 20}},
    {32,
     CKM_SHA256,
     CKG_MGF1_SHA256,
     19,
     {0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32}},
    {48,
     CKM_SHA384,
     CKG_MGF1_SHA384,
     19,
     {0x30, 0x41, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 48}},
    {64,
     CKM_SHA512,
     CKG_MGF1_SHA512,
     19,
     {0x30, 0x51, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64}},
};

/** struct job - an operation on its way. */
struct job {
	CK_FUNCTION_LIST *functions;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	const struct scheme *scheme;
	const struct hash *hash;
	const uint8_t *in;
	size_t len;
	uint8_t *out;
	size_t *out_len;
};

static const struct hash *hash_of(const struct scheme *scheme)
{
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i].len == scheme->digest_len)
			return &hashes[i];
	return NULL;
}

static CK_RV sign(const struct job *job, CK_MECHANISM *mechanism, const uint8_t *in, size_t len)
{
	CK_ULONG out_len = KEEPER_MAX_PAYLOAD;
	CK_RV rv = job->functions->C_SignInit(job->session, mechanism, job->key);

	if (rv == CKR_OK)
		rv = job->functions->C_Sign(job->session, (CK_BYTE_PTR)in, len, job->out, &out_len);
	*job->out_len = out_len;
	return rv;
}

/* From r and s, each as long as the curve, to DER. */
static CK_RV ecdsa_to_der(const struct job *job)
{
	const size_t half = *job->out_len / 2;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(job->out, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(job->out + half, (int)half, NULL);
	uint8_t *at = job->out;
	int len = -1;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		r = s = NULL;
		len = i2d_ECDSA_SIG(sig, &at);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	*job->out_len = len > 0 ? (size_t)len : 0;
	return len > 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV sign_ecdsa(const struct job *job)
{
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	const size_t coordinate = kind_bytes(job->scheme->kind);
	/* The leftmost bits count; some tokens refuse the others. */
	size_t len = job->len > coordinate ? coordinate : job->len;
	CK_RV rv = sign(job, &mechanism, job->in, len);

	if (rv == CKR_OK && *job->out_len != 2 * coordinate)
		return CKR_GENERAL_ERROR;
	return rv == CKR_OK ? ecdsa_to_der(job) : rv;
}

static CK_RV sign_pkcs1(const struct job *job)
{
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
	uint8_t info[19 + 64];

	if (!job->hash)
		return CKR_MECHANISM_INVALID;
	memcpy(info, job->hash->head, job->hash->head_len);
	memcpy(info + job->hash->head_len, job->in, job->hash->len);
	return sign(job, &mechanism, info, job->hash->head_len + job->hash->len);
}

static CK_RV sign_pss(const struct job *job)
{
	CK_RSA_PKCS_PSS_PARAMS params;
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_PSS, &params, sizeof(params)};

	if (!job->hash)
		return CKR_MECHANISM_INVALID;
	params = (CK_RSA_PKCS_PSS_PARAMS){job->hash->mechanism, job->hash->mgf, job->hash->len};
	return sign(job, &mechanism, job->in, job->len);
}

static CK_RV sign_any(const struct job *job)
{
	CK_MECHANISM eddsa = {CKM_EDDSA, NULL, 0};

	if (job->scheme->digest && job->len != job->scheme->digest_len)
		return CKR_DATA_LEN_RANGE;
	switch (job->scheme->family) {
	case FAMILY_RSA_PKCS1:
		return sign_pkcs1(job);
	case FAMILY_RSA_PSS:
		return sign_pss(job);
	case FAMILY_ECDSA:
		return sign_ecdsa(job);
	default:
		return job->scheme->kind == KEEPER_KIND_ED25519
			   ? sign(job, &eddsa, job->in, job->len)
			   : CKR_MECHANISM_INVALID;
	}
}

static CK_RV decrypt(const struct job *job, size_t label_len)
{
	CK_RSA_PKCS_OAEP_PARAMS params;
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_OAEP, &params, sizeof(params)};
	CK_ULONG out_len = KEEPER_MAX_PAYLOAD;
	CK_RV rv;

	if (!job->hash)
		return CKR_MECHANISM_INVALID;
	params = (CK_RSA_PKCS_OAEP_PARAMS){
	    job->hash->mechanism, job->hash->mgf, CKZ_DATA_SPECIFIED,
	    label_len ? (void *)(job->in + job->len - label_len) : NULL, label_len};
	rv = job->functions->C_DecryptInit(job->session, &mechanism, job->key);
	if (rv == CKR_OK)
		rv = job->functions->C_Decrypt(job->session, (CK_BYTE_PTR)job->in,
					       job->len - label_len, job->out, &out_len);
	*job->out_len = out_len;
	return rv;
}

static CK_RV read_secret(const struct job *job, CK_OBJECT_HANDLE secret, size_t want)
{
	CK_ATTRIBUTE value = {CKA_VALUE, job->out, KEEPER_MAX_PAYLOAD};
	CK_RV rv = job->functions->C_GetAttributeValue(job->session, secret, &value, 1);
	uint8_t any = 0;

	if (rv == CKR_OK && value.ulValueLen != want)
		rv = CKR_GENERAL_ERROR;
	*job->out_len = want;
	for (size_t i = 0; rv == CKR_OK && i < want; i++)
		any |= job->out[i];
	/* Zeros come from a point of small order. */
	return rv == CKR_OK && !any ? CKR_DATA_INVALID : rv;
}

static CK_RV derive(const struct job *job)
{
	const size_t want = kind_bytes(job->scheme->kind);
	CK_ECDH1_DERIVE_PARAMS params = {CKD_NULL, 0, NULL, job->len, (CK_BYTE_PTR)job->in};
	CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof(params)};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = want;
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},	  {CKA_KEY_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &no, sizeof(no)},	  {CKA_SENSITIVE, &no, sizeof(no)},
	    {CKA_EXTRACTABLE, &yes, sizeof(yes)}, {CKA_VALUE_LEN, &len, sizeof(len)},
	};
	CK_OBJECT_HANDLE secret;
	CK_RV rv = job->functions->C_DeriveKey(job->session, &mechanism, job->key, template,
					       ARRAY_SIZE(template), &secret);

	if (rv != CKR_OK)
		return rv;
	rv = read_secret(job, secret, want);
	(void)job->functions->C_DestroyObject(job->session, secret);
	return rv;
}

CK_RV p11_operate(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
		  const struct p11_object *object, const struct p11_request *request,
		  const uint8_t *in, uint8_t *out, size_t *out_len)
{
	const struct scheme *scheme = scheme_find(request->scheme);
	struct job job = {functions,	   session, object->handle, scheme, NULL, in,
			  request->in_len, out,	    out_len};

	if (!scheme || scheme->kind != object->kind || request->aux_len > request->in_len)
		return CKR_KEY_TYPE_INCONSISTENT;
	job.hash = scheme->digest ? hash_of(scheme) : NULL;
	switch (request->type) {
	case P11_SIGN:
		return scheme->use == KEEPER_USE_SIGN ? sign_any(&job) : CKR_MECHANISM_INVALID;
	case P11_DECRYPT:
		return scheme->family == FAMILY_OAEP ? decrypt(&job, request->aux_len)
						     : CKR_MECHANISM_INVALID;
	case P11_DERIVE:
		return scheme->family == FAMILY_ECDH ? derive(&job) : CKR_MECHANISM_INVALID;
	default:
		return CKR_FUNCTION_NOT_SUPPORTED;
	}
}
