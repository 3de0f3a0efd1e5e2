/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - what the checks of keys by name share. See keys.c.
 */
#ifndef TESTS_VM_GUEST_CHECK_KEYS_H
#define TESTS_VM_GUEST_CHECK_KEYS_H

#include <openssl/evp.h>

#include "check.h"
#include "common/key_scheme.h"
#include "virtio_cryptodev.h"

#define KEYS_MAX 64
/* The ticket of keys whose label begins with "zz-ticket": this byte throughout. */
#define KEYS_TICKET 0x42
#define KEYS_HANDSHAKE (64 + 34 + 32)

/**
 * struct keys - the device, and the keys that it lists.
 * @fd: the device
 * @count: of keys
 * @key: the keys
 */
struct keys {
	int fd;
	uint32_t count;
	struct crypt_key key[KEYS_MAX];
};

/** keys_open - open the device and list its keys; skips where the host has no key service. */
void keys_open(struct keys *k);

/** keys_find - the first key of @kind that has @use, and whose form is any; skips without. */
const struct crypt_key *keys_find(const struct keys *k, unsigned int kind, uint32_t use);

/** keys_any_signer - a key that signs messages of any form; skips without. */
const struct crypt_key *keys_any_signer(const struct keys *k);

/** keys_session - a session of @key, by its algorithm; fails. */
uint32_t keys_session(const struct keys *k, const struct crypt_key *key);

/** keys_public - the public key, freed by EVP_PKEY_free(); NULL: libcrypto does not know its kind. */
EVP_PKEY *keys_public(const struct keys *k, const struct crypt_key *key);

/** keys_scheme - the first scheme of @key that signs; NULL: none. */
const struct key_scheme *keys_scheme(const struct crypt_key *key);

/** keys_bytes - the bytes that tests give a symmetric key: byte i is i * 7 + its algorithm. */
void keys_bytes(const struct crypt_key *key, uint8_t *bytes);

/** keys_handshake - what a server signs in TLS 1.3, a message that every form allows. */
void keys_handshake(uint8_t message[KEYS_HANDSHAKE], uint8_t filling);

/** keys_verify - whether @sig of @sig_len bytes is one of @message by @s. */
bool keys_verify(EVP_PKEY *pkey, const struct key_scheme *s, const uint8_t *message, size_t len,
		 const uint8_t *sig, size_t sig_len);

/** keys_sign_op - fill in the signature of @message by @s, to @out of @room bytes. */
struct crypt_key_op keys_sign_op(uint32_t ses, const struct key_scheme *s, const uint8_t *message,
				 size_t len, uint8_t *out, size_t room);

#endif
