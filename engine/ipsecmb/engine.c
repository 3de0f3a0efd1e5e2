/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.c - the multi-buffer backend: engine, sorting, delegation. See internal.h. */
#include "engine/ipsecmb/internal.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cryptodev.h"
#include "engine/selftest.h"

/* Longest AAD that the library's CCM takes. */
#define CCM_MAX_AAD 46

static struct eng_mb_engine *to_engine(struct engine *engine)
{
	return (struct eng_mb_engine *)engine;
}

static struct eng_mb_session *to_session(struct eng_session *session)
{
	return (struct eng_mb_session *)session;
}

/* ---- engine ----------------------------------------------------------------------------- */

static void thread_free(struct eng_mb_thread *thread)
{
	if (!thread)
		return;
	eng_mb_manager_free(thread->aes);
	eng_mb_manager_free(thread->hash);
	eng_mb_free(thread, sizeof(*thread));
}

static void engine_close(struct engine *base)
{
	struct eng_mb_engine *engine = to_engine(base);

	for (unsigned int i = 0; i < base->threads; i++)
		thread_free(engine->threads[i]);
	eng_close(engine->inner);
	free(engine);
}

/* Whether the library may get a job of @alg. */
static bool served(const struct eng_mb_engine *engine, const struct eng_alg *alg)
{
	for (unsigned int g = 1; g < ENG_MB_GROUPS; g++) {
		if (eng_mb_groups[g].alg != alg->id)
			continue;
		for (unsigned int c = 0; c < ENG_MB_CLASSES; c++)
			if (engine->rows[g].min_jobs[c])
				return true;
	}
	return false;
}

static void set_policy(struct eng_mb_engine *engine, enum eng_mb_policy policy)
{
	for (unsigned int g = 1; g < ENG_MB_GROUPS; g++)
		engine->rows[g] = eng_mb_policy_row(&eng_mb_groups[g], &engine->cpu, policy);
}

/* Test all that the library can do, whatever the policy; the openssl engine has tested itself. */
static int selftest(struct eng_mb_engine *engine)
{
	engine->base.failed = engine->inner->failed;
	set_policy(engine, ENG_MB_ALWAYS);
	return eng_selftest(&engine->base);
}

static int engine_open(const char *arg, unsigned int threads, struct engine **ret)
{
	bool measured = arg && !strcmp(arg, "auto");
	size_t size = sizeof(struct eng_mb_engine) + threads * sizeof(struct eng_mb_thread *);
	struct eng_mb_engine *engine;
	int err;

	if (arg && !measured)
		return -EINVAL;
	engine = calloc(1, size);
	if (!engine)
		return -ENOMEM;
	engine->base.ops = &eng_ipsecmb;
	engine->base.name = measured ? "auto" : eng_ipsecmb.name;
	engine->base.threads = threads;
	err = eng_mb_cpu_detect(engine);
	if (!err)
		err = eng_openssl.open(NULL, threads, &engine->inner);
	if (!err)
		err = selftest(engine);
	if (err) {
		engine_close(&engine->base);
		return err;
	}
	set_policy(engine, measured ? ENG_MB_MEASURED : ENG_MB_ALWAYS);
	for (size_t i = 0; i < ENG_ALG_COUNT; i++)
		eng_alg_driver_name(&eng_algs[i],
				    served(engine, &eng_algs[i]) ? "ipsec-mb" : "openssl",
				    engine->drivers[i], sizeof(engine->drivers[i]));
	*ret = &engine->base;
	return 0;
}

static bool engine_has(struct engine *base, const struct eng_alg *cipher, const struct eng_alg *mac)
{
	return eng_has(to_engine(base)->inner, cipher, mac);
}

static const char *driver_name(struct engine *base, const struct eng_alg *alg)
{
	return to_engine(base)->drivers[eng_alg_index(alg)];
}

/* ---- sessions --------------------------------------------------------------------------- */

static void session_free(struct eng_session *base)
{
	struct eng_mb_session *session = to_session(base);

	eng_session_free(session->inner);
	eng_mb_schedule_free(session);
	free(session);
}

