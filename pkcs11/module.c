/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module.c - beginning and end, the slot, the token, and the table of functions. See module.h. */
#include "pkcs11/module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "pkcs11/unsupported.h"

struct module module = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fork_prepare(void)
{
	pthread_mutex_lock(&module.lock);
}

static void fork_done(void)
{
	pthread_mutex_unlock(&module.lock);
}

static void watch_fork(void)
{
	pthread_atfork(fork_prepare, fork_done, fork_done);
}

CK_RV module_enter(void)
{
	pthread_mutex_lock(&module.lock);
	if (module.initialized && module.pid == getpid())
		return CKR_OK;
	pthread_mutex_unlock(&module.lock);
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

CK_RV module_leave(CK_RV rv)
{
	pthread_mutex_unlock(&module.lock);
	return rv;
}

/* Forgets everything. Sessions on the device end with the last descriptor of it: a parent's stay. */
static void forget(void)
{
	for (size_t i = 0; i < MAX_SESSIONS; i++)
		if (module.sessions[i].open)
			session_close(&module.sessions[i]);
	device_close();
	for (size_t i = 0; i < module.num_keys; i++) {
		free(module.keys[i]->spki);
		free(module.keys[i]);
	}
	free(module.keys);
	module.keys = NULL;
	module.num_keys = 0;
	OSSL_LIB_CTX_free(module.lib);
	module.lib = NULL;
	module.initialized = false;
}

/* Locks are the system's, which is what a caller of today's programs wants or accepts. */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *args)
{
	int given;

	if (!args)
		return CKR_OK;
	given =
	    !!args->CreateMutex + !!args->DestroyMutex + !!args->LockMutex + !!args->UnlockMutex;
	if ((given && given != 4) || args->pReserved)
		return CKR_ARGUMENTS_BAD;
	return given && !(args->flags & CKF_OS_LOCKING_OK) ? CKR_CANT_LOCK : CKR_OK;
}

static CK_RV start(void)
{
	if (module.initialized && module.pid == getpid())
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	if (module.initialized)
		forget();
	module.pid = getpid();
	module.initialized = true;
	return CKR_OK;
}

static CK_RV initialize(void *args)
{
	CK_RV rv = check_arguments(args);

	if (rv != CKR_OK)
		return rv;
	pthread_once(&once, watch_fork);
	pthread_mutex_lock(&module.lock);
	return module_leave(start());
}

static CK_RV finalize(void *reserved)
{
	CK_RV rv;

	if (reserved)
		return CKR_ARGUMENTS_BAD;
	rv = module_enter();
	if (rv != CKR_OK)
		return rv;
	forget();
	return module_leave(CKR_OK);
}

/* PKCS#11's texts have blanks behind, and no end. */
static void text(unsigned char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	memset(to, ' ', size);
	memcpy(to, from, len < size ? len : size);
}

#define TEXT(to, from) text(to, sizeof(to), from)

/* 1.2.3 is 1.2 here. */
static CK_VERSION version(void)
{
	unsigned int major = 0, minor = 0;

	if (sscanf(VCD_VERSION, "%u.%u", &major, &minor) != 2)
		return (CK_VERSION){0};
	return (CK_VERSION){(unsigned char)major, (unsigned char)minor};
}

static CK_RV get_info(CK_INFO *info)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (!info)
		return module_leave(CKR_ARGUMENTS_BAD);
	*info = (CK_INFO){.cryptokiVersion = {2, 40}, .libraryVersion = version()};
	TEXT(info->manufacturerID, "virtio-cryptodev");
	TEXT(info->libraryDescription, "keys that the host has");
	return module_leave(CKR_OK);
}

static CK_RV get_slot_list(unsigned char present, CK_SLOT_ID *list, CK_ULONG *count)
{
	CK_RV rv = module_enter();
	CK_ULONG room, have;

	if (rv != CKR_OK)
		return rv;
	if (!count)
		return module_leave(CKR_ARGUMENTS_BAD);
	have = present && device_refresh() != CKR_OK ? 0 : 1;
	room = *count;
	*count = have;
	if (!list)
		return module_leave(CKR_OK);
	if (room < have)
		return module_leave(CKR_BUFFER_TOO_SMALL);
	if (have)
		*list = SLOT;
	return module_leave(CKR_OK);
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (slot != SLOT)
		return module_leave(CKR_SLOT_ID_INVALID);
	if (!info)
		return module_leave(CKR_ARGUMENTS_BAD);
	*info = (CK_SLOT_INFO){.flags = CKF_REMOVABLE_DEVICE | CKF_HW_SLOT};
	if (device_refresh() == CKR_OK)
		info->flags |= CKF_TOKEN_PRESENT;
	TEXT(info->slotDescription, "virtio-cryptodev");
	TEXT(info->manufacturerID, "virtio-cryptodev");
	return module_leave(CKR_OK);
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (slot != SLOT)
		return module_leave(CKR_SLOT_ID_INVALID);
	if (!info)
		return module_leave(CKR_ARGUMENTS_BAD);
	if (device_refresh() != CKR_OK)
		return module_leave(CKR_TOKEN_NOT_PRESENT);
	*info = (CK_TOKEN_INFO){
	    .flags = CKF_RNG | CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED,
	    .ulMaxSessionCount = MAX_SESSIONS,
	    .ulSessionCount = CK_UNAVAILABLE_INFORMATION,
	    .ulMaxRwSessionCount = MAX_SESSIONS,
	    .ulRwSessionCount = CK_UNAVAILABLE_INFORMATION,
	    .ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
	};
	TEXT(info->label, "virtio-cryptodev");
	TEXT(info->manufacturerID, "virtio-cryptodev");
	TEXT(info->model, "keeper");
	TEXT(info->serialNumber, "1");
	TEXT(info->utcTime, "");
	return module_leave(CKR_OK);
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_RV rv = module_enter();
	CK_ULONG room;

	if (rv != CKR_OK)
		return rv;
	if (slot != SLOT)
		return module_leave(CKR_SLOT_ID_INVALID);
	if (!count)
		return module_leave(CKR_ARGUMENTS_BAD);
	room = *count;
	*count = mechanism_list(list, list ? room : 0);
	return module_leave(list && room < *count ? CKR_BUFFER_TOO_SMALL : CKR_OK);
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	CK_RV rv = module_enter();

	if (rv != CKR_OK)
		return rv;
	if (slot != SLOT)
		return module_leave(CKR_SLOT_ID_INVALID);
	return module_leave(info ? mechanism_info(type, info) : CKR_ARGUMENTS_BAD);
}

