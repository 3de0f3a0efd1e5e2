/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - the client's end of link.h: what workers, vcryptoctl and tests use.
 *
 * Nothing in here knows a policy. keeper_call() waits for one answer; who wants several
 * outstanding uses keeper_send() and keeper_receive(). A client is for one thread at a time.
 */
#ifndef VCD_KEEPER_CLIENT_H
#define VCD_KEEPER_CLIENT_H

#include <stdbool.h>

#include "keeper/link.h"

/**
 * struct keeper_client - a connection.
 * @fd: socket
 * @last_id: last number of a request
 * @timeout_ms: longest wait for an answer; 0: 20 s
 * @revoked: called for each KEEPER_REVOKED; NULL: nobody cares
 * @arg: for it
 */
struct keeper_client {
	int fd;
	uint64_t last_id;
	int timeout_ms;
	void (*revoked)(void *arg, uint64_t handle);
	void *arg;
};

/** keeper_connect - connect to the socket at @path. Return: a descriptor, or a negative errno. */
int keeper_connect(const char *path);

/**
 * keeper_connect_now - likewise, without blocking: -EAGAIN when the keeper has too many callers that it
 * has not accepted. Nor will the socket block.
 */
int keeper_connect_now(const char *path);

/**
 * keeper_send - send a request.
 * @client: client
 * @request: head; @request->id and @request->len are filled in
 * @payload: payload
 * @len: its bytes
 *
 * Return: 0, -EAGAIN (the socket does not block and is full) or another negative errno.
 */
int keeper_send(struct keeper_client *client, struct keeper_request *request, const void *payload,
		size_t len);

/**
 * keeper_receive - receive a packet: a reply, or a notice.
 * @client: client
 * @reply: out: head
 * @payload: out
 * @size: bytes that @payload has room for
 * @wait: wait for it, @client->timeout_ms at most
 *
 * Return: 0; -EAGAIN nothing is there; -ETIMEDOUT; -EPIPE the keeper is gone; -EPROTO it talks
 * nonsense, or more than there is room for; or another negative errno.
 */
int keeper_receive(struct keeper_client *client, struct keeper_reply *reply, void *payload,
		   size_t size, bool wait);

/**
 * keeper_call - send a request and wait for its reply; other replies are dropped.
 *
 * Return: 0, whatever @reply->status says, or as keeper_send() and keeper_receive().
 */
int keeper_call(struct keeper_client *client, struct keeper_request *request, const void *payload,
		size_t len, struct keeper_reply *reply, void *out, size_t size);

/** keeper_hello - say which VM it is. Return: enum keeper_status, or a negative errno. */
int keeper_hello(struct keeper_client *client, const char *vm);

/** keeper_reset - begin anew on a connection that another process had. As keeper_hello(). */
int keeper_reset(struct keeper_client *client);

/**
 * keeper_open - open a key.
 * @client: client
 * @label: label
 * @ticket: KEEPER_TICKET_LEN bytes, or NULL
 * @fetch: ask for the bytes of a key with hold=worker
 * @handle: out
 * @key: out
 * @bytes: out: the bytes, 512 at most, or NULL
 *
 * Return: enum keeper_status, or a negative errno.
 */
int keeper_open(struct keeper_client *client, const char *label, const uint8_t *ticket, bool fetch,
		uint64_t *handle, struct keeper_key *key, uint8_t *bytes);

/** keeper_status_errno - the errno that a program in the guest gets for a status. */
int keeper_status_errno(enum keeper_status status);

/** keeper_status_name - for messages. */
const char *keeper_status_name(unsigned int status);

#endif /* VCD_KEEPER_CLIENT_H */
