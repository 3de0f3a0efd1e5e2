/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_cipher.c - ciphers of every engine: published answers, then random
 * jobs against evp_reference.c, whole, in pieces and in place.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "tests/unit/engines.h"
#include "tests/unit/evp_reference.h"

#define MAX_DATA 2048
#define WORKERS ENGINES_WORKERS
#define engine engines_current

static struct eng_session *session_new(uint32_t id, const uint8_t *key, size_t key_len)
{
	struct eng_session_params params = {
	    .cipher = eng_alg_find(id),
	    .key = key,
	    .key_len = key_len,
	};
	struct eng_session *session;

	assert_int_equal(eng_session_new(engine, &params, &session), 0);
	return session;
}

/* One job; the IV is replaced by the one that continues. */
static uint32_t run(struct eng_session *session, unsigned int worker, uint32_t flags, uint8_t *iv,
		    const uint8_t *src, uint8_t *dst, size_t len)
{
	struct eng_job job =
			   {
			       .session = session,
			       .flags = flags,
			       .len = (uint32_t)len,
			       .src = src,
			       .dst = dst,
			       .iv_len = (uint8_t)session->cipher->iv_len,
			   },
		       *jobs = &job;

	memcpy(job.iv, iv, session->cipher->iv_len);
	eng_run(engine, worker, &jobs, 1);
	if (job.status == VCD_S_OK)
		memcpy(iv, job.iv, session->cipher->iv_len);
	return job.status;
}

struct known_answer {
	uint32_t id;
	const char *key, *iv, *plain, *cipher;
};

#define KEY128 "2b7e151628aed2a6abf7158809cf4f3c"
#define KEY192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define KEY256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define IV "000102030405060708090a0b0c0d0e0f"
#define CTR "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define PLAIN                                                                                      \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                         \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

