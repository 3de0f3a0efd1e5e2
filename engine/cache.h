/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache.h - which sessions' contexts a thread keeps.
 *
 * Theory of operation
 * -------------------
 * What a thread needs to run jobs on a session, a *lane*, is large: EVP contexts with key
 * schedules, sessions of a host's device. If every thread kept a lane for every session, a guest
 * could take gigabytes of the host by using every session on every queue once. So a thread has
 * ENG_CACHE_SLOTS lanes. A session without a lane replaces the least recently used one, at the cost
 * of a first use. This bounds memory by the number of threads.
 *
 * This file knows slots and their owners only; backends keep an array of lanes with the same
 * indices. A session remembers, for each thread, the number of its last slot. The session's serial,
 * which is never given twice, tells whether the slot is still its own. So a hit takes no search
 * and no lock.
 *
 * Invariants
 * - Only the owning thread looks up and takes slots. Any thread may drop a slot when it ends the
 *   session; the caller of the engine ensures that no job runs on that session.
 * - What the lane of a slot holds is freed with the lock: by the owning thread, which takes the
 *   slot for another session, or by the thread that ends the session.
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
 * @used: the cache's clock at its last use; of a free slot, the number of the next free one + 1
 */
struct eng_cache_slot {
	uint64_t owner;
	uint64_t used;
};

/**
 * struct eng_cache - a thread's slots.
 * @lock: protects changes of owners, and the lanes of slots that change
 * @clock: number of uses; only the owning thread writes it
 * @fresh: slots from here on were never taken
 * @free: the first slot that was given back, its number + 1, or 0
 */
struct eng_cache {
	pthread_mutex_t lock;
	uint64_t clock;
	uint32_t fresh;
	uint32_t free;
	struct eng_cache_slot slots[ENG_CACHE_SLOTS];
};

/** eng_cache_release - free what lane @slot of @lanes holds, and leave it empty. */
typedef void eng_cache_release(void *lanes, uint16_t slot);

/** eng_cache_init - make a cache from zeroed memory. */
void eng_cache_init(struct eng_cache *cache);

/** eng_cache_hit - whether @slot is @owner's; counts as a use. Owning thread only. */
static inline bool eng_cache_hit(struct eng_cache *cache, uint16_t slot, uint64_t owner)
{
	if (__atomic_load_n(&cache->slots[slot].owner, __ATOMIC_RELAXED) != owner)
		return false;
	cache->slots[slot].used = ++cache->clock;
	return true;
}

/**
 * eng_cache_take - take a slot for @owner, which has none. Owning thread only.
 *
 * Return: its number; its lane is empty.
 */
uint16_t eng_cache_take(struct eng_cache *cache, uint64_t owner, eng_cache_release *release,
			void *lanes);

/** eng_cache_drop - give @slot back if it is @owner's. Any thread may call it. */
void eng_cache_drop(struct eng_cache *cache, uint16_t slot, uint64_t owner,
		    eng_cache_release *release, void *lanes);

/** eng_cache_end - release all slots, after the threads have ended. */
void eng_cache_end(struct eng_cache *cache, eng_cache_release *release, void *lanes);

#endif /* ENG_CACHE_H */
