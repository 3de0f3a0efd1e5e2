/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.c - the openssl backend: engine and sessions. See internal.h. */
#include "engine/openssl/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "cryptodev.h"
#include "engine/selftest.h"

static struct eng_ossl_engine *to_engine(struct engine *engine)
{
	return (struct eng_ossl_engine *)engine;
}

static struct eng_ossl_session *to_session(struct eng_session *session)
{
	return (struct eng_ossl_session *)session;
}

static void lane_release(void *lanes, uint16_t slot)
{
	struct eng_ossl_lane *lane = (struct eng_ossl_lane *)lanes + slot;

	eng_ossl_cipher_release(lane);
	eng_ossl_hash_release(&lane->hash);
}

static struct eng_ossl_thread *thread_new(void)
{
	struct eng_ossl_thread *thread = calloc(1, sizeof(*thread));

	if (thread)
		eng_cache_init(&thread->cache);
	return thread;
}

static void thread_free(struct eng_ossl_thread *thread)
{
	if (!thread)
		return;
	eng_cache_end(&thread->cache, lane_release, thread->lanes);
	free(thread);
}

static void engine_close(struct engine *base)
{
	struct eng_ossl_engine *engine = to_engine(base);

	for (unsigned int i = 0; i < base->threads; i++)
		thread_free(engine->threads[i]);
	for (size_t i = 0; i < ENG_ALG_COUNT; i++) {
		struct eng_ossl_alg *alg = &engine->algs[i];

		for (size_t k = 0; k < ENG_OSSL_KEY_SIZES; k++)
			EVP_CIPHER_free(alg->cipher[k]);
		EVP_MD_free(alg->md);
		EVP_MAC_free(alg->mac);
	}
	for (size_t i = 2; i-- > 0;)
		if (engine->providers[i])
			OSSL_PROVIDER_unload(engine->providers[i]);
	OSSL_LIB_CTX_free(engine->lib);
	free(engine);
}

/* Empty libcrypto's list of errors. Return: whether one of them is a lack of memory. */
static bool out_of_memory(void)
{
	unsigned long error;
	bool found = false;

	while ((error = ERR_get_error()))
		found |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return found;
}

uint32_t eng_ossl_failure(void)
{
	bool memory = false, refused = false;
	unsigned long error;

	/* A provider may not report that it had no memory for its part of a context. */
	while ((error = ERR_get_error())) {
		memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
		refused |= ERR_GET_REASON(error) != EVP_R_INITIALIZATION_ERROR;
	}
	return refused && !memory ? VCD_S_IO : VCD_S_NOMEM;
}

/*
 * Fetch the algorithms that libcrypto has. has() denies the others. A lack of memory is an error,
 * because the algorithm would be denied for the life of the engine.
 */
static int fetch_all(struct eng_ossl_engine *engine)
{
	bool any = false;

	for (size_t i = 0; i < ENG_ALG_COUNT; i++) {
		const struct eng_alg *alg = &eng_algs[i];

		eng_alg_driver_name(alg, "openssl", engine->algs[i].driver,
				    sizeof(engine->algs[i].driver));
		if (alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD)
			any |= eng_ossl_cipher_fetch(engine, alg);
		else
			any |= eng_ossl_hash_fetch(engine, alg);
		if (out_of_memory())
			return -ENOMEM;
	}
	/* A provider without algorithms has failed without a report. */
	return any ? 0 : -ENODEV;
}

/* The FIPS module's checksum is in the system's configuration. */
static void read_configuration(OSSL_LIB_CTX *lib)
{
	char *path = CONF_get1_default_config_file();

	if (path)
		(void)OSSL_LIB_CTX_load_config(lib, path);
	OPENSSL_free(path);
}

static int load_providers(struct eng_ossl_engine *engine, bool fips)
{
	OSSL_PROVIDER **providers = engine->providers;

	if (fips) {
		engine->properties = "fips=yes";
		read_configuration(engine->lib);
	}
	providers[0] = OSSL_PROVIDER_load(engine->lib, fips ? "fips" : "default");
	if (!providers[0])
		return out_of_memory() ? -ENOMEM : -ENODEV;
	/* Single DES and Blowfish are in "legacy"; without it has() denies them. */
	providers[1] = OSSL_PROVIDER_load(engine->lib, fips ? "base" : "legacy");
	return out_of_memory() ? -ENOMEM : 0;
}

static int engine_open(const char *arg, unsigned int threads, struct engine **ret)
{
	struct eng_ossl_engine *engine;
	int err;

	if (arg && strcmp(arg, "fips"))
		return -EINVAL;
	ERR_clear_error();
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers */
	engine = calloc(1, sizeof(*engine) + threads * sizeof(engine->threads[0]));
	if (!engine)
		return -ENOMEM;
	engine->base.ops = &eng_openssl;
	engine->base.name = eng_openssl.name;
	engine->base.threads = threads;
	engine->lib = OSSL_LIB_CTX_new();
	err = engine->lib ? load_providers(engine, arg) : -ENOMEM;
	if (!err)
		err = fetch_all(engine);
	if (!err)
		err = eng_selftest(&engine->base);
	if (err) {
		engine_close(&engine->base);
		return err;
	}
	*ret = &engine->base;
	return 0;
}

static bool has_alg(const struct eng_ossl_engine *engine, const struct eng_alg *alg)
{
	const struct eng_ossl_alg *entry = &engine->algs[eng_alg_index(alg)];

	switch (alg->kind) {
	case ENG_ALG_CIPHER:
	case ENG_ALG_AEAD:
		/* AES-ECB computes the IV that XTS continues with. */
		if (alg->id == CRYPTO_AES_XTS && !has_alg(engine, eng_alg_find(CRYPTO_AES_ECB)))
			return false;
		return alg->id == CRYPTO_NULL || entry->cipher[0];
	case ENG_ALG_HASH:
		return entry->md;
	case ENG_ALG_MAC:
		return entry->mac;
	}
	return false;
}

