/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.c - the socket, the signals and the loop of the control thread.
 *
 * Theory of operation
 * -------------------
 * One front end at a time: while one is connected, the listening socket is not
 * looked at, and others wait in its backlog. When it is gone, everything it
 * made goes (vhost_user_end()), and the next one is accepted. A socket that was
 * passed in connected serves its one front end.
 *
 * The loop sleeps in epoll_wait() without a timeout. Signals come through a
 * signalfd, so that they are handled here and nowhere else.
 */
#include "daemon/server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/log.h"
#include "daemon/unix_socket.h"
#include "daemon/util.h"

#define BACKLOG 1

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
}

int server_signals(void)
{
	sigset_t set;

	/* Front ends break pipes and sockets; that is an error of write(), no more. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	our_signals(&set);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* ---- the socket ----------------------------------------------------------------------- */

static int listen_at(struct server *server, const char *path)
{
	struct stat st;
	int fd = unix_socket_listen(path, 0, BACKLOG, &st);

	if (fd < 0)
		return fd;
	server->socket_dev = st.st_dev;
	server->socket_ino = st.st_ino;
	server->listener = fd;
	return 0;
}

/* Find out what kind of socket was passed in. */
static int adopt(struct server *server, int fd)
{
	struct stat st;
	int listening = 0;
	socklen_t len = sizeof(listening);
	int type = 0;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 ||
	    (len = sizeof(type), getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len)) < 0 ||
	    type != SOCK_STREAM) {
		log_msg(LOG_ERROR, "--fd=%d: not an open stream socket", fd);
		return -ENOTSOCK;
	}
	if (listening)
		server->listener = fd;
	else
		server->pending = fd;
	return 0;
}

int server_open(struct server *server, const char *socket_path, int fd)
{
	sigset_t set;
	int err;

	*server = (struct server){
	    .listener = -1, .signals = -1, .epoll = -1, .pending = -1, .vu.socket = -1};
	our_signals(&set);
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->signals < 0 || server->epoll < 0) {
		err = -errno;
		log_msg(LOG_ERROR, "signalfd or epoll: %m");
		return err;
	}
	if (!socket_path)
		return adopt(server, fd);
	return listen_at(server, socket_path);
}

void server_close(struct server *server)
{
	vhost_user_end(&server->vu);
	close_fd(&server->pending);
	close_fd(&server->listener);
	close_fd(&server->epoll);
	close_fd(&server->signals);
}

/* ---- the loop ------------------------------------------------------------------------- */

static int watch(struct server *server, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void unwatch(struct server *server, int fd)
{
	(void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* A front end is there; the listener rests meanwhile. */
static int begin(struct server *server, int socket)
{
	int err = watch(server, socket);

	if (err) {
		close(socket);
		return err;
	}
	if (server->listener >= 0)
		unwatch(server, server->listener);
	vhost_user_begin(&server->vu, server->backend, socket);
	server->front_ends++;
	log_msg(LOG_INFO, "front end connected");
	return 0;
}

static int accept_one(struct server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		return begin(server, fd);
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
		return 0;
	default:
		return -errno;
	}
}

/* The front end is gone, or has to go. 1: there will be no other. */
static int end(struct server *server, int reason)
{
	if (reason == -ECONNRESET) {
		log_msg(LOG_INFO, "front end disconnected");
	} else {
		if (reason == -EPROTO)
			server->protocol_errors++;
		log_limited(LOG_WARN, "connection closed: %s", strerror(-reason));
	}
	unwatch(server, server->vu.socket);
	vhost_user_end(&server->vu);
	return server->listener >= 0 ? watch(server, server->listener) : 1;
}

/* 1: it is time to end. */
static int take_signal(struct server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGUSR1) {
		server->report(server->report_arg);
		return 0;
	}
	log_msg(LOG_INFO, "ending at signal %u", info.ssi_signo);
	return 1;
}

static int handle(struct server *server, int fd)
{
	int err;

	if (fd == server->signals)
		return take_signal(server);
	if (fd == server->listener)
		return accept_one(server);
	if (server->control && control_handle(server->control, fd))
		return 0;
	err = vhost_user_input(&server->vu);
	return err ? end(server, err) : 0;
}

int server_run(struct server *server, struct backend *backend)
{
	struct epoll_event event;
	int err;

	server->backend = backend;
	err = watch(server, server->signals);
	if (!err && server->control)
		err = control_start(server->control, server->epoll);
	if (!err && server->listener >= 0)
		err = watch(server, server->listener);
	if (!err && server->pending >= 0)
		err = begin(server, take_fd(&server->pending));
	/* One event at a time: handling it may close what another one is about. */
	while (err == 0) {
		int n = epoll_wait(server->epoll, &event, 1, -1);

		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n == 1)
			err = handle(server, event.data.fd);
	}
	if (err < 0)
		log_msg(LOG_ERROR, "cannot go on: %s", strerror(-err));
	return err < 0 ? err : 0;
}
