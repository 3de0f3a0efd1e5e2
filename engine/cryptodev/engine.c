/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.c - the cryptodev backend: a /dev/crypto of the host carries out the jobs.
 *
 * Theory of operation
 * -------------------
 * A /dev/crypto may serialise everything that goes through one open file (the common implementation
 * does), and sessions belong to the open file. So each thread has its own file. A session of the
 * engine becomes a session on that file with the thread's first job on it, for as long as it is
 * among those that the thread used last (cache.h).
 *
 * All threads share one more file, `control'. The backend uses it to find out which algorithms the
 * device has; to try the keys of a new session, so that a bad key is refused at once; and for the
 * sessions whose hash is half done, because another thread may continue a hash, and CIOCCPHASH
 * works within one file only.
 *
 * Every job brings its IV and gets the next one computed here: devices differ in whether and when
 * they write an IV back.
 *
 * An AEAD job goes through memory of the backend: the ABI appends the tag to the data, for which
 * the caller's buffers have no room, and unverified plaintext must not reach them.
 *
 * Invariants
 * - Session ids of the ABI are never 0: 0 means "not made".
 * - Only thread i uses threads[i] of the engine and slots[i] of a session, except to free them.
 *   The one job that the caller runs on the session's half-done hash uses state_ses.
 */
#include "engine/cryptodev/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "engine/selftest.h"

#define DEFAULT_PATH "/dev/crypto"

/* Get the device's name for its implementation of @alg. The default name stays if it has none. */
static void probe_name(struct eng_cdev_engine *engine, const struct eng_alg *alg, uint32_t ses)
{
	bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;
	char *name = engine->driver[eng_alg_index(alg)];
	struct session_info_op info = {.ses = ses};
	const char *theirs =
	    cipher ? info.cipher_info.cra_driver_name : info.hash_info.cra_driver_name;

	if (eng_cdev_ioctl(engine, engine->control, CIOCGSESSINFO, &info) || !theirs[0])
		return;
	memset(name, 0, VCD_ALG_NAME_LEN);
	memcpy(name, theirs, strnlen(theirs, VCD_ALG_NAME_LEN - 1));
}

/* Whether a session with @alg can be made. */
static bool probe(struct eng_cdev_engine *engine, const struct eng_alg *alg)
{
	bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;
	uint8_t key[VCD_MAX_KEY_LEN];
	size_t len = alg->key_min;
	struct eng_session_params params;
	uint32_t ses;

	/* No weak key of any cipher; and not the empty key of a MAC, a case of its own. */
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	if (alg->kind == ENG_ALG_MAC && len < 16)
		len = 16;
	params = (struct eng_session_params){
	    .cipher = cipher ? alg : NULL,
	    .mac = cipher ? NULL : alg,
	    .key = key,
	    .key_len = cipher ? len : 0,
	    .mackey = key,
	    .mackey_len = cipher ? 0 : len,
	};
	if (eng_cdev_ses_new(engine, engine->control, &params, &ses))
		return false;
	probe_name(engine, alg, ses);
	eng_cdev_ses_free(engine, engine->control, ses);
	return true;
}

static void engine_close(struct engine *base)
{
	struct eng_cdev_engine *engine = eng_cdev_engine_of(base);

	for (unsigned int i = 0; i < base->threads; i++) {
		eng_cdev_kept_free(engine->threads[i].kept);
		if (engine->threads[i].fd >= 0)
			engine->sys.close(engine->threads[i].fd);
		OPENSSL_clear_free(engine->threads[i].bounce, engine->threads[i].bounce_size);
	}
	if (engine->control >= 0)
		engine->sys.close(engine->control);
	for (size_t i = 0; i < 2; i++)
		EVP_CIPHER_free(engine->ecb[i]);
	OSSL_LIB_CTX_free(engine->lib);
	free(engine);
}

static int open_file(struct eng_cdev_engine *engine, const char *path, int *fd)
{
	*fd = engine->sys.open(path, O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	/* A missing node, and a node without its driver. */
	return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
}

static int open_files(struct eng_cdev_engine *engine, const char *path)
{
	int error = open_file(engine, path, &engine->control);

	for (unsigned int i = 0; !error && i < engine->base.threads; i++)
		error = open_file(engine, path, &engine->threads[i].fd);
	return error;
}

static int probe_all(struct eng_cdev_engine *engine)
{
	bool any = false;

	for (size_t i = 0; i < ENG_ALG_COUNT; i++) {
		eng_alg_driver_name(&eng_algs[i], "cryptodev", engine->driver[i], VCD_ALG_NAME_LEN);
		engine->has[i] = probe(engine, &eng_algs[i]);
		any |= engine->has[i];
	}
	if (!any)
		return -ENODEV; /* something else than a /dev/crypto */
	engine->lib = OSSL_LIB_CTX_new();
	if (!engine->lib)
		return -ENOMEM;
	engine->ecb[0] = EVP_CIPHER_fetch(engine->lib, "AES-128-ECB", NULL);
	engine->ecb[1] = EVP_CIPHER_fetch(engine->lib, "AES-256-ECB", NULL);
	return engine->ecb[0] && engine->ecb[1] ? 0 : -ENOMEM;
}

int eng_cryptodev_open_with(const char *path, unsigned int threads,
			    const struct eng_cryptodev_sys *sys, struct engine **ret)
{
	struct eng_cdev_engine *engine;
	int error;

	engine = calloc(1, sizeof(*engine) + threads * sizeof(engine->threads[0]));
	if (!engine)
		return -ENOMEM;
	engine->base.ops = &eng_cryptodev;
	engine->base.name = eng_cryptodev.name;
	engine->base.threads = threads;
	engine->sys = *sys;
	engine->control = -1;
	for (unsigned int i = 0; i < threads; i++)
		engine->threads[i].fd = -1;
	error = open_files(engine, path);
	if (!error)
		error = probe_all(engine);
	if (!error)
		error = eng_selftest(&engine->base);
	if (error) {
		engine_close(&engine->base);
		return error;
	}
	*ret = &engine->base;
	return 0;
}

static int sys_open(const char *path, int flags)
{
	return open(path, flags);
}

static int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static int engine_open(const char *arg, unsigned int threads, struct engine **ret)
{
	static const struct eng_cryptodev_sys sys = {
	    .open = sys_open,
	    .ioctl = sys_ioctl,
	    .close = close,
	};

	if (arg && !*arg)
		return -EINVAL;
	return eng_cryptodev_open_with(arg ? arg : DEFAULT_PATH, threads, &sys, ret);
}

static bool engine_has(struct engine *base, const struct eng_alg *cipher, const struct eng_alg *mac)
{
	const struct eng_cdev_engine *engine = eng_cdev_engine_of(base);

	return (!cipher || engine->has[eng_alg_index(cipher)]) &&
	       (!mac || engine->has[eng_alg_index(mac)]);
}

static const char *driver_name(struct engine *base, const struct eng_alg *alg)
{
	return eng_cdev_engine_of(base)->driver[eng_alg_index(alg)];
}

const struct eng_ops eng_cryptodev = {
    .name = "cryptodev",
    .lanes = 1,
    .sleeps = true,
    .open = engine_open,
    .close = engine_close,
    .has = engine_has,
    .session_new = eng_cdev_session_new,
    .session_free = eng_cdev_session_free,
    .run = eng_cdev_run,
    .hash_copy = eng_cdev_hash_copy,
    .driver_name = driver_name,
};
