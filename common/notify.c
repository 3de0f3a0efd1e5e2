/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.c - telling a service manager how we are. See notify.h. */
#include "common/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

int notify_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	_cleanup_fd_ int fd = -1;
	size_t len;

	if (!path || !*path)
		return -1;
	len = strlen(path);
	if ((*path != '/' && *path != '@') || len >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, len);
	if (*path == '@') /* an abstract name */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return errno == EPERM ? -EACCES : -errno;
	return take_fd(&fd);
}

/* The first descriptor of those that are passed; the interface fixes it. */
#define FIRST_PASSED 3

int notify_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	char own[16];

	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	/* Another process's environment, inherited. */
	if (!pid || !count || strcmp(pid, own) != 0)
		return -1;
	return strcmp(count, "1") == 0 ? FIRST_PASSED : -EINVAL;
}

void notify_send(int fd, const char *lines)
{
	if (fd >= 0 && send(fd, lines, strlen(lines), MSG_NOSIGNAL) < 0)
		log_msg(LOG_INFO, "cannot tell the service manager: %m; what it says of this "
				  "program is out of date");
}
