/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ref.h - what the right answers are, by libcrypto.
 *
 * The reference is independent of the code under test: it knows the ABI's
 * algorithm numbers and libcrypto's EVP, nothing of the engine.
 */
#ifndef TESTS_VM_GUEST_REF_H
#define TESTS_VM_GUEST_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cryptodev.h"

#define REF_MAX_KEY 64
#define REF_MAX_IV 16

/**
 * struct ref_cipher - a cipher of the ABI.
 * @id: enum cryptodev_crypto_op_t
 * @name: for messages
 * @block: lengths are a multiple of it
 * @ivsize: bytes of IV, 0 for none
 * @keylens: key lengths, 0-ended; NULL cipher: its 0 is a length
 * @evp: EVP names, one for each key length; NULL for the NULL cipher
 * @next_iv: whether COP_FLAG_WRITE_IV and iv NULL have a defined meaning
 */
struct ref_cipher {
	uint32_t id;
	const char *name;
	uint32_t block;
	uint32_t ivsize;
	uint8_t keylens[4];
	const char *evp[3];
	bool next_iv;
};

/** ref_cipher_find - entry of @id, or NULL. */
const struct ref_cipher *ref_cipher_find(uint32_t id);

/** ref_cipher_at - entry @i, NULL behind the last. */
const struct ref_cipher *ref_cipher_at(size_t i);

/** ref_cipher_keys - how many key lengths @c has, at least 1. */
unsigned int ref_cipher_keys(const struct ref_cipher *c);

struct evp_cipher_ctx_st;

/**
 * struct ref_session - a key with libcrypto, and the IV that continues.
 * @c: cipher
 * @enc: EVP context per direction, made when first used
 * @iv: IV the next operation without one continues with, zero at first
 * @key: key bytes
 * @keylen: their count
 */
struct ref_session {
	const struct ref_cipher *c;
	struct evp_cipher_ctx_st *ctx[2];
	uint8_t iv[REF_MAX_IV];
	uint8_t key[REF_MAX_KEY];
	uint32_t keylen;
};

/** ref_session_init - set up @s for @c and a key. Return: 0 or negative errno. */
int ref_session_init(struct ref_session *s, const struct ref_cipher *c, const uint8_t *key,
		     uint32_t keylen);

/** ref_session_free - free and wipe; @s may be zeroed or freed before. */
void ref_session_free(struct ref_session *s);

/**
 * ref_crypt - one CIOCCRYPT's cipher part; moves @s->iv on.
 * @s: session
 * @op: COP_ENCRYPT or COP_DECRYPT
 * @iv: IV, or NULL to continue
 * @src: input
 * @dst: output, may be @src
 * @len: bytes, a multiple of the block
 * Return: 0 or negative errno (EIO when libcrypto fails).
 */
int ref_crypt(struct ref_session *s, unsigned int op, const uint8_t *iv, const uint8_t *src,
	      uint8_t *dst, size_t len);

/** ref_once - ref_crypt() on a session made for it alone; @next_iv out unless NULL. */
int ref_once(uint32_t cipher, const uint8_t *key, uint32_t keylen, unsigned int op,
	     const uint8_t *iv, const uint8_t *src, uint8_t *dst, size_t len, uint8_t *next_iv);

/** ref_counter_add - add @n to the 128-bit big-endian counter @ctr, wrapping. */
void ref_counter_add(uint8_t ctr[16], uint64_t n);

/**
 * struct ref_mac - a hash or MAC of the ABI.
 * @id: enum cryptodev_crypto_op_t
 * @name: for messages
 * @evp: EVP digest name; NULL: CMAC, whose keys have 16, 24 or 32 bytes
 * @size: bytes of digest
 * @keyed: a MAC
 */
struct ref_mac {
	uint32_t id;
	const char *name;
	const char *evp;
	uint32_t size;
	bool keyed;
};

/** ref_mac_find - entry of @id, or NULL. */
const struct ref_mac *ref_mac_find(uint32_t id);

/** ref_mac_at - entry @i, NULL behind the last. */
const struct ref_mac *ref_mac_at(size_t i);

/** ref_digest - digest or MAC of @len bytes to @out (@m->size). Return: 0 or negative errno. */
int ref_digest(const struct ref_mac *m, const uint8_t *key, size_t keylen, const uint8_t *src,
	       size_t len, uint8_t *out);

#endif
