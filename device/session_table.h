/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_table.h - the device's sessions, by id.
 *
 * Theory of operation
 * -------------------
 * The table is a fixed array of slots. A session id is (serial << slot bits) | slot. Each creation
 * takes its serial from a counter by one atomic addition. Tables may share that counter, at the
 * same time and from several processes, as two workers do while one replaces the other
 * (daemon/recovery/ledger.h). A table keeps no copy of it. So no serial, and hence no id, is given
 * twice, whatever the order in which tables are made and freed.
 *
 * The first table on a counter seeds it with a random number. An id from an earlier counter, which
 * the driver may still send, then means nothing to this table. Serials do not wrap: the seed is in
 * the lower half of the serials that fit an id. When the rest is used up, after
 * 2^(63 - slot bits) creations, no more sessions can be made.
 *
 * Threads look sessions up without a lock, and without writing to memory that another thread reads.
 * A batch is a *section*, and what is found in a section stays until it ends. Creation and
 * destruction are rarer and take a mutex.
 *
 *   publish    with the mutex: store the session, then the id
 *   lookup     in a section: compare the id
 *   unpublish  exchange the id for 0. The thread that did it retires the slot: with the mutex, it
 *              increments the epoch, notes it in the slot, and appends the slot to a list.
 *              vdev_session_table_clear() retires many slots with one epoch
 *   begin      of a section: note the epoch as the section's
 *   end        set the section's note to 0; then, if the list is not empty, reclaim
 *   reclaim    with the mutex, take slots off the front of the list whose note is not above that
 *              of any running section, at most as many as the caller wants to free. Free their
 *              sessions without the mutex. With the mutex, mark the slots free
 *
 * Freeing a session takes longer than most requests. The end of a section therefore has a *budget*,
 * so that the sessions that one batch ended do not delay another batch. The budget is the number
 * of sessions that the batch itself has ended, and a few more, so that there is always progress
 * (vdev_execute()). The rest stays on the list for the ends of other sections and for idle
 * threads, which reclaim all that they can before they sleep (vdev_tidy()).
 *
 * Invariants
 * - A slot that is free, being filled, or being reclaimed has one owner. Other threads read only
 *   its id. No session has the id 0, which means not published.
 * - A section whose note is not below that of a slot cannot find the session: it has seen the
 *   epoch that was incremented after the id had become 0. A section without a note when reclaim
 *   looks cannot find it either: it notes the epoch before its lookups, and reclaim looks after
 *   the change of the id, in the one order of sequentially consistent accesses. One look at
 *   all sections is enough for all slots on the list: each was appended, with the mutex, before.
 * - No retired slot is forgotten: either the thread that retired it sees that a section has ended,
 *   or the end of that section sees the list, in the same order. That thread may leave slots on
 *   the list, but it looks again before it sleeps.
 * - Publishing and vdev_session_table_clear() exclude each other: a session is either cleared or
 *   made later.
 */
#ifndef VDEV_SESSION_TABLE_H
#define VDEV_SESSION_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "device/key_service.h"
#include "engine/engine.h"

struct vdev_named;

/** Most sessions of a table. */
#define VDEV_SESSION_TABLE_MAX (1u << 20)

/**
 * struct vdev_slot - one session; a cache line, so that its users disturb no other's.
 * @id: its id while it is published, else 0
 * @hash_busy: a job on the half-done hash is outstanding
 * @session: the engine's session, from publish to reclaim; NULL: the key service has its key
 * @named: of a session by label, likewise; otherwise NULL. Set by the slot's owner before publish
 * @serial: upper part of the id of its present or next session
 * @retired: the epoch that began when it was retired
 * @next: next free slot; next retired slot
 */
struct vdev_slot {
	_Alignas(64) _Atomic(uint64_t) id;
	_Atomic(uint32_t) hash_busy;
	struct eng_session *session;
	struct vdev_named *named;
	uint64_t serial;
	uint64_t retired;
	uint32_t next;
};

/**
 * struct vdev_section - the section of one thread; a cache line.
 * @since: the epoch in which the section began; 0: the thread is in no section
 */
struct vdev_section {
	_Alignas(64) _Atomic(uint64_t) since;
};

