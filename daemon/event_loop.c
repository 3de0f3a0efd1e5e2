/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_loop.c - the signals and the loop of a worker's control thread.
 *
 * Theory of operation
 * -------------------
 * What the front end says comes over the link from the supervisor (vhost_user/channel.h), which holds
 * the connection; so do clients of the control socket. When the link ends, so does the worker.
 *
 * The loop sleeps in epoll_wait() without a timeout. Signals come through a
 * signalfd, so that they are handled here and nowhere else.
 */
#include "daemon/event_loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/operate/control.h"
#include "daemon/vhost_user/channel.h"
#include "common/log.h"
#include "common/util.h"

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
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

	server->link = -1;
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
	close_fd(&server->link);
	close_fd(&server->epoll);
	close_fd(&server->signals);
}

static int watch(struct server *server, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int adopt_client(void *control, int fd)
{
	return control_adopt(control, fd);
}

static int begin(struct server *server)
{
	struct vcd_config config;
	int err;

	vhost_user_begin(&server->vu, server->vm, take_fd(&server->link));
	if (server->control) {
		server->vu.adopt_client = adopt_client;
		server->vu.adopt_arg = server->control;
	}
	err = watch(server, server->vu.socket);
	vdev_config(server->vm->device, &config);
	return err ? err : channel_ready(server->vu.socket, &config);
}

/* 1: it is time to end. */
static int take_signal(struct server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	/* A terminal sends its signals to the supervisor as well, which knows what to do. */
	if (info.ssi_signo != SIGTERM)
		return 0;
	log_msg(LOG_INFO, "ending at signal %u", info.ssi_signo);
	return 1;
}

static int handle(struct server *server, int fd)
{
	if (fd == server->signals)
		return take_signal(server);
	if (server->control && control_handle(server->control, fd))
		return 0;
	if (vhost_user_input(&server->vu) == 0)
		return 0;
	log_msg(LOG_INFO, "the supervisor is gone");
	return 1;
}

int server_run(struct server *server, struct vm *vm)
{
	struct epoll_event event;
	int err;

	server->vm = vm;
	if (server->control)
		control_start(server->control, server->epoll);
	err = watch(server, server->signals);
	if (!err)
		err = begin(server);
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
