/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_named_life.c - keys by name while keys are revoked and changed, and while keeper and worker die.
 *
 *     test_named_life PATH-OF-vhost-user-cryptodev PATH-OF-vcrypto-keeper
 */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "cryptodev.h"
#include "keeper/scheme.h"
#include "tests/wire/named.h"

static const char *keeper_program;
static struct named named;
static EVP_PKEY *web;

#define POLICY                                                                                     \
	"[vm test]\nkeys = web disk held\n"                                                        \
	"[key web]\nsource = file:web.pem\nuse = sign\nschemes = ecdsa-p256-sha256\n"              \
	"[key disk]\nsource = file:%s\nuse = encrypt decrypt\nalg = aes-cbc\n"                     \
	"[key held]\nsource = file:held.key\nuse = encrypt decrypt\nalg = aes-cbc\nhold = "        \
	"keeper\n"

/* Tries of what comes about sooner or later, 20 ms apart: a minute. */
#define TRIES 3000

static void pause_ms(long ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

static void set_policy(const char *disk)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), POLICY, disk);
	kit_set_policy(&named.kit, text);
}

static int setup(void **state)
{
	kit_open(&named.kit, keeper_program);
	if (!web)
		web = kit_generate("P-256");
	kit_pem(&named.kit, "web.pem", web);
	kit_file(&named.kit, "disk.key", "0123456789abcdef", 16);
	kit_file(&named.kit, "held.key", "fedcba9876543210", 16);
	kit_file(&named.kit, "other.key", "0123456789ABCDEF", 16);
	set_policy("disk.key");
	named_keeper(&named);
	named_start(&named, NULL);
	return 0;
}

static int teardown(void **state)
{
	const pid_t server = kit_child(&named.kit, true);

	/* A test that failed may have left it stopped. */
	if (server > 0)
		(void)kill(server, SIGCONT);
	named_stop(&named);
	kit_close(&named.kit);
	return 0;
}

static uint32_t sign(uint64_t session)
{
	const char *message = "message";
	uint32_t status = named_sign(&named, session, VCD_ECDSA_P256_SHA256, message);

	if (status == VCD_S_OK)
		assert_true(kit_verify(web, scheme_find(VCD_ECDSA_P256_SHA256),
				       (const uint8_t *)message, strlen(message), named.request.out,
				       named_out_len(&named)));
	return status;
}

static uint32_t encrypt(uint64_t session, unsigned int queue)
{
	const struct vcd_req header = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(16),
	    .session = htole64(session),
	    .iv_len = 16,
	};

	return named_crypt(&named, queue, &header, "a block of bytes", 16, 16);
}

/* Ask until the answer is no longer OK. */
static uint32_t encrypt_until_refused(uint64_t session, unsigned int queue)
{
	uint32_t status = VCD_S_OK;

	for (int i = 0; i < TRIES && status == VCD_S_OK; i++) {
		status = encrypt(session, queue);
		if (status == VCD_S_OK)
			pause_ms(20);
	}
	return status;
}

/* Open sessions end when their key is revoked, wherever its bytes are; others go on. */
static void test_revoke(void **state)
{
	struct named_session again = {.label = "disk", .cipher = CRYPTO_AES_CBC};
	const uint64_t disk = named_open(&named, "disk", CRYPTO_AES_CBC, 0);
	const uint64_t second = named_open(&named, "disk", CRYPTO_AES_CBC, 0);
	const uint64_t held = named_open(&named, "held", CRYPTO_AES_CBC, 0);
	const uint64_t key = named_open(&named, "web", 0, 0);

	assert_int_equal(encrypt(disk, NAMED_FAST), VCD_S_OK);
	assert_int_equal(kit_admin(&named.kit, KEEPER_REVOKE, "disk"), KEEPER_S_OK);
	assert_int_equal(encrypt_until_refused(disk, NAMED_FAST), VCD_S_STALE);
	assert_int_equal(encrypt_until_refused(second, NAMED_FAST), VCD_S_STALE);
	assert_int_equal(named_create(&named, NAMED_SLOW, &again), VCD_S_NOKEY);
	assert_int_equal(sign(key), VCD_S_OK);
	assert_int_equal(kit_admin(&named.kit, KEEPER_REVOKE, "held"), KEEPER_S_OK);
	assert_int_equal(encrypt_until_refused(held, NAMED_SLOW), VCD_S_STALE);
	assert_int_equal(kit_admin(&named.kit, KEEPER_REVOKE, "web"), KEEPER_S_OK);
	assert_int_equal(sign(key), VCD_S_STALE);
}

