/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_server.c - what clients may, limits, rates, and a worker that lies; without processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <openssl/x509.h>

#include "common/util.h"
#include "tests/keeper/serverkit.h"

static void test_hello(void **state)
{
	assert_int_equal(status(peer, REQUEST(KEEPER_HELLO, .arg = 0), "a", 1), KEEPER_S_VERSION);
	assert_int_equal(status(peer, REQUEST(KEEPER_HELLO, .arg = 1), "", 0), KEEPER_S_INVALID);
	hello(peer, "a");
	assert_int_equal(reply()->handle, KEEPER_VERSION);
	/* no second name */
	ask(peer, REQUEST(KEEPER_HELLO, .arg = 1), "b", 1);
	assert_null(reply());
	assert_true(peer->gone);
}

static void test_nothing_before_hello(void **state)
{
	ask(peer, REQUEST(KEEPER_OPEN), "web", 3);
	assert_null(reply());
	assert_true(peer->gone);
}

static void test_open(void **state)
{
	struct keeper_key key;
	uint64_t first, second;

	hello(peer, "a");
	first = open_key(peer, "web");
	memcpy(&key, payload(), sizeof(key));
	assert_int_equal(reply()->len, sizeof(key));
	assert_string_equal(key.label, "web");
	assert_int_equal(key.kind, KEEPER_KIND_P256);
	assert_int_equal(key.use, KEEPER_USE_SIGN);
	assert_memory_equal(key.check, reply()->iv, KEEPER_CHECK_LEN);
	second = open_key(peer, "web");
	assert_true(second > first);
	assert_int_equal(status(peer, REQUEST(KEEPER_CLOSE, .handle = first), NULL, 0),
			 KEEPER_S_OK);
	assert_int_equal(status(peer, REQUEST(KEEPER_CLOSE, .handle = first), NULL, 0),
			 KEEPER_S_STALE);
	assert_int_equal(sign(peer, first, 0), KEEPER_S_STALE);
	assert_int_equal(sign(peer, second, 0), KEEPER_S_OK);
	assert_int_equal(meter("a", "web")->opened, 2);
	assert_int_equal(meter("", "web")->done, 1);
}

/* Absent, another VM's, wrong ticket, no ticket, one too many: the same answer, byte by byte. */
static void test_one_answer(void **state)
{
	static const struct {
		const char *label;
		bool with_ticket, wrong;
	} cases[] = {
	    {"nothing", false, false}, {"foreign", false, false}, {"secret", false, false},
	    {"secret", true, true},    {"web", true, false},	  {"nothing", true, false},
	};
	struct keeper_reply want = {.type = KEEPER_OPEN, .status = KEEPER_S_NOKEY}, got;
	uint8_t text[100];

	hello(peer, "a");
	want.epoch = server.epoch;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].label);

		memcpy(text, cases[i].label, len);
		memcpy(text + len, ticket, 32);
		text[len] ^= cases[i].wrong;
		ask(peer, REQUEST(KEEPER_OPEN, .aux_len = cases[i].with_ticket ? 32 : 0), text,
		    len + (cases[i].with_ticket ? 32 : 0));
		got = *reply();
		want.id = last_id;
		assert_memory_equal(&got, &want, sizeof(got));
		assert_int_equal(
		    status(peer, REQUEST(KEEPER_INFO, .aux_len = cases[i].with_ticket ? 32 : 0),
			   text, len + (cases[i].with_ticket ? 32 : 0)),
		    KEEPER_S_NOKEY);
	}
	assert_int_equal(server.refused, 2 * ARRAY_SIZE(cases));
	memcpy(text, "secret", 6);
	memcpy(text + 6, ticket, 32);
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN, .aux_len = 32), text, 38), KEEPER_S_OK);
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN, .aux_len = 31), text, 37),
			 KEEPER_S_INVALID);
}

