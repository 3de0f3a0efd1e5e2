/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_policy.c - which jobs of a burst the multi-buffer library gets. Behind each session
 * stands an openssl session with another key, so that a job's result tells who made it; that is
 * compared with what the policy says, counted out again for each job.
 */
#include "engine/ipsecmb/internal.h"

#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "tests/unit/engines.h"
#include "tests/unit/unit.h"

#define POOL_JOBS 130
#define MAX_LEN 2304

/** struct kind - a session's algorithm. */
struct kind {
	uint32_t alg;
	size_t key_len;
	bool both_ways;
};

static const struct kind kinds[] = {
    {CRYPTO_AES_CBC, 16, true},	 {CRYPTO_AES_CBC, 32, true},  {CRYPTO_AES_CTR, 16, true},
    {CRYPTO_AES_ECB, 16, true},	 {CRYPTO_AES_GCM, 16, false}, {CRYPTO_SHA2_256_HMAC, 20, false},
    {CRYPTO_AES_XTS, 32, false},
};

/** struct trio - the tested session, and what the library and openssl make of its jobs. */
struct trio {
	struct eng_session *tested, *library, *openssl;
};

/** struct policy_job - a job on each of the three. */
struct policy_job {
	struct eng_job jobs[3];
	const struct kind *kind;
	bool wraps;
	uint8_t in[MAX_LEN];
	uint8_t out[3][MAX_LEN];
};

static struct engine *plain_engine;
static struct trio trios[ARRAY_SIZE(kinds)];
static struct policy_job *pool;

static struct eng_session *session_new(struct engine *engine, const struct kind *kind,
				       uint8_t key_byte)
{
	const struct eng_alg *alg = eng_alg_find(kind->alg);
	struct eng_session_params params = {0};
	struct eng_session *session;
	uint8_t key[VCD_MAX_KEY_LEN];

	/* Two halves that differ, for XTS. */
	memset(key, key_byte, sizeof(key));
	memset(key, 0x11, 8);
	if (alg->kind == ENG_ALG_MAC)
		params = (struct eng_session_params){
		    .mac = alg, .mackey = key, .mackey_len = kind->key_len};
	else
		params = (struct eng_session_params){
		    .cipher = alg, .key = key, .key_len = kind->key_len};
	assert_int_equal(eng_session_new(engine, &params, &session), 0);
	return session;
}

static void trio_new(struct trio *trio, const struct kind *kind)
{
	struct eng_mb_engine *engine = (struct eng_mb_engine *)engines_current;
	struct eng_mb_session *session;

	trio->tested = session_new(engines_current, kind, 0xa1);
	trio->library = session_new(plain_engine, kind, 0xa1);
	trio->openssl = session_new(plain_engine, kind, 0xb2);
	session = (struct eng_mb_session *)trio->tested;
	eng_session_free(session->inner);
	session->inner = session_new(engine->inner, kind, 0xb2);
}

static void trio_free(struct trio *trio)
{
	eng_session_free(trio->tested);
	eng_session_free(trio->library);
	eng_session_free(trio->openssl);
}

/* Bytes at random around the bounds of the classes, or of the class of @like. */
static uint32_t random_length(struct test_random *random, uint32_t like)
{
	static const uint32_t lengths[] = {16, 32, 48, 64, 128, 144, 512, 528, 2048, 2064, MAX_LEN};
	uint32_t len;

	do
		len = lengths[test_random_below(random, ARRAY_SIZE(lengths))];
	while (like && eng_mb_class(len) != eng_mb_class(like));
	return len;
}

static void job_make(struct test_random *random, struct policy_job *p, size_t k, bool decrypt,
		     uint32_t len)
{
	struct eng_session *const sessions[] = {trios[k].tested, trios[k].library,
						trios[k].openssl};
	const struct eng_alg *cipher = sessions[0]->cipher;
	uint8_t iv[VCD_MAX_IV_LEN];

	p->kind = &kinds[k];
	p->wraps = kinds[k].alg == CRYPTO_AES_CTR && test_random_below(random, 16) == 0;
	test_random_fill(random, p->in, len);
	test_random_fill(random, iv, sizeof(iv));
	/* The last 32 bits of the counter, which is all that the library counts. */
	memset(iv + 12, p->wraps ? 0xff : 0, 4);
	for (size_t i = 0; i < 3; i++) {
		p->jobs[i] = (struct eng_job){
		    .session = sessions[i],
		    .src = p->in,
		    .dst = cipher ? p->out[i] : NULL,
		    .flags = decrypt ? ENG_JOB_DECRYPT : 0,
		    .len = len,
		    .iv_len = (uint8_t)(cipher ? cipher->iv_len : 0),
		    .mac_len = cipher && cipher->kind == ENG_ALG_AEAD ? 16 : 0,
		    .status = VCD_S_COUNT,
		};
		if (!cipher)
			p->jobs[i].flags = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL;
		memcpy(p->jobs[i].iv, iv, sizeof(iv));
		memset(p->out[i], 0x5a, sizeof(p->out[i]));
	}
}

