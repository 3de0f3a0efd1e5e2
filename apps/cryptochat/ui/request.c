// SPDX-License-Identifier: GPL-2.0-or-later
/* request.c - what a program that reads our JSON asks for: one object a line. */
#include "cryptochat/ui/request.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "apps/base/text.h"

/* A copy of a JSON string with a 0 after it. @len: its bytes; NULL: it must have no 0 inside. */
static int copy_string(struct json_object *value, char **ret, size_t *len)
{
	size_t size = (size_t)json_object_get_string_len(value);
	const char *bytes = json_object_get_string(value);

	if (!len && memchr(bytes, 0, size))
		return -EINVAL;
	*ret = malloc(size + 1);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, bytes, size);
	(*ret)[size] = 0;
	if (len)
		*len = size;
	return 0;
}

/* One member of the object. */
static int take_member(struct request *r, const char *key, struct json_object *value,
		       const char **why)
{
	int err;

	if (!json_object_is_type(value, json_type_string)) {
		*why = "every value has to be a string";
		return -EINVAL;
	}
	if (strcmp(key, "text") == 0 && !r->text)
		return copy_string(value, &r->text, &r->text_len);
	if (strcmp(key, "cmd") == 0 && !r->command) {
		err = copy_string(value, &r->command, NULL);
	} else if (!r->argument_name) {
		r->argument_name = strdup(key);
		err = r->argument_name ? copy_string(value, &r->argument, NULL) : -ENOMEM;
	} else {
		*why = "it has more than one argument";
		return -EINVAL;
	}
	if (err == -EINVAL)
		*why = "a command has a NUL byte in it";
	return err;
}

static int take_object(struct request *r, struct json_object *object, const char **why)
{
	int err = 0;

	json_object_object_foreach(object, key, value)
	{
		err = take_member(r, key, value, why);
		if (err)
			return err;
	}
	if (!r->text == !r->command || (r->text && r->argument_name)) {
		*why = "it needs \"text\", or \"cmd\" with at most one argument";
		return -EINVAL;
	}
	return 0;
}

static char *put_escape(char *to, uint32_t unit)
{
	return to + sprintf(to, "\\u%04" PRIx32, unit);
}

/*
 * The same JSON in ASCII: the strict mode of json-c 0.17 and 0.18 takes bytes above 0x7f for
 * control characters. Returns: 0, -EINVAL: it is not UTF-8, or -ENOMEM. @ret is freed by the
 * caller.
 */
static int to_ascii(const char *line, size_t len, char **ret, size_t *ret_len)
{
	const uint8_t *at = (const uint8_t *)line;
	/* Two bytes become six, and four become twelve. */
	char *out = malloc(3 * len + 1), *to = out;

	if (!out)
		return -ENOMEM;
	while (len) {
		uint32_t c = 0;
		size_t n = utf8_decode(at, len, &c);

		if (!n) {
			free(out);
			return -EINVAL;
		}
		if (c < 0x80)
			*to++ = (char)c;
		else if (c < 0x10000)
			to = put_escape(to, c);
		else
			to = put_escape(put_escape(to, 0xd800 + ((c - 0x10000) >> 10)),
					0xdc00 + ((c - 0x10000) & 0x3ff));
		at += n;
		len -= n;
	}
	*ret_len = (size_t)(to - out);
	*ret = out;
	return 0;
}

static int parse_ascii(const char *line, size_t len, struct request *r, const char **why)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	int err = -EINVAL;

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = len < INT_MAX ? json_tokener_parse_ex(tokener, line, (int)len) : NULL;
	/* In strict mode bytes after the object are an error of the tokener. */
	if (json_tokener_get_error(tokener) == json_tokener_success &&
	    json_tokener_get_parse_end(tokener) == len &&
	    json_object_is_type(object, json_type_object))
		err = take_object(r, object, why);
	json_object_put(object);
	json_tokener_free(tokener);
	return err;
}

int request_parse(const char *line, size_t len, struct request *r, const char **why)
{
	struct request made = {0};
	size_t ascii_len;
	char *ascii;
	int err;

	*why = "it is not one JSON object in UTF-8";
	err = to_ascii(line, len, &ascii, &ascii_len);
	if (err)
		return err;
	err = parse_ascii(ascii, ascii_len, &made, why);
	explicit_bzero(ascii, ascii_len);
	free(ascii);
	if (err)
		request_free(&made);
	else
		*r = made;
	return err;
}

void request_free(struct request *r)
{
	if (r->text)
		explicit_bzero(r->text, r->text_len);
	free(r->text);
	free(r->command);
	free(r->argument_name);
	free(r->argument);
	*r = (struct request){0};
}
