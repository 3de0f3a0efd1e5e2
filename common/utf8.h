/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.h - characters in foreign bytes. */
#ifndef VCD_COMMON_UTF8_H
#define VCD_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * utf8_decode - the first character of a text.
 * @text: bytes
 * @len: how many, above 0
 * @ret: the character
 *
 * Return: bytes it takes, 1 to 4; 0: they are not valid UTF-8 (RFC 3629), or not all of it.
 */
size_t utf8_decode(const uint8_t *text, size_t len, uint32_t *ret);

/**
 * utf8_is_control - whether a character would steer a terminal or deceive its reader.
 *
 * C0 and C1 controls, DEL, line and paragraph separators, and what changes the direction of the
 * text around it (U+202A to U+202E, U+2066 to U+2069): a name or a line must not be able to
 * pose as another one.
 */
bool utf8_is_control(uint32_t c);

#endif /* VCD_COMMON_UTF8_H */
