/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_memory.c - what sessions take of memory does not grow with sessions times workers,
 * and contexts that come and go give right answers.
 *
 * Sessions of each algorithm in turn are used in every way that makes contexts: by each worker,
 * in both directions, with a hash left half done. All that is allocated then, libraries' memory
 * included, must stay below the bound that engine.h states. It is measured with the daemon's
 * vault, which is just as large as the bound. VCD_TEST_SESSIONS=16384 is as many as a device has.
 */
#include "tests/unit/unit.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "daemon/confine/vault.h"
#include "engine/alg.h"
#include "engine/cache.h"
#include "tests/lib/engine.h"

#define WORKERS 8u
#define LEN 64u

/* Sanitizers have allocators of their own, and do without the vault. */
#ifdef VCD_INSTRUMENTED
#define MEASURED false
#else
#define MEASURED true
#endif

static struct engine *engine;
static size_t sessions_wanted;
static size_t before_engine;

/* ---- one session ------------------------------------------------------------------------ */

static bool is_hash(const struct eng_alg *alg)
{
	return alg->kind == ENG_ALG_HASH || alg->kind == ENG_ALG_MAC;
}

/* Session number @i of @alg, with a key of its own and the longest. */
static struct eng_session *make(const struct eng_alg *alg, size_t i)
{
	uint8_t key[VCD_MAX_MACKEY_LEN];
	struct eng_session_params params = {.key = key, .mackey = key};
	struct eng_session *session;

	for (size_t k = 0; k < sizeof(key); k++)
		key[k] = (uint8_t)(k * 11 + 5);
	memcpy(key, &i, sizeof(i));
	if (is_hash(alg)) {
		params.mac = alg;
		params.mackey_len = alg->key_max;
	} else {
		params.cipher = alg;
		params.key_len = alg->key_max;
	}
	assert_int_equal(eng_session_new(engine, &params, &session), 0);
	return session;
}

static uint32_t run(unsigned int worker, struct eng_job *job)
{
	eng_run(engine, worker, &job, 1);
	return job->status;
}

/* Encrypt and decrypt, or hash. Return: the sum of what comes out. */
static uint64_t use(struct eng_session *session, unsigned int worker)
{
	static const uint8_t plain[LEN] = "which is known";
	const struct eng_alg *alg = session->cipher ? session->cipher : session->mac;
	uint8_t cipher[LEN], back[LEN];
	struct eng_job job = {.session = session,
			      .src = plain,
			      .len = LEN,
			      .iv = {1, 2},
			      .iv_len = (uint8_t)alg->iv_len};
	struct eng_job other;
	uint64_t sum = 0;

	if (is_hash(alg)) {
		job.flags = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL;
		assert_int_equal(run(worker, &job), VCD_S_OK);
		for (size_t i = 0; i < job.mac_len; i++)
			sum = sum * 31 + job.mac[i];
		return sum;
	}
	job.dst = cipher;
	job.mac_len = (uint8_t)(alg->kind == ENG_ALG_AEAD ? alg->digest_len : 0);
	other = job;
	assert_int_equal(run(worker, &job), VCD_S_OK);
	memcpy(other.mac, job.mac, sizeof(other.mac));
	other.flags = ENG_JOB_DECRYPT;
	other.src = cipher;
	other.dst = back;
	assert_int_equal(run(worker, &other), VCD_S_OK);
	assert_memory_equal(back, plain, LEN);
	for (size_t i = 0; i < LEN; i++)
		sum = sum * 31 + cipher[i];
	return sum;
}

/* Begin a hash and leave it half done. */
static void begin(struct eng_session *session, unsigned int worker)
{
	struct eng_job job = {.session = session,
			      .src = (const uint8_t *)"some",
			      .len = 4,
			      .flags = ENG_JOB_HASH_RESET};

	if (session->mac)
		assert_int_equal(run(worker, &job), VCD_S_OK);
}

/* ---- memory ----------------------------------------------------------------------------- */

/* What is taken of the vault, where there is one, and of the heap. */
static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return vault_used() + info.uordblks + info.hblkhd;
}

/* Use @n sessions of @alg in all ways. Return: bytes that this takes, the engine's included. */
static size_t take(const struct eng_alg *alg, size_t n)
{
	struct eng_session **all = calloc(n, sizeof(struct eng_session *));
	size_t taken;

	assert_non_null(all);
	for (size_t i = 0; i < n; i++)
		all[i] = make(alg, i);
	for (unsigned int w = 0; w < WORKERS; w++)
		for (size_t i = 0; i < n; i++)
			use(all[i], w);
	for (size_t i = 0; i < n; i++)
		begin(all[i], 0);
	taken = allocated() - before_engine;
	for (size_t i = 0; i < n; i++)
		eng_session_free(all[i]);
	free(all);
	return taken;
}

/* The longest keys are used, so that no algorithm escapes by a short one. */
static void memory_is_bounded(void **state)
{
	size_t most = 0, steepest = 0, n = sessions_wanted;
	const struct eng_alg *alg;

	for (size_t a = 0; (alg = eng_alg_at(a)); a++) {
		size_t few, many;

		if (!eng_has(engine, is_hash(alg) ? NULL : alg, is_hash(alg) ? alg : NULL))
			continue;
		few = take(alg, ENG_CACHE_SLOTS);
		many = take(alg, n);
		most = many > most ? many : most;
		if (many > few && (many - few) / (n - ENG_CACHE_SLOTS) > steepest)
			steepest = (many - few) / (n - ENG_CACHE_SLOTS);
		if (!MEASURED)
			continue;
		if (many > eng_memory(WORKERS, n))
			fail_msg("%zu sessions of %s take %zu KiB", n, alg->cli_name, many >> 10);
		if (many > few + (n - ENG_CACHE_SLOTS) * ENG_SESSION_BYTES)
			fail_msg("a session of %s takes %zu bytes", alg->cli_name,
				 (many - few) / (n - ENG_CACHE_SLOTS));
	}
	print_message(
	    "%zu sessions, %u workers: at most %zu KiB, allowed %zu; %zu bytes a session\n", n,
	    WORKERS, most >> 10, eng_memory(WORKERS, n) >> 10, steepest);
}

