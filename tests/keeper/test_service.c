/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_service.c - the keeper as a process: start, reload, revocation, its server's death, its end.
 *
 *     test_service PATH-OF-vcrypto-keeper
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/keeper/keeperkit.h"

static const char *program;
static struct kit kit;
static EVP_PKEY *web;

#define POLICY                                                                                     \
	"[vm test]\nkeys = web disk\n"                                                             \
	"[key web]\nsource = file:web.pem\nuse = sign\nschemes = ecdsa-p256-sha256\n"              \
	"[key disk]\nsource = file:disk.key\nuse = encrypt decrypt\nalg = aes-cbc\nhold = "        \
	"keeper\n"

static int setup(void **state)
{
	kit_open(&kit, program);
	if (!web)
		web = kit_generate("P-256");
	kit_pem(&kit, "web.pem", web);
	kit_file(&kit, "disk.key", "0123456789abcdef", 16);
	kit_set_policy(&kit, POLICY);
	return 0;
}

static int teardown(void **state)
{
	kit_close(&kit);
	return 0;
}

static int sign(struct keeper_client *client, uint64_t handle)
{
	uint8_t out[KEEPER_MAX_PAYLOAD];
	size_t len;
	int status = kit_sign(client, handle, KEEPER_ECDSA_P256_SHA256, "message", 7, out, &len);

	if (status == KEEPER_S_OK)
		assert_true(kit_verify(web, scheme_find(KEEPER_ECDSA_P256_SHA256),
				       (const uint8_t *)"message", 7, out, len));
	return status;
}

static void test_serves(void **state)
{
	struct keeper_client client;
	struct stat st;
	uint8_t out[KEEPER_MAX_PAYLOAD];
	uint64_t handle;
	size_t len;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "web");
	assert_int_equal(sign(&client, handle), KEEPER_S_OK);
	handle = kit_handle(&client, "disk");
	assert_int_equal(kit_operate(&client,
				     (struct keeper_request){
					 .type = KEEPER_CRYPT, .handle = handle, .iv_len = 16},
				     "a block of bytes", 16, out, &len),
			 KEEPER_S_OK);
	assert_int_equal(len, 16);
	assert_int_equal(kit_metric(&kit, "operations_total{vm=\"test\",key=\"web\"}"), 1);
	assert_int_equal(kit_metric(&kit, "operations_total{vm=\"test\",key=\"disk\"}"), 1);
	close(client.fd);
	/* the end is clean, and the socket goes */
	assert_int_equal(kit_stop(&kit), 0);
	assert_int_equal(stat(kit.socket, &st), -1);
}

/* Many outstanding on many connections: each its own answer, all of them right, and all counted. */
static void test_many(void **state)
{
	enum { CLIENTS = 4, EACH = 60, ROUNDS = 4 };
	struct keeper_client clients[CLIENTS];
	uint64_t handles[CLIENTS], first[CLIENTS];

	kit_start(&kit, NULL);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		clients[i] = kit_connect(&kit, "test");
		handles[i] = kit_handle(&clients[i], "web");
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < CLIENTS; i++)
			for (unsigned int n = 0; n < EACH; n++) {
				struct keeper_request r = {.type = KEEPER_SIGN,
							   .flags = KEEPER_F_MESSAGE,
							   .handle = handles[i],
							   .scheme = KEEPER_ECDSA_P256_SHA256};
				uint8_t message[2] = {(uint8_t)i, (uint8_t)n};

				assert_int_equal(keeper_send(&clients[i], &r, message, 2), 0);
				if (!n)
					first[i] = r.id;
			}
		for (unsigned int i = 0; i < CLIENTS; i++)
			for (unsigned int n = 0; n < EACH; n++) {
				uint8_t out[KEEPER_MAX_PAYLOAD];
				struct keeper_reply reply;
				uint8_t message[2] = {(uint8_t)i, 0};

				assert_int_equal(
				    keeper_receive(&clients[i], &reply, out, sizeof(out), true), 0);
				assert_int_equal(reply.status, KEEPER_S_OK);
				assert_in_range(reply.id, first[i], first[i] + EACH - 1);
				message[1] = (uint8_t)(reply.id - first[i]);
				assert_true(kit_verify(web, scheme_find(KEEPER_ECDSA_P256_SHA256),
						       message, 2, out, reply.len));
			}
	}
	assert_int_equal(kit_metric(&kit, "operations_total{vm=\"test\",key=\"web\"}"),
			 CLIENTS * EACH * ROUNDS);
	assert_int_equal(kit_metric(&kit, "outstanding"), 0);
	for (unsigned int i = 0; i < CLIENTS; i++)
		close(clients[i].fd);
}

static uint64_t revoked_handle;

