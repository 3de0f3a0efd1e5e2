/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * landlock.c - deny by Landlock whatever the kernel's version of it can deny. See
 * sandbox.h.
 *
 * A ruleset that handles a kind of access and has no rule denies it. Numbers are
 * written out, as the headers that we are built with may be older than the kernel
 * that we run on (linux/landlock.h; Documentation/userspace-api/landlock.rst).
 */
#include "daemon/confine/steps.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/util.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

#define CREATE_RULESET_VERSION 1u

/* struct landlock_ruleset_attr of ABI 6. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* ABI 1 has file system rights 0 to 12; 13 rename (2), 14 truncate (3), 15 ioctl (5). */
static uint64_t fs_rights(long abi)
{
	unsigned int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

	return (1ull << bits) - 1;
}

int landlock_deny_all(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset rules = {0};
	_cleanup_fd_ int fd = -1;
	size_t size;

	if (abi < 0)
		return -errno;
	rules.fs = fs_rights(abi);
	rules.net = abi >= 4 ? 0x3 : 0;	   /* bind and connect TCP */
	rules.scoped = abi >= 6 ? 0x3 : 0; /* abstract sockets and signals of others */
	size = abi >= 6 ? sizeof(rules) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return -errno;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}
