/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - foreign text, before a terminal sees it. See text.h. */
#include "tools/ctl/text.h"

#include "common/utf8.h"

void text_clean(char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		size_t n = utf8_decode((const uint8_t *)text + i, len - i, &c);

		if (!n || (utf8_is_control(c) && c != '\n' && c != '\t')) {
			text[i] = '?';
			n = 1;
		}
		i += n;
	}
}
