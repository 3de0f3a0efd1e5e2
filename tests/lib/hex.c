/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hex.c - bytes from hexadecimal text, for test data. */
#include "tests/lib/hex.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/hex.h"

ssize_t hex_decode(const char *text, uint8_t *buf, size_t size)
{
	size_t n = 0;
	int high = -1;

	for (; *text; text++) {
		int d;

		if (isspace((unsigned char)*text))
			continue;
		d = hex_digit(*text);
		if (d < 0)
			return -EINVAL;
		if (high < 0) {
			high = d;
			continue;
		}
		if (n == size)
			return -EINVAL;
		buf[n++] = (uint8_t)(high << 4 | d);
		high = -1;
	}
	return high < 0 ? (ssize_t)n : -EINVAL;
}

static const char *join(const char *directory, const char *middle, const char *relative)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s/%s", directory, middle, relative);
	return path;
}

static const char *source_root(void)
{
	const char *root = getenv("VCD_SOURCE_ROOT");

	return root && *root ? root : ".";
}

const char *test_path(const char *relative)
{
	return join(source_root(), "", relative);
}

const char *vectors_path(const char *relative)
{
	const char *vectors = getenv("VCRYPTO_VECTORS");

	if (vectors && *vectors)
		return join(vectors, "", relative);
	return join(source_root(), "/../shared/vectors", relative);
}
