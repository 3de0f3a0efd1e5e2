/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key.c - the key bytes that a session keeps. See key.h. */
#include "engine/key.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

int eng_key_set(struct eng_key *key, const uint8_t *bytes, size_t len)
{
	if (!len)
		return 0;
	/* A full secure heap is an error: keys do not move to lesser memory in silence. */
	key->bytes = OPENSSL_secure_malloc(len);
	if (!key->bytes)
		return -ENOMEM;
	memcpy(key->bytes, bytes, len);
	key->len = len;
	return 0;
}

bool eng_key_equal(const struct eng_key *a, const struct eng_key *b)
{
	return a->len == b->len && (!a->len || !CRYPTO_memcmp(a->bytes, b->bytes, a->len));
}

void eng_key_wipe(struct eng_key *key)
{
	OPENSSL_secure_clear_free(key->bytes, key->len);
	key->bytes = NULL;
	key->len = 0;
}