/* A label that has come to mean other bytes is not used in place of the former key. */
static void test_pointed_elsewhere(void **state)
{
	struct named_session session = {.label = "disk", .cipher = CRYPTO_AES_CBC};
	uint8_t check[VCD_KEY_CHECK_LEN];
	uint64_t first;

	first = named_open(&named, "disk", CRYPTO_AES_CBC, 0);
	assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_OK);
	memcpy(check, session.info.check, sizeof(check));
	session.check = check;
	assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_OK);
	set_policy("other.key");
	assert_int_equal(kit_admin(&named.kit, KEEPER_RELOAD, NULL), KEEPER_S_OK);
	assert_int_equal(encrypt_until_refused(first, NAMED_FAST), VCD_S_STALE);
	assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_NOKEY);
	session.check = NULL;
	assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_OK);
	assert_memory_not_equal(session.info.check, check, sizeof(check));
}

/* The keeper, not its server, dies as by power loss. */
static void kill_keeper(void)
{
	const pid_t server = kit_child(&named.kit, true);
	int status;

	assert_true(server > 0);
	assert_int_equal(kill(named.kit.pid, SIGKILL), 0);
	(void)kill(server, SIGKILL);
	assert_int_equal(waitpid(named.kit.pid, &status, 0), named.kit.pid);
	named.kit.pid = 0;
}

/* Without a keeper open sessions go on whose keys the worker has. It comes back, and nothing is started anew. */
static void test_keeper_dies(void **state)
{
	const uint64_t disk = named_open(&named, "disk", CRYPTO_AES_CBC, 0);
	const uint64_t held = named_open(&named, "held", CRYPTO_AES_CBC, 0);
	uint64_t key = named_open(&named, "web", 0, 0);
	const pid_t worker = process_worker(&named.rig.daemon);

	assert_int_equal(sign(key), VCD_S_OK);
	kill_keeper();
	assert_int_equal(encrypt(disk, NAMED_FAST), VCD_S_OK);
	assert_int_equal(sign(key), VCD_S_STALE);
	assert_int_equal(encrypt(held, NAMED_SLOW), VCD_S_STALE);
	assert_int_equal(encrypt(disk, NAMED_SLOW), VCD_S_OK);
	named_keeper(&named);
	/* waits for the keeper; then what was opened before has ended */
	key = named_open(&named, "web", 0, 0);
	assert_int_equal(sign(key), VCD_S_OK);
	assert_int_equal(encrypt(disk, NAMED_FAST), VCD_S_STALE);
	assert_int_equal(encrypt(named_open(&named, "disk", CRYPTO_AES_CBC, 0), NAMED_FAST),
			 VCD_S_OK);
	assert_int_equal(process_worker(&named.rig.daemon), worker);
}

/* A key that was revoked while there was no keeper is not used afterwards. */
static void test_revoked_meanwhile(void **state)
{
	const uint64_t disk = named_open(&named, "disk", CRYPTO_AES_CBC, 0);
	struct named_session again = {.label = "disk", .cipher = CRYPTO_AES_CBC};

	kill_keeper();
	kit_set_policy(&named.kit, "[vm test]\nkeys = web\n[key web]\nsource = file:web.pem\n"
				   "use = sign\nschemes = ecdsa-p256-sha256\n");
	named_keeper(&named);
	assert_int_equal(encrypt_until_refused(disk, NAMED_FAST), VCD_S_STALE);
	(void)named_open(&named, "web", 0, 0);
	assert_int_equal(named_create(&named, NAMED_SLOW, &again), VCD_S_NOKEY);
}

