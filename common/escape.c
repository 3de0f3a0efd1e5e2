/* SPDX-License-Identifier: GPL-2.0-or-later */
/* escape.c - text of other people's inside JSON and inside a metric's label. See escape.h. */
#include "common/escape.h"

void escape_json(const char *text, FILE *out)
{
	if (!text) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			fprintf(out, "\\u%04x", (unsigned int)*c);
		else if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
	fputc('"', out);
}

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
