/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_named_memory.c - which key by name is where: the memory of the daemon's processes is searched.
 *
 *     test_named_memory PATH-OF-vhost-user-cryptodev PATH-OF-vcrypto-keeper
 *
 * A key that the worker may have is found there while a session uses it, so that not to find the others
 * proves something.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "cryptodev.h"
#include "tests/wire/named.h"
#include "tests/wire/search.h"

static const char *keeper_program;
static struct named named;
static EVP_PKEY *web;
static struct needles disk, hidden;

#define POLICY                                                                                     \
	"[vm test]\nkeys = web disk held\n"                                                        \
	"[key web]\nsource = file:web.pem\nuse = sign\nschemes = ecdsa-p256-sha256\n"              \
	"[key disk]\nsource = file:disk.key\nuse = encrypt decrypt\nalg = aes-cbc\n"               \
	"[key held]\nsource = file:held.key\nuse = encrypt decrypt\nalg = aes-cbc\nhold = "        \
	"keeper\n"

/* The secret number of a private key, in both orders of bytes. */
static void add_private(struct needles *needles, const EVP_PKEY *pkey)
{
	BIGNUM *number = NULL;
	uint8_t bytes[32];

	assert_true(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number));
	assert_int_equal(BN_bn2binpad(number, bytes, sizeof(bytes)), sizeof(bytes));
	needles_add(needles, "private key", bytes);
	assert_int_equal(BN_bn2lebinpad(number, bytes, sizeof(bytes)), sizeof(bytes));
	needles_add(needles, "private key, last byte first", bytes);
	BN_clear_free(number);
}

static int setup(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	uint8_t key[2][16];

	kit_open(&named.kit, keeper_program);
	web = kit_generate("P-256");
	assert_int_equal(getrandom(key, sizeof(key), 0), sizeof(key));
	kit_pem(&named.kit, "web.pem", web);
	kit_file(&named.kit, "disk.key", key[0], 16);
	kit_file(&named.kit, "held.key", key[1], 16);
	disk = hidden = (struct needles){0};
	needles_add_aes_128(&disk, key[0]);
	needles_add_aes_128(&hidden, key[1]);
	add_private(&hidden, web);
	kit_set_policy(&named.kit, POLICY);
	named_keeper(&named);
	named_start(&named, args);
	return 0;
}

static int teardown(void **state)
{
	named_stop(&named);
	kit_close(&named.kit);
	EVP_PKEY_free(web);
	return 0;
}

static uint32_t encrypt(uint64_t session)
{
	const struct vcd_req header = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(16),
	    .session = htole64(session),
	    .iv_len = 16,
	};

	return named_crypt(&named, NAMED_SLOW, &header, "a block of bytes", 16, 16);
}

static void test_where(void **state)
{
	const pid_t supervisor = named.rig.daemon.pid;
	const uint64_t disk_session = named_open(&named, "disk", CRYPTO_AES_CBC, 0);
	const uint64_t held = named_open(&named, "held", CRYPTO_AES_CBC, 0);
	const uint64_t key = named_open(&named, "web", 0, 0);

	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(encrypt(disk_session), VCD_S_OK);
		assert_int_equal(encrypt(held), VCD_S_OK);
		assert_int_equal(named_sign(&named, key, VCD_ECDSA_P256_SHA256, "message"),
				 VCD_S_OK);
	}
	/* the worker has the one that it may have, in memory that is locked and not dumped */
	assert_int_equal(search_all(supervisor, EVERYWHERE, &disk) & 1u, 1);
	expect_none(supervisor, UNSAFE, &disk, "while the session lives");
	assert_int_equal(search_process(supervisor, EVERYWHERE, &disk), 0);
	assert_int_equal(search_all(supervisor, EVERYWHERE, &hidden), 0);
	/* and no longer when it is revoked */
	assert_int_equal(kit_admin(&named.kit, KEEPER_REVOKE, "disk"), KEEPER_S_OK);
	expect_none(supervisor, EVERYWHERE, &disk, "after the key's revocation");
	assert_int_equal(encrypt(disk_session), VCD_S_STALE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_where, setup, teardown),
	};

	if (argc != 3)
		return 2;
#ifdef VCD_INSTRUMENTED
	/* Sanitizers keep what was freed. */
	return 77;
#endif
	rig_daemon = argv[1];
	keeper_program = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
