/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * named.h - a keeper, a daemon that uses it, and requests on keys by name.
 *
 * The device has one fast queue, and behind it the slow ones.
 */
#ifndef TESTS_WIRE_NAMED_H
#define TESTS_WIRE_NAMED_H

#include "tests/wire/rig.h"

#include "tests/keeper/keeperkit.h"

#define NAMED_FAST 0
#define NAMED_SLOW 1

/** Most queues, two slow ones. */
#define NAMED_QUEUES 3

/** Bytes of payload that @request has room for, each way. */
#define NAMED_ROOM 16384

/**
 * struct named - all of it.
 * @slow: slow queues; 0: one
 * @memory: guest memory of a request of each queue: their threads know nothing of each other, so
 *	what they write to the same place looks like a race to the thread sanitizer
 * @request: the last one, in one of these
 */
struct named {
	struct kit kit;
	struct rig rig;
	unsigned int slow;
	struct front_request memory[NAMED_QUEUES];
	struct front_request request;
};

/**
 * named_keeper - start the keeper of @named->kit, for any user: a daemon that is started by root becomes
 * the user nobody.
 */
void named_keeper(struct named *named);

/** named_start - start the daemon, with a front end, on @named->kit, whose keeper need not run. */
void named_start(struct named *named, const char *const *args);

/** named_stop - end the daemon; then kit_close() is the caller's. */
void named_stop(struct named *named);

/** struct named_session - what to ask for, and what came. */
struct named_session {
	const char *label;
	uint32_t cipher;
	uint32_t mac;
	const uint8_t *ticket;
	const uint8_t *check;
	uint64_t id;
	struct vcd_key_info info;
};

/** named_create - SESSION_CREATE by label. Return: status. */
uint32_t named_create(struct named *named, unsigned int queue, struct named_session *session);

/** named_open - one that must come about, on the slow queue; waits while the keeper starts. Return: id. */
uint64_t named_open(struct named *named, const char *label, uint32_t cipher, uint32_t mac);

/** named_ask - fill in a request with struct vcd_req_key; its input, and then send it. Return: status. */
uint32_t named_ask(struct named *named, unsigned int queue, struct vcd_req_key header,
		   const void *in, size_t in_len);

/** named_sign - SIGN a message on the slow queue. Return: status; the signature is in the reply. */
uint32_t named_sign(struct named *named, uint64_t session, uint16_t scheme, const char *message);

/** named_crypt - CRYPT or AUTHCRYPT with a header and input of the caller's. Return: status. */
uint32_t named_crypt(struct named *named, unsigned int queue, const struct vcd_req *header,
		     const void *in, size_t in_len, size_t out_len);

/** named_out_len - bytes of output of the last request. */
size_t named_out_len(const struct named *named);

#endif /* TESTS_WIRE_NAMED_H */