static const struct known_answer known_answers[] = {
    /* NIST SP 800-38A, F.1 */
    {CRYPTO_AES_ECB, KEY128, "", PLAIN,
     "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
     "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"},
    {CRYPTO_AES_ECB, KEY192, "", PLAIN,
     "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
     "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"},
    {CRYPTO_AES_ECB, KEY256, "", PLAIN,
     "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
     "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"},
    /* F.2 */
    {CRYPTO_AES_CBC, KEY128, IV, PLAIN,
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
     "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
    {CRYPTO_AES_CBC, KEY192, IV, PLAIN,
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
     "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
    {CRYPTO_AES_CBC, KEY256, IV, PLAIN,
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
     "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
    /* F.3.13 to F.3.18 */
    {CRYPTO_AES_CFB, KEY128, IV, PLAIN,
     "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
     "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6"},
    {CRYPTO_AES_CFB, KEY192, IV, PLAIN,
     "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
     "2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff"},
    {CRYPTO_AES_CFB, KEY256, IV, PLAIN,
     "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
     "df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471"},
    /* F.4 */
    {CRYPTO_AES_OFB, KEY128, IV, PLAIN,
     "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"
     "9740051e9c5fecf64344f7a82260edcc304c6528f659c77866a510d9c1d6ae5e"},
    {CRYPTO_AES_OFB, KEY192, IV, PLAIN,
     "cdc80d6fddf18cab34c25909c99a4174fcc28b8d4c63837c09e81700c1100401"
     "8d9a9aeac0f6596f559c6d4daf59a5f26d9f200857ca6c3e9cac524bd9acc92a"},
    {CRYPTO_AES_OFB, KEY256, IV, PLAIN,
     "dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d"
     "71ab47a086e86eedf39d1c5bba97c4080126141d67f37be8538f5a8be740e484"},
    /* F.5 */
    {CRYPTO_AES_CTR, KEY128, CTR, PLAIN,
     "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
     "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
    {CRYPTO_AES_CTR, KEY192, CTR, PLAIN,
     "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
     "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
    {CRYPTO_AES_CTR, KEY256, CTR, PLAIN,
     "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
     "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
    /* IEEE 1619-2007, B, vector 2 */
    {CRYPTO_AES_XTS, "1111111111111111111111111111111122222222222222222222222222222222",
     "33333333330000000000000000000000",
     "4444444444444444444444444444444444444444444444444444444444444444",
     "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"},
    /* FIPS 81, C */
    {CRYPTO_DES_CBC, "0123456789abcdef", "1234567890abcdef",
     "4e6f77206973207468652074696d6520666f7220616c6c20",
     "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
    /* Three equal keys make it single DES: the same answer. */
    {CRYPTO_3DES_CBC, "0123456789abcdef0123456789abcdef0123456789abcdef", "1234567890abcdef",
     "4e6f77206973207468652074696d6520666f7220616c6c20",
     "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
    /* Eric Young's test vector for Blowfish in CBC mode */
    {CRYPTO_BLF_CBC, "0123456789abcdeff0e1d2c3b4a59687", "fedcba9876543210",
     "37363534333231204e6f77206973207468652074696d6520666f722000000000",
     "6b77b4d63006dee605b156e27403979358deb9e7154616d959f1652bd5ff92cc"},
    /* Camellia's CBC vectors by NTT, the message of SP 800-38A */
    {CRYPTO_CAMELLIA_CBC, KEY128, IV,
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
     "1607cf494b36bbf00daeb0b503c831aba2f2cf671629ef7840c5a5dfb5074887"},
    {CRYPTO_CAMELLIA_CBC, KEY192, IV, "6bc1bee22e409f96e93d7e117393172a",
     "2a4830ab5ac4a1a2405955fd2195cf93"},
    {CRYPTO_CAMELLIA_CBC, KEY256, IV, "6bc1bee22e409f96e93d7e117393172a",
     "e6cfa35fc02b134a4d2c0b6737ac3eda"},
    {CRYPTO_NULL, "", "", PLAIN, PLAIN},
};

static void check_known_answer(const struct known_answer *answer)
{
	uint8_t key[64], iv[16], iv_used[16], plain[64], cipher[64], out[64];
	struct eng_session *session;
	size_t key_len = unhex(answer->key, key, sizeof(key));
	size_t len = unhex(answer->plain, plain, sizeof(plain));

	unhex(answer->iv, iv, sizeof(iv));
	assert_int_equal(unhex(answer->cipher, cipher, sizeof(cipher)), len);
	session = session_new(answer->id, key, key_len);
	memcpy(iv_used, iv, sizeof(iv));
	assert_int_equal(run(session, 0, 0, iv_used, plain, out, len), VCD_S_OK);
	assert_memory_equal(out, cipher, len);
	memcpy(iv_used, iv, sizeof(iv));
	assert_int_equal(run(session, 0, ENG_JOB_DECRYPT, iv_used, out, out, len), VCD_S_OK);
	assert_memory_equal(out, plain, len);
	eng_session_free(session);
}

static void known_answers_hold(void **state)
{
	unsigned int skipped = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known_answers); i++) {
		const struct eng_alg *alg = eng_alg_find(known_answers[i].id);

		/* What needs the legacy provider may be missing, nothing else. */
		if (!eng_has(engine, alg, NULL)) {
			assert_true(alg->id == CRYPTO_DES_CBC || alg->id == CRYPTO_BLF_CBC);
			skipped++;
			continue;
		}
		check_known_answer(&known_answers[i]);
	}
	print_message("%zu known answers, %u not available\n", ARRAY_SIZE(known_answers), skipped);
}

/* Random bytes, but never the weak XTS key of two equal halves (improbable, so not checked). */
struct sample {
	const struct reference_cipher *reference;
	const struct eng_alg *alg;
	struct eng_session *session;
	uint8_t key[64], iv[16];
	uint8_t plain[MAX_DATA], cipher[MAX_DATA], out[MAX_DATA];
	size_t len;
};

static void sample_fill(struct sample *sample, struct test_random *random)
{
	size_t blocks = MAX_DATA / sample->alg->block_size;

	test_random_fill(random, sample->iv, sizeof(sample->iv));
	test_random_fill(random, sample->plain, sizeof(sample->plain));
	/* Half of them short: the ends are where the errors are. */
	if (test_random_below(random, 2))
		blocks = 80 / sample->alg->block_size;
	sample->len = test_random_below(random, blocks + 1) * sample->alg->block_size;
	reference_crypt(sample->reference, true, sample->key, sample->iv, sample->plain,
			sample->cipher, sample->len);
}

static void sample_whole(struct sample *sample, unsigned int worker)
{
	uint8_t iv[16], again[16];

	memcpy(iv, sample->iv, sizeof(iv));
	assert_int_equal(
	    run(sample->session, worker, 0, iv, sample->plain, sample->out, sample->len), VCD_S_OK);
	assert_memory_equal(sample->out, sample->cipher, sample->len);
	/* In place, back. The IV that continues is the same in both directions. */
	memcpy(again, sample->iv, sizeof(again));
	assert_int_equal(run(sample->session, worker, ENG_JOB_DECRYPT, again, sample->out,
			     sample->out, sample->len),
			 VCD_S_OK);
	assert_memory_equal(sample->out, sample->plain, sample->len);
	assert_memory_equal(iv, again, sample->alg->iv_len);
}

/* Pieces cut at multiples of 16 bytes, each with the IV the one before left. */
static void sample_pieces(struct sample *sample, struct test_random *random, uint32_t flags)
{
	const uint8_t *in = flags & ENG_JOB_DECRYPT ? sample->cipher : sample->plain;
	const uint8_t *expected = flags & ENG_JOB_DECRYPT ? sample->plain : sample->cipher;
	size_t done = 0;
	uint8_t iv[16];

	memcpy(iv, sample->iv, sizeof(iv));
	memcpy(sample->out, in, sample->len);
	while (done < sample->len) {
		size_t piece = 16 * test_random_below(random, 12);

		if (piece > sample->len - done)
			piece = sample->len - done;
		assert_int_equal(run(sample->session, 0, flags, iv, sample->out + done,
				     sample->out + done, piece),
				 VCD_S_OK);
		done += piece;
	}
	assert_memory_equal(sample->out, expected, sample->len);
}

static void differential(void **state)
{
	struct test_random random = {3};
	static struct sample sample;
	unsigned int jobs = 0;

	for (const struct reference_cipher *ref = reference_ciphers; ref->id; ref++) {
		sample.reference = ref;
		sample.alg = eng_alg_find(ref->id);
		assert_int_equal(eng_has(engine, sample.alg, NULL), reference_available(ref));
		if (!reference_available(ref))
			continue;
		for (unsigned int k = 0; k < 8; k++) {
			test_random_fill(&random, sample.key, sizeof(sample.key));
			sample.session = session_new(ref->id, sample.key, ref->key_len);
			for (unsigned int i = 0; i < 50; i++) {
				sample_fill(&sample, &random);
				sample_whole(&sample, i % WORKERS);
				sample_pieces(&sample, &random, 0);
				sample_pieces(&sample, &random, ENG_JOB_DECRYPT);
				jobs++;
			}
			eng_session_free(sample.session);
		}
	}
	print_message("%u random messages\n", jobs);
}

/* The IV that continues, by its definition and not by what it leads to. */
static void iv_that_continues(void **state)
{
	uint8_t key[16] = {1}, plain[50] = {2}, cipher[50], iv[16], start[16] = {3};
	struct eng_session *session = session_new(CRYPTO_AES_CBC, key, 16);

	memcpy(iv, start, 16);
	run(session, 0, 0, iv, plain, cipher, 48);
	assert_memory_equal(iv, cipher + 32, 16);
	memcpy(iv, start, 16);
	run(session, 0, ENG_JOB_DECRYPT, iv, cipher, plain, 48);
	assert_memory_equal(iv, cipher + 32, 16);
	memcpy(iv, start, 16);
	run(session, 0, 0, iv, plain, cipher, 0);
	assert_memory_equal(iv, start, 16);
	eng_session_free(session);

	session = session_new(CRYPTO_AES_CFB, key, 16);
	memcpy(iv, start, 16);
	run(session, 0, 0, iv, plain, cipher, 50);
	assert_memory_equal(iv, cipher + 32, 16);
	memcpy(iv, start, 16);
	run(session, 0, 0, iv, plain, cipher, 15);
	assert_memory_equal(iv, start, 16);
	eng_session_free(session);

	session = session_new(CRYPTO_AES_OFB, key, 16);
	memcpy(iv, start, 16);
	run(session, 0, 0, iv, plain, cipher, 33);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(iv[i], plain[16 + i] ^ cipher[16 + i]);
	eng_session_free(session);

	session = session_new(CRYPTO_AES_CTR, key, 16);
	memset(iv, 0xff, 16);
	run(session, 0, 0, iv, plain, cipher, 17);
	memset(start, 0, 16);
	start[15] = 1;
	assert_memory_equal(iv, start, 16);
	eng_session_free(session);
}

static void ctr_advance(void **state)
{
	uint8_t iv[16], expected[16];

	unhex("000000000000000000000000000000ff", iv, 16);
	eng_iv_advance_ctr(iv, 1);
	unhex("00000000000000000000000000000100", expected, 16);
	assert_memory_equal(iv, expected, 16);
	unhex("ffffffffffffffffffffffffffffffff", iv, 16);
	eng_iv_advance_ctr(iv, UINT64_MAX);
	unhex("0000000000000000fffffffffffffffe", expected, 16);
	assert_memory_equal(iv, expected, 16);
	eng_iv_advance_ctr(iv, 0);
	assert_memory_equal(iv, expected, 16);
	unhex("00000000000000018000000000000000", iv, 16);
	eng_iv_advance_ctr(iv, UINT64_C(1) << 63);
	unhex("00000000000000020000000000000000", expected, 16);
	assert_memory_equal(iv, expected, 16);
}

/* A batch of jobs on many sessions, one job of them bad. */
static void batch(void **state)
{
	enum { N = 32 };
	static uint8_t data[N][64];
	struct eng_session *sessions[N];
	struct eng_job jobs[N] = {0}, *list[N];
	uint8_t key[32], out[64];

	memset(data, 0, sizeof(data));
	for (size_t i = 0; i < N; i++) {
		memset(key, (int)i, sizeof(key));
		sessions[i] =
		    session_new(i % 2 ? CRYPTO_AES_CBC : CRYPTO_AES_CTR, key, 16 + 8 * (i % 3));
		jobs[i] = (struct eng_job){
		    .session = sessions[i],
		    .len = 64,
		    .src = data[i],
		    .dst = data[i],
		    .iv_len = 16,
		    .status = VCD_S_COUNT,
		};
		list[i] = &jobs[i];
	}
	eng_run(engine, 1, list, N);
	for (size_t i = 0; i < N; i++) {
		struct reference_cipher reference = {0};
		static const uint8_t zero[64];

		for (const struct reference_cipher *r = reference_ciphers; r->id; r++)
			if (r->id == sessions[i]->cipher->id && r->key_len == 16 + 8 * (i % 3))
				reference = *r;
		memset(key, (int)i, sizeof(key));
		assert_int_equal(jobs[i].status, VCD_S_OK);
		reference_crypt(&reference, true, key, zero, zero, out, 64);
		assert_memory_equal(out, data[i], 64);
		eng_session_free(sessions[i]);
	}
}

static void long_jobs(void **state)
{
	const size_t len = (16u << 20) + 16;
	uint8_t *data = calloc(1, len), key[32] = {1}, iv[16] = {0};
	struct eng_session *session = session_new(CRYPTO_AES_CTR, key, 32);

	assert_non_null(data);
	assert_int_equal(run(session, 0, 0, iv, data, data, len), VCD_S_OK);
	eng_session_free(session);
	session = session_new(CRYPTO_AES_XTS, key, 32);
	assert_int_equal(run(session, 0, 0, iv, data, data, len), VCD_S_INVALID);
	assert_int_equal(run(session, 0, 0, iv, data, data, len - 16), VCD_S_OK);
	eng_session_free(session);
	free(data);
}

static int try_session(uint32_t cipher, size_t key_len, uint32_t mac, size_t mackey_len)
{
	static const uint8_t key[VCD_MAX_MACKEY_LEN] = {1, 2, 3};
	struct eng_session_params params = {
	    .cipher = eng_alg_find(cipher),
	    .mac = eng_alg_find(mac),
	    .key = key,
	    .key_len = key_len,
	    .mackey = key,
	    .mackey_len = mackey_len,
	};
	struct eng_session *session = NULL;
	int error = eng_session_new(engine, &params, &session);

	assert_true(!error == !!session);
	eng_session_free(session);
	return error;
}

static void bad_sessions(void **state)
{
	static const uint8_t equal[64];
	struct eng_session_params params = {.key = equal, .key_len = 32};
	struct eng_session *session = NULL;

	assert_int_equal(try_session(0, 0, 0, 0), -ENOTSUP);
	assert_int_equal(try_session(CRYPTO_AES_CBC, 15, 0, 0), -EINVAL);
	assert_int_equal(try_session(CRYPTO_AES_CBC, 0, 0, 0), -EINVAL);
	assert_int_equal(try_session(CRYPTO_AES_CBC, 16, 0, 1), -EINVAL);
	assert_int_equal(try_session(CRYPTO_NULL, 1, 0, 0), -EINVAL);
	assert_int_equal(try_session(CRYPTO_NULL, 0, 0, 0), 0);
	assert_int_equal(try_session(CRYPTO_AES_XTS, 48, 0, 0), -EINVAL);
	/* A hash for a cipher, a cipher for a hash, an AEAD with a MAC */
	assert_int_equal(try_session(CRYPTO_SHA1, 0, 0, 0), -ENOTSUP);
	assert_int_equal(try_session(0, 0, CRYPTO_AES_CBC, 16), -ENOTSUP);
	assert_int_equal(try_session(CRYPTO_AES_GCM, 16, CRYPTO_SHA1_HMAC, 16), -ENOTSUP);

	params.cipher = eng_alg_find(CRYPTO_AES_XTS);
	assert_int_equal(eng_session_new(engine, &params, &session), -EINVAL);
	params.key_len = 64;
	assert_int_equal(eng_session_new(engine, &params, &session), -EINVAL);
	assert_null(session);
}

/* has() and session_new() say the same, for each algorithm and each pair. */
static void has_tells_the_truth(void **state)
{
	const struct eng_alg *a, *b;

	for (size_t i = 0; (a = eng_alg_at(i)); i++) {
		bool is_cipher = a->kind == ENG_ALG_CIPHER || a->kind == ENG_ALG_AEAD;
		bool has = eng_has(engine, is_cipher ? a : NULL, is_cipher ? NULL : a);

		assert_int_equal(is_cipher ? try_session(a->id, a->key_max, 0, 0)
					   : try_session(0, 0, a->id, a->key_max),
				 has ? 0 : -ENOTSUP);
		for (size_t j = 0; (b = eng_alg_at(j)); j++)
			assert_int_equal(try_session(a->id, a->key_max, b->id, b->key_max),
					 eng_has(engine, a, b) ? 0 : -ENOTSUP);
		assert_string_not_equal(eng_driver_name(engine, a), "");
	}
}

static void foreign_worker(void **state)
{
	uint8_t key[16] = {0}, iv[16] = {0}, data[16] = {0};
	struct eng_session *session = session_new(CRYPTO_AES_CBC, key, 16);

	assert_int_equal(run(session, WORKERS, 0, iv, data, data, 16), VCD_S_IO);
	assert_int_equal(run(session, WORKERS - 1, 0, iv, data, data, 16), VCD_S_OK);
	eng_session_free(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_answers_hold),
	    cmocka_unit_test(differential),
	    cmocka_unit_test(iv_that_continues),
	    cmocka_unit_test(ctr_advance),
	    cmocka_unit_test(batch),
	    cmocka_unit_test(long_jobs),
	    cmocka_unit_test(bad_sessions),
	    cmocka_unit_test(has_tells_the_truth),
	    cmocka_unit_test(foreign_worker),
	};

	return ENGINES_RUN(tests);
}
