/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_options.c - the command line: what it means, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cryptodev.h"
#include "tools/bench/options.h"

static struct cli_state cli_state;

static struct bench_options o;

/* Words with spaces between them. */
static int parse(const char *line)
{
	static char copy[512];
	char *argv[32] = {(char *)(uintptr_t) "vcrypto-bench"};
	char *rest = copy;
	char *word;
	int argc = 1;

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	while ((word = strsep(&rest, " ")) != NULL && argc < 31)
		if (*word)
			argv[argc++] = word;
	argv[argc] = NULL;
	return bench_options_parse(argc, argv, &o);
}

static void test_defaults(void **state)
{
	assert_int_equal(parse("wire"), BENCH_RUN);
	assert_ptr_equal(o.a.mode, &bench_mode_wire);
	assert_false(o.compare);
	assert_string_equal(o.a.work.name, "aes-128-cbc");
	assert_int_equal(o.a.work.key_len, 16);
	assert_int_equal(o.a.work.size, 0);
	assert_int_equal(o.size_count, 1);
	assert_int_equal(o.sizes[0], 4096);
	assert_int_equal(o.a.work.depth, 16);
	assert_int_equal(o.a.work.threads, 1);
	assert_int_equal(o.a.work.sessions, 1);
	assert_int_equal(o.a.work.aad_len, 0);
	assert_int_equal(o.a.work.tag_len, 0);
	assert_int_equal(o.a.target.spin_us, 50);
	assert_string_equal(o.a.target.engine, "auto");
	assert_int_equal(o.pairs, 10);
	assert_false(o.json || o.details || o.tsc);
	bench_options_free(&o);
}

static void test_all_options(void **state)
{
	assert_int_equal(parse("dev --alg aes-256-xts --op=decrypt --size=16,512 --depth 8 "
			       "--threads=2 --sessions=3 --submit=batch --batch=64 --seconds=0.5 "
			       "--engine=openssl --device=/dev/x --poll-us=7 --spin-us=9 --pairs=4 "
			       "--clock=tsc --place=apart --json --details --histogram=/tmp/h"),
			 BENCH_RUN);
	assert_ptr_equal(o.a.mode, &bench_mode_dev);
	assert_int_equal(o.a.work.alg->id, CRYPTO_AES_XTS);
	assert_int_equal(o.a.work.key_len, 64);
	assert_true(o.a.work.decrypt);
	assert_int_equal(o.size_count, 2);
	assert_int_equal(o.sizes[1], 512);
	assert_int_equal(o.a.work.depth, 8);
	assert_int_equal(o.a.work.threads, 2);
	assert_int_equal(o.a.work.sessions, 3);
	assert_int_equal(o.a.work.submit, BENCH_SUBMIT_BATCH);
	assert_int_equal(o.a.work.batch, 64);
	assert_float_equal(o.seconds, 0.5, 1e-9);
	assert_string_equal(o.a.target.engine, "openssl");
	assert_string_equal(o.a.target.device, "/dev/x");
	assert_int_equal(o.a.target.poll_us, 7);
	assert_int_equal(o.a.target.spin_us, 9);
	assert_int_equal(o.pairs, 4);
	assert_true(o.tsc && o.json && o.details);
	assert_int_equal(o.a.target.place, BENCH_PLACE_APART);
	assert_string_equal(o.histogram, "/tmp/h");
	bench_options_free(&o);
}

static void test_compare_mode(void **state)
{
	assert_int_equal(parse("wire --compare engine --size=64 --depth=4"), BENCH_RUN);
	assert_true(o.compare);
	assert_ptr_equal(o.a.mode, &bench_mode_wire);
	assert_ptr_equal(o.b.mode, &bench_mode_engine);
	assert_string_equal(o.a.text, "wire");
	assert_string_equal(o.b.text, "engine");
	assert_int_equal(o.b.work.depth, 4);
	assert_int_equal(o.sizes[0], 64);
	bench_options_free(&o);
}

