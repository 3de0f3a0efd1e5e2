/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * requests.h - device requests through a front end's queues.
 */
#ifndef TESTS_WIRE_REQUESTS_H
#define TESTS_WIRE_REQUESTS_H

#include "tests/wire/front.h"

/**
 * struct front_request - a request in guest memory, to be used over and over.
 * @header: the request's header; struct vcd_req_create and the like fit too
 * @in: payload in, directly behind it
 * @in_size: room there
 * @reply: the reply's header
 * @out: payload out, directly behind it
 * @out_size: room there
 * @used: used length of the last time
 */
struct front_request {
	struct vcd_req *header;
	uint8_t *in;
	uint32_t in_size;
	struct vcd_reply *reply;
	uint8_t *out;
	uint32_t out_size;
	uint32_t used;
};

/** front_request_init - allocate a request. Return: 0 or -ENOMEM. */
int front_request_init(struct front *front, struct front_request *request, uint32_t in_size,
		       uint32_t out_size);

/**
 * front_submit - put a request into the ring, as two buffers; no kick.
 * @queue: queue
 * @request: request; the token of front_queue_reap() is a pointer to it
 * @in_len: payload in
 * @out_len: room for payload out
 */
int front_submit(struct front_queue *queue, struct front_request *request, uint32_t in_len,
		 uint32_t out_len);

/**
 * front_check_reply - check what every reply must be like.
 *
 * Return: 0; -EPROTO when used length, out_len and status do not fit together, or
 * exceed the room.
 */
int front_check_reply(const struct front_request *request, uint32_t out_room);

/**
 * front_execute - submit a request, wait for it, check the reply's form.
 *
 * Nothing else may be outstanding on the queue. Return: 0 or a negative errno; the
 * status stands in the reply.
 */
int front_execute(struct front_queue *queue, struct front_request *request, uint32_t in_len,
		  uint32_t out_len);

/** front_status - status of the last reply. */
uint32_t front_status(const struct front_request *request);

/** front_hello - VCD_OP_HELLO. Return: status, or a negative errno. */
int front_hello(struct front_queue *queue, struct front_request *request);

/**
 * front_session_create - VCD_OP_SESSION_CREATE.
 * @queue: queue
 * @request: scratch request, with room for the keys
 * @cipher: cipher or AEAD, 0: none
 * @key: its key
 * @key_len: bytes
 * @mac: hash or MAC, 0: none
 * @mackey: its key
 * @mackey_len: bytes
 * @id: out: session id
 *
 * Return: status, or a negative errno.
 */
int front_session_create(struct front_queue *queue, struct front_request *request, uint32_t cipher,
			 const void *key, uint32_t key_len, uint32_t mac, const void *mackey,
			 uint32_t mackey_len, uint64_t *id);

/** front_session_destroy - VCD_OP_SESSION_DESTROY. Return: status, or a negative errno. */
int front_session_destroy(struct front_queue *queue, struct front_request *request, uint64_t id);

/** front_prepare_crypt - fill in the header of a VCD_OP_CRYPT. */
void front_prepare_crypt(struct front_request *request, uint64_t session, uint16_t flags,
			 uint32_t len, const void *iv, uint8_t iv_len);

/**
 * front_known_answer - does the device still work: AES-128-CBC, both directions,
 * against NIST SP 800-38A F.2.1, in a session of its own.
 *
 * Return: 0, -EBADMSG a wrong result, -EREMOTEIO a status that is not OK.
 */
int front_known_answer(struct front_queue *queue, struct front_request *request);

#endif /* TESTS_WIRE_REQUESTS_H */
