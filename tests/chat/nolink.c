// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nolink.c - runs a program as on a file system without hard links.
 *
 * link() and linkat() fail with $NOLINK_ERRNO, renameat2() with $NOLINK_RENAME_ERRNO if that is
 * set. The program is $NOLINK_PROGRAM.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fail_with(scmp_filter_ctx filter, int call, const char *name)
{
	const char *number = getenv(name);

	return number ? seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)atoi(number)), call, 0)
		      : 0;
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	const char *program = getenv("NOLINK_PROGRAM");

	if (!filter || !program || fail_with(filter, SCMP_SYS(link), "NOLINK_ERRNO") ||
	    fail_with(filter, SCMP_SYS(linkat), "NOLINK_ERRNO") ||
	    fail_with(filter, SCMP_SYS(renameat2), "NOLINK_RENAME_ERRNO") || seccomp_load(filter)) {
		fputs("nolink: cannot set up\n", stderr);
		return 125;
	}
	seccomp_release(filter);
	argv[0] = (char *)(uintptr_t)program;
	execv(program, argv);
	perror(program);
	return 126;
}
