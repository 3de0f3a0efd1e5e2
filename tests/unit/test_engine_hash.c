/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_hash.c - hashes and MACs of every engine: published answers, random
 * messages whole and in parts, together with a cipher, copied, and begun or not.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "tests/unit/engines.h"
#include "tests/unit/evp_reference.h"

#define RESET ENG_JOB_HASH_RESET
#define FINAL ENG_JOB_HASH_FINAL
#define MAX_DATA 1200

static struct eng_session *session_new(uint32_t cipher, const uint8_t *key, size_t key_len,
				       uint32_t mac, const uint8_t *mackey, size_t mackey_len)
{
	struct eng_session_params params = {
	    .cipher = cipher ? eng_alg_find(cipher) : NULL,
	    .mac = mac ? eng_alg_find(mac) : NULL,
	    .key = key,
	    .key_len = key_len,
	    .mackey = mackey,
	    .mackey_len = mackey_len,
	};
	struct eng_session *session;

	assert_int_equal(eng_session_new(engines_current, &params, &session), 0);
	return session;
}

/* One job of a session without a cipher. The digest is compared when @digest is given. */
static uint32_t hash(struct eng_session *session, unsigned int worker, uint32_t flags,
		     const void *data, size_t len, const uint8_t *digest)
{
	struct eng_job job = {
	    .session = session,
	    .flags = flags,
	    .len = (uint32_t)len,
	    .src = data,
	    .mac_len = 99,
	    .status = VCD_S_COUNT,
	};
	struct eng_job *jobs = &job;

	eng_run(engines_current, worker, &jobs, 1);
	if (job.status == VCD_S_OK && flags & FINAL) {
		assert_int_equal(job.mac_len, session->mac->digest_len);
		if (digest)
			assert_memory_equal(job.mac, digest, job.mac_len);
	}
	return job.status;
}

struct known_answer {
	uint32_t id;
	const char *key, *data, *digest; /* data is text, the others hex */
};

#define LONG56 "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define WANT "what do ya want for nothing?"
#define KEY_JEFE "4a656665"

