/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of the cryptodev backend share.
 *
 *   engine.c    the engine: its open files, which algorithms the device has
 *   session.c   sessions: on which file they are made, and when
 *   run.c       jobs
 *
 * engine.c has the theory of operation.
 */
#ifndef ENG_CRYPTODEV_INTERNAL_H
#define ENG_CRYPTODEV_INTERNAL_H

#include <openssl/evp.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "engine/cache.h"
#include "engine/cryptodev/backend.h"
#include "engine/key.h"
#include "engine/xts.h"

/**
 * struct eng_cdev_lane - a session as one thread has it.
 * @ses: id on the thread's file, 0: not made
 * @cipher_ses: the same for a session with the cipher only
 * @hash_ses: the same for a session with the hash only
 * @xts: for the IV to continue with
 */
struct eng_cdev_lane {
	uint32_t ses;
	uint32_t cipher_ses;
	uint32_t hash_ses;
	struct eng_xts *xts;
};

struct eng_cdev_engine;

/**
 * struct eng_cdev_kept - the lanes of a thread for the sessions that it used last (cache.h).
 * @fd: the thread's open file, for sessions of the ABI
 * @cache: which sessions have lanes
 * @lanes: with the indices of the cache's slots
 */
struct eng_cdev_kept {
	struct eng_cdev_engine *engine;
	int fd;
	struct eng_cache cache;
	struct eng_cdev_lane lanes[ENG_CACHE_SLOTS];
};

/**
 * struct eng_cdev_thread - what belongs to one thread.
 * @fd: its open file
 * @bounce: memory for AEAD jobs
 * @kept: its first job makes it
 */
struct eng_cdev_thread {
	int fd;
	uint8_t *bounce;
	size_t bounce_size;
	struct eng_cdev_kept *kept;
};

/**
 * struct eng_cdev_engine - the engine.
 * @serial: of the session made last
 * @control: open file for all that belongs to no thread
 * @has: by eng_alg_index()
 * @driver: names for SESSION_INFO, by eng_alg_index()
 * @lib: library context of @ecb
 * @ecb: AES-ECB of 128 and 256 bits, for the IV that XTS continues with
 */
struct eng_cdev_engine {
	struct engine base;
	uint64_t serial;
	struct eng_cryptodev_sys sys;
	int control;
	bool has[ENG_ALG_COUNT];
	char driver[ENG_ALG_COUNT][VCD_ALG_NAME_LEN];
	OSSL_LIB_CTX *lib;
	EVP_CIPHER *ecb[2];
	struct eng_cdev_thread threads[];
};

/**
 * struct eng_cdev_session - a session.
 * @serial: from 1; never given to another session of the engine
 * @state_ses: id on the control file of the session with the half-done hash
 * @begun: the hash is half done
 * @fed: the device has got data of it
 * @slots: for each thread, the session's last slot
 */
struct eng_cdev_session {
	struct eng_session base;
	uint64_t serial;
	struct eng_key key;
	struct eng_key mackey;
	uint32_t state_ses;
	bool begun;
	bool fed;
	uint16_t slots[];
};

static inline struct eng_cdev_engine *eng_cdev_engine_of(struct engine *engine)
{
	return (struct eng_cdev_engine *)engine;
}

static inline struct eng_cdev_session *eng_cdev_session_of(struct eng_session *session)
{
	return (struct eng_cdev_session *)session;
}

/** eng_cdev_ioctl - an ioctl; repeats it when interrupted. Return: 0 or a negative errno. */
int eng_cdev_ioctl(struct eng_cdev_engine *engine, int fd, unsigned long request, void *arg);

/** eng_cdev_status - the job status, VCD_S_*, for a negative errno of the device. */
uint32_t eng_cdev_status(int error);

/**
 * eng_cdev_ses_new - make a session of the ABI.
 * @fd: open file that it is to belong to
 * @ses: out: its id, not 0
 *
 * Return: 0 or a negative errno.
 */
int eng_cdev_ses_new(struct eng_cdev_engine *engine, int fd,
		     const struct eng_session_params *params, uint32_t *ses);

/** eng_cdev_ses_free - end session @ses, unless it is 0. */
void eng_cdev_ses_free(struct eng_cdev_engine *engine, int fd, uint32_t ses);

/** eng_cdev_session_new - session_new of struct eng_ops. */
int eng_cdev_session_new(struct engine *base, const struct eng_session_params *params,
			 struct eng_session **ret);

/** eng_cdev_session_free - session_free of struct eng_ops. */
void eng_cdev_session_free(struct eng_session *base);

/**
 * eng_cdev_lane_session - find or make a thread's session on its file for a job, with both
 * algorithms or with the one that the job uses.
 * @thread: number of the thread
 * @lane: the thread's lane of the job's session
 * @ses: out: its id
 *
 * Return: VCD_S_*.
 */
uint32_t eng_cdev_lane_session(struct eng_cdev_engine *engine, unsigned int thread,
			       struct eng_cdev_lane *lane, const struct eng_job *job,
			       uint32_t *ses);

/** eng_cdev_lane_of - a thread's lane of @session; NULL without memory. */
struct eng_cdev_lane *eng_cdev_lane_of(struct eng_cdev_engine *engine, unsigned int thread,
				       struct eng_cdev_session *session);

/** eng_cdev_kept_free - free the lanes of a thread; NULL is allowed. */
void eng_cdev_kept_free(struct eng_cdev_kept *kept);

/** eng_cdev_run - run of struct eng_ops. */
void eng_cdev_run(struct engine *base, unsigned int thread, struct eng_job *const jobs[], size_t n);

/** eng_cdev_hash_copy - hash_copy of struct eng_ops. */
uint32_t eng_cdev_hash_copy(struct eng_session *dst_base, struct eng_session *src_base);

#endif /* ENG_CRYPTODEV_INTERNAL_H */
