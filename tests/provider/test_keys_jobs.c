/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_keys_jobs.c - keys that the host has in asynchronous jobs: one thread has many operations
 * outstanding.
 */
#include "tests/provider/keykit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "cryptodev.h"
#include "tests/vm/guest/model/model.h"

#define JOBS 64

static struct rig rig;

struct task {
	EVP_PKEY *key;
	const char *md;
	uint8_t message[40];
	uint8_t sig[1024];
	size_t len;
	ASYNC_JOB *job;
	ASYNC_WAIT_CTX *wait;
	bool ended;
};

static int work(void *arg)
{
	struct task *t = *(struct task **)arg;

	t->len = keykit_sign(&rig, t->key, t->md, 0, t->message, sizeof(t->message), t->sig);
	return t->len > 0;
}

/* Runs the job until it ends or pauses. */
static void resume(struct task *t, int *ret)
{
	int status = ASYNC_start_job(&t->job, t->wait, ret, work, &t, sizeof(t));

	assert_true(status == ASYNC_PAUSE || status == ASYNC_FINISH);
	t->ended = status == ASYNC_FINISH;
}

static void begin(struct task *t, EVP_PKEY *key, const char *md, unsigned int number)
{
	uint64_t seed = number;

	memset(t, 0, sizeof(*t));
	t->key = key;
	t->md = md;
	rig_fill(&seed, t->message, sizeof(t->message));
	t->wait = ASYNC_WAIT_CTX_new();
}

/* The descriptor that a paused job waits for. */
static int waits_for(struct task *t)
{
	OSSL_ASYNC_FD fd = -1;
	size_t fds = 0;

	assert_int_equal(ASYNC_WAIT_CTX_get_all_fds(t->wait, NULL, &fds), 1);
	assert_int_equal(fds, 1);
	assert_int_equal(ASYNC_WAIT_CTX_get_all_fds(t->wait, &fd, &fds), 1);
	return fd;
}

