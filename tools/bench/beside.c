/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * beside.c - where the other programs of this build or installation are.
 */
#include "tools/bench/beside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int beside(const char *given, const char *const places[], char path[PATH_MAX])
{
	char self[PATH_MAX];
	char *slash;
	ssize_t n;

	path[0] = '\0';
	if (given)
		return snprintf(path, PATH_MAX, "%s", given) < PATH_MAX ? 0 : -ENAMETOOLONG;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return -errno;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	slash[1] = '\0';
	for (; *places; places++) {
		if (snprintf(path, PATH_MAX, "%s%s", self, *places) >= PATH_MAX)
			return -ENAMETOOLONG;
		if (access(path, R_OK) == 0)
			return 0;
	}
	path[0] = '\0';
	return -ENOENT;
}
