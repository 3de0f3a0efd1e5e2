/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unit.h - cmocka with the headers it wants before it, and what every unit test uses. */
#ifndef VCD_UNIT_H
#define VCD_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/hex.h"
#include "tests/lib/split.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/** unhex - bytes of a literal that is known to be well formed. Return: their number. */
static inline size_t unhex(const char *text, uint8_t *buf, size_t size)
{
	ssize_t n = hex_decode(text, buf, size);

	assert_true(n >= 0);
	return (size_t)n;
}

#endif /* VCD_UNIT_H */
