// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link.c - one TLS connection that carries frames, and never blocks.
 *
 * Theory of operation
 * -------------------
 * Sending has two sources: `control`, frames of this connection, and the outbox. They
 * take turns at frame boundaries, control first. When SSL_write() could not finish, it must
 * be called again with the same bytes, so `source` stays what it is until its frame is out.
 *
 * Receiving fills `rx`, which holds at least one frame of the largest size, so a peer
 * can make us hold that much and no more. link_next() hands out frames in place.
 *
 * libssl reads ahead, several records with one system call. What it holds poll() does not know of,
 * so reading goes on until it wants more from the socket, or `rx` is full: then `unread` is set.
 *
 * SSL_read() may want to write and SSL_write() to read (a key update), hence the two
 * wants flags.
 */
#include "cryptochat/link/link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "apps/base/wait.h"

#define RX_SIZE (4 * FRAME_MAX)
#define CONTROL_SIZE 8192
/* Written in one go before others get their turn. */
#define WRITE_BURST (1u << 20)

int link_open(SSL_CTX *ctx, int fd, bool server, bool connecting, struct link **ret)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->fd = -1;
	l->server = server;
	l->state = connecting ? LINK_CONNECTING : LINK_HANDSHAKE;
	l->heard_ms = l->said_ms = wait_clock_ms();
	l->ssl = SSL_new(ctx);
	if (!l->ssl || SSL_set_fd(l->ssl, fd) != 1 || buffer_init(&l->rx, RX_SIZE) ||
	    buffer_init(&l->control, CONTROL_SIZE)) {
		link_free(l);
		return -ENOMEM;
	}
	if (server)
		SSL_set_accept_state(l->ssl);
	else
		SSL_set_connect_state(l->ssl);
	l->fd = fd;
	*ret = l;
	return 0;
}

void link_free(struct link *l)
{
	if (!l)
		return;
	SSL_free(l->ssl);
	if (l->fd >= 0)
		close(l->fd);
	buffer_free(&l->rx);
	buffer_free(&l->control);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

void link_fail(struct link *l, enum link_down down, const char *detail)
{
	if (l->state == LINK_DOWN)
		return;
	l->state = LINK_DOWN;
	l->down = down;
	snprintf(l->detail, sizeof(l->detail), "%s", detail ? detail : "");
}

static void fail_network(struct link *l, int error)
{
	link_fail(l, DOWN_NETWORK, strerror(error));
	l->error = error;
}

/* OpenSSL 3.0 tells an end without close_notify as a protocol error. */
static bool is_unexpected_end(void)
{
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
	return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
#else
	return false;
#endif
}

/*
 * What a failed SSL call means for the link. @wants is set if the call must be repeated when
 * the socket is ready for the direction that is not its own.
 */
static void handle(struct link *l, int result, int own_direction, bool *wants)
{
	int error = errno, kind = SSL_get_error(l->ssl, result);
	char reason[TLS_ERROR_SIZE];

	*wants = false;
	switch (kind) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*wants = kind != own_direction;
		break;
	case SSL_ERROR_ZERO_RETURN:
		link_fail(l, DOWN_CLOSED, NULL);
		break;
	case SSL_ERROR_SYSCALL:
		if (error && result < 0)
			fail_network(l, error);
		else
			link_fail(l, DOWN_TRUNCATED, NULL);
		ERR_clear_error();
		break;
	default:
		if (is_unexpected_end()) {
			link_fail(l, DOWN_TRUNCATED, NULL);
			ERR_clear_error();
			break;
		}
		tls_error(reason);
		link_fail(l, DOWN_TLS, reason);
	}
}

static void finish_connect(struct link *l)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error)
		fail_network(l, error);
	else
		l->state = LINK_HANDSHAKE;
}

/* Is it no TLS at all that came? To be asked before handle(). */
static bool is_foreign(void)
{
	int reason = ERR_GET_REASON(ERR_peek_error());

	return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
	       reason == SSL_R_HTTPS_PROXY_REQUEST;
}

/*
 * OpenSSL says nothing to a peer that speaks no TLS, and a peer of the lab protocol would take the
 * end of the connection for success. An alert is no whole frame of that protocol.
 */
