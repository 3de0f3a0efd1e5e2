/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spawn.c - starting worker processes.
 *
 * A worker is executed and not only forked: it has nothing of the supervisor's memory, gets another
 * layout of its address space than the worker that died, and may be of a newer version. This file
 * says which descriptors it inherits; all others are close-on-exec.
 */
#include "daemon/supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

#define SELF "/proc/self/exe"
#define DELETED " (deleted)"

int program_open(struct program *program, char **argv, const char *worker_option)
{
	char *name;
	ssize_t n;

	*program =
	    (struct program){.fd = -1, .dir = -1, .argv = argv, .worker_option = worker_option};
	n = readlink(SELF, program->path, sizeof(program->path) - 1);
	if (n < 0)
		return -errno;
	program->path[n] = '\0';
	program->fd = open(SELF, O_PATH | O_CLOEXEC);
	if (program->fd < 0)
		return -errno;
	/* If it cannot be opened, program_next() uses the path. */
	name = strrchr(program->path, '/');
	if (name) {
		*name = '\0';
		program->dir =
		    open(*program->path ? program->path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		*name = '/';
	}
	return 0;
}

int program_next(const struct program *program, struct program *next)
{
	const size_t suffix = sizeof(DELETED) - 1;
	size_t len;

	*next = *program;
	/* The file was replaced between our exec and program_open(). */
	len = strlen(next->path);
	if (len > suffix && strcmp(next->path + len - suffix, DELETED) == 0)
		next->path[len - suffix] = '\0';
	next->fd = open(next->path, O_PATH | O_CLOEXEC);
	if (next->fd < 0 && errno == EACCES && next->dir >= 0)
		next->fd = openat(next->dir, strrchr(next->path, '/') + 1, O_PATH | O_CLOEXEC);
	return next->fd < 0 ? -errno : 0;
}

void program_close(struct program *program)
{
	close_fd(&program->fd);
}

/* The worker's arguments, with the one that makes it a worker in front of all; NULL: no memory. */
static char **make_argv(const struct program *program, char *option)
{
	char **argv;
	size_t argc = 0;

	while (program->argv[argc])
		argc++;
	argv = calloc(argc + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[0] = program->argv[0];
	argv[1] = option;
	memcpy(argv + 2, program->argv + 1, (argc - 1) * sizeof(*argv));
	return argv;
}

/* In the child: @argv[1] is to be filled in, @pass are channel and ledger. */
static void __attribute__((noreturn))
become(const struct program *program, char **argv, size_t size, const int pass[2],
       const struct sandbox *sandbox)
{
	int namespaces = (sandbox->done & (1u << MEASURE_PID_NS) ? SPAWN_PID_NS : 0) |
			 (sandbox->own_user_ns ? SPAWN_USER_NS : 0);
	sigset_t none;
	bool ok;
	int i;

	(void)snprintf(argv[1], size, "--%s=%d,%d,%d,%d", program->worker_option, pass[0], pass[1],
		       namespaces, sandbox->own_user_err);
	sigemptyset(&none);
	ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0;
	for (i = 0; i < 2; i++)
		ok = ok && fcntl(pass[i], F_SETFD, 0) == 0;
	/* The worker's stages see, and say, what they cannot do. */
	if (ok && sandbox->own_user_ns && capabilities_pass_on() < 0)
		log_msg(LOG_WARN,
			"a worker cannot be given the capabilities to confine itself: %m");
	if (ok)
		execveat(program->fd, "", argv, environ, AT_EMPTY_PATH);
	log_msg(LOG_ERROR, "cannot execute %s: %m", program->path);
	_exit(EXIT_FAILURE);
}

pid_t spawn_worker(const struct program *program, const struct sandbox *sandbox, int ledger,
		   int *channel)
{
	struct sandbox child = *sandbox;
	_cleanup_free_ char **argv = NULL;
	char option[96];
	int pair[2];
	pid_t pid;
	int err;

	argv = make_argv(program, option);
	if (!argv)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): its scope frees it */
		return -errno;
	/* If the supervisor dies before the child sets PDEATHSIG, the child sees its channel end. */
	pid = sandbox_fork(&child);
	if (pid == 0)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): that frees nothing, it becomes
		 * another */
		become(program, argv, sizeof(option), (const int[]){pair[1], ledger}, &child);
	err = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return -err;
	}
	*channel = pair[0];
	return pid;
}