static int session_new(struct engine *base, const struct eng_session_params *params,
		       struct eng_session **ret)
{
	struct eng_mb_engine *engine = to_engine(base);
	struct eng_mb_session *session = calloc(1, sizeof(*session));
	int err;

	if (!session)
		return -ENOMEM;
	session->base.engine = base;
	session->base.cipher = params->cipher;
	session->base.mac = params->mac;
	/* It costs little: openssl makes contexts for the first job that it gets. */
	err = eng_openssl.session_new(engine->inner, params, &session->inner);
	if (!err)
		err = eng_mb_schedule_new(engine, session, params);
	if (err) {
		session_free(&session->base);
		return err;
	}
	*ret = &session->base;
	return 0;
}

static uint32_t hash_copy(struct eng_session *dst, struct eng_session *src)
{
	return eng_hash_copy(to_session(dst)->inner, to_session(src)->inner);
}

/* ---- jobs ------------------------------------------------------------------------------- */

/* The library increments the last 32 bits of the block, CTR (SP 800-38A, B.1) all of it. */
static bool counter_wraps(const struct eng_job *job)
{
	uint32_t start;

	memcpy(&start, job->iv + 12, sizeof(start));
	return be32toh(start) + ((uint64_t)job->len + 15) / 16 > UINT32_MAX;
}

/* The group of a job by its session and direction. */
static unsigned int group_of(const struct eng_job *job)
{
	const struct eng_mb_session *session = (const struct eng_mb_session *)job->session;

	return session->group[!!(job->flags & ENG_JOB_DECRYPT)];
}

/* Whether the library can carry out @job, of a group of @service, as it is. */
static inline bool fits(enum eng_mb_service service, const struct eng_job *job)
{
	const uint32_t whole_hash = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL;

	switch (service) {
	case ENG_MB_NONE:
		return false;
	case ENG_MB_CBC_ENCRYPT:
	case ENG_MB_CBC_DECRYPT:
	case ENG_MB_ECB:
		return job->len && job->len % 16 == 0;
	case ENG_MB_CTR:
		return job->len && !counter_wraps(job);
	case ENG_MB_GCM:
		return eng_aead_lengths_ok(job);
	case ENG_MB_CHACHA:
		return job->len && eng_aead_lengths_ok(job);
	case ENG_MB_CCM:
		return job->len && job->len <= ENG_MB_MAX_PIECE && job->aad_len <= CCM_MAX_AAD &&
		       eng_aead_lengths_ok(job);
	case ENG_MB_SHA:
	case ENG_MB_HMAC:
		return job->len && job->len <= ENG_MB_MAX_PIECE &&
		       (job->flags & whole_hash) == whole_hash;
	}
	return false;
}

/* The group of a job that the library can carry out as it is, else 0. */
static unsigned int route(const struct eng_job *job)
{
	unsigned int group = group_of(job);

	return fits(eng_mb_groups[group].service, job) ? group : 0;
}

/**
 * struct sorted - a burst, by groups.
 * @first: first job of each group
 * @last: last job of each group
 * @next: for each job, the next one of the same group
 * @class: class of length of each job
 * @used: a bit for each group that has jobs
 */
struct sorted {
	uint8_t first[ENG_MB_GROUPS];
	uint8_t last[ENG_MB_GROUPS];
	uint8_t next[ENG_MB_BURST];
	uint8_t class[ENG_MB_BURST];
	uint64_t used;
};

static_assert(ENG_MB_GROUPS <= 64 && ENG_MB_BURST <= 256, "struct sorted has room");

static void sort(struct sorted *sorted, struct eng_job *const jobs[], size_t n)
{
	sorted->used = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned int group = route(jobs[i]);
		uint64_t bit = UINT64_C(1) << group;

		if (sorted->used & bit)
			sorted->next[sorted->last[group]] = (uint8_t)i;
		else
			sorted->first[group] = (uint8_t)i;
		sorted->class[i] = (uint8_t)eng_mb_class(jobs[i]->len);
		sorted->used |= bit;
		sorted->last[group] = (uint8_t)i;
	}
}

/* A list of jobs that is being made. */
struct list {
	size_t n;
	struct eng_job *jobs[ENG_MB_BURST];
};

