/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module.h - what the parts of the PKCS#11 module share.
 *
 * Theory of operation
 * -------------------
 * The module shows the keys that the host has as one token without a PIN. An object is a private
 * or a public key; objects that a program makes are secrets that it derived, and end with their
 * session. Signing, decrypting and deriving are calls to the device. Hashing of long messages is
 * libcrypto's, in a library context of its own.
 *
 * Everything is in one struct under one lock. A call copies what it needs, lets go of the lock
 * while the device works, and looks its session up again for what it has to keep there: so the
 * operations of several threads wait for the host at the same time.
 *
 * After fork() the child is not initialized. Its C_Initialize() forgets the parent's sessions, and
 * opens the device itself.
 *
 *	module.c	C_Initialize to C_GetMechanismInfo, and the table of functions
 *	device.c	the device: keys, sessions of keys, operations
 *	session.c	sessions, searches
 *	object.c	attributes
 *	der.c		public keys and signatures in DER
 *	mechanism.c	mechanisms and their parameters
 *	sign.c		C_Sign and its like
 *	operate.c	C_Decrypt, C_DeriveKey
 *
 * Functions return CKR_*.
 */
#ifndef VCD_PKCS11_MODULE_H
#define VCD_PKCS11_MODULE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/evp.h>

#include <p11-kit/pkcs11.h>

#include "common/key_client.h"
#include "common/key_scheme.h"

/* What p11-kit's header of Debian 12 lacks; PKCS#11 3.0. */
#ifndef CKK_EC_MONTGOMERY
#define CKK_EC_MONTGOMERY 0x41UL
#endif
#ifndef CKA_PUBLIC_KEY_INFO
#define CKA_PUBLIC_KEY_INFO 0x129UL
#endif

#define SLOT 0
#define MAX_SESSIONS 1024u
#define MAX_SECRETS 64u

/* Messages up to here go to the host as they are: it can look at them. */
#define MAX_MESSAGE 1024u

/* An ECDSA signature in DER, a public key: more than any has. */
#define MAX_SIGNATURE 1024u

/**
 * struct key - a key of the token.
 * @name: its name
 * @info: what the host told
 * @spki: its public key in DER, @spki_len bytes
 * @gone: the host does not list it any more
 * @ses: session on the device, 0: none yet
 */
struct key {
	struct key_name name;
	struct crypt_key info;
	uint8_t *spki;
	size_t spki_len;
	bool gone;
	uint32_t ses;
};

/**
 * struct secret - a secret key that was derived.
 * @value: @len bytes; NULL: this place is free
 * @type: CKK_*
 * @sensitive: the value is not to be read
 * @extractable: it may be
 */
struct secret {
	uint8_t *value;
	size_t len;
	CK_KEY_TYPE type;
	bool sensitive;
	bool extractable;
	char label[CRYPT_KEY_LABEL_LEN];
};

/**
 * enum step - what a session is in the middle of.
 */
enum step {
	STEP_NONE,
	STEP_SIGN,    /* C_SignInit was called */
	STEP_UPDATE,  /* and C_SignUpdate */
	STEP_DECRYPT, /* C_DecryptInit was called */
};

/**
 * struct operation - an operation that was begun.
 * @step: how far it is
 * @key: the key, in struct module
 * @scheme: the scheme; NULL: the data tell
 * @family: of the scheme
 * @hashes: the data are a message, not its digest
 * @data: what has been given so far, @len bytes
 * @hash: digest of a message that has become long, else NULL
 * @label: OAEP's label, @label_len bytes
 */
struct operation {
	enum step step;
	size_t key;
	const struct key_scheme *scheme;
	enum key_family family;
	bool hashes;
	uint8_t *data;
	size_t len;
	EVP_MD_CTX *hash;
	uint8_t *label;
	size_t label_len;
};

/**
 * struct session - a session.
 * @open: whether it is one
 * @flags: CKF_*
 * @operation: what was begun
 * @searching: C_FindObjectsInit was called
 * @found: what it found, @num_found handles, of which @at were told
 * @secrets: keys that were derived
 */
struct session {
	bool open;
	CK_FLAGS flags;
	struct operation operation;
	bool searching;
	CK_OBJECT_HANDLE *found;
	size_t num_found;
	size_t at;
	struct secret *secrets;
};

/**
 * struct module - everything.
 * @lock: covers all
 * @initialized: C_Initialize was called, by @pid
 * @fd: the device, -1: not open
 * @dev, @ino: of @fd, to know it again
 * @keys: @num_keys keys; they stay until C_Finalize
 * @sessions: the handle is the index and 1
 * @lib: libcrypto's context, NULL: not needed so far
 */
struct module {
	pthread_mutex_t lock;
	bool initialized;
	pid_t pid;
	int fd;
	dev_t dev;
	ino_t ino;
	struct key **keys;
	size_t num_keys;
	struct session sessions[MAX_SESSIONS];
	OSSL_LIB_CTX *lib;
};

extern struct module module;

/* module.c */

/** module_enter - takes the lock. Return: CKR_OK, or without the lock that it is not initialized. */
CK_RV module_enter(void);

/** module_leave - lets go of it. Return: @rv */
CK_RV module_leave(CK_RV rv);

/* device.c */

