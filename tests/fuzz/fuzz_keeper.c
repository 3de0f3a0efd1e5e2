/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_keeper.c - arbitrary packets of workers and of an administrator to the keeper's server.
 *
 * Input: records, as many as there are: who (2 bits), whether the length in the head is put right (1
 * bit), whether the handle is taken as the number of one that is open (1 bit); bytes of the packet (2);
 * the packet. What is checked, beside what sanitizers see: each packet has one reply, unless
 * the connection is to be closed; a reply that is not good is empty; the bytes of keys that stay in
 * the keeper are in no reply; nothing is outstanding in the end.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/log.h"
#include "keeper/server.h"

#define PEERS 3u
#define MAX_RECORDS 100u

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static const char policy[] =
    "[vm a]\nkeys = box disk mac secret web\n[vm b]\nkeys = mac\n"
    "[key box]\nsource=file:b\nuse=encrypt decrypt\nalg=aes-gcm\nhold=keeper\n"
    "[key disk]\nsource=file:d\nuse=encrypt decrypt\nalg=aes-cbc\nhold=keeper\n"
    "[key mac]\nsource=file:m\nuse=sign verify\nalg=hmac-sha256\n"
    "[key secret]\nsource=file:s\nuse=sign\nalg=hmac-sha256\nticket=sha256:"
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    "[key web]\nsource=file:w\nuse=sign\nschemes=ecdsa-p256-sha256\naudit=all\n";

static const uint8_t bytes[16] = {0xd1, 0x7a, 0x33, 0x90, 0x4e, 0x05, 0xbb, 0x61};
static uint8_t *private_key;
static int private_len;

/* The server, and how it is before its first client: an engine takes long to open. */
static struct server server, fresh;
static unsigned int replies;

static bool take_reply(struct server *s, struct peer *peer, const void *packet, size_t len)
{
	const struct keeper_reply *reply = packet;
	/* What the client chose itself comes back in the id. */
	const size_t id = offsetof(struct keeper_reply, id), behind = id + sizeof(reply->id);
	const uint8_t *rest = (const uint8_t *)packet + behind;

	CHECK(len >= sizeof(*reply) && len == sizeof(*reply) + reply->len);
	CHECK(reply->status < KEEPER_S_COUNT && (!reply->len || !reply->status));
	CHECK(!memmem(rest, len - behind, bytes, 8));
	/* the scalar of the private key */
	CHECK(!memmem(rest, len - behind, private_key + 36, 32));
	if (reply->type != KEEPER_REVOKED)
		replies++;
	return true;
}

static void to_loader(struct server *s, unsigned int type, uint64_t value, const void *text,
		      size_t len)
{
}

static void open_once(void)
{
	EVP_PKEY *pkey;
	PKCS8_PRIV_KEY_INFO *info;

	if (private_key)
		return;
	log_set_level(LOG_ERROR);
	pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	info = EVP_PKEY2PKCS8(pkey);
	private_len = i2d_PKCS8_PRIV_KEY_INFO(info, &private_key);
	CHECK(private_len > 68);
	PKCS8_PRIV_KEY_INFO_free(info);
	EVP_PKEY_free(pkey);
	CHECK(!server_init(&server, 0));
	server.send = take_reply;
	server.to_loader = to_loader;
	server.owner = 1;
	server.table = table_free(server.table);
	fresh = server;
}

/* All that an input leaves behind. */
static void clean_up(void)
{
	while (server.peers)
		server_close(&server, server.peers);
	while (server.repeats) {
		struct vm_repeats *next = server.repeats->next;

		repeats_free(server.repeats->repeats);
		free(server.repeats);
		server.repeats = next;
	}
	server.table = table_free(server.table);
	meters_free(&server.meters);
	free(server.admin_text);
	server = fresh;
}

static void install(void)
{
	struct table *table = table_new();

	CHECK(table && !table_add_text(table, policy, sizeof(policy) - 1) && !table_parse(table));
	for (unsigned int i = 0; i < table->policy->key_count; i++) {
		uint8_t own[16];

		memcpy(own, bytes, sizeof(own));
		own[15] = (uint8_t)i;
		if (table->policy->keys[i].alg)
			CHECK(!table_add_key(table, i, own, sizeof(own)));
		else
			CHECK(!table_add_key(table, i, private_key, (size_t)private_len));
	}
	server.coming = table;
	server_install(&server);
}

/* One record; the packet is changed in place. */
static void put_right(const struct peer *peer, uint8_t how, uint8_t *packet, size_t len)
{
	struct keeper_request head;

	if (len < sizeof(head))
		return;
	memcpy(&head, packet, sizeof(head));
	if (how & 4)
		head.len = (uint32_t)(len - sizeof(head));
	if (how & 8 && peer->handle_count)
		head.handle = peer->handles[head.handle % peer->handle_count].id;
	memcpy(packet, &head, sizeof(head));
}

static void one_record(struct peer **peer, uint8_t how, const uint8_t *data, size_t len)
{
	static uint8_t packet[KEEPER_MAX_PACKET + 1];

	len = len > sizeof(packet) ? sizeof(packet) : len;
	memcpy(packet, data, len);
	put_right(*peer, how, packet, len);
	replies = 0;
	server_packet(&server, *peer, packet, len);
	server_done(&server);
	CHECK((*peer)->gone || (*peer)->waits || replies == 1);
	CHECK(!server.tasks && !(*peer)->outstanding);
	if (!(*peer)->gone)
		return;
	server_close(&server, *peer);
	*peer = server_connect(&server, -1, 1000, "");
	CHECK(*peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer *peers[PEERS];
	unsigned int records = 0;

	open_once();
	server.table = table_new();
	CHECK(server.table);
	install();
	for (unsigned int i = 0; i < PEERS; i++)
		CHECK((peers[i] = server_connect(&server, -1, i ? 1000 : 1, "")) != NULL);
	while (size >= 3 && records++ < MAX_RECORDS) {
		uint8_t how = data[0];
		size_t len = (size_t)data[1] | (size_t)data[2] << 8;

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		one_record(&peers[how % PEERS], how, data, len);
		data += len;
		size -= len;
	}
	clean_up();
	return 0;
}
