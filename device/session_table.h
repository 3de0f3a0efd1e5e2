/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_table.h - the device's sessions, by id.
 *
 * Theory of operation
 * -------------------
 * A fixed array of slots. A session id is (serial << slot bits) | slot. Each
 * creation takes its serial from a counter by one atomic addition. Tables may share
 * that counter, at the same time and from several processes, as two processes do while one
 * replaces the other (daemon/recovery/ledger.h). A table keeps no copy of it. So no serial, and
 * hence no id, is given twice, whatever the order in which the tables come and go.
 *
 * The first table on a counter seeds it with a random number, so that an id from an
 * earlier counter, which the driver may still send, means nothing to this table. Serials
 * do not wrap: the seed lies in the lower half of those that an id has room for, and
 * when the rest is used up, after 2^(63 - slot bits) creations, no session can be made any more.
 *
 * Threads look sessions up without a lock, and without writing to anything that another
 * one reads: a thread's batch is a *section*, and what is found in a section stays to its
 * end. Creation and destruction are rarer and take a mutex.
 *
 *   publish    under the mutex: session stored, id stored
 *   lookup     in a section: id equal?
 *   unpublish  id exchanged for 0; who did it retires the slot: under the mutex, the epoch is
 *              counted up, noted in the slot, and the slot put at the end of a list. Many slots
 *              at once, by vdev_session_table_clear(), share one epoch
 *   begin      of a section: the epoch is noted as the section's
 *   end        the section's note is 0 again; then, if the list is not empty, reclaim
 *   reclaim    under the mutex, the slots at the front of the list whose note is not above that
 *              of any section under way are taken off it, as many as the caller wants to free;
 *              without it, their sessions are freed; under it again, the slots become free
 *
 * Freeing a session takes longer than most requests: a section's end has a *budget*, so that
 * a batch is not held up by the many sessions that another one has ended. Its caller counts what
 * the batch itself has ended, and adds a few for the sake of progress (vdev_execute()). What
 * is left stays on the list, for the next section's end, whose-ever that is, and for threads
 * without work: they reclaim until nothing can be reclaimed, before they rest (vdev_tidy()).
 *
 * Invariants
 * - A slot that is free, being filled, or being reclaimed has one owner, and nobody else looks
 *   at more than its id. id 0 means not published; no session has it.
 * - A section whose note is not below that of a slot does not find the session: it has seen
 *   the epoch that was counted up after the id had become 0. One that had not noted anything
 *   yet when it was looked for does not either: its note comes before its lookups, as the look
 *   comes behind the change of the id, in the one order of sequentially consistent accesses.
 *   One look at all sections will do for all slots that are on the list at that time: each was put
 *   there, under the mutex, before the look.
 * - A retired slot is not forgotten: either who retired it sees that a section has ended, or
 *   that section's end sees the list, in the same order. Who sees it may leave slots on the list
 *   that could be reclaimed, but does not rest before it has looked again.
 * - Publishing and vdev_session_table_clear() exclude each other: a session is
 *   either cleared or made after it.
 */
#ifndef VDEV_SESSION_TABLE_H
#define VDEV_SESSION_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "engine/engine.h"

/** Most sessions of a table. */
#define VDEV_SESSION_TABLE_MAX (1u << 20)

/**
 * struct vdev_slot - one session; a cache line, so that its users disturb no other's.
 * @id: its id while it is published, else 0
 * @hash_busy: a job on the half-done hash is under way
 * @session: the engine's session, from when it is published to when it is reclaimed
 * @serial: upper part of the id of its present or next session
 * @retired: the epoch that began when it was retired
 * @next: next free slot; next retired slot
 */
struct vdev_slot {
	_Alignas(64) _Atomic(uint64_t) id;
	_Atomic(uint32_t) hash_busy;
	struct eng_session *session;
	uint64_t serial;
	uint64_t retired;
	uint32_t next;
};

/**
 * struct vdev_section - whether a thread looks sessions up; a cache line.
 * @since: the epoch in which it began to; 0: it does not
 */
struct vdev_section {
	_Alignas(64) _Atomic(uint64_t) since;
};

/**
 * struct vdev_session_table - the table.
 * @memory: what was allocated for it
 * @slots: the array
 * @max: slots in it
 * @slot_bits: low bits of an id that name the slot
 * @slot_mask: these bits
 * @sections: one for each thread
 * @n_sections: threads
 * @epoch: 1 and the number of times that sessions were retired
 * @first_retired: first slot of that list, or VDEV_SLOT_NONE; written under @lock
 * @live: published sessions
 * @serial: the next serial; @own_serial, or a counter that other tables use too
 * @own_serial: what @serial points to when there is no other counter
 * @lock: protects what follows, and publishing
 * @free: first free slot, or VDEV_SLOT_NONE
 * @touched: slots from here on have never been used
 * @published: a bit for each slot, from when it is published to when it is retired
 * @last_retired: last slot of that list, if it has one
 */
