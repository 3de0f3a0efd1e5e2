/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unix_socket.h - making listening UNIX sockets.
 */
#ifndef VCD_COMMON_UNIX_SOCKET_H
#define VCD_COMMON_UNIX_SOCKET_H

#include <sys/stat.h>
#include <sys/types.h>

/**
 * struct unix_socket_access - who may connect.
 * @mode: access to the file; 0: as the umask has it
 * @group: its group, a name or a number; NULL: ours
 * @type: SOCK_SEQPACKET; 0: SOCK_STREAM
 */
struct unix_socket_access {
	mode_t mode;
	const char *group;
	int type;
};

/**
 * unix_socket_listen - listen at @path.
 * @path: where; a socket that nobody serves any more is replaced
 * @access: who may connect
 * @backlog: of listen()
 * @st: out: the file that was made, so that it can be told from a successor's
 *
 * What went wrong is logged.
 *
 * Return: a descriptor, not blocking; -EEXIST something else is at @path, -EADDRINUSE
 * somebody serves it, or another negative errno.
 */
int unix_socket_listen(const char *path, const struct unix_socket_access *access, int backlog,
		       struct stat *st);

/**
 * unix_socket_peer - as which user somebody connected.
 * @fd: the connection
 * @user: out: its effective user id then, as our user namespace has it
 *
 * Return: 0 or a negative errno.
 */
int unix_socket_peer(int fd, uid_t *user);

#endif /* VCD_COMMON_UNIX_SOCKET_H */
