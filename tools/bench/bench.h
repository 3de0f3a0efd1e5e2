/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - what the parts of vcrypto-bench share.
 *
 * Theory of operation
 * -------------------
 * A *mode* is a way to get crypto work done: a function call (engine, openssl), a
 * ring (wire, keys), a system call (dev); or what such a way consists of at the least: two processes
 * that take turns through shared memory (pingpong) or in their sleep (eventfd). A *workload* says
 * what work. A *bench* is one workload in one mode: it is opened once, its result is verified
 * against libcrypto once, and then it runs for *slices* of time, whose results add up. Comparing
 * two modes is running slices of both in turn, so that what else goes on in the machine hits both.
 *
 * Each thread of a bench keeps `depth` operations going and records for every
 * operation the time from handing it over to having its result.
 */
#ifndef VCD_BENCH_BENCH_H
#define VCD_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/engine.h"
#include "tools/bench/histogram.h"

#define BENCH_MAX_THREADS 64
#define BENCH_MAX_DEPTH 1024
#define BENCH_MAX_SESSIONS 65536
#define BENCH_MAX_SIZE (16u << 20)
#define BENCH_MAX_AAD 4096
#define BENCH_MAX_BATCH 1024

/** enum bench_submit - how operations are handed to /dev/crypto. */
enum bench_submit {
	BENCH_SUBMIT_SYNC,  /* CIOCCRYPT, CIOCAUTHCRYPT */
	BENCH_SUBMIT_BATCH, /* CIOCCRYPTBATCH, workload.batch of them in a call */
	BENCH_SUBMIT_ASYNC, /* CIOCASYNCCRYPT, poll(), CIOCASYNCFETCH, workload.depth under way */
};

struct sign_kind;

/**
 * struct workload - what is to be done.
 * @sign: a mode that signs: the kind of key; else NULL
 * @alg: algorithm, in the other modes
 * @name: as the user wrote it, "aes-128-cbc"; "none" in a mode that does no cryptography
 * @key_len: bytes of key, of a MAC too
 * @decrypt: direction
 * @size: bytes of data of one operation
 * @aad_len: AEAD: bytes of additional authenticated data
 * @tag_len: AEAD: bytes of tag
 * @depth: operations at one time, of each thread
 * @threads: threads
 * @sessions: sessions of each thread, used in turn
 * @submit: how, in mode dev
 * @batch: operations of one call, for BENCH_SUBMIT_BATCH
 * @zero_copy: 1: mode dev passes COP_FLAG_ZERO_COPY
 */
struct workload {
	const struct sign_kind *sign;
	const struct eng_alg *alg;
	const char *name;
	size_t key_len;
	bool decrypt;
	uint32_t size;
	uint32_t aad_len;
	uint32_t tag_len;
	unsigned int depth;
	unsigned int threads;
	unsigned int sessions;
	enum bench_submit submit;
	unsigned int batch;
	unsigned int zero_copy;
};

/** enum bench_place - who runs on which CPU, see affinity.h. */
enum bench_place {
	BENCH_PLACE_FREE,     /* as the kernel has it */
	BENCH_PLACE_APART,    /* our threads on CPUs of their own, the others have the rest */
	BENCH_PLACE_TOGETHER, /* each thread on one CPU with what serves it */
};

/**
 * struct target - where it is to be done; modes take what concerns them.
 * @engine: engine
 * @daemon: daemon to start, NULL: the one we were built with
 * @socket: socket of a running one, NULL: start one
 * @device: /dev/crypto
 * @poll_us: for the daemon
 * @spin_us: how long we look at a ring before we sleep
 * @place: which CPUs our threads and a process in our service run on
 * @keeper: keeper to start, NULL: the one we were built with
 * @keeper_threads: threads of it that sign
 * @slow_load: signatures with a slow token that are outstanding meanwhile; 0: there is no keeper
 * @slow_ms: how long one of them takes
 * @slow_module: PKCS#11 module that is so slow, NULL: the one we were built with
 */
