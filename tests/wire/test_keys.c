/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_keys.c - when a session is gone, its key is nowhere in the daemon.
 *
 * The memory of the daemon, and of all processes below it, is read through
 * /proc/PID/mem and searched for keys and for what engines make of them: round keys,
 * padded HMAC keys. It is searched while the session lives, too: a test that does not
 * find the key then would prove nothing. What it finds then has to lie in memory that is locked
 * and left out of core dumps.
 *
 * The daemon runs without a sandbox, as it cannot be read otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "tests/wire/rig.h"
#include "tests/wire/search.h"

#include "cryptodev.h"

/* ---- sessions ------------------------------------------------------------------------- */

#define SESSIONS 3

struct secrets {
	struct needles needles;
	uint64_t id[SESSIONS];
};

static void make_session(struct rig *rig, uint32_t cipher, const uint8_t *key, uint32_t key_len,
			 uint32_t mac, const uint8_t *mackey, uint32_t mackey_len, uint64_t *id)
{
	struct front_queue *queue = &rig->front->queue[0];

	assert_int_equal(front_session_create(queue, &rig->request, cipher, key, key_len, mac,
					      mackey, mackey_len, id),
			 VCD_S_OK);
	/* The guest wipes what it has sent; what it sends next does it here. */
	memset(rig->request.in, 0, 2048);
}

static void crypt_once(struct rig *rig, uint64_t id, uint16_t flags)
{
	static const uint8_t iv[16];

	front_prepare_crypt(&rig->request, id, flags, 64, iv, sizeof(iv));
	assert_int_equal(front_execute(&rig->front->queue[0], &rig->request, 64, 128), 0);
	assert_int_equal(front_status(&rig->request), VCD_S_OK);
}

/* Sessions that have been used, in both directions, by which all contexts are made. */
static void make_secrets(struct rig *rig, struct secrets *secrets)
{
	uint8_t key[2][16];
	uint8_t mackey[2][32];

	*secrets = (struct secrets){0};
	assert_int_equal(getrandom(key, sizeof(key), 0), sizeof(key));
	assert_int_equal(getrandom(mackey, sizeof(mackey), 0), sizeof(mackey));
	make_session(rig, CRYPTO_AES_CBC, key[0], 16, 0, NULL, 0, &secrets->id[0]);
	crypt_once(rig, secrets->id[0], VCD_F_DECRYPT);
	crypt_once(rig, secrets->id[0], 0);
	make_session(rig, CRYPTO_AES_CTR, key[1], 16, CRYPTO_SHA2_256_HMAC, mackey[0], 32,
		     &secrets->id[1]);
	crypt_once(rig, secrets->id[1], VCD_F_HASH_RESET | VCD_F_HASH_FINAL);
	make_session(rig, 0, NULL, 0, CRYPTO_SHA1_HMAC, mackey[1], 32, &secrets->id[2]);
	needles_add_aes_128(&secrets->needles, key[0]);
	needles_add_aes_128(&secrets->needles, key[1]);
	needles_add_hmac(&secrets->needles, mackey[0]);
	needles_add_hmac(&secrets->needles, mackey[1]);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(mackey, sizeof(mackey));
	/* Otherwise there is nothing to lose. */
	assert_int_not_equal(search_all(rig->daemon.pid, EVERYWHERE, &secrets->needles) & 1u, 0);
}

static void start(struct rig *rig, struct secrets *secrets)
{
	rig_connect(rig, NULL);
	make_secrets(rig, secrets);
}

static void test_session_close(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;
	unsigned int i;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	for (i = 0; i < SESSIONS; i++)
		assert_int_equal(
		    front_session_destroy(&rig.front->queue[0], &rig.request, secrets.id[i]),
		    VCD_S_OK);
	expect_none(rig.daemon.pid, EVERYWHERE, &secrets.needles, "after the end of the session");
	rig_stop(&rig);
}

static void test_hello(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	assert_int_equal(front_hello(&rig.front->queue[0], &rig.request), VCD_S_OK);
	expect_none(rig.daemon.pid, EVERYWHERE, &secrets.needles, "after HELLO");
	rig_stop(&rig);
}

static void test_front_end_lost(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	rig_disconnect(&rig);
	/* The next front end is served when the former one is forgotten. */
	rig_connect(&rig, NULL);
	expect_none(rig.daemon.pid, EVERYWHERE, &secrets.needles,
		    "after the loss of the front end");
	rig_stop(&rig);
}

/* While sessions live, what engines make of their keys is in memory that is locked and not dumped.
 */
static void test_live(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;
	unsigned int i;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	/* Batches, so that lanes are used as well. */
	for (i = 0; i < 2; i++)
		crypt_once(&rig, secrets.id[i], i ? VCD_F_HASH_RESET | VCD_F_HASH_FINAL : 0);
	expect_none(rig.daemon.pid, UNSAFE, &secrets.needles, "while the sessions live");
	rig_stop(&rig);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_live),
	    cmocka_unit_test(test_session_close),
	    cmocka_unit_test(test_hello),
	    cmocka_unit_test(test_front_end_lost),
	};

	if (argc != 2)
		return 2;
#ifdef VCD_INSTRUMENTED
	/* Sanitizers keep what was freed. */
	return 77;
#endif
	rig_daemon = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
