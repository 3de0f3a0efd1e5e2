/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key.h - the key bytes that a session keeps.
 *
 * A backend makes its contexts on first use by each thread, so the raw key lives as long as the
 * session. It is in OpenSSL's secure heap when the program has set one up
 * (CRYPTO_secure_malloc_init(): locked, not dumped, guard pages), else in the ordinary heap. It is
 * wiped before it is freed.
 */
#ifndef ENG_KEY_H
#define ENG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct eng_key - owned key bytes. All zero is a valid empty key.
 * @bytes: NULL when @len is 0
 */
struct eng_key {
	uint8_t *bytes;
	size_t len;
};

/** eng_key_set - copy @len bytes into the empty @key. Return: 0 or -ENOMEM. */
int eng_key_set(struct eng_key *key, const uint8_t *bytes, size_t len);

/** eng_key_equal - whether both are equal, in a time that does not depend on their bytes. */
bool eng_key_equal(const struct eng_key *a, const struct eng_key *b);

/** eng_key_wipe - wipe and free; @key is empty afterwards. */
void eng_key_wipe(struct eng_key *key);

#endif /* ENG_KEY_H */
