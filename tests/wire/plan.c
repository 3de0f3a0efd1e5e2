/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.c - the file by which a test tells the daemon where to die. See crash.h.
 */
#include "tests/wire/crash.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void crash_file_make(struct crash_file *file)
{
	void *map;
	int fd;

	(void)snprintf(file->path, sizeof(file->path), "/tmp/vcd-crash-XXXXXX");
	fd = mkstemp(file->path);
	assert_true(fd >= 0);
	/* Workers of root's daemon are another user's from the start. */
	assert_int_equal(fchmod(fd, 0666), 0);
	assert_int_equal(ftruncate(fd, sizeof(*file->plan)), 0);
	map = mmap(NULL, sizeof(*file->plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	file->plan = map;
	close(fd);
	setenv("VCD_CRASH", file->path, 1);
}

void crash_file_set(const struct crash_file *file, enum crash_place place, unsigned int every,
		    int times)
{
	file->plan->place = place;
	file->plan->every = every;
	__atomic_store_n(&file->plan->left, times, __ATOMIC_RELEASE);
}

int crash_file_left(const struct crash_file *file)
{
	return __atomic_load_n(&file->plan->left, __ATOMIC_ACQUIRE);
}

void crash_file_remove(struct crash_file *file)
{
	unsetenv("VCD_CRASH");
	munmap(file->plan, sizeof(*file->plan));
	unlink(file->path);
}
