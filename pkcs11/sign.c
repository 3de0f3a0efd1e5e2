/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sign.c - signatures. See module.h.
 *
 * A message goes to the host as it is while it is short, and as a digest otherwise. The operation
 * is taken out of the session while the host works, and is put back when the caller's room was too
 * small, or only the length was asked for.
 */
#include "pkcs11/module.h"

#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

CK_RV p11_sign_init(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE object)
{
	return operation_begin(handle, mechanism, object, STEP_SIGN, mechanism_sign);
}

/* Bytes of a signature. */
static size_t signature_size(const struct key *key)
{
	switch (key->info.kind) {
	case VCD_KIND_RSA:
		return (key->info.bits + 7) / 8;
	default:
		return 2 * key_kind_bytes(key->info.kind);
	}
}

static CK_RV append(struct operation *o, const void *data, size_t len)
{
	uint8_t *more;

	if (len > CRYPT_KEY_MAX_DATA || o->len > CRYPT_KEY_MAX_DATA - len)
		return CKR_DATA_LEN_RANGE;
	if (!len)
		return CKR_OK;
	more = realloc(o->data, o->len + len);
	if (!more)
		return CKR_HOST_MEMORY;
	o->data = more;
	memcpy(more + o->len, data, len);
	o->len += len;
	return CKR_OK;
}

/* libcrypto comes into play with the first long message only: a program that ends may have cleaned
 * it up before it calls C_Finalize(). */
static CK_RV start_hash(struct operation *o)
{
	EVP_MD *md;
	bool good;

	if (!module.lib)
		module.lib = OSSL_LIB_CTX_new();
	if (!module.lib)
		return CKR_HOST_MEMORY;
	md = EVP_MD_fetch(module.lib, key_digest_name(o->scheme->digest), NULL);
	o->hash = EVP_MD_CTX_new();
	good = md && o->hash && EVP_DigestInit_ex2(o->hash, md, NULL) &&
	       EVP_DigestUpdate(o->hash, o->data, o->len);
	EVP_MD_free(md);
	return good ? CKR_OK : CKR_HOST_MEMORY;
}

/* More of what is to be signed. */
static CK_RV add(struct operation *o, const void *data, size_t len)
{
	bool digests = o->hashes && o->scheme->digest;
	CK_RV rv = CKR_OK;

	if (digests && !o->hash && (len > MAX_MESSAGE || o->len > MAX_MESSAGE - len))
		rv = start_hash(o);
	if (rv != CKR_OK)
		return rv;
	if (o->hash)
		return EVP_DigestUpdate(o->hash, data, len) ? CKR_OK : CKR_FUNCTION_FAILED;
	return append(o, data, len);
}

/* The scheme of a mechanism that leaves it to the data, which become the digest. */
static CK_RV scheme_of_data(const struct key *key, struct operation *o, const uint8_t **in,
			    size_t *len)
{
	static const enum key_digest all[] = {KEY_SHA256, KEY_SHA384, KEY_SHA512};
	enum key_digest digest = KEY_NO_DIGEST;

	if (o->family == KEY_RSA_PKCS1) {
		*in = key_digest_info(*in, *len, &digest);
		if (!*in)
			return CKR_DATA_INVALID;
		*len = key_digest_size(digest);
	}
	for (size_t i = 0; i < ARRAY_SIZE(all) && o->family == KEY_ECDSA; i++)
		if (key_digest_size(all[i]) == *len)
			digest = all[i];
	o->scheme = digest ? key_scheme_find(key->info.kind, o->family, digest) : NULL;
	if (!o->scheme)
		return CKR_DATA_LEN_RANGE;
	return key->info.schemes & UINT64_C(1) << o->scheme->id ? CKR_OK
								: CKR_KEY_FUNCTION_NOT_PERMITTED;
}