/* The token stays where it is. */
static CK_RV wait_for_slot_event(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
	return flags & CKF_DONT_BLOCK ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}

/* The kernel's numbers: programs that are used to ask the token for some go on. */
static CK_RV generate_random(CK_SESSION_HANDLE handle, unsigned char *to, CK_ULONG len)
{
	CK_RV rv = module_enter();
	ssize_t n;

	if (rv != CKR_OK)
		return rv;
	rv = module_leave(session_of(handle) ? CKR_OK : CKR_SESSION_HANDLE_INVALID);
	if (rv == CKR_OK && !to && len)
		rv = CKR_ARGUMENTS_BAD;
	while (rv == CKR_OK && len) {
		n = getrandom(to, len, 0);
		if (n < 0 && errno != EINTR)
			return CKR_FUNCTION_FAILED;
		if (n > 0) {
			to += n;
			len -= (CK_ULONG)n;
		}
	}
	return rv;
}

static CK_FUNCTION_LIST functions = {
    .version = {2, 40},
    .C_Initialize = initialize,
    .C_Finalize = finalize,
    .C_GetInfo = get_info,
    .C_GetFunctionList = C_GetFunctionList,
    .C_GetSlotList = get_slot_list,
    .C_GetSlotInfo = get_slot_info,
    .C_GetTokenInfo = get_token_info,
    .C_GetMechanismList = get_mechanism_list,
    .C_GetMechanismInfo = get_mechanism_info,
    .C_InitToken = no_init_token,
    .C_InitPIN = no_init_pin,
    .C_SetPIN = no_set_pin,
    .C_OpenSession = p11_open_session,
    .C_CloseSession = p11_close_session,
    .C_CloseAllSessions = p11_close_all_sessions,
    .C_GetSessionInfo = p11_get_session_info,
    .C_GetOperationState = no_get_operation_state,
    .C_SetOperationState = no_set_operation_state,
    .C_Login = p11_login,
    .C_Logout = p11_logout,
    .C_CreateObject = no_create_object,
    .C_CopyObject = no_copy_object,
    .C_DestroyObject = p11_destroy_object,
    .C_GetObjectSize = no_get_object_size,
    .C_GetAttributeValue = p11_get_attribute_value,
    .C_SetAttributeValue = no_set_attribute_value,
    .C_FindObjectsInit = p11_find_init,
    .C_FindObjects = p11_find,
    .C_FindObjectsFinal = p11_find_final,
    .C_EncryptInit = no_encrypt_init,
    .C_Encrypt = no_encrypt,
    .C_EncryptUpdate = no_encrypt_update,
    .C_EncryptFinal = no_encrypt_final,
    .C_DecryptInit = p11_decrypt_init,
    .C_Decrypt = p11_decrypt,
    .C_DecryptUpdate = no_decrypt_update,
    .C_DecryptFinal = no_decrypt_final,
    .C_DigestInit = no_digest_init,
    .C_Digest = no_digest,
    .C_DigestUpdate = no_digest_update,
    .C_DigestKey = no_digest_key,
    .C_DigestFinal = no_digest_final,
    .C_SignInit = p11_sign_init,
    .C_Sign = p11_sign,
    .C_SignUpdate = p11_sign_update,
    .C_SignFinal = p11_sign_final,
    .C_SignRecoverInit = no_sign_recover_init,
    .C_SignRecover = no_sign_recover,
    .C_VerifyInit = no_verify_init,
    .C_Verify = no_verify,
    .C_VerifyUpdate = no_verify_update,
    .C_VerifyFinal = no_verify_final,
    .C_VerifyRecoverInit = no_verify_recover_init,
    .C_VerifyRecover = no_verify_recover,
    .C_DigestEncryptUpdate = no_digest_encrypt_update,
    .C_DecryptDigestUpdate = no_decrypt_digest_update,
    .C_SignEncryptUpdate = no_sign_encrypt_update,
    .C_DecryptVerifyUpdate = no_decrypt_verify_update,
    .C_GenerateKey = no_generate_key,
    .C_GenerateKeyPair = no_generate_key_pair,
    .C_WrapKey = no_wrap_key,
    .C_UnwrapKey = no_unwrap_key,
    .C_DeriveKey = p11_derive_key,
    .C_SeedRandom = no_seed_random,
    .C_GenerateRandom = generate_random,
    .C_GetFunctionStatus = no_get_function_status,
    .C_CancelFunction = no_cancel_function,
    .C_WaitForSlotEvent = wait_for_slot_event,
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (!list)
		return CKR_ARGUMENTS_BAD;
	*list = &functions;
	return CKR_OK;
}
