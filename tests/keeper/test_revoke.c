/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_revoke.c - revocation, new policies, and what the administrator asks; without processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/util.h"
#include "tests/keeper/serverkit.h"

static void test_revoke(void **state)
{
	struct peer *admin = server_connect(&server, -1, 500, ""), *root;
	uint64_t web, disk, epoch;

	root = server_connect(&server, -1, 0, "");
	hello(peer, "a");
	web = open_key(peer, "web");
	disk = open_key(peer, "disk");
	epoch = reply()->epoch;
	/* one operation is done but not answered yet: its result does not leave */
	ask(peer, REQUEST(KEEPER_SIGN, .handle = web, .scheme = KEEPER_ECDSA_P256_SHA256),
	    "0123456789abcdef0123456789abcdef", 32);
	const uint64_t late = last_id;

	assert_int_equal(status(admin, REQUEST(KEEPER_REVOKE), "web", 3), KEEPER_S_OK);
	assert_true(reply()->epoch > epoch);
	for (unsigned int i = 0; i < reply_count; i++)
		if (replies[i].head.id == late) {
			assert_int_equal(replies[i].head.status, KEEPER_S_STALE);
			assert_int_equal(replies[i].head.len, 0);
		}
	assert_int_equal(asked.type, INNER_REVOKE);
	assert_string_equal(asked.text, "web");
	assert_int_equal(notices(web), 1);
	assert_int_equal(notices(disk), 0);
	assert_int_equal(sign(peer, web, 0), KEEPER_S_STALE);
	assert_int_equal(status(peer, REQUEST(KEEPER_OPEN), "web", 3), KEEPER_S_NOKEY);
	assert_int_equal(status(root, REQUEST(KEEPER_REVOKE), "web", 3), KEEPER_S_NOKEY);
	assert_int_equal(status(root, REQUEST(KEEPER_REVOKE), "Web", 3), KEEPER_S_INVALID);
	assert_int_equal(status(root, REQUEST(KEEPER_REVOKE), "disk", 4), KEEPER_S_OK);
	assert_int_equal(notices(disk), 1);
}

/* An operation that waits for its rate when its key is revoked is not executed. */
static void test_revoke_waiting(void **state)
{
	struct peer *root = server_connect(&server, -1, 0, "");
	uint64_t handle, late;

	install("[vm a]\nkeys = web\n" WEB "rate = 1/s\n");
	hello(peer, "a");
	handle = open_key(peer, "web");
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
	ask(peer, REQUEST(KEEPER_SIGN, .handle = handle, .scheme = KEEPER_ECDSA_P256_SHA256),
	    "0123456789abcdef0123456789abcdef", 32);
	late = last_id;
	assert_int_equal(status(root, REQUEST(KEEPER_REVOKE), "web", 3), KEEPER_S_OK);
	server_timer(&server, now_ns() + 2000000000u);
	server_done(&server);
	assert_int_equal(replies[reply_count - 1].head.id, late);
	assert_int_equal(replies[reply_count - 1].head.status, KEEPER_S_STALE);
	assert_int_equal(meter("a", "web")->done, 1);
}

static void test_reload(void **state)
{
	uint64_t web, disk, mac;

	hello(peer, "a");
	web = open_key(peer, "web");
	disk = open_key(peer, "disk");
	mac = open_key(peer, "mac");
	/* the same again: nobody notices */
	install(POLICY WEB);
	assert_int_equal(notices(web) + notices(disk) + notices(mac), 0);
	assert_int_equal(sign(peer, web, 0), KEEPER_S_OK);
	/* disk is taken from the VM, mac gets another right, web another rate */
	install("[vm a]\nkeys = mac web\n"
		"[key disk]\nsource=file:d\nuse = encrypt decrypt\nalg = aes-cbc\n"
		"[key mac]\nsource=file:m\nuse = sign verify\nalg = hmac-sha256\n" WEB
		"rate = 9/s\n");
	assert_int_equal(notices(disk), 1);
	assert_int_equal(notices(mac), 1);
	assert_int_equal(notices(web), 0);
	assert_int_equal(handle_find(peer, web)->key->policy.rate, 9);
	assert_int_equal(sign(peer, web, 0), KEEPER_S_OK);
	/* web is another key now */
	EVP_PKEY_free(web_key);
	web_key = kit_generate("P-256");
	install(POLICY WEB);
	assert_int_equal(notices(web), 1);
	assert_int_equal(sign(peer, web, 0), KEEPER_S_STALE);
	/* the VM is gone */
	web = open_key(peer, "web");
	install("[vm b]\nkeys = web\n" WEB);
	assert_int_equal(notices(web), 1);
	assert_int_equal(meter("a", "web")->done, 2);
}

