/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth.h - what the checks of CIOCAUTHCRYPT have in common.
 */
#ifndef TESTS_VM_GUEST_CHECK_AUTH_H
#define TESTS_VM_GUEST_CHECK_AUTH_H

#include <pthread.h>

#include "../refauth.h"
#include "check.h"

/* Bytes of additional data that an operation takes. */
#define AAD_MAX 4096u

/* A key of any length for AEADs; RFC 8439's example has it. */
extern const uint8_t auth_keys[32];

/** auth_nonce - a nonce as the ABI has it; CCM: 12 bytes behind L - 1 = 2. */
void auth_nonce(const struct ref_aead *aead, uint8_t iv[16], uint8_t seed);

/** auth_op - a crypt_auth_op for what @a describes, all but data and lengths. */
struct crypt_auth_op auth_op(uint32_t ses, const struct ref_auth *a);

/** auth_call - CIOCAUTHCRYPT. Return: 0 or negative errno. */
int auth_call(int fd, struct crypt_auth_op *op);

/** need_aead - a session of @aead with @keylen bytes of key; skips when the device has none. */
uint32_t need_aead(int fd, const struct ref_aead *aead, const uint8_t *key, size_t keylen);

/** need_pair - a session of a cipher and a MAC; skips when the device has none. */
uint32_t need_pair(int fd, const struct ref_auth *a);

/** random_map - memory of @len bytes with random contents that follow from @seed. */
uint8_t *random_map(size_t len, uint64_t seed);

/**
 * struct watch - looks at memory from another thread while a call runs.
 * @buf: memory that should keep what it holds
 * @copy: what that is
 * @len: bytes, the length of both
 */
struct watch {
	const uint8_t *buf;
	uint8_t *copy;
	size_t len;
	pthread_t thread;
	int stop, changed;
};

/** watch_start - begin to look. */
void watch_start(struct watch *w, const uint8_t *buf, size_t len);

/** watch_end - fail if anything was, or is, other than at the start. */
void watch_end(struct watch *w, const char *what);

#endif