/* How often something dies: 20 times, or as often as NAMED_DEATHS says. */
static unsigned int deaths(void)
{
	const char *text = getenv("NAMED_DEATHS");

	return text ? (unsigned int)strtoul(text, NULL, 10) : 20;
}

/* Signatures that are outstanding, all at the same time. */
#define LOAD 64
static struct front_request load[LOAD];

static void load_init(void)
{
	for (unsigned int i = 0; i < LOAD; i++)
		assert_int_equal(front_request_init(named.rig.front, &load[i], 64, 256), 0);
}

static void load_submit(uint64_t session, unsigned int round)
{
	struct front_queue *queue = &named.rig.front->queue[NAMED_SLOW];

	for (unsigned int i = 0; i < LOAD; i++) {
		const struct vcd_req_key header = {
		    .opcode = htole16(VCD_OP_SIGN),
		    .flags = htole16(VCD_F_MESSAGE),
		    .in_len = htole32(8),
		    .session = htole64(session),
		    .out_len = htole32(256),
		    .scheme = htole16(VCD_ECDSA_P256_SHA256),
		};

		memcpy(load[i].header, &header, sizeof(header));
		memcpy(load[i].in, &(uint32_t[2]){round, i}, 8);
		assert_int_equal(front_submit(queue, &load[i], 8, 256), 0);
	}
	front_queue_kick(queue);
}

/* Wait for all of them. Return: how many were signed; the others are STALE. */
static unsigned int load_reap(void)
{
	struct front_queue *queue = &named.rig.front->queue[NAMED_SLOW];
	unsigned int good = 0;

	for (unsigned int i = 0; i < LOAD; i++) {
		struct front_request *r;
		void *token;
		uint32_t used;
		int reaped;

		while (!(reaped = front_queue_reap(queue, &token, &used)))
			assert_int_equal(front_queue_wait(queue), 0);
		assert_int_equal(reaped, 1);
		r = token;
		if (front_status(r) != VCD_S_OK) {
			assert_int_equal(front_status(r), VCD_S_STALE);
			continue;
		}
		assert_true(kit_verify(web, scheme_find(VCD_ECDSA_P256_SHA256), r->in, 8, r->out,
				       le32toh(r->reply->out_len)));
		good++;
	}
	return good;
}

/*
 * The worker dies while signatures are outstanding: each of them is a good one or is to be repeated, and
 * the keeper has counted each that was made once.
 */
static void test_worker_dies(void **state)
{
	const unsigned int rounds = deaths();
	static const char counter[] = "operations_total{vm=\"test\",key=\"web\"}";
	unsigned long good = 0;
	long counted;

	load_init();
	for (unsigned int round = 0; round < rounds; round++) {
		uint64_t session = named_open(&named, "web", 0, 0);
		pid_t worker = process_worker(&named.rig.daemon);

		load_submit(session, round);
		pause_ms(round % 5);
		assert_true(worker > 0);
		assert_int_equal(kill(worker, SIGKILL), 0);
		good += load_reap();
	}
	counted = kit_metric(&named.kit, counter);
	/* What was signed and whose worker died before it could say so is counted, too: once. */
	assert_true(counted >= (long)good && counted <= (long)rounds * LOAD);
	print_message("%lu signatures, %ld counted\n", good, counted);
}

/*
 * The keeper dies while signatures are outstanding: each of them is a good one or is to be repeated. It comes
 * back, and all that was open is opened again.
 */
static void test_keeper_dies_under_load(void **state)
{
	const unsigned int rounds = deaths();
	unsigned long good = 0;

	load_init();
	for (unsigned int round = 0; round < rounds; round++) {
		const uint64_t session = named_open(&named, "web", 0, 0);
		const uint64_t disk = named_open(&named, "disk", CRYPTO_AES_CBC, 0);

		load_submit(session, round);
		pause_ms(round % 4);
		kill_keeper();
		assert_int_equal(encrypt(disk, NAMED_FAST), VCD_S_OK);
		good += load_reap();
		named_keeper(&named);
	}
	assert_int_equal(sign(named_open(&named, "web", 0, 0)), VCD_S_OK);
	print_message("%lu signatures\n", good);
}