static void test_compare_sides(void **state)
{
	assert_int_equal(parse("--compare wire:depth=32,sessions=8,poll-us=50,place=together "
			       "--vs engine:engine=cryptodev:/dev/crypto,depth=16,size=64 "
			       "--alg=aes-128-gcm --aad=5 --size=1024"),
			 BENCH_RUN);
	assert_ptr_equal(o.a.mode, &bench_mode_wire);
	assert_ptr_equal(o.b.mode, &bench_mode_engine);
	assert_int_equal(o.a.work.depth, 32);
	assert_int_equal(o.a.work.sessions, 8);
	assert_int_equal(o.a.target.poll_us, 50);
	assert_int_equal(o.a.work.size, 0);
	assert_int_equal(o.b.work.depth, 16);
	assert_int_equal(o.b.work.sessions, 1);
	assert_int_equal(o.a.target.place, BENCH_PLACE_TOGETHER);
	assert_int_equal(o.b.target.place, BENCH_PLACE_FREE);
	assert_int_equal(o.b.target.poll_us, 0);
	assert_string_equal(o.b.target.engine, "cryptodev:/dev/crypto");
	assert_int_equal(o.b.work.size, 64);
	/* What both have in common may come behind. */
	assert_int_equal(o.a.work.aad_len, 5);
	assert_int_equal(o.b.work.aad_len, 5);
	assert_int_equal(o.b.work.alg->id, CRYPTO_AES_GCM);
	assert_string_equal(o.b.text, "engine:engine=cryptodev:/dev/crypto,depth=16,size=64");
	bench_options_free(&o);
	/* Each side may do something else. */
	assert_int_equal(
	    parse("--compare=engine:alg=sha256 --vs=engine:alg=aes-256-cbc,op=decrypt"), BENCH_RUN);
	assert_int_equal(o.a.work.alg->id, CRYPTO_SHA2_256);
	assert_false(o.a.work.decrypt);
	assert_true(o.b.work.decrypt);
	bench_options_free(&o);
}

/* Modes that sign have keys instead of sizes, and other defaults. */
static void test_keys(void **state)
{
	assert_int_equal(parse("keys --compare=sign --keeper-threads=3"), BENCH_RUN);
	assert_int_equal(o.key_count, 3);
	assert_string_equal(o.keys[0]->name, "p256");
	assert_string_equal(o.keys[1]->name, "rsa-2048");
	assert_string_equal(o.keys[2]->name, "ed25519");
	assert_int_equal(o.a.work.depth, 64);
	assert_int_equal(o.a.work.threads, 1);
	assert_int_equal(o.a.target.keeper_threads, 3);
	assert_int_equal(o.b.work.depth, 1);
	assert_int_equal(o.b.work.threads, 3);
	bench_options_free(&o);
	assert_int_equal(parse("keys --key=ed25519,p256 --depth=8 --threads=2 --keeper=/k"),
			 BENCH_RUN);
	assert_int_equal(o.key_count, 2);
	assert_string_equal(o.keys[0]->name, "ed25519");
	assert_int_equal(o.a.work.depth, 8);
	assert_int_equal(o.a.work.threads, 2);
	assert_in_range(o.a.target.keeper_threads, 1, 32);
	assert_string_equal(o.a.target.keeper, "/k");
	bench_options_free(&o);
	assert_int_equal(parse("--compare=wire:slow-load=64,slow-ms=20,slow-module=/m --vs=wire"),
			 BENCH_RUN);
	assert_int_equal(o.a.target.slow_load, 64);
	assert_int_equal(o.a.target.slow_ms, 20);
	assert_string_equal(o.a.target.slow_module, "/m");
	assert_int_equal(o.b.target.slow_load, 0);
	assert_int_equal(o.b.target.slow_ms, 200);
	bench_options_free(&o);
}

