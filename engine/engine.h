/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - sessions and jobs on a crypto backend.
 *
 * Theory of operation
 * -------------------
 * An engine carries out jobs on sessions. It knows nothing of guests, wires or rings: its callers
 * (device/, vcrypto-bench) pass checked, contiguous buffers. All jobs are done when eng_run()
 * returns. One call takes a *batch*: a multi-buffer backend fills its lanes from it, the others
 * run one job after the other.
 *
 * Several threads, numbered from 0, may run jobs at once, also on the same session. A backend keeps
 * what is not thread-safe (EVP contexts, multi-buffer managers) once per session and thread. The
 * first use makes it.
 *
 * Invariants
 * - The caller frees a session only when no job on it is running (device/session_table.h).
 * - A cipher keeps nothing between jobs: the job brings the IV, and takes away the IV to continue
 *   with.
 * - A hash over several jobs keeps its state in the session. The caller runs at most one such job
 *   on a session at a time.
 * - A job whose status is not VCD_S_OK has no result: output that failed authentication is never
 *   left in dst.
 *
 * Errors: functions return 0 or a negative errno; jobs end with an enum vcd_status. The library
 * prints nothing.
 */
#ifndef ENG_H
#define ENG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "virtio_cryptodev.h"

/** enum eng_alg_kind - what an algorithm number stands for. */
enum eng_alg_kind {
	ENG_ALG_CIPHER = 1, /* session_op.cipher, used by CRYPT */
	ENG_ALG_HASH,	    /* session_op.mac, no key */
	ENG_ALG_MAC,	    /* session_op.mac, keyed */
	ENG_ALG_AEAD,	    /* session_op.cipher, used by AUTHCRYPT */
};

/**
 * struct eng_alg - the facts of one algorithm, the same for every backend.
 * @id: enum cryptodev_crypto_op_t
 * @kind: enum eng_alg_kind
 * @name: as kernels write it, "cbc(aes)"
 * @cli_name: in command lines, without the key size, "aes-cbc"
 * @block_size: data lengths are a multiple of it, a power of two; 1 for stream modes and hashes
 * @iv_len: IV bytes; 0 where there is none; AEAD: the usual nonce
 * @digest_len: digest bytes of a hash or MAC; tag bytes of an AEAD
 * @key_step: key lengths are key_min + n * key_step, up to key_max; 0: key_min only
 */
struct eng_alg {
	uint32_t id;
	enum eng_alg_kind kind;
	const char *name;
	const char *cli_name;
	uint16_t block_size;
	uint16_t iv_len;
	uint16_t digest_len;
	uint16_t key_min;
	uint16_t key_max;
	uint16_t key_step;
};

/** eng_alg_find - the table's entry for number @id, or NULL. */
const struct eng_alg *eng_alg_find(uint32_t id);

/** eng_alg_at - entry @i of the table, NULL after the last one. */
const struct eng_alg *eng_alg_at(size_t i);

/** eng_alg_key_ok - whether @len bytes are a key length of @alg. */
bool eng_alg_key_ok(const struct eng_alg *alg, size_t len);

/** eng_alg_iv_ok - whether @len is an IV or nonce length of @alg: iv_len; CCM: 7 to 13. */
bool eng_alg_iv_ok(const struct eng_alg *alg, size_t len);

/**
 * eng_alg_tag_ok - whether @len is a tag length of the AEAD @alg.
 *
 * GCM: 4, 8, 12 to 16 (SP 800-38D); CCM: 4 to 16, even (SP 800-38C); others 1 to digest_len.
 */
bool eng_alg_tag_ok(const struct eng_alg *alg, size_t len);

/**
 * struct eng_session_params - what a session is made of.
 * @cipher: cipher or AEAD, or NULL
 * @mac: hash or MAC, or NULL
 * @key: cipher key, caller's memory, copied
 * @key_len: bytes at @key
 * @mackey: MAC key, caller's memory, copied
 * @mackey_len: bytes at @mackey
 */
struct eng_session_params {
	const struct eng_alg *cipher;
	const struct eng_alg *mac;
	const uint8_t *key;
	size_t key_len;
	const uint8_t *mackey;
	size_t mackey_len;
};

/*
 * The most memory that an engine takes, in blocks of powers of two: for itself and the libraries;
 * for each thread, its managers and the contexts of 1,024 sessions (cache.h; Blowfish has the
 * largest); for each session, its keys, schedule and half-done hash. The engine cryptodev also has,
 * for each thread, memory for two of the largest AEAD jobs.
 */
#define ENG_BYTES ((size_t)16 << 20)
#define ENG_THREAD_BYTES ((size_t)20 << 20)
#define ENG_SESSION_BYTES ((size_t)8 << 10)

