/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spawn.c - starting the keeper's other processes.
 *
 * They are executed anew: they have nothing of our memory, which keys have passed through. All
 * descriptors but theirs are close-on-exec.
 */
#include "keeper/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

#define SELF "/proc/self/exe"
#define NAME "vcrypto-keeper"

static const char *const levels[] = {"--quiet", "--quiet", "--", "--verbose", "--debug"};

/* In the child. */
static void __attribute__((noreturn)) become(char *role, const struct options *o, int fd)
{
	char sandbox[40], seccomp[40], threads[40];
	char *argv[] = {(char *)NAME, role, sandbox, seccomp, threads, (char *)levels[o->level],
			NULL};
	sigset_t none;

	(void)snprintf(sandbox, sizeof(sandbox), "--sandbox=%s",
		       o->sandbox == SANDBOX_AUTO     ? "auto"
		       : o->sandbox == SANDBOX_STRICT ? "strict"
						      : "none");
	(void)snprintf(seccomp, sizeof(seccomp), "--seccomp=%s",
		       o->seccomp == SECCOMP_KILL  ? "kill"
		       : o->seccomp == SECCOMP_LOG ? "log"
						   : "off");
	(void)snprintf(threads, sizeof(threads), "--threads=%u", o->threads);
	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && fcntl(fd, F_SETFD, 0) == 0 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0)
		execv(SELF, argv);
	log_msg(LOG_ERROR, "cannot execute " SELF ": %m");
	_exit(STATUS_FAILURE);
}

static int make_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;
}

pid_t spawn_server(const struct options *options, int *fd)
{
	struct sandbox child = {.mode = options->sandbox, .seccomp = options->seccomp};
	const uid_t owner = geteuid();
	char role[100];
	int pair[2];
	int err = make_pair(pair);
	pid_t pid;

	if (err)
		return err;
	pid = sandbox_fork(&child);
	if (pid == 0) {
		int namespaces = (child.done & (1u << MEASURE_PID_NS) ? SPAWN_PID_NS : 0) |
				 (child.own_user_ns ? SPAWN_USER_NS : 0);

		(void)snprintf(role, sizeof(role), "--" OPTIONS_SERVER "=%d,%d,%d,%u", pair[1],
			       namespaces, child.own_user_err, (unsigned int)owner);
		if (child.own_user_ns && capabilities_pass_on() < 0)
			log_msg(
			    LOG_WARN,
			    "the server cannot be given the capabilities to confine itself: %m");
		become(role, options, pair[1]);
	}
	err = -errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err;
	}
	*fd = pair[0];
	return pid;
}

pid_t spawn_module(const struct options *options, int *fd)
{
	char role[60];
	int pair[2];
	int err = make_pair(pair);
	pid_t pid;

	if (err)
		return err;
	pid = fork();
	if (pid == 0) {
		(void)snprintf(role, sizeof(role), "--" OPTIONS_MODULE "=%d", pair[1]);
		become(role, options, pair[1]);
	}
	err = -errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err;
	}
	*fd = pair[0];
	return pid;
}
