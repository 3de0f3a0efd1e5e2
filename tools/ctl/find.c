/* SPDX-License-Identifier: GPL-2.0-or-later */
/* find.c - where the daemons of this machine have their control sockets. See find.h. */
#include "tools/ctl/find.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/util.h"

#define DIRECTORY "/run/vhost-user-cryptodev"

static const char *directory(void)
{
	const char *given = getenv("VCRYPTOCTL_DIR");

	return given && *given ? given : DIRECTORY;
}

/* "DIR/NAME/control" or "DIR/NAME.control". Return: NAME, to be freed. */
static char *name_of(const char *path)
{
	const char *end = strrchr(path, '/'), *begin;
	size_t len;

	if (!strcmp(end, "/control")) {
		for (begin = end; begin > path && begin[-1] != '/'; begin--)
			;
		len = (size_t)(end - begin);
	} else {
		begin = end + 1;
		len = strlen(begin) - strlen(".control");
	}
	return strndup(begin, len);
}

static int look(glob_t *paths)
{
	static const char *const patterns[] = {"*/control", "*.control"};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		_cleanup_free_ char *pattern = NULL;
		int result;

		if (asprintf(&pattern, "%s/%s", directory(), patterns[i]) < 0) {
			pattern = NULL;
			return -ENOMEM;
		}
		result = glob(pattern, i ? GLOB_APPEND : 0, NULL, paths);
		if (result == GLOB_NOSPACE)
			err = -ENOMEM;
	}
	return err;
}

/* By name; of one name, the unit's socket first. */
static int compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(y->path, x->path);
}

int find_all(struct found **list, size_t *n)
{
	glob_t paths = {0};
	int err = look(&paths);

	*n = 0;
	*list = calloc(paths.gl_pathc + 1, sizeof(**list));
	if (!*list)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < paths.gl_pathc; i++) {
		struct found *found = &(*list)[(*n)++];

		found->path = strdup(paths.gl_pathv[i]);
		found->name = name_of(paths.gl_pathv[i]);
		if (!found->path || !found->name)
			err = -ENOMEM;
	}
	globfree(&paths);
	if (!err)
		qsort(*list, *n, sizeof(**list), compare);
	if (err) {
		find_free(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return err;
}

void find_free(struct found *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].path);
	}
	free(list);
}

bool find_good_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int find_vm(const char *name, char **path)
{
	_cleanup_free_ char *older = NULL;

	if (asprintf(path, "%s/%s/control", directory(), name) < 0) {
		*path = NULL;
		return -ENOMEM;
	}
	/* What we may not look at is for connect() to complain about. */
	if (access(*path, F_OK) == 0 || errno == EACCES)
		return 0;
	if (asprintf(&older, "%s/%s.control", directory(), name) < 0) {
		older = NULL;
		return -ENOMEM;
	}
	if (access(older, F_OK) != 0)
		return -ENOENT;
	free(*path);
	*path = older;
	older = NULL;
	return 0;
}

int find_front_end(const char *name, char **path)
{
	_cleanup_free_ char *own = NULL;

	if (asprintf(path, "%s/%s.socket", directory(), name) < 0) {
		*path = NULL;
		return -ENOMEM;
	}
	if (asprintf(&own, "%s/%s/socket", directory(), name) < 0) {
		own = NULL;
		free(*path);
		*path = NULL;
		return -ENOMEM;
	}
	if (access(*path, F_OK) == 0 || access(own, F_OK) != 0)
		return 0;
	free(*path);
	*path = own;
	own = NULL;
	return 0;
}