/* A key that is not the policy's any more gives nothing, not even what is computed already. */
static void test_reload_outstanding(void **state)
{
	uint64_t handle, late;

	hello(peer, "a");
	handle = open_key(peer, "web");
	ask(peer, REQUEST(KEEPER_SIGN, .handle = handle, .scheme = KEEPER_ECDSA_P256_SHA256),
	    "0123456789abcdef0123456789abcdef", 32);
	late = last_id;
	install("[vm b]\n");
	server_done(&server);
	assert_int_equal(replies[reply_count - 1].head.id, late);
	assert_int_equal(replies[reply_count - 1].head.status, KEEPER_S_STALE);
}

static void test_admin_reload(void **state)
{
	struct peer *root = server_connect(&server, -1, 0, "");
	uint64_t id;

	ask(root, REQUEST(KEEPER_RELOAD), NULL, 0);
	id = last_id;
	assert_null(reply());
	assert_int_equal(asked.type, INNER_RELOAD);
	assert_int_equal(asked.value, root->id);
	assert_int_equal(status(root, REQUEST(KEEPER_RELOAD), NULL, 0), KEEPER_S_BUSY);
	server_reloaded(&server, root->id, "line 3: no", 10);
	last_id = id;
	assert_int_equal(reply()->status, KEEPER_S_INVALID);
	assert_memory_equal(payload(), "line 3: no", 10);
	ask(root, REQUEST(KEEPER_RELOAD), NULL, 0);
	server_reloaded(&server, root->id, "", 0);
	assert_int_equal(reply()->status, KEEPER_S_OK);
	server_reloaded(&server, 999, "", 0);
}

static void test_texts(void **state)
{
	struct peer *root = server_connect(&server, -1, 0, "");
	char text[KEEPER_MAX_PAYLOAD + 1];
	uint64_t handle;

	hello(peer, "a");
	handle = open_key(peer, "web");
	assert_int_equal(sign(peer, handle, 0), KEEPER_S_OK);
	assert_int_equal(status(root, REQUEST(KEEPER_METRICS), NULL, 0), KEEPER_S_OK);
	assert_int_equal(reply()->handle, reply()->len);
	memcpy(text, payload(), reply()->len);
	text[reply()->len] = '\0';
	assert_non_null(
	    strstr(text, "\nvcrypto_keeper_operations_total{vm=\"a\",key=\"web\"} 1\n"));
	assert_int_equal(status(root, REQUEST(KEEPER_METRICS, .arg = 100), NULL, 0), KEEPER_S_OK);
	assert_memory_equal(payload(), text + 100, reply()->len);
	assert_int_equal(status(root, REQUEST(KEEPER_METRICS, .arg = 1u << 20), NULL, 0),
			 KEEPER_S_INVALID);
	assert_int_equal(status(root, REQUEST(KEEPER_KEYS), NULL, 0), KEEPER_S_OK);
	memcpy(text, payload(), reply()->len);
	text[reply()->len] = '\0';
	assert_non_null(strstr(text, "ec-p256"));
	assert_non_null(strstr(text, "done=1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_revoke),	  T(test_revoke_waiting),
	    T(test_reload),	  T(test_reload_outstanding),
	    T(test_admin_reload), T(test_texts),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	EVP_PKEY_free(web_key);
	return failed;
}
