/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache.h - which sessions' contexts a thread keeps.
 *
 * Theory of operation
 * -------------------
 * What a thread makes of a session to run jobs on it, a *lane*, is large: EVP contexts with key
 * schedules, sessions of a host's device. Were it kept for every session and thread, a guest
 * could have gigabytes of the host by using every session on every queue once. So a thread has
 * ENG_CACHE_SLOTS lanes. A session that has none takes the place of the one that was used least
 * recently, and pays what a first use costs. Memory is then bounded by the number of threads.
 *
 * This file knows slots and their owners only; backends keep an array of lanes beside it. A
 * session remembers, for each thread, the number of the slot that it had last; whether the slot
 * is still its own is told by the session's serial, which is never given twice. So a hit takes
 * no search and no lock.
 *
 * Invariants
 * - Only its thread looks up slots and takes them. Any thread may drop one, when it ends the
 *   session; the caller of the engine sees to it that no job runs on that session.
 * - What a slot's lane holds is freed with the lock held: by the thread, which takes the slot for
 *   another session, or by whoever ends the session.
 */
#ifndef ENG_CACHE_H
#define ENG_CACHE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** Sessions whose lanes a thread keeps. */
#define ENG_CACHE_SLOTS 1024u

/**
 * struct eng_cache_slot - a place for a lane.
 * @owner: serial of the session, 0: free
 * @used: the cache's clock when it was used last; of a free one, the next free one's number + 1
 */
struct eng_cache_slot {
	uint64_t owner;
	uint64_t used;
};

/**
 * struct eng_cache - a thread's slots.
 * @lock: for changes of owners, and what the lanes of slots that change hold
 * @clock: uses so far; the thread's
 * @fresh: slots from here on were never taken
 * @free: the first of those that were given back, its number + 1, or 0
 * @slots: the slots
 */
struct eng_cache {
	pthread_mutex_t lock;
	uint64_t clock;
	uint32_t fresh;
	uint32_t free;
	struct eng_cache_slot slots[ENG_CACHE_SLOTS];
};

/** eng_cache_release - free what lane @slot of @lanes holds, and make it as new. */
typedef void eng_cache_release(void *lanes, uint16_t slot);

/** eng_cache_init - make one of zeroed memory. */
void eng_cache_init(struct eng_cache *cache);

/** eng_cache_hit - whether @slot is @owner's, by the thread, which uses it now. */
static inline bool eng_cache_hit(struct eng_cache *cache, uint16_t slot, uint64_t owner)
{
	if (__atomic_load_n(&cache->slots[slot].owner, __ATOMIC_RELAXED) != owner)
		return false;
	cache->slots[slot].used = ++cache->clock;
	return true;
}

/**
 * eng_cache_take - a slot for @owner, which has none, by the thread.
 *
 * Return: its number; the lane is as new.
 */
uint16_t eng_cache_take(struct eng_cache *cache, uint64_t owner, eng_cache_release *release,
			void *lanes);

/** eng_cache_drop - give @slot back if it is @owner's, by any thread. */
void eng_cache_drop(struct eng_cache *cache, uint16_t slot, uint64_t owner,
		    eng_cache_release *release, void *lanes);

/** eng_cache_end - release all that are taken; the threads have ended. */
void eng_cache_end(struct eng_cache *cache, eng_cache_release *release, void *lanes);

#endif /* ENG_CACHE_H */
