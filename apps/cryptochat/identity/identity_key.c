// SPDX-License-Identifier: GPL-2.0-or-later
/* identity_key.c - names of public keys, and the text forms of short binary values. */
#include "cryptochat/identity/identity_key.h"

#include <errno.h>
#include <string.h>

#include <openssl/sha.h>
#include <openssl/x509.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define PREFIX "SHA256:"

int key_hash(EVP_PKEY *key, uint8_t hash[KEY_HASH_SIZE])
{
	unsigned char *spki = NULL;
	int len;

	if (!EVP_PKEY_is_a(key, "ED25519"))
		return -EINVAL;
	len = i2d_PUBKEY(key, &spki);
	if (len <= 0)
		return -ENOMEM;
	SHA256(spki, (size_t)len, hash);
	OPENSSL_free(spki);
	return 0;
}

void base64_encode(const uint8_t *data, size_t size, char *out)
{
	uint32_t bits = 0;
	unsigned int have = 0;

	for (size_t i = 0; i < size; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		*out++ = alphabet[bits << (6 - have) & 63];
	*out = 0;
}

int base64_decode(const char *text, size_t len, uint8_t *data, size_t size)
{
	uint32_t bits = 0;
	unsigned int have = 0;

	if (len != BASE64_LENGTH(size))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;

		if (!at)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*data++ = (uint8_t)(bits >> have);
		}
	}
	return bits & ((1u << have) - 1) ? -EINVAL : 0;
}

char *key_text(const uint8_t hash[KEY_HASH_SIZE], char text[KEY_TEXT_SIZE])
{
	strcpy(text, PREFIX);
	base64_encode(hash, KEY_HASH_SIZE, text + strlen(PREFIX));
	return text;
}

int key_read(const char *text, uint8_t hash[KEY_HASH_SIZE])
{
	size_t skip = strncmp(text, PREFIX, strlen(PREFIX)) == 0 ? strlen(PREFIX) : 0;

	return base64_decode(text + skip, strlen(text + skip), hash, KEY_HASH_SIZE);
}

int key_parse(const char *text, uint8_t hash[KEY_HASH_SIZE])
{
	size_t skip = strlen(PREFIX);

	if (strncmp(text, PREFIX, skip) != 0)
		return -EINVAL;
	return base64_decode(text + skip, strlen(text + skip), hash, KEY_HASH_SIZE);
}
