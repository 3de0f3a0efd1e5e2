/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.c - choosing a backend, and the checks that are the same for each.
 */
#include "engine/engine.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cryptodev.h"
#include "engine/alg.h"

static const struct eng_ops *const backends[] = {
    &eng_openssl,
#ifdef VCD_HAVE_IPSEC_MB
    &eng_ipsecmb,
#endif
    &eng_cryptodev,
};

#define N_BACKENDS (sizeof(backends) / sizeof(backends[0]))

static int open_auto(unsigned int threads, struct engine **ret)
{
#ifdef VCD_HAVE_IPSEC_MB
	int err = eng_ipsecmb.open("auto", threads, ret);

	if (err != -ENODEV)
		return err;
#endif
	return eng_openssl.open(NULL, threads, ret);
}

int eng_open(const char *spec, unsigned int threads, struct engine **ret)
{
	const char *arg = strchr(spec, ':');
	size_t len = arg ? (size_t)(arg - spec) : strlen(spec);

	if (!threads)
		return -EINVAL;
	if (!strcmp(spec, "auto"))
		return open_auto(threads, ret);
	for (size_t i = 0; i < N_BACKENDS; i++) {
		const struct eng_ops *ops = backends[i];

		if (strlen(ops->name) == len && !memcmp(ops->name, spec, len))
			return ops->open(arg ? arg + 1 : NULL, threads, ret);
	}
	return strcmp(spec, "ipsec-mb") ? -EINVAL : -ENODEV;
}

bool eng_defies_fips(const char *spec, const char *path)
{
	FILE *file = fopen(path, "re");
	int enabled = 0;

	if (!file)
		return false;
	enabled = fgetc(file);
	(void)fclose(file);
	return enabled == '1' && strcmp(spec, "openssl:fips") != 0;
}

struct engine *eng_close(struct engine *engine)
{
	if (engine)
		engine->ops->close(engine);
	return NULL;
}

const char *const *eng_names(void)
{
	static const char *const names[] = {
	    "auto",	 "openssl",	   "openssl:fips",
#ifdef VCD_HAVE_IPSEC_MB
	    "ipsec-mb",
#endif
	    "cryptodev", "cryptodev:PATH", NULL,
	};

	return names;
}

/* Whether @alg gave a wrong known answer. */
static bool failed(const struct engine *engine, const struct eng_alg *alg)
{
	return engine->failed >> eng_alg_index(alg) & 1;
}

const struct eng_alg *eng_failed(const struct engine *engine, size_t i)
{
	for (size_t k = 0; k < ENG_ALG_COUNT; k++)
		if (failed(engine, &eng_algs[k]) && !i--)
			return &eng_algs[k];
	return NULL;
}

bool eng_has(struct engine *engine, const struct eng_alg *cipher, const struct eng_alg *mac)
{
	if (!cipher && !mac)
		return false;
	if (cipher && cipher->kind != ENG_ALG_CIPHER && cipher->kind != ENG_ALG_AEAD)
		return false;
	if (mac && mac->kind != ENG_ALG_HASH && mac->kind != ENG_ALG_MAC)
		return false;
	/* An AEAD brings its own authentication. */
	if (cipher && cipher->kind == ENG_ALG_AEAD && mac)
		return false;
	if ((cipher && failed(engine, cipher)) || (mac && failed(engine, mac)))
		return false;
	return engine->ops->has(engine, cipher, mac);
}

/* IEEE 1619 and SP 800-38E want two different keys; libcrypto checks that for encryption only. */
static bool xts_halves_equal(const struct eng_session_params *params)
{
	size_t half = params->key_len / 2;

	return !CRYPTO_memcmp(params->key, params->key + half, half);
}

int eng_session_new(struct engine *engine, const struct eng_session_params *params,
		    struct eng_session **ret)
{
	if (!eng_has(engine, params->cipher, params->mac))
		return -ENOTSUP;
	if (params->cipher ? !eng_alg_key_ok(params->cipher, params->key_len) : params->key_len)
		return -EINVAL;
	if (params->mac ? !eng_alg_key_ok(params->mac, params->mackey_len) : params->mackey_len)
		return -EINVAL;
	if (params->cipher && params->cipher->id == CRYPTO_AES_XTS && xts_halves_equal(params))
		return -EINVAL;
	return engine->ops->session_new(engine, params, ret);
}

void eng_session_free(struct eng_session *session)
{
	if (session)
		session->engine->ops->session_free(session);
}

void eng_run(struct engine *engine, unsigned int thread, struct eng_job *const jobs[], size_t n)
{
	if (thread < engine->threads) {
		engine->ops->run(engine, thread, jobs, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		jobs[i]->status = VCD_S_IO;
}

uint32_t eng_hash_copy(struct eng_session *dst, struct eng_session *src)
{
	if (dst == src || dst->engine != src->engine || !dst->mac || dst->mac != src->mac)
		return VCD_S_INVALID;
	return dst->engine->ops->hash_copy(dst, src);
}

const char *eng_driver_name(struct engine *engine, const struct eng_alg *alg)
{
	return engine->ops->driver_name(engine, alg);
}

void eng_describe(struct engine *engine, FILE *out)
{
	const struct eng_alg *alg;

	if (engine->ops->describe) {
		engine->ops->describe(engine, out);
		return;
	}
	(void)fprintf(out, "# %s: one implementation of each algorithm\n", engine->name);
	for (size_t i = 0; (alg = eng_alg_at(i)); i++) {
		bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;

		if (!eng_has(engine, cipher ? alg : NULL, cipher ? NULL : alg))
			continue;
		if (!cipher) {
			(void)fprintf(out, "%-18s %-8s %s\n", alg->cli_name, "-",
				      eng_driver_name(engine, alg));
			continue;
		}
		for (int decrypt = 0; decrypt < 2; decrypt++)
			(void)fprintf(out, "%-18s %-8s %s\n", alg->cli_name,
				      decrypt ? "decrypt" : "encrypt",
				      eng_driver_name(engine, alg));
	}
}