/* While a batch waits for a keeper that has stopped, other queues do not notice. */
static void test_fast_queues_go_on(void **state)
{
	const uint64_t disk = named_open(&named, "disk", CRYPTO_AES_CBC, 0);
	const uint64_t session = named_open(&named, "web", 0, 0);
	const pid_t server = kit_child(&named.kit, true);
	const struct front_queue *queue = &named.rig.front->queue[NAMED_SLOW];

	load_init();
	assert_int_equal(kill(server, SIGSTOP), 0);
	load_submit(session, 0);
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(encrypt(disk, NAMED_FAST), VCD_S_OK);
	/* none of those could be answered */
	assert_int_equal(le16toh(__atomic_load_n(&queue->used->idx, __ATOMIC_ACQUIRE)),
			 queue->last_used);
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_int_equal(load_reap(), LOAD);
}

/* Return: how many of the load are answered, with @status each. */
static unsigned int load_answered(uint32_t status)
{
	struct front_queue *queue = &named.rig.front->queue[NAMED_SLOW];
	unsigned int n = 0;
	uint32_t used;
	void *token;

	while (front_queue_reap(queue, &token, &used) == 1) {
		assert_int_equal(front_status(token), status);
		n++;
	}
	return n;
}

/*
 * The queue is stopped, and started again, while a batch waits for a keeper that has stopped: the batch is
 * answered then, and not when its time is over, which would be IO.
 */
static void test_stopped_meanwhile(void **state)
{
	const uint64_t session = named_open(&named, "web", 0, 0);
	const pid_t server = kit_child(&named.kit, true);
	const struct vu_vring_state slow = {.index = NAMED_SLOW};
	struct vu_message stopped;
	uint16_t first;
	struct front *front = named.rig.front;

	load_init();
	assert_int_equal(kill(server, SIGSTOP), 0);
	first = front->queue[NAMED_SLOW].last_used;
	load_submit(session, 0);
	/* The worker usually has them all by then; those that it has not taken stay in the ring. */
	pause_ms(100);
	assert_int_equal(front_call(front, VU_GET_VRING_BASE, &slow, sizeof(slow), &stopped), 0);
	assert_int_equal(load_answered(VCD_S_BUSY), (uint16_t)(stopped.payload.state.num - first));
	assert_int_equal(kill(server, SIGCONT), 0);
}

/* The same, for a change that concerns all queues. */
static void test_changed_meanwhile(void **state)
{
	const uint64_t session = named_open(&named, "web", 0, 0);
	const pid_t server = kit_child(&named.kit, true);
	struct front *front = named.rig.front;
	unsigned int answered = 0;

	load_init();
	assert_int_equal(kill(server, SIGSTOP), 0);
	load_submit(session, 0);
	/* Again and again, as the worker may not have taken them at once. */
	while (answered < LOAD) {
		assert_int_equal(front_set_u64(front, VU_SET_FEATURES, front->features), 0);
		answered += load_answered(VCD_S_BUSY);
	}
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_int_equal(sign(session), VCD_S_OK);
}

/* A successor takes over while a batch waits for a keeper that has stopped: the batch does not keep it. */
static void test_upgrade(void **state)
{
	const uint64_t session = named_open(&named, "web", 0, 0);
	const pid_t server = kit_child(&named.kit, true);

	load_init();
	assert_int_equal(kill(server, SIGSTOP), 0);
	load_submit(session, 0);
	assert_int_equal(kill(named.rig.daemon.pid, SIGHUP), 0);
	assert_int_equal(load_reap(), 0);
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_int_equal(sign(named_open(&named, "web", 0, 0)), VCD_S_OK);
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_revoke),
	    T(test_pointed_elsewhere),
	    T(test_keeper_dies),
	    T(test_revoked_meanwhile),
	    T(test_worker_dies),
	    T(test_keeper_dies_under_load),
	    T(test_fast_queues_go_on),
	    T(test_stopped_meanwhile),
	    T(test_changed_meanwhile),
	    T(test_upgrade),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: %s DAEMON KEEPER\n", argv[0]);
		return 2;
	}
	rig_daemon = argv[1];
	keeper_program = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
