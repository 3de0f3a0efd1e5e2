/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_loop.c - the signals and the loop of a worker's control thread.
 *
 * Theory of operation
 * -------------------
 * The front end's messages and clients of the control socket come over the channel from the supervisor
 * (vhost_user/channel.h), which holds the connection. When the channel ends, the worker ends.
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
#include "keeper/client/service.h"
#include "common/log.h"
#include "common/util.h"

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

int event_loop_signals(void)
{
	sigset_t set;

	/* A pipe or socket that a front end broke is an error of write(). */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	our_signals(&set);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int event_loop_open(struct event_loop *loop)
{
	sigset_t set;
	int err;

	loop->channel = -1;
	loop->vu.socket = -1;
	our_signals(&set);
	loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->signals < 0 || loop->epoll < 0) {
		err = -errno;
		log_msg(LOG_ERROR, "cannot create the event loop: %m");
		return err;
	}
	return 0;
}

void event_loop_close(struct event_loop *loop)
{
	vhost_user_end(&loop->vu);
	close_fd(&loop->channel);
	close_fd(&loop->epoll);
	close_fd(&loop->signals);
}

static int watch(struct event_loop *loop, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int adopt_client(void *control, int fd)
{
	return control_adopt(control, fd);
}

static void adopt_keeper(void *keys, int fd)
{
	service_connect(keys, fd);
}

static int begin(struct event_loop *loop)
{
	struct vcd_config config;
	int err;

	vhost_user_begin(&loop->vu, loop->vm, take_fd(&loop->channel));
	if (loop->control) {
		loop->vu.adopt_client = adopt_client;
		loop->vu.adopt_arg = loop->control;
	}
	if (loop->keys) {
		loop->vu.adopt_keeper = adopt_keeper;
		loop->vu.keeper_arg = loop->keys;
	}
	err = watch(loop, loop->vu.socket);
	vdev_config(loop->vm->device, &config);
	return err ? err : channel_ready(loop->vu.socket, &config);
}

/* 1: it is time to end. */
static int take_signal(struct event_loop *loop)
{
	struct signalfd_siginfo info;

	if (read(loop->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	/* A terminal sends its signals to the supervisor as well, which decides. */
	if (info.ssi_signo != SIGTERM)
		return 0;
	log_msg(LOG_INFO, "ending at signal %u", info.ssi_signo);
	return 1;
}

static int handle(struct event_loop *loop, int fd)
{
	if (fd == loop->signals)
		return take_signal(loop);
	if (loop->control && control_handle(loop->control, fd))
		return 0;
	if (vhost_user_input(&loop->vu) == 0)
		return 0;
	log_msg(LOG_INFO, "the supervisor is gone");
	return 1;
}

int event_loop_run(struct event_loop *loop, struct vm *vm)
{
	struct epoll_event event;
	int err;

	loop->vm = vm;
	if (loop->control)
		control_start(loop->control, loop->epoll);
	err = watch(loop, loop->signals);
	if (!err)
		err = begin(loop);
	/* One event at a time: handling it may close what another one is about. */
	while (err == 0) {
		int n = epoll_wait(loop->epoll, &event, 1, -1);

		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n == 1)
			err = handle(loop, event.data.fd);
	}
	if (err < 0)
		log_msg(LOG_ERROR, "cannot go on: %s", strerror(-err));
	return err < 0 ? err : 0;
}