/* The group of a job that the library can do, else 0. */
static unsigned int group_of(const struct policy_job *p)
{
	return p->wraps ? 0
			: eng_mb_group_find(eng_alg_find(p->kind->alg), p->kind->key_len,
					    p->jobs[0].flags & ENG_JOB_DECRYPT);
}

/* Whether the policy gives job @i of the @n at @burst to the library. */
static bool library_takes(const struct policy_job burst[], size_t n, size_t i)
{
	const struct eng_mb_engine *engine = (const struct eng_mb_engine *)engines_current;
	unsigned int group = group_of(&burst[i]), class = eng_mb_class(burst[i].jobs[0].len);
	unsigned int min = engine->rows[group].min_jobs[class], count = 0;

	for (size_t j = 0; j < n; j++)
		count +=
		    group_of(&burst[j]) == group && eng_mb_class(burst[j].jobs[0].len) >= class;
	return group && min && count >= min;
}

static bool same_result(const struct policy_job *p, size_t a, size_t b)
{
	const struct eng_job *x = &p->jobs[a], *y = &p->jobs[b];

	return x->status == y->status && !memcmp(p->out[a], p->out[b], MAX_LEN) &&
	       x->mac_len == y->mac_len && !memcmp(x->mac, y->mac, x->mac_len) &&
	       !memcmp(x->iv, y->iv, x->iv_len);
}

/* Run @n jobs of the pool. Return: how many the library had. */
static size_t check(size_t n)
{
	struct eng_job *tested[POOL_JOBS], *plain[2 * POOL_JOBS] = {NULL};
	size_t mine = 0;

	for (size_t i = 0; i < n; i++) {
		tested[i] = &pool[i].jobs[0];
		plain[2 * i] = &pool[i].jobs[1];
		plain[2 * i + 1] = &pool[i].jobs[2];
	}
	eng_run(plain_engine, 0, plain, 2 * n);
	eng_run(engines_current, 0, tested, n);
	for (size_t i = 0; i < n; i++) {
		size_t first = i - i % ENG_MB_BURST;
		size_t some = n - first < ENG_MB_BURST ? n - first : ENG_MB_BURST;
		bool library = library_takes(&pool[first], some, i - first);

		assert_int_equal(pool[i].jobs[0].status, VCD_S_OK);
		assert_false(same_result(&pool[i], 1, 2));
		assert_true(same_result(&pool[i], 0, library ? 1 : 2));
		mine += library;
	}
	return mine;
}

static void random_rows(struct test_random *random)
{
	static const uint8_t numbers[] = {0, 1, 2, 3, 5, 16, 17, 40, 64, 65};
	struct eng_mb_engine *engine = (struct eng_mb_engine *)engines_current;

	for (size_t g = 1; g < ENG_MB_GROUPS; g++)
		for (size_t c = 0; c < ENG_MB_CLASSES; c++)
			engine->rows[g].min_jobs[c] =
			    numbers[test_random_below(random, ARRAY_SIZE(numbers))];
}

/** enum mixture - what differs between the jobs of a burst. */
enum mixture { SAME, SAME_CLASS, SAME_GROUP, ONE_OTHER, ANY, MIXTURES };

static size_t burst(struct test_random *random, enum mixture mixture, size_t n)
{
	size_t kind = test_random_below(random, ARRAY_SIZE(kinds));
	size_t other = mixture == ONE_OTHER ? test_random_below(random, n) : n;
	uint32_t len = random_length(random, 0);
	bool decrypt = test_random_below(random, 2);

	for (size_t i = 0; i < n; i++) {
		bool any = mixture == ANY || i == other;
		size_t k = any ? test_random_below(random, ARRAY_SIZE(kinds)) : kind;
		bool back = any ? test_random_below(random, 2) : decrypt;

		job_make(random, &pool[i], k, back && kinds[k].both_ways,
			 mixture == SAME ? len
					 : random_length(random, mixture == SAME_CLASS ? len : 0));
	}
	return check(n);
}

static void policy(void **state)
{
	struct test_random random = {31};
	size_t jobs = 0, mine = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		trio_new(&trios[k], &kinds[k]);
	for (unsigned int i = 0; i < 1500; i++) {
		size_t n = 1 + test_random_below(&random, i % 8 ? 40 : POOL_JOBS);

		/* At first the policy that the engine came with. */
		if (i >= 300)
			random_rows(&random);
		mine += burst(&random, i % MIXTURES, n);
		jobs += n;
	}
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		trio_free(&trios[k]);
	print_message("%zu jobs, %zu by the library\n", jobs, mine);
	assert_in_range(mine, jobs / 10, jobs - jobs / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(policy)};
	int failed = 0;

	pool = calloc(POOL_JOBS, sizeof(*pool));
	if (!pool || eng_open("openssl", 1, &plain_engine))
		return 1;
	if (engines_have_ipsecmb())
		failed = cmocka_run_group_tests(tests, engines_ipsecmb, engines_close) +
			 cmocka_run_group_tests(tests, engines_auto, engines_close);
	eng_close(plain_engine);
	free(pool);
	return failed;
}
