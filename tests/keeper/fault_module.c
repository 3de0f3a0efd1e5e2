/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault_module.c - a PKCS#11 module that does what real ones do at their worst.
 *
 * It has one token, "fault", PIN 1234, with a P-256 key "key" that it makes when it is loaded, from the
 * file $FAULT_KEY. The file $FAULT_PLAN says what is to go wrong, and is read at each call that may:
 *
 *     ok                         nothing
 *     slow MS                    each C_Sign takes so long
 *     hang                       C_Sign does not come back
 *     crash                      C_Sign ends the process by a signal
 *     CALL RV COUNT              the next COUNT calls of CALL return RV
 *
 * $FAULT_SESSIONS is the number of sessions that the token has; without it there is no limit. Two
 * operations at a time in one session end the process: a caller must not do that.
 */
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define MAX_SESSIONS 64u
#define PRIVATE 1ul
#define PUBLIC 2ul

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* All under the lock. */
static struct {
	bool open;
	bool signing;
	bool busy;
	unsigned int found;
} sessions[MAX_SESSIONS + 1];
static bool initialized, logged_in;
static char plan[100];
static unsigned int plan_count;
static EVP_PKEY *key;

/* What is to happen at @call; the number behind its name in @number. */
static CK_RV planned(const char *call, long *number)
{
	char now[sizeof(plan)] = "", name[40];
	const char *path = getenv("FAULT_PLAN");
	FILE *file = path ? fopen(path, "r") : NULL;
	unsigned long rv;
	unsigned int count;
	CK_RV ret = CKR_OK;

	*number = 0;
	if (!file)
		return CKR_OK;
	if (!fgets(now, sizeof(now), file))
		now[0] = '\0';
	fclose(file);
	pthread_mutex_lock(&lock);
	if (strcmp(now, plan) != 0) {
		memcpy(plan, now, sizeof(plan));
		plan_count = 0;
	}
	if (sscanf(plan, "slow %ld", number) == 1)
		;
	else if (sscanf(plan, "%39s %lx %u", name, &rv, &count) == 3 && !strcmp(name, call) &&
		 plan_count < count) {
		plan_count++;
		ret = rv;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

static CK_RV check(CK_SESSION_HANDLE session, const char *call)
{
	long ignored;
	CK_RV rv = planned(call, &ignored);
	bool open;

	pthread_mutex_lock(&lock);
	open = session && session <= MAX_SESSIONS && sessions[session].open;
	pthread_mutex_unlock(&lock);
	if (rv == CKR_OK && !initialized)
		rv = CKR_CRYPTOKI_NOT_INITIALIZED;
	return rv == CKR_OK && !open ? CKR_SESSION_HANDLE_INVALID : rv;
}

static CK_RV fault_initialize(void *args)
{
	const char *path = getenv("FAULT_KEY");
	FILE *file = path ? fopen(path, "r") : NULL;

	if (!file)
		return CKR_GENERAL_ERROR;
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	initialized = key != NULL;
	return key ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV fault_slots(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
	long ignored;
	CK_RV rv = planned("C_GetSlotList", &ignored);

	if (rv != CKR_OK)
		return rv;
	if (slots && *count)
		slots[0] = 7;
	*count = 1;
	return CKR_OK;
}

static CK_RV fault_token(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	const char *limit = getenv("FAULT_SESSIONS");

	memset(info, 0, sizeof(*info));
	memset(info->label, ' ', sizeof(info->label));
	memcpy(info->label, "fault", 5);
	/* Some do not say how many they have. */
	info->ulMaxSessionCount =
	    limit && *limit == '+' ? strtoul(limit, NULL, 10) : CK_UNAVAILABLE_INFORMATION;
	return CKR_OK;
}

static CK_RV fault_open(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
			CK_SESSION_HANDLE *ret)
{
	const char *limit = getenv("FAULT_SESSIONS");
	unsigned long max = limit ? strtoul(limit, NULL, 10) : MAX_SESSIONS;
	long ignored;
	CK_RV rv = planned("C_OpenSession", &ignored);

	if (rv != CKR_OK)
		return rv;
	rv = CKR_SESSION_COUNT;
	pthread_mutex_lock(&lock);
	for (unsigned long i = 1; i <= max && i <= MAX_SESSIONS; i++)
		if (!sessions[i].open) {
			sessions[i].open = true;
			sessions[i].signing = sessions[i].busy = false;
			*ret = i;
			rv = CKR_OK;
			break;
		}
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV fault_close(CK_SESSION_HANDLE session)
{
	bool any = false;

	pthread_mutex_lock(&lock);
	if (session <= MAX_SESSIONS)
		sessions[session].open = false;
	for (unsigned int i = 1; i <= MAX_SESSIONS; i++)
		any |= sessions[i].open;
	if (!any)
		logged_in = false;
	pthread_mutex_unlock(&lock);
	return CKR_OK;
}

static CK_RV fault_close_all(CK_SLOT_ID slot)
{
	for (unsigned int i = 1; i <= MAX_SESSIONS; i++)
		(void)fault_close(i);
	return CKR_OK;
}

static CK_RV fault_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len)
{
	CK_RV rv = check(session, "C_Login");
	FILE *log = getenv("FAULT_LOGINS") ? fopen(getenv("FAULT_LOGINS"), "a") : NULL;

	if (log) {
		fputc('.', log);
		fclose(log);
	}
	if (rv != CKR_OK)
		return rv;
	if (len != 4 || memcmp(pin, "1234", 4) != 0)
		return CKR_PIN_INCORRECT;
	if (logged_in)
		return CKR_USER_ALREADY_LOGGED_IN;
	logged_in = true;
	return CKR_OK;
}

static CK_RV fault_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a,
			     CK_ULONG count)
{
	static const uint8_t p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
	const CK_KEY_TYPE type = CKK_EC;
	uint8_t value[80], *point = NULL;
	size_t len = 0;

	if (a->type == CKA_KEY_TYPE) {
		len = sizeof(type);
		memcpy(value, &type, len);
	} else if (a->type == CKA_EC_PARAMS) {
		len = sizeof(p256);
		memcpy(value, p256, len);
	} else if (a->type == CKA_ID) {
		len = 1;
		value[0] = 9;
	} else if (a->type == CKA_EC_POINT && object == PUBLIC) {
		len = EVP_PKEY_get1_encoded_public_key(key, &point);
		value[0] = 4;
		value[1] = (uint8_t)len;
		memcpy(value + 2, point, len);
		OPENSSL_free(point);
		len += 2;
	}
	if (!len || a->ulValueLen < len)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	memcpy(a->pValue, value, len);
	a->ulValueLen = len;
	return CKR_OK;
}

static CK_RV fault_find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *wanted, CK_ULONG count)
{
	CK_RV rv = check(session, "C_FindObjectsInit");
	CK_OBJECT_CLASS class = 0;

	if (rv != CKR_OK)
		return rv;
	memcpy(&class, wanted[0].pValue, sizeof(class));
	sessions[session].found = class == CKO_PUBLIC_KEY		  ? PUBLIC
				  : class == CKO_PRIVATE_KEY && logged_in ? PRIVATE
									  : 0;
	for (CK_ULONG i = 1; i < count; i++)
		if (wanted[i].type == CKA_LABEL &&
		    (wanted[i].ulValueLen != 3 || memcmp(wanted[i].pValue, "key", 3) != 0))
			sessions[session].found = 0;
	return CKR_OK;
}

static CK_RV fault_find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max,
			CK_ULONG *count)
{
	*count = sessions[session].found ? 1 : 0;
	objects[0] = sessions[session].found;
	sessions[session].found = 0;
	return CKR_OK;
}

