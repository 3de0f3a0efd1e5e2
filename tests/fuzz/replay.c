/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - runs a fuzz target over files, with any compiler: a corpus as a
 * regression test, or one file that was found to crash.
 *
 *	replay_TARGET PATH...     files, or directories of files
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define MAX_FILE (1u << 20)

static unsigned int files;

static int replay_file(const char *path)
{
	uint8_t *buffer = malloc(MAX_FILE), *exact = NULL;
	FILE *file = fopen(path, "re");
	size_t n = 0;
	int error = -1;

	if (!file || !buffer) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		goto out;
	}
	n = fread(buffer, 1, MAX_FILE, file);
	if (ferror(file)) {
		fprintf(stderr, "replay: %s: cannot be read\n", path);
		goto out;
	}
	/* A block of exactly the size, so that a sanitizer sees every byte too many. */
	exact = malloc(n ? n : 1);
	if (!exact)
		goto out;
	memcpy(exact, buffer, n);
	LLVMFuzzerTestOneInput(exact, n);
	files++;
	error = 0;
out:
	if (file)
		fclose(file);
	free(buffer);
	free(exact);
	return error;
}

static int replay(const char *path)
{
	struct dirent *entry;
	struct stat status;
	char name[PATH_MAX];
	int error = 0;
	DIR *directory;

	if (stat(path, &status)) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(status.st_mode))
		return replay_file(path);
	directory = opendir(path);
	if (!directory) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (!error && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		error = replay(name);
	}
	closedir(directory);
	return error;
}

int main(int argc, char *argv[])
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE-OR-DIRECTORY...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]))
			return 1;
	printf("%u inputs\n", files);
	/* An empty corpus would be a test that cannot fail. */
	return files ? 0 : 1;
}
