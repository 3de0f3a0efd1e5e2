/* SPDX-License-Identifier: GPL-2.0-or-later */
/* operate.c - decryption and derivation. See module.h. */
#include "pkcs11/module.h"

#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

CK_RV p11_decrypt_init(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE object)
{
	return operation_begin(handle, mechanism, object, STEP_DECRYPT, mechanism_decrypt);
}

/* The plaintext to @out of CRYPT_KEY_MAX_DATA / 2 bytes. */
static CK_RV have_decrypted(const struct operation *o, const uint8_t *in, size_t len, uint8_t *out,
			    size_t *out_len)
{
	struct crypt_key_op op = {
	    .op = CRYPT_KEYOP_DECRYPT,
	    .scheme = o->scheme->id,
	    .in = (uintptr_t)in,
	    .in_len = (uint32_t)len,
	    .aux = (uintptr_t)o->label,
	    .aux_len = (uint32_t)o->label_len,
	    .out = (uintptr_t)out,
	    .out_len = CRYPT_KEY_MAX_DATA / 2,
	};
	CK_RV rv = device_operate(o->key, &op);

	*out_len = op.out_len;
	return rv == CKR_DATA_LEN_RANGE ? CKR_ENCRYPTED_DATA_LEN_RANGE : rv;
}

/* Takes the operation out of its session. Under the lock. */
static CK_RV take(CK_SESSION_HANDLE handle, size_t len, struct operation *o)
{
	struct session *session = session_of(handle);
	struct key *key;

	if (!session)
		return CKR_SESSION_HANDLE_INVALID;
	if (session->operation.step != STEP_DECRYPT)
		return CKR_OPERATION_NOT_INITIALIZED;
	key = module.keys[session->operation.key];
	*o = session->operation;
	memset(&session->operation, 0, sizeof(session->operation));
	return len == (key->info.bits + 7) / 8 ? CKR_OK : CKR_ENCRYPTED_DATA_LEN_RANGE;
}

/* Puts it back, for a second call with enough room. */
static void put_back(CK_SESSION_HANDLE handle, struct operation *o)
{
	struct session *session;

	if (module_enter() != CKR_OK)
		return;
	session = session_of(handle);
	if (session && !session->operation.step) {
		session->operation = *o;
		memset(o, 0, sizeof(*o));
	}
	module_leave(CKR_OK);
}

CK_RV p11_decrypt(CK_SESSION_HANDLE handle, unsigned char *in, CK_ULONG len, unsigned char *out,
		  CK_ULONG *out_len)
{
	uint8_t plain[CRYPT_KEY_MAX_DATA / 2];
	CK_RV rv = module_enter();
	struct operation o = {0};
	size_t plain_len = 0;

	if (rv != CKR_OK)
		return rv;
	if (!in || !out_len)
		return module_leave(CKR_ARGUMENTS_BAD);
	rv = take(handle, len, &o);
	module_leave(rv);
	if (rv == CKR_OK && !out) {
		*out_len = len;
		put_back(handle, &o);
		return CKR_OK;
	}
	if (rv == CKR_OK)
		rv = have_decrypted(&o, in, len, plain, &plain_len);
	if (rv == CKR_OK && *out_len < plain_len) {
		put_back(handle, &o);
		rv = CKR_BUFFER_TOO_SMALL;
	} else if (rv == CKR_OK) {
		memcpy(out, plain, plain_len);
	}
	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		*out_len = plain_len;
	explicit_bzero(plain, sizeof(plain));
	operation_end(&o);
	return rv;
}

/* Derivation */

static bool is_true(const CK_ATTRIBUTE *a)
{
	return a->pValue && a->ulValueLen == sizeof(CK_BBOOL) && *(const CK_BBOOL *)a->pValue;
}

static bool get_number(const CK_ATTRIBUTE *a, CK_ULONG *ret)
{
	if (!a->pValue || a->ulValueLen != sizeof(*ret))
		return false;
	memcpy(ret, a->pValue, sizeof(*ret));
	return true;
}

/* What the caller wants of the new key. @secret->len: its bytes, 0: all. */
static CK_RV read_template(const CK_ATTRIBUTE *template, CK_ULONG count, struct secret *secret)
{
	CK_ULONG number;

	*secret = (struct secret){.type = CKK_GENERIC_SECRET, .extractable = true};
	for (CK_ULONG i = 0; i < count; i++) {
		const CK_ATTRIBUTE *a = &template[i];

		switch (a->type) {
		case CKA_CLASS:
			if (!get_number(a, &number) || number != CKO_SECRET_KEY)
				return CKR_TEMPLATE_INCONSISTENT;
			break;
		case CKA_KEY_TYPE:
			if (!get_number(a, &secret->type))
				return CKR_ATTRIBUTE_VALUE_INVALID;
			break;
		case CKA_VALUE_LEN:
			if (!get_number(a, &number) || !number || number > CRYPT_KEY_MAX_DATA)
				return CKR_ATTRIBUTE_VALUE_INVALID;
			secret->len = number;
			break;
		case CKA_TOKEN:
			if (is_true(a))
				return CKR_TOKEN_WRITE_PROTECTED;
			break;
		case CKA_SENSITIVE:
			secret->sensitive = is_true(a);
			break;
		case CKA_EXTRACTABLE:
			secret->extractable = is_true(a);
			break;
		case CKA_LABEL:
			if (a->ulValueLen >= sizeof(secret->label) || (a->ulValueLen && !a->pValue))
				return CKR_ATTRIBUTE_VALUE_INVALID;
			if (a->ulValueLen)
				memcpy(secret->label, a->pValue, a->ulValueLen);
			break;
		case CKA_VALUE:
			return CKR_TEMPLATE_INCONSISTENT;
		default:
			break;
		}
	}
	return CKR_OK;
}

