/* SPDX-License-Identifier: GPL-2.0-or-later */
/* escape.c - foreign text inside a metric's label. See escape.h. */
#include "common/escape.h"

void escape_label(const char *text, FILE *out)
{
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			fputs("\\n", out);
		else if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
}
