/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * p11_public.c - the public half of a token's private key. See p11_token.h.
 *
 * An RSA public key is part of the private key object. For the others there is
 * a public key object or a certificate with the same id, or else label; new
 * tokens have CKA_PUBLIC_KEY_INFO.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "common/util.h"
#include "keeper/key.h"
#include "keeper/p11_token.h"

#define MAX_VALUE 8192

/* CKK_EC_MONTGOMERY of PKCS#11 3.0, which p11-kit's header does not have. */
#define KEY_EC_MONTGOMERY 0x41UL

/** struct where - how to ask a token. */
struct where {
	CK_FUNCTION_LIST *functions;
	CK_SESSION_HANDLE session;
};

/* An attribute of an object. 0: it has none. */
static size_t get(const struct where *w, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		  uint8_t *value, size_t size)
{
	CK_ATTRIBUTE attribute = {type, value, size};

	if (w->functions->C_GetAttributeValue(w->session, object, &attribute, 1) != CKR_OK ||
	    attribute.ulValueLen > size)
		return 0;
	return attribute.ulValueLen;
}

/* An object that belongs to a private key: same id, or same label where there is none. */
static bool companion(const struct where *w, CK_OBJECT_HANDLE key, CK_OBJECT_CLASS class,
		      CK_OBJECT_HANDLE *ret)
{
	static const CK_ATTRIBUTE_TYPE names[] = {CKA_ID, CKA_LABEL};
	CK_FUNCTION_LIST *f = w->functions;
	uint8_t name[256];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = get(w, key, names[i], name, sizeof(name));
		CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)}, {names[i], name, len}};
		CK_ULONG n = 0;

		if (!len || f->C_FindObjectsInit(w->session, wanted, 2) != CKR_OK)
			continue;
		if (f->C_FindObjects(w->session, ret, 1, &n) != CKR_OK)
			n = 0;
		(void)f->C_FindObjectsFinal(w->session);
		if (n)
			return true;
	}
	return false;
}