static void note_revoked(void *arg, uint64_t handle)
{
	revoked_handle = handle;
}

/* An open handle hears of it within a second, and is of no use at once. */
static void test_revocation(void **state)
{
	struct keeper_client client;
	struct keeper_reply reply;
	uint64_t web_handle, disk_handle;
	char option[160];

	(void)snprintf(option, sizeof(option), "--revoked=%s/revoked", kit.folder);
	kit_start(&kit, option);
	client = kit_connect(&kit, "test");
	client.revoked = note_revoked;
	web_handle = kit_handle(&client, "web");
	disk_handle = kit_handle(&client, "disk");
	assert_int_equal(kit_admin(&kit, KEEPER_REVOKE, "web"), KEEPER_S_OK);
	client.timeout_ms = 1000;
	assert_int_equal(keeper_receive(&client, &reply, NULL, 0, true), 0);
	assert_int_equal(reply.type, KEEPER_REVOKED);
	assert_int_equal(revoked_handle, web_handle);
	client.timeout_ms = 0;
	assert_int_equal(sign(&client, web_handle), KEEPER_S_STALE);
	assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_OPEN}, "web",
				     3, NULL, NULL),
			 KEEPER_S_NOKEY);
	assert_int_equal(kit_operate(&client,
				     (struct keeper_request){
					 .type = KEEPER_CRYPT, .handle = disk_handle, .iv_len = 16},
				     "a block of bytes", 16, NULL, NULL),
			 KEEPER_S_OK);
	/* it outlives a reload, the server and the keeper */
	assert_int_equal(kit_admin(&kit, KEEPER_RELOAD, NULL), KEEPER_S_OK);
	assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_OPEN}, "web",
				     3, NULL, NULL),
			 KEEPER_S_NOKEY);
	close(client.fd);
	assert_int_equal(kit_stop(&kit), 0);
	kit_start(&kit, option);
	client = kit_connect(&kit, "test");
	assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_OPEN}, "web",
				     3, NULL, NULL),
			 KEEPER_S_NOKEY);
	/* until the administrator takes it back */
	kit_file(&kit, "revoked", "# none\n", 7);
	assert_int_equal(kit_admin(&kit, KEEPER_RELOAD, NULL), KEEPER_S_OK);
	assert_int_equal(sign(&client, kit_handle(&client, "web")), KEEPER_S_OK);
	close(client.fd);
}

static void test_reload(void **state)
{
	struct keeper_client client;
	uint64_t handle;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "web");
	/* a policy that is not good changes nothing, and the reason is told */
	kit_set_policy(&kit, POLICY "nonsense = 1\n");
	assert_int_equal(kit_admin(&kit, KEEPER_RELOAD, NULL), KEEPER_S_INVALID);
	kit_wait_said(&kit, "policy:12: unknown word \"nonsense\"");
	assert_int_equal(sign(&client, handle), KEEPER_S_OK);
	/* by signal; the handle of a key that is gone is dropped */
	kit_set_policy(&kit, "[vm test]\nkeys = disk\n"
			     "[key disk]\nsource = file:disk.key\nuse = decrypt\nalg = aes-cbc\n");
	assert_int_equal(kill(kit.pid, SIGHUP), 0);
	kit_wait_said(&kit, "audit: vm test, key web: open handle revoked");
	assert_int_equal(sign(&client, handle), KEEPER_S_STALE);
	close(client.fd);
}

/* The server dies under load: clients connect again, and have the same keys. */
static void test_server_killed(void **state)
{
	struct keeper_client client;
	uint64_t handle;

	kit_start(&kit, NULL);
	for (unsigned int i = 0; i < 3; i++) {
		int status = KEEPER_S_OK;
		pid_t server;

		client = kit_connect(&kit, "test");
		server = kit_child(&kit, true);
		assert_true(server > 0);
		handle = kit_handle(&client, "web");
		for (unsigned int n = 0; n < 20; n++)
			assert_int_equal(sign(&client, handle), KEEPER_S_OK);
		assert_int_equal(kill(server, SIGKILL), 0);
		while (status == KEEPER_S_OK)
			status = sign(&client, handle);
		assert_true(status == -EPIPE);
		close(client.fd);
	}
	client = kit_connect(&kit, "test");
	assert_int_equal(sign(&client, kit_handle(&client, "web")), KEEPER_S_OK);
	close(client.fd);
}

