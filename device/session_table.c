/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_table.c - the device's sessions, by id. See session_table.h for the rules. */
#include "device/session_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "device/named.h"

/* Make @table's arrays. Zeroes are free slots; slots that are never touched take no memory. */
static int arrays_new(struct vdev_session_table *table)
{
	const size_t align = _Alignof(struct vdev_slot);
	size_t sections = table->n_sections * sizeof(*table->sections);
	size_t slots = table->max * sizeof(*table->slots);
	size_t published = ((size_t)table->max + 63) / 64 * sizeof(*table->published);
	uint8_t *start;

	table->memory = calloc(1, sections + slots + published + align);
	if (!table->memory)
		return -ENOMEM;
	start = (void *)(((uintptr_t)table->memory + align - 1) & ~(align - 1));
	table->sections = (void *)start;
	table->slots = (void *)(start + sections);
	table->published = (void *)(start + sections + slots);
	return 0;
}

static_assert(sizeof(struct vdev_section) % _Alignof(struct vdev_slot) == 0, "one after the other");

int vdev_session_table_init(struct vdev_session_table *table, uint32_t max, unsigned int threads,
			    uint64_t seed, uint64_t *serial)
{
	unsigned int bits = vdev_session_table_slot_bits(max);
	uint64_t unused_yet = 0;

	*table = (struct vdev_session_table){
	    .max = max,
	    .slot_bits = bits,
	    .slot_mask = (UINT64_C(1) << bits) - 1,
	    .n_sections = threads,
	    .epoch = 1,
	    .first_retired = VDEV_SLOT_NONE,
	    .free = VDEV_SLOT_NONE,
	};
	table->serial = serial ? serial : &table->own_serial;
	/* When several tables begin at once, one of them seeds the counter. */
	__atomic_compare_exchange_n(table->serial, &unused_yet, seed, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
	if (arrays_new(table))
		return -ENOMEM;
	if (pthread_mutex_init(&table->lock, NULL)) {
		free(table->memory);
		return -ENOMEM;
	}
	return 0;
}

void vdev_session_table_fini(struct vdev_session_table *table)
{
	vdev_session_table_clear(table);
	while (vdev_session_table_reclaim(table, table->max))
		;
	pthread_mutex_destroy(&table->lock);
	free(table->memory);
	table->memory = NULL;
	table->slots = NULL;
	table->sections = NULL;
}

struct vdev_slot *vdev_session_table_reserve(struct vdev_session_table *table)
{
	struct vdev_slot *slot = NULL;

	pthread_mutex_lock(&table->lock);
	if (table->free != VDEV_SLOT_NONE) {
		slot = &table->slots[table->free];
		table->free = slot->next;
	} else if (table->touched < table->max) {
		slot = &table->slots[table->touched++];
	}
	pthread_mutex_unlock(&table->lock);
	if (!slot)
		return NULL;
	/* The atomic addition gives this number to no other table, here or in another process. */
	slot->serial = __atomic_fetch_add(table->serial, 1, __ATOMIC_RELAXED);
	if (slot->serial && slot->serial <= UINT64_MAX >> table->slot_bits)
		return slot;
	vdev_session_table_cancel(table, slot);
	return NULL;
}

void vdev_session_table_cancel(struct vdev_session_table *table, struct vdev_slot *slot)
{
	pthread_mutex_lock(&table->lock);
	slot->next = table->free;
	table->free = (uint32_t)(slot - table->slots);
	pthread_mutex_unlock(&table->lock);
}

uint64_t vdev_session_table_publish(struct vdev_session_table *table, struct vdev_slot *slot,
				    struct eng_session *session)
{
	uint32_t index = (uint32_t)(slot - table->slots);
	uint64_t id = slot->serial << table->slot_bits | index;

	slot->session = session;
	atomic_store_explicit(&slot->hash_busy, 0, memory_order_relaxed);
	pthread_mutex_lock(&table->lock);
	table->published[index / 64] |= UINT64_C(1) << index % 64;
	atomic_store(&slot->id, id);
	atomic_fetch_add_explicit(&table->live, 1, memory_order_relaxed);
	pthread_mutex_unlock(&table->lock);
	return id;
}

/* Append a slot whose id is 0 to the list of retired slots. The caller has the lock. */
static void retire(struct vdev_session_table *table, uint32_t index, uint64_t epoch)
{
	struct vdev_slot *slot = &table->slots[index];

	table->published[index / 64] &= ~(UINT64_C(1) << index % 64);
	slot->retired = epoch;
	slot->next = VDEV_SLOT_NONE;
	if (atomic_load(&table->first_retired) == VDEV_SLOT_NONE)
		atomic_store(&table->first_retired, index);
	else
		table->slots[table->last_retired].next = index;
	table->last_retired = index;
	atomic_fetch_sub_explicit(&table->live, 1, memory_order_relaxed);
}

/* The oldest epoch that a running section has noted. Slots retired later may be in use. */
static uint64_t oldest_section(const struct vdev_session_table *table)
{
	uint64_t oldest = UINT64_MAX;

	for (unsigned int i = 0; i < table->n_sections; i++) {
		uint64_t since = atomic_load(&table->sections[i].since);

		if (since && since < oldest)
			oldest = since;
	}
	return oldest;
}

/*
 * Take at most @budget slots that no section uses off the front of the list. They stay linked.
 * Return: how many; *first and *last: the ends of the chain.
 */
static size_t take_retired(struct vdev_session_table *table, size_t budget, uint32_t *first,
			   uint32_t *last)
{
	uint64_t oldest;
	uint32_t index;
	size_t n = 0;

	pthread_mutex_lock(&table->lock);
	oldest = oldest_section(table);
	*first = index = atomic_load(&table->first_retired);
	while (n < budget && index != VDEV_SLOT_NONE && table->slots[index].retired <= oldest) {
		*last = index;
		index = table->slots[index].next;
		n++;
	}
	if (n)
		atomic_store(&table->first_retired, index);
	pthread_mutex_unlock(&table->lock);
	return n;
}

size_t vdev_session_table_reclaim(struct vdev_session_table *table, size_t budget)
{
	uint32_t first, last = VDEV_SLOT_NONE;
	size_t n;

	if (atomic_load(&table->first_retired) == VDEV_SLOT_NONE)
		return 0;
	n = take_retired(table, budget, &first, &last);
	if (!n)
		return 0;
	for (uint32_t index = first;; index = table->slots[index].next) {
		eng_session_free(table->slots[index].session);
		table->slots[index].session = NULL;
		if (table->slots[index].named)
			vdev_named_free(table->keys, table->slots[index].named);
		table->slots[index].named = NULL;
		if (index == last)
			break;
	}
	pthread_mutex_lock(&table->lock);
	table->slots[last].next = table->free;
	table->free = first;
	pthread_mutex_unlock(&table->lock);
	return n;
}

void vdev_section_begin(struct vdev_session_table *table, unsigned int thread)
{
	atomic_store(&table->sections[thread].since, atomic_load(&table->epoch));
}

size_t vdev_section_end(struct vdev_session_table *table, unsigned int thread, size_t budget)
{
	atomic_store(&table->sections[thread].since, 0);
	return vdev_session_table_reclaim(table, budget);
}

void vdev_slot_algs(const struct vdev_slot *slot, const struct eng_alg **cipher,
		    const struct eng_alg **mac)
{
	const struct eng_alg *alg = slot->named ? slot->named->alg : NULL;
	const bool is_mac = alg && alg->kind == ENG_ALG_MAC;

	*cipher = slot->session ? slot->session->cipher : is_mac ? NULL : alg;
	*mac = slot->session ? slot->session->mac : is_mac ? alg : NULL;
}

bool vdev_session_table_next(struct vdev_session_table *table, uint32_t *cursor, uint64_t *id,
			     const struct eng_alg **cipher, const struct eng_alg **mac)
{
	bool found = false;
	uint32_t touched;

	pthread_mutex_lock(&table->lock);
	touched = table->touched;
	pthread_mutex_unlock(&table->lock);
	while (!found && *cursor < touched) {
		struct vdev_slot *slot = &table->slots[(*cursor)++];

		if (!atomic_load(&slot->id))
			continue;
		/* A slot that is published now is retired later, as that takes the lock. */
		pthread_mutex_lock(&table->lock);
		*id = atomic_load(&slot->id);
		found = *id != 0;
		if (found)
			vdev_slot_algs(slot, cipher, mac);
		pthread_mutex_unlock(&table->lock);
	}
	return found;
}

bool vdev_session_table_remove(struct vdev_session_table *table, uint64_t id)
{
	struct vdev_slot *slot = vdev_session_table_find(table, id);
	uint64_t expected = id;

	if (!slot || !atomic_compare_exchange_strong(&slot->id, &expected, 0))
		return false;
	pthread_mutex_lock(&table->lock);
	retire(table, (uint32_t)(slot - table->slots), atomic_fetch_add(&table->epoch, 1) + 1);
	pthread_mutex_unlock(&table->lock);
	return true;
}

/* Unpublish the sessions of @bits, from slot @first on, with the lock. Return: how many. */
static size_t clear_some(struct vdev_session_table *table, uint32_t first, uint64_t bits,
			 uint64_t epoch)
{
	size_t n = 0;

	for (; bits; bits &= bits - 1) {
		uint32_t index = first + (uint32_t)__builtin_ctzll(bits);

		/* 0: the thread that removed the session is about to retire the slot. */
		if (!atomic_exchange(&table->slots[index].id, 0))
			continue;
		retire(table, index, epoch);
		n++;
	}
	return n;
}

size_t vdev_session_table_clear(struct vdev_session_table *table)
{
	size_t n = 0;
	uint64_t epoch;

	pthread_mutex_lock(&table->lock);
	/* The new epoch begins when all ids are 0. The list is only read with the lock. */
	epoch = atomic_load(&table->epoch) + 1;
	if (atomic_load_explicit(&table->live, memory_order_relaxed))
		for (uint32_t i = 0; i < table->touched; i += 64)
			n += clear_some(table, i, table->published[i / 64], epoch);
	if (n)
		atomic_store(&table->epoch, epoch);
	pthread_mutex_unlock(&table->lock);
	return n;
}

size_t vdev_session_table_end_named(struct vdev_session_table *table, uint64_t key)
{
	size_t n = 0;
	uint64_t epoch;

	pthread_mutex_lock(&table->lock);
	epoch = atomic_load(&table->epoch) + 1;
	for (uint32_t i = 0; i < table->touched; i++) {
		struct vdev_slot *slot = &table->slots[i];

		/* A slot of a published session is not reclaimed before it was retired, with the lock. */
		if (!(table->published[i / 64] >> i % 64 & 1) || !slot->named ||
		    (key && slot->named->key != key) || !atomic_exchange(&slot->id, 0))
			continue;
		retire(table, i, epoch);
		n++;
	}
	if (n)
		atomic_store(&table->epoch, epoch);
	pthread_mutex_unlock(&table->lock);
	return n;
}
