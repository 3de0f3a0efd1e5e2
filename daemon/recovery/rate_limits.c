/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rate_limits.c - how much a VM may ask for in a second. See rate_limits.h. */
#include "daemon/recovery/rate_limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ull

void limits_init(struct limits *limits)
{
	*limits = (struct limits){0};
	pthread_mutex_init(&limits->lock, NULL);
}

void limits_set(struct limits *limits, enum limit_kind kind, struct limit limit)
{
	bool any = false;

	if (limit.rate && !limit.burst)
		limit.burst = limit.rate / 10 ? limit.rate / 10 : 1;
	pthread_mutex_lock(&limits->lock);
	limits->buckets[kind] = (struct limit_bucket){.limit = limit};
	for (size_t i = 0; i < LIMIT_KINDS; i++)
		any |= limits->buckets[i].limit.rate != 0;
	__atomic_store_n(&limits->generation, limits->generation + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&limits->any, any, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&limits->lock);
}

struct limit limits_get(struct limits *limits, enum limit_kind kind)
{
	struct limit limit;

	pthread_mutex_lock(&limits->lock);
	limit = limits->buckets[kind].limit;
	pthread_mutex_unlock(&limits->lock);
	return limit;
}

/* ns that @units take at @rate; *rest is carried from one call to the next. */
static uint64_t duration(uint64_t units, uint64_t rate, uint64_t *rest)
{
	unsigned __int128 n = (unsigned __int128)units * NS_PER_S + *rest;

	*rest = (uint64_t)(n % rate);
	return (uint64_t)(n / rate);
}

uint64_t limits_wait(struct limits *limits, uint64_t now)
{
	uint64_t wait = 0;

	pthread_mutex_lock(&limits->lock);
	for (size_t i = 0; i < LIMIT_KINDS; i++) {
		const struct limit_bucket *bucket = &limits->buckets[i];
		uint64_t rest = 0, from;

		if (!bucket->limit.rate)
			continue;
		from = now + duration(bucket->limit.burst, bucket->limit.rate, &rest);
		if (bucket->due > from && bucket->due - from > wait)
			wait = bucket->due - from;
	}
	pthread_mutex_unlock(&limits->lock);
	return wait;
}

/* With the lock. */
static void charge(struct limits *limits, uint64_t now, const uint64_t used[LIMIT_KINDS])
{
	for (size_t i = 0; i < LIMIT_KINDS; i++) {
		struct limit_bucket *bucket = &limits->buckets[i];

		if (!bucket->limit.rate || !used[i])
			continue;
		if (bucket->due < now) {
			bucket->due = now;
			bucket->rest = 0;
		}
		bucket->due += duration(used[i], bucket->limit.rate, &bucket->rest);
	}
}

void limits_charge(struct limits *limits, uint64_t now, const uint64_t used[LIMIT_KINDS])
{
	pthread_mutex_lock(&limits->lock);
	charge(limits, now, used);
	pthread_mutex_unlock(&limits->lock);
}

/* Units that may be had at once. */
static uint64_t available(const struct limit_bucket *bucket, uint64_t now)
{
	uint64_t rest = 0, most = now + duration(bucket->limit.burst, bucket->limit.rate, &rest);

	if (bucket->due <= now)
		return bucket->limit.burst;
	if (bucket->due >= most)
		return 0;
	return (uint64_t)((unsigned __int128)(most - bucket->due) * bucket->limit.rate / NS_PER_S);
}

void limits_claim(struct limits *limits, uint64_t now, unsigned int sharers,
		  const uint64_t want[LIMIT_KINDS], uint64_t got[LIMIT_KINDS])
{
	pthread_mutex_lock(&limits->lock);
	for (size_t i = 0; i < LIMIT_KINDS; i++) {
		const struct limit_bucket *bucket = &limits->buckets[i];
		uint64_t share;

		got[i] = UINT64_MAX;
		if (!bucket->limit.rate)
			continue;
		share = available(bucket, now) / sharers;
		got[i] = share > want[i] ? share : want[i];
	}
	charge(limits, now, got);
	pthread_mutex_unlock(&limits->lock);
}

void limits_refund(struct limits *limits, const uint64_t unused[LIMIT_KINDS])
{
	pthread_mutex_lock(&limits->lock);
	for (size_t i = 0; i < LIMIT_KINDS; i++) {
		struct limit_bucket *bucket = &limits->buckets[i];
		uint64_t rest = 0;

		/* What the division leaves over is lost: at most a nanosecond. */
		if (bucket->limit.rate && unused[i])
			bucket->due -= duration(unused[i], bucket->limit.rate, &rest);
	}
	pthread_mutex_unlock(&limits->lock);
}

void limits_waited(struct limits *limits, uint64_t ns)
{
	pthread_mutex_lock(&limits->lock);
	limits->waits++;
	limits->waited_ns += ns;
	pthread_mutex_unlock(&limits->lock);
}

void limits_snapshot(struct limits *limits, struct limit set[LIMIT_KINDS], uint64_t *waits,
		     uint64_t *waited_ns)
{
	pthread_mutex_lock(&limits->lock);
	for (size_t i = 0; i < LIMIT_KINDS; i++)
		set[i] = limits->buckets[i].limit;
	*waits = limits->waits;
	*waited_ns = limits->waited_ns;
	pthread_mutex_unlock(&limits->lock);
}

const char *limit_name(enum limit_kind kind)
{
	static const char *const names[LIMIT_KINDS] = {"ops", "bytes", "keys"};

	return kind < LIMIT_KINDS ? names[kind] : "?";
}

/* One number from 1 on with its unit, up to @end or the end of the text. */
static bool parse_units(const char *text, const char **end, uint64_t *ret)
{
	static const char units[] = "KMG";
	unsigned long long value;
	const char *unit;
	char *stop;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &stop, 10);
	if (errno)
		return false;
	unit = *stop ? strchr(units, toupper((unsigned char)*stop)) : NULL;
	for (const char *u = units; unit && u <= unit; u++)
		if (__builtin_mul_overflow(value, 1000ull, &value))
			return false;
	*end = stop + (unit != NULL);
	*ret = value;
	return value && value <= LIMIT_MAX;
}

bool limit_parse(const char *text, struct limit *ret)
{
	struct limit limit = {0};

	if (strcmp(text, "none") != 0) {
		if (!parse_units(text, &text, &limit.rate))
			return false;
		if (*text == ':' && !parse_units(text + 1, &text, &limit.burst))
			return false;
		if (*text)
			return false;
	}
	*ret = limit;
	return true;
}
