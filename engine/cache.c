/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cache.c - which sessions' contexts a thread keeps. See cache.h. */
#include "engine/cache.h"

void eng_cache_init(struct eng_cache *cache)
{
	pthread_mutex_init(&cache->lock, NULL);
}

static uint16_t least_recently_used(const struct eng_cache *cache)
{
	uint16_t oldest = 0;

	for (uint16_t i = 1; i < ENG_CACHE_SLOTS; i++)
		if (cache->slots[i].used < cache->slots[oldest].used)
			oldest = i;
	return oldest;
}

uint16_t eng_cache_take(struct eng_cache *cache, uint64_t owner, eng_cache_release *release,
			void *lanes)
{
	uint16_t slot;

	pthread_mutex_lock(&cache->lock);
	if (cache->free) {
		slot = (uint16_t)(cache->free - 1);
		cache->free = (uint32_t)cache->slots[slot].used;
	} else if (cache->fresh < ENG_CACHE_SLOTS) {
		slot = (uint16_t)cache->fresh++;
	} else {
		slot = least_recently_used(cache);
		release(lanes, slot);
	}
	__atomic_store_n(&cache->slots[slot].owner, owner, __ATOMIC_RELAXED);
	cache->slots[slot].used = ++cache->clock;
	pthread_mutex_unlock(&cache->lock);
	return slot;
}

void eng_cache_drop(struct eng_cache *cache, uint16_t slot, uint64_t owner,
		    eng_cache_release *release, void *lanes)
{
	/* A session that lost its slot does not get it back, so this needs no lock. */
	if (__atomic_load_n(&cache->slots[slot].owner, __ATOMIC_RELAXED) != owner)
		return;
	pthread_mutex_lock(&cache->lock);
	if (cache->slots[slot].owner == owner) {
		release(lanes, slot);
		__atomic_store_n(&cache->slots[slot].owner, 0, __ATOMIC_RELAXED);
		cache->slots[slot].used = cache->free;
		cache->free = slot + 1u;
	}
	pthread_mutex_unlock(&cache->lock);
}

void eng_cache_end(struct eng_cache *cache, eng_cache_release *release, void *lanes)
{
	for (uint32_t i = 0; i < cache->fresh; i++)
		if (cache->slots[i].owner)
			release(lanes, (uint16_t)i);
	pthread_mutex_destroy(&cache->lock);
}
