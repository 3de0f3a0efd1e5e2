/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * janitor.c - a process that does what needs the file system, for one that has none.
 *
 * Theory of operation
 * -------------------
 * The daemon gives up the file system when it starts (sandbox.h), but it has to
 * replace its statistics file when asked to, and to remove its sockets at the end.
 * The janitor is forked before that and keeps the paths. It can be told, over
 * a socket pair, to write these bytes to that file, and which inode a socket has;
 * no more: whoever took the daemon over gains wrong statistics by it.
 *
 * It ends, and removes the sockets, when the pair's other end closes: also when the
 * daemon was killed.
 */
#include "daemon/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/util.h"

/* Its end of the pair, the only descriptor it has beside standard error. */
#define JANITOR_FD 3

/* struct note - what is sent; a SEQPACKET. @size bytes of statistics follow, or 0: a socket. */
struct note {
	uint64_t size;
	uint64_t kind;
	uint64_t dev;
	uint64_t ino;
};

/* ---- in the janitor ------------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int replace(const char *path, const char *text, size_t len)
{
	_cleanup_free_ char *temporary = NULL;
	_cleanup_fd_ int fd = -1;
	int err;

	if (asprintf(&temporary, "%s.%ld.tmp", path, (long)getpid()) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, len);
	if (!err && rename(temporary, path) < 0)
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

/* Only if it is ours still: somebody may have started a successor. */
static void remove_socket(const char *path, const struct note *socket)
{
	struct stat st;

	if (path && socket->ino && lstat(path, &st) == 0 && st.st_dev == socket->dev &&
	    st.st_ino == socket->ino)
		unlink(path);
}

static void __attribute__((noreturn)) janitor_main(const struct janitor_paths *paths)
{
	static struct {
		struct note note;
		char text[JANITOR_MAX_STATS];
	} m;
	struct note ours[JANITOR_SOCKETS] = {0};
	unsigned int i;

	for (;;) {
		ssize_t n = recv(JANITOR_FD, &m, sizeof(m), 0);
		int32_t result = -EINVAL;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (n == sizeof(m.note) && m.note.size == 0 && m.note.kind < JANITOR_SOCKETS) {
			ours[m.note.kind] = m.note;
			result = 0;
		} else if (paths->stats && (size_t)n > sizeof(m.note) &&
			   m.note.size == (size_t)n - sizeof(m.note)) {
			result = replace(paths->stats, m.text, m.note.size);
		}
		if (send(JANITOR_FD, &result, sizeof(result), MSG_NOSIGNAL) < 0)
			break;
	}
	for (i = 0; i < JANITOR_SOCKETS; i++)
		remove_socket(paths->socket[i], &ours[i]);
	_exit(0);
}

/* Signals are for the daemon; its end is told by the pair. No descriptor but ours. */
static void __attribute__((noreturn)) become_janitor(int socket, const struct janitor_paths *paths)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)prctl(PR_SET_PDEATHSIG, 0);
	(void)prctl(PR_SET_NAME, "vcd-janitor");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || dup2(socket, JANITOR_FD) < 0 ||
	    close_range(JANITOR_FD + 1, ~0u, 0) < 0)
		_exit(1);
	(void)close_range(STDIN_FILENO, STDOUT_FILENO, 0);
	janitor_main(paths);
}

/* ---- in the daemon -------------------------------------------------------------------- */

int janitor_start(struct janitor *janitor, const struct janitor_paths *paths)
{
	int pair[2];
	int err;

	*janitor = (struct janitor){.socket = -1};
	if (!paths->stats && !paths->socket[JANITOR_SERVER] && !paths->socket[JANITOR_CONTROL])
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	janitor->pid = fork();
	if (janitor->pid == 0)
		become_janitor(pair[1], paths);
	err = janitor->pid < 0 ? -errno : 0;
	close(pair[1]);
	if (err) {
		close(pair[0]);
		janitor->pid = 0;
		return err;
	}
	janitor->socket = pair[0];
	return 0;
}

static int tell(struct janitor *janitor, struct note *note, const char *text)
{
	struct iovec iov[2] = {
	    {.iov_base = note, .iov_len = sizeof(*note)},
	    {.iov_base = (char *)(uintptr_t)text, .iov_len = note->size},
	};
	const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = text ? 2 : 1};
	int32_t result;
	ssize_t n;

	if (janitor->socket < 0)
		return -EPIPE;
	do {
		n = sendmsg(janitor->socket, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	do {
		n = recv(janitor->socket, &result, sizeof(result), 0);
	} while (n < 0 && errno == EINTR);
	return n == sizeof(result) ? result : n < 0 ? -errno : -EPIPE;
}

int janitor_socket(struct janitor *janitor, enum janitor_socket_kind kind, dev_t dev, ino_t ino)
{
	struct note note = {.kind = kind, .dev = dev, .ino = ino};

	return tell(janitor, &note, NULL);
}

int janitor_stats(struct janitor *janitor, const char *text, size_t len)
{
	struct note note = {.size = len};

	if (len == 0 || len > JANITOR_MAX_STATS)
		return -EMSGSIZE;
	return tell(janitor, &note, text);
}

void janitor_end(struct janitor *janitor)
{
	close_fd(&janitor->socket);
	if (janitor->pid > 0)
		while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
			;
	janitor->pid = 0;
}