struct vdev_session_table {
	void *memory;
	struct vdev_slot *slots;
	uint32_t max;
	unsigned int slot_bits;
	uint64_t slot_mask;
	struct vdev_section *sections;
	unsigned int n_sections;
	_Atomic(uint64_t) epoch;
	_Atomic(uint32_t) first_retired;
	_Atomic(uint64_t) live;
	uint64_t *serial;
	uint64_t own_serial;
	pthread_mutex_t lock;
	uint32_t free;
	uint32_t touched;
	uint64_t *published;
	uint32_t last_retired;
};

#define VDEV_SLOT_NONE UINT32_MAX

/** vdev_session_table_slot_bits - low bits of an id that name the slot, in a table of @max. */
static inline unsigned int vdev_session_table_slot_bits(uint32_t max)
{
	unsigned int bits = 1;

	while ((1u << bits) < max)
		bits++;
	return bits;
}

/** vdev_session_table_max_seed - above all first serials of a table of @max: half of what there is.
 */
static inline uint64_t vdev_session_table_max_seed(uint32_t max)
{
	return UINT64_C(1) << (63 - vdev_session_table_slot_bits(max));
}

/** vdev_session_table_seed - a first serial for a table of @max, made of a random number. */
static inline uint64_t vdev_session_table_seed(uint32_t max, uint64_t chance)
{
	uint64_t low = vdev_session_table_max_seed(max) / 2;

	return low | (chance & (low - 1));
}

/**
 * vdev_session_table_init - make an empty table. The table must not move afterwards.
 * @max: sessions at one time, 1 to VDEV_SESSION_TABLE_MAX
 * @threads: threads that look sessions up, numbered from 0
 * @seed: the first serial, unless @serial has another one already; not 0
 * @serial: counter to take serials from, 0 when no table has used it yet; tables of the same
 *	@max may share it, see above; it outlives the table. NULL: a counter of its own
 *
 * Return: 0 or -ENOMEM.
 */
int vdev_session_table_init(struct vdev_session_table *table, uint32_t max, unsigned int threads,
			    uint64_t seed, uint64_t *serial);

/** vdev_session_table_fini - drop all sessions and free the table; nobody may use it any more. */
void vdev_session_table_fini(struct vdev_session_table *table);

/** vdev_session_table_reserve - take a free slot. Return: the slot, NULL: no slot or no serial left.
 */
struct vdev_slot *vdev_session_table_reserve(struct vdev_session_table *table);

/** vdev_session_table_cancel - give a reserved slot back. */
void vdev_session_table_cancel(struct vdev_session_table *table, struct vdev_slot *slot);

/**
 * vdev_session_table_publish - put @session, from now on the table's, into a reserved slot.
 *
 * Return: its id.
 */
uint64_t vdev_session_table_publish(struct vdev_session_table *table, struct vdev_slot *slot,
				    struct eng_session *session);

/** vdev_section_begin - @thread begins to look sessions up. Not nested. */
void vdev_section_begin(struct vdev_session_table *table, unsigned int thread);

/**
 * vdev_section_end - it does not use any more what it found.
 * @budget: sessions that may be freed in here, at most
 *
 * Return: how many were.
 */
size_t vdev_section_end(struct vdev_session_table *table, unsigned int thread, size_t budget);

/** vdev_session_table_reclaim - free at most @budget sessions that have ended. Return: how many. */
size_t vdev_session_table_reclaim(struct vdev_session_table *table, size_t budget);

/** vdev_session_table_find - look @id up. Return: the slot, to the end of the section, or NULL. */
static inline struct vdev_slot *vdev_session_table_find(const struct vdev_session_table *table,
							uint64_t id)
{
	uint64_t index = id & table->slot_mask;

	if (!id || index >= table->max || atomic_load(&table->slots[index].id) != id)
		return NULL;
	return &table->slots[index];
}

/**
 * vdev_session_table_next - walk the table; needs no section.
 * @cursor: 0 at first; out: where to go on
 * @id: out: the session's id
 * @cipher: out: its cipher or AEAD, or NULL
 * @mac: out: its hash or MAC, or NULL
 *
 * Return: whether there was one more.
 */
bool vdev_session_table_next(struct vdev_session_table *table, uint32_t *cursor, uint64_t *id,
			     const struct eng_alg **cipher, const struct eng_alg **mac);

/**
 * vdev_session_table_remove - end @id. The session is freed later, by vdev_section_end() or
 * vdev_session_table_reclaim().
 *
 * Return: was there.
 */
bool vdev_session_table_remove(struct vdev_session_table *table, uint64_t id);

/** vdev_session_table_clear - end all sessions, likewise. Return: how many there were. */
size_t vdev_session_table_clear(struct vdev_session_table *table);

/** vdev_hash_trylock - reserve the half-done hash of @slot's session. Return: whether it is. */
static inline bool vdev_hash_trylock(struct vdev_slot *slot)
{
	return !atomic_exchange_explicit(&slot->hash_busy, 1, memory_order_acquire);
}

/** vdev_hash_unlock - give it back. */
static inline void vdev_hash_unlock(struct vdev_slot *slot)
{
	atomic_store_explicit(&slot->hash_busy, 0, memory_order_release);
}

#endif /* VDEV_SESSION_TABLE_H */