static const struct known_answer known_answers[] = {
    /* RFC 1321, A.5 */
    {CRYPTO_MD5, "", "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {CRYPTO_MD5, "", "", "d41d8cd98f00b204e9800998ecf8427e"},
    /* FIPS 180, examples */
    {CRYPTO_SHA1, "", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {CRYPTO_SHA1, "", LONG56, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {CRYPTO_SHA2_224, "", "abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {CRYPTO_SHA2_256, "", "abc",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {CRYPTO_SHA2_384, "", "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {CRYPTO_SHA2_512, "", "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    /* The authors of RIPEMD-160 */
    {CRYPTO_RIPEMD160, "", "abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
    /* FIPS 202, examples */
    {CRYPTO_SHA3_224, "", "abc", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
    {CRYPTO_SHA3_256, "", "abc",
     "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {CRYPTO_SHA3_384, "", "abc",
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
     "98d88cea927ac7f539f1edf228376d25"},
    {CRYPTO_SHA3_512, "", "abc",
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
     "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
    /* RFC 2202, 2 and 3; RFC 2286, 2; RFC 4231, 4.3 */
    {CRYPTO_MD5_HMAC, KEY_JEFE, WANT, "750c783e6ab0b503eaa86e310a5db738"},
    {CRYPTO_SHA1_HMAC, KEY_JEFE, WANT, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {CRYPTO_RIPEMD160_HMAC, KEY_JEFE, WANT, "dda6c0213a485a9e24f4742064a7f033b43c4069"},
    {CRYPTO_SHA2_224_HMAC, KEY_JEFE, WANT,
     "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
    {CRYPTO_SHA2_256_HMAC, KEY_JEFE, WANT,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {CRYPTO_SHA2_384_HMAC, KEY_JEFE, WANT,
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
     "8e2240ca5e69e2c78b3239ecfab21649"},
    {CRYPTO_SHA2_512_HMAC, KEY_JEFE, WANT,
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    /* SP 800-38B, D.1, D.2, D.3, example 1 */
    {CRYPTO_AES_CMAC, "2b7e151628aed2a6abf7158809cf4f3c", "", "bb1d6929e95937287fa37d129b756746"},
    {CRYPTO_AES_CMAC, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "",
     "d17ddf46adaacde531cac483de7a9367"},
    {CRYPTO_AES_CMAC, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "",
     "028962f61b7bf89efc6b551f4667d983"},
};

static void known_answers_hold(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_answers); i++) {
		const struct known_answer *answer = &known_answers[i];
		struct eng_session *session;
		uint8_t key[64], digest[64];
		size_t key_len = unhex(answer->key, key, sizeof(key));

		session = session_new(0, NULL, 0, answer->id, key, key_len);
		assert_int_equal(unhex(answer->digest, digest, sizeof(digest)),
				 session->mac->digest_len);
		/* Twice: the second finds a context made. */
		for (unsigned int k = 0; k < 2; k++)
			assert_int_equal(hash(session, 0, RESET | FINAL, answer->data,
					      strlen(answer->data), digest),
					 VCD_S_OK);
		eng_session_free(session);
	}
}

static void all_are_there(void **state)
{
	const struct eng_alg *alg;

	for (size_t i = 0; (alg = eng_alg_at(i)); i++)
		if (alg->kind == ENG_ALG_HASH || alg->kind == ENG_ALG_MAC) {
			assert_true(eng_has(engines_current, NULL, alg));
			assert_non_null(reference_hash_find(alg->id));
		}
}

/* A message in random parts, some empty, by changing workers, one-shot hashes in between. */
static void in_parts(struct eng_session *session, struct test_random *random, const uint8_t *data,
		     size_t len, const uint8_t *digest)
{
	unsigned int parts = 1 + (unsigned int)test_random_below(random, 6);
	size_t done = 0;

	for (unsigned int i = 0; i < parts; i++) {
		size_t part =
		    i + 1 < parts ? test_random_below(random, len - done + 1) : len - done;
		uint32_t flags = (i ? 0 : RESET) | (i + 1 < parts ? 0 : FINAL);
		unsigned int worker = (unsigned int)test_random_below(random, ENGINES_WORKERS);

		if (!test_random_below(random, 4))
			part = i + 1 < parts ? 0 : part;
		assert_int_equal(hash(session, worker, flags, data + done, part, digest), VCD_S_OK);
		if (!test_random_below(random, 3))
			assert_int_equal(hash(session, worker, RESET | FINAL, "x", 1, NULL),
					 VCD_S_OK);
		done += part;
	}
}

static void differential(void **state)
{
	struct test_random random = {41};
	static uint8_t data[MAX_DATA], key[VCD_MAX_MACKEY_LEN];
	unsigned int messages = 0;

	for (const struct reference_hash *ref = reference_hashes; ref->id; ref++) {
		const struct eng_alg *alg = eng_alg_find(ref->id);

		for (unsigned int k = 0; k < 12; k++) {
			struct eng_session *session;
			size_t key_len = 0;

			if (alg->key_step)
				key_len = alg->key_min +
					  alg->key_step *
					      test_random_below(
						  &random, (size_t)(alg->key_max - alg->key_min) /
								   alg->key_step +
							       1);
			if (!k)
				key_len = alg->key_min;
			test_random_fill(&random, key, key_len);
			session = session_new(0, NULL, 0, ref->id, key, key_len);
			for (unsigned int i = 0; i < 12; i++) {
				size_t len = test_random_below(&random, i % 2 ? 200 : MAX_DATA);
				uint8_t digest[64];

				test_random_fill(&random, data, len);
				assert_int_equal(
				    reference_hash_run(ref, key, key_len, data, len, digest),
				    alg->digest_len);
				assert_int_equal(hash(session, i % ENGINES_WORKERS, RESET | FINAL,
						      data, len, digest),
						 VCD_S_OK);
				in_parts(session, &random, data, len, digest);
				messages++;
			}
			eng_session_free(session);
		}
	}
	print_message("%u random messages\n", messages);
}

/* Cipher and MAC in one session: the plaintext is hashed, whole and in parts, in both directions.
 */
static void with_a_cipher(void **state)
{
	struct test_random random = {43};
	const struct reference_hash *mac = reference_hash_find(CRYPTO_SHA2_256_HMAC);
	uint8_t plain[256], cipher[256], out[256], digest[32], key[16], mackey[20], iv[16];

	for (unsigned int round = 0; round < 200; round++) {
		bool decrypt = round % 2;
		const uint8_t *in = decrypt ? cipher : plain;
		size_t len = 16 * test_random_below(&random, 17), cut;
		struct eng_session *session;
		struct eng_job job = {0}, *jobs = &job;

		test_random_fill(&random, plain, len);
		test_random_fill(&random, key, sizeof(key));
		test_random_fill(&random, mackey, sizeof(mackey));
		test_random_fill(&random, iv, sizeof(iv));
		reference_crypt(&reference_ciphers[0], true, key, iv, plain, cipher, len);
		reference_hash_run(mac, mackey, sizeof(mackey), plain, len, digest);
		session = session_new(CRYPTO_AES_CBC, key, 16, CRYPTO_SHA2_256_HMAC, mackey,
				      sizeof(mackey));
		cut = 16 * test_random_below(&random, len / 16 + 1);
		memcpy(out, in, len);
		memcpy(job.iv, iv, 16);
		for (unsigned int part = 0; part < 2; part++) {
			job.session = session;
			job.iv_len = 16;
			job.len = (uint32_t)(part ? len - cut : cut);
			job.src = out + (part ? cut : 0);
			job.dst = out + (part ? cut : 0);
			job.flags = (decrypt ? ENG_JOB_DECRYPT : 0) | (part ? FINAL : RESET);
			if (round % 4 < 2) { /* one job, not two */
				job.flags |= RESET | FINAL;
				job.len = (uint32_t)len;
				part++;
			}
			eng_run(engines_current, 0, &jobs, 1);
			assert_int_equal(job.status, VCD_S_OK);
		}
		assert_memory_equal(out, decrypt ? plain : cipher, len);
		assert_int_equal(job.mac_len, 32);
		assert_memory_equal(job.mac, digest, 32);
		if (len)
			assert_memory_equal(job.iv, cipher + len - 16, 16);
		eng_session_free(session);
	}
}

/* The parts of a session with both, each as if there were no other. */
static void one_part_only(void **state)
{
	static const uint8_t key[16] = {3}, mackey[20] = {4}, iv[16] = {5};
	struct eng_session *session =
	    session_new(CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, mackey, 20);
	uint8_t plain[48] = {6}, cipher[48], out[48], digest[20];
	struct eng_job job = {
	    .session = session,
	    .flags = ENG_JOB_HASH_ONLY | RESET | FINAL,
	    .len = 35,
	    .src = plain,
	};
	struct eng_job *jobs = &job;

	reference_crypt(&reference_ciphers[0], true, key, iv, plain, cipher, 48);
	reference_hash_run(reference_hash_find(CRYPTO_SHA1_HMAC), mackey, 20, plain, 35, digest);
	for (unsigned int round = 0; round < 3; round++) {
		job = (struct eng_job){
		    .session = session,
		    .flags = ENG_JOB_HASH_ONLY | RESET | FINAL,
		    .len = 35,
		    .src = plain,
		};
		eng_run(engines_current, round, &jobs, 1);
		assert_int_equal(job.status, VCD_S_OK);
		assert_int_equal(job.mac_len, 20);
		assert_memory_equal(job.mac, digest, 20);
		job = (struct eng_job){
		    .session = session,
		    .flags = ENG_JOB_CIPHER_ONLY,
		    .len = 48,
		    .src = plain,
		    .dst = out,
		    .iv_len = 16,
		};
		memcpy(job.iv, iv, 16);
		eng_run(engines_current, round, &jobs, 1);
		assert_int_equal(job.status, VCD_S_OK);
		assert_memory_equal(out, cipher, 48);
		assert_memory_equal(job.iv, cipher + 32, 16);
	}
	eng_session_free(session);
}

static void not_begun(void **state)
{
	static const uint8_t key[16] = {5};
	struct eng_session *session = session_new(0, NULL, 0, CRYPTO_SHA1, NULL, 0);
	struct eng_session *pair = session_new(CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, key, 16);
	uint8_t data[16] = {0}, untouched[16] = {0};
	struct eng_job job = {
	    .session = pair,
	    .len = 16,
	    .src = data,
	    .dst = data,
	    .iv_len = 16,
	    .flags = ENG_JOB_DECRYPT,
	};
	struct eng_job *jobs = &job;

	assert_int_equal(hash(session, 0, 0, "a", 1, NULL), VCD_S_NOSTATE);
	assert_int_equal(hash(session, 0, FINAL, "a", 1, NULL), VCD_S_NOSTATE);
	/* Ended once, not to be ended or continued again */
	assert_int_equal(hash(session, 0, RESET, "a", 1, NULL), VCD_S_OK);
	assert_int_equal(hash(session, 0, FINAL, "a", 1, NULL), VCD_S_OK);
	assert_int_equal(hash(session, 0, FINAL, "a", 1, NULL), VCD_S_NOSTATE);
	assert_int_equal(hash(session, 0, 0, "a", 0, NULL), VCD_S_NOSTATE);
	/* A hash that begins and ends in one job begins nothing. */
	assert_int_equal(hash(session, 0, RESET | FINAL, "a", 1, NULL), VCD_S_OK);
	assert_int_equal(hash(session, 0, FINAL, "a", 1, NULL), VCD_S_NOSTATE);
	/* The cipher does not run either. */
	eng_run(engines_current, 0, &jobs, 1);
	assert_int_equal(job.status, VCD_S_NOSTATE);
	assert_memory_equal(data, untouched, sizeof(data));
	eng_session_free(session);
	eng_session_free(pair);
}

static void copies(void **state)
{
	struct eng_session *a = session_new(0, NULL, 0, CRYPTO_SHA2_256, NULL, 0);
	struct eng_session *b = session_new(0, NULL, 0, CRYPTO_SHA2_256, NULL, 0);
	struct eng_session *other = session_new(0, NULL, 0, CRYPTO_SHA1, NULL, 0);
	const struct reference_hash *ref = reference_hash_find(CRYPTO_SHA2_256);
	uint8_t abc[32], abd[32], ab[32], empty[32];

	reference_hash_run(ref, NULL, 0, (const uint8_t *)"abc", 3, abc);
	reference_hash_run(ref, NULL, 0, (const uint8_t *)"abd", 3, abd);
	reference_hash_run(ref, NULL, 0, (const uint8_t *)"ab", 2, ab);
	reference_hash_run(ref, NULL, 0, (const uint8_t *)"", 0, empty);
	assert_int_equal(eng_hash_copy(b, a), VCD_S_NOSTATE);
	assert_int_equal(eng_hash_copy(a, a), VCD_S_INVALID);
	assert_int_equal(eng_hash_copy(other, a), VCD_S_INVALID);
	assert_int_equal(hash(a, 0, RESET, "ab", 2, NULL), VCD_S_OK);
	assert_int_equal(hash(b, 0, RESET, "something else", 14, NULL), VCD_S_OK);
	assert_int_equal(eng_hash_copy(b, a), VCD_S_OK);
	/* Both continue independently; the source is unchanged. */
	assert_int_equal(hash(b, 1, FINAL, "d", 1, abd), VCD_S_OK);
	assert_int_equal(eng_hash_copy(b, a), VCD_S_OK);
	assert_int_equal(hash(a, 2, FINAL, "c", 1, abc), VCD_S_OK);
	assert_int_equal(hash(b, 0, FINAL, "", 0, ab), VCD_S_OK);
	/* Begun, without data yet */
	assert_int_equal(hash(a, 0, RESET, "", 0, NULL), VCD_S_OK);
	assert_int_equal(eng_hash_copy(b, a), VCD_S_OK);
	assert_int_equal(hash(b, 0, 0, "abc", 3, NULL), VCD_S_OK);
	assert_int_equal(hash(b, 0, FINAL, "", 0, abc), VCD_S_OK);
	assert_int_equal(hash(a, 0, FINAL, "", 0, empty), VCD_S_OK);
	eng_session_free(a);
	eng_session_free(b);
	eng_session_free(other);
}

static void copies_of_macs(void **state)
{
	static const uint8_t key[20] = {1, 2, 3}, other_key[20] = {1, 2, 4};
	const struct reference_hash *ref = reference_hash_find(CRYPTO_SHA1_HMAC);
	struct eng_session *a = session_new(0, NULL, 0, CRYPTO_SHA1_HMAC, key, sizeof(key));
	struct eng_session *b = session_new(0, NULL, 0, CRYPTO_SHA1_HMAC, key, sizeof(key));
	struct eng_session *c =
	    session_new(0, NULL, 0, CRYPTO_SHA1_HMAC, other_key, sizeof(other_key));
	uint8_t abc[20];

	reference_hash_run(ref, key, sizeof(key), (const uint8_t *)"abc", 3, abc);
	assert_int_equal(hash(a, 0, RESET, "ab", 2, NULL), VCD_S_OK);
	assert_int_equal(eng_hash_copy(b, a), VCD_S_OK);
	assert_int_equal(eng_hash_copy(c, a), VCD_S_INVALID);
	eng_session_free(a);
	assert_int_equal(hash(b, 0, FINAL, "c", 1, abc), VCD_S_OK);
	/* Begun again after a copy: its own key */
	assert_int_equal(hash(b, 0, RESET, "a", 1, NULL), VCD_S_OK);
	assert_int_equal(hash(b, 0, FINAL, "bc", 2, abc), VCD_S_OK);
	eng_session_free(b);
	eng_session_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_are_there), cmocka_unit_test(known_answers_hold),
	    cmocka_unit_test(differential),  cmocka_unit_test(with_a_cipher),
	    cmocka_unit_test(one_part_only), cmocka_unit_test(not_begun),
	    cmocka_unit_test(copies),	     cmocka_unit_test(copies_of_macs),
	};

	return ENGINES_RUN(tests);
}
