/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of the multi-buffer backend share.
 *
 * Theory of operation
 * -------------------
 * libipsec-mb encrypts up to 16 messages at a time in the lanes of wide registers.
 * A batch of the engine is sorted into *groups*: jobs that can share lanes, which are
 * those of one algorithm, direction and key size. Keys, sessions and the queues they
 * came by may differ. (One that is all of one group and class, as most are, is found to be
 * so in one pass and not sorted.) For each group a *row* of the policy says how many jobs of
 * which length it takes for the library to be the faster way; the other jobs, and all
 * that the library does not have, go to an openssl session that stands behind each of
 * ours. `ipsec-mb` is the backend with a policy that always prefers the library,
 * `auto` the same one with a table of what was measured (policy.c).
 *
 *   engine.c          engine, sorting, delegation
 *   manager.c  the library's managers, and what the CPU must have
 *   session.c  key schedules
 *   run.c      the groups' work
 *   policy.c   the table
 *
 * Each thread has managers of its own: they are not thread-safe. There are two, since
 * the widest registers are best for AES and the SHA instructions for hashes, and a
 * manager has one set of code for everything. Key schedules depend on that set, not
 * on the manager; sessions share theirs among all threads, read-only.
 *
 * Invariants
 * - Every job is checked before it is handed over (fits()): the calls that do not
 *   check are used, and a job that the library refuses would take its whole burst with
 *   it, other sessions' jobs included.
 * - The library is left empty: when a run returns, no lane holds a job.
 * - What failed authentication is wiped from dst before the job ends. The tag is
 *   compared here, in constant time; the library only computes it.
 * - Schedules, managers and intermediate values are wiped before they are freed.
 */
#ifndef ENG_IPSECMB_INTERNAL_H
#define ENG_IPSECMB_INTERNAL_H

#include <intel-ipsec-mb.h>

#include "engine/alg.h"

/** Jobs that are looked at together; more are done in several rounds. */
#define ENG_MB_BURST 64

/** Longest piece for what counts its bytes in 16 bits: CBC encryption, ECB, CCM, hashes. */
#define ENG_MB_MAX_PIECE 65520u

/** Length classes of the policy; see eng_mb_class(). */
#define ENG_MB_CLASSES 5

/** enum eng_mb_service - how the jobs of a group are run. */
enum eng_mb_service {
	ENG_MB_NONE, /* not by the library */
	ENG_MB_CBC_ENCRYPT,
	ENG_MB_CBC_DECRYPT,
	ENG_MB_CTR,
	ENG_MB_ECB,
	ENG_MB_GCM,
	ENG_MB_CCM,
	ENG_MB_CHACHA,
	ENG_MB_SHA,
	ENG_MB_HMAC,
};

/**
 * struct eng_mb_group - jobs that are run together.
 * @service: how
 * @alg: algorithm
 * @key_len: bytes of the cipher key; 0: does not matter
 * @decrypt: direction, where it matters
 * @hash: the library's number of a hash
 */
struct eng_mb_group {
	enum eng_mb_service service;
	uint32_t alg;
	uint8_t key_len;
	bool decrypt;
	IMB_HASH_ALG hash;
};

/** Entries of eng_mb_groups[]; the first is "none". */
#define ENG_MB_GROUPS 37

extern const struct eng_mb_group eng_mb_groups[ENG_MB_GROUPS];

/** eng_mb_group_find - index of the group for @alg, 0 when the library does not serve it. */
unsigned int eng_mb_group_find(const struct eng_alg *alg, size_t key_len, bool decrypt);

/** enum eng_mb_arch - which of the library's code is used. */
enum eng_mb_arch {
	ENG_MB_SSE,
	ENG_MB_AVX2,
	ENG_MB_AVX512, /* without the vector AES instructions */
	ENG_MB_VAES,   /* AVX512 with them */
};

/**
 * struct eng_mb_row - from how many jobs on the library is used, by class of length.
 *
 * 0: never. Jobs of a longer class count for a shorter one, not the other way round.
 */
struct eng_mb_row {
	uint8_t min_jobs[ENG_MB_CLASSES];
};

/**
 * struct eng_mb_cpu - what the library will run on.
 * @aes: code for ciphers and AEADs
 * @hash: code for hashes
 * @sha_ni: the SHA instructions are there
 */
struct eng_mb_cpu {
	enum eng_mb_arch aes;
	enum eng_mb_arch hash;
	bool sha_ni;
};

/** eng_mb_class - length class of @len: up to 32, 128, 512, 2048 bytes, more. */
static inline unsigned int eng_mb_class(uint32_t len)
{
	return (unsigned int)((len > 32) + (len > 128) + (len > 512) + (len > 2048));
}