/*
 * Split a group by the policy. A message counts for those of its own and of shorter classes: a lane
 * that is finished early stays empty until the longest message is done.
 */
static void split(const struct sorted *sorted, unsigned int group, const struct eng_mb_row *row,
		  struct eng_job *const jobs[], struct list *mine, struct list *rest)
{
	unsigned int at_least[ENG_MB_CLASSES] = {0};
	unsigned int i = sorted->first[group];

	for (;;) {
		at_least[sorted->class[i]]++;
		if (i == sorted->last[group])
			break;
		i = sorted->next[i];
	}
	for (unsigned int c = ENG_MB_CLASSES - 1; c > 0; c--)
		at_least[c - 1] += at_least[c];
	for (i = sorted->first[group];; i = sorted->next[i]) {
		unsigned int class = sorted->class[i];
		struct list *list =
		    row->min_jobs[class] && at_least[class] >= row->min_jobs[class] ? mine : rest;

		list->jobs[list->n++] = jobs[i];
		if (i == sorted->last[group])
			break;
	}
}

/* Pass jobs to the openssl engine, on its own sessions. */
static void delegate(struct eng_mb_engine *engine, unsigned int thread, struct list *list)
{
	struct eng_session *sessions[ENG_MB_BURST] = {NULL};

	for (size_t i = 0; i < list->n; i++) {
		sessions[i] = list->jobs[i]->session;
		list->jobs[i]->session = to_session(sessions[i])->inner;
	}
	eng_openssl.run(engine->inner, thread, list->jobs, list->n);
	for (size_t i = 0; i < list->n; i++)
		list->jobs[i]->session = sessions[i];
}

/* The calling thread's managers for @group. NULL without memory. */
static struct eng_mb_thread *thread_for(struct eng_mb_engine *engine, unsigned int number,
					const struct eng_mb_group *group)
{
	struct eng_mb_thread *thread = engine->threads[number];
	bool hash = group->service == ENG_MB_SHA || group->service == ENG_MB_HMAC;

	if (!thread) {
		thread = eng_mb_alloc(sizeof(*thread));
		if (!thread)
			return NULL;
		engine->threads[number] = thread;
	}
	if (hash && !thread->hash)
		thread->hash = eng_mb_manager_new(engine->cpu.hash);
	if (!hash && !thread->aes)
		thread->aes = eng_mb_manager_new(engine->cpu.aes);
	return (hash ? thread->hash : thread->aes) ? thread : NULL;
}

/* A burst of any jobs. */
static void run_mixed(struct eng_mb_engine *engine, unsigned int number,
		      struct eng_job *const jobs[], size_t n)
{
	static const struct eng_mb_row never;
	struct list rest, mine;
	struct sorted sorted;
	uint64_t left;

	rest.n = 0;
	sort(&sorted, jobs, n);
	for (left = sorted.used; left; left &= left - 1) {
		unsigned int group = (unsigned int)__builtin_ctzll(left);
		struct eng_mb_thread *thread = NULL;

		mine.n = 0;
		if (group)
			thread = thread_for(engine, number, &eng_mb_groups[group]);
		split(&sorted, group, thread ? &engine->rows[group] : &never, jobs, &mine, &rest);
		if (mine.n)
			eng_mb_run_group(engine, thread, &eng_mb_groups[group], mine.jobs, mine.n);
	}
	if (rest.n)
		delegate(engine, number, &rest);
}

/*
 * The group of a burst that the library gets as a whole, because its jobs are of one group and one
 * class of length and there are enough of them; else 0. split() would not change such a burst.
 */
static unsigned int common_group(const struct eng_mb_engine *engine, struct eng_job *const jobs[],
				 size_t n)
{
	uint32_t len = jobs[0]->len;
	unsigned int group = group_of(jobs[0]), class = eng_mb_class(len);
	enum eng_mb_service service = eng_mb_groups[group].service;
	unsigned int min_jobs = engine->rows[group].min_jobs[class];

	if (!min_jobs || n < min_jobs)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct eng_job *job = jobs[i];

		if (group_of(job) != group || !fits(service, job) ||
		    (job->len != len && eng_mb_class(job->len) != class))
			return 0;
	}
	return group;
}