static void refuse_foreigner(struct link *l)
{
	static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 70}; /* fatal: protocol version */

	if (send(l->fd, alert, sizeof(alert), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		ERR_clear_error(); /* it is gone: nobody is left to be told */
	snprintf(l->detail, sizeof(l->detail), "it does not speak TLS (labchat? plain text?)");
}

static void handshake(struct link *l)
{
	int result;

	errno = 0;
	ERR_clear_error();
	result = SSL_do_handshake(l->ssl);
	if (result != 1) {
		bool foreign = is_foreign();

		handle(l, result, SSL_ERROR_WANT_READ, &l->read_wants_write);
		if (foreign)
			refuse_foreigner(l);
		return;
	}
	l->read_wants_write = false;
	l->heard_ms = wait_clock_ms();
	if (tls_peer_key(l->ssl, l->peer_key) || tls_binding(l->ssl, l->binding))
		link_fail(l, DOWN_TLS, "no key of the peer");
	else
		l->state = LINK_OPEN;
}

static void receive(struct link *l)
{
	while (l->state == LINK_OPEN || l->state == LINK_CLOSING) {
		size_t room = buffer_room(&l->rx);
		uint8_t *at = buffer_reserve(&l->rx, room);
		int n;

		l->unread = !room;
		if (!room)
			return;
		errno = 0;
		ERR_clear_error();
		n = SSL_read(l->ssl, at, (int)room);
		if (n <= 0) {
			handle(l, n, SSL_ERROR_WANT_READ, &l->read_wants_write);
			return;
		}
		l->read_wants_write = false;
		l->heard_ms = wait_clock_ms();
		/* After a goodbye only the end is of interest. */
		if (l->state == LINK_OPEN)
			buffer_commit(&l->rx, (size_t)n);
	}
}

/* Where the next bytes to send are; 0: nothing to send. */
static size_t next_bytes(struct link *l, const uint8_t **at)
{
	if (l->source == SOURCE_NONE)
		l->source = buffer_used(&l->control) ? SOURCE_CONTROL : SOURCE_OUTBOX;
	if (l->source == SOURCE_CONTROL) {
		*at = buffer_peek(&l->control);
		return buffer_used(&l->control);
	}
	return l->outbox ? outbox_peek(l->outbox, at) : 0;
}

/* @n of them were sent. At a frame's end the other source may have its turn. */
static void sent_bytes(struct link *l, size_t n)
{
	bool whole;

	if (l->source == SOURCE_CONTROL) {
		buffer_consume(&l->control, n);
		whole = !buffer_used(&l->control);
	} else {
		outbox_sent(l->outbox, n);
		whole = !outbox_in_frame(l->outbox);
	}
	if (whole)
		l->source = SOURCE_NONE;
}

static void transmit(struct link *l)
{
	size_t burst = 0;

	while ((l->state == LINK_OPEN || l->state == LINK_CLOSING) && burst < WRITE_BURST) {
		const uint8_t *at;
		size_t len = next_bytes(l, &at);
		int n;

		if (!len) {
			l->source = SOURCE_NONE;
			return;
		}
		errno = 0;
		ERR_clear_error();
		n = SSL_write(l->ssl, at, (int)len);
		if (n <= 0) {
			handle(l, n, SSL_ERROR_WANT_WRITE, &l->write_wants_read);
			return;
		}
		l->write_wants_read = false;
		l->said_ms = wait_clock_ms();
		burst += (size_t)n;
		sent_bytes(l, (size_t)n);
	}
}

bool link_sending(const struct link *l)
{
	const uint8_t *at;

	return buffer_used(&l->control) || (l->outbox && outbox_peek(l->outbox, &at));
}

/* All was sent: say that no more comes, and wait for the peer's end. */
static void close_sending(struct link *l)
{
	if (l->shutdown_sent || link_sending(l))
		return;
	l->shutdown_sent = true;
	ERR_clear_error();
	SSL_shutdown(l->ssl);
	ERR_clear_error();
	shutdown(l->fd, SHUT_WR);
}

short link_events(const struct link *l, bool reading)
{
	short events = 0;

	switch (l->state) {
	case LINK_CONNECTING:
		return POLLOUT;
	case LINK_HANDSHAKE:
		return l->read_wants_write ? POLLOUT : POLLIN;
	case LINK_OPEN:
	case LINK_CLOSING:
		if ((reading && buffer_room(&l->rx)) || l->write_wants_read)
			events |= POLLIN;
		if ((link_sending(l) && !l->write_wants_read) || l->read_wants_write)
			events |= POLLOUT;
		return events;
	default:
		return 0;
	}
}

bool link_has_input(const struct link *l)
{
	return l->state == LINK_OPEN && buffer_room(&l->rx) && l->unread;
}

void link_service(struct link *l, bool readable)
{
	if (l->state == LINK_CONNECTING)
		finish_connect(l);
	if (l->state == LINK_HANDSHAKE)
		handshake(l);
	if (l->state != LINK_OPEN && l->state != LINK_CLOSING)
		return;
	if (readable || l->read_wants_write)
		receive(l);
	transmit(l);
	if (l->state == LINK_CLOSING)
		close_sending(l);
}

bool link_next(struct link *l, struct frame *ret)
{
	int n;

	buffer_consume(&l->rx, l->frame_bytes);
	l->frame_bytes = 0;
	n = frame_parse(buffer_peek(&l->rx), buffer_used(&l->rx), ret);
	if (n < 0) {
		buffer_clear(&l->rx);
		link_fail(l, DOWN_PROTOCOL, "a frame with an impossible length");
	}
	if (n > 0)
		l->frame_bytes = (size_t)n;
	return n > 0;
}

void link_control(struct link *l, uint8_t type, const void *body, size_t len)
{
	uint8_t *at = buffer_reserve(&l->control, 4 + 1 + len);
	struct writer w = {.data = at, .room = 4 + 1 + len};

	/*
	 * No room: the peer does not read. Acknowledgements are cumulative and pings
	 * are for those who read, so leaving one out does no harm.
	 */
	if (!at)
		return;
	wire_put(&w, 1 + len, 4);
	wire_put(&w, type, 1);
	wire_put_bytes(&w, body, len);
	buffer_commit(&l->control, w.len);
}

void link_close(struct link *l)
{
	if (l->state == LINK_OPEN) {
		l->state = LINK_CLOSING;
		transmit(l);
		if (l->state == LINK_CLOSING)
			close_sending(l);
	} else if (l->state != LINK_CLOSING) {
		link_fail(l, DOWN_CLOSED, NULL);
	}
}