static void test_users(void **state)
{
	struct peer *other = server_connect(&server, -1, 78, "");

	/* VM a is for user 77 alone; b is for anybody */
	hello(other, "a");
	assert_int_equal(status(other, REQUEST(KEEPER_OPEN), "web", 3), KEEPER_S_NOKEY);
	assert_int_equal(status(other, REQUEST(KEEPER_LIST), NULL, 0), KEEPER_S_OK);
	assert_int_equal(reply()->handle, 0);
	hello(peer, "b");
	open_key(peer, "disk");
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN), "web", 3), KEEPER_S_NOKEY);
	/* by name, which is the user's that connected */
	install("[vm c]\nkeys = web\nuid = vcd-c\n" WEB);
	other = server_connect(&server, -1, 79, "vcd-d");
	hello(other, "c");
	assert_int_equal(status(other, REQUEST(KEEPER_OPEN), "web", 3), KEEPER_S_NOKEY);
	other = server_connect(&server, -1, 79, "");
	hello(other, "c");
	assert_int_equal(status(other, REQUEST(KEEPER_OPEN), "web", 3), KEEPER_S_NOKEY);
	other = server_connect(&server, -1, 79, "vcd-c");
	hello(other, "c");
	open_key(other, "web");
}

static void test_fetch(void **state)
{
	const uint8_t want[16] = "key of the testd";

	hello(peer, "a");
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN, .flags = KEEPER_F_FETCH), "disk", 4),
			 KEEPER_S_OK);
	assert_int_equal(reply()->len, sizeof(struct keeper_key) + 16);
	assert_memory_equal(payload() + sizeof(struct keeper_key), want, 16);
	/* without the flag, and of keys that stay, no byte */
	open_key(peer, "disk");
	assert_int_equal(reply()->len, sizeof(struct keeper_key));
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN, .flags = KEEPER_F_FETCH), "mac", 3),
			 KEEPER_S_DENIED);
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN, .flags = KEEPER_F_FETCH), "web", 3),
			 KEEPER_S_DENIED);
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN, .alg = 11), "disk", 4), KEEPER_S_OK);
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN, .alg = 13), "disk", 4), KEEPER_S_DENIED);
}

static void test_check_value(void **state)
{
	struct keeper_request r = {.type = KEEPER_OPEN, .flags = KEEPER_F_CHECK};

	hello(peer, "a");
	open_key(peer, "disk");
	memcpy(r.iv, reply()->iv, sizeof(r.iv));
	assert_int_equal(status(peer, r, "disk", 4), KEEPER_S_OK);
	r.iv[15] ^= 1;
	assert_int_equal(status(peer, r, "disk", 4), KEEPER_S_NOKEY);
}

static void test_list_and_info(void **state)
{
	struct keeper_key key;
	const uint8_t *at;
	uint64_t handle;
	EVP_PKEY *public;

	hello(peer, "a");
	assert_int_equal(status(peer, REQUEST(KEEPER_LIST), NULL, 0), KEEPER_S_OK);
	/* the one with a ticket is nobody's business */
	assert_int_equal(reply()->handle, 3);
	assert_int_equal(reply()->len, 3 * sizeof(key));
	memcpy(&key, payload() + 2 * sizeof(key), sizeof(key));
	assert_string_equal(key.label, "web");
	assert_int_equal(status(peer, REQUEST(KEEPER_LIST, .arg = 2), NULL, 0), KEEPER_S_OK);
	assert_int_equal(reply()->len, sizeof(key));
	assert_int_equal(status(peer, REQUEST(KEEPER_LIST, .arg = 9), NULL, 0), KEEPER_S_OK);
	assert_int_equal(reply()->len, 0);
	assert_int_equal(status(peer, REQUEST(KEEPER_INFO), "web", 3), KEEPER_S_OK);
	at = payload() + sizeof(key);
	public = d2i_PUBKEY(NULL, &at, (long)(reply()->len - sizeof(key)));
	assert_non_null(public);
	assert_int_equal(EVP_PKEY_eq(public, web_key), 1);
	EVP_PKEY_free(public);
	handle = open_key(peer, "mac");
	assert_int_equal(status(peer, REQUEST(KEEPER_INFO, .handle = handle), NULL, 0),
			 KEEPER_S_OK);
	assert_int_equal(reply()->len, sizeof(key));
	assert_int_equal(status(peer, REQUEST(KEEPER_INFO, .handle = handle), "mac", 3),
			 KEEPER_S_INVALID);
	assert_int_equal(status(peer, REQUEST(KEEPER_INFO, .handle = 1u << 30), NULL, 0),
			 KEEPER_S_STALE);
}

static void test_most_handles(void **state)
{
	hello(peer, "a");
	for (unsigned int i = 0; i < KEEPER_MAX_HANDLES; i++) {
		(void)open_key(peer, "mac");
		forget_replies();
	}
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN), "mac", 3), KEEPER_S_BUSY);
}

