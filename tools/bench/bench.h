/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - what the parts of vcrypto-bench share.
 *
 * Theory of operation
 * -------------------
 * A *mode* is a way to get crypto work done: a function call (engine, openssl), a
 * ring (wire), a system call (dev). A *workload* says what work. A *bench* is one
 * workload in one mode: it is opened once, its result is verified against
 * libcrypto once, and then it runs for *slices* of time, whose results add up.
 * Comparing two modes is running slices of both in turn, so that what else goes
 * on in the machine hits both.
 *
 * Each thread of a bench keeps `depth` operations going and records for every
 * operation the time from handing it over to having its result.
 */
#ifndef VCD_BENCH_BENCH_H
#define VCD_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "tools/bench/histogram.h"

#define BENCH_MAX_THREADS 64
#define BENCH_MAX_DEPTH 1024
#define BENCH_MAX_SESSIONS 65536
#define BENCH_MAX_SIZE (16u << 20)

/**
 * struct workload - what is to be done.
 * @alg: algorithm
 * @name: as the user wrote it, "aes-128-cbc"
 * @key_len: bytes of key
 * @decrypt: direction
 * @size: bytes of one operation
 * @depth: operations at one time, of each thread
 * @threads: threads
 * @sessions: sessions of each thread, used in turn
 */
struct workload {
	const struct vcd_alg *alg;
	const char *name;
	size_t key_len;
	bool decrypt;
	uint32_t size;
	unsigned int depth;
	unsigned int threads;
	unsigned int sessions;
};

/**
 * struct target - where it is to be done; modes take what concerns them.
 * @engine: engine
 * @daemon: daemon to start, NULL: the one we were built with
 * @socket: socket of a running one, NULL: start one
 * @device: /dev/crypto
 * @poll_us: for the daemon
 * @spin_us: how long we look at a ring before we sleep
 */
struct target {
	const char *engine;
	const char *daemon;
	const char *socket;
	const char *device;
	unsigned int poll_us;
	unsigned int spin_us;
};

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
 * @open: get ready; sets bench->state and bench->engine_name. Prints what is wrong
 * @close: undo it
 * @thread_open: make a thread's buffers and sessions, fill the input with bench_input()
 * @thread_close: undo it
 * @check: carry out one operation and compare it with bench->expected
 * @run: carry out operations until bench_time_up(), count and time them
 * @foreign_cpu_ns: CPU time used so far by other processes in our service, or NULL
 */
struct bench_mode {
	const char *name;
	int (*open)(struct bench *bench);
	void (*close)(struct bench *bench);
	int (*thread_open)(struct bench_thread *thread);
	void (*thread_close)(struct bench_thread *thread);
	int (*check)(struct bench_thread *thread);
	int (*run)(struct bench_thread *thread);
	uint64_t (*foreign_cpu_ns)(struct bench *bench);
};

extern const struct bench_mode bench_mode_engine;
extern const struct bench_mode bench_mode_openssl;
extern const struct bench_mode bench_mode_wire;
extern const struct bench_mode bench_mode_dev;
extern const struct bench_mode bench_mode_afalg;

/**
 * struct result - what came out, of one slice or several.
 * @ops: operations
 * @ns: time they took, wall clock
 * @cpu_ns: CPU time they took, everywhere
 * @latency: of each
 */
struct result {
	uint64_t ops;
	uint64_t ns;
	uint64_t cpu_ns;
	struct histogram latency;
};

/** Bytes of the fixed key and IV that all modes use. */
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
 * @input: input of every operation, work.size bytes
 * @expected: and what must come out
 * @threads: threads
 * @end_ns: when the slice is over
 * @total: results so far
 */
struct bench {
	const struct bench_mode *mode;
	struct workload work;
	struct target target;
	char engine_name[64];
	void *state;
	uint8_t key[BENCH_KEY_MAX];
	uint8_t iv[VCD_MAX_IV_LEN];
	uint8_t *input;
	uint8_t *expected;
	struct bench_thread *threads;
	uint64_t end_ns;
	struct result total;
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
 * bench_slice - run for a while, add to bench->total.
 * @bench: bench
 * @seconds: how long
 * @ops_per_s: out: of this slice
 */
int bench_slice(struct bench *bench, double seconds, double *ops_per_s);

/** bench_now_ns - monotonic clock. */
uint64_t bench_now_ns(void);

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

/* ---- reference.c ---------------------------------------------------------------------- */

/**
 * reference_crypt - the same operation by libcrypto, straight.
 *
 * Return: 0, -ENOTSUP when this libcrypto does not have it.
 */
int reference_crypt(const struct workload *work, const uint8_t *key, const uint8_t *iv,
		    const uint8_t *in, uint8_t *out);

/** reference_name - name of the cipher in libcrypto, or NULL for what is a plain copy. */
const char *reference_name(const struct workload *work, char *buf, size_t size);

#endif /* VCD_BENCH_BENCH_H */
