/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - one TLS connection that carries frames, and never blocks.
 *
 * A conversation may outlive its link: the numbered frames it sends live in the outbox, which is
 * lent to the link while that is up.
 *
 *	CONNECTING -> HANDSHAKE -> OPEN -> CLOSING -> DOWN
 *
 * and from every state to DOWN, with the reason in `down`.
 */
#ifndef CRYPTOCHAT_LINK_LINK_H
#define CRYPTOCHAT_LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/base/buffer.h"
#include "cryptochat/protocol/frame.h"
#include "cryptochat/link/outbox.h"
#include "cryptochat/link/tls.h"

enum link_state { LINK_CONNECTING, LINK_HANDSHAKE, LINK_OPEN, LINK_CLOSING, LINK_DOWN };

/**
 * enum link_down - why a link is down
 * @DOWN_NETWORK: the socket failed, see @error
 * @DOWN_TRUNCATED: the stream ended without a goodbye: a cut, or an attack
 * @DOWN_CLOSED: the peer closed in order
 * @DOWN_TLS: no TLS connection came about, or it broke; see @detail
 * @DOWN_PROTOCOL: the peer sent what is no frame; see @detail
 * @DOWN_SILENT: nothing was heard for too long
 */
enum link_down {
	DOWN_NOT,
	DOWN_NETWORK,
	DOWN_TRUNCATED,
	DOWN_CLOSED,
	DOWN_TLS,
	DOWN_PROTOCOL,
	DOWN_SILENT,
};

/**
 * struct link - a connection
 * @fd: socket, owned
 * @server: this end has accepted the connection
 * @outbox: numbered frames to send, borrowed; NULL: none may be sent yet
 * @rx: received bytes that are no whole frame yet or have not been asked for
 * @control: frames of this connection only, whole ones
 * @source: where the frame that is being sent comes from
 * @unread: libssl may hold more of what came: reading ended for lack of room
 * @frame_bytes: size of the frame that link_next() gave out last
 * @peer_key: name of the peer's key, once OPEN
 * @binding: see tls_binding(), once OPEN
 * @heard_ms: when something came last
 * @said_ms: when something was sent last
 */
struct link {
	enum link_state state;
	enum link_down down;
	int error;
	char detail[TLS_ERROR_SIZE];
	int fd;
	bool server;
	SSL *ssl;
	struct outbox *outbox;
	struct buffer rx;
	struct buffer control;
	enum { SOURCE_NONE, SOURCE_CONTROL, SOURCE_OUTBOX } source;
	bool unread;
	size_t frame_bytes;
	bool read_wants_write;
	bool write_wants_read;
	bool shutdown_sent;
	uint8_t peer_key[KEY_HASH_SIZE];
	uint8_t binding[TLS_BINDING_SIZE];
	int64_t heard_ms;
	int64_t said_ms;
};

/**
 * link_open() - start a link on a socket
 * @ctx: from tls_context()
 * @fd: non-blocking socket; the link's on success
 * @server: which end of TLS
 * @connecting: connect() is under way
 *
 * Return: 0 or -ENOMEM
 */
int link_open(SSL_CTX *ctx, int fd, bool server, bool connecting, struct link **ret);

/** link_events() - poll() events wanted; @reading: more frames can be dealt with now */
short link_events(const struct link *l, bool reading);

/** link_has_input() - are there bytes that poll() does not know of? */
bool link_has_input(const struct link *l);

/** link_service() - move bytes; @readable: read as well */
void link_service(struct link *l, bool readable);

/**
 * link_next() - the next received frame
 *
 * It is valid until the next call.
 *
 * Return: is there one?
 */
bool link_next(struct link *l, struct frame *ret);

/** link_control() - queue a frame of this connection; @body may be NULL */
void link_control(struct link *l, uint8_t type, const void *body, size_t len);

/** link_fail() - the link is down for this reason; only the first reason counts */
void link_fail(struct link *l, enum link_down down, const char *detail);

/** link_close() - send what is queued, then close in order */
void link_close(struct link *l);

/** link_sending() - has something queued not been given to the socket? */
bool link_sending(const struct link *l);

void link_free(struct link *l);

#endif /* CRYPTOCHAT_LINK_LINK_H */