/* What a worker says that is the guest's. */
static void test_lies(void **state)
{
	struct peer *other = server_connect(&server, -1, 77, "");
	uint8_t packet[KEEPER_MAX_PACKET + 1] = {0};
	struct keeper_request r = {.type = KEEPER_SIGN, .len = 5};
	uint64_t handle;

	hello(peer, "a");
	hello(other, "a");
	handle = open_key(peer, "web");
	/* another connection's handle, one of the future, none */
	assert_int_equal(sign(other, handle, 0), KEEPER_S_STALE);
	assert_int_equal(sign(peer, handle + 1, 0), KEEPER_S_STALE);
	assert_int_equal(sign(peer, 0, 0), KEEPER_S_STALE);
	/* fields that are not the operation's */
	assert_int_equal(status(peer, REQUEST(KEEPER_SIGN, .handle = handle, .reserved = 1), "", 0),
			 KEEPER_S_INVALID);
	assert_int_equal(status(peer, REQUEST(KEEPER_LIST), "x", 1), KEEPER_S_INVALID);
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN), "w\0b", 3), KEEPER_S_INVALID);
	/* the administrator's */
	assert_int_equal(status(peer, REQUEST(KEEPER_REVOKE), "web", 3), KEEPER_S_DENIED);
	assert_int_equal(status(peer, REQUEST(KEEPER_RELOAD), NULL, 0), KEEPER_S_DENIED);
	assert_int_equal(status(peer, REQUEST(KEEPER_KEYS), NULL, 0), KEEPER_S_DENIED);
	assert_int_equal(status(peer, REQUEST(KEEPER_METRICS), NULL, 0), KEEPER_S_DENIED);
	assert_int_equal(asked.type, 0);
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
	/* what is no packet ends the connection */
	memcpy(packet, &r, sizeof(r));
	server_packet(&server, peer, packet, sizeof(r) + 4);
	assert_true(peer->gone);
	server_packet(&server, other, packet, 3);
	assert_true(other->gone);
}

/* What was denied is counted for the VM that asked. */
static void test_refusals_count(void **state)
{
	uint64_t handle;

	hello(peer, "a");
	handle = open_key(peer, "web");
	assert_int_equal(
	    status(peer, REQUEST(KEEPER_SIGN, .handle = handle, .scheme = KEEPER_ECDSA_P256_SHA384),
		   "x", 1),
	    KEEPER_S_DENIED);
	assert_int_equal(meter("a", "web")->refused, 1);
	assert_int_equal(meter("", "web")->refused, 1);
	assert_int_equal(meter("a", "web")->done, 0);
	assert_int_equal(peer->outstanding, 0);
	assert_int_equal(server.tasks, 0);
}

static void test_outstanding(void **state)
{
	uint64_t handle;

	hello(peer, "a");
	handle = open_key(peer, "web");
	for (unsigned int i = 0; i < KEEPER_MAX_OUTSTANDING + 1; i++)
		ask(peer,
		    REQUEST(KEEPER_SIGN, .handle = handle, .scheme = KEEPER_ECDSA_P256_SHA256),
		    "0123456789abcdef0123456789abcdef", 32);
	/* refused at once, while the others are not answered yet */
	assert_int_equal(replies[reply_count - 1].head.status, KEEPER_S_BUSY);
	assert_int_equal(peer->outstanding, KEEPER_MAX_OUTSTANDING);
	server_done(&server);
	assert_int_equal(peer->outstanding, 0);
	assert_int_equal(meter("a", "web")->done, KEEPER_MAX_OUTSTANDING);
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
}

/* A new worker on the same connection: none of the former one's replies, none of its handles. */
static void test_reset(void **state)
{
	uint64_t handle, former;
	unsigned int before;

	hello(peer, "a");
	handle = open_key(peer, "web");
	ask(peer, REQUEST(KEEPER_SIGN, .handle = handle, .scheme = KEEPER_ECDSA_P256_SHA256),
	    "0123456789abcdef0123456789abcdef", 32);
	former = last_id;
	before = reply_count;
	ask(peer, REQUEST(KEEPER_RESET), NULL, 0);
	assert_int_equal(replies[before].head.id, last_id);
	server_done(&server);
	for (unsigned int i = before; i < reply_count; i++)
		assert_int_not_equal(replies[i].head.id, former);
	assert_int_equal(meter("a", "web")->done, 1);
	assert_int_equal(peer->outstanding, 0);
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_STALE);
	assert_true(open_key(peer, "web") > handle);
	/* the VM is still the same */
	assert_string_equal(peer->vm, "a");
}