/* ---- contexts that come and go ---------------------------------------------------------- */

#define SESSIONS (ENG_CACHE_SLOTS * 3 / 2)
#define ROUNDS 6000u

/** struct shared - a session that all threads use. */
static struct shared {
	pthread_rwlock_t lock; /* for reading, to use it; for writing, to end it or its hash */
	struct eng_session *session;
	uint64_t sum;
	bool begun;
} shared[SESSIONS];

static const uint32_t kinds[] = {CRYPTO_AES_CBC,  CRYPTO_AES_XTS,  CRYPTO_AES_GCM,
				 CRYPTO_AES_CTR,  CRYPTO_SHA2_256, CRYPTO_SHA2_256_HMAC,
				 CRYPTO_AES_CMAC, CRYPTO_AES_CCM};

static uint32_t next_random(uint64_t *chance)
{
	*chance = *chance * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*chance >> 33);
}

static void renew(struct shared *s, size_t i, uint64_t generation, unsigned int worker)
{
	eng_session_free(s->session);
	s->session = make(eng_alg_find(kinds[i % ARRAY_SIZE(kinds)]), i + generation * SESSIONS);
	s->sum = use(s->session, worker);
	s->begun = false;
}

/* Go on, by any worker, with what another one began. */
static void finish(struct shared *s, unsigned int worker)
{
	struct eng_job job = {.session = s->session,
			      .src = (const uint8_t *)"more",
			      .len = 4,
			      .flags = ENG_JOB_HASH_FINAL};
	struct eng_job whole = {.session = s->session,
				.src = (const uint8_t *)"somemore",
				.len = 8,
				.flags = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL};

	assert_int_equal(run(worker, &job), VCD_S_OK);
	assert_int_equal(run(worker, &whole), VCD_S_OK);
	assert_int_equal(job.mac_len, whole.mac_len);
	assert_memory_equal(job.mac, whole.mac, whole.mac_len);
	s->begun = false;
}

static void *work(void *arg)
{
	unsigned int worker = (unsigned int)(uintptr_t)arg;
	uint64_t chance = worker + 1;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		size_t i = next_random(&chance) % SESSIONS;
		struct shared *s = &shared[i];

		switch (next_random(&chance) % 16) {
		case 0:
			pthread_rwlock_wrlock(&s->lock);
			renew(s, i, round * WORKERS + worker, worker);
			break;
		case 1:
		case 2:
			pthread_rwlock_wrlock(&s->lock);
			if (s->begun) {
				finish(s, worker);
			} else if (s->session->mac) {
				begin(s->session, worker);
				s->begun = true;
			}
			break;
		default:
			pthread_rwlock_rdlock(&s->lock);
			assert_int_equal(use(s->session, worker), s->sum);
		}
		pthread_rwlock_unlock(&s->lock);
	}
	return NULL;
}

static void thrashed_by_threads(void **state)
{
	pthread_t threads[4];

	for (size_t i = 0; i < SESSIONS; i++) {
		pthread_rwlock_init(&shared[i].lock, NULL);
		renew(&shared[i], i, 0, 0);
	}
	for (size_t t = 0; t < ARRAY_SIZE(threads); t++)
		assert_int_equal(pthread_create(&threads[t], NULL, work, (void *)(uintptr_t)t), 0);
	for (size_t t = 0; t < ARRAY_SIZE(threads); t++)
		assert_int_equal(pthread_join(threads[t], NULL), 0);
	for (size_t i = 0; i < SESSIONS; i++) {
		eng_session_free(shared[i].session);
		pthread_rwlock_destroy(&shared[i].lock);
	}
}

/* With its keys: there is nothing left of a session in any worker's lane. */
static void ended_everywhere(void **state)
{
	const struct eng_alg *alg = eng_alg_find(CRYPTO_AES_XTS);
	size_t before, after;

	for (unsigned int i = 0; i < 2; i++) {
		struct eng_session *session;

		before = allocated();
		session = make(alg, 1);
		for (unsigned int w = 0; w < WORKERS; w++)
			use(session, w);
		eng_session_free(session);
		after = allocated();
	}
	if (MEASURED)
		assert_int_equal(after, before);
}

static int open_engine(void **state)
{
	before_engine = allocated();
	return test_engine_open(WORKERS, &engine);
}

static int close_engine(void **state)
{
	engine = eng_close(engine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_is_bounded),
	    cmocka_unit_test(ended_everywhere),
	    cmocka_unit_test(thrashed_by_threads),
	};
	const char *wanted = getenv("VCD_TEST_SESSIONS");
	struct vault_state vault;

	sessions_wanted = wanted ? strtoul(wanted, NULL, 10) : 2 * ENG_CACHE_SLOTS;
	/* The daemon's: what an engine takes must fit into it. */
	if (MEASURED && vault_open(eng_memory(WORKERS, sessions_wanted), &vault))
		return 1;
	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
