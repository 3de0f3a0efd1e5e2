/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.c - puts the model behind /dev/crypto in a program it is linked into.
 *
 * The C library's calls are overridden by these; every path that begins with
 * /dev/crypto is the model's. Only the calls that the test programs make are
 * covered.
 */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PREFIX "/dev/crypto"

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* Signals wait: the model's lock is not to be met again in a handler. */
static int quietly(int fd, unsigned long request, void *arg)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	ret = model_ioctl(fd, request, arg);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (!strncmp(path, PREFIX, strlen(PREFIX)))
		return result(model_open(flags));
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (model_owns(fd))
		return result(quietly(fd, (unsigned int)request, arg));
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

ssize_t read(int fd, void *buf, size_t len)
{
	return model_owns(fd) ? result(-EINVAL) : syscall(SYS_read, fd, buf, len);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	return model_owns(fd) ? result(-EINVAL) : syscall(SYS_write, fd, buf, len);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return model_owns(fd) ? result(-ESPIPE) : syscall(SYS_lseek, fd, offset, whence);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at)
{
	if (fd >= 0 && model_owns(fd)) {
		errno = ENODEV;
		return MAP_FAILED;
	}
	return model_mmap(addr, len, prot, flags, fd, at);
}

int fstat(int fd, struct stat *st)
{
	if (fstatat(fd, "", st, AT_EMPTY_PATH))
		return -1;
	if (model_owns(fd)) {
		st->st_mode = S_IFCHR | 0660;
		st->st_rdev = makedev(10, 100);
	}
	return 0;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ret = (int)syscall(SYS_poll, fds, n, timeout);

	for (nfds_t i = 0; ret > 0 && i < n; i++) {
		if (!model_owns(fds[i].fd))
			continue;
		fds[i].revents &= model_poll(fds[i].fd);
		ret -= !fds[i].revents;
	}
	return ret;
}

int select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
	int ret = (int)syscall(SYS_select, n, r, w, e, timeout);

	for (int fd = 0; ret > 0 && r && fd < n; fd++) {
		if (!FD_ISSET(fd, r) || !model_owns(fd))
			continue;
		FD_CLR(fd, r);
		ret--;
	}
	return ret;
}