/* Has the host sign; @o is not in a session, and the lock is not held. */
static CK_RV have_signed(const struct key *key, struct operation *o, uint8_t *sig)
{
	uint8_t digest[EVP_MAX_MD_SIZE], out[MAX_SIGNATURE];
	const uint8_t *in = o->data;
	size_t len = o->len, size = signature_size(key);
	struct crypt_key_op op = {
	    .op = CRYPT_KEYOP_SIGN, .out = (uintptr_t)out, .out_len = sizeof(out)};
	unsigned int digest_len;
	CK_RV rv = CKR_OK;

	if (o->hash) {
		if (!EVP_DigestFinal_ex(o->hash, digest, &digest_len))
			return CKR_FUNCTION_FAILED;
		in = digest;
		len = digest_len;
	} else if (o->hashes) {
		op.flags = CRYPT_KEYOP_MESSAGE;
	} else if (!o->scheme) {
		rv = in ? scheme_of_data(key, o, &in, &len) : CKR_DATA_LEN_RANGE;
	}
	if (rv == CKR_OK && !op.flags && len != key_digest_size(o->scheme->digest))
		rv = CKR_DATA_LEN_RANGE;
	if (rv != CKR_OK)
		return rv;
	op.scheme = o->scheme->id;
	op.in = (uintptr_t)in;
	op.in_len = (uint32_t)len;
	rv = device_operate(o->key, &op);
	if (rv != CKR_OK)
		return rv;
	if (o->family == KEY_ECDSA)
		return der_signature(out, op.out_len, size / 2, sig) ? CKR_OK : CKR_DEVICE_ERROR;
	if (op.out_len != size)
		return CKR_DEVICE_ERROR;
	memcpy(sig, out, size);
	return CKR_OK;
}

/*
 * Takes the operation out of its session, if @step is where it is and there is room. Under the
 * lock; CKR_OK and @o->step 0: only the length was asked for.
 */
static CK_RV take(CK_SESSION_HANDLE handle, bool updated, const unsigned char *sig,
		  CK_ULONG *sig_len, struct operation *o, struct key **key)
{
	struct session *session = session_of(handle);
	CK_ULONG room;

	if (!session)
		return CKR_SESSION_HANDLE_INVALID;
	if (session->operation.step != STEP_SIGN && session->operation.step != STEP_UPDATE)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (!sig_len)
		return CKR_ARGUMENTS_BAD;
	if (!updated && session->operation.step == STEP_UPDATE)
		return CKR_OPERATION_ACTIVE;
	*key = module.keys[session->operation.key];
	room = *sig_len;
	*sig_len = signature_size(*key);
	if (!sig)
		return CKR_OK;
	if (room < *sig_len)
		return CKR_BUFFER_TOO_SMALL;
	*o = session->operation;
	memset(&session->operation, 0, sizeof(session->operation));
	return CKR_OK;
}

CK_RV p11_sign(CK_SESSION_HANDLE handle, unsigned char *data, CK_ULONG len, unsigned char *sig,
	       CK_ULONG *sig_len)
{
	CK_RV rv = module_enter();
	struct operation o = {0};
	struct key *key;

	if (rv != CKR_OK)
		return rv;
	if (!data && len)
		return module_leave(CKR_ARGUMENTS_BAD);
	rv = take(handle, false, sig, sig_len, &o, &key);
	if (rv == CKR_OK && o.step)
		rv = add(&o, data, len);
	module_leave(rv);
	if (rv == CKR_OK && o.step)
		rv = have_signed(key, &o, sig);
	operation_end(&o);
	return rv;
}

CK_RV p11_sign_update(CK_SESSION_HANDLE handle, unsigned char *data, CK_ULONG len)
{
	struct session *session;
	CK_RV rv = session_enter(handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (session->operation.step != STEP_SIGN && session->operation.step != STEP_UPDATE)
		return module_leave(CKR_OPERATION_NOT_INITIALIZED);
	if (!data && len)
		return module_leave(CKR_ARGUMENTS_BAD);
	session->operation.step = STEP_UPDATE;
	rv = add(&session->operation, data, len);
	if (rv != CKR_OK)
		operation_end(&session->operation);
	return module_leave(rv);
}

CK_RV p11_sign_final(CK_SESSION_HANDLE handle, unsigned char *sig, CK_ULONG *sig_len)
{
	CK_RV rv = module_enter();
	struct operation o = {0};
	struct key *key;

	if (rv != CKR_OK)
		return rv;
	rv = take(handle, true, sig, sig_len, &o, &key);
	module_leave(rv);
	if (rv == CKR_OK && o.step)
		rv = have_signed(key, &o, sig);
	operation_end(&o);
	return rv;
}
