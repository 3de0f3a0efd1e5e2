/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_evp.c - what everything else is compared with, compared with published answers.
 *
 * Sources: SP 800-38A F.2.1 (CBC), the GCM specification's test case 4, FIPS 180 "abc",
 * RFC 4231 case 2, SP 800-38B D.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/bench/evp.h"
#include "tools/bench/workload.h"

static struct cli_state cli_state;

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

/**
 * struct answer - a published one, in hex.
 * @alg: as on the command line
 * @out: data, then tag; or digest
 */
struct answer {
	const char *alg, *key, *iv, *aad, *in, *out;
};

static const struct answer answers[] = {
    {"aes-128-cbc", "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f", "",
     "6bc1bee22e409f96e93d7e117393172a", "7649abac8119b246cee98e9b12e9197d"},
    {"aes-128-gcm", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
     "b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
     "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"sha256", "", "", "", "616263",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"hmac-sha256", "4a656665", "", "", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aes-128-cmac", "2b7e151628aed2a6abf7158809cf4f3c", "", "", "6bc1bee22e409f96e93d7e117393172a",
     "070a16b46b4d4144f79bdd9dd04a287c"},
};

static void settle(struct workload *work, const struct answer *answer, size_t key_len, size_t size,
		   size_t aad_len, bool decrypt)
{
	*work = (struct workload){.size = (uint32_t)size,
				  .threads = 1,
				  .sessions = 1,
				  .aad_len = WORKLOAD_UNSET,
				  .tag_len = WORKLOAD_UNSET};
	assert_int_equal(workload_parse_alg(&cli_state, answer->alg, work), CLI_RUN);
	assert_int_equal(
	    workload_settle(&cli_state, work, decrypt ? WORKLOAD_DECRYPT : WORKLOAD_ANY), CLI_RUN);
	work->key_len = key_len;
	if (bench_is_aead(work))
		work->aad_len = (uint32_t)aad_len;
}

/* Three times on one session: what an operation leaves behind must not matter. */
static void run(struct workload *work, const uint8_t *key, const struct evp_io *io,
		const uint8_t *want, size_t len)
{
	struct evp_session *session;
	struct evp_alg *alg;
	int i;

	assert_int_equal(evp_alg_open(work, &alg), 0);
	assert_int_equal(evp_session_new(alg, work, key, io->iv, &session), 0);
	for (i = 0; i < 3; i++) {
		memset(io->out, 0xaa, len);
		assert_int_equal(evp_session_run(session, io), 0);
		assert_memory_equal(io->out, want, len);
	}
	evp_session_free(session);
	evp_alg_close(alg);
}

static void test_answers(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *answer = &answers[i];
		uint8_t key[64], iv[16] = {0}, aad[64], in[128], want[128], out[192];
		size_t key_len = unhex(answer->key, key);
		size_t aad_len = unhex(answer->aad, aad);
		size_t size = unhex(answer->in, in);
		size_t len = unhex(answer->out, want);
		struct evp_io io = {.iv = iv, .aad = aad, .in = in, .out = out};
		struct workload work;

		unhex(answer->iv, iv);
		settle(&work, answer, key_len, size, aad_len, false);
		run(&work, key, &io, want, len);
		if (bench_is_hash(&work))
			continue;
		settle(&work, answer, key_len, size, aad_len, true);
		io.in = want;
		run(&work, key, &io, in, size);
	}
}

static void test_wrong_tag(void **state)
{
	static const char *const algs[] = {"aes-128-gcm", "aes-256-ccm", "chacha20-poly1305"};
	uint8_t key[64] = {1}, iv[16] = {2}, aad[16] = {3}, in[64] = {4}, out[96], back[96];
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		const struct answer answer = {.alg = algs[i]};
		struct evp_io io = {.iv = iv, .aad = aad, .in = in, .out = out};
		struct evp_session *session;
		struct workload work;
		struct evp_alg *alg;

		settle(&work, &answer, 0, sizeof(in), sizeof(aad), false);
		assert_int_equal(workload_parse_alg(&cli_state, algs[i], &work), CLI_RUN);
		assert_int_equal(evp_alg_open(&work, &alg), 0);
		assert_int_equal(evp_session_new(alg, &work, key, iv, &session), 0);
		assert_int_equal(evp_session_run(session, &io), 0);
		evp_session_free(session);

		work.decrypt = true;
		io.in = out;
		io.out = back;
		assert_int_equal(evp_session_new(alg, &work, key, iv, &session), 0);
		assert_int_equal(evp_session_run(session, &io), 0);
		assert_memory_equal(back, in, sizeof(in));
		out[sizeof(in) + 3] ^= 1;
		assert_int_equal(evp_session_run(session, &io), -EBADMSG);
		/* And the next good one is good. */
		out[sizeof(in) + 3] ^= 1;
		assert_int_equal(evp_session_run(session, &io), 0);
		evp_session_free(session);
		evp_alg_close(alg);
	}
}

static void test_names(void **state)
{
	static const char *const names[][2] = {
	    {"3des-cbc", "DES-EDE3-CBC"},
	    {"aes-256-xts", "aes-256-xts"},
	    {"hmac-sha384", "sha384"},
	    {"aes-192-cmac", "aes-192-cbc"},
	    {"sha3-256", "sha3-256"},
	    {"chacha20-poly1305", "ChaCha20-Poly1305"},
	    {"camellia-128-cbc", "camellia-128-cbc"},
	};
	struct workload work = {0};
	char buf[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(workload_parse_alg(&cli_state, names[i][0], &work), CLI_RUN);
		assert_string_equal(evp_name(&work, buf, sizeof(buf)), names[i][1]);
	}
	assert_int_equal(workload_parse_alg(&cli_state, "null", &work), CLI_RUN);
	assert_null(evp_name(&work, buf, sizeof(buf)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_wrong_tag),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