/* Nothing of the keeper's is left when it is killed. */
static void test_killed(void **state)
{
	struct keeper_client client;
	pid_t server;
	int status;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	server = kit_child(&kit, true);
	assert_true(server > 0);
	assert_int_equal(kill(kit.pid, SIGKILL), 0);
	assert_int_equal(waitpid(kit.pid, &status, 0), kit.pid);
	kit.pid = 0;
	assert_int_equal(sign(&client, 1), -EPIPE);
	close(client.fd);
	for (int i = 0; i < 1000 && kill(server, 0) == 0; i++)
		usleep(20000);
	assert_int_equal(kill(server, 0), -1);
	/* the next one takes the socket over */
	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	assert_int_equal(sign(&client, kit_handle(&client, "web")), KEEPER_S_OK);
	close(client.fd);
}

/* Bytes of a hostile worker: it is cut off, and nobody else notices. */
static void test_lies(void **state)
{
	struct keeper_client good, bad;
	struct pollfd closed;
	uint8_t packet[KEEPER_MAX_PACKET + 100];
	uint64_t handle;

	kit_start(&kit, NULL);
	good = kit_connect(&kit, "test");
	handle = kit_handle(&good, "web");
	for (unsigned int i = 0; i < 200; i++) {
		struct keeper_request r = {.type = KEEPER_OPEN, .len = 5};
		size_t len;

		bad = kit_connect(&kit, i % 2 ? "test" : NULL);
		kit_random(packet, sizeof(packet));
		memcpy(&len, packet, sizeof(len));
		len = 1 + len % (sizeof(packet) - 1);
		if (i % 3 == 0)
			memcpy(packet, &r, sizeof(r));
		assert_int_equal(send(bad.fd, packet, len, MSG_NOSIGNAL), len);
		closed = (struct pollfd){.fd = bad.fd, .events = POLLIN};
		assert_int_equal(poll(&closed, 1, 20000), 1);
		assert_int_equal(recv(bad.fd, packet, sizeof(packet), 0), 0);
		close(bad.fd);
	}
	assert_int_equal(sign(&good, handle), KEEPER_S_OK);
	close(good.fd);
}

/* The supervisor's connection, handed on to one worker after another. */
static void test_reset(void **state)
{
	struct keeper_client client;
	uint64_t handle;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "web");
	for (unsigned int i = 0; i < 10; i++) {
		struct keeper_request r = {
		    .type = KEEPER_SIGN, .handle = handle, .scheme = KEEPER_ECDSA_P256_SHA256};

		assert_int_equal(keeper_send(&client, &r, "0123456789abcdef0123456789abcdef", 32),
				 0);
	}
	assert_int_equal(keeper_reset(&client), KEEPER_S_OK);
	assert_int_equal(sign(&client, handle), KEEPER_S_STALE);
	assert_int_equal(sign(&client, kit_handle(&client, "web")), KEEPER_S_OK);
	close(client.fd);
}

/* With audit = all: a line for each operation, as many as are counted. */
static void test_audit(void **state)
{
	struct keeper_client client;
	char line[300];
	unsigned int lines = 0;
	uint64_t handle;
	FILE *log;

	kit_set_policy(&kit, "[vm test]\nkeys = web\n[key web]\nsource = file:web.pem\n"
			     "use = sign\nschemes = ecdsa-p256-sha256\naudit = all\n");
	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "web");
	for (unsigned int i = 0; i < 25; i++)
		assert_int_equal(sign(&client, handle), KEEPER_S_OK);
	close(client.fd);
	assert_int_equal(kit_metric(&kit, "operations_total{vm=\"test\",key=\"web\"}"), 25);
	log = fopen(kit.log, "r");
	assert_non_null(log);
	while (fgets(line, sizeof(line), log))
		lines += strstr(line, "audit: vm test key web sign ecdsa-p256-sha256 7 bytes: "
				      "done") != NULL;
	fclose(log);
	assert_int_equal(lines, 25);
}

static void test_check_policy(void **state)
{
	assert_int_equal(kit_check(&kit), 0);
	assert_true(kit_said(&kit, "2 keys, 1 VMs, 0 tokens: good"));
	kit_set_policy(&kit, POLICY "[key web]\nfoo = 1\n");
	assert_int_equal(kit_check(&kit), 1);
	assert_true(kit_said(&kit, "policy:12: [key web] is in line 3 already"));
	kit_set_policy(&kit, POLICY);
	kit_file(&kit, "disk.key", "0123456789abcde", 15);
	assert_int_equal(kit_check(&kit), 1);
	assert_true(
	    kit_said(&kit, "policy:7: [key disk]: disk.key: the file does not have as many"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_serves), T(test_many), T(test_revocation), T(test_reload), T(test_server_killed),
	    T(test_killed), T(test_lies), T(test_reset),      T(test_audit),  T(test_check_policy),
	};
	int failed;

	if (argc != 2)
		return 2;
	program = argv[1];
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	EVP_PKEY_free(web);
	return failed;
}