/** eng_memory - bytes that an engine with @threads threads takes for @sessions sessions. */
static inline size_t eng_memory(unsigned int threads, size_t sessions)
{
	return ENG_BYTES + threads * ENG_THREAD_BYTES + sessions * ENG_SESSION_BYTES;
}

struct engine;

/**
 * struct eng_session - head of every backend's session.
 * @engine: the engine it belongs to
 * @cipher: cipher or AEAD, or NULL
 * @mac: hash or MAC, or NULL
 */
struct eng_session {
	struct engine *engine;
	const struct eng_alg *cipher;
	const struct eng_alg *mac;
};

/** enum eng_job_flag - what a job does. */
enum eng_job_flag {
	ENG_JOB_DECRYPT = 0x1,
	ENG_JOB_HASH_RESET = 0x2,
	ENG_JOB_HASH_FINAL = 0x4,
	/* On a session with cipher and MAC, one of them only, as if it had no other. */
	ENG_JOB_CIPHER_ONLY = 0x8,
	ENG_JOB_HASH_ONLY = 0x10, /* with HASH_RESET and HASH_FINAL */
};

/**
 * struct eng_job - one operation on contiguous buffers.
 * @session: borrowed until the job is done
 * @src: input, @len bytes. It may be guest memory, which can change at any time: a backend reads
 *	each byte once, or does not depend on reading the same twice. Private memory for an
 *	AEAD's decryption
 * @dst: output, @len bytes; equal to @src or not overlapping; NULL without a cipher
 * @aad: AEAD: additional authenticated data
 * @flags: enum eng_job_flag
 * @len: data bytes at @src; a multiple of the cipher's block size; AEAD: without the tag
 * @aad_len: bytes at @aad
 * @status: out: enum vcd_status
 * @iv: in: IV; out: the IV to continue with
 * @iv_len: bytes of @iv that count
 * @mac_len: digest or tag bytes in @mac
 * @mac: out: digest or MAC of the plaintext when it was due; AEAD encrypt: out: tag;
 *	AEAD decrypt: in: the tag to compare with
 *
 * Members that every job uses come first, on as few cache lines as possible.
 */
struct eng_job {
	struct eng_session *session;
	const uint8_t *src;
	uint8_t *dst;
	const uint8_t *aad;
	uint32_t flags;
	uint32_t len;
	uint32_t aad_len;
	uint32_t status;
	uint8_t iv[VCD_MAX_IV_LEN];
	uint8_t iv_len;
	uint8_t mac_len;
	uint8_t mac[VCD_MAX_DIGEST_LEN];
};

/**
 * struct eng_ops - a backend: openssl/engine.c, ipsecmb/engine.c, cryptodev/engine.c.
 * @name: as --engine names it
 * @lanes: jobs that it works on at a time: a batch of this size is worth waiting for
 * @sleeps: a job may sleep in the kernel; else it computes in the calling thread
 * @min_segment: from this many bytes on average, a job for each segment of a scattered message
 *	costs less than a copy of the message; 0: never
 * @open: make an engine for @threads threads. @arg is what follows ':' in the engine's name, or
 *	NULL. 0 and *ret set, or a negative errno: ENODEV there is no such device or library,
 *	ELIBBAD it computes nothing right, ENOMEM, EINVAL bad @arg
 * @close: free it; no session of it may exist
 * @has: whether it can serve this cipher and this mac (either may be NULL) together
 * @session_new: make a session. The common checks (key lengths, a pair that makes
 *	sense) are done. 0, -EINVAL key refused, -ENOTSUP, -ENOMEM, -EIO
 * @session_free: end a session and wipe its keys
 * @run: carry out @n jobs of thread @thread; sets each job's status, iv, mac
 * @hash_copy: make @dst's half-done hash equal to @src's; VCD_S_*
 * @driver_name: name of the implementation of @alg, for SESSION_INFO
 * @describe: for eng_describe(); NULL: there is one implementation of each algorithm
 */
struct eng_ops {
	const char *name;
	unsigned int lanes;
	bool sleeps;
	uint32_t min_segment;
	int (*open)(const char *arg, unsigned int threads, struct engine **ret);
	void (*close)(struct engine *engine);
	bool (*has)(struct engine *engine, const struct eng_alg *cipher, const struct eng_alg *mac);
	int (*session_new)(struct engine *engine, const struct eng_session_params *params,
			   struct eng_session **ret);
	void (*session_free)(struct eng_session *session);
	void (*run)(struct engine *engine, unsigned int thread, struct eng_job *const jobs[],
		    size_t n);
	uint32_t (*hash_copy)(struct eng_session *dst, struct eng_session *src);
	const char *(*driver_name)(struct engine *engine, const struct eng_alg *alg);
	void (*describe)(struct engine *engine, FILE *out);
};

