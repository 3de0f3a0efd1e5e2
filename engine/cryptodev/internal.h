/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the parts of the cryptodev backend know of each other.
 *
 *   engine.c    the engine: its open files, which algorithms the device has
 *   session.c   sessions: on which file they are made, and when
 *   run.c       jobs
 *
 * The theory of operation stands in engine.c.
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
 * struct cdev_lane - a session as one thread has it.
 * @ses: id on the thread's file, 0: not made
 * @cipher_ses: the same, of a session with the cipher only
 * @hash_ses: the same, of a session with the hash only
 * @xts: for the IV that continues
 */
struct cdev_lane {
	uint32_t ses;
	uint32_t cipher_ses;
	uint32_t hash_ses;
	struct eng_xts *xts;
};

struct cdev_engine;

/**
 * struct cdev_kept - what a thread has of the sessions that it used last (cache.h).
 * @engine: engine
 * @fd: the thread's open file, for sessions of the ABI
 * @cache: which sessions have lanes
 * @lanes: by the cache's slots
 */
struct cdev_kept {
	struct cdev_engine *engine;
	int fd;
	struct eng_cache cache;
	struct cdev_lane lanes[ENG_CACHE_SLOTS];
};

/**
 * struct cdev_thread - what belongs to one thread.
 * @fd: its open file
 * @bounce: memory for AEAD jobs
 * @bounce_size: its bytes
 * @kept: made by its first job
 */
struct cdev_thread {
	int fd;
	uint8_t *bounce;
	size_t bounce_size;
	struct cdev_kept *kept;
};

/**
 * struct cdev_engine - the engine.
 * @base: head
 * @serial: of the session made last
 * @sys: the system calls
 * @control: open file for everything that belongs to no thread
 * @has: by eng_alg_index()
 * @driver: names for SESSION_INFO, likewise
 * @lib: library context of @ecb
 * @ecb: AES-ECB of 128 and 256 bits, for the IV that continues XTS
 * @threads: one each
 */
struct cdev_engine {
	struct engine base;
	uint64_t serial;
	struct eng_cryptodev_sys sys;
	int control;
	bool has[ENG_ALG_COUNT];
	char driver[ENG_ALG_COUNT][VCD_ALG_NAME_LEN];
	OSSL_LIB_CTX *lib;
	EVP_CIPHER *ecb[2];
	struct cdev_thread threads[];
};

/**
 * struct cdev_session - a session.
 * @base: head
 * @serial: no other session of the engine has or had it; from 1
 * @key: cipher key
 * @mackey: MAC key
 * @state_ses: id on the control file, of the session with the half-done hash
 * @begun: the hash is half done
 * @fed: it has been given data; until then the device has not heard of it
 * @slots: for each thread, the slot that was the session's last
 */
struct cdev_session {
	struct eng_session base;
	uint64_t serial;
	struct eng_key key;
	struct eng_key mackey;
	uint32_t state_ses;
	bool begun;
	bool fed;
	uint16_t slots[];
};

static inline struct cdev_engine *eng_cdev_engine_of(struct engine *engine)
{
	return (struct cdev_engine *)engine;
}

static inline struct cdev_session *eng_cdev_session_of(struct eng_session *session)
{
	return (struct cdev_session *)session;
}

/** eng_cdev_ioctl - an ioctl, again when it was interrupted. Return: 0 or a negative errno. */
int eng_cdev_ioctl(struct cdev_engine *engine, int fd, unsigned long request, void *arg);

/** eng_cdev_status - what a negative errno of the device means for a job: VCD_S_*. */
uint32_t eng_cdev_status(int error);

/**
 * eng_cdev_ses_new - make a session of the ABI.
 * @engine: engine
 * @fd: open file that it is to belong to
 * @params: algorithms and keys
 * @ses: out: its id, not 0
 *
 * Return: 0 or a negative errno.
 */
int eng_cdev_ses_new(struct cdev_engine *engine, int fd, const struct eng_session_params *params,
		     uint32_t *ses);

/** eng_cdev_ses_free - end one; of 0, there is none. */
void eng_cdev_ses_free(struct cdev_engine *engine, int fd, uint32_t ses);

/** eng_cdev_session_new - session_new of struct eng_ops. */
int eng_cdev_session_new(struct engine *base, const struct eng_session_params *params,
			 struct eng_session **ret);

/** eng_cdev_session_free - session_free of struct eng_ops. */
void eng_cdev_session_free(struct eng_session *base);

/**
 * eng_cdev_lane_session - a thread's session on its file for a job, with both algorithms or the
 * one that the job is about; made when it is not there yet.
 * @engine: engine
 * @thread: number of the thread
 * @lane: the thread's lane of the job's session
 * @job: the job
 * @ses: out: its id
 *
 * Return: VCD_S_*.
 */
uint32_t eng_cdev_lane_session(struct cdev_engine *engine, unsigned int thread,
			       struct cdev_lane *lane, const struct eng_job *job, uint32_t *ses);

/** eng_cdev_lane_of - a thread's lane of @session; NULL for lack of memory. */
struct cdev_lane *eng_cdev_lane_of(struct cdev_engine *engine, unsigned int thread,
				   struct cdev_session *session);

/** eng_cdev_kept_free - end what a thread has of sessions; NULL is fine. */
void eng_cdev_kept_free(struct cdev_kept *kept);

/** eng_cdev_run - run of struct eng_ops. */
void eng_cdev_run(struct engine *base, unsigned int thread, struct eng_job *const jobs[], size_t n);

/** eng_cdev_hash_copy - hash_copy of struct eng_ops. */
uint32_t eng_cdev_hash_copy(struct eng_session *dst_base, struct eng_session *src_base);

#endif /* ENG_CRYPTODEV_INTERNAL_H */
