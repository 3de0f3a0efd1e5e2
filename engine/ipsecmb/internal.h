/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of the multi-buffer backend share.
 *
 * Theory of operation
 * -------------------
 * libipsec-mb processes up to 16 messages at a time in the lanes of wide registers. This backend
 * sorts a batch into *groups* of jobs that can share lanes: those of one algorithm, direction and
 * key size. Keys, sessions and queues may differ. Most batches are of one group and one class of
 * length; one pass finds that out, and they are not sorted. For each group a *row* of the policy
 * says from how many jobs of which length the library is faster. An openssl session behind each
 * session gets the other jobs, and those that the library cannot do. `ipsec-mb` always prefers the
 * library; `auto` is the same backend with a table of measurements (policy.c).
 *
 *   engine.c   engine, sorting, delegation
 *   manager.c  the library's managers, and what the CPU must have
 *   session.c  key schedules
 *   run.c      the jobs of a group
 *   policy.c   the table
 *
 * Each thread has its own managers, because they are not thread-safe. It has two: the widest
 * registers are best for AES, the SHA instructions are best for hashes, and a manager has one set
 * of code for everything. Key schedules depend on that set, not on the manager; all threads share
 * a session's schedule, read-only.
 *
 * Invariants
 * - Every job is checked before the library gets it (fits()): the calls without checks are used,
 *   and a job that the library refuses would fail its whole burst, with other sessions' jobs.
 * - When a run returns, no lane of the library holds a job.
 * - Output that failed authentication is wiped from dst before the job ends. The library computes
 *   the tag; this backend compares it, in constant time.
 * - Schedules, managers and intermediate values are wiped before they are freed.
 */
#ifndef ENG_IPSECMB_INTERNAL_H
#define ENG_IPSECMB_INTERNAL_H

#include <intel-ipsec-mb.h>

#include "engine/alg.h"

/** Jobs that are sorted together; more take several rounds. */
#define ENG_MB_BURST 64

/** Longest part of a message where the library counts in 16 bits: CBC encryption, ECB, CCM, SHA. */
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
 * @key_len: bytes of the cipher key; 0: any
 * @decrypt: false where the direction does not matter
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

/**
 * eng_mb_group_find - the group of a session's jobs.
 * @flags: ENG_JOB_DECRYPT or 0
 *
 * Return: its index; 0 when the library does not serve @alg.
 */
unsigned int eng_mb_group_find(const struct eng_alg *alg, size_t key_len, uint32_t flags);

/** enum eng_mb_arch - which of the library's code is used. */
enum eng_mb_arch {
	ENG_MB_SSE,
	ENG_MB_AVX2,
	ENG_MB_AVX512, /* without the vector AES instructions */
	ENG_MB_VAES,   /* AVX512 with them */
};

/**
 * struct eng_mb_row - the fewest jobs for which the library is used, by class of length.
 *
 * 0: never. Jobs of a longer class count for a shorter one, too.
 */
struct eng_mb_row {
	uint8_t min_jobs[ENG_MB_CLASSES];
};

/**
 * struct eng_mb_cpu - the code that the library uses on this CPU.
 * @aes: for ciphers and AEADs
 * @hash: for hashes
 * @sha_ni: the CPU has the SHA instructions
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
 * @hash: manager for hashes, NULL before the first hash
 * @burst: jobs for the synchronous calls
 * @gcm: state of a GCM message
 */
struct eng_mb_thread {
	IMB_MGR *aes;
	IMB_MGR *hash;
	IMB_JOB burst[ENG_MB_BURST];
	struct gcm_context_data gcm;
};

/** union eng_mb_schedule - a key in the form that the library needs. */
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
 * @inner: the openssl session behind it
 * @group: [0] of encryption and of hashes, [1] of decryption; 0: @inner gets all jobs
 * @key_len: bytes of the cipher key
 * @schedule_size: bytes at @schedule
 * @schedule: owned, or NULL
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
 * @inner: the openssl engine
 * @aes: a manager's functions, for the schedules of ciphers; it has no lanes
 * @hash: the same for hashes
 * @rows: policy, by group
 * @drivers: names for SESSION_INFO, by eng_alg_index()
 * @threads: the first job of each thread makes its entry
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
 * Return: 0; -ENODEV the CPU or the system lacks what the library needs, or the library fails its
 * own test; -ENOMEM.
 */
int eng_mb_cpu_detect(struct eng_mb_engine *engine);

/**
 * eng_mb_alloc - allocate zeroed memory for keys or data, with libcrypto's allocator.
 *
 * So it is where a program has libcrypto keep its secrets (the daemon: in its vault).
 *
 * Return: @size bytes at the start of a cache line; NULL without memory.
 */
void *eng_mb_alloc(size_t size);

/** eng_mb_free - wipe and free @size bytes of eng_mb_alloc(); NULL is allowed. */
void eng_mb_free(void *memory, size_t size);

/** eng_mb_manager_new - make a manager. Return: NULL without memory. */
IMB_MGR *eng_mb_manager_new(enum eng_mb_arch arch);

/** eng_mb_manager_free - wipe and free; NULL is allowed. */
void eng_mb_manager_free(IMB_MGR *manager);

/** eng_mb_schedule_new - make @session's groups and schedule. Return: 0 or -ENOMEM. */
int eng_mb_schedule_new(struct eng_mb_engine *engine, struct eng_mb_session *session,
			const struct eng_session_params *params);

/** eng_mb_schedule_free - wipe and free. */
void eng_mb_schedule_free(struct eng_mb_session *session);

/**
 * eng_mb_run_group - carry out jobs that were checked.
 * @thread: of the calling thread
 * @group: group of all the jobs
 * @jobs: status, iv and mac are set
 * @n: at most ENG_MB_BURST
 */
void eng_mb_run_group(struct eng_mb_engine *engine, struct eng_mb_thread *thread,
		      const struct eng_mb_group *group, struct eng_job *const jobs[], size_t n);

#endif /* ENG_IPSECMB_INTERNAL_H */
