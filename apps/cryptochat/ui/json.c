// SPDX-License-Identifier: GPL-2.0-or-later
/* json.c - events for programs, one object a line. */
#include "cryptochat/ui/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"

char *json_event(const char *event, const char *who_name, const char *who, const char *what_name,
		 const void *what, size_t len, uint64_t time_ms)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	struct json json = json_to(out, 0);

	if (!out)
		return NULL;
	json_begin(&json, NULL, '{');
	json_string(&json, "event", event);
	if (who)
		json_string(&json, who_name, who);
	json_bytes(&json, what_name, what, len);
	if (time_ms)
		json_number(&json, "time", time_ms);
	json_end(&json);
	fputc('\n', out);
	if (fclose(out) != 0) {
		free(line);
		return NULL;
	}
	return line;
}