struct target {
	const char *engine;
	const char *daemon;
	const char *socket;
	const char *device;
	unsigned int poll_us;
	unsigned int spin_us;
	enum bench_place place;
	const char *keeper;
	unsigned int keeper_threads;
	unsigned int slow_load;
	unsigned int slow_ms;
	const char *slow_module;
};

/* Looks at shared memory between two looks at the clock, when something polls. */
#define BENCH_SPINS 64

struct bench;

/**
 * struct bench_thread - one thread of a bench.
 * @bench: its bench
 * @number: from 0
 * @state: of the mode
 * @latency: of this slice, ns
 * @ops: operations in this slice
 * @cpu_ns: CPU time of this slice
 * @err: 0, or what went wrong
 */
struct bench_thread {
	struct bench *bench;
	unsigned int number;
	void *state;
	struct histogram latency;
	uint64_t ops;
	uint64_t cpu_ns;
	int err;
};

/**
 * struct bench_mode - a way to get work done. One file each.
 * @name: as on the command line
 * @signs: it makes signatures: keys are measured, not sizes
 * @open: get ready; sets bench->state and bench->engine_name. Prints what is wrong
 * @close: undo it
 * @thread_open: make a thread's buffers and sessions, fill the input with bench_input()
 * @thread_close: undo it
 * @check: carry out the first operations and compare them with bench->expected
 * @step: for bench_run_steps(): carry out operations, one or some at once, and say how many; or
 *	a negative errno
 * @run: carry out operations until bench_time_up(), count and time them; NULL: bench_run_steps()
 * @begin: what a slice needs before its clock runs; or NULL
 * @end: what comes after its clock has stopped, given the slice's 0 or error, which it returns if
 *	it has none of its own; or NULL
 * @worker: process number n in our service, whose CPU time and memory count, 0 behind the last;
 *	or NULL
 */
struct bench_mode {
	const char *name;
	bool signs;
	int (*open)(struct bench *bench);
	void (*close)(struct bench *bench);
	int (*thread_open)(struct bench_thread *thread);
	void (*thread_close)(struct bench_thread *thread);
	int (*check)(struct bench_thread *thread);
	int (*step)(struct bench_thread *thread);
	int (*run)(struct bench_thread *thread);
	int (*begin)(struct bench *bench);
	int (*end)(struct bench *bench, int err);
	pid_t (*worker)(struct bench *bench, unsigned int n);
};

extern const struct bench_mode bench_mode_engine;
extern const struct bench_mode bench_mode_openssl;
extern const struct bench_mode bench_mode_wire;
extern const struct bench_mode bench_mode_keys;
extern const struct bench_mode bench_mode_sign;
extern const struct bench_mode bench_mode_dev;
extern const struct bench_mode bench_mode_afalg;
extern const struct bench_mode bench_mode_pingpong;
extern const struct bench_mode bench_mode_eventfd;
extern const struct bench_mode bench_mode_syscall;

/**
 * struct result - what came out, of one slice or several.
 * @ops: operations
 * @ns: time they took, wall clock
 * @cpu_ns: CPU time they took, everywhere
 * @worker_cpu_ns: part of it that another process in our service took
 * @latency: of each
 */
struct result {
	uint64_t ops;
	uint64_t ns;
	uint64_t cpu_ns;
	uint64_t worker_cpu_ns;
	struct histogram latency;
};

/** Bytes of the fixed key that all modes use: a MAC's is as long as its digest at most. */
#define BENCH_KEY_MAX VCD_MAX_KEY_LEN

/**
 * struct bench - one workload in one mode.
 * @mode: mode
 * @work: workload; the mode may lower depth in open
 * @target: target
 * @engine_name: what carried it out, for the report
 * @state: of the mode
 * @key: key
 * @iv: IV
 * @aad: additional authenticated data of every operation, work.aad_len bytes
 * @input: data of every operation, with the tag behind it when an AEAD decrypts
 * @in_len: bytes of it
 * @expected: what must come out: data, then digest or tag
 * @out_len: bytes of it
 * @threads: threads
 * @end_ns: when the slice is over
 * @slice: result of the last slice
 * @total: results of all slices
 * @worker_memory: most bytes of memory that the worker process had after a slice
 */