/** device_refresh - read the list of keys. Under the lock. */
CK_RV device_refresh(void);

/** device_close - let go of the device. */
void device_close(void);

/**
 * device_operate - one operation with a private key. Not under the lock.
 * @key: the key, in struct module
 * @op: all but the session; @op->out_len is set
 */
CK_RV device_operate(size_t key, struct crypt_key_op *op);

/* session.c */

/** session_of - the session, or NULL. Under the lock. */
struct session *session_of(CK_SESSION_HANDLE handle);

/**
 * session_enter - module_enter() for a call on a session.
 * @session: out
 *
 * Return: CKR_OK, and module_leave() is due; otherwise the result of the call.
 */
CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **session);

/**
 * operation_begin - begin an operation with a private key: C_SignInit, C_DecryptInit.
 * @step: what it is then
 * @parse: mechanism_sign() or mechanism_decrypt()
 */
CK_RV operation_begin(CK_SESSION_HANDLE handle, const CK_MECHANISM *mechanism,
		      CK_OBJECT_HANDLE object, enum step step,
		      CK_RV (*parse)(const struct key *key, const CK_MECHANISM *mechanism,
				     struct operation *operation));

/** session_close - ends it. Under the lock. */
void session_close(struct session *session);

/* Handles: a key's private and public half, and a session's secrets. */
#define HANDLE_SECRET 0x40000000UL
static inline CK_OBJECT_HANDLE handle_private(size_t key)
{
	return 2 * (CK_OBJECT_HANDLE)key + 2;
}
static inline CK_OBJECT_HANDLE handle_public(size_t key)
{
	return 2 * (CK_OBJECT_HANDLE)key + 3;
}

/** key_of - the key that the handle is a half of, or NULL. @index: out, or NULL. Under the lock. */
struct key *key_of(CK_OBJECT_HANDLE handle, bool *private, size_t *index);

/** secret_of - the secret with this handle, or NULL. Under the lock. */
struct secret *secret_of(struct session *session, CK_OBJECT_HANDLE handle);

/** secret_wipe - forgets it. */
void secret_wipe(struct secret *secret);

/* object.c */

/**
 * object_attribute - one attribute of an object.
 * @attribute: type, and room; its length is set
 */
CK_RV object_attribute(struct session *session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attribute);

/* mechanism.c */

/** mechanism_list - the mechanisms of the token; at most @max to @ret. Return: how many there are. */
size_t mechanism_list(CK_MECHANISM_TYPE *ret, size_t max);

/** mechanism_info - what is told of one. */
CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info);

/** mechanism_key - CKA_ALLOWED_MECHANISMS of a key; at most @max. Return: how many there are. */
size_t mechanism_key(const struct key *key, CK_MECHANISM_TYPE *ret, size_t max);

/** mechanism_sign, mechanism_decrypt - begin @operation with @key as the mechanism says. */
CK_RV mechanism_sign(const struct key *key, const CK_MECHANISM *mechanism,
		     struct operation *operation);
CK_RV mechanism_decrypt(const struct key *key, const CK_MECHANISM *mechanism,
			struct operation *operation);

/** operation_end - forget what was begun. */
void operation_end(struct operation *operation);

/* der.c */

/** struct public_key - the parts of a SubjectPublicKeyInfo, in it. */
struct public_key {
	const uint8_t *modulus, *exponent, *params, *point;
	size_t modulus_len, exponent_len, params_len, point_len;
};

/** der_public - takes a public key apart. Return: whether it is one that is known. */
bool der_public(const struct key *key, struct public_key *ret);

/** der_signature - an ECDSA signature in DER to two numbers of @size bytes. Return: whether it is. */
bool der_signature(const uint8_t *der, size_t len, size_t size, uint8_t *ret);

/** der_point - a peer's point: what is inside an OCTET STRING, or the bytes themselves. */
void der_point(unsigned int kind, const uint8_t **bytes, size_t *len);

/* The calls, by file */
CK_RV p11_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		       CK_SESSION_HANDLE *ret);
CK_RV p11_close_session(CK_SESSION_HANDLE handle);
CK_RV p11_close_all_sessions(CK_SLOT_ID slot);
CK_RV p11_get_session_info(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info);
CK_RV p11_login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len);
CK_RV p11_logout(CK_SESSION_HANDLE handle);
CK_RV p11_find_init(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV p11_find(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *count);
CK_RV p11_find_final(CK_SESSION_HANDLE handle);
CK_RV p11_destroy_object(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object);
CK_RV p11_get_attribute_value(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object,
			      CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV p11_sign_init(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_sign(CK_SESSION_HANDLE handle, unsigned char *data, CK_ULONG len, unsigned char *sig,
	       CK_ULONG *sig_len);
CK_RV p11_sign_update(CK_SESSION_HANDLE handle, unsigned char *data, CK_ULONG len);
CK_RV p11_sign_final(CK_SESSION_HANDLE handle, unsigned char *sig, CK_ULONG *sig_len);
CK_RV p11_decrypt_init(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_decrypt(CK_SESSION_HANDLE handle, unsigned char *in, CK_ULONG len, unsigned char *out,
		  CK_ULONG *out_len);
CK_RV p11_derive_key(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
		     CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret);

#endif /* VCD_PKCS11_MODULE_H */
