/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcrypto.h - what libcrypto makes of the same bytes, used in the plainest way.
 */
#ifndef TESTS_WIRE_LIBCRYPTO_H
#define TESTS_WIRE_LIBCRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * libcrypto_crypt - whole blocks, without padding; asserts that it works.
 * @name: libcrypto's name of the cipher
 * @encrypt: or decrypt
 * @key: as long as the cipher wants it
 * @iv: the same
 * @in: input
 * @out: output
 * @len: bytes of each
 */
void libcrypto_crypt(const char *name, bool encrypt, const uint8_t *key, const uint8_t *iv,
		     const uint8_t *in, uint8_t *out, size_t len);

#endif /* TESTS_WIRE_LIBCRYPTO_H */
