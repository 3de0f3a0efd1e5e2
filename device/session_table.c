/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_table.c - the device's sessions, by id. See session_table.h for the rules. */
#include "device/session_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* Make @table's arrays. Zeroes are free slots, and what was never touched costs no memory. */
static int arrays_new(struct vcd_session_table *table)
{
	const size_t align = _Alignof(struct vcd_slot);
	size_t sections = table->n_sections * sizeof(*table->sections);
	uint8_t *start;

	table->memory = calloc(1, sections + table->max * sizeof(*table->slots) + align);
	if (!table->memory)
		return -ENOMEM;
	start = (void *)(((uintptr_t)table->memory + align - 1) & ~(align - 1));
	table->sections = (void *)start;
	table->slots = (void *)(start + sections);
	return 0;
}

static_assert(sizeof(struct vcd_section) % _Alignof(struct vcd_slot) == 0, "one behind the other");

int vcd_session_table_init(struct vcd_session_table *table, uint32_t max, unsigned int workers,
			   uint64_t seed, uint64_t *serial)
{
	unsigned int bits = vcd_session_table_slot_bits(max);
	uint64_t unused_yet = 0;

	*table = (struct vcd_session_table){
	    .max = max,
	    .slot_bits = bits,
	    .slot_mask = (UINT64_C(1) << bits) - 1,
	    .n_sections = workers,
	    .epoch = 1,
	    .first_retired = VCD_SLOT_NONE,
	    .free = VCD_SLOT_NONE,
	};
	table->serial = serial ? serial : &table->own_serial;
	/* Of several tables that begin at once, one seeds the counter. */
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

void vcd_session_table_fini(struct vcd_session_table *table)
{
	vcd_session_table_clear(table);
	pthread_mutex_destroy(&table->lock);
	free(table->memory);
	table->memory = NULL;
	table->slots = NULL;
	table->sections = NULL;
}

struct vcd_slot *vcd_session_table_reserve(struct vcd_session_table *table)
{
	struct vcd_slot *slot = NULL;

	pthread_mutex_lock(&table->lock);
	if (table->free != VCD_SLOT_NONE) {
		slot = &table->slots[table->free];
		table->free = slot->next;
	} else if (table->touched < table->max) {
		slot = &table->slots[table->touched++];
	}
	pthread_mutex_unlock(&table->lock);
	if (!slot)
		return NULL;
	/* Only the addition makes the number ours: nobody else, here or elsewhere, gets it. */
	slot->serial = __atomic_fetch_add(table->serial, 1, __ATOMIC_RELAXED);
	if (slot->serial && slot->serial <= UINT64_MAX >> table->slot_bits)
		return slot;
	vcd_session_table_cancel(table, slot);
	return NULL;
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
	atomic_store(&slot->id, id);
	atomic_fetch_add_explicit(&table->live, 1, memory_order_relaxed);
	pthread_mutex_unlock(&table->lock);
	return id;
}

/* Put a slot whose id has just become 0 on the list; with the lock. */
static void retire(struct vcd_session_table *table, struct vcd_slot *slot)
{
	uint32_t index = (uint32_t)(slot - table->slots);

	slot->retired = atomic_fetch_add(&table->epoch, 1) + 1;
	slot->next = VCD_SLOT_NONE;
	if (atomic_load(&table->first_retired) == VCD_SLOT_NONE)
		atomic_store(&table->first_retired, index);
	else
		table->slots[table->last_retired].next = index;
	table->last_retired = index;
	atomic_fetch_sub_explicit(&table->live, 1, memory_order_relaxed);
}

/* Whether no section is under way in which @slot may have been found. */
static bool unused(const struct vcd_session_table *table, const struct vcd_slot *slot)
{
	for (unsigned int i = 0; i < table->n_sections; i++) {
		uint64_t since = atomic_load(&table->sections[i].since);

		if (since && since < slot->retired)
			return false;
	}
	return true;
}

/* Take the first retired slot off the list, or NULL: there is none, or it is in use. */
static struct vcd_slot *take_retired(struct vcd_session_table *table)
{
	struct vcd_slot *slot = NULL;
	uint32_t index;

	pthread_mutex_lock(&table->lock);
	index = atomic_load(&table->first_retired);
	if (index != VCD_SLOT_NONE && unused(table, &table->slots[index])) {
		slot = &table->slots[index];
		atomic_store(&table->first_retired, slot->next);
	}
	pthread_mutex_unlock(&table->lock);
	return slot;
}

static void reclaim(struct vcd_session_table *table)
{
	struct vcd_slot *slot;

	while ((slot = take_retired(table))) {
		vcd_engine_session_free(slot->session);
		slot->session = NULL;
		vcd_session_table_cancel(table, slot);
	}
}

void vcd_section_begin(struct vcd_session_table *table, unsigned int worker)
{
	atomic_store(&table->sections[worker].since, atomic_load(&table->epoch));
}

void vcd_section_end(struct vcd_session_table *table, unsigned int worker)
{
	atomic_store(&table->sections[worker].since, 0);
	if (atomic_load(&table->first_retired) != VCD_SLOT_NONE)
		reclaim(table);
}

bool vcd_session_table_next(struct vcd_session_table *table, uint32_t *cursor, uint64_t *id,
			    const struct vcd_alg **cipher, const struct vcd_alg **mac)
{
	bool found = false;
	uint32_t touched;

	pthread_mutex_lock(&table->lock);
	touched = table->touched;
	pthread_mutex_unlock(&table->lock);
	while (!found && *cursor < touched) {
		struct vcd_slot *slot = &table->slots[(*cursor)++];

		if (!atomic_load(&slot->id))
			continue;
		/* What is published now is retired under the lock, hence later. */
		pthread_mutex_lock(&table->lock);
		*id = atomic_load(&slot->id);
		found = *id != 0;
		if (found) {
			*cipher = slot->session->cipher;
			*mac = slot->session->mac;
		}
		pthread_mutex_unlock(&table->lock);
	}
	return found;
}

bool vcd_session_table_remove(struct vcd_session_table *table, uint64_t id)
{
	struct vcd_slot *slot = vcd_session_table_find(table, id);
	uint64_t expected = id;

	if (!slot || !atomic_compare_exchange_strong(&slot->id, &expected, 0))
		return false;
	pthread_mutex_lock(&table->lock);
	retire(table, slot);
	pthread_mutex_unlock(&table->lock);
	reclaim(table);
	return true;
}

void vcd_session_table_clear(struct vcd_session_table *table)
{
	pthread_mutex_lock(&table->lock);
	for (uint32_t i = 0; i < table->touched; i++)
		if (atomic_exchange(&table->slots[i].id, 0))
			retire(table, &table->slots[i]);
	pthread_mutex_unlock(&table->lock);
	reclaim(table);
}
