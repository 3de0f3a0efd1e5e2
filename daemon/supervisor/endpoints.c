/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoints.c - the supervisor's sockets, signals and service manager. See endpoints.h. */
#include "daemon/supervisor/endpoints.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/util.h"

/* Operators that may wait to be accepted. */
#define BACKLOG 8

void endpoints_init(struct endpoints *endpoints)
{
	*endpoints = (struct endpoints){
	    .listener = {.fd = -1, .connected = -1},
	    .control = -1,
	    .remover = -1,
	    .notify = -1,
	    .signals = -1,
	};
}

int endpoints_signals(struct endpoints *endpoints)
{
	sigset_t set;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return -errno;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	endpoints->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return endpoints->signals < 0 ? -errno : 0;
}

int endpoints_open(struct endpoints *endpoints, const char *path,
		   const struct unix_socket_access *access, int fd, const char *control)
{
	const struct unix_socket_access private = {.mode = 0600};
	int err = listener_open(&endpoints->listener, path, access, fd);
	struct stat st;

	if (err)
		return err;
	if (control) {
		endpoints->control = unix_socket_listen(control, &private, BACKLOG, &st);
		if (endpoints->control < 0)
			return endpoints->control;
		endpoints->control_file = (struct remover_file){control, st.st_dev, st.st_ino};
	}
	endpoints->notify = notify_open();
	if (endpoints->notify < -1)
		log_msg(LOG_WARN, "cannot reach the service manager at NOTIFY_SOCKET: %s",
			strerror(-endpoints->notify));
	return 0;
}

void endpoints_start_remover(struct endpoints *endpoints)
{
	endpoints->remover = remover_start((const struct remover_file[REMOVER_FILES]){
	    endpoints->listener.file, endpoints->control_file});
	if (endpoints->remover < 0)
		log_msg(
		    LOG_WARN,
		    "cannot start the process that removes the sockets' files: %s; they will stay",
		    strerror(-endpoints->remover));
}

void endpoints_close(struct endpoints *endpoints)
{
	notify_send(endpoints->notify, "STOPPING=1\n");
	close_fd(&endpoints->notify);
	close_fd(&endpoints->control);
	listener_close(&endpoints->listener);
	if (endpoints->remover >= 0) {
		remover_end(take_fd(&endpoints->remover));
	} else {
		remover_file(&endpoints->listener.file);
		remover_file(&endpoints->control_file);
	}
	close_fd(&endpoints->signals);
}