/* A client that does not read: replies wait in order, and leave when it does. */
static void test_blocked(void **state)
{
	unsigned int before;

	hello(peer, "a");
	before = reply_count;
	blocked = true;
	for (unsigned int i = 0; i < 3; i++)
		ask(peer, REQUEST(KEEPER_LIST, .arg = i), NULL, 0);
	assert_int_equal(reply_count, before);
	assert_non_null(peer->out);
	blocked = false;
	server_flush(&server, peer);
	assert_null(peer->out);
	assert_int_equal(reply_count, before + 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(replies[before + i].head.id, last_id - 2 + i);
}

/* The same token and request: the same signature, counted once. */
static void test_token(void **state)
{
	uint8_t first[80];
	uint32_t len;
	uint64_t handle;

	hello(peer, "a");
	handle = open_key(peer, "web");
	assert_int_equal(sign(peer, handle, 42), KEEPER_S_OK);
	len = reply()->len;
	memcpy(first, payload(), len);
	ask(peer, REQUEST(KEEPER_RESET), NULL, 0);
	handle = open_key(peer, "web");
	assert_int_equal(sign(peer, handle, 42), KEEPER_S_OK);
	assert_int_equal(reply()->len, len);
	assert_memory_equal(payload(), first, len);
	assert_int_equal(meter("a", "web")->done, 1);
	assert_int_equal(meter("a", "web")->repeated, 1);
	/* a token that lies: another request is another operation, and is counted */
	assert_int_equal(status(peer,
				REQUEST(KEEPER_SIGN, .handle = handle, .token = 42,
					.scheme = KEEPER_ECDSA_P256_SHA256),
				"another digest, with 32 bytes...", 32),
			 KEEPER_S_OK);
	assert_int_equal(meter("a", "web")->done, 2);
	/* without a token, each is one */
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
	assert_int_equal(meter("a", "web")->done, 4);
}

static void test_token_is_the_vms(void **state)
{
	struct peer *other;
	uint64_t a, b;

	install("[vm a]\nkeys = web\n[vm b]\nkeys = web\n" WEB);
	other = server_connect(&server, -1, 77, "");
	hello(peer, "a");
	hello(other, "b");
	a = open_key(peer, "web");
	b = open_key(other, "web");
	assert_int_equal(sign(peer, a, 42), KEEPER_S_OK);
	assert_int_equal(sign(other, b, 42), KEEPER_S_OK);
	assert_int_equal(meter("b", "web")->done, 1);
	assert_int_equal(meter("b", "web")->repeated, 0);
	assert_int_equal(meter("", "web")->done, 2);
}

/* ---- rates ----------------------------------------------------------------------------- */

static void test_rate(void **state)
{
	uint64_t handle, now;

	install("[vm a]\nkeys = web\n" WEB "rate = 1/s:2\n");
	hello(peer, "a");
	handle = open_key(peer, "web");
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
	/* the third waits for a second, a seventh would for five */
	for (unsigned int i = 0; i < 5; i++) {
		ask(peer,
		    REQUEST(KEEPER_SIGN, .handle = handle, .scheme = KEEPER_ECDSA_P256_SHA256),
		    "0123456789abcdef0123456789abcdef", 32);
		assert_null(reply());
	}
	now = now_ns();
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_BUSY);
	assert_in_range(server_timeout(&server, now), 1, 1000);
	assert_int_equal(meter("a", "web")->limited, 6);
	server_timer(&server, now + 2500000000u);
	server_done(&server);
	assert_int_equal(meter("a", "web")->done, 4);
	server_timer(&server, now + 5500000000u);
	server_done(&server);
	assert_int_equal(meter("a", "web")->done, 7);
	assert_int_equal(server_timeout(&server, now), -1);
	/* a reload gives no new burst */
	install("[vm a]\nkeys = web\n" WEB "rate = 1/s:2\n");
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_hello),	    T(test_nothing_before_hello),
	    T(test_open),	    T(test_one_answer),
	    T(test_users),	    T(test_fetch),
	    T(test_check_value),    T(test_list_and_info),
	    T(test_most_handles),   T(test_lies),
	    T(test_refusals_count), T(test_outstanding),
	    T(test_reset),	    T(test_blocked),
	    T(test_token),	    T(test_token_is_the_vms),
	    T(test_rate),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	EVP_PKEY_free(web_key);
	return failed;
}
