/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_burst.c - bursts of mixed jobs: whatever an engine does with them at a
 * time, each must end as it does on the openssl engine alone. Random algorithms, keys,
 * lengths, directions, in place and not, forged and malformed ones among them.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "tests/unit/engines.h"

#define SESSIONS 96
#define MAX_JOBS 200
#define SMALL 4200
#define LARGE (200u << 10)
#define MAX_AAD 80
#define GUARD 32

/** struct twin - the same session on both engines. */
struct twin {
	struct eng_session *tested, *plain;
};

/** struct twin_job - the same job on both. */
struct twin_job {
	struct eng_job tested, plain;
	struct eng_session *session;
	uint8_t *memory;
	uint8_t *outputs[2];
	size_t room;
	uint8_t aad[MAX_AAD];
	uint8_t iv_before[VCD_MAX_IV_LEN];
};

static struct engine *plain_engine;
static struct twin twins[SESSIONS];
static struct twin_job *pool;

static size_t random_key_len(struct test_random *random, const struct eng_alg *alg)
{
	size_t steps = alg->key_step ? (size_t)(alg->key_max - alg->key_min) / alg->key_step : 0;

	/* The fake /dev/crypto has Blowfish with one size only. */
	if (alg->id == CRYPTO_BLF_CBC)
		return 16;
	return alg->key_min + test_random_below(random, steps + 1) * alg->key_step;
}

static void twin_new(struct twin *twin, struct test_random *random)
{
	uint8_t key[VCD_MAX_KEY_LEN], mackey[VCD_MAX_MACKEY_LEN];
	struct eng_session_params params = {.key = key, .mackey = mackey};
	const struct eng_alg *alg;

	do {
		alg = eng_alg_at(test_random_below(random, ENG_ALG_COUNT));
		params.cipher =
		    alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD ? alg : NULL;
		params.mac = params.cipher ? NULL : alg;
		/* Some have both. */
		if (alg->kind == ENG_ALG_CIPHER && test_random_below(random, 8) == 0)
			params.mac = eng_alg_find(CRYPTO_SHA2_256_HMAC);
	} while (!eng_has(plain_engine, params.cipher, params.mac));
	if (params.cipher)
		params.key_len = random_key_len(random, params.cipher);
	/* Around the blocks of the hashes, where HMAC's keys change their treatment */
	if (params.mac && params.mac->kind == ENG_ALG_MAC)
		params.mackey_len = params.mac->key_step == 1 ? test_random_below(random, 150)
							      : params.mac->key_max;
	test_random_fill(random, key, sizeof(key));
	test_random_fill(random, mackey, sizeof(mackey));
	assert_int_equal(eng_session_new(plain_engine, &params, &twin->plain), 0);
	assert_int_equal(eng_session_new(engines_current, &params, &twin->tested), 0);
}

static size_t random_length(struct test_random *random, const struct eng_alg *cipher)
{
	size_t len;

	switch (test_random_below(random, 40)) {
	case 0:
		len = 65500 + test_random_below(random, 100);
		break;
	case 1:
		len = test_random_below(random, LARGE);
		break;
	case 2 ... 8:
		len = test_random_below(random, SMALL);
		break;
	default:
		len = test_random_below(random, 300);
	}
	/* Now and then a length that the cipher does not have. */
	if (cipher && test_random_below(random, 50))
		len -= len % cipher->block_size;
	return len;
}

static uint32_t random_flags(struct test_random *random, const struct eng_session *session)
{
	uint32_t flags = session->cipher && test_random_below(random, 2) ? ENG_JOB_DECRYPT : 0;

	if (session->mac)
		flags |= ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL;
	if (session->mac && session->cipher && test_random_below(random, 3) == 0)
		flags |= ENG_JOB_CIPHER_ONLY;
	else if (session->mac && session->cipher && test_random_below(random, 3) == 0)
		flags |= ENG_JOB_HASH_ONLY;
	return flags;
}

static void random_aead(struct test_random *random, struct twin_job *t)
{
	static const uint8_t gcm_tags[] = {4, 8, 12, 13, 14, 15, 16};
	const struct eng_alg *alg = t->session->cipher;

	t->plain.aad_len = (uint32_t)test_random_below(random, MAX_AAD + 1);
	t->plain.mac_len = (uint8_t)(1 + test_random_below(random, 16));
	if (alg->id == CRYPTO_AES_GCM)
		t->plain.mac_len = gcm_tags[test_random_below(random, sizeof(gcm_tags))];
	if (alg->id == CRYPTO_AES_CCM) {
		t->plain.mac_len = (uint8_t)(4 + 2 * test_random_below(random, 7));
		t->plain.iv_len = (uint8_t)(7 + test_random_below(random, 7));
	}
	/* Now and then one that does not exist. */
	if (test_random_below(random, 60) == 0)
		t->plain.mac_len = 17;
}