/* The shared value becomes the key's: its last bytes, where less is wanted. */
static CK_RV agree(size_t key, const struct key_scheme *scheme, const uint8_t *point, size_t len,
		   struct secret *secret)
{
	uint8_t shared[MAX_SIGNATURE];
	struct crypt_key_op op = {
	    .op = CRYPT_KEYOP_DERIVE,
	    .scheme = scheme->id,
	    .in = (uintptr_t)point,
	    .in_len = (uint32_t)len,
	    .out = (uintptr_t)shared,
	    .out_len = sizeof(shared),
	};
	CK_RV rv = device_operate(key, &op);

	if (rv != CKR_OK)
		return rv == CKR_DEVICE_ERROR ? CKR_MECHANISM_PARAM_INVALID : rv;
	if (op.out_len > sizeof(shared) || secret->len > op.out_len)
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (!secret->len)
		secret->len = op.out_len;
	if (rv == CKR_OK)
		secret->value = OPENSSL_malloc(secret->len);
	if (rv == CKR_OK && !secret->value)
		rv = CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		memcpy(secret->value, shared + op.out_len - secret->len, secret->len);
	explicit_bzero(shared, sizeof(shared));
	return rv;
}

/* Gives the secret to the session. Under the lock. */
static CK_RV keep(struct session *session, struct secret *secret, CK_OBJECT_HANDLE *ret)
{
	if (!session->secrets)
		session->secrets = calloc(MAX_SECRETS, sizeof(*session->secrets));
	if (!session->secrets)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < MAX_SECRETS; i++) {
		if (session->secrets[i].value)
			continue;
		session->secrets[i] = *secret;
		memset(secret, 0, sizeof(*secret));
		*ret = HANDLE_SECRET + i;
		return CKR_OK;
	}
	return CKR_DEVICE_MEMORY;
}

/* Whether the key may do it, and how. Under the lock. */
static CK_RV check(CK_SESSION_HANDLE handle, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
		   size_t *index, const struct key_scheme **scheme)
{
	const CK_ECDH1_DERIVE_PARAMS *p = mechanism->pParameter;
	bool private = false;
	const struct key *key;

	if (!session_of(handle))
		return CKR_SESSION_HANDLE_INVALID;
	if (mechanism->mechanism != CKM_ECDH1_DERIVE)
		return CKR_MECHANISM_INVALID;
	if (!p || mechanism->ulParameterLen != sizeof(*p) || p->kdf != CKD_NULL ||
	    p->ulSharedDataLen || !p->pPublicData || p->ulPublicDataLen > CRYPT_KEY_MAX_DATA)
		return CKR_MECHANISM_PARAM_INVALID;
	key = key_of(base, &private, index);
	if (!key)
		return CKR_KEY_HANDLE_INVALID;
	*scheme = key_scheme_find(key->info.kind, KEY_ECDH, KEY_NO_DIGEST);
	if (!*scheme)
		return CKR_KEY_TYPE_INCONSISTENT;
	return private && (key->info.schemes & UINT64_C(1) << (*scheme)->id)
		   ? CKR_OK
		   : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

CK_RV p11_derive_key(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
		     CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	const struct key_scheme *scheme = NULL;
	const CK_ECDH1_DERIVE_PARAMS *p;
	struct secret secret = {0};
	struct session *session;
	const uint8_t *point;
	size_t index = 0, len;
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (!mechanism || !ret || (!template && count))
		return module_leave(CKR_ARGUMENTS_BAD);
	rv = check(handle, mechanism, base, &index, &scheme);
	if (rv == CKR_OK)
		rv = read_template(template, count, &secret);
	module_leave(rv);
	if (rv != CKR_OK)
		return rv;
	p = mechanism->pParameter;
	point = p->pPublicData;
	len = p->ulPublicDataLen;
	der_point(scheme->kind, &point, &len);
	rv = agree(index, scheme, point, len, &secret);
	if (rv == CKR_OK)
		rv = module_enter();
	if (rv == CKR_OK) {
		session = session_of(handle);
		rv = module_leave(session ? keep(session, &secret, ret)
					  : CKR_SESSION_HANDLE_INVALID);
	}
	secret_wipe(&secret);
	return rv;
}
