// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * publish.c - give a finished file its name, without ever replacing another one.
 *
 * A link is the safest way, because it exists or it does not. File systems without links return
 * various errors (EPERM, EOPNOTSUPP, ENOSYS, EIO, EACCES and EMLINK were seen). After any error but
 * EEXIST, publish() tries the next way: a rename that does not replace. The last way is to create
 * an empty file of that name exclusively, and to rename over it.
 */
#include "apps/base/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int over_empty_file(int dir, const char *from, const char *to)
{
	int fd = openat(dir, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), err;

	if (fd < 0)
		return -errno;
	close(fd);
	if (renameat(dir, from, dir, to) == 0)
		return 0;
	err = -errno;
	unlinkat(dir, to, 0);
	return err;
}

int publish(int dir, const char *from, const char *to)
{
	if (linkat(dir, from, dir, to, 0) == 0)
		return unlinkat(dir, from, 0) < 0 ? -errno : 0;
	if (errno == EEXIST)
		return -EEXIST;
	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		return -EEXIST;
	return over_empty_file(dir, from, to);
}
