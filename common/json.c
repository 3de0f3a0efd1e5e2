/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - writes JSON. See json.h. */
#include "common/json.h"

#include <inttypes.h>
#include <string.h>

#include "common/utf8.h"

struct json json_to(FILE *file, unsigned int lines)
{
	return (struct json){.file = file, .lines = lines};
}

static void new_line(const struct json *json)
{
	fprintf(json->file, "\n%*s", (int)(2 * json->depth), "");
}

/* Up to the value: a comma, a line, a name. */
static void begin_value(struct json *json, const char *name)
{
	if (json->some)
		fputc(',', json->file);
	if (json->depth && json->depth <= json->lines)
		new_line(json);
	else if (json->some && json->lines)
		fputc(' ', json->file);
	if (name)
		fprintf(json->file, json->lines ? "\"%s\": " : "\"%s\":", name);
	json->some = true;
}

void json_begin(struct json *json, const char *name, char open)
{
	begin_value(json, name);
	fputc(open, json->file);
	json->open[json->depth++] = open == '{' ? '}' : ']';
	json->some = false;
}

void json_end(struct json *json)
{
	bool own_line = json->depth <= json->lines;

	json->depth--;
	if (own_line)
		new_line(json);
	fputc(json->open[json->depth], json->file);
	json->some = true;
}

void json_bytes(struct json *json, const char *name, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	begin_value(json, name);
	fputc('"', json->file);
	while (len) {
		uint32_t c = 0;
		size_t n = utf8_decode(at, len, &c);

		if (!n)
			fputs("\\ufffd", json->file);
		else if (c == '"' || c == '\\')
			fprintf(json->file, "\\%c", (int)c);
		else if (c == '\n')
			fputs("\\n", json->file);
		else if (utf8_is_control(c))
			fprintf(json->file, "\\u%04" PRIx32, c);
		else
			fwrite(at, 1, n, json->file);
		n = n ? n : 1;
		at += n;
		len -= n;
	}
	fputc('"', json->file);
}

void json_string(struct json *json, const char *name, const char *text)
{
	if (text) {
		json_bytes(json, name, text, strlen(text));
		return;
	}
	begin_value(json, name);
	fputs("null", json->file);
}

void json_number(struct json *json, const char *name, uint64_t number)
{
	begin_value(json, name);
	fprintf(json->file, "%" PRIu64, number);
}

void json_decimal(struct json *json, const char *name, double number, int digits)
{
	begin_value(json, name);
	fprintf(json->file, "%.*f", digits, number);
}

void json_bool(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->file);
}