static EVP_PKEY *from_data(const char *type, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) > 0 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *rsa_key(const struct where *w, CK_OBJECT_HANDLE key)
{
	uint8_t modulus[1024], exponent[64];
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	size_t modulus_len = get(w, key, CKA_MODULUS, modulus, sizeof(modulus));
	size_t exponent_len = get(w, key, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
	BIGNUM *n = BN_bin2bn(modulus, (int)modulus_len, NULL);
	BIGNUM *e;
	EVP_PKEY *pkey = NULL;
	CK_OBJECT_HANDLE other;

	if (!exponent_len && companion(w, key, CKO_PUBLIC_KEY, &other))
		exponent_len = get(w, other, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
	e = BN_bin2bn(exponent, (int)exponent_len, NULL);
	if (builder && modulus_len && exponent_len && n && e &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
		pkey = from_data("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return pkey;
}

/* The point, which is an OCTET STRING by the book, and bare in some tokens. */
static const uint8_t *bare_point(const uint8_t *point, size_t *len, size_t want)
{
	size_t head = want < 128 ? 2 : 3;

	if (*len == want)
		return point;
	if (*len != want + head || point[0] != 4 || point[head - 1] != want)
		return NULL;
	*len = want;
	return point + head;
}

static const struct curve {
	const char *name;
	size_t point; /* bytes of an uncompressed point, or of the key */
	size_t params_len;
	uint8_t params[16];
} curves[] = {
    {"P-256", 65, 10, {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}},
    {"P-384", 97, 7, {6, 5, 0x2b, 0x81, 4, 0, 0x22}},
    {"P-521", 133, 7, {6, 5, 0x2b, 0x81, 4, 0, 0x23}},
    {"ED25519", 32, 5, {6, 3, 0x2b, 0x65, 0x70}},
    {"X25519", 32, 5, {6, 3, 0x2b, 0x65, 0x6e}},
    {"ED25519", 32, 14, {0x13, 12, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'}},
    {"X25519", 32, 12, {0x13, 10, 'c', 'u', 'r', 'v', 'e', '2', '5', '5', '1', '9'}},
};

static EVP_PKEY *point_key(const struct curve *curve, const uint8_t *point, size_t len)
{
	OSSL_PARAM_BLD *builder;
	EVP_PKEY *pkey = NULL;

	point = bare_point(point, &len, curve->point);
	if (!point)
		return NULL;
	if (curve->point == 32)
		return EVP_PKEY_new_raw_public_key_ex(NULL, curve->name, NULL, point, len);
	builder = OSSL_PARAM_BLD_new();
	if (builder &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len))
		pkey = from_data("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *curve_key(const struct where *w, CK_OBJECT_HANDLE key)
{
	uint8_t params[64], point[256];
	size_t params_len = get(w, key, CKA_EC_PARAMS, params, sizeof(params));
	size_t point_len;
	CK_OBJECT_HANDLE other;

	if (!companion(w, key, CKO_PUBLIC_KEY, &other))
		return NULL;
	point_len = get(w, other, CKA_EC_POINT, point, sizeof(point));
	for (size_t i = 0; point_len && i < ARRAY_SIZE(curves); i++)
		if (params_len == curves[i].params_len &&
		    !memcmp(params, curves[i].params, params_len))
			return point_key(&curves[i], point, point_len);
	return NULL;
}

static EVP_PKEY *info_key(const struct where *w, CK_OBJECT_HANDLE key)
{
	uint8_t info[MAX_VALUE];
	const uint8_t *at = info;
	size_t len = get(w, key, CKA_PUBLIC_KEY_INFO, info, sizeof(info));

	return len ? d2i_PUBKEY(NULL, &at, (long)len) : NULL;
}

static EVP_PKEY *certificate_key(const struct where *w, CK_OBJECT_HANDLE key)
{
	uint8_t value[MAX_VALUE];
	const uint8_t *at = value;
	CK_OBJECT_HANDLE other;
	EVP_PKEY *pkey = NULL;
	X509 *certificate;
	size_t len;

	if (!companion(w, key, CKO_CERTIFICATE, &other))
		return NULL;
	len = get(w, other, CKA_VALUE, value, sizeof(value));
	certificate = len ? d2i_X509(NULL, &at, (long)len) : NULL;
	if (certificate)
		pkey = X509_get_pubkey(certificate);
	X509_free(certificate);
	return pkey;
}

static EVP_PKEY *public_key(const struct where *w, CK_OBJECT_HANDLE key)
{
	CK_KEY_TYPE type = ~0UL;
	EVP_PKEY *pkey = NULL;

	if (get(w, key, CKA_KEY_TYPE, (uint8_t *)&type, sizeof(type)) != sizeof(type))
		return NULL;
	if (type == CKK_RSA)
		pkey = rsa_key(w, key);
	else if (type == CKK_EC || type == CKK_EC_EDWARDS || type == KEY_EC_MONTGOMERY)
		pkey = curve_key(w, key);
	if (!pkey)
		pkey = info_key(w, key);
	return pkey ? pkey : certificate_key(w, key);
}

CK_RV p11_public(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session, struct p11_object *object)
{
	const struct where where = {functions, session};
	EVP_PKEY *pkey = public_key(&where, object->handle);
	uint8_t *out = object->public_key;
	uint8_t hash[32];
	int len = pkey ? i2d_PUBKEY(pkey, NULL) : 0;
	CK_RV rv = CKR_KEY_TYPE_INCONSISTENT;

	if (len > 0 && len <= (int)sizeof(object->public_key)) {
		object->kind = public_kind(pkey, &object->bits);
		object->public_len = (size_t)i2d_PUBKEY(pkey, &out);
		if (object->kind != KEEPER_KIND_NONE &&
		    SHA256(object->public_key, object->public_len, hash)) {
			memcpy(object->check, hash, sizeof(object->check));
			rv = CKR_OK;
		}
	}
	EVP_PKEY_free(pkey);
	return rv;
}