/**
 * struct vdev_session_table - the table.
 * @memory: the allocation of all arrays
 * @max: number of slots
 * @slot_bits: low bits of an id that name the slot
 * @sections: one for each thread
 * @epoch: 1 and the number of times that sessions were retired
 * @first_retired: first slot of the list, or VDEV_SLOT_NONE; written with @lock
 * @live: published sessions
 * @serial: the next serial: @own_serial, or a counter that other tables use too
 * @keys: the key service, for sessions by label; set after vdev_session_table_init(), or NULL
 * @lock: protects publishing and the members that follow
 * @free: first free slot, or VDEV_SLOT_NONE
 * @touched: slots from here on have never been used
 * @published: a bit for each slot, set from publish to retire
 * @last_retired: last slot of the list, if it is not empty
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
	const struct vdev_key_service *keys;
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

/** vdev_session_table_max_seed - the first serials of a table of @max are below this. */
static inline uint64_t vdev_session_table_max_seed(uint32_t max)
{
	return UINT64_C(1) << (63 - vdev_session_table_slot_bits(max));
}

/** vdev_session_table_seed - make a first serial for a table of @max from a random number. */
static inline uint64_t vdev_session_table_seed(uint32_t max, uint64_t chance)
{
	uint64_t low = vdev_session_table_max_seed(max) / 2;

	return low | (chance & (low - 1));
}

/**
 * vdev_session_table_init - make an empty table. The table must not move afterwards.
 * @max: sessions at one time, 1 to VDEV_SESSION_TABLE_MAX
 * @threads: number of threads that look sessions up
 * @seed: the first serial, unless @serial is not 0; not 0
 * @serial: borrowed counter, 0 when no table has used it yet; tables of the same @max may share
 *	it, see above. NULL: a counter of its own
 *
 * Return: 0 or -ENOMEM.
 */
int vdev_session_table_init(struct vdev_session_table *table, uint32_t max, unsigned int threads,
			    uint64_t seed, uint64_t *serial);

/** vdev_session_table_fini - drop all sessions and free the table. No thread may use it. */
void vdev_session_table_fini(struct vdev_session_table *table);

/** vdev_session_table_reserve - take a free slot. Return: NULL: no slot, or no serial, is left. */
struct vdev_slot *vdev_session_table_reserve(struct vdev_session_table *table);

/** vdev_session_table_cancel - give a reserved slot back. */
void vdev_session_table_cancel(struct vdev_session_table *table, struct vdev_slot *slot);

/**
 * vdev_session_table_publish - put @session into a reserved slot. The table owns it from now on.
 *
 * Return: its id.
 */
uint64_t vdev_session_table_publish(struct vdev_session_table *table, struct vdev_slot *slot,
				    struct eng_session *session);

/** vdev_section_begin - @thread begins to look sessions up. Sections do not nest. */
void vdev_section_begin(struct vdev_session_table *table, unsigned int thread);

/**
 * vdev_section_end - @thread no longer uses what it found.
 * @budget: the most sessions that this call may free
 *
 * Return: sessions freed.
 */
size_t vdev_section_end(struct vdev_session_table *table, unsigned int thread, size_t budget);

/** vdev_session_table_reclaim - free at most @budget ended sessions. Return: sessions freed. */
size_t vdev_session_table_reclaim(struct vdev_session_table *table, size_t budget);

/** vdev_session_table_find - look @id up. Return: its slot until the section ends, or NULL. */
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
 * @cursor: 0 at first; out: where to continue
 * @cipher: out: its cipher or AEAD, or NULL
 * @mac: out: its hash or MAC, or NULL
 *
 * Return: false at the end.
 */
bool vdev_session_table_next(struct vdev_session_table *table, uint32_t *cursor, uint64_t *id,
			     const struct eng_alg **cipher, const struct eng_alg **mac);

/**
 * vdev_session_table_remove - end @id. The session is freed later, by vdev_section_end() or
 * vdev_session_table_reclaim().
 *
 * Return: whether the session existed.
 */
bool vdev_session_table_remove(struct vdev_session_table *table, uint64_t id);

/** vdev_session_table_clear - end all sessions, likewise. Return: how many. */
size_t vdev_session_table_clear(struct vdev_session_table *table);

/** vdev_session_table_end_named - end the sessions of @key, a number of the key service; 0: of all keys. */
size_t vdev_session_table_end_named(struct vdev_session_table *table, uint64_t key);

/** vdev_slot_algs - the algorithms of the session in @slot, NULL where it has none. */
void vdev_slot_algs(const struct vdev_slot *slot, const struct eng_alg **cipher,
		    const struct eng_alg **mac);

/** vdev_hash_trylock - reserve the half-done hash of @slot's session. Return: false: it is busy. */
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