/* The descriptor stays the same for as long as there is something to wait with, and no longer. */
static void finish(struct task *t, EVP_PKEY *public)
{
	int fd = waits_for(t);

	assert_true(
	    keykit_verify(&rig, public, t->md, 0, t->message, sizeof(t->message), t->sig, t->len));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ASYNC_WAIT_CTX_free(t->wait);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static bool readable(struct task *t)
{
	struct pollfd p = {.fd = waits_for(t), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void outstanding(const char *label, const char *md)
{
	static struct task tasks[JOBS];
	EVP_PKEY *key = keykit_key(&rig, label), *public = keykit_public(&rig, key);
	int ret = 0, last = -1;

	model_key_hold(true);
	for (unsigned int i = 0; i < JOBS; i++) {
		begin(&tasks[i], key, md, i);
		resume(&tasks[i], &ret);
		assert_false(tasks[i].ended);
		/* Each has a descriptor of its own. */
		assert_int_not_equal(waits_for(&tasks[i]), last);
		last = waits_for(&tasks[i]);
	}
	assert_int_equal(model_key_most(), JOBS);
	/* Resumed too early, they pause again. */
	resume(&tasks[0], &ret);
	assert_false(tasks[0].ended);
	model_key_hold(false);
	for (unsigned int i = JOBS; i-- > 0;) {
		resume(&tasks[i], &ret);
		assert_true(tasks[i].ended);
		assert_int_equal(ret, 1);
		finish(&tasks[i], public);
	}
	assert_int_equal(model_key_most(), JOBS);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

static void test_outstanding(void **state)
{
	outstanding("p256", "SHA256");
	outstanding("ed25519", NULL);
}

/* Files are opened for the first jobs, and used by later ones. */
static void test_lanes(void **state)
{
	static struct task task;
	EVP_PKEY *key = keykit_key(&rig, "p384"), *public = keykit_public(&rig, key);
	unsigned int opens = 0;
	int ret = 0;

	for (unsigned int i = 0; i < 10; i++) {
		begin(&task, key, "SHA384", i);
		resume(&task, &ret);
		assert_false(task.ended);
		assert_true(readable(&task));
		resume(&task, &ret);
		assert_true(task.ended);
		/* Nothing wakes the program for a job that has ended. */
		assert_false(readable(&task));
		finish(&task, public);
		if (i == 0)
			opens = model_opens();
	}
	assert_int_equal(model_opens(), opens);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

/* A host's refusal comes out of the job; a device that takes no more is waited for. */
static void test_errors(void **state)
{
	static struct task task;
	EVP_PKEY *key = keykit_key(&rig, "p256"), *public = keykit_public(&rig, key);
	int ret = 1;

	model_fault(&(struct model_fault){.request = CIOCKEYASYNC, .times = 1, .error = EBUSY});
	begin(&task, key, "SHA256", 1);
	resume(&task, &ret);
	assert_true(task.ended);
	assert_int_equal(ret, 1);
	finish(&task, public);
	model_fault(
	    &(struct model_fault){.request = CIOCKEYFETCH, .times = UINT_MAX, .error = EIO});
	begin(&task, key, "SHA256", 2);
	resume(&task, &ret);
	assert_false(task.ended);
	resume(&task, &ret);
	assert_true(task.ended);
	assert_int_equal(ret, 0);
	assert_true(keykit_says("did not answer"));
	ASYNC_WAIT_CTX_free(task.wait);
	model_fault(&(struct model_fault){0});
	/* The result of the failed one is nobody's: it must not be the next one's. */
	begin(&task, key, "SHA256", 3);
	resume(&task, &ret);
	resume(&task, &ret);
	assert_true(task.ended);
	finish(&task, public);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

/* A job that may not pause waits. */
static int blocked(void *arg)
{
	struct task *t = *(struct task **)arg;

	ASYNC_block_pause();
	t->len = keykit_sign(&rig, t->key, t->md, 0, t->message, sizeof(t->message), t->sig);
	ASYNC_unblock_pause();
	return t->len > 0;
}

static void test_blocked(void **state)
{
	static struct task task, *t = &task;
	EVP_PKEY *key = keykit_key(&rig, "p256"), *public = keykit_public(&rig, key);
	int ret = 0;

	begin(&task, key, "SHA256", 4);
	assert_int_equal(ASYNC_start_job(&task.job, task.wait, &ret, blocked, &t, sizeof(t)),
			 ASYNC_FINISH);
	assert_int_equal(ret, 1);
	finish(&task, public);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

/* A server in SSL_MODE_ASYNC, as HAProxy and nginx are with asynchronous engines. */
static void test_tls(void **state)
{
	EVP_PKEY *key = keykit_key(&rig, "web-tls");
	X509 *cert = keykit_certificate(&rig, key);
	SSL_CTX *s = SSL_CTX_new_ex(rig.ours, NULL, TLS_server_method());
	SSL_CTX *c = SSL_CTX_new_ex(rig.stock, NULL, TLS_client_method());
	SSL *servers[JOBS], *clients[JOBS];
	unsigned int good = 0;
	BIO *a, *b;

	SSL_CTX_set_mode(s, SSL_MODE_ASYNC);
	assert_int_equal(SSL_CTX_use_certificate(s, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s, key), 1);
	model_key_hold(true);
	for (int i = 0; i < JOBS; i++) {
		servers[i] = SSL_new(s);
		clients[i] = SSL_new(c);
		assert_int_equal(BIO_new_bio_pair(&a, 16384, &b, 16384), 1);
		SSL_set_bio(servers[i], a, a);
		SSL_set_bio(clients[i], b, b);
		SSL_set_accept_state(servers[i]);
		SSL_set_connect_state(clients[i]);
		assert_int_not_equal(SSL_do_handshake(clients[i]), 1);
		assert_int_equal(SSL_get_error(servers[i], SSL_do_handshake(servers[i])),
				 SSL_ERROR_WANT_ASYNC);
	}
	assert_int_equal(model_key_most(), JOBS);
	model_key_hold(false);
	for (int i = 0; i < JOBS; i++) {
		for (int j = 0; j < 20; j++)
			if (SSL_do_handshake(servers[i]) + SSL_do_handshake(clients[i]) == 2)
				break;
		good += SSL_is_init_finished(servers[i]) && SSL_is_init_finished(clients[i]);
		SSL_free(servers[i]);
		SSL_free(clients[i]);
	}
	assert_int_equal(good, JOBS);
	SSL_CTX_free(s);
	SSL_CTX_free(c);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int setup(void **state)
{
	rig_open(&rig, NULL, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	model_key_hold(false);
	rig_close(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_outstanding, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lanes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_blocked, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tls, setup, teardown),
	    /* It leaves operations behind that the model counts as outstanding. */
	    cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
	};

	if (!ASYNC_is_capable())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
