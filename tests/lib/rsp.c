/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsp.c - reads the response files of NIST's CAVP. See rsp.h. */
#include "tests/lib/rsp.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/hex.h"

/* Different names in one file; the largest real one has 12. */
#define MAX_FIELDS 32

struct field {
	const char *name;
	const char *value;
	unsigned int group; /* that set it; 0: a heading */
};

struct rsp {
	char *text; /* the file; lines are cut out of it in place */
	char *next; /* line to read next, or NULL */
	char *end;  /* of the text */
	const char *section;
	unsigned int line;
	unsigned int group_line;
	unsigned int group;
	size_t n_fields;
	struct field fields[MAX_FIELDS];
};

static char *read_all(FILE *file, size_t *len)
{
	size_t size = 1 << 16, used = 0;
	char *text = malloc(size);

	while (text) {
		char *larger;

		used += fread(text + used, 1, size - used - 1, file);
		if (used < size - 1)
			break;
		larger = realloc(text, size *= 2);
		if (!larger)
			free(text);
		text = larger;
	}
	if (text && ferror(file)) {
		free(text);
		return NULL;
	}
	if (text)
		text[used] = 0;
	*len = used;
	return text;
}

struct rsp *rsp_open(const char *path)
{
	struct rsp *rsp = calloc(1, sizeof(*rsp));
	FILE *file = fopen(path, "re");
	size_t len = 0;

	if (rsp && file)
		rsp->text = read_all(file, &len);
	if (file)
		fclose(file);
	if (!rsp || !rsp->text) {
		free(rsp);
		return NULL;
	}
	rsp->next = rsp->text;
	rsp->end = rsp->text + len;
	rsp->section = "";
	return rsp;
}

void rsp_close(struct rsp *rsp)
{
	if (!rsp)
		return;
	free(rsp->text);
	free(rsp);
}

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return s;
}

static int set_field(struct rsp *rsp, const char *name, const char *value, unsigned int group)
{
	size_t i = 0;

	while (i < rsp->n_fields && strcmp(rsp->fields[i].name, name))
		i++;
	if (i == MAX_FIELDS)
		return -EINVAL;
	if (i == rsp->n_fields)
		rsp->n_fields++;
	rsp->fields[i] = (struct field){.name = name, .value = value, .group = group};
	return 0;
}

/* "NAME = value" */
static int assignment(struct rsp *rsp, char *text, unsigned int group)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return -EINVAL;
	*equals = 0;
	return set_field(rsp, trim(text), trim(equals + 1), group);
}

static int heading(struct rsp *rsp, char *text)
{
	char *end = strrchr(text, ']'), *save = NULL;

	if (!end)
		return -EINVAL;
	*end = 0;
	text = trim(text + 1);
	if (!strchr(text, '=')) {
		rsp->section = text;
		return 0;
	}
	for (char *part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		int error = assignment(rsp, part, 0);

		if (error)
			return error;
	}
	return 0;
}

/* Next line without comment and blanks around it; NULL at the end. */
static char *next_line(struct rsp *rsp)
{
	char *line = rsp->next, *end, *comment;

	if (!line || !*line)
		return NULL;
	/* strchr() would be as good, but AddressSanitizer measures all of its string each time. */
	end = memchr(line, '\n', (size_t)(rsp->end - line));
	rsp->next = end ? end + 1 : NULL;
	if (end)
		*end = 0;
	rsp->line++;
	comment = strchr(line, '#');
	if (comment)
		*comment = 0;
	return trim(line);
}

int rsp_next(struct rsp *rsp)
{
	bool open = false;
	char *line;
	int error;

	rsp->group++;
	while ((line = next_line(rsp))) {
		if (!*line) {
			if (open)
				return 1;
			continue;
		}
		if (*line == '[') {
			error = heading(rsp, line);
		} else {
			if (!open)
				rsp->group_line = rsp->line;
			open = true;
			error = strchr(line, '=') ? assignment(rsp, line, rsp->group)
						  : set_field(rsp, line, "", rsp->group);
		}
		if (error)
			return error;
	}
	return open;
}

const char *rsp_section(const struct rsp *rsp)
{
	return rsp->section;
}

unsigned int rsp_line(const struct rsp *rsp)
{
	return rsp->group_line;
}

static const struct field *find(const struct rsp *rsp, const char *name)
{
	for (size_t i = 0; i < rsp->n_fields; i++)
		if (!strcmp(rsp->fields[i].name, name))
			return &rsp->fields[i];
	return NULL;
}

bool rsp_fresh(const struct rsp *rsp, const char *name)
{
	const struct field *field = find(rsp, name);

	return field && field->group == rsp->group;
}

const char *rsp_text(const struct rsp *rsp, const char *name)
{
	const struct field *field = find(rsp, name);

	return field ? field->value : NULL;
}

long rsp_number(const struct rsp *rsp, const char *name)
{
	const char *text = rsp_text(rsp, name);
	char *end;
	long value;

	if (!text || !*text)
		return -EINVAL;
	errno = 0;
	value = strtol(text, &end, 10);
	return errno || *end || value < 0 ? -EINVAL : value;
}

ssize_t rsp_hex(const struct rsp *rsp, const char *name, uint8_t *buf, size_t size)
{
	const char *text = rsp_text(rsp, name);

	return text ? hex_decode(text, buf, size) : -ENOENT;
}
