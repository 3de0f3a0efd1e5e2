/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity_key.h - names of public keys, and the text forms of short binary values.
 *
 * A key is known by the SHA-256 of its SubjectPublicKeyInfo, so that what is pinned
 * is the key and not a certificate around it. People see it as
 * "SHA256:" and 43 characters of base64 in the alphabet for URLs.
 */
#ifndef CRYPTOCHAT_IDENTITY_IDENTITY_KEY_H
#define CRYPTOCHAT_IDENTITY_IDENTITY_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#define KEY_HASH_SIZE 32
#define KEY_TEXT_SIZE 51 /* "SHA256:", 43 characters and the 0 */

/* Characters of base64 without padding for @size bytes. */
#define BASE64_LENGTH(size) (((size)*4 + 2) / 3)

/** key_hash() - the name of a key; returns 0, -EINVAL: no Ed25519 key, or -ENOMEM */
int key_hash(EVP_PKEY *key, uint8_t hash[KEY_HASH_SIZE]);

/** key_text() - the text form; returns @text */
char *key_text(const uint8_t hash[KEY_HASH_SIZE], char text[KEY_TEXT_SIZE]);

/** key_parse() - read the text form, "SHA256:" included; returns 0 or -EINVAL */
int key_parse(const char *text, uint8_t hash[KEY_HASH_SIZE]);

/** base64_encode() - @out: BASE64_LENGTH(@size) characters and a 0 */
void base64_encode(const uint8_t *data, size_t size, char *out);

/**
 * base64_decode() - exactly @size bytes from exactly BASE64_LENGTH(@size) characters
 *
 * Strict: each value has one text only, unused bits must be zero.
 *
 * Return: 0 or -EINVAL
 */
int base64_decode(const char *text, size_t len, uint8_t *data, size_t size);

/** key_read() - as key_parse(), of what a person typed: "SHA256:" may be missing */
int key_read(const char *text, uint8_t hash[KEY_HASH_SIZE]);

#endif /* CRYPTOCHAT_IDENTITY_IDENTITY_KEY_H */
