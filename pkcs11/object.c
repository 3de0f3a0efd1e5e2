/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.c - attributes of objects. See module.h. */
#include "pkcs11/module.h"

#include <string.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

static CK_RV put(CK_ATTRIBUTE *a, const void *value, size_t len)
{
	if (a->pValue && a->ulValueLen < len) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (a->pValue && len)
		memcpy(a->pValue, value, len);
	a->ulValueLen = len;
	return CKR_OK;
}

static CK_RV put_bool(CK_ATTRIBUTE *a, bool value)
{
	CK_BBOOL b = value ? CK_TRUE : CK_FALSE;

	return put(a, &b, sizeof(b));
}

static CK_RV put_number(CK_ATTRIBUTE *a, CK_ULONG value)
{
	return put(a, &value, sizeof(value));
}

static CK_RV refuse(CK_ATTRIBUTE *a, CK_RV rv)
{
	a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	return rv;
}

static CK_KEY_TYPE key_type(const struct key *key)
{
	switch (key->info.kind) {
	case VCD_KIND_RSA:
		return CKK_RSA;
	case VCD_KIND_ED25519:
		return CKK_EC_EDWARDS;
	case VCD_KIND_X25519:
		return CKK_EC_MONTGOMERY;
	default:
		return CKK_EC;
	}
}

/* A curve's point, in an OCTET STRING. */
static CK_RV put_point(CK_ATTRIBUTE *a, const struct public_key *public)
{
	uint8_t der[256] = {0x04};
	size_t head = 2;

	if (public->point_len + 3 > sizeof(der))
		return refuse(a, CKR_ATTRIBUTE_TYPE_INVALID);
	if (public->point_len > 0x7f)
		der[head++ - 1] = 0x81;
	der[head - 1] = (uint8_t) public->point_len;
	memcpy(der + head, public->point, public->point_len);
	return put(a, der, head + public->point_len);
}

/* Attributes that are made of the public key. */
static CK_RV put_public(const struct key *key, CK_ATTRIBUTE *a)
{
	struct public_key public;
	bool is_rsa = key->info.kind == VCD_KIND_RSA;

	if (!der_public(key, &public))
		return refuse(a, CKR_ATTRIBUTE_TYPE_INVALID);
	switch (a->type) {
	case CKA_MODULUS:
		return is_rsa ? put(a, public.modulus, public.modulus_len)
			      : refuse(a, CKR_ATTRIBUTE_TYPE_INVALID);
	case CKA_PUBLIC_EXPONENT:
		return is_rsa ? put(a, public.exponent, public.exponent_len)
			      : refuse(a, CKR_ATTRIBUTE_TYPE_INVALID);
	case CKA_MODULUS_BITS:
		return is_rsa ? put_number(a, key->info.bits)
			      : refuse(a, CKR_ATTRIBUTE_TYPE_INVALID);
	case CKA_EC_PARAMS:
		return is_rsa ? refuse(a, CKR_ATTRIBUTE_TYPE_INVALID)
			      : put(a, public.params, public.params_len);
	default:
		return is_rsa ? refuse(a, CKR_ATTRIBUTE_TYPE_INVALID) : put_point(a, &public);
	}
}

/* Those that all objects of the token have. */
static CK_RV put_common(const struct key *key, CK_ATTRIBUTE *a)
{
	switch (a->type) {
	case CKA_TOKEN:
		return put_bool(a, true);
	case CKA_PRIVATE:
	case CKA_MODIFIABLE:
	case CKA_LOCAL:
		return put_bool(a, false);
	case CKA_LABEL:
	/* Two labels may be of one key, with other rights; so the id is the label, too. */
	case CKA_ID:
		return put(a, key->name.label, strlen(key->name.label));
	case CKA_KEY_TYPE:
		return put_number(a, key_type(key));
	case CKA_SUBJECT:
	case CKA_START_DATE:
	case CKA_END_DATE:
		return put(a, NULL, 0);
	case CKA_KEY_GEN_MECHANISM:
		return put_number(a, CK_UNAVAILABLE_INFORMATION);
	case CKA_PUBLIC_KEY_INFO:
		return put(a, key->spki, key->spki_len);
	case CKA_MODULUS:
	case CKA_PUBLIC_EXPONENT:
	case CKA_MODULUS_BITS:
	case CKA_EC_PARAMS:
	case CKA_EC_POINT:
		return put_public(key, a);
	default:
		return refuse(a, CKR_ATTRIBUTE_TYPE_INVALID);
	}
}

