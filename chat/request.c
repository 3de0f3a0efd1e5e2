// SPDX-License-Identifier: GPL-2.0-or-later
/* request.c - what a program that reads our JSON asks for: one object a line. */
#include "chat/request.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

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

int request_parse(const char *line, size_t len, struct request *r, const char **why)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	struct request made = {0};
	int err = -EINVAL;

	if (!tokener)
		return -ENOMEM;
	*why = "it is not one JSON object in UTF-8";
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = len < INT_MAX ? json_tokener_parse_ex(tokener, line, (int)len) : NULL;
	/* With STRICT set, bytes after the object are an error of the tokener. */
	if (json_tokener_get_error(tokener) == json_tokener_success &&
	    json_tokener_get_parse_end(tokener) == len &&
	    json_object_is_type(object, json_type_object))
		err = take_object(&made, object, why);
	json_object_put(object);
	json_tokener_free(tokener);
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
