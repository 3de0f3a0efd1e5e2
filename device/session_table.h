/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_table.h - the device's sessions, by id.
 *
 * Theory of operation
 * -------------------
 * A fixed array of slots. A session id is (serial << slot bits) | slot. The
 * serial counts the creations of the device and starts at a random number, so
 * that an id from an earlier device, which the driver may still send, means
 * nothing to this one; it never comes round within the life of a device. A
 * device that follows a dead one goes on where that one was, which it noted.
 *
 * Workers look sessions up without a lock; creation and destruction are rarer
 * and take a mutex for the list of free slots.
 *
 *   publish    under the mutex: session stored, refs = 1 (the table's), id stored
 *   lookup     id equal? refs + 1 unless it is 0; id still equal? else put
 *   unpublish  id exchanged for 0; who did it drops the table's reference
 *   put        refs - 1; who made it 0 frees the session and, under the mutex, the slot
 *
 * Invariants
 * - refs is 0 exactly while the slot is free or being filled, and then nothing
 *   but its owner (the filler, or who made it 0) touches the slot's other fields.
 * - A reader that raised refs from not-0 holds a session that stays. Whether it
 *   is the one it asked for, the second look at the id tells: the id was set to
 *   0 before the table's reference went, and refs was set to 1 (release) after
 *   the slot was filled, so a reader whose increment (acquire) fell on a later
 *   tenant sees an id that is not the old one.
 * - id 0 means not published; no session has it.
 * - Publishing and vcd_session_table_clear() exclude each other: a session is
 *   either cleared or made after it.
 */
#ifndef VCD_SESSION_TABLE_H
#define VCD_SESSION_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "engine/engine.h"

/** Most sessions of a table. */
#define VCD_SESSION_TABLE_MAX (1u << 20)

/**
 * struct vcd_slot - one session; a cache line, so that its users disturb no other's.
 * @id: its id while it is published, else 0
 * @refs: references: the table's and one per job under way
 * @hash_busy: a job on the half-done hash is under way
 * @session: the engine's session, while refs is not 0
 * @serial: upper part of the id of the tenant to come or there
 * @next: next free slot; next slot to drop while the table is cleared
 */
struct vcd_slot {
	_Alignas(64) _Atomic(uint64_t) id;
	_Atomic(uint32_t) refs;
	_Atomic(uint32_t) hash_busy;
	struct vcd_engine_session *session;
	uint64_t serial;
	uint32_t next;
};

/**
 * struct vcd_session_table - the table.
 * @memory: what was allocated for it
 * @slots: the array
 * @max: slots in it
 * @slot_bits: low bits of an id that name the slot
 * @live: published sessions
 * @lock: protects what follows, and publishing
 * @serial: upper part of the next id, 1 to the largest that fits
 * @noted: where @serial is noted each time before it is used, or NULL
 * @serials: how many may yet be given out; at 0 creation ends for good
 * @free: first free slot, or VCD_SLOT_NONE
 * @touched: slots from here on have never been used
 */
struct vcd_session_table {
	void *memory;
	struct vcd_slot *slots;
	uint32_t max;
	unsigned int slot_bits;
	_Atomic(uint64_t) live;
	pthread_mutex_t lock;
	uint64_t serial;
	uint64_t *noted;
	uint64_t serials;
	uint32_t free;
	uint32_t touched;
};

#define VCD_SLOT_NONE UINT32_MAX

/**
 * vcd_session_table_init - make an empty table.
 * @max: sessions at one time, 1 to VCD_SESSION_TABLE_MAX
 * @start: where serials begin; any number
 * @noted: where to note the next serial, or NULL
 *
 * Return: 0 or -ENOMEM.
 */
int vcd_session_table_init(struct vcd_session_table *table, uint32_t max, uint64_t start,
			   uint64_t *noted);

/** vcd_session_table_fini - drop all sessions and free the table; nobody may use it any more. */
void vcd_session_table_fini(struct vcd_session_table *table);

/** vcd_session_table_reserve - take a free slot. Return: the slot, NULL when all are taken. */
struct vcd_slot *vcd_session_table_reserve(struct vcd_session_table *table);

/** vcd_session_table_cancel - give a reserved slot back. */
void vcd_session_table_cancel(struct vcd_session_table *table, struct vcd_slot *slot);

/**
 * vcd_session_table_publish - put @session, from now on the table's, into a reserved slot.
 *
 * Return: its id.
 */
uint64_t vcd_session_table_publish(struct vcd_session_table *table, struct vcd_slot *slot,
				   struct vcd_engine_session *session);

/** vcd_session_table_get - look @id up and take a reference. Return: the slot or NULL. */
struct vcd_slot *vcd_session_table_get(struct vcd_session_table *table, uint64_t id);

/**
 * vcd_session_table_next - walk the table, taking a reference.
 * @cursor: 0 at first; out: where to go on
 * @id: out: the session's id
 *
 * Return: the slot or NULL behind the last.
 */
struct vcd_slot *vcd_session_table_next(struct vcd_session_table *table, uint32_t *cursor,
					uint64_t *id);

/** vcd_session_table_put - drop a reference. */
void vcd_session_table_put(struct vcd_session_table *table, struct vcd_slot *slot);

/** vcd_session_table_remove - end @id; jobs under way keep it until they end. Return: was there. */
bool vcd_session_table_remove(struct vcd_session_table *table, uint64_t id);

/** vcd_session_table_clear - end all sessions, likewise. */
void vcd_session_table_clear(struct vcd_session_table *table);

#endif /* VCD_SESSION_TABLE_H */
