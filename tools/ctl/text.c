/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - what a daemon says, before a terminal sees it. See text.h. */
#include "tools/ctl/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the UTF-8 character at @c, of which @left are there; 0: none that may be shown. */
static size_t character(const unsigned char *c, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = *c < 0x80 ? 1 : *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : *c >= 0xc0 ? 2 : 0;
	uint32_t code = n == 1 ? *c : *c & (0x7fu >> n);

	if (!n || n > left || *c > 0xf7)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	if (code == '\n' || code == '\t')
		return n;
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : n;
}

void text_clean(char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = character((const unsigned char *)text + i, len - i);

		if (!n) {
			text[i] = '?';
			n = 1;
		}
		i += n;
	}
}
