/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_table.c - the device's sessions, by id. See session_table.h for the rules. */
#include "device/session_table.h"

#include <errno.h>
#include <stdlib.h>

int vcd_session_table_init(struct vcd_session_table *table, uint32_t max, uint64_t start,
			   uint64_t *noted)
{
	const size_t align = _Alignof(struct vcd_slot);
	unsigned int bits = 1;

	while ((1u << bits) < max)
		bits++;
	*table = (struct vcd_session_table){
	    .max = max,
	    .slot_bits = bits,
	    .free = VCD_SLOT_NONE,
	    .noted = noted,
	};
	table->serials = UINT64_MAX >> bits;
	table->serial = start % table->serials + 1;
	/* Zeroes are free slots, and what was never touched costs no memory. */
	table->memory = calloc(1, max * sizeof(*table->slots) + align);
	if (!table->memory)
		return -ENOMEM;
	table->slots = (void *)(((uintptr_t)table->memory + align - 1) & ~(align - 1));
	if (pthread_mutex_init(&table->lock, NULL)) {
		free(table->memory);
		return -ENOMEM;
	}
	return 0;
}

void vcd_session_table_fini(struct vcd_session_table *table)
{
	vcd_session_table_clear(table);
	pthread_mutex_destroy(&table->lock);
	free(table->memory);
	table->memory = NULL;
	table->slots = NULL;
}

struct vcd_slot *vcd_session_table_reserve(struct vcd_session_table *table)
{
	struct vcd_slot *slot = NULL;

	pthread_mutex_lock(&table->lock);
	if (!table->serials)
		goto out;
	if (table->free != VCD_SLOT_NONE) {
		slot = &table->slots[table->free];
		table->free = slot->next;
	} else if (table->touched < table->max) {
		slot = &table->slots[table->touched++];
	} else {
		goto out;
	}
	slot->serial = table->serial;
	table->serials--;
	if (++table->serial > UINT64_MAX >> table->slot_bits)
		table->serial = 1;
	/* Serials begin at start % serials + 1: whoever starts with this one goes on behind it. */
	if (table->noted)
		__atomic_store_n(table->noted, table->serial, __ATOMIC_RELEASE);
out:
	pthread_mutex_unlock(&table->lock);
	return slot;
}

void vcd_session_table_cancel(struct vcd_session_table *table, struct vcd_slot *slot)
{
	pthread_mutex_lock(&table->lock);
	slot->next = table->free;
	table->free = (uint32_t)(slot - table->slots);
	pthread_mutex_unlock(&table->lock);
}

uint64_t vcd_session_table_publish(struct vcd_session_table *table, struct vcd_slot *slot,
				   struct vcd_engine_session *session)
{
	uint64_t id = slot->serial << table->slot_bits | (uint64_t)(slot - table->slots);

	slot->session = session;
	atomic_store_explicit(&slot->hash_busy, 0, memory_order_relaxed);
	pthread_mutex_lock(&table->lock);
	atomic_store_explicit(&slot->refs, 1, memory_order_release);
	atomic_store_explicit(&slot->id, id, memory_order_release);
	atomic_fetch_add_explicit(&table->live, 1, memory_order_relaxed);
	pthread_mutex_unlock(&table->lock);
	return id;
}

static struct vcd_slot *slot_of(struct vcd_session_table *table, uint64_t id)
{
	uint64_t index = id & ((UINT64_C(1) << table->slot_bits) - 1);

	return id && index < table->max ? &table->slots[index] : NULL;
}

struct vcd_slot *vcd_session_table_get(struct vcd_session_table *table, uint64_t id)
{
	struct vcd_slot *slot = slot_of(table, id);
	uint32_t refs;

	if (!slot || atomic_load_explicit(&slot->id, memory_order_acquire) != id)
		return NULL;
	refs = atomic_load_explicit(&slot->refs, memory_order_relaxed);
	do {
		if (!refs)
			return NULL;
	} while (!atomic_compare_exchange_weak_explicit(
	    &slot->refs, &refs, refs + 1, memory_order_acquire, memory_order_relaxed));
	if (atomic_load_explicit(&slot->id, memory_order_acquire) == id)
		return slot;
	vcd_session_table_put(table, slot);
	return NULL;
}

struct vcd_slot *vcd_session_table_next(struct vcd_session_table *table, uint32_t *cursor,
					uint64_t *id)
{
	struct vcd_slot *slot = NULL;
	uint32_t touched;

	pthread_mutex_lock(&table->lock);
	touched = table->touched;
	pthread_mutex_unlock(&table->lock);
	while (!slot && *cursor < touched) {
		*id = atomic_load_explicit(&table->slots[(*cursor)++].id, memory_order_acquire);
		slot = vcd_session_table_get(table, *id);
	}
	return slot;
}

void vcd_session_table_put(struct vcd_session_table *table, struct vcd_slot *slot)
{
	if (atomic_fetch_sub_explicit(&slot->refs, 1, memory_order_acq_rel) != 1)
		return;
	vcd_engine_session_free(slot->session);
	slot->session = NULL;
	vcd_session_table_cancel(table, slot);
}

bool vcd_session_table_remove(struct vcd_session_table *table, uint64_t id)
{
	struct vcd_slot *slot = slot_of(table, id);
	uint64_t expected = id;

	if (!slot || !atomic_compare_exchange_strong_explicit(
			 &slot->id, &expected, 0, memory_order_acq_rel, memory_order_relaxed))
		return false;
	atomic_fetch_sub_explicit(&table->live, 1, memory_order_relaxed);
	vcd_session_table_put(table, slot);
	return true;
}

void vcd_session_table_clear(struct vcd_session_table *table)
{
	uint32_t list = VCD_SLOT_NONE;

	pthread_mutex_lock(&table->lock);
	for (uint32_t i = 0; i < table->touched; i++) {
		struct vcd_slot *slot = &table->slots[i];

		if (!atomic_exchange_explicit(&slot->id, 0, memory_order_acq_rel))
			continue;
		atomic_fetch_sub_explicit(&table->live, 1, memory_order_relaxed);
		/* The table's reference is ours now, so nobody frees the slot: next is unused. */
		slot->next = list;
		list = i;
	}
	pthread_mutex_unlock(&table->lock);
	while (list != VCD_SLOT_NONE) {
		struct vcd_slot *slot = &table->slots[list];

		list = slot->next;
		vcd_session_table_put(table, slot);
	}
}
