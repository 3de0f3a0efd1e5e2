/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p11_find.c - finding keys in tokens. See p11_token.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/util.h"
#include "keeper/p11_token.h"
#include "keeper/policy_internal.h"

/* The one private key that the URI means. */
static CK_RV search(struct p11_token *token, CK_SESSION_HANDLE session, const char *uri,
		    CK_OBJECT_HANDLE *ret)
{
	CK_FUNCTION_LIST *f = token->functions;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	size_t label_len = 0, id_len = 0;
	_cleanup_free_ char *label = policy_uri_part(uri, "object", &label_len);
	_cleanup_free_ char *id = policy_uri_part(uri, "id", &id_len);
	CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof(class)}};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 1;
	CK_RV rv, end;

	if (label)
		wanted[n++] = (CK_ATTRIBUTE){CKA_LABEL, label, label_len};
	if (id)
		wanted[n++] = (CK_ATTRIBUTE){CKA_ID, id, id_len};
	rv = f->C_FindObjectsInit(session, wanted, n);
	if (rv != CKR_OK)
		return rv;
	n = 0;
	rv = f->C_FindObjects(session, found, ARRAY_SIZE(found), &n);
	end = f->C_FindObjectsFinal(session);
	if (rv == CKR_OK)
		rv = end;
	if (rv != CKR_OK)
		return rv;
	if (n != 1) {
		log_limited(LOG_ERROR, "token %s has %s private key for %s", token->name,
			    n ? "more than one" : "no", uri);
		return CKR_KEY_HANDLE_INVALID;
	}
	*ret = found[0];
	return CKR_OK;
}

/* A key that wants the PIN for each use would have to get it from us each time: refused. */
static bool wants_pin(struct p11_token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle)
{
	CK_BBOOL always = CK_FALSE;
	CK_ATTRIBUTE attribute = {CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always)};

	return token->functions->C_GetAttributeValue(session, handle, &attribute, 1) == CKR_OK &&
	       attribute.ulValueLen == sizeof(always) && always;
}

static CK_RV find_now(struct p11_token *token, CK_SESSION_HANDLE session, const char *uri,
		      struct p11_object *object)
{
	CK_RV rv = search(token, session, uri, &object->handle);

	if (rv != CKR_OK)
		return rv;
	if (wants_pin(token, session, object->handle)) {
		log_limited(LOG_ERROR,
			    "token %s, %s: the key has CKA_ALWAYS_AUTHENTICATE: it cannot be used "
			    "by a service",
			    token->name, uri);
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	}
	rv = p11_public(token->functions, session, object);
	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		log_limited(
		    LOG_ERROR,
		    "token %s, %s: it is none of RSA with 2048 to 4096 bits, P-256, P-384, "
		    "P-521, Ed25519, X25519, or the token has neither its public key nor its "
		    "certificate",
		    token->name, uri);
	return rv;
}

CK_RV p11_find(struct p11_token *token, const struct p11_session *session, const char *uri,
	       struct p11_object *ret)
{
	struct p11_object *object;
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&token->lock);
	for (object = token->objects; object; object = object->next)
		if (!strcmp(object->uri, uri))
			break;
	if (!object) {
		object = calloc(1, sizeof(*object));
		rv = object ? find_now(token, session->handle, uri, object) : CKR_HOST_MEMORY;
		if (rv == CKR_OK) {
			(void)snprintf(object->uri, sizeof(object->uri), "%s", uri);
			object->next = token->objects;
			token->objects = object;
		} else {
			free(object);
			object = NULL;
		}
	}
	if (object)
		*ret = *object;
	pthread_mutex_unlock(&token->lock);
	return rv;
}
