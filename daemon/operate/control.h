/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.h - the operator's socket.
 *
 * Protocol
 * --------
 * A client sends a command, one line of at most CONTROL_LINE bytes that ends with
 * a newline. It gets
 *
 *     OK LENGTH\n     and LENGTH bytes of answer, or
 *     ERR TEXT\n      why not
 *
 * and may send the next. commands.h lists the commands. Nothing is read from a
 * client that has an answer yet to fetch, so it cannot make us hold more than one.
 *
 * A client that sends what is no command line is disconnected.
 *
 * The loop is the server's (daemon/event_loop.c): control_adopt() adds descriptors to its
 * epoll, control_handle() takes events of those. Nothing here blocks.
 *
 * Who may connect: the socket's mode is 0600, and a peer that is neither root nor
 * of our own user id is turned away nevertheless. It is the supervisor who sees to
 * that (supervisor/clients.c), and passes clients on to here (vhost_user/channel.h).
 */
#ifndef VCD_DAEMON_OPERATE_CONTROL_H
#define VCD_DAEMON_OPERATE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/** Longest command, with its newline. */
#define CONTROL_LINE 512

/** Clients at one time. */
#define CONTROL_CLIENTS 8

/** Clients that wait for one of these to go. */
#define CONTROL_WAITING 16

/**
 * struct control_client - a connection.
 * @fd: socket, -1: none
 * @line: what has come of a command
 * @line_len: bytes of it
 * @answer: what is to be sent, or NULL
 * @answer_len: bytes of it
 * @answer_sent: bytes of these that are sent
 */
struct control_client {
	int fd;
	char line[CONTROL_LINE];
	size_t line_len;
	char *answer;
	size_t answer_len;
	size_t answer_sent;
};

/**
 * struct control - the clients.
 * @epoll: the loop's, while started
 * @run: carries a command out: writes the answer to @out and returns NULL, or returns
 *	what is wrong, a string that stays
 * @arg: its argument
 * @clients: connections
 * @waiting: connections that wait for one of these to end
 * @waiting_count: how many, the first is next
 */
struct control {
	int epoll;
	const char *(*run)(void *arg, char *line, FILE *out);
	void *arg;
	struct control_client clients[CONTROL_CLIENTS];
	int waiting[CONTROL_WAITING];
	unsigned int waiting_count;
};

/** control_init - one that has no client. */
void control_init(struct control *control);

/** control_start - serve from the loop of @epoll. @run and @arg are set. */
void control_start(struct control *control, int epoll);

/**
 * control_adopt - serve a client that the supervisor accepted: it may give orders.
 * @control: started
 * @fd: its connection; taken over
 *
 * Return: 0; -EAGAIN when too many wait already: then it was told so, and is closed.
 */
int control_adopt(struct control *control, int fd);

/** control_handle - take the event of @fd. Return: whether it was ours. */
bool control_handle(struct control *control, int fd);

/** control_close - let clients go. */
void control_close(struct control *control);

/**
 * control_input - take bytes of a client: the parser, for control.c and the tests.
 * @control: control
 * @client: client, without an answer
 * @bytes: what came
 * @len: bytes of it
 *
 * Return: bytes taken, up to the end of the first command, which is then executed and
 * @client has its answer; or -EMSGSIZE: no command is as long as that.
 */
ssize_t control_input(struct control *control, struct control_client *client, const char *bytes,
		      size_t len);

#endif /* VCD_DAEMON_OPERATE_CONTROL_H */
