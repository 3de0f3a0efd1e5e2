/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p11_token.c - tokens and their sessions. See p11_token.h. */
#include "keeper/p11_token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/util.h"

/* How long a caller waits for a session, and how often one is asked for meanwhile. */
#define WAIT_NS UINT64_C(4000000000)
#define WAIT_STEP_NS 50000000

static const struct {
	CK_RV rv;
	const char *name;
	enum p11_remedy remedy;
} values[] = {
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", REMEDY_SESSION},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", REMEDY_SESSION},
    {CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE", REMEDY_SESSION},
    {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED", REMEDY_SESSION},
    {CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED", REMEDY_SESSION},
    {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED", REMEDY_SESSION},
    {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR", REMEDY_SESSION},
    {CKR_HOST_MEMORY, "CKR_HOST_MEMORY", REMEDY_SESSION},
    {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", REMEDY_SESSION},
    {CKR_SESSION_COUNT, "CKR_SESSION_COUNT", REMEDY_SESSION},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", REMEDY_LOGIN},
    {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID", REMEDY_OBJECT},
    {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID", REMEDY_OBJECT},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", REMEDY_TOKEN},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", REMEDY_TOKEN},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", REMEDY_TOKEN},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", REMEDY_TOKEN},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", REMEDY_TOKEN},
    {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED", REMEDY_PROCESS},
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT", REMEDY_NONE},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED", REMEDY_NONE},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", REMEDY_NONE},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", REMEDY_NONE},
    {CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID", REMEDY_NONE},
    {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT", REMEDY_NONE},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED", REMEDY_NONE},
    {CKR_ENCRYPTED_DATA_INVALID, "CKR_ENCRYPTED_DATA_INVALID", REMEDY_NONE},
    {CKR_ENCRYPTED_DATA_LEN_RANGE, "CKR_ENCRYPTED_DATA_LEN_RANGE", REMEDY_NONE},
    {CKR_DATA_INVALID, "CKR_DATA_INVALID", REMEDY_NONE},
    {CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE", REMEDY_NONE},
    {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD", REMEDY_NONE},
};

enum p11_remedy p11_remedy(CK_RV rv)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (values[i].rv == rv)
			return values[i].remedy;
	return REMEDY_NONE;
}

const char *p11_name(CK_RV rv)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (values[i].rv == rv)
			return values[i].name;
	return "";
}

void p11_token_init(struct p11_token *token, CK_FUNCTION_LIST *functions, const char *name,
		    const uint8_t *pin, size_t pin_len)
{
	*token = (struct p11_token){.functions = functions};
	(void)snprintf(token->name, sizeof(token->name), "%s", name);
	token->pin_len = pin_len < sizeof(token->pin) ? pin_len : sizeof(token->pin);
	if (pin_len)
		memcpy(token->pin, pin, token->pin_len);
	pthread_mutex_init(&token->lock, NULL);
	pthread_cond_init(&token->freed, NULL);
}

/* A label of 32 bytes, filled with blanks. */
static bool has_label(const CK_TOKEN_INFO *info, const char *name)
{
	size_t len = strlen(name);

	if (len > sizeof(info->label) || memcmp(info->label, name, len) != 0)
		return false;
	for (; len < sizeof(info->label); len++)
		if (info->label[len] != ' ' && info->label[len] != '\0')
			return false;
	return true;
}

static unsigned int most_sessions(const CK_TOKEN_INFO *info)
{
	CK_ULONG max = info->ulMaxSessionCount;

	return max == CK_EFFECTIVELY_INFINITE || max == CK_UNAVAILABLE_INFORMATION ||
		       max > P11_MAX_SESSIONS
		   ? P11_MAX_SESSIONS
		   : (unsigned int)max;
}

/* The slot that has the token now. */
static CK_RV find_slot(struct p11_token *token)
{
	CK_SLOT_ID slots[64];
	CK_ULONG n = 0;
	CK_TOKEN_INFO info;
	CK_RV rv;

	/* Without an array it is that modules look for new slots. */
	rv = token->functions->C_GetSlotList(CK_TRUE, NULL, &n);
	n = ARRAY_SIZE(slots);
	if (rv == CKR_OK)
		rv = token->functions->C_GetSlotList(CK_TRUE, slots, &n);
	if (rv != CKR_OK)
		return rv;
	for (CK_ULONG i = 0; i < n; i++) {
		if (token->functions->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    !has_label(&info, token->name))
			continue;
		token->slot = slots[i];
		token->max = most_sessions(&info);
		token->present = true;
		return CKR_OK;
	}
	return CKR_TOKEN_NOT_PRESENT;
}

/* The next try to get a session, at most. */
static void wait_for_one(struct p11_token *token)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += WAIT_STEP_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(&token->freed, &token->lock, &until);
}

static CK_RV get_session(struct p11_token *token, CK_SESSION_HANDLE *session)
{
	const uint64_t begun = now_ns();
	CK_RV rv = CKR_SESSION_COUNT;

	while (now_ns() - begun < WAIT_NS) {
		if (!token->present) {
			rv = find_slot(token);
			if (rv != CKR_OK)
				return rv;
		}
		if (token->idle_count) {
			*session = token->idle[--token->idle_count];
			return CKR_OK;
		}
		if (token->open < token->max) {
			rv = token->functions->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL,
							     NULL, session);
			if (rv == CKR_OK) {
				token->open++;
				return rv;
			}
			if (rv != CKR_SESSION_COUNT)
				return rv;
			/* Others have the rest; theirs may come free. */
			if (token->open)
				token->max = token->open;
		}
		wait_for_one(token);
	}
	return rv;
}

static CK_RV login(struct p11_token *token, CK_SESSION_HANDLE session)
{
	CK_RV rv;

	if (token->logged_in || !token->pin_len)
		return CKR_OK;
	if (token->bad_pin)
		return CKR_PIN_INCORRECT;
	rv = token->functions->C_Login(session, CKU_USER, token->pin, token->pin_len);
	if (rv == CKR_USER_ALREADY_LOGGED_IN)
		rv = CKR_OK;
	token->logged_in = rv == CKR_OK;
	if (rv != CKR_PIN_INCORRECT && rv != CKR_PIN_LOCKED && rv != CKR_PIN_EXPIRED &&
	    rv != CKR_PIN_LEN_RANGE && rv != CKR_PIN_INVALID)
		return rv;
	token->bad_pin = true;
	log_msg(LOG_ERROR, "token %s refuses the PIN (0x%lx %s): it is not tried again",
		token->name, rv, p11_name(rv));
	return rv;
}

CK_RV p11_borrow(struct p11_token *token, struct p11_session *session)
{
	CK_RV rv;

	pthread_mutex_lock(&token->lock);
	rv = get_session(token, &session->handle);
	session->generation = token->generation;
	if (rv == CKR_OK) {
		rv = login(token, session->handle);
		/* It stays: there is nothing wrong with the session. */
		if (rv != CKR_OK)
			token->idle[token->idle_count++] = session->handle;
	}
	pthread_mutex_unlock(&token->lock);
	return rv;
}

void p11_return(struct p11_token *token, struct p11_session *session, bool good)
{
	pthread_mutex_lock(&token->lock);
	if (session->generation == token->generation) {
		if (good) {
			token->idle[token->idle_count++] = session->handle;
		} else {
			token->open--;
			(void)token->functions->C_CloseSession(session->handle);
			/* The last session takes the login with it. */
			if (!token->open)
				token->logged_in = false;
		}
	}
	pthread_cond_signal(&token->freed);
	pthread_mutex_unlock(&token->lock);
}

void p11_repair(struct p11_token *token, unsigned int generation, enum p11_remedy remedy)
{
	pthread_mutex_lock(&token->lock);
	if (generation != token->generation) {
		/* Another thread has done it. */
	} else if (remedy == REMEDY_LOGIN) {
		token->logged_in = false;
	} else if (remedy == REMEDY_OBJECT || remedy == REMEDY_TOKEN) {
		while (token->objects) {
			struct p11_object *next = token->objects->next;

			free(token->objects);
			token->objects = next;
		}
		if (remedy == REMEDY_TOKEN) {
			if (token->present)
				(void)token->functions->C_CloseAllSessions(token->slot);
			token->generation++;
			token->present = token->logged_in = false;
			token->idle_count = token->open = 0;
		}
	}
	pthread_mutex_unlock(&token->lock);
}