static void job_make(struct test_random *random, struct twin_job *t, const struct twin *twin)
{
	const struct eng_alg *cipher = twin->plain->cipher;
	size_t len = random_length(random, cipher);

	t->session = twin->plain;
	t->room = len + GUARD;
	t->memory = malloc(3 * t->room);
	assert_non_null(t->memory);
	test_random_fill(random, t->memory, len);
	t->plain = (struct eng_job){
	    .session = twin->plain,
	    .flags = random_flags(random, twin->plain),
	    .len = (uint32_t)len,
	    .src = t->memory,
	    .aad = t->aad,
	    .iv_len = (uint8_t)(cipher ? cipher->iv_len : 0),
	    .status = VCD_S_COUNT,
	};
	test_random_fill(random, t->aad, sizeof(t->aad));
	test_random_fill(random, t->plain.iv, sizeof(t->plain.iv));
	test_random_fill(random, t->plain.mac, sizeof(t->plain.mac));
	/* Counters that carry over, or come round */
	if (test_random_below(random, 4) == 0)
		memset(t->plain.iv + test_random_below(random, 13), 0xff, 3);
	if (test_random_below(random, 8) == 0)
		memset(t->plain.iv, 0xff, sizeof(t->plain.iv));
	if (cipher && cipher->kind == ENG_ALG_AEAD)
		random_aead(random, t);
	for (unsigned int i = 0; i < 2; i++) {
		t->outputs[i] = t->memory + (i + 1) * t->room;
		memset(t->outputs[i], 0x5a, t->room);
	}
	memcpy(t->iv_before, t->plain.iv, sizeof(t->iv_before));
}

/* What is forged, or not, must be decided by a tag that is right for these very bytes. */
static void make_genuine(struct twin_job *t)
{
	struct eng_job job = t->plain, *list = &job;

	job.flags &= ~(uint32_t)ENG_JOB_DECRYPT;
	job.dst = t->outputs[0];
	eng_run(plain_engine, 0, &list, 1);
	if (job.status != VCD_S_OK)
		return;
	memcpy(t->memory, t->outputs[0], job.len);
	memcpy(t->plain.mac, job.mac, job.mac_len);
	memset(t->outputs[0], 0x5a, t->room);
}

static void job_ready(struct test_random *random, struct twin_job *t, const struct twin *twin)
{
	const struct eng_alg *cipher = twin->plain->cipher;
	bool in_place = cipher && test_random_below(random, 2);

	if (cipher && cipher->kind == ENG_ALG_AEAD && t->plain.flags & ENG_JOB_DECRYPT &&
	    test_random_below(random, 4))
		make_genuine(t);
	t->tested = t->plain;
	t->tested.session = twin->tested;
	if (!cipher || t->plain.flags & ENG_JOB_HASH_ONLY)
		return;
	t->plain.dst = t->outputs[0];
	t->tested.dst = t->outputs[1];
	if (in_place) {
		memcpy(t->outputs[0], t->memory, t->plain.len);
		memcpy(t->outputs[1], t->memory, t->plain.len);
		t->plain.src = t->outputs[0];
		t->tested.src = t->outputs[1];
	}
}

static void job_compare(const struct twin_job *t)
{
	const struct eng_alg *cipher = t->session->cipher;

	assert_int_equal(t->tested.status, t->plain.status);
	/* Nothing behind the output, whatever the verdict. */
	for (size_t i = t->plain.len; i < t->room; i++)
		assert_int_equal(t->outputs[1][i], 0x5a);
	if (t->plain.status != VCD_S_OK) {
		if (t->plain.status == VCD_S_BADMSG)
			for (size_t i = 0; i < t->plain.len; i++)
				assert_int_equal(t->outputs[1][i], 0);
		return;
	}
	assert_int_equal(t->tested.mac_len, t->plain.mac_len);
	assert_memory_equal(t->tested.mac, t->plain.mac, t->plain.mac_len);
	if (cipher && t->plain.dst)
		assert_memory_equal(t->outputs[1], t->outputs[0], t->plain.len);
	assert_memory_equal(t->tested.iv, t->plain.iv, t->plain.iv_len);
}

static void burst(struct test_random *random, size_t n)
{
	struct eng_job *tested[MAX_JOBS], *plain[MAX_JOBS];
	/* Few sessions, or one: lanes and contexts are shared. */
	size_t few = 1 + test_random_below(random, SESSIONS);

	for (size_t i = 0; i < n; i++) {
		struct twin *twin = &twins[test_random_below(random, few)];

		job_make(random, &pool[i], twin);
		job_ready(random, &pool[i], twin);
		tested[i] = &pool[i].tested;
		plain[i] = &pool[i].plain;
	}
	eng_run(plain_engine, 0, plain, n);
	eng_run(engines_current, (unsigned int)test_random_below(random, ENGINES_WORKERS), tested,
		n);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(pool[i].tested.session->engine, engines_current);
		job_compare(&pool[i]);
		free(pool[i].memory);
	}
}

static void mixed_bursts(void **state)
{
	struct test_random random = {17};
	size_t jobs = 0;

	for (unsigned int round = 0; round < 12; round++) {
		for (size_t i = 0; i < SESSIONS; i++)
			twin_new(&twins[i], &random);
		for (unsigned int i = 0; i < 25; i++) {
			size_t n = 1 + test_random_below(&random, i % 3 ? 40 : MAX_JOBS);

			burst(&random, n);
			jobs += n;
		}
		for (size_t i = 0; i < SESSIONS; i++) {
			eng_session_free(twins[i].tested);
			eng_session_free(twins[i].plain);
			twins[i] = (struct twin){0};
		}
	}
	print_message("%zu jobs\n", jobs);
}