static void test_algorithms(void **state)
{
	static const struct {
		const char *name;
		uint32_t id;
		size_t key_len;
	} good[] = {
	    {"null", CRYPTO_NULL, 0},
	    {"3des-cbc", CRYPTO_3DES_CBC, 24},
	    {"blowfish-cbc", CRYPTO_BLF_CBC, 16},
	    {"aes-192-ctr", CRYPTO_AES_CTR, 24},
	    {"aes-128-xts", CRYPTO_AES_XTS, 32},
	    {"camellia-256-cbc", CRYPTO_CAMELLIA_CBC, 32},
	    {"sha256", CRYPTO_SHA2_256, 0},
	    {"sha3-512", CRYPTO_SHA3_512, 0},
	    {"hmac-sha1", CRYPTO_SHA1_HMAC, 20},
	    {"hmac-sha512", CRYPTO_SHA2_512_HMAC, 64},
	    {"aes-256-cmac", CRYPTO_AES_CMAC, 32},
	    {"aes-256-gcm", CRYPTO_AES_GCM, 32},
	    {"chacha20-poly1305", CRYPTO_CHACHA20_POLY1305, 32},
	};
	static const char *const bad[] = {"",
					  "aes",
					  "aes-cbc",
					  "aes-129-cbc",
					  "aes-512-cbc",
					  "aes-0-cbc",
					  "aes--cbc",
					  "aes-cmac",
					  "sha3",
					  "sha3-255",
					  "hmac",
					  "aes-128-cbc-",
					  "aes-128x-cbc",
					  "aes-gcm",
					  "3des-128-cbc",
					  "AES-128-CBC",
					  "aes-99999999999999999999-cbc"};
	struct workload work;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(workload_parse_alg(&cli_state, good[i].name, &work), CLI_RUN);
		assert_int_equal(work.alg->id, good[i].id);
		assert_int_equal(work.key_len, good[i].key_len);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(workload_parse_alg(&cli_state, bad[i], &work), CLI_BAD);
}

static void test_usual_values(void **state)
{
	assert_int_equal(parse("engine --alg=aes-128-gcm"), BENCH_RUN);
	assert_int_equal(o.a.work.aad_len, 13);
	assert_int_equal(o.a.work.tag_len, 16);
	bench_options_free(&o);
	assert_int_equal(parse("engine --alg=aes-128-ccm --tag=8 --aad=0"), BENCH_RUN);
	assert_int_equal(o.a.work.aad_len, 0);
	assert_int_equal(o.a.work.tag_len, 8);
	bench_options_free(&o);
	assert_int_equal(parse("engine --alg=sha256 --op=digest --size=1"), BENCH_RUN);
	assert_string_equal(workload_op_name(&o.a.work), "digest");
	bench_options_free(&o);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "wire engine",
	    "nonsense",
	    "engine --alg=rot13",
	    "engine --op=sign",
	    "engine --size=0",
	    "engine --size=15",
	    "engine --size=16,,32",
	    "engine --size=1e3",
	    "engine --size=16777217",
	    "engine --depth=0",
	    "engine --depth=-1",
	    "engine --threads=65",
	    "engine --threads=64 --sessions=65536",
	    "engine --seconds=0",
	    "engine --seconds=nan",
	    "engine --aad=4",
	    "engine --tag=16",
	    "engine --alg=aes-128-gcm --tag=5",
	    "engine --alg=aes-128-gcm --op=digest",
	    "engine --alg=sha256 --op=encrypt",
	    "engine --alg=sha256 --op=decrypt",
	    "engine --clock=sundial",
	    "engine --pairs=0",
	    "engine --pairs=1001",
	    "dev --submit=later",
	    "dev --batch=1025",
	    "engine --compare=nonsense",
	    "engine --vs=wire",
	    "--vs=wire",
	    "engine --compare=wire --vs=engine",
	    "--compare=wire:depth --vs=engine",
	    "--compare=wire:depth=0 --vs=engine",
	    "--compare=wire:,depth=1 --vs=engine",
	    "--compare=wire:json=1 --vs=engine",
	    "--compare=wire:seconds=1 --vs=engine",
	    "--compare=wire:size=16,32 --vs=engine",
	    "--compare=wire:size=15 --vs=engine",
	    "--compare=:depth=1 --vs=engine",
	    "engine --no-such-option",
	    "keys --key=",
	    "keys --key=dsa",
	    "keys --key=p256,,ed25519",
	    "keys --key=p256,p256,p256,p256,p256,p256,p256,p256,p256",
	    "keys --keeper-threads=0",
	    "keys --keeper-threads=33",
	    "keys --compare=wire",
	    "wire --compare=sign",
	    "keys --slow-load=1",
	    "keys --socket=/s",
	    "wire --slow-load=1025",
	    "wire --slow-ms=4001",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i]) != BENCH_USAGE)
			fail_msg("not refused: %s", bad[i]);
		bench_options_free(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),	 cmocka_unit_test(test_all_options),
	    cmocka_unit_test(test_compare_mode), cmocka_unit_test(test_compare_sides),
	    cmocka_unit_test(test_algorithms),	 cmocka_unit_test(test_usual_values),
	    cmocka_unit_test(test_keys),	 cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
