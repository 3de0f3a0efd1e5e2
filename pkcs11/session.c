/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c - sessions, searches, and handles of objects. See module.h. */
#include "pkcs11/module.h"

#include <stdlib.h>
#include <string.h>

#include "common/util.h"

struct session *session_of(CK_SESSION_HANDLE handle)
{
	if (!handle || handle > MAX_SESSIONS || !module.sessions[handle - 1].open)
		return NULL;
	return &module.sessions[handle - 1];
}

struct key *key_of(CK_OBJECT_HANDLE handle, bool *private, size_t *index)
{
	size_t i = (size_t)handle / 2 - 1;

	if (handle < 2 || i >= module.num_keys || module.keys[i]->gone)
		return NULL;
	*private = handle % 2 == 0;
	if (index)
		*index = i;
	return module.keys[i];
}

struct secret *secret_of(struct session *session, CK_OBJECT_HANDLE handle)
{
	CK_OBJECT_HANDLE i = handle - HANDLE_SECRET;

	if (handle < HANDLE_SECRET || i >= MAX_SECRETS || !session->secrets ||
	    !session->secrets[i].value)
		return NULL;
	return &session->secrets[i];
}

void secret_wipe(struct secret *secret)
{
	OPENSSL_clear_free(secret->value, secret->len);
	memset(secret, 0, sizeof(*secret));
}

static void search_end(struct session *session)
{
	free(session->found);
	session->found = NULL;
	session->num_found = 0;
	session->at = 0;
	session->searching = false;
}

void session_close(struct session *session)
{
	operation_end(&session->operation);
	search_end(session);
	for (size_t i = 0; session->secrets && i < MAX_SECRETS; i++)
		secret_wipe(&session->secrets[i]);
	free(session->secrets);
	memset(session, 0, sizeof(*session));
}

CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **session)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	*session = session_of(handle);
	return *session ? CKR_OK : module_leave(CKR_SESSION_HANDLE_INVALID);
}

CK_RV operation_begin(CK_SESSION_HANDLE handle, const CK_MECHANISM *mechanism,
		      CK_OBJECT_HANDLE object, enum step step,
		      CK_RV (*parse)(const struct key *key, const CK_MECHANISM *mechanism,
				     struct operation *operation))
{
	struct operation begun = {.step = step};
	struct session *session;
	CK_RV rv = session_enter(handle, &session);
	struct key *key;
	bool private = false;

	if (rv != CKR_OK)
		return rv;
	if (!mechanism)
		return module_leave(CKR_ARGUMENTS_BAD);
	if (session->operation.step)
		return module_leave(CKR_OPERATION_ACTIVE);
	key = key_of(object, &private, &begun.key);
	if (!key)
		return module_leave(CKR_KEY_HANDLE_INVALID);
	if (!private)
		return module_leave(CKR_KEY_FUNCTION_NOT_PERMITTED);
	rv = parse(key, mechanism, &begun);
	if (rv == CKR_OK)
		session->operation = begun;
	else
		operation_end(&begun);
	return module_leave(rv);
}

static CK_RV open_session(CK_FLAGS flags, CK_SESSION_HANDLE *ret)
{
	CK_RV rv;

	/* The token is there if its keys can be listed. */
	rv = device_refresh();
	if (rv != CKR_OK)
		return rv == CKR_DEVICE_REMOVED ? CKR_TOKEN_NOT_PRESENT : rv;
	for (size_t i = 0; i < MAX_SESSIONS; i++) {
		if (module.sessions[i].open)
			continue;
		module.sessions[i] = (struct session){.open = true, .flags = flags};
		*ret = (CK_SESSION_HANDLE)i + 1;
		return CKR_OK;
	}
	return CKR_SESSION_COUNT;
}

CK_RV p11_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		       CK_SESSION_HANDLE *ret)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (slot != SLOT)
		return module_leave(CKR_SLOT_ID_INVALID);
	if (!(flags & CKF_SERIAL_SESSION))
		return module_leave(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	if (!ret)
		return module_leave(CKR_ARGUMENTS_BAD);
	return module_leave(open_session(flags, ret));
}

CK_RV p11_close_session(CK_SESSION_HANDLE handle)
{
	struct session *session;
	CK_RV rv = session_enter(handle, &session);

	if (rv != CKR_OK)
		return rv;
	session_close(session);
	return module_leave(CKR_OK);
}