/* All of one algorithm and direction, so that all lanes are in use, and one message more. */
static void full_lanes(void **state)
{
	static const size_t counts[] = {1, 2, 3, 4, 8, 15, 16, 17, 31, 32, 33, 64, 65, 100};
	struct test_random random = {23};
	const struct eng_alg *alg;

	for (size_t a = 0; (alg = eng_alg_at(a)); a++) {
		bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;

		if (!eng_has(plain_engine, cipher ? alg : NULL, cipher ? NULL : alg))
			continue;
		for (size_t i = 0; i < 4; i++) {
			do {
				if (twins[i].plain) {
					eng_session_free(twins[i].tested);
					eng_session_free(twins[i].plain);
				}
				twin_new(&twins[i], &random);
			} while ((cipher ? twins[i].plain->cipher : twins[i].plain->mac) != alg);
		}
		for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
			struct eng_job *tested[MAX_JOBS], *plain[MAX_JOBS];

			for (size_t i = 0; i < counts[c]; i++) {
				job_make(&random, &pool[i], &twins[i % 4]);
				pool[i].plain.flags &= ~(uint32_t)ENG_JOB_DECRYPT;
				if (cipher && c % 2)
					pool[i].plain.flags |= ENG_JOB_DECRYPT;
				job_ready(&random, &pool[i], &twins[i % 4]);
				tested[i] = &pool[i].tested;
				plain[i] = &pool[i].plain;
			}
			eng_run(plain_engine, 0, plain, counts[c]);
			eng_run(engines_current, 0, tested, counts[c]);
			for (size_t i = 0; i < counts[c]; i++) {
				job_compare(&pool[i]);
				free(pool[i].memory);
			}
		}
		for (size_t i = 0; i < 4; i++) {
			eng_session_free(twins[i].tested);
			eng_session_free(twins[i].plain);
			twins[i] = (struct twin){0};
		}
	}
}

/* A hash in parts between bursts of whole ones on the same session. */
static void parts_between(void **state)
{
	struct eng_session_params params = {.mac = eng_alg_find(CRYPTO_SHA2_256)};
	const uint8_t part[64] = {1, 2, 3};
	struct eng_session *session;
	uint8_t both[128], expected[32];

	assert_int_equal(eng_session_new(engines_current, &params, &session), 0);
	memcpy(both, part, 64);
	memcpy(both + 64, part, 64);
	for (unsigned int step = 0; step < 3; step++) {
		static const uint32_t flags[] = {ENG_JOB_HASH_RESET, 0, ENG_JOB_HASH_FINAL};
		struct eng_job jobs[9] = {0}, *list[9];

		for (size_t i = 0; i < 9; i++) {
			jobs[i] = (struct eng_job){
			    .session = session,
			    .flags = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL,
			    .src = both,
			    .len = sizeof(both),
			};
			list[i] = &jobs[i];
		}
		jobs[4].flags = flags[step];
		jobs[4].len = step == 1 ? 0 : 64;
		eng_run(engines_current, step, list, 9);
		memcpy(expected, jobs[0].mac, 32);
		for (size_t i = 0; i < 9; i++) {
			assert_int_equal(jobs[i].status, VCD_S_OK);
			if (i != 4)
				assert_memory_equal(jobs[i].mac, expected, 32);
		}
		if (step == 2)
			assert_memory_equal(jobs[4].mac, expected, 32);
	}
	eng_session_free(session);
}

/* Each algorithm and direction has its line. */
static void description(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const struct eng_alg *alg;

	assert_non_null(out);
	eng_describe(engines_current, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(text[0], '#');
	for (size_t i = 0; (alg = eng_alg_at(i)); i++) {
		bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;
		char line[64];

		for (int decrypt = 0; decrypt < 1 + cipher; decrypt++) {
			snprintf(line, sizeof(line), "\n%-18s %-8s ", alg->cli_name,
				 !cipher   ? "-"
				 : decrypt ? "decrypt"
					   : "encrypt");
			assert_true(!!strstr(text, line) == eng_has(engines_current,
								    cipher ? alg : NULL,
								    cipher ? NULL : alg));
		}
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mixed_bursts),
	    cmocka_unit_test(full_lanes),
	    cmocka_unit_test(parts_between),
	    cmocka_unit_test(description),
	};
	int failed;

	pool = calloc(MAX_JOBS, sizeof(*pool));
	if (!pool || eng_open("openssl", 1, &plain_engine))
		return 1;
	/* cryptodev does one job at a time, and answers malformed ones in its own way. */
	failed = cmocka_run_group_tests(tests, engines_openssl, engines_close);
	if (engines_have_ipsecmb())
		failed += cmocka_run_group_tests(tests, engines_ipsecmb, engines_close) +
			  cmocka_run_group_tests(tests, engines_auto, engines_close);
	eng_close(plain_engine);
	free(pool);
	return failed;
}
