/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.c - characters in foreign bytes. See utf8.h. */
#include "common/utf8.h"

size_t utf8_decode(const uint8_t *text, size_t len, uint32_t *ret)
{
	/* By length: smallest character that needs it. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = *text;
	size_t n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
	uint32_t c = n == 1 ? lead : lead & (0x7fu >> n);

	if (!n || n > len || lead > 0xf7)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return n;
}

bool utf8_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}