CK_RV p11_close_all_sessions(CK_SLOT_ID slot)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (slot != SLOT)
		return module_leave(CKR_SLOT_ID_INVALID);
	for (size_t i = 0; i < MAX_SESSIONS; i++)
		if (module.sessions[i].open)
			session_close(&module.sessions[i]);
	return module_leave(CKR_OK);
}

CK_RV p11_get_session_info(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
	struct session *session;
	CK_RV rv = session_enter(handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (!info)
		return module_leave(CKR_ARGUMENTS_BAD);
	*info = (CK_SESSION_INFO){
	    .slotID = SLOT,
	    .state =
		session->flags & CKF_RW_SESSION ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION,
	    .flags = session->flags,
	};
	return module_leave(CKR_OK);
}

/* There is no PIN, so any is right: programs that always log in go on. */
CK_RV p11_login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (!session_of(handle))
		return module_leave(CKR_SESSION_HANDLE_INVALID);
	return module_leave(
	    user == CKU_USER || user == CKU_CONTEXT_SPECIFIC ? CKR_OK : CKR_USER_TYPE_INVALID);
}

CK_RV p11_logout(CK_SESSION_HANDLE handle)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	return module_leave(session_of(handle) ? CKR_OK : CKR_SESSION_HANDLE_INVALID);
}

/* Searches */

/* Whether the object has the attribute with exactly this value. */
static bool matches_one(struct session *session, CK_OBJECT_HANDLE object,
			const CK_ATTRIBUTE *wanted)
{
	uint8_t room[CRYPT_KEY_MAX_SPKI];
	CK_ATTRIBUTE a = {wanted->type, room, sizeof(room)};

	if (object_attribute(session, object, &a) != CKR_OK || a.ulValueLen != wanted->ulValueLen)
		return false;
	return !a.ulValueLen || (wanted->pValue && !memcmp(room, wanted->pValue, a.ulValueLen));
}

static bool matches(struct session *session, CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template,
		    CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (!matches_one(session, object, &template[i]))
			return false;
	return true;
}

static CK_RV search(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = device_refresh();
	size_t most = 2 * module.num_keys + MAX_SECRETS;

	if (rv != CKR_OK)
		return rv;
	session->found = calloc(most, sizeof(*session->found));
	if (!session->found)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < module.num_keys; i++) {
		CK_OBJECT_HANDLE halves[] = {handle_private(i), handle_public(i)};

		for (size_t j = 0; j < 2 && !module.keys[i]->gone; j++)
			if (matches(session, halves[j], template, count))
				session->found[session->num_found++] = halves[j];
	}
	for (size_t i = 0; i < MAX_SECRETS; i++)
		if (secret_of(session, HANDLE_SECRET + i) &&
		    matches(session, HANDLE_SECRET + i, template, count))
			session->found[session->num_found++] = HANDLE_SECRET + i;
	session->searching = true;
	return CKR_OK;
}

CK_RV p11_find_init(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct session *session;
	CK_RV rv = session_enter(handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (session->searching)
		return module_leave(CKR_OPERATION_ACTIVE);
	if (!template && count)
		return module_leave(CKR_ARGUMENTS_BAD);
	return module_leave(search(session, template, count));
}

CK_RV p11_find(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *count)
{
	struct session *session;
	CK_RV rv = session_enter(handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (!session->searching)
		return module_leave(CKR_OPERATION_NOT_INITIALIZED);
	if (!ret || !count)
		return module_leave(CKR_ARGUMENTS_BAD);
	for (*count = 0; *count < max && session->at < session->num_found; ++*count)
		ret[*count] = session->found[session->at++];
	return module_leave(CKR_OK);
}

CK_RV p11_find_final(CK_SESSION_HANDLE handle)
{
	struct session *session;
	CK_RV rv = session_enter(handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (!session->searching)
		return module_leave(CKR_OPERATION_NOT_INITIALIZED);
	search_end(session);
	return module_leave(CKR_OK);
}

CK_RV p11_destroy_object(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object)
{
	struct session *session;
	CK_RV rv = session_enter(handle, &session);
	struct secret *secret;
	bool private;

	if (rv != CKR_OK)
		return rv;
	if (key_of(object, &private, NULL))
		return module_leave(CKR_TOKEN_WRITE_PROTECTED);
	secret = secret_of(session, object);
	if (!secret)
		return module_leave(CKR_OBJECT_HANDLE_INVALID);
	secret_wipe(secret);
	return module_leave(CKR_OK);
}
