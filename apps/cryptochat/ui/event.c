// SPDX-License-Identifier: GPL-2.0-or-later
/* event.c - what happened, for programs: one JSON object a line. */
#include "cryptochat/ui/event.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"

static void put_fact(struct json *json, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_NONE:
		break;
	case FACT_TEXT:
		json_string(json, fact->name, fact->text);
		break;
	case FACT_NUMBER:
		json_number(json, fact->name, fact->number);
		break;
	case FACT_BOOL:
		json_bool(json, fact->name, fact->number != 0);
		break;
	}
}

char *event_line(const char *event, const struct fact *facts, const char *name, const void *text,
		 size_t len)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	struct json json = json_to(out, 0);

	if (!out)
		return NULL;
	json_begin(&json, NULL, '{');
	json_string(&json, "event", event);
	for (; facts && facts->name; facts++)
		put_fact(&json, facts);
	if (name)
		json_bytes(&json, name, text, len);
	json_end(&json);
	fputc('\n', out);
	if (fclose(out) != 0) {
		free(line);
		return NULL;
	}
	return line;
}
