/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix_socket.c - making listening UNIX sockets. See unix_socket.h. */
#include "common/unix_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

/* Whether somebody listens at @address. */
static bool somebody_listens(const struct sockaddr_un *address, int type)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* With a full backlog connect() fails with EAGAIN: somebody is there too. */
	return fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	       errno != ECONNREFUSED;
}

/* Remove the socket that a former process left behind, if that is what it is. */
static int remove_stale(const struct sockaddr_un *address, int type)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_msg(LOG_ERROR, "%s is there and is not a socket; name another path", path);
		return -EEXIST;
	}
	if (somebody_listens(address, type)) {
		log_msg(LOG_ERROR, "another process serves %s; stop it or name another path", path);
		return -EADDRINUSE;
	}
	log_msg(LOG_INFO, "replacing the stale socket %s", path);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* The number of a group that is named or is a number itself. */
static int find_group(const char *text, gid_t *ret)
{
	const struct group *group = getgrnam(text);
	unsigned long number;
	char *end;

	if (group) {
		*ret = group->gr_gid;
		return 0;
	}
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || number >= (gid_t)-1) {
		log_msg(LOG_ERROR, "there is no group %s; name one that is in /etc/group", text);
		return -ENOENT;
	}
	*ret = (gid_t)number;
	return 0;
}

/*
 * bind() makes the file with the umask's mode: a stricter one is in force before, and nobody
 * can connect before the group is right.
 */
static int bind_at(int fd, const struct sockaddr_un *address,
		   const struct unix_socket_access *access, gid_t group)
{
	const char *path = address->sun_path;
	mode_t before = access->mode ? umask(0777) : 0;
	int err = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	if (access->mode)
		umask(before);
	if (err)
		return err;
	if ((access->group && lchown(path, (uid_t)-1, group) < 0) ||
	    (access->mode && chmod(path, access->mode) < 0)) {
		err = -errno;
		unlink(path);
	}
	return err;
}

static int listen_at(const char *path, const struct unix_socket_access *access, int backlog,
		     struct stat *st)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int type = access->type ? access->type : SOCK_STREAM;
	_cleanup_fd_ int fd = -1;
	gid_t group = 0;
	int err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	err = access->group ? find_group(access->group, &group) : 0;
	if (err)
		return err;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = bind_at(fd, &address, access, group);
	if (err == -EADDRINUSE) {
		err = remove_stale(&address, type);
		if (!err)
			err = bind_at(fd, &address, access, group);
	}
	if (err)
		return err;
	if (listen(fd, backlog) < 0 || lstat(path, st) < 0) {
		err = -errno;
		unlink(path);
		return err;
	}
	return take_fd(&fd);
}

int unix_socket_listen(const char *path, const struct unix_socket_access *access, int backlog,
		       struct stat *st)
{
	int fd = listen_at(path, access, backlog, st);

	if (fd < 0 && fd != -EEXIST && fd != -EADDRINUSE)
		log_msg(LOG_ERROR, "cannot listen on %s: %s", path, strerror(-fd));
	return fd;
}

int unix_socket_peer(int fd, uid_t *user)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	*user = peer.uid;
	return 0;
}
