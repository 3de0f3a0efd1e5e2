/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_faults.c - PKCS#11 modules at their worst: slow, hanging, crashing, with one session, and with
 * every return value that means "again".
 *
 *     test_faults PATH-OF-vcrypto-keeper PATH-OF-fault_module.so
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/keeper/keeperkit.h"

static const char *program;
static char *module;
static struct kit kit;
static EVP_PKEY *token_key, *file_key;

static void set_policy(const char *words)
{
	char text[1000];

	(void)snprintf(text, sizeof(text),
		       "[vm test]\nkeys = hsm web\n"
		       "[key hsm]\nsource = pkcs11:token=fault;object=key\nuse = sign\n"
		       "schemes = ecdsa-p256-sha256\n"
		       "[key web]\nsource = file:web.pem\nuse = sign\nschemes = ecdsa-p256-sha256\n"
		       "[token fault]\nmodule = %s\npin = file:pin\n%s",
		       module, words);
	kit_set_policy(&kit, text);
}

static void plan(const char *text)
{
	char path[200];

	/* Whole or not at all: the module may read it now. */
	kit_file(&kit, "plan.new", text, strlen(text));
	(void)snprintf(path, sizeof(path), "%s/plan.new", kit.folder);
	assert_int_equal(rename(path, getenv("FAULT_PLAN")), 0);
}

static int setup(void **state)
{
	char path[200];

	kit_open(&kit, program);
	if (!token_key) {
		token_key = kit_generate("P-256");
		file_key = kit_generate("P-256");
	}
	kit_pem(&kit, "token.pem", token_key);
	kit_pem(&kit, "web.pem", file_key);
	kit_file(&kit, "pin", "1234\n", 5);
	(void)snprintf(path, sizeof(path), "%s/token.pem", kit.folder);
	setenv("FAULT_KEY", path, 1);
	(void)snprintf(path, sizeof(path), "%s/plan", kit.folder);
	setenv("FAULT_PLAN", path, 1);
	(void)snprintf(path, sizeof(path), "%s/logins", kit.folder);
	setenv("FAULT_LOGINS", path, 1);
	unsetenv("FAULT_SESSIONS");
	plan("ok");
	set_policy("");
	return 0;
}

static int teardown(void **state)
{
	kit_close(&kit);
	return 0;
}

static int sign(struct keeper_client *client, uint64_t handle, EVP_PKEY *with)
{
	uint8_t out[KEEPER_MAX_PAYLOAD];
	size_t len = 0;
	int status = kit_sign(client, handle, KEEPER_ECDSA_P256_SHA256, "message", 7, out, &len);

	if (status == KEEPER_S_OK)
		assert_true(kit_verify(with, scheme_find(KEEPER_ECDSA_P256_SHA256),
				       (const uint8_t *)"message", 7, out, len));
	return status;
}

static void send_signs(struct keeper_client *client, uint64_t handle, unsigned int n)
{
	struct keeper_request r = {.type = KEEPER_SIGN,
				   .flags = KEEPER_F_MESSAGE,
				   .handle = handle,
				   .scheme = KEEPER_ECDSA_P256_SHA256};

	while (n--)
		assert_int_equal(keeper_send(client, &r, "message", 7), 0);
}

/* How many of @n replies have that status. */
static unsigned int collect(struct keeper_client *client, unsigned int n, uint16_t status)
{
	uint8_t out[KEEPER_MAX_PAYLOAD];
	struct keeper_reply reply;
	unsigned int count = 0;

	while (n--) {
		assert_int_equal(keeper_receive(client, &reply, out, sizeof(out), true), 0);
		count += reply.status == status;
	}
	return count;
}

static unsigned int logins(void)
{
	struct stat st;

	return stat(getenv("FAULT_LOGINS"), &st) ? 0 : (unsigned int)st.st_size;
}

