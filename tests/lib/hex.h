/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hex.h - bytes from hexadecimal text, for test data. */
#ifndef VCD_TEST_HEX_H
#define VCD_TEST_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * hex_decode - digits to bytes; blanks between them are skipped.
 * @text: the digits, ended by a 0
 * @buf: result
 * @size: most bytes to store
 *
 * Return: bytes stored, or -EINVAL (something else than digits, an odd number, too many).
 */
ssize_t hex_decode(const char *text, uint8_t *buf, size_t size);

/**
 * test_path - a file of the source tree or next to it.
 * @relative: path relative to the source root, which is $VCD_SOURCE_ROOT or "."
 *
 * Return: the path in a static buffer, valid until the next call.
 */
const char *test_path(const char *relative);

/**
 * vectors_path - a file of the test vectors: $VCRYPTO_VECTORS/@relative, by default
 * ../shared/vectors relative to the source root. Return: as test_path().
 */
const char *vectors_path(const char *relative);

#endif /* VCD_TEST_HEX_H */