static CK_RV fault_find_final(CK_SESSION_HANDLE session)
{
	return CKR_OK;
}

static CK_RV fault_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			     CK_OBJECT_HANDLE object)
{
	CK_RV rv = check(session, "C_SignInit");

	if (rv != CKR_OK)
		return rv;
	if (!logged_in)
		return CKR_USER_NOT_LOGGED_IN;
	if (mechanism->mechanism != CKM_ECDSA || object != PRIVATE)
		return CKR_MECHANISM_INVALID;
	pthread_mutex_lock(&lock);
	if (sessions[session].signing)
		rv = CKR_OPERATION_ACTIVE;
	sessions[session].signing = true;
	pthread_mutex_unlock(&lock);
	return rv;
}

static void enter(CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&lock);
	if (sessions[session].busy)
		abort();
	sessions[session].busy = true;
	pthread_mutex_unlock(&lock);
}

static void leave(CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&lock);
	sessions[session].busy = sessions[session].signing = false;
	pthread_mutex_unlock(&lock);
}

static void misbehave(long slow_ms)
{
	struct timespec ts = {slow_ms / 1000, slow_ms % 1000 * 1000000};

	if (!strncmp(plan, "crash", 5))
		abort();
	while (!strncmp(plan, "hang", 4))
		pause();
	nanosleep(&ts, NULL);
}

static CK_RV fault_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t der[80];
	const uint8_t *at = der;
	size_t der_len = sizeof(der);
	ECDSA_SIG *sig = NULL;
	long slow_ms;
	CK_RV rv = planned("C_Sign", &slow_ms);

	enter(session);
	misbehave(slow_ms);
	if (rv == CKR_OK && ctx && EVP_PKEY_sign_init(ctx) > 0 &&
	    EVP_PKEY_sign(ctx, der, &der_len, data, len) > 0)
		sig = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
	if (sig) {
		BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
		*out_len = 64;
	}
	leave(session);
	ECDSA_SIG_free(sig);
	EVP_PKEY_CTX_free(ctx);
	return sig ? CKR_OK : rv == CKR_OK ? CKR_GENERAL_ERROR : rv;
}

static CK_FUNCTION_LIST functions = {
    .version = {2, 40},
    .C_Initialize = fault_initialize,
    .C_GetSlotList = fault_slots,
    .C_GetTokenInfo = fault_token,
    .C_OpenSession = fault_open,
    .C_CloseSession = fault_close,
    .C_CloseAllSessions = fault_close_all,
    .C_Login = fault_login,
    .C_GetAttributeValue = fault_attribute,
    .C_FindObjectsInit = fault_find_init,
    .C_FindObjects = fault_find,
    .C_FindObjectsFinal = fault_find_final,
    .C_SignInit = fault_sign_init,
    .C_Sign = fault_sign,
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	*list = &functions;
	return CKR_OK;
}
