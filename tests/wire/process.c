/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.c - a daemon as a child process.
 */
#include "tests/wire/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 60000

uid_t process_user;

static bool become_user(uid_t user)
{
	return !user || (setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 &&
			 setresuid(user, user, user) == 0);
}

/* In the child: become the program, or say why not. */
static void __attribute__((noreturn)) become(char **argv, int pass_fd, int output, int report)
{
	int err;

	/* Another user may not come to where the program is. */
	int program = open(argv[0], O_PATH | O_CLOEXEC);
	bool ok = program >= 0 && become_user(process_user);

	/* A test that dies takes its daemon with it. A change of user would forget that. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ok && (pass_fd < 0 || fcntl(pass_fd, F_SETFD, 0) == 0) &&
	    (output < 0 || (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)))
		execveat(program, "", argv, environ, AT_EMPTY_PATH);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

/* The child's errno, or 0 when exec closed the pipe. */
static int exec_result(int report)
{
	int err = 0;
	ssize_t n;

	do {
		n = read(report, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(err) ? -err : 0;
}

int process_start(struct process *process, const char *path, const char *const *args, int pass_fd,
		  int *output)
{
	char *argv[PROCESS_MAX_ARGS + 2] = {(char *)(uintptr_t)path};
	int out[2] = {-1, -1};
	int report[2];
	unsigned int n;
	int err;

	for (n = 0; args && args[n]; n++) {
		if (n == PROCESS_MAX_ARGS)
			return -E2BIG;
		argv[n + 1] = (char *)(uintptr_t)args[n];
	}
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	if (output && pipe2(out, O_CLOEXEC) < 0) {
		err = -errno;
		close(report[0]);
		close(report[1]);
		return err;
	}
	process->pid = fork();
	if (process->pid == 0)
		become(argv, pass_fd, out[1], report[1]);
	err = process->pid < 0 ? -errno : 0;
	close(report[1]);
	if (output)
		close(out[1]);
	if (!err)
		err = exec_result(report[0]);
	close(report[0]);
	if (err) {
		if (process->pid > 0)
			waitpid(process->pid, NULL, 0);
		if (output)
			close(out[0]);
		process->pid = 0;
		return err;
	}
	if (output)
		*output = out[0];
	return 0;
}

int process_start_daemon(struct process *process, const char *path, const char *const *args,
			 int *socket)
{
	const char *all[PROCESS_MAX_ARGS + 1] = {NULL};
	char fd_arg[32];
	unsigned int n;
	int pair[2];
	int err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	(void)snprintf(fd_arg, sizeof(fd_arg), "--fd=%d", pair[1]);
	all[0] = fd_arg;
	for (n = 0; args && args[n] && n + 1 < PROCESS_MAX_ARGS; n++)
		all[n + 1] = args[n];
	err = process_start(process, path, all, pair[1], NULL);
	close(pair[1]);
	if (err) {
		close(pair[0]);
		return err;
	}
	*socket = pair[0];
	return 0;
}

int process_wait(struct process *process)
{
	const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
	unsigned int waited;
	int status;

	for (waited = 0; waited < WAIT_MS / 2; waited++) {
		pid_t pid = waitpid(process->pid, &status, WNOHANG);

		if (pid < 0)
			return -errno;
		if (pid > 0) {
			process->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		nanosleep(&pause, NULL);
	}
	kill(process->pid, SIGKILL);
	waitpid(process->pid, NULL, 0);
	process->pid = 0;
	return -ETIMEDOUT;
}

int process_stop(struct process *process)
{
	if (process->pid <= 0)
		return -ESRCH;
	kill(process->pid, SIGTERM);
	return process_wait(process);
}

unsigned int process_children(pid_t pid, pid_t *children, unsigned int max)
{
	unsigned int n = 0;
	char path[64];
	FILE *file;
	long child;

	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (n < max && fscanf(file, "%ld", &child) == 1)
		children[n++] = (pid_t)child;
	fclose(file);
	return n;
}

pid_t process_worker(const struct process *daemon)
{
	char path[64], text[512];
	pid_t child = 0;
	const char *option;
	ssize_t n;
	int fd;

	if (process_children(daemon->pid, &child, 1) != 1)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	/* Another one, and one that is to become a worker, has the daemon's own arguments. */
	text[n] = '\0';
	option = text + strlen(text) + 1;
	return option < text + n && !strncmp(option, "--worker=", 9) ? child : 0;
}
