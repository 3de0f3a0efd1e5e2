/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.c - where front ends connect to: a path, or a socket that was passed in.
 */
#include "daemon/base/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

#define BACKLOG 1

static int listen_at(struct listener *listener, const char *path,
		     const struct unix_socket_access *access)
{
	struct stat st;
	int fd = unix_socket_listen(path, access, BACKLOG, &st);

	if (fd < 0)
		return fd;
	listener->file = (struct remover_file){path, st.st_dev, st.st_ino};
	listener->fd = fd;
	return 0;
}

/* Find out what kind of socket was passed in. */
static int adopt(struct listener *listener, int fd)
{
	struct stat st;
	int listening = 0;
	socklen_t len = sizeof(listening);
	int type = 0;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 ||
	    (len = sizeof(type), getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len)) < 0 ||
	    type != SOCK_STREAM) {
		log_msg(LOG_ERROR,
			"--fd=%d: not an open stream socket; pass one that listens or is connected",
			fd);
		return -ENOTSOCK;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	if (listening)
		listener->fd = fd;
	else
		listener->connected = fd;
	return 0;
}

int listener_open(struct listener *listener, const char *path,
		  const struct unix_socket_access *access, int fd)
{
	*listener = (struct listener){.fd = -1, .connected = -1};
	return path ? listen_at(listener, path, access) : adopt(listener, fd);
}

int listener_accept(struct listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
		return -EAGAIN;
	default:
		return -errno;
	}
}

void listener_close(struct listener *listener)
{
	close_fd(&listener->connected);
	close_fd(&listener->fd);
}
