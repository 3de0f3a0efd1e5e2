// SPDX-License-Identifier: GPL-2.0-or-later
/* name.c - names of files that a peer chose, made safe for a directory of ours. */
#include "cryptochat/files/files.h"

#include <stdio.h>
#include <string.h>

#define SUFFIX_LONGEST 12
#define NAME_LONGEST 240 /* leaves room for ".part" and ".123" in the 255 of a file system */

void receive_shorten(char *name)
{
	size_t len = strlen(name), tail, cut;
	const char *dot = len > SUFFIX_LONGEST ? strchr(name + len - SUFFIX_LONGEST, '.') : NULL;

	if (len <= NAME_LONGEST)
		return;
	tail = dot ? strlen(dot) : 0;
	cut = NAME_LONGEST - tail;
	while (cut && ((unsigned char)name[cut] & 0xc0) == 0x80)
		cut--;
	memmove(name + cut, name + len - tail, tail + 1);
}

void receive_name(const char *offered, char *out)
{
	char safe[TEXT_SHOW_MAX(FILE_NAME_SIZE)];
	const char *slash = strrchr(offered, '/');

	offered = slash ? slash + 1 : offered;
	text_show(offered, strlen(offered), "", safe);
	receive_shorten(safe);
	/* Hidden files are for configuration; "." and ".." are no files at all. */
	if (safe[0] == '.')
		safe[0] = '_';
	snprintf(out, FILE_NAME_SIZE, "%s", safe[0] ? safe : "unnamed");
}

void tree_name(const char *offered, size_t len, char out[FILE_NAME_SIZE])
{
	char safe[TEXT_SHOW_MAX(FILE_NAME_SIZE)];

	text_show(offered, len, "", safe);
	for (char *c = safe; *c; c++)
		if (*c == '/')
			*c = '_';
	if (!safe[0] || strcmp(safe, ".") == 0 || strcmp(safe, "..") == 0)
		strcpy(safe, "_");
	receive_shorten(safe);
	strcpy(out, safe);
}
