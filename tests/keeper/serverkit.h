/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serverkit.h - a server without processes, and its clients.
 *
 * Replies are kept in a list; the server has no threads, so that an operation is done when
 * server_done() was called.
 */
#ifndef VCD_TEST_SERVERKIT_H
#define VCD_TEST_SERVERKIT_H

#include "keeper/inner.h"
#include "keeper/server.h"
#include "tests/keeper/keykit.h"

#define MAX_REPLIES 2048

/* VMs a, for user 77, and b; keys "disk", "foreign", "mac", and "secret", which has a ticket. */
#define POLICY                                                                                     \
	"[vm a]\nkeys = disk mac secret web\nuid = 77\n"                                           \
	"[vm b]\nkeys = disk\n"                                                                    \
	"[key disk]\nsource=file:d\nuse = encrypt decrypt\nalg = aes-cbc\n"                        \
	"[key foreign]\nsource=file:f\nuse = sign\nalg = hmac-sha256\n"                            \
	"[key mac]\nsource=file:m\nuse = sign\nalg = hmac-sha256\n"                                \
	"[key secret]\nsource=file:s\nuse = sign\nalg = hmac-sha256\nticket = sha256:"             \
	"3c46aba1ee3d4b1e5a5f1d3c8a2f8e3b1d2a4c5b6e7f8091a2b3c4d5e6f70811\n"
#define WEB "[key web]\nsource=file:w\nuse = sign\nschemes = ecdsa-p256-sha256\n"

/** struct sent - what was sent, and to whom. */
struct sent {
	uint64_t peer;
	struct keeper_reply head;
	uint8_t *payload;
};

/** struct asked - what the loader was asked for. */
struct asked {
	unsigned int type;
	uint64_t value;
	char text[64];
};

#define REQUEST(...) ((struct keeper_request){.type = __VA_ARGS__})
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

extern struct server server;
extern struct peer *peer;
extern struct sent replies[MAX_REPLIES];
extern unsigned int reply_count;
extern bool blocked;
extern struct asked asked;
extern EVP_PKEY *web_key;
extern const uint8_t ticket[32];
extern uint64_t last_id;

/** setup - a server with the policy POLICY WEB, and a client of user 77. */
int setup(void **state);

/** teardown - its end. */
int teardown(void **state);

/** forget_replies - empty the list. */
void forget_replies(void);

/** install - a policy; symmetric keys get bytes by their label, web the private key. */
void install(const char *text);

/** ask - a request, with the next id. */
void ask(struct peer *from, struct keeper_request r, const void *payload, size_t len);

/** reply - the reply to the last request, or NULL; what was to be done is done. */
const struct keeper_reply *reply(void);

/** payload - its payload. */
const uint8_t *payload(void);

/** status - ask, and the status of the reply, which must be there. */
uint16_t status(struct peer *from, struct keeper_request r, const void *in, size_t len);

/** hello - say which VM it is. */
void hello(struct peer *from, const char *vm);

/** open_key - open one. Return: the handle. */
uint64_t open_key(struct peer *from, const char *label);

/** sign - sign a digest with web. Return: enum keeper_status. */
uint16_t sign(struct peer *from, uint64_t handle, uint64_t token);

/** meter - the counters of a VM and a key. */
struct meter *meter(const char *vm, const char *label);

/** notices - times that a handle was said to be revoked. */
unsigned int notices(uint64_t handle);

#endif /* VCD_TEST_SERVERKIT_H */
