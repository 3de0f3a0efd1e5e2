/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_loop.h - the signals and the loop of a worker's control thread.
 */
#ifndef VCD_DAEMON_EVENT_LOOP_H
#define VCD_DAEMON_EVENT_LOOP_H

#include "daemon/vm/vm.h"
#include "daemon/vhost_user/vhost_user.h"

struct control;
struct service;

/**
 * struct event_loop - what the control thread listens to.
 * @vm: what the front end drives
 * @channel: to the supervisor, until it is served, or -1
 * @signals: signalfd
 * @epoll: what the loop waits in
 * @vu: the front end, as it comes over the channel
 * @control: clients of the operator's socket, served in the same loop, or NULL
 * @keys: gets the connections to the keeper, or NULL
 */
struct event_loop {
	struct vm *vm;
	int channel;
	int signals;
	int epoll;
	struct vhost_user vu;
	struct control *control;
	struct service *keys;
};

/**
 * event_loop_signals - block the signals that event_loop_run() handles.
 *
 * To be called before threads are started: they inherit it. Return: 0 or -errno.
 */
int event_loop_signals(void);

/**
 * event_loop_open - make what the loop needs.
 * @loop: its channel is set by the caller afterwards; event_loop_close() may be called whatever the
 *	result
 *
 * What went wrong is logged. Return: 0 or a negative errno.
 */
int event_loop_open(struct event_loop *loop);

/**
 * event_loop_run - say that we are ready, and serve.
 * @loop: open
 * @vm: what the front end drives
 *
 * Return: 0 after SIGTERM, or when the supervisor is gone; a negative errno, logged, when it
 * cannot go on.
 */
int event_loop_run(struct event_loop *loop, struct vm *vm);

/** event_loop_close - close the channel and all else. */
void event_loop_close(struct event_loop *loop);

#endif /* VCD_DAEMON_EVENT_LOOP_H */
