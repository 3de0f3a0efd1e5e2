/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.c - sessions of the cryptodev backend, and the sessions of the ABI that they use.
 */
#include "engine/cryptodev/internal.h"

#include <errno.h>
#include <stdlib.h>

/* An ioctl that is interrupted this often in a row fails. */
#define MAX_INTERRUPTS 1000

int eng_cdev_ioctl(struct eng_cdev_engine *engine, int fd, unsigned long request, void *arg)
{
	for (unsigned int i = 0; i < MAX_INTERRUPTS; i++) {
		if (engine->sys.ioctl(fd, request, arg) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
	return -EINTR;
}

uint32_t eng_cdev_status(int error)
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
		/* Also EINVAL and EFAULT: the job was checked, so the caller is not at fault. */
		return VCD_S_IO;
	}
}

int eng_cdev_ses_new(struct eng_cdev_engine *engine, int fd,
		     const struct eng_session_params *params, uint32_t *ses)
{
	struct session_op op = {
	    .cipher = params->cipher ? params->cipher->id : 0,
	    .mac = params->mac ? params->mac->id : 0,
	    .keylen = (uint32_t)params->key_len,
	    .key = (uint8_t *)params->key,
	    .mackeylen = (uint32_t)params->mackey_len,
	    .mackey = (uint8_t *)params->mackey,
	};
	int error = eng_cdev_ioctl(engine, fd, CIOCGSESSION, &op);

	if (!error)
		*ses = op.ses;
	return error;
}

void eng_cdev_ses_free(struct eng_cdev_engine *engine, int fd, uint32_t ses)
{
	/* A failure is ignored: the last close frees the session in any case. */
	if (ses)
		eng_cdev_ioctl(engine, fd, CIOCFSESSION, &ses);
}

static struct eng_session_params params_of(const struct eng_cdev_session *session)
{
	return (struct eng_session_params){
	    .cipher = session->base.cipher,
	    .mac = session->base.mac,
	    .key = session->key.bytes,
	    .key_len = session->key.len,
	    .mackey = session->mackey.bytes,
	    .mackey_len = session->mackey.len,
	};
}

static void lane_release(void *lanes, uint16_t slot)
{
	struct eng_cdev_kept *kept = lanes;
	struct eng_cdev_lane *lane = &kept->lanes[slot];

	eng_cdev_ses_free(kept->engine, kept->fd, lane->ses);
	eng_cdev_ses_free(kept->engine, kept->fd, lane->cipher_ses);
	eng_cdev_ses_free(kept->engine, kept->fd, lane->hash_ses);
	eng_xts_free(lane->xts);
	*lane = (struct eng_cdev_lane){0};
}

void eng_cdev_kept_free(struct eng_cdev_kept *kept)
{
	if (kept)
		eng_cache_end(&kept->cache, lane_release, kept);
	free(kept);
}

struct eng_cdev_lane *eng_cdev_lane_of(struct eng_cdev_engine *engine, unsigned int number,
				       struct eng_cdev_session *session)
{
	struct eng_cdev_thread *thread = &engine->threads[number];
	struct eng_cdev_kept *kept = thread->kept;
	uint16_t slot = session->slots[number];

	if (kept && eng_cache_hit(&kept->cache, slot, session->serial))
		return &kept->lanes[slot];
	if (!kept) {
		kept = calloc(1, sizeof(*kept));
		if (!kept)
			return NULL;
		kept->engine = engine;
		kept->fd = thread->fd;
		eng_cache_init(&kept->cache);
		/* Other threads read this when they free a session. */
		__atomic_store_n(&thread->kept, kept, __ATOMIC_RELEASE);
	}
	slot = eng_cache_take(&kept->cache, session->serial, lane_release, kept);
	session->slots[number] = slot;
	return &kept->lanes[slot];
}

void eng_cdev_session_free(struct eng_session *base)
{
	struct eng_cdev_engine *engine = eng_cdev_engine_of(base->engine);
	struct eng_cdev_session *session = eng_cdev_session_of(base);

	for (unsigned int i = 0; i < base->engine->threads; i++) {
		struct eng_cdev_kept *kept =
		    __atomic_load_n(&engine->threads[i].kept, __ATOMIC_ACQUIRE);

		if (kept)
			eng_cache_drop(&kept->cache, session->slots[i], session->serial,
				       lane_release, kept);
	}
	eng_cdev_ses_free(engine, engine->control, session->state_ses);
	eng_key_wipe(&session->key);
	eng_key_wipe(&session->mackey);
	free(session);
}

/* Try the keys on the device. A session with a hash keeps the session of the ABI. */
static int session_try(struct eng_cdev_engine *engine, struct eng_cdev_session *session)
{
	struct eng_session_params params = params_of(session);
	uint32_t ses;
	int error = eng_cdev_ses_new(engine, engine->control, &params, &ses);

	if (error)
		return error == -EINVAL || error == -ENOMEM ? error : -EIO;
	if (session->base.mac)
		session->state_ses = ses;
	else
		eng_cdev_ses_free(engine, engine->control, ses);
	return 0;
}

int eng_cdev_session_new(struct engine *base, const struct eng_session_params *params,
			 struct eng_session **ret)
{
	struct eng_cdev_session *session;
	int error;

	session = calloc(1, sizeof(*session) + base->threads * sizeof(session->slots[0]));
	if (!session)
		return -ENOMEM;
	session->serial =
	    __atomic_add_fetch(&eng_cdev_engine_of(base)->serial, 1, __ATOMIC_RELAXED);
	session->base.engine = base;
	session->base.cipher = params->cipher;
	session->base.mac = params->mac;
	error = eng_key_set(&session->key, params->key, params->key_len);
	if (!error)
		error = eng_key_set(&session->mackey, params->mackey, params->mackey_len);
	if (!error)
		error = session_try(eng_cdev_engine_of(base), session);
	if (error) {
		eng_cdev_session_free(&session->base);
		return error;
	}
	*ret = &session->base;
	return 0;
}

uint32_t eng_cdev_lane_session(struct eng_cdev_engine *engine, unsigned int thread,
			       struct eng_cdev_lane *lane, const struct eng_job *job, uint32_t *ses)
{
	struct eng_session_params params = params_of(eng_cdev_session_of(job->session));
	uint32_t *which = &lane->ses, status = VCD_S_OK;

	if (params.cipher && params.mac && job->flags & ENG_JOB_CIPHER_ONLY) {
		which = &lane->cipher_ses;
		params.mac = NULL;
		params.mackey_len = 0;
	} else if (params.cipher && params.mac && job->flags & ENG_JOB_HASH_ONLY) {
		which = &lane->hash_ses;
		params.cipher = NULL;
		params.key_len = 0;
	}
	if (!*which)
		status = eng_cdev_status(
		    eng_cdev_ses_new(engine, engine->threads[thread].fd, &params, which));
	*ses = *which;
	return status;
}