/* Each return value after which an operation succeeds when it is tried again. */
static void test_again(void **state)
{
	static const struct {
		const char *call;
		CK_RV rv;
	} cases[] = {
	    {"C_SignInit", CKR_SESSION_HANDLE_INVALID},
	    {"C_SignInit", CKR_SESSION_CLOSED},
	    {"C_SignInit", CKR_OPERATION_ACTIVE},
	    {"C_SignInit", CKR_USER_NOT_LOGGED_IN},
	    {"C_SignInit", CKR_KEY_HANDLE_INVALID},
	    {"C_SignInit", CKR_OBJECT_HANDLE_INVALID},
	    {"C_SignInit", CKR_DEVICE_REMOVED},
	    {"C_SignInit", CKR_TOKEN_NOT_PRESENT},
	    {"C_SignInit", CKR_TOKEN_NOT_RECOGNIZED},
	    {"C_SignInit", CKR_SLOT_ID_INVALID},
	    {"C_Sign", CKR_DEVICE_ERROR},
	    {"C_Sign", CKR_DEVICE_MEMORY},
	    {"C_Sign", CKR_HOST_MEMORY},
	    {"C_Sign", CKR_FUNCTION_FAILED},
	    {"C_Sign", CKR_FUNCTION_CANCELED},
	    {"C_Sign", CKR_GENERAL_ERROR},
	    {"C_Sign", CKR_OPERATION_NOT_INITIALIZED},
	    {"C_Sign", CKR_DEVICE_REMOVED},
	};
	struct keeper_client client;
	uint64_t handle;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "hsm");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned int count = 1; count <= 2; count++) {
			char text[100];

			(void)snprintf(text, sizeof(text), "%s %lx %u", cases[i].call, cases[i].rv,
				       count);
			plan(text);
			if (sign(&client, handle, token_key) != KEEPER_S_OK)
				fail_msg("not tried again: %s", text);
		}
	/* in the end it is an error, and no reason to start the process again */
	plan("C_Sign 30 3");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_IO);
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	assert_int_equal(kit_metric(&kit, "failures_total{vm=\"test\",key=\"hsm\"}"), 1);
	assert_int_equal(kit_metric(&kit, "module_failures_total{module=\"1\"}"), 0);
	/* what cannot help is not tried */
	plan("C_SignInit 70 1");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_IO);
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	/* a module that lost its state is started again; the operation that noticed has failed */
	plan("C_SignInit 190 1");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_IO);
	plan("ok");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	close(client.fd);
}

static void test_one_session(void **state)
{
	/* the token says so, or does not say how many it has */
	static const char *const limits[] = {"+1", "1"};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct keeper_client client;

		setenv("FAULT_SESSIONS", limits[i], 1);
		kit_start(&kit, NULL);
		client = kit_connect(&kit, "test");
		plan("slow 5");
		send_signs(&client, kit_handle(&client, "hsm"), 60);
		assert_int_equal(collect(&client, 60, KEEPER_S_OK), 60);
		assert_int_equal(logins(), 1 + i);
		close(client.fd);
		assert_int_equal(kit_stop(&kit), 0);
		plan("ok");
	}
}

/* Sessions are used at the same time: 32 operations of 300 ms on 16 threads are no 10 s. */
static void test_slow(void **state)
{
	struct keeper_client client, other;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	other = kit_connect(&kit, "test");
	plan("slow 300");
	send_signs(&client, kit_handle(&client, "hsm"), 64);
	/* meanwhile files' keys know nothing of it */
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(sign(&other, kit_handle(&other, "web"), file_key), KEEPER_S_OK);
	assert_int_equal(collect(&client, 64, KEEPER_S_OK), 64);
	close(client.fd);
	close(other.fd);
}

/* What hangs is killed after the time-out; its operations have failed, no others. */
static void test_hang(void **state)
{
	struct keeper_client client, other;
	uint64_t handle, web;

	set_policy("timeout = 500ms\n");
	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	other = kit_connect(&kit, "test");
	handle = kit_handle(&client, "hsm");
	web = kit_handle(&other, "web");
	plan("hang");
	send_signs(&client, handle, 5);
	assert_int_equal(sign(&other, web, file_key), KEEPER_S_OK);
	assert_int_equal(collect(&client, 5, KEEPER_S_IO), 5);
	assert_int_equal(sign(&other, web, file_key), KEEPER_S_OK);
	plan("ok");
	/* the handle is as good as before */
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	assert_int_equal(kit_metric(&kit, "module_failures_total{module=\"1\"}"), 1);
	assert_int_equal(kit_metric(&kit, "failures_total{vm=\"test\",key=\"hsm\"}"), 5);
	close(client.fd);
	close(other.fd);
}

