/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.c - what a process in our service costs.
 */
#include "tools/bench/worker.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Processes of a worker, itself included; more are not looked for. */
#define WORKER_MAX 16

struct family {
	pid_t pid[WORKER_MAX];
	unsigned int count;
};

static pid_t parent_of(pid_t pid)
{
	char path[64];
	char line[512];
	const char *end;
	FILE *file;
	int parent = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* "12 (name, with anything in it) S 7 ..." */
	if (fgets(line, sizeof(line), file)) {
		end = strrchr(line, ')');
		if (!end || sscanf(end + 1, " %*c %d", &parent) != 1)
			parent = 0;
	}
	fclose(file);
	return parent;
}

static bool has(const struct family *family, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < family->count; i++)
		if (family->pid[i] == pid)
			return true;
	return false;
}

/* One generation more. Return: whether there was one. */
static bool add_children(struct family *family)
{
	unsigned int before = family->count;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && family->count < WORKER_MAX && !has(family, pid) &&
		    has(family, parent_of(pid)))
			family->pid[family->count++] = pid;
	}
	if (proc)
		closedir(proc);
	return family->count > before;
}

static void find(struct family *family, pid_t pid)
{
	family->pid[0] = pid;
	family->count = 1;
	while (add_children(family))
		;
}

static uint64_t cpu_of(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t worker_cpu_ns(pid_t pid)
{
	struct family family;
	uint64_t ns = 0;
	unsigned int i;

	if (pid <= 0)
		return 0;
	find(&family, pid);
	for (i = 0; i < family.count; i++)
		ns += cpu_of(family.pid[i]);
	return ns;
}

/* Anonymous and file pages; shared memory is the guest's. */
static uint64_t memory_of(pid_t pid)
{
	unsigned long long kib;
	uint64_t sum = 0;
	char path[64];
	char line[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "RssAnon: %llu kB", &kib) == 1 ||
		    sscanf(line, "RssFile: %llu kB", &kib) == 1)
			sum += kib * 1024;
	fclose(file);
	return sum;
}

uint64_t worker_memory(pid_t pid)
{
	struct family family;
	uint64_t bytes = 0;
	unsigned int i;

	if (pid <= 0)
		return 0;
	find(&family, pid);
	for (i = 0; i < family.count; i++)
		bytes += memory_of(family.pid[i]);
	return bytes;
}
