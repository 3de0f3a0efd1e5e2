/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - a conversation's two byte streams over one connected socket.
 *
 * A channel takes plaintext and gives plaintext; what it does in between
 * (framing, encryption) is the protocol's. It never blocks: the poll loop in
 * conversation.c asks which events it waits for, reports them, and moves
 * plaintext in and out as far as there is room.
 *
 * The two directions end separately:
 *   rx_open  becomes false at the peer's end of sending, or at a failure. Text that
 *            arrived before is still handed out by receive().
 *   tx_open  becomes false when finish() has been carried out, that is when the
 *            last byte has left and the socket is shut down for writing, or at a failure.
 * A failure that ends only one direction leaves the other going: text that a
 * peer sent before it reset the connection is worth reading.
 */
#ifndef LABCHAT_CHANNEL_H
#define LABCHAT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * enum channel_fault - what ended a channel before its time
 * @CHANNEL_OK: nothing
 * @CHANNEL_NETWORK: the socket failed; struct channel.error says how
 * @CHANNEL_TRUNCATED: the peer's stream ended inside a message
 * @CHANNEL_CRYPT: encryption or decryption could not be carried out
 */
enum channel_fault { CHANNEL_OK, CHANNEL_NETWORK, CHANNEL_TRUNCATED, CHANNEL_CRYPT };

struct channel;

/**
 * struct channel_ops - a protocol
 * @events: poll() events wanted now: POLLIN while received bytes can be taken,
 *	POLLOUT while bytes wait for the socket; 0 for neither
 * @service: the socket is ready as @revents says: move bytes
 * @send: take text to send; returns the number of bytes taken. Fewer than @len (0
 *	even) only while @events wants POLLOUT or when tx_open has become false. What
 *	was taken is on its way, nothing is held back for later text
 * @finish: no more text will be sent; called once at most, and no @send after it
 * @tx_waits: text or its ciphertext has not been given to the socket yet
 * @receive: hand out received text, at most @size bytes; 0: none now
 * @report: write the counters of this conversation as one or more lines
 * @destroy: free everything, the socket too
 */
struct channel_ops {
	short (*events)(const struct channel *ch);
	void (*service)(struct channel *ch, short revents);
	size_t (*send)(struct channel *ch, const uint8_t *text, size_t len);
	void (*finish)(struct channel *ch);
	bool (*tx_waits)(const struct channel *ch);
	size_t (*receive)(struct channel *ch, uint8_t *text, size_t size);
	void (*report)(const struct channel *ch, FILE *out);
	void (*destroy)(struct channel *ch);
};

/**
 * struct channel - the first member of each protocol's own struct
 * @ops: protocol
 * @fd: connected socket, non-blocking, owned
 * @rx_open: see the top of this file
 * @tx_open: see the top of this file
 * @fault: the first failure
 * @error: negative errno of the failure, or 0
 */
struct channel {
	const struct channel_ops *ops;
	int fd;
	bool rx_open;
	bool tx_open;
	enum channel_fault fault;
	int error;
};

#endif /* LABCHAT_CHANNEL_H */