struct bench {
	const struct bench_mode *mode;
	struct workload work;
	struct target target;
	char engine_name[64];
	void *state;
	uint8_t key[BENCH_KEY_MAX];
	uint8_t iv[VCD_MAX_IV_LEN];
	uint8_t *aad;
	uint8_t *input;
	uint32_t in_len;
	uint8_t *expected;
	uint32_t out_len;
	struct bench_thread *threads;
	uint64_t end_ns;
	struct result slice;
	struct result total;
	uint64_t worker_memory;
};

/** bench_mode_find - a mode by name, or NULL. */
const struct bench_mode *bench_mode_find(const char *name);

/**
 * bench_open - make a bench and verify its result.
 * @mode: mode
 * @work: workload, copied
 * @target: target, copied
 * @ret: out
 *
 * Prints what is wrong. Return: 0 or a negative errno; -EBADMSG when the mode
 * gives wrong results.
 */
int bench_open(const struct bench_mode *mode, const struct workload *work,
	       const struct target *target, struct bench **ret);

/** bench_close - end it; NULL is fine. Return: NULL. */
struct bench *bench_close(struct bench *bench);

/**
 * bench_slice - run for a while; the result goes to bench->slice and is added to bench->total.
 * @bench: bench
 * @seconds: how long
 */
int bench_slice(struct bench *bench, double seconds);

/** bench_run_steps - the mode's step, until bench_time_up(); counted and timed. */
int bench_run_steps(struct bench_thread *thread);

/**
 * bench_clock_tsc - read the processor's time stamp counter from now on, not the system's clock.
 *
 * Where reading the clock is a system call that costs more than what is measured (User-mode
 * Linux). It takes a twentieth of a second to find out how fast the counter runs.
 *
 * Return: 0, -ENOTSUP when the processor does not promise that it runs evenly.
 */
int bench_clock_tsc(void);

/** bench_now_ns - a monotonic clock. */
uint64_t bench_now_ns(void);

/** bench_is_aead - whether operations are those of an AEAD. */
static inline bool bench_is_aead(const struct workload *work)
{
	return work->alg->kind == ENG_ALG_AEAD;
}

/** bench_is_hash - whether operations make a digest or a MAC and put no data out. */
static inline bool bench_is_hash(const struct workload *work)
{
	return work->alg->kind == ENG_ALG_HASH || work->alg->kind == ENG_ALG_MAC;
}

/** bench_data_out - bytes of data that an operation puts out. */
static inline uint32_t bench_data_out(const struct workload *work)
{
	return bench_is_hash(work) ? 0 : work->size;
}

/** bench_tail_out - bytes of digest or tag that an operation puts out. */
static inline uint32_t bench_tail_out(const struct workload *work)
{
	if (bench_is_hash(work))
		return work->alg->digest_len;
	return bench_is_aead(work) && !work->decrypt ? work->tag_len : 0;
}

/** bench_pages - @size rounded up to pages, at least one. */
static inline size_t bench_pages(size_t size)
{
	return (size + 4096) / 4096 * 4096;
}

/** bench_pause - between two looks at shared memory. */
static inline void bench_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/** bench_time_up - whether the slice is over at @now. */
static inline bool bench_time_up(const struct bench *bench, uint64_t now)
{
	return now >= bench->end_ns;
}

/** bench_done - count @n operations that took @ns each. */
static inline void bench_done(struct bench_thread *thread, uint64_t ns, uint64_t n)
{
	histogram_add(&thread->latency, ns, n);
	thread->ops += n;
}

/** bench_error - print a message to standard error, with the program's name. */
void bench_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * bench_make_data - key, IV, AAD, input and what must come out of it.
 *
 * What must come out is libcrypto's work, whatever is measured. Prints what is wrong.
 *
 * Return: 0, -ENOTSUP when this libcrypto does not have the algorithm, -ENOMEM.
 */
int bench_make_data(struct bench *bench);

#endif /* VCD_BENCH_BENCH_H */