static void run_burst(struct eng_mb_engine *engine, unsigned int number,
		      struct eng_job *const jobs[], size_t n)
{
	unsigned int group = common_group(engine, jobs, n);
	struct eng_mb_thread *thread = NULL;

	if (group)
		thread = thread_for(engine, number, &eng_mb_groups[group]);
	if (thread)
		eng_mb_run_group(engine, thread, &eng_mb_groups[group], jobs, n);
	else
		run_mixed(engine, number, jobs, n);
}

static void engine_run(struct engine *base, unsigned int thread, struct eng_job *const jobs[],
		       size_t n)
{
	for (size_t done = 0; done < n; done += ENG_MB_BURST) {
		size_t some = n - done < ENG_MB_BURST ? n - done : ENG_MB_BURST;

		run_burst(to_engine(base), thread, jobs + done, some);
	}
}

/* ---- what goes where -------------------------------------------------------------------- */

static void describe_row(const struct eng_mb_row *row, FILE *out)
{
	for (unsigned int c = 0; c < ENG_MB_CLASSES; c++) {
		if (row->min_jobs[c])
			(void)fprintf(out, " %6u", row->min_jobs[c]);
		else
			(void)fprintf(out, " %6s", "-");
	}
}

static void describe_alg(const struct eng_mb_engine *engine, const struct eng_alg *alg,
			 uint32_t flags, FILE *out)
{
	static const struct eng_mb_row never;
	bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;
	const char *note = "";
	unsigned int group = 0;

	/* All key sizes share a row. */
	for (size_t len = alg->key_max + 1u; !group && len-- > alg->key_min;)
		if (eng_alg_key_ok(alg, len))
			group = eng_mb_group_find(alg, len, flags);
	if (alg->id == CRYPTO_AES_CCM)
		note = "  (192-bit keys: openssl)";
	(void)fprintf(out, "%-18s %-8s", alg->cli_name,
		      !cipher			? "-"
		      : flags & ENG_JOB_DECRYPT ? "decrypt"
						: "encrypt");
	describe_row(group ? &engine->rows[group] : &never, out);
	(void)fprintf(out, "%s\n", note);
}

static void describe(struct engine *base, FILE *out)
{
	static const char *const archs[] = {[ENG_MB_SSE] = "SSE",
					    [ENG_MB_AVX2] = "AVX2",
					    [ENG_MB_AVX512] = "AVX512",
					    [ENG_MB_VAES] = "AVX512 with VAES"};
	const struct eng_mb_engine *engine = to_engine(base);
	const struct eng_alg *alg;

	(void)fprintf(
	    out,
	    "# %s: libipsec-mb %s, ciphers by %s, hashes by %s%s; and openssl\n"
	    "# The fewest jobs at a time that libipsec-mb carries out, by bytes of a job.\n"
	    "# openssl carries out fewer jobs, those marked -, hashes in several parts, and\n"
	    "# ciphers with a MAC.\n"
	    "%-18s %-8s %6s %6s %6s %6s %6s\n",
	    base->name, imb_get_version_str(), archs[engine->cpu.aes], archs[engine->cpu.hash],
	    engine->cpu.sha_ni ? " with SHA instructions" : "", "algorithm", "", "<=32", "<=128",
	    "<=512", "<=2048", "more");
	for (size_t i = 0; (alg = eng_alg_at(i)); i++) {
		bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;

		if (!eng_has(base, cipher ? alg : NULL, cipher ? NULL : alg))
			continue;
		describe_alg(engine, alg, 0, out);
		if (cipher)
			describe_alg(engine, alg, ENG_JOB_DECRYPT, out);
	}
}

const struct eng_ops eng_ipsecmb = {
    .name = "ipsec-mb",
    .lanes = 16,
    .min_segment = 1536,
    .open = engine_open,
    .close = engine_close,
    .has = engine_has,
    .session_new = session_new,
    .session_free = session_free,
    .run = engine_run,
    .hash_copy = hash_copy,
    .driver_name = driver_name,
    .describe = describe,
};