/**
 * struct engine - head of every backend's engine.
 * @ops: backend
 * @name: the backend's, or "auto"
 * @threads: threads that may run jobs
 * @failed: a bit for each algorithm, in the order of eng_alg_at(), that gave a wrong known answer
 *	(selftest.h); eng_has() denies it
 */
struct engine {
	const struct eng_ops *ops;
	const char *name;
	unsigned int threads;
	uint64_t failed;
};

/**
 * eng_open - open an engine by name.
 * @spec: "auto", "openssl", "openssl:fips", "ipsec-mb", "cryptodev" or "cryptodev:PATH". "auto"
 *	chooses openssl or ipsec-mb for each job; it is openssl alone without ipsec-mb.
 *	"openssl:fips" has the algorithms of OpenSSL's FIPS module
 * @threads: threads that will run jobs, numbered 0 to @threads-1
 * @ret: out: the engine; untouched on failure
 *
 * An engine that is open has computed known answers with each algorithm that eng_has() reports.
 *
 * Return: 0, -EINVAL for an unknown name, or what the backend's open returned; -ENODEV for
 * "ipsec-mb" where it was not compiled in.
 */
int eng_open(const char *spec, unsigned int threads, struct engine **ret);

/** The file in which Linux reports FIPS mode. */
#define ENG_FIPS_ENABLED "/proc/sys/crypto/fips_enabled"

/**
 * eng_defies_fips - whether the file at @path (ENG_FIPS_ENABLED) says that the host is in FIPS
 * mode, and engine @spec is not "openssl:fips".
 */
bool eng_defies_fips(const char *spec, const char *path);

/** eng_close - free an engine; NULL is allowed. Return: NULL. */
struct engine *eng_close(struct engine *engine);

/** eng_names - the specs of eng_open(), for --help; ends with NULL. */
const char *const *eng_names(void);

/**
 * eng_has - whether @engine serves @cipher with @mac (either may be NULL).
 */
bool eng_has(struct engine *engine, const struct eng_alg *cipher, const struct eng_alg *mac);

/**
 * eng_failed - algorithm @i of those that @engine computes wrongly, NULL after the last one.
 */
const struct eng_alg *eng_failed(const struct engine *engine, size_t i);

/**
 * eng_session_new - make a session after checking @params.
 *
 * Return: 0 and *@ret, -ENOTSUP the engine does not have the algorithms,
 * -EINVAL a bad key length or a key the algorithm refuses, -ENOMEM, -EIO.
 */
int eng_session_new(struct engine *engine, const struct eng_session_params *params,
		    struct eng_session **ret);

/** eng_session_free - free a session and wipe its keys; NULL is allowed. */
void eng_session_free(struct eng_session *session);

/**
 * eng_run - carry out a batch; it is done when this returns.
 * @engine: engine of all the sessions
 * @thread: the calling thread's number
 */
void eng_run(struct engine *engine, unsigned int thread, struct eng_job *const jobs[], size_t n);

/**
 * eng_hash_copy - make @dst's half-done hash equal to @src's.
 *
 * The caller runs no job on either session meanwhile.
 *
 * Return: VCD_S_OK; VCD_S_INVALID the sessions' algorithms or MAC keys differ, there is no hash,
 * or both are the same session; VCD_S_NOSTATE @src has no half-done hash; VCD_S_NOMEM, VCD_S_IO.
 */
uint32_t eng_hash_copy(struct eng_session *dst, struct eng_session *src);

/** eng_driver_name - name of @engine's implementation of @alg, "openssl-cbc-aes". */
const char *eng_driver_name(struct engine *engine, const struct eng_alg *alg);

/**
 * eng_describe - print which implementation carries out which jobs.
 *
 * The text is explanations, lines that begin with #, then a line for each algorithm and direction.
 * It holds for the life of the engine. Safe while jobs run.
 */
void eng_describe(struct engine *engine, FILE *out);

/** eng_iv_advance_ctr - add @blocks to the 128-bit big-endian counter @iv, wrapping. */
void eng_iv_advance_ctr(uint8_t iv[VCD_MAX_IV_LEN], uint64_t blocks);

extern const struct eng_ops eng_openssl;
extern const struct eng_ops eng_cryptodev;
/* With VCD_HAVE_IPSEC_MB. With the argument "auto" it chooses an implementation for each job. */
extern const struct eng_ops eng_ipsecmb;

#endif /* ENG_H */
