// SPDX-License-Identifier: GPL-2.0-or-later
/* json.c - events for programs, one object a line. */
#include "cryptochat/session/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cryptochat/ui/text.h"

/* RFC 8259: quote, backslash and controls are escaped; the other characters pass as UTF-8. */
static void put_string(FILE *out, const void *text, size_t len)
{
	const uint8_t *at = text;

	fputc('"', out);
	while (len) {
		uint32_t c = 0;
		size_t n = text_decode(at, len, &c);

		if (!n)
			fputs("\\ufffd", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (text_is_control(c))
			fprintf(out, "\\u%04" PRIx32, c);
		else
			fwrite(at, 1, n, out);
		n = n ? n : 1;
		at += n;
		len -= n;
	}
	fputc('"', out);
}

static void put_member(FILE *out, const char *name, const void *text, size_t len)
{
	fprintf(out, ",\"%s\":", name);
	put_string(out, text, len);
}

char *json_event(const char *event, const char *who_name, const char *who, const char *what_name,
		 const void *what, size_t len, uint64_t time_ms)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return NULL;
	fprintf(out, "{\"event\":\"%s\"", event);
	if (who)
		put_member(out, who_name, who, strlen(who));
	put_member(out, what_name, what, len);
	if (time_ms)
		fprintf(out, ",\"time\":%" PRIu64, time_ms);
	fputs("}\n", out);
	if (fclose(out) != 0) {
		free(line);
		return NULL;
	}
	return line;
}