static void test_crash(void **state)
{
	struct keeper_client client;
	uint64_t handle;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "hsm");
	for (unsigned int i = 0; i < 3; i++) {
		plan("crash");
		assert_int_equal(sign(&client, handle, token_key), KEEPER_S_IO);
		plan("ok");
		/* it waits for the process that is started again */
		assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	}
	assert_int_equal(kit_metric(&kit, "module_failures_total{module=\"1\"}"), 3);
	close(client.fd);
}

/* The process is killed while many operations are in it. */
static void test_killed(void **state)
{
	struct keeper_client client;
	unsigned int good, failed;
	uint64_t handle;
	pid_t pid;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "hsm");
	for (unsigned int i = 0; i < 5; i++) {
		uint8_t out[KEEPER_MAX_PAYLOAD];
		struct keeper_reply reply;

		pid = kit_child(&kit, false);
		assert_true(pid > 0);
		plan("slow 20");
		send_signs(&client, handle, 60);
		good = failed = 0;
		for (unsigned int n = 0; n < 60; n++) {
			if (n == 10)
				assert_int_equal(kill(pid, SIGKILL), 0);
			assert_int_equal(keeper_receive(&client, &reply, out, sizeof(out), true),
					 0);
			if (reply.status == KEEPER_S_OK) {
				assert_true(
				    kit_verify(token_key, scheme_find(KEEPER_ECDSA_P256_SHA256),
					       (const uint8_t *)"message", 7, out, reply.len));
				good++;
			} else {
				assert_int_equal(reply.status, KEEPER_S_IO);
				failed++;
			}
		}
		assert_true(good >= 10);
		assert_int_equal(good + failed, 60);
		assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	}
	close(client.fd);
}

/* A PIN that is wrong is tried once, however often the key is asked for. */
static void test_wrong_pin(void **state)
{
	struct keeper_client client;

	kit_file(&kit, "pin", "9999\n", 5);
	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_OPEN},
					     "hsm", 3, NULL, NULL),
				 KEEPER_S_IO);
	assert_int_equal(logins(), 1);
	assert_true(kit_said(&kit, "CKR_PIN_INCORRECT): it is not tried again"));
	/* another PIN is another process; the one that continues keeps its login */
	kit_file(&kit, "pin", "1234\n", 5);
	assert_int_equal(kit_admin(&kit, KEEPER_RELOAD, NULL), KEEPER_S_OK);
	assert_int_equal(sign(&client, kit_handle(&client, "hsm"), token_key), KEEPER_S_OK);
	assert_int_equal(kit_admin(&kit, KEEPER_RELOAD, NULL), KEEPER_S_OK);
	assert_int_equal(sign(&client, kit_handle(&client, "hsm"), token_key), KEEPER_S_OK);
	assert_int_equal(logins(), 2);
	close(client.fd);
}

/* Another key under the same name is never used by a handle that was opened before. */
static void test_other_key(void **state)
{
	EVP_PKEY *other = kit_generate("P-256");
	struct keeper_client client;
	uint64_t handle;

	kit_start(&kit, NULL);
	client = kit_connect(&kit, "test");
	handle = kit_handle(&client, "hsm");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_OK);
	kit_pem(&kit, "token.pem", other);
	plan("crash");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_IO);
	plan("ok");
	assert_int_equal(sign(&client, handle, token_key), KEEPER_S_STALE);
	assert_true(kit_said(&kit, "key hsm: the token has another key under this name"));
	/* until the administrator says that it is meant so */
	assert_int_equal(kit_admin(&kit, KEEPER_RELOAD, NULL), KEEPER_S_OK);
	assert_int_equal(sign(&client, kit_handle(&client, "hsm"), other), KEEPER_S_OK);
	EVP_PKEY_free(other);
	close(client.fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_again), T(test_one_session), T(test_slow),	   T(test_hang),
	    T(test_crash), T(test_killed),	T(test_wrong_pin), T(test_other_key),
	};
	int failed;

	if (argc != 3)
		return 2;
	program = argv[1];
	/* The policy wants an absolute path. */
	module = realpath(argv[2], NULL);
	if (!module)
		return 2;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	EVP_PKEY_free(token_key);
	EVP_PKEY_free(file_key);
	free(module);
	return failed;
}
