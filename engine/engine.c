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

static const struct vcd_engine_ops *const backends[] = {
    &vcd_engine_openssl,
#ifdef VCD_HAVE_IPSEC_MB
    &vcd_engine_ipsecmb,
#endif
    &vcd_engine_cryptodev,
};

#define N_BACKENDS (sizeof(backends) / sizeof(backends[0]))

static int open_auto(unsigned int workers, struct vcd_engine **ret)
{
#ifdef VCD_HAVE_IPSEC_MB
	int err = vcd_engine_ipsecmb.open("auto", workers, ret);

	if (err != -ENODEV)
		return err;
#endif
	return vcd_engine_openssl.open(NULL, workers, ret);
}

int vcd_engine_open(const char *spec, unsigned int workers, struct vcd_engine **ret)
{
	const char *arg = strchr(spec, ':');
	size_t len = arg ? (size_t)(arg - spec) : strlen(spec);

	if (!workers)
		return -EINVAL;
	if (!strcmp(spec, "auto"))
		return open_auto(workers, ret);
	for (size_t i = 0; i < N_BACKENDS; i++) {
		const struct vcd_engine_ops *ops = backends[i];

		if (strlen(ops->name) == len && !memcmp(ops->name, spec, len))
			return ops->open(arg ? arg + 1 : NULL, workers, ret);
	}
	return strcmp(spec, "ipsec-mb") ? -EINVAL : -ENODEV;
}

bool vcd_engine_defies_fips(const char *spec, const char *path)
{
	FILE *file = fopen(path, "re");
	int enabled = 0;

	if (!file)
		return false;
	enabled = fgetc(file);
	(void)fclose(file);
	return enabled == '1' && strcmp(spec, "openssl:fips") != 0;
}

struct vcd_engine *vcd_engine_close(struct vcd_engine *engine)
{
	if (engine)
		engine->ops->close(engine);
	return NULL;
}

const char *const *vcd_engine_names(void)
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
static bool failed(const struct vcd_engine *engine, const struct vcd_alg *alg)
{
	return engine->failed >> vcd_alg_index(alg) & 1;
}

const struct vcd_alg *vcd_engine_failed(const struct vcd_engine *engine, size_t i)
{
	for (size_t k = 0; k < VCD_ALG_COUNT; k++)
		if (failed(engine, &vcd_algs[k]) && !i--)
			return &vcd_algs[k];
	return NULL;
}

bool vcd_engine_has(struct vcd_engine *engine, const struct vcd_alg *cipher,
		    const struct vcd_alg *mac)
{
	if (!cipher && !mac)
		return false;
	if (cipher && cipher->kind != VCD_ALG_CIPHER && cipher->kind != VCD_ALG_AEAD)
		return false;
	if (mac && mac->kind != VCD_ALG_HASH && mac->kind != VCD_ALG_MAC)
		return false;
	/* An AEAD brings its own authentication. */
	if (cipher && cipher->kind == VCD_ALG_AEAD && mac)
		return false;
	if ((cipher && failed(engine, cipher)) || (mac && failed(engine, mac)))
		return false;
	return engine->ops->has(engine, cipher, mac);
}

/* IEEE 1619 and SP 800-38E want two different keys; libcrypto insists for encryption only. */
static bool xts_halves_equal(const struct vcd_session_params *params)
{
	size_t half = params->key_len / 2;

	return !CRYPTO_memcmp(params->key, params->key + half, half);
}

int vcd_engine_session_new(struct vcd_engine *engine, const struct vcd_session_params *params,
			   struct vcd_engine_session **ret)
{
	if (!vcd_engine_has(engine, params->cipher, params->mac))
		return -ENOTSUP;
	if (params->cipher ? !vcd_alg_key_ok(params->cipher, params->key_len) : params->key_len)
		return -EINVAL;
	if (params->mac ? !vcd_alg_key_ok(params->mac, params->mackey_len) : params->mackey_len)
		return -EINVAL;
	if (params->cipher && params->cipher->id == CRYPTO_AES_XTS && xts_halves_equal(params))
		return -EINVAL;
	return engine->ops->session_new(engine, params, ret);
}

void vcd_engine_session_free(struct vcd_engine_session *session)
{
	if (session)
		session->engine->ops->session_free(session);
}

void vcd_engine_run(struct vcd_engine *engine, unsigned int worker, struct vcd_job *const jobs[],
		    size_t n)
{
	if (worker < engine->workers) {
		engine->ops->run(engine, worker, jobs, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		jobs[i]->status = VCD_S_IO;
}

uint32_t vcd_engine_hash_copy(struct vcd_engine_session *dst, struct vcd_engine_session *src)
{
	if (dst == src || dst->engine != src->engine || !dst->mac || dst->mac != src->mac)
		return VCD_S_INVALID;
	return dst->engine->ops->hash_copy(dst, src);
}

const char *vcd_engine_driver_name(struct vcd_engine *engine, const struct vcd_alg *alg)
{
	return engine->ops->driver_name(engine, alg);
}

void vcd_engine_describe(struct vcd_engine *engine, FILE *out)
{
	const struct vcd_alg *alg;

	if (engine->ops->describe) {
		engine->ops->describe(engine, out);
		return;
	}
	(void)fprintf(out, "# %s: everything by one way\n", engine->name);
	for (size_t i = 0; (alg = vcd_alg_at(i)); i++) {
		bool cipher = alg->kind == VCD_ALG_CIPHER || alg->kind == VCD_ALG_AEAD;

		if (!vcd_engine_has(engine, cipher ? alg : NULL, cipher ? NULL : alg))
			continue;
		if (!cipher) {
			(void)fprintf(out, "%-18s %-8s %s\n", alg->cli_name, "-",
				      vcd_engine_driver_name(engine, alg));
			continue;
		}
		for (int decrypt = 0; decrypt < 2; decrypt++)
			(void)fprintf(out, "%-18s %-8s %s\n", alg->cli_name,
				      decrypt ? "decrypt" : "encrypt",
				      vcd_engine_driver_name(engine, alg));
	}
}
