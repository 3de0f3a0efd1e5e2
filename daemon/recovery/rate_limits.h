/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rate_limits.h - how much a VM may ask for in a second.
 *
 * Theory of operation
 * -------------------
 * Three rates of the whole device can be limited: operations, bytes, and key
 * set-ups. What counts is what was asked for, whatever became of it (struct vdev_usage): a
 * request that fails, or is refused, is not cheaper. Each has a token bucket, in the form of the
 * generic cell rate algorithm: instead of tokens it keeps the time at which everything that was
 * asked for so far would have been done at the limited rate. The device may be ahead of the clock
 * by its burst, and waits when it is further ahead.
 *
 * Operations and bytes are paid in advance. A worker claims a share of what may be had at
 * once, and takes no more requests than that pays for. For a request that its claim does not
 * pay for it claims what that costs, and waits until the bucket has room for it. What was not used
 * goes back to the bucket. So in any time t the device takes no more than rate * t and two bursts
 * (one, but for what was claimed while there was plenty and given back when there was not), however
 * large requests are, and however many workers there are. How many keys a batch sets up is known
 * when it is done: they are paid afterwards, and the debt of at most one batch of each worker is
 * waited for. Over a limit means waiting, never an error: the requests stay in the ring. The driver
 * sees a slower device.
 *
 * Turns: a worker that has waited for as long as it was told to takes its request,
 * even when others have claimed more meanwhile. So each worker that has work
 * gets a request in each round, and a busy queue cannot starve another.
 *
 * Invariants
 * - With no limit set, a worker reads one word of memory per round, no lock, no clock.
 * - Everything else is under the lock, which is held for arithmetic only; in limits_snapshot()
 *   too: what is told of a limit, and of waits and their time, is of one moment.
 */
#ifndef VCD_DAEMON_RECOVERY_RATE_LIMITS_H
#define VCD_DAEMON_RECOVERY_RATE_LIMITS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** enum limit_kind - what is limited. */
enum limit_kind {
	LIMIT_OPS,   /* requests */
	LIMIT_BYTES, /* bytes of payload */
	LIMIT_KEYS,  /* keys set up */
	LIMIT_KINDS
};

/** Largest rate and burst; a rate of as many nanoseconds' worth is no limit in practice. */
#define LIMIT_MAX 1000000000000ull

/**
 * struct limit - one limit.
 * @rate: units a second; 0: no limit
 * @burst: units that may be had at once after a rest; 0: a tenth of a second's worth,
 *	at least 1
 */
struct limit {
	uint64_t rate;
	uint64_t burst;
};

/**
 * struct limit_bucket - its state.
 * @limit: what was set, @limit.burst filled in
 * @due: CLOCK_MONOTONIC, ns, at which what was charged is done at the limited rate
 * @rest: what the division in @due's last change left over, in units/rate ns
 */
struct limit_bucket {
	struct limit limit;
	uint64_t due;
	uint64_t rest;
};

/**
 * struct limits - the limits of one device.
 * @any: there is one
 * @generation: grows with each change
 * @lock: protects what follows
 * @buckets: by enum limit_kind
 * @waits: times that a worker was made to wait
 * @waited_ns: for how long in all
 */
struct limits {
	bool any;
	unsigned int generation;
	pthread_mutex_t lock;
	struct limit_bucket buckets[LIMIT_KINDS];
	uint64_t waits;
	uint64_t waited_ns;
};

/** limits_init - no limits. */
void limits_init(struct limits *limits);

/** limits_set - change one, from any thread; it begins with a full burst. */
void limits_set(struct limits *limits, enum limit_kind kind, struct limit limit);

/** limits_get - what is set. */
struct limit limits_get(struct limits *limits, enum limit_kind kind);

/** limits_any - whether there is a limit at all. */
static inline bool limits_any(const struct limits *limits)
{
	return __atomic_load_n(&limits->any, __ATOMIC_RELAXED);
}

/** limits_generation - differs after each limits_set(). */
static inline unsigned int limits_generation(const struct limits *limits)
{
	return __atomic_load_n(&limits->generation, __ATOMIC_RELAXED);
}

/**
 * limits_wait - how long the next batch has to wait.
 * @limits: limits
 * @now: CLOCK_MONOTONIC, ns
 *
 * Return: ns, 0: not at all.
 */
uint64_t limits_wait(struct limits *limits, uint64_t now);

/** limits_charge - pay for what was done: @used units of each kind. */
void limits_charge(struct limits *limits, uint64_t now, const uint64_t used[LIMIT_KINDS]);

/**
 * limits_claim - pay in advance.
 * @limits: limits
 * @now: CLOCK_MONOTONIC, ns
 * @sharers: how many may want to claim at the same time
 * @want: what is needed at the least, units of each kind; limits_wait() says when it may be used
 * @got: out: what was paid: @want, or a share of what may be had at once when that is more;
 *	UINT64_MAX where there is no limit
 */
void limits_claim(struct limits *limits, uint64_t now, unsigned int sharers,
		  const uint64_t want[LIMIT_KINDS], uint64_t got[LIMIT_KINDS]);

/** limits_refund - give back what was claimed and not used, under the same limits. */
void limits_refund(struct limits *limits, const uint64_t unused[LIMIT_KINDS]);

/** limits_waited - count a wait of @ns. */
void limits_waited(struct limits *limits, uint64_t ns);

/** limits_snapshot - what is set, and what it did so far. */
void limits_snapshot(struct limits *limits, struct limit set[LIMIT_KINDS], uint64_t *waits,
		     uint64_t *waited_ns);

/** limit_name - "ops", "bytes", "keys". */
const char *limit_name(enum limit_kind kind);

/**
 * limit_parse - read "RATE" or "RATE:BURST", decimal with an optional K, M or G (powers of 1000).
 *
 * RATE "none": no limit. 0 is refused: the writer may mean that nothing shall pass.
 *
 * Return: whether @text was one; @ret is untouched if not.
 */
bool limit_parse(const char *text, struct limit *ret);

#endif /* VCD_DAEMON_RECOVERY_RATE_LIMITS_H */
