// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conversation.c - carry text between a console and a channel until it is over.
 *
 * Theory of operation
 * -------------------
 * One poll loop. Each turn moves text as far as there is room, without a
 * system call on the socket's receiving side, then sleeps until a descriptor can
 * do more:
 *
 *   input  is polled while the input buffer is empty and the channel sends;
 *   output is polled while the output buffer is not empty;
 *   socket is polled for what the channel asks for.
 *
 * A descriptor that cannot help now is not polled at all, since poll() always
 * reports errors and hang-ups and would not let us sleep. So a slow output stops
 * the receiving direction, a slow peer stops the sending one, and neither
 * stops the other: two ends that both send and read slowly cannot deadlock.
 *
 * The end. Our input's end closes our sending side; we go on receiving until
 * the peer ends too. The peer's end is harder, because TCP does not tell a peer
 * that left from one that has only finished sending. What has been read is
 * still sent, and further input is awaited for linger_ms: long enough for a
 * file or a pipeline to get through, not so long that a listener whose input is
 * a terminal or an idle pipe never comes to its next client.
 *
 * Invariant: text that was taken from the input belongs to this conversation
 * and is sent in it, or the conversation reports a failure.
 */
#include "labchat/conversation.h"

#include <errno.h>
#include <poll.h>

#include "apps/base/wait.h"

enum { POLL_INPUT, POLL_OUTPUT, POLL_SOCKET, POLL_COUNT };

struct conversation {
	struct channel *ch;
	struct console *con;
	int linger_ms;
	bool finished;	  /* the channel knows that our input ended */
	bool drained;	  /* all text of the peer is with the console */
	int64_t deadline; /* end of lingering; 0: not lingering */
};

/* Peer to user. */
static void move_received(struct conversation *c)
{
	uint8_t text[CONSOLE_CHUNK];
	size_t n = 0;

	while (!c->drained && console_can_put(c->con)) {
		n = c->ch->ops->receive(c->ch, text, sizeof(text));
		if (n) {
			console_put(c->con, text, n);
		} else if (!c->ch->rx_open) {
			c->drained = true;
			console_end_put(c->con);
		} else {
			break;
		}
		if (buffer_used(&c->con->output))
			break;
	}
	explicit_bzero(text, sizeof(text));
}

/* User to peer. */
static void move_typed(struct conversation *c)
{
	struct buffer *input = &c->con->input;

	if (!c->ch->tx_open && !c->finished) {
		/* Nowhere to send to: the failure is reported, the text is lost. */
		buffer_clear(input);
		return;
	}
	if (buffer_used(input))
		buffer_consume(input,
			       c->ch->ops->send(c->ch, buffer_peek(input), buffer_used(input)));
	if (c->con->in_ended && !buffer_used(input) && !c->finished) {
		c->finished = true;
		c->ch->ops->finish(c->ch);
	}
}

/* Nothing of ours is on its way to the peer. */
static bool sent_all(const struct conversation *c)
{
	return !buffer_used(&c->con->input) && !c->ch->ops->tx_waits(c->ch);
}

static bool is_over(struct conversation *c)
{
	if (c->con->out_error)
		return true;
	if (!c->drained || buffer_used(&c->con->output))
		return false;
	if (!c->ch->tx_open)
		return true;
	if (!sent_all(c) || c->linger_ms == LINGER_FOREVER) {
		c->deadline = 0;
		return false;
	}
	if (!c->deadline)
		c->deadline = wait_clock_ms() + c->linger_ms;
	return wait_clock_ms() >= c->deadline;
}

static bool wants_input(const struct conversation *c)
{
	/* Without lingering, what is typed from here on is for the next conversation. */
	if (c->drained && c->linger_ms == 0)
		return false;
	return c->ch->tx_open && !c->con->in_ended && !buffer_used(&c->con->input);
}

/* Sleep until something can be done, and do the system calls for it. */
static int turn(struct conversation *c)
{
	struct console *con = c->con;
	short socket_events = c->ch->ops->events(c->ch);
	/* With the peer's end seen and nothing to send, its reset is still news. */
	bool watch_socket = socket_events || (!c->ch->rx_open && c->ch->tx_open);
	struct pollfd fds[POLL_COUNT] = {
	    [POLL_INPUT] = {.fd = wants_input(c) ? con->in : -1, .events = POLLIN},
	    [POLL_OUTPUT] = {.fd = buffer_used(&con->output) ? con->out : -1, .events = POLLOUT},
	    [POLL_SOCKET] = {.fd = watch_socket ? c->ch->fd : -1, .events = socket_events},
	};
	int timeout = WAIT_FOREVER;
	int n;

	if (c->deadline) {
		int64_t left = c->deadline - wait_clock_ms();

		timeout = left > 0 ? (int)left : 0;
	}
	n = wait_for(fds, POLL_COUNT, timeout);
	if (n < 0)
		return n;

	if (fds[POLL_SOCKET].revents)
		c->ch->ops->service(c->ch, fds[POLL_SOCKET].revents);
	if (fds[POLL_OUTPUT].revents)
		console_write(con);
	if (fds[POLL_INPUT].revents) {
		console_read(con);
		c->deadline = 0;
	}
	return 0;
}

enum conversation_end conversation_run(struct channel *ch, struct console *con, int linger_ms)
{
	struct conversation c = {.ch = ch, .con = con, .linger_ms = linger_ms};
	int err = 0;

	while (!err) {
		move_received(&c);
		move_typed(&c);
		if (is_over(&c))
			break;
		err = turn(&c);
	}
	/* After a failure: no text of this conversation may reach the next peer. */
	buffer_clear(&con->input);

	if (err == -EINTR)
		return CONVERSATION_STOPPED;
	if (con->out_error)
		return CONVERSATION_OUTPUT;
	if (err) {
		ch->fault = CHANNEL_NETWORK;
		ch->error = err;
	}
	return ch->fault == CHANNEL_OK ? CONVERSATION_DONE : CONVERSATION_CHANNEL;
}