static CK_RV private_attribute(const struct key *key, CK_ATTRIBUTE *a)
{
	CK_MECHANISM_TYPE allowed[32];

	switch (a->type) {
	case CKA_CLASS:
		return put_number(a, CKO_PRIVATE_KEY);
	case CKA_SIGN:
		return put_bool(a, key->info.use & CRYPT_KEY_USE_SIGN);
	case CKA_DECRYPT:
		return put_bool(a, key->info.use & CRYPT_KEY_USE_DECRYPT);
	case CKA_DERIVE:
		return put_bool(a, key->info.use & CRYPT_KEY_USE_DERIVE);
	case CKA_SENSITIVE:
	case CKA_ALWAYS_SENSITIVE:
	case CKA_NEVER_EXTRACTABLE:
		return put_bool(a, true);
	case CKA_EXTRACTABLE:
	case CKA_SIGN_RECOVER:
	case CKA_UNWRAP:
	case CKA_WRAP_WITH_TRUSTED:
	case CKA_ALWAYS_AUTHENTICATE:
		return put_bool(a, false);
	case CKA_ALLOWED_MECHANISMS:
		return put(a, allowed,
			   mechanism_key(key, allowed, ARRAY_SIZE(allowed)) * sizeof(allowed[0]));
	case CKA_VALUE:
	case CKA_PRIVATE_EXPONENT:
	case CKA_PRIME_1:
	case CKA_PRIME_2:
	case CKA_EXPONENT_1:
	case CKA_EXPONENT_2:
	case CKA_COEFFICIENT:
		return refuse(a, CKR_ATTRIBUTE_SENSITIVE);
	default:
		return put_common(key, a);
	}
}

/* The module neither verifies nor encrypts: programs do that with what they read here. */
static CK_RV public_attribute(const struct key *key, CK_ATTRIBUTE *a)
{
	switch (a->type) {
	case CKA_CLASS:
		return put_number(a, CKO_PUBLIC_KEY);
	case CKA_VERIFY:
	case CKA_ENCRYPT:
	case CKA_VERIFY_RECOVER:
	case CKA_WRAP:
	case CKA_DERIVE:
	case CKA_TRUSTED:
		return put_bool(a, false);
	default:
		return put_common(key, a);
	}
}

static CK_RV secret_attribute(const struct secret *secret, CK_ATTRIBUTE *a)
{
	switch (a->type) {
	case CKA_CLASS:
		return put_number(a, CKO_SECRET_KEY);
	case CKA_KEY_TYPE:
		return put_number(a, secret->type);
	case CKA_LABEL:
		return put(a, secret->label, strlen(secret->label));
	case CKA_ID:
		return put(a, NULL, 0);
	case CKA_VALUE_LEN:
		return put_number(a, secret->len);
	case CKA_VALUE:
		return secret->sensitive || !secret->extractable
			   ? refuse(a, CKR_ATTRIBUTE_SENSITIVE)
			   : put(a, secret->value, secret->len);
	case CKA_SENSITIVE:
		return put_bool(a, secret->sensitive);
	case CKA_EXTRACTABLE:
		return put_bool(a, secret->extractable);
	case CKA_TOKEN:
	case CKA_PRIVATE:
	case CKA_MODIFIABLE:
	case CKA_LOCAL:
	case CKA_ENCRYPT:
	case CKA_DECRYPT:
	case CKA_SIGN:
	case CKA_VERIFY:
	case CKA_WRAP:
	case CKA_UNWRAP:
	case CKA_DERIVE:
		return put_bool(a, false);
	default:
		return refuse(a, CKR_ATTRIBUTE_TYPE_INVALID);
	}
}

CK_RV object_attribute(struct session *session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attribute)
{
	const struct secret *secret = secret_of(session, handle);
	bool private = false;
	const struct key *key = secret ? NULL : key_of(handle, &private, NULL);

	if (secret)
		return secret_attribute(secret, attribute);
	if (!key)
		return CKR_OBJECT_HANDLE_INVALID;
	return private ? private_attribute(key, attribute) : public_attribute(key, attribute);
}

/* All are answered, whatever is wrong with some; the first fault is the result. */
CK_RV p11_get_attribute_value(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object,
			      CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = module_enter(), one;
	struct session *session;

	if (rv != CKR_OK)
		return rv;
	session = session_of(handle);
	if (!session)
		return module_leave(CKR_SESSION_HANDLE_INVALID);
	if (!template || !count)
		return module_leave(CKR_ARGUMENTS_BAD);
	for (CK_ULONG i = 0; i < count; i++) {
		one = object_attribute(session, object, &template[i]);
		if (rv == CKR_OK)
			rv = one;
	}
	return module_leave(rv);
}
