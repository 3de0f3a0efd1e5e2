/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remover.c - removes the sockets' files at the end. See remover.h. */
#include "daemon/base/remover.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"

#define WORD 'r'

void remover_file(const struct remover_file *file)
{
	struct stat st;

	if (file->path && lstat(file->path, &st) == 0 && st.st_dev == file->dev &&
	    st.st_ino == file->ino)
		unlink(file->path);
}

static void __attribute__((noreturn)) run(int socket, const struct remover_file *files)
{
	sigset_t all;
	char word = 0;
	ssize_t n;

	/* Signals are for the supervisor; whose end is the end of the socket. */
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || dup2(socket, STDIN_FILENO) < 0 ||
	    close_range(STDIN_FILENO + 1, ~0u, 0) < 0)
		_exit(1);
	(void)prctl(PR_SET_NAME, "vcd-remover");
	do {
		n = read(STDIN_FILENO, &word, 1);
	} while (n < 0 && errno == EINTR);
	for (unsigned int i = 0; n == 1 && word == WORD && i < REMOVER_FILES; i++)
		remover_file(&files[i]);
	_exit(0);
}

int remover_start(const struct remover_file files[REMOVER_FILES])
{
	int pair[2];
	pid_t pid;
	int err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		/* An orphan: its parent ends now, so the supervisor has no child but workers. */
		pid = fork();
		if (pid == 0)
			run(pair[1], files);
		_exit(pid < 0);
	}
	err = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (!err && (waitpid(pid, &err, 0) != pid || err))
		err = -EAGAIN;
	if (err) {
		close(pair[0]);
		return err;
	}
	return pair[0];
}

void remover_end(int remover)
{
	char word = WORD;

	if (send(remover, &word, 1, MSG_NOSIGNAL) == 1)
		while (read(remover, &word, 1) < 0 && errno == EINTR)
			;
	close(remover);
}
