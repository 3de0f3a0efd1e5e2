/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key.h - a key that is loaded, and what it can do.
 *
 * Theory of operation
 * -------------------
 * A key is made of its section in the policy and the bytes of its file: PKCS #8 in DER, or
 * raw bytes of a symmetric key. One that lies in a token has a public half only, once the
 * module has told it. Operations run on any thread, several at a time on the same key.
 *
 * Invariants
 * - Right, scheme and lengths are checked here, before any key is touched, for all stores.
 * - The check value depends on bytes and algorithm, and tells nothing about the bytes: it is
 *   an HMAC under a key that is derived from them. Of a private key it is the hash of its public one.
 * - A key is freed, and its bytes wiped, when its last reference goes.
 */
#ifndef VCD_KEEPER_KEY_H
#define VCD_KEEPER_KEY_H

#include <openssl/evp.h>

#include "engine/engine.h"
#include "engine/key.h"
#include "keeper/link.h"
#include "keeper/policy.h"
#include "keeper/scheme.h"

/** Bytes of the largest public key in DER: that of ML-DSA-87 with its head. */
#define KEY_MAX_PUBLIC 2700
/** Bytes of the largest file of a key. */
#define KEY_MAX_FILE 65536

/** Threads that may run operations; each has its own number. */
#define KEY_MAX_WORKERS 32u

/**
 * struct key_context - what a thread keeps of its last signature with a key.
 * @ctx: prepared for @scheme, or NULL
 * @scheme: enum keeper_scheme
 *
 * To prepare one, libcrypto looks algorithms up by name: as much work as a fifth of a P-256 signature.
 */
struct key_context {
	EVP_PKEY_CTX *ctx;
	unsigned int scheme;
};

/**
 * struct key - a key.
 * @references: how many hold it; atomic
 * @policy: its section; the strings in it are not ours, and NULL
 * @info: what a VM is told; zero kind while a token's key is not known yet
 * @bytes: symmetric: the key; private: PKCS #8
 * @pkey: private key of a file, or NULL
 * @contexts: by number of the thread, which alone touches its own
 * @session: symmetric key with hold=keeper: session of the engine, or NULL
 * @revoked: nothing that is computed with it may leave any more; the server's thread only
 * @nonces: AEAD: nonces that were made; atomic
 * @public_key: SubjectPublicKeyInfo in DER
 * @public_len: its bytes
 */
struct key {
	unsigned int references;
	struct policy_key policy;
	struct keeper_key info;
	struct eng_key bytes;
	EVP_PKEY *pkey;
	struct key_context contexts[KEY_MAX_WORKERS];
	struct eng_session *session;
	bool revoked;
	uint64_t nonces;
	uint8_t public_key[KEY_MAX_PUBLIC];
	size_t public_len;
};

/**
 * key_new - make a key.
 * @policy: its section
 * @bytes: what its file has, PKCS #8 or raw; ignored for keys in tokens
 * @len: bytes at @bytes
 * @why: out: what is wrong, for the administrator
 * @size: bytes at @why
 *
 * Return: the key, with one reference, or NULL.
 */
struct key *key_new(const struct policy_key *policy, const uint8_t *bytes, size_t len, char *why,
		    size_t size);

/** key_get - another reference. */
struct key *key_get(struct key *key);

/** key_put - one reference less; NULL is fine. */
void key_put(struct key *key);

/**
 * key_set_public - what a token says of its key.
 * @key: a key in a token, which nobody else uses now
 * @public_key: SubjectPublicKeyInfo in DER
 * @len: its bytes
 *
 * Return: 0; -EINVAL it is no public key, or none that the policy's schemes fit.
 */
int key_set_public(struct key *key, const uint8_t *public_key, size_t len);

/** key_open_session - have the engine prepare a symmetric key with hold=keeper. 0 or -errno. */
int key_open_session(struct key *key, struct engine *engine);

/** key_same - whether both have the same bytes, algorithm and rights: open handles may go on. */
bool key_same(const struct key *a, const struct key *b);

/** key_cross_used - whether two symmetric keys share bytes under different algorithms. */
bool key_cross_used(const struct key *a, const struct key *b);

/** key_ticket_ok - whether @ticket of @len bytes is the one that the key wants; 0 bytes: none. */
bool key_ticket_ok(const struct key *key, const uint8_t *ticket, size_t len);

/** public_kind - what kind of key @pkey is, and its bits; KEEPER_KIND_NONE: none that we have. */
enum keeper_kind public_kind(const EVP_PKEY *pkey, unsigned int *bits);

/**
 * struct operation - one operation, checked or not.
 * @request: the head
 * @in: payload
 * @scheme: asymmetric: the scheme
 * @digest: SIGN: what is signed: the digest, or the message for schemes without one
 * @digest_len: its bytes
 * @hash: where the digest of a message is put
 */
struct operation {
	const struct keeper_request *request;
	const uint8_t *in;
	const struct scheme *scheme;
	const uint8_t *digest;
	size_t digest_len;
	uint8_t hash[64];
};

/**
 * struct result - its outcome.
 * @status: enum keeper_status
 * @len: bytes at @out
 * @iv: CRYPT: IV that continues
 * @out: output, memory of the caller
 * @size: bytes that @out has room for: key_room()
 */
struct result {
	uint16_t status;
	uint32_t len;
	uint8_t iv[16];
	uint8_t *out;
	uint32_t size;
};

/**
 * key_check - whether the policy allows an operation, and its lengths fit.
 * @key: key
 * @op: in: request and in; out: the rest
 * @why: out: reason, a constant string, for the log
 *
 * Return: KEEPER_S_OK, KEEPER_S_DENIED or KEEPER_S_INVALID.
 */
uint16_t key_check(const struct key *key, struct operation *op, const char **why);

/** key_room - bytes that the output of a checked operation takes at most. */
uint32_t key_room(const struct key *key, const struct operation *op);

/** key_run - carry out a checked operation on a key from a file, as worker @worker of the engine. */
void key_run(struct key *key, unsigned int worker, const struct operation *op,
	     struct result *result);

/** asym_run - SIGN, DECRYPT and DERIVE, for key_run(). */
void asym_run(struct key *key, unsigned int worker, const struct operation *op,
	      struct result *result);

/** sym_check - CRYPT, for key_check(). */
uint16_t sym_check(const struct key *key, const struct operation *op, const char **why);

/** sym_run - CRYPT, for key_run(). */
void sym_run(struct key *key, unsigned int worker, const struct operation *op,
	     struct result *result);

#endif /* VCD_KEEPER_KEY_H */
