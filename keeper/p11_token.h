/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * p11_token.h - in the process of a PKCS#11 module: tokens, their sessions and keys.
 *
 * Theory of operation
 * -------------------
 * Threads take requests off the socket; each operation borrows a session of its token, because a
 * session carries one operation at a time. Sessions are opened when they are needed, up to what the
 * token has, and go back to a stack; a token that has none left has its callers wait for one.
 * Login is once for a token, as it holds for all sessions of the process. A PIN that was
 * wrong is never tried again: the token would lock itself. A reload with another PIN is a new process.
 *
 * What a token says when it wants to be asked again is in one table, p11_remedy(): a new session, a new
 * login, the object or the slot found anew, or the module started anew, which is the end of the
 * process. Each operation is tried P11_TRIES times.
 *
 * Invariants
 * - C_Login, C_OpenSession and searches run under the token's lock, operations without it.
 * - Sessions and objects have the generation of their token; those of a former one are dropped.
 */
#ifndef VCD_KEEPER_P11_TOKEN_H
#define VCD_KEEPER_P11_TOKEN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <p11-kit/pkcs11.h>

#include "keeper/link.h"
#include "keeper/p11.h"
#include "keeper/policy.h"

#define P11_TRIES 3
#define P11_MAX_SESSIONS 64u

/**
 * struct p11_object - a key that was found.
 * @next: of its token
 * @uri: what it was asked for by
 * @generation: of the token
 * @handle: private key
 * @kind: enum keeper_kind
 * @bits: bits of it
 * @public_key: SubjectPublicKeyInfo in DER
 * @public_len: its bytes
 * @check: the beginning of its SHA-256
 */
struct p11_object {
	struct p11_object *next;
	char uri[P11_MAX_URI];
	unsigned int generation;
	CK_OBJECT_HANDLE handle;
	enum keeper_kind kind;
	unsigned int bits;
	uint8_t public_key[2700];
	size_t public_len;
	uint8_t check[KEEPER_CHECK_LEN];
};

/**
 * struct p11_token - a token.
 * @functions: of its module
 * @name: label
 * @pin: PIN
 * @pin_len: its bytes, 0: no login
 * @lock: protects what follows
 * @freed: a session came back
 * @present: @slot has it
 * @slot: slot
 * @generation: grows when sessions and objects are void
 * @logged_in: login is done
 * @bad_pin: the PIN was refused
 * @idle: sessions that nobody uses
 * @idle_count: how many
 * @open: sessions in all
 * @max: most that the token has
 * @objects: keys
 */
struct p11_token {
	CK_FUNCTION_LIST *functions;
	char name[KEEPER_LABEL_LEN];
	uint8_t pin[1024];
	size_t pin_len;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	bool present;
	CK_SLOT_ID slot;
	unsigned int generation;
	bool logged_in;
	bool bad_pin;
	CK_SESSION_HANDLE idle[P11_MAX_SESSIONS];
	unsigned int idle_count;
	unsigned int open;
	unsigned int max;
	struct p11_object *objects;
};

/** enum p11_remedy - what is to be done before an operation is tried again. */
enum p11_remedy {
	REMEDY_NONE,	/* nothing helps */
	REMEDY_SESSION, /* another session */
	REMEDY_LOGIN,	/* a login */
	REMEDY_OBJECT,	/* find the key again */
	REMEDY_TOKEN,	/* find the slot again, with new sessions */
	REMEDY_PROCESS, /* start anew */
};

/** p11_remedy - the remedy for a return value. */
enum p11_remedy p11_remedy(CK_RV rv);

/** p11_name - "CKR_PIN_INCORRECT" and the like, for the log; "" for those that nobody knows. */
const char *p11_name(CK_RV rv);

/** struct p11_session - a session that is borrowed. */
struct p11_session {
	CK_SESSION_HANDLE handle;
	unsigned int generation;
};

/** p11_token_init - a token with this name and PIN. */
void p11_token_init(struct p11_token *token, CK_FUNCTION_LIST *functions, const char *name,
		    const uint8_t *pin, size_t pin_len);

/**
 * p11_borrow - a session of the token, logged in.
 *
 * Return: CKR_OK or the token's error.
 */
CK_RV p11_borrow(struct p11_token *token, struct p11_session *session);

/** p11_return - give it back; it is closed if @good is false. */
void p11_return(struct p11_token *token, struct p11_session *session, bool good);

/** p11_repair - apply a remedy. */
void p11_repair(struct p11_token *token, unsigned int generation, enum p11_remedy remedy);

/**
 * p11_find - the key of a URI, found before or now.
 * @token: token
 * @session: borrowed session
 * @uri: URI
 * @ret: out: copy of what is known
 *
 * Return: CKR_OK; CKR_KEY_HANDLE_INVALID there is no such key, or several; or the token's error.
 */
CK_RV p11_find(struct p11_token *token, const struct p11_session *session, const char *uri,
	       struct p11_object *ret);

/**
 * p11_public - the public half of a private key, from it, its public key or its certificate.
 * @functions: module
 * @session: session
 * @object: in: handle; out: kind, public key and check value
 *
 * Return: CKR_OK; CKR_KEY_TYPE_INCONSISTENT it is none that we have, or its public half is nowhere.
 */
CK_RV p11_public(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session, struct p11_object *object);

/**
 * p11_operate - an operation on a key that was found.
 * @functions: module
 * @session: session
 * @object: key
 * @request: what to do
 * @in: input
 * @out: output, KEEPER_MAX_PAYLOAD bytes
 * @out_len: out: its bytes
 *
 * Return: CKR_OK or the token's error.
 */
CK_RV p11_operate(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
		  const struct p11_object *object, const struct p11_request *request,
		  const uint8_t *in, uint8_t *out, size_t *out_len);

#endif /* VCD_KEEPER_P11_TOKEN_H */