static bool engine_has(struct engine *base, const struct eng_alg *cipher, const struct eng_alg *mac)
{
	const struct eng_ossl_engine *engine = to_engine(base);

	return (!cipher || has_alg(engine, cipher)) && (!mac || has_alg(engine, mac));
}

static void session_free(struct eng_session *base)
{
	const struct eng_ossl_engine *engine = to_engine(base->engine);
	struct eng_ossl_session *session = to_session(base);

	for (unsigned int i = 0; i < base->engine->threads; i++) {
		struct eng_ossl_thread *thread =
		    __atomic_load_n(&engine->threads[i], __ATOMIC_ACQUIRE);

		if (thread)
			eng_cache_drop(&thread->cache, session->slots[i], session->serial,
				       lane_release, thread->lanes);
	}
	eng_ossl_hash_release(&session->state);
	eng_key_wipe(&session->key);
	eng_key_wipe(&session->mackey);
	free(session);
}

static int session_new(struct engine *base, const struct eng_session_params *params,
		       struct eng_session **ret)
{
	struct eng_ossl_engine *engine = to_engine(base);
	struct eng_ossl_session *session;

	session = calloc(1, sizeof(*session) + base->threads * sizeof(session->slots[0]));
	if (!session)
		return -ENOMEM;
	session->serial = __atomic_add_fetch(&engine->serial, 1, __ATOMIC_RELAXED);
	session->base.engine = base;
	session->base.cipher = params->cipher;
	session->base.mac = params->mac;
	if (params->cipher)
		session->cipher = eng_ossl_cipher_for(engine, params->cipher, params->key_len);
	if (params->cipher && params->cipher->id == CRYPTO_AES_XTS)
		session->xts_ecb =
		    eng_ossl_cipher_for(engine, eng_alg_find(CRYPTO_AES_ECB), params->key_len / 2);
	if (eng_key_set(&session->key, params->key, params->key_len) ||
	    eng_key_set(&session->mackey, params->mackey, params->mackey_len)) {
		session_free(&session->base);
		return -ENOMEM;
	}
	*ret = &session->base;
	return 0;
}

/* The plaintext is hashed: before it is encrypted, after it is decrypted. */
static uint32_t run_job(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			struct eng_job *job)
{
	const struct eng_alg *cipher = session->base.cipher;
	bool decrypt = cipher && job->flags & ENG_JOB_DECRYPT;
	uint32_t status = VCD_S_OK;

	if (eng_alg_mode(cipher) == ENG_MODE_AEAD)
		return eng_ossl_aead_run(session, lane, job);
	if (!session->base.mac || job->flags & ENG_JOB_CIPHER_ONLY)
		return eng_ossl_cipher_run(session, lane, job);
	if (job->flags & ENG_JOB_HASH_ONLY)
		return eng_ossl_hash_run(session, lane, job, job->src);
	if (!eng_ossl_hash_ready(session, job))
		return VCD_S_NOSTATE;
	if (!decrypt)
		status = eng_ossl_hash_run(session, lane, job, job->src);
	if (status == VCD_S_OK && cipher) {
		status = eng_ossl_cipher_run(session, lane, job);
		if (status != VCD_S_OK)
			eng_ossl_hash_abandon(session, job);
	}
	if (status == VCD_S_OK && decrypt)
		status = eng_ossl_hash_run(session, lane, job, job->dst);
	return status;
}

/* Make a lane for @session, which has none any more or never had one. NULL without memory. */
static struct eng_ossl_lane *lane_take(struct eng_ossl_engine *engine, unsigned int number,
				       struct eng_ossl_session *session)
{
	struct eng_ossl_thread *thread = engine->threads[number];

	if (!thread) {
		thread = thread_new();
		if (!thread)
			return NULL;
		/* Other threads read this when they free a session. */
		__atomic_store_n(&engine->threads[number], thread, __ATOMIC_RELEASE);
	}
	session->slots[number] =
	    eng_cache_take(&thread->cache, session->serial, lane_release, thread->lanes);
	return &thread->lanes[session->slots[number]];
}

static void engine_run(struct engine *base, unsigned int number, struct eng_job *const jobs[],
		       size_t n)
{
	struct eng_ossl_engine *engine = to_engine(base);
	struct eng_ossl_thread *thread = engine->threads[number];

	for (size_t i = 0; i < n; i++) {
		struct eng_job *job = jobs[i];
		struct eng_ossl_session *session = to_session(job->session);
		uint16_t slot = session->slots[number];
		struct eng_ossl_lane *lane;

		if (thread && eng_cache_hit(&thread->cache, slot, session->serial)) {
			lane = &thread->lanes[slot];
		} else {
			lane = lane_take(engine, number, session);
			thread = engine->threads[number];
		}
		job->status = lane ? run_job(session, lane, job) : VCD_S_NOMEM;
	}
}

static uint32_t hash_copy(struct eng_session *dst, struct eng_session *src)
{
	return eng_ossl_hash_copy(to_session(dst), to_session(src));
}

static const char *driver_name(struct engine *base, const struct eng_alg *alg)
{
	return to_engine(base)->algs[eng_alg_index(alg)].driver;
}

const struct eng_ops eng_openssl = {
    .name = "openssl",
    .lanes = 1,
    .min_segment = 1536,
    .open = engine_open,
    .close = engine_close,
    .has = engine_has,
    .session_new = session_new,
    .session_free = session_free,
    .run = engine_run,
    .hash_copy = hash_copy,
    .driver_name = driver_name,
};
