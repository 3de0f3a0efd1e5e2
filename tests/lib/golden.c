/* SPDX-License-Identifier: GPL-2.0-or-later */
/* golden.c - reads the golden messages. See golden.h. */
#include "tests/lib/golden.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/hex.h"

/* Largest request or reply of a golden message. */
#define MAX_BYTES 4096

enum section { NONE, SETUP, ROOM, REQUEST, REPLY };

struct parser {
	struct golden *golden;
	enum section section;
	size_t n_setup;
	size_t seen[REPLY + 1];
};

void golden_free(struct golden *golden)
{
	if (!golden)
		return;
	for (size_t i = 0; golden->setup[i]; i++)
		free(golden->setup[i]);
	free(golden->request);
	free(golden->reply);
	free(golden);
}

static int append_hex(uint8_t *bytes, size_t *len, const char *text)
{
	ssize_t n = hex_decode(text, bytes + *len, MAX_BYTES - *len);

	if (n < 0)
		return -EINVAL;
	*len += (size_t)n;
	return 0;
}

static int enter(struct parser *parser, const char *line)
{
	static const char *const names[] = {
	    [SETUP] = "[setup]",
	    [ROOM] = "[room]",
	    [REQUEST] = "[request]",
	    [REPLY] = "[reply]",
	};

	for (enum section s = SETUP; s <= REPLY; s++) {
		if (strcmp(line, names[s]))
			continue;
		parser->section = s;
		return parser->seen[s]++ ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int line_in(struct parser *parser, const char *line)
{
	struct golden *golden = parser->golden;
	char *end;

	switch (parser->section) {
	case SETUP:
		if (parser->n_setup == GOLDEN_MAX_SETUP)
			return -EINVAL;
		golden->setup[parser->n_setup] = strdup(line);
		return golden->setup[parser->n_setup++] ? 0 : -ENOMEM;
	case ROOM:
		golden->room = strtoul(line, &end, 10);
		return *end ? -EINVAL : 0;
	case REQUEST:
		return append_hex(golden->request, &golden->request_len, line);
	case REPLY:
		return append_hex(golden->reply, &golden->reply_len, line);
	case NONE:
		break;
	}
	return -EINVAL;
}

static int parse(struct parser *parser, FILE *file)
{
	char buf[512];

	while (fgets(buf, sizeof(buf), file)) {
		char *line = buf + strspn(buf, " \t");
		size_t len;
		int error;

		line[strcspn(line, "#\n")] = 0;
		len = strlen(line);
		while (len && strchr(" \t\r", line[len - 1]))
			line[--len] = 0;
		if (!len)
			continue;
		error = *line == '[' ? enter(parser, line) : line_in(parser, line);
		if (error)
			return error;
	}
	if (ferror(file))
		return -EIO;
	return parser->seen[REQUEST] && parser->seen[REPLY] ? 0 : -EINVAL;
}

int golden_load(const char *path, struct golden **ret)
{
	struct parser parser = {.golden = calloc(1, sizeof(struct golden))};
	int error = -ENOMEM;
	FILE *file = NULL;

	if (!parser.golden)
		return -ENOMEM;
	parser.golden->request = malloc(MAX_BYTES);
	parser.golden->reply = malloc(MAX_BYTES);
	if (!parser.golden->request || !parser.golden->reply)
		goto err_free;
	file = fopen(path, "re");
	if (!file) {
		error = -errno;
		goto err_free;
	}
	error = parse(&parser, file);
	fclose(file);
	if (error)
		goto err_free;
	if (!parser.seen[ROOM])
		parser.golden->room = parser.golden->reply_len;
	*ret = parser.golden;
	return 0;

err_free:
	golden_free(parser.golden);
	return error;
}
