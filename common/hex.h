/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hex.h - hexadecimal digits. */
#ifndef VCD_COMMON_HEX_H
#define VCD_COMMON_HEX_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/** hex_digit - the value of a digit, of either case, or -1. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/** hex_bytes - 2 * @size digits to @size bytes. Return: 0, or -EILSEQ: some are not digits. */
static inline int hex_bytes(const char *text, size_t size, uint8_t *ret)
{
	for (size_t i = 0; i < 2 * size; i++)
		if (hex_digit(text[i]) < 0)
			return -EILSEQ;
	for (size_t i = 0; i < size; i++)
		ret[i] = (uint8_t)((unsigned int)hex_digit(text[2 * i]) << 4 |
				   (unsigned int)hex_digit(text[2 * i + 1]));
	return 0;
}

/** hex_text - @size bytes to 2 * @size digits and a NUL. */
static inline void hex_text(const uint8_t *bytes, size_t size, char *ret)
{
	for (size_t i = 0; i < size; i++) {
		*ret++ = "0123456789abcdef"[bytes[i] >> 4];
		*ret++ = "0123456789abcdef"[bytes[i] & 15];
	}
	*ret = '\0';
}

#endif /* VCD_COMMON_HEX_H */
