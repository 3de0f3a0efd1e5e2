/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.c - the signals and the loop of the control thread.
 *
 * Theory of operation
 * -------------------
 * One front end at a time: while one is connected, the listening socket is not
 * looked at, and others wait in its backlog. When it is gone, everything it
 * made goes (vhost_user_end()), and the next one is accepted. A socket that was
 * passed in connected serves its one front end. In a worker, that is the link to
 * its supervisor (link.h), which passes on what front ends say.
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
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/link.h"
#include "daemon/log.h"
#include "daemon/util.h"

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

int server_open(struct server *server)
{
	sigset_t set;
	int err;

	server->listener = (struct listener){.fd = -1, .connected = -1};
	server->vu.socket = -1;
	our_signals(&set);
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->signals < 0 || server->epoll < 0) {
		err = -errno;
		log_msg(LOG_ERROR, "signalfd or epoll: %m");
		return err;
	}
	return 0;
}

void server_close(struct server *server)
{
	vhost_user_end(&server->vu);
	listener_close(&server->listener);
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
	if (server->listener.fd >= 0)
		unwatch(server, server->listener.fd);
	vhost_user_begin(&server->vu, server->backend, socket);
	server->vu.linked = server->linked;
	server->vu.report = server->report;
	server->vu.report_arg = server->report_arg;
	server->vu.control = server->control;
	if (server->linked)
		return link_tell(&server->vu, LINK_READY, 0);
	server->front_ends++;
	log_msg(LOG_INFO, "front end connected");
	return 0;
}

static int accept_one(struct server *server)
{
	int fd = listener_accept(&server->listener);

	if (fd >= 0)
		return begin(server, fd);
	return fd == -EAGAIN ? 0 : fd;
}

/* The front end is gone, or has to go. 1: there will be no other. */
static int end(struct server *server, int reason)
{
	if (server->linked) {
		log_msg(LOG_INFO, "the supervisor is gone");
	} else if (reason == -ECONNRESET) {
		log_msg(LOG_INFO, "front end disconnected");
	} else {
		if (reason == -EPROTO)
			server->protocol_errors++;
		log_limited(LOG_WARN, "connection closed: %s", strerror(-reason));
	}
	unwatch(server, server->vu.socket);
	vhost_user_end(&server->vu);
	return server->listener.fd >= 0 ? watch(server, server->listener.fd) : 1;
}

/* 1: it is time to end. */
static int take_signal(struct server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	/* A terminal sends its signals to the supervisor as well, which knows what to do. */
	if (server->linked && info.ssi_signo != SIGTERM)
		return 0;
	if (info.ssi_signo == SIGUSR1) {
		server->report(server->report_arg, -1);
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
	if (fd == server->listener.fd)
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
	if (!err && server->listener.fd >= 0)
		err = watch(server, server->listener.fd);
	if (!err && server->listener.connected >= 0)
		err = begin(server, take_fd(&server->listener.connected));
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