/** enum eng_mb_policy - when the library gets a job that it can do. */
enum eng_mb_policy {
	ENG_MB_ALWAYS,	 /* ipsec-mb */
	ENG_MB_MEASURED, /* auto: where it was measured to be faster */
};

/** eng_mb_policy_row - the row of a group. */
struct eng_mb_row eng_mb_policy_row(const struct eng_mb_group *group, const struct eng_mb_cpu *cpu,
				    enum eng_mb_policy policy);

/**
 * struct eng_mb_thread - what one thread has.
 * @aes: manager for ciphers and AEADs
 * @hash: manager for hashes, NULL before the first one
 * @burst: jobs for the synchronous calls
 * @gcm: state of a GCM message
 */
struct eng_mb_thread {
	IMB_MGR *aes;
	IMB_MGR *hash;
	IMB_JOB burst[ENG_MB_BURST];
	struct gcm_context_data gcm;
};

/** union eng_mb_schedule - what the library needs of a key. */
union eng_mb_schedule {
	struct {
		_Alignas(16) uint8_t encrypt[15 * 16];
		_Alignas(16) uint8_t decrypt[15 * 16];
	} aes;
	struct gcm_key_data gcm;
	uint8_t chacha[32];
	struct {
		_Alignas(16) uint8_t inner[64];
		_Alignas(16) uint8_t outer[64];
	} hmac;
};

/**
 * struct eng_mb_session - a session.
 * @base: head
 * @inner: openssl's, for what the library does not do
 * @group: [0] of encryption and of hashes, [1] of decryption; 0: all to @inner
 * @key_len: bytes of the cipher key
 * @schedule_size: bytes at @schedule
 * @schedule: of the key, or NULL
 */
struct eng_mb_session {
	struct eng_session base;
	struct eng_session *inner;
	uint8_t group[2];
	uint8_t key_len;
	size_t schedule_size;
	union eng_mb_schedule *schedule;
};

/**
 * struct eng_mb_engine - the engine.
 * @base: head
 * @inner: the openssl engine
 * @cpu: what code is used
 * @aes: a manager's functions, for the schedules of ciphers; has no lanes
 * @hash: likewise of hashes
 * @rows: policy, by group
 * @drivers: names for SESSION_INFO, by eng_alg_index()
 * @threads: made by the first job of each
 */
struct eng_mb_engine {
	struct engine base;
	struct engine *inner;
	struct eng_mb_cpu cpu;
	IMB_MGR aes;
	IMB_MGR hash;
	struct eng_mb_row rows[ENG_MB_GROUPS];
	char drivers[ENG_ALG_COUNT][VCD_ALG_NAME_LEN];
	struct eng_mb_thread *threads[];
};

/**
 * eng_mb_cpu_detect - choose the code for this CPU.
 *
 * Return: 0; -ENODEV the CPU, or the system, lacks what the library needs, or the
 * library fails its own test; -ENOMEM.
 */
int eng_mb_cpu_detect(struct eng_mb_engine *engine);

/**
 * eng_mb_alloc - zeroed memory for what keys or data pass through, from libcrypto's allocator.
 *
 * So it lies where a program has libcrypto keep its secrets (the daemon: in its vault).
 *
 * Return: @size bytes at the start of a cache line; NULL without memory.
 */
void *eng_mb_alloc(size_t size);

/** eng_mb_free - wipe and free @size bytes of eng_mb_alloc(); NULL is fine. */
void eng_mb_free(void *memory, size_t size);

/** eng_mb_manager_new - a manager. Return: NULL for lack of memory. */
IMB_MGR *eng_mb_manager_new(enum eng_mb_arch arch);

/** eng_mb_manager_free - wipe and free; NULL is fine. */
void eng_mb_manager_free(IMB_MGR *manager);

/** eng_mb_schedule_new - make @session's groups and schedule. Return: 0 or -ENOMEM. */
int eng_mb_schedule_new(struct eng_mb_engine *engine, struct eng_mb_session *session,
			const struct eng_session_params *params);

/** eng_mb_schedule_free - wipe and free. */
void eng_mb_schedule_free(struct eng_mb_session *session);

/**
 * eng_mb_run_group - carry out jobs that were checked.
 * @engine: engine
 * @thread: the calling thread's
 * @group: group of all the jobs
 * @jobs: the jobs; status, iv, mac are set
 * @n: at most ENG_MB_BURST
 */
void eng_mb_run_group(struct eng_mb_engine *engine, struct eng_mb_thread *thread,
		      const struct eng_mb_group *group, struct eng_job *const jobs[], size_t n);

#endif /* ENG_IPSECMB_INTERNAL_H */
