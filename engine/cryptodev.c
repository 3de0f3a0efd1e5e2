/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cryptodev.c - the cryptodev backend: jobs carried out by a /dev/crypto of the host.
 *
 * Theory of operation
 * -------------------
 * A /dev/crypto may serialise everything that goes through one open file (the
 * common implementation does), and sessions belong to the open file. So each
 * worker has a file of its own, and a session of the engine becomes a session on
 * that file when the worker's first job on it comes.
 *
 * One more file, `control', is used by all: it tries out which algorithms there are,
 * tries the keys of a new session, so that a bad one is refused at once, and
 * carries the sessions whose hash is half done, because a hash begun by one worker
 * may be continued by another, and CIOCCPHASH works within one file only.
 *
 * Every job brings its IV and gets the next one computed here: whether and when a
 * device writes an IV back differs between implementations.
 *
 * An AEAD goes through memory of ours: the ABI appends the tag to the data, for
 * which the caller's buffers have no room, and unverified plaintext must not
 * reach them.
 *
 * Invariants
 * - Session ids of the ABI are never 0: 0 says "not made".
 * - Only worker i touches workers[i] of the engine and lanes[i] of a session, but
 *   for freeing. state_ses is used by the one job that the caller lets run on the
 *   session's half-done hash.
 */
#include "engine/cryptodev_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "engine/iv.h"
#include "engine/key.h"
#include "engine/xts.h"

#define DEFAULT_PATH "/dev/crypto"

/* An ioctl interrupted this often in a row is given up. */
#define MAX_INTERRUPTS 1000

/**
 * struct cdev_worker - what belongs to one worker.
 * @fd: its open file
 * @bounce: memory for AEAD jobs
 * @bounce_size: its bytes
 */
struct cdev_worker {
	int fd;
	uint8_t *bounce;
	size_t bounce_size;
};

/**
 * struct cdev_engine - the engine.
 * @base: head
 * @sys: the system calls
 * @control: open file for everything that belongs to no worker
 * @has: by vcd_alg_index()
 * @driver: names for SESSION_INFO, likewise
 * @lib: library context of @ecb
 * @ecb: AES-ECB of 128 and 256 bits, for the IV that continues XTS
 * @workers: one each
 */
struct cdev_engine {
	struct vcd_engine base;
	struct vcd_cryptodev_sys sys;
	int control;
	bool has[VCD_ALG_COUNT];
	char driver[VCD_ALG_COUNT][VCD_ALG_NAME_LEN];
	OSSL_LIB_CTX *lib;
	EVP_CIPHER *ecb[2];
	struct cdev_worker workers[];
};

/**
 * struct cdev_lane - a session as one worker has it.
 * @ses: id on the worker's file, 0: not made
 * @cipher_ses: the same, of a session with the cipher only
 * @hash_ses: the same, of a session with the hash only
 * @xts: for the IV that continues
 */
struct cdev_lane {
	uint32_t ses;
	uint32_t cipher_ses;
	uint32_t hash_ses;
	struct vcd_xts *xts;
};

/**
 * struct cdev_session - a session.
 * @base: head
 * @key: cipher key
 * @mackey: MAC key
 * @state_ses: id on the control file, of the session with the half-done hash
 * @begun: the hash is half done
 * @fed: it has been given data; until then the device has not heard of it
 * @lanes: one per worker
 */
struct cdev_session {
	struct vcd_engine_session base;
	struct vcd_key key;
	struct vcd_key mackey;
	uint32_t state_ses;
	bool begun;
	bool fed;
	struct cdev_lane lanes[];
};

static struct cdev_engine *to_engine(struct vcd_engine *engine)
{
	return (struct cdev_engine *)engine;
}

static struct cdev_session *to_session(struct vcd_engine_session *session)
{
	return (struct cdev_session *)session;
}

static int control(struct cdev_engine *engine, int fd, unsigned long request, void *arg)
{
	for (unsigned int i = 0; i < MAX_INTERRUPTS; i++) {
		if (engine->sys.ioctl(fd, request, arg) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
	return -EINTR;
}

static uint32_t status_of(int error)
{
	switch (error) {
	case 0:
		return VCD_S_OK;
	case -EBADMSG:
		return VCD_S_BADMSG;
	case -ENOMEM:
		return VCD_S_NOMEM;
	case -EBUSY:
		return VCD_S_BUSY;
	default:
		/* Also EINVAL and EFAULT: the job was checked, the fault is not the caller's. */
		return VCD_S_IO;
	}
}

/* Opening and closing */

static int ses_new(struct cdev_engine *engine, int fd, const struct vcd_session_params *params,
		   uint32_t *ses)
{
	struct session_op op = {
	    .cipher = params->cipher ? params->cipher->id : 0,
	    .mac = params->mac ? params->mac->id : 0,
	    .keylen = (uint32_t)params->key_len,
	    .key = (uint8_t *)params->key,
	    .mackeylen = (uint32_t)params->mackey_len,
	    .mackey = (uint8_t *)params->mackey,
	};
	int error = control(engine, fd, CIOCGSESSION, &op);

	if (!error)
		*ses = op.ses;
	return error;
}

static void ses_free(struct cdev_engine *engine, int fd, uint32_t ses)
{
	/* Nothing is to be done about a failure; the last close frees it in any case. */
	if (ses)
		control(engine, fd, CIOCFSESSION, &ses);
}

/* The device's own name for what carries @alg out; a made-up one where it has none. */
static void probe_name(struct cdev_engine *engine, const struct vcd_alg *alg, uint32_t ses)
{
	bool cipher = alg->kind == VCD_ALG_CIPHER || alg->kind == VCD_ALG_AEAD;
	char *name = engine->driver[vcd_alg_index(alg)];
	struct session_info_op info = {.ses = ses};
	const char *theirs =
	    cipher ? info.cipher_info.cra_driver_name : info.hash_info.cra_driver_name;

	if (control(engine, engine->control, CIOCGSESSINFO, &info) || !theirs[0])
		return;
	memset(name, 0, VCD_ALG_NAME_LEN);
	memcpy(name, theirs, strnlen(theirs, VCD_ALG_NAME_LEN - 1));
}

/* Whether a session with @alg can be made at all. */
static bool probe(struct cdev_engine *engine, const struct vcd_alg *alg)
{
	bool cipher = alg->kind == VCD_ALG_CIPHER || alg->kind == VCD_ALG_AEAD;
	uint8_t key[VCD_MAX_KEY_LEN];
	size_t len = alg->key_min;
	struct vcd_session_params params;
	uint32_t ses;

	/* No weak key of any cipher; and not the empty key of a MAC, a case of its own. */
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	if (alg->kind == VCD_ALG_MAC && len < 16)
		len = 16;
	params = (struct vcd_session_params){
	    .cipher = cipher ? alg : NULL,
	    .mac = cipher ? NULL : alg,
	    .key = key,
	    .key_len = cipher ? len : 0,
	    .mackey = key,
	    .mackey_len = cipher ? 0 : len,
	};
	if (ses_new(engine, engine->control, &params, &ses))
		return false;
	probe_name(engine, alg, ses);
	ses_free(engine, engine->control, ses);
	return true;
}

static void engine_close(struct vcd_engine *base)
{
	struct cdev_engine *engine = to_engine(base);

	for (unsigned int i = 0; i < base->workers; i++) {
		if (engine->workers[i].fd >= 0)
			engine->sys.close(engine->workers[i].fd);
		OPENSSL_clear_free(engine->workers[i].bounce, engine->workers[i].bounce_size);
	}
	if (engine->control >= 0)
		engine->sys.close(engine->control);
	for (size_t i = 0; i < 2; i++)
		EVP_CIPHER_free(engine->ecb[i]);
	OSSL_LIB_CTX_free(engine->lib);
	free(engine);
}

static int open_file(struct cdev_engine *engine, const char *path, int *fd)
{
	*fd = engine->sys.open(path, O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	/* A missing node, and a node without its driver. */
	return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
}

static int open_files(struct cdev_engine *engine, const char *path)
{
	int error = open_file(engine, path, &engine->control);

	for (unsigned int i = 0; !error && i < engine->base.workers; i++)
		error = open_file(engine, path, &engine->workers[i].fd);
	return error;
}

static int probe_all(struct cdev_engine *engine)
{
	bool any = false;

	for (size_t i = 0; i < VCD_ALG_COUNT; i++) {
		vcd_alg_driver_name(&vcd_algs[i], "cryptodev", engine->driver[i], VCD_ALG_NAME_LEN);
		engine->has[i] = probe(engine, &vcd_algs[i]);
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

int vcd_cryptodev_open_with(const char *path, unsigned int workers,
			    const struct vcd_cryptodev_sys *sys, struct vcd_engine **ret)
{
	struct cdev_engine *engine;
	int error;

	engine = calloc(1, sizeof(*engine) + workers * sizeof(engine->workers[0]));
	if (!engine)
		return -ENOMEM;
	engine->base.ops = &vcd_engine_cryptodev;
	engine->base.workers = workers;
	engine->sys = *sys;
	engine->control = -1;
	for (unsigned int i = 0; i < workers; i++)
		engine->workers[i].fd = -1;
	error = open_files(engine, path);
	if (!error)
		error = probe_all(engine);
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

static int engine_open(const char *arg, unsigned int workers, struct vcd_engine **ret)
{
	static const struct vcd_cryptodev_sys sys = {
	    .open = sys_open,
	    .ioctl = sys_ioctl,
	    .close = close,
	};

	if (arg && !*arg)
		return -EINVAL;
	return vcd_cryptodev_open_with(arg ? arg : DEFAULT_PATH, workers, &sys, ret);
}

static bool engine_has(struct vcd_engine *base, const struct vcd_alg *cipher,
		       const struct vcd_alg *mac)
{
	const struct cdev_engine *engine = to_engine(base);

	return (!cipher || engine->has[vcd_alg_index(cipher)]) &&
	       (!mac || engine->has[vcd_alg_index(mac)]);
}

static const char *driver_name(struct vcd_engine *base, const struct vcd_alg *alg)
{
	return to_engine(base)->driver[vcd_alg_index(alg)];
}

/* Sessions */

static struct vcd_session_params params_of(const struct cdev_session *session)
{
	return (struct vcd_session_params){
	    .cipher = session->base.cipher,
	    .mac = session->base.mac,
	    .key = session->key.bytes,
	    .key_len = session->key.len,
	    .mackey = session->mackey.bytes,
	    .mackey_len = session->mackey.len,
	};
}

static void session_free(struct vcd_engine_session *base)
{
	struct cdev_engine *engine = to_engine(base->engine);
	struct cdev_session *session = to_session(base);

	for (unsigned int i = 0; i < base->engine->workers; i++) {
		ses_free(engine, engine->workers[i].fd, session->lanes[i].ses);
		ses_free(engine, engine->workers[i].fd, session->lanes[i].cipher_ses);
		ses_free(engine, engine->workers[i].fd, session->lanes[i].hash_ses);
		vcd_xts_free(session->lanes[i].xts);
	}
	ses_free(engine, engine->control, session->state_ses);
	vcd_key_wipe(&session->key);
	vcd_key_wipe(&session->mackey);
	free(session);
}

/* Try the keys on the device; a session with a hash keeps what comes of it. */
static int session_try(struct cdev_engine *engine, struct cdev_session *session)
{
	struct vcd_session_params params = params_of(session);
	uint32_t ses;
	int error = ses_new(engine, engine->control, &params, &ses);

	if (error)
		return error == -EINVAL || error == -ENOMEM ? error : -EIO;
	if (session->base.mac)
		session->state_ses = ses;
	else
		ses_free(engine, engine->control, ses);
	return 0;
}

static int session_new(struct vcd_engine *base, const struct vcd_session_params *params,
		       struct vcd_engine_session **ret)
{
	struct cdev_session *session;
	int error;

	session = calloc(1, sizeof(*session) + base->workers * sizeof(session->lanes[0]));
	if (!session)
		return -ENOMEM;
	session->base.engine = base;
	session->base.cipher = params->cipher;
	session->base.mac = params->mac;
	error = vcd_key_set(&session->key, params->key, params->key_len);
	if (!error)
		error = vcd_key_set(&session->mackey, params->mackey, params->mackey_len);
	if (!error)
		error = session_try(to_engine(base), session);
	if (error) {
		session_free(&session->base);
		return error;
	}
	*ret = &session->base;
	return 0;
}

/*
 * The worker's session on its file for this job, with both algorithms or the one
 * that the job is about; made when it is not there yet.
 */
static uint32_t lane_session(struct cdev_engine *engine, unsigned int worker,
			     struct cdev_session *session, const struct vcd_job *job, uint32_t *ses)
{
	struct vcd_session_params params = params_of(session);
	struct cdev_lane *lane = &session->lanes[worker];
	uint32_t *which = &lane->ses, status = VCD_S_OK;

	if (params.cipher && params.mac && job->flags & VCD_JOB_CIPHER_ONLY) {
		which = &lane->cipher_ses;
		params.mac = NULL;
		params.mackey_len = 0;
	} else if (params.cipher && params.mac && job->flags & VCD_JOB_HASH_ONLY) {
		which = &lane->hash_ses;
		params.cipher = NULL;
		params.key_len = 0;
	}
	if (!*which)
		status = status_of(ses_new(engine, engine->workers[worker].fd, &params, which));
	*ses = *which;
	return status;
}

/* Jobs */

static bool xts_next(struct cdev_engine *engine, struct cdev_session *session,
		     struct cdev_lane *lane, struct vcd_job *job)
{
	size_t half = session->key.len / 2;

	if (!lane->xts)
		lane->xts = vcd_xts_new(engine->ecb[half == 32], session->key.bytes + half);
	return lane->xts && !vcd_xts_advance(lane->xts, job->iv, job->len / 16);
}

/* CIOCCRYPT with the job's data on session @ses of @fd; @ses has what the job is about. */
static uint32_t crypt_job(struct cdev_engine *engine, int fd, uint32_t ses, uint16_t cop_flags,
			  struct cdev_lane *lane, struct vcd_job *job)
{
	struct cdev_session *session = to_session(job->session);
	const struct vcd_alg *cipher = job->flags & VCD_JOB_HASH_ONLY ? NULL : session->base.cipher;
	struct vcd_iv_saved saved;
	uint8_t iv[EALG_MAX_BLOCK_LEN], nothing[1];
	struct crypt_op op = {
	    .ses = ses,
	    .op = cipher && job->flags & VCD_JOB_DECRYPT ? COP_DECRYPT : COP_ENCRYPT,
	    .flags = cop_flags,
	    .len = job->len,
	    .src = job->len ? (uint8_t *)job->src : nothing,
	    .dst = cipher ? (job->len ? job->dst : nothing) : NULL,
	    .mac = session->base.mac ? job->mac : NULL,
	    .iv = cipher && cipher->iv_len ? iv : NULL,
	};
	int error;

	if (vcd_alg_mode(cipher) == VCD_MODE_XTS && job->len > VCD_XTS_MAX_LEN)
		return VCD_S_INVALID;
	memcpy(iv, job->iv, sizeof(iv));
	if (cipher)
		vcd_iv_save(&saved, job);
	error = control(engine, fd, CIOCCRYPT, &op);
	if (error)
		return status_of(error);
	if (vcd_alg_mode(cipher) == VCD_MODE_XTS)
		return xts_next(engine, session, lane, job) ? VCD_S_OK : VCD_S_IO;
	if (cipher)
		vcd_iv_next(&saved, job);
	return VCD_S_OK;
}

/*
 * A job whose hash is begun before it or goes on after it. The ABI ends a hash
 * at any operation without data, so that one is not sent unless the end is meant.
 */
static uint32_t crypt_stateful(struct cdev_engine *engine, struct cdev_lane *lane,
			       struct vcd_job *job)
{
	struct cdev_session *session = to_session(job->session);
	uint16_t cop_flags = COP_FLAG_UPDATE;
	uint32_t status;

	if (job->flags & VCD_JOB_HASH_RESET) {
		session->begun = true;
		session->fed = false;
	}
	if (!session->begun)
		return VCD_S_NOSTATE;
	if (job->flags & VCD_JOB_HASH_FINAL)
		cop_flags = COP_FLAG_FINAL;
	else if (!job->len)
		return VCD_S_OK;
	if (!session->fed)
		cop_flags |= COP_FLAG_RESET;
	status = crypt_job(engine, engine->control, session->state_ses, cop_flags, lane, job);
	session->fed = true;
	if (status != VCD_S_OK || job->flags & VCD_JOB_HASH_FINAL)
		session->begun = false;
	return status;
}

static bool bounce_for(struct cdev_worker *worker, size_t len)
{
	uint8_t *larger;

	if (len <= worker->bounce_size)
		return true;
	larger = OPENSSL_malloc(len);
	if (!larger)
		return false;
	OPENSSL_clear_free(worker->bounce, worker->bounce_size);
	worker->bounce = larger;
	worker->bounce_size = len;
	return true;
}

/* The ABI takes CCM's nonce as the first counter block: L - 1, nonce, zeroes. */
static void aead_iv(const struct vcd_job *job, uint8_t iv[EALG_MAX_BLOCK_LEN])
{
	memset(iv, 0, EALG_MAX_BLOCK_LEN);
	if (job->session->cipher->id == CRYPTO_AES_CCM) {
		iv[0] = (uint8_t)(14 - job->iv_len);
		iv++;
	}
	memcpy(iv, job->iv, job->iv_len);
}

static uint32_t authcrypt(struct cdev_engine *engine, unsigned int number, uint32_t ses,
			  struct vcd_job *job)
{
	struct cdev_worker *worker = &engine->workers[number];
	bool decrypt = job->flags & VCD_JOB_DECRYPT;
	size_t whole = (size_t)job->len + job->mac_len;
	uint8_t iv[EALG_MAX_BLOCK_LEN];
	struct crypt_auth_op op;
	int error;

	if (!vcd_aead_lengths_ok(job))
		return VCD_S_INVALID;
	if (!bounce_for(worker, whole))
		return VCD_S_NOMEM;
	if (job->len)
		memcpy(worker->bounce, job->src, job->len);
	if (decrypt)
		memcpy(worker->bounce + job->len, job->mac, job->mac_len);
	aead_iv(job, iv);
	op = (struct crypt_auth_op){
	    .ses = ses,
	    .op = decrypt ? COP_DECRYPT : COP_ENCRYPT,
	    .len = (uint32_t)(decrypt ? whole : job->len),
	    .auth_len = job->aad_len,
	    .auth_src = job->aad_len ? (uint8_t *)job->aad : NULL,
	    .src = worker->bounce,
	    .dst = worker->bounce,
	    .tag_len = job->mac_len,
	    .iv = iv,
	    .iv_len = sizeof(iv),
	};
	error = control(engine, worker->fd, CIOCAUTHCRYPT, &op);
	if (error) {
		OPENSSL_cleanse(worker->bounce, whole);
		return status_of(error);
	}
	if (job->len)
		memcpy(job->dst, worker->bounce, job->len);
	if (!decrypt)
		memcpy(job->mac, worker->bounce + job->len, job->mac_len);
	return VCD_S_OK;
}

static uint32_t run_job(struct cdev_engine *engine, unsigned int worker, struct vcd_job *job)
{
	const uint32_t self_contained = VCD_JOB_HASH_RESET | VCD_JOB_HASH_FINAL;
	struct cdev_session *session = to_session(job->session);
	struct cdev_lane *lane = &session->lanes[worker];
	uint32_t status, ses;

	if (session->base.mac && !(job->flags & VCD_JOB_CIPHER_ONLY)) {
		job->mac_len = 0;
		if (job->flags & VCD_JOB_HASH_FINAL)
			job->mac_len = (uint8_t)session->base.mac->digest_len;
		if ((job->flags & self_contained) != self_contained)
			return crypt_stateful(engine, lane, job);
	}
	status = lane_session(engine, worker, session, job, &ses);
	if (status != VCD_S_OK)
		return status;
	if (vcd_alg_mode(session->base.cipher) == VCD_MODE_AEAD)
		return authcrypt(engine, worker, ses, job);
	/* No flags: the hash begins and ends here. */
	return crypt_job(engine, engine->workers[worker].fd, ses, COP_FLAG_NONE, lane, job);
}

static void engine_run(struct vcd_engine *base, unsigned int worker, struct vcd_job *const jobs[],
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		jobs[i]->status = run_job(to_engine(base), worker, jobs[i]);
}

static uint32_t hash_copy(struct vcd_engine_session *dst_base, struct vcd_engine_session *src_base)
{
	struct cdev_engine *engine = to_engine(dst_base->engine);
	struct cdev_session *dst = to_session(dst_base), *src = to_session(src_base);
	struct cphash_op op = {.dst_ses = dst->state_ses, .src_ses = src->state_ses};
	uint32_t status = VCD_S_OK;

	if (!vcd_key_equal(&dst->mackey, &src->mackey))
		return VCD_S_INVALID;
	if (!src->begun)
		return VCD_S_NOSTATE;
	dst->begun = true;
	dst->fed = src->fed;
	if (src->fed)
		status = status_of(control(engine, engine->control, CIOCCPHASH, &op));
	if (status != VCD_S_OK)
		dst->begun = false;
	return status;
}

const struct vcd_engine_ops vcd_engine_cryptodev = {
    .name = "cryptodev",
    .lanes = 1,
    .sleeps = true,
    .open = engine_open,
    .close = engine_close,
    .has = engine_has,
    .session_new = session_new,
    .session_free = session_free,
    .run = engine_run,
    .hash_copy = hash_copy,
    .driver_name = driver_name,
};
