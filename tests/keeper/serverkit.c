/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serverkit.c - a server without processes, and its clients. */
#include "tests/keeper/serverkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct server server;
struct peer *peer;

struct sent replies[MAX_REPLIES];
unsigned int reply_count;
bool blocked;

struct asked asked;

EVP_PKEY *web_key;

static bool keep_reply(struct server *s, struct peer *to, const void *packet, size_t len)
{
	if (blocked)
		return false;
	assert_true(reply_count < MAX_REPLIES && len >= sizeof(struct keeper_reply));
	replies[reply_count].peer = to->id;
	memcpy(&replies[reply_count].head, packet, sizeof(struct keeper_reply));
	assert_int_equal(replies[reply_count].head.len, len - sizeof(struct keeper_reply));
	replies[reply_count].payload = malloc(len);
	assert_non_null(replies[reply_count].payload);
	memcpy(replies[reply_count].payload, (const uint8_t *)packet + sizeof(struct keeper_reply),
	       len - sizeof(struct keeper_reply));
	reply_count++;
	return true;
}

static void note_loader(struct server *s, unsigned int type, uint64_t value, const void *text,
			size_t len)
{
	asked.type = type;
	asked.value = value;
	(void)snprintf(asked.text, sizeof(asked.text), "%.*s", (int)len, (const char *)text);
}

void forget_replies(void)
{
	while (reply_count)
		free(replies[--reply_count].payload);
}

/* ---- policies -------------------------------------------------------------------------- */

const uint8_t ticket[32] = "the ticket of the key \"secret\"!";

/* A table with this policy; keys get bytes by their label, web the private key. */
void install(const char *text)
{
	char policy[4096], hex[65];
	uint8_t hash[32];
	size_t len;
	struct table *table = table_new();

	(void)snprintf(policy, sizeof(policy), "%s", text);
	if (strstr(policy, "sha256:3c46")) {
		assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, ticket, 32, hash, &len), 1);
		for (unsigned int i = 0; i < 32; i++)
			(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
		memcpy(strstr(policy, "sha256:3c46") + 7, hex, 64);
	}
	assert_int_equal(table_add_text(table, policy, strlen(policy)), 0);
	assert_int_equal(table_parse(table), 0);
	for (unsigned int i = 0; i < table->policy->key_count; i++) {
		const struct policy_key *key = &table->policy->keys[i];
		uint8_t bytes[16] = "key of the test";

		if (!key->alg) {
			uint8_t *der = kit_der(web_key, &len);

			assert_int_equal(table_add_key(table, i, der, len), 0);
			OPENSSL_free(der);
			continue;
		}
		bytes[15] = (uint8_t)key->label[0];
		assert_int_equal(table_add_key(table, i, bytes, sizeof(bytes)), 0);
	}
	server.coming = table;
	server_install(&server);
	assert_null(server.coming);
}

int setup(void **state)
{
	log_set_level(LOG_ERROR);
	reply_count = 0;
	blocked = false;
	memset(&asked, 0, sizeof(asked));
	if (!web_key)
		web_key = kit_generate("P-256");
	if (server_init(&server, 0))
		return -1;
	server.send = keep_reply;
	server.to_loader = note_loader;
	server.owner = 500;
	install(POLICY WEB);
	peer = server_connect(&server, -1, 77, "");
	return peer ? 0 : -1;
}

int teardown(void **state)
{
	forget_replies();
	server_end(&server);
	return 0;
}

/* ---- requests -------------------------------------------------------------------------- */

uint64_t last_id;

void ask(struct peer *from, struct keeper_request r, const void *payload, size_t len)
{
	uint8_t packet[KEEPER_MAX_PACKET];

	r.len = (uint32_t)len;
	r.id = ++last_id;
	memcpy(packet, &r, sizeof(r));
	if (len)
		memcpy(packet + sizeof(r), payload, len);
	server_packet(&server, from, packet, sizeof(r) + len);
}

/* The reply to the last request; done is done. */
const struct keeper_reply *reply(void)
{
	server_done(&server);
	for (unsigned int i = reply_count; i-- > 0;)
		if (replies[i].head.id == last_id)
			return &replies[i].head;
	return NULL;
}

const uint8_t *payload(void)
{
	for (unsigned int i = reply_count; i-- > 0;)
		if (replies[i].head.id == last_id)
			return replies[i].payload;
	return NULL;
}

uint16_t status(struct peer *from, struct keeper_request r, const void *in, size_t len)
{
	const struct keeper_reply *head;

	ask(from, r, in, len);
	head = reply();
	assert_non_null(head);
	assert_int_equal(head->type, r.type);
	return head->status;
}

void hello(struct peer *from, const char *vm)
{
	assert_int_equal(status(from, REQUEST(KEEPER_HELLO, .arg = 1), vm, strlen(vm)),
			 KEEPER_S_OK);
}

uint64_t open_key(struct peer *from, const char *label)
{
	assert_int_equal(status(from, REQUEST(KEEPER_OPEN), label, strlen(label)), KEEPER_S_OK);
	return reply()->handle;
}

uint16_t sign(struct peer *from, uint64_t handle, uint64_t token)
{
	return status(from,
		      REQUEST(KEEPER_SIGN, .handle = handle, .token = token,
			      .scheme = KEEPER_ECDSA_P256_SHA256),
		      "0123456789abcdef0123456789abcdef", 32);
}

struct meter *meter(const char *vm, const char *label)
{
	return meter_of(&server.meters, vm, label);
}

unsigned int notices(uint64_t handle)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < reply_count; i++)
		n += replies[i].head.type == KEEPER_REVOKED && replies[i].head.handle == handle;
	return n;
}
