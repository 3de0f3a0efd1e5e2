/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_session_table.c - ids, limits, and the rules of session_table.h under threads.
 *
 * The sessions are objects of this file's own engine, which counts them and
 * notices a use after the end.
 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device/session_table.h"

struct token {
	struct eng_session base;
	_Atomic(uint64_t) id;
	_Atomic(int) alive;
};

static _Atomic(long) tokens;

static void token_free(struct eng_session *session)
{
	struct token *token = (struct token *)session;

	assert_int_equal(atomic_exchange(&token->alive, 0), 1);
	atomic_fetch_sub(&tokens, 1);
	free(token);
}

static const struct eng_ops token_ops = {.name = "token", .session_free = token_free};
static struct engine token_engine = {.ops = &token_ops, .threads = 1};

static struct eng_session *token_new(void)
{
	struct token *token = calloc(1, sizeof(*token));

	assert_non_null(token);
	token->base.engine = &token_engine;
	token->alive = 1;
	atomic_fetch_add(&tokens, 1);
	return &token->base;
}

/* Make a session; 0 when the table is full. */
static uint64_t create(struct vdev_session_table *table)
{
	struct vdev_slot *slot = vdev_session_table_reserve(table);

	return slot ? vdev_session_table_publish(table, slot, token_new()) : 0;
}

/* A budget for all of them. */
#define ALL SIZE_MAX

/* End a session, outside of any section, and free it. */
static bool drop(struct vdev_session_table *table, uint64_t id)
{
	bool was_there = vdev_session_table_remove(table, id);

	vdev_session_table_reclaim(table, ALL);
	return was_there;
}

static void ids_and_limit(void **state)
{
	struct vdev_session_table table;
	uint64_t ids[3];

	assert_int_equal(vdev_session_table_init(&table, 3, 1, 7, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		ids[i] = create(&table);
		assert_true(ids[i]);
		for (size_t j = 0; j < i; j++)
			assert_true(ids[i] != ids[j]);
	}
	assert_int_equal(create(&table), 0);
	assert_int_equal(table.live, 3);
	assert_true(drop(&table, ids[1]));
	assert_false(drop(&table, ids[1]));
	assert_null(vdev_session_table_find(&table, ids[1]));
	assert_int_equal(table.live, 2);
	assert_true(create(&table));
	/* The slot is the same one, the old id still means nothing. */
	assert_null(vdev_session_table_find(&table, ids[1]));
	assert_int_equal(create(&table), 0);
	vdev_session_table_fini(&table);
	assert_int_equal(tokens, 0);
}

static void foreign_ids(void **state)
{
	struct vdev_session_table table;
	uint64_t id;

	assert_int_equal(vdev_session_table_init(&table, 5, 1, UINT64_MAX >> 3, NULL), 0);
	id = create(&table);
	assert_null(vdev_session_table_find(&table, 0));
	assert_null(vdev_session_table_find(&table, UINT64_MAX));
	for (unsigned int bit = 0; bit < 64; bit++) {
		assert_null(vdev_session_table_find(&table, id ^ UINT64_C(1) << bit));
		assert_false(drop(&table, id ^ UINT64_C(1) << bit));
	}
	assert_false(drop(&table, 0));
	assert_int_equal(table.live, 1);
	vdev_session_table_fini(&table);
}

static void no_id_twice(void **state)
{
	struct vdev_session_table table;
	uint64_t last;

	assert_int_equal(vdev_session_table_init(&table, 2, 1, 1, NULL), 0);
	last = create(&table);
	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t id;

		assert_true(drop(&table, last));
		id = create(&table);
		assert_true(id && id != last);
		assert_null(vdev_session_table_find(&table, last));
		last = id;
	}
	vdev_session_table_fini(&table);
}

/* Whatever the random number is, the seed is in the lower half of what an id has room for. */
static void seeds(void **state)
{
	static const uint64_t chances[] = {0, 1, UINT64_MAX, UINT64_MAX >> 1, 0x123456789abcdef};
	static const uint32_t sizes[] = {1, 2, 3, 16384, VDEV_SESSION_TABLE_MAX};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct vdev_session_table table;
		uint64_t half;

		assert_int_equal(vdev_session_table_init(&table, sizes[i], 1, 1, NULL), 0);
		half = (UINT64_MAX >> table.slot_bits >> 1) + 1;
		for (size_t j = 0; j < sizeof(chances) / sizeof(chances[0]); j++) {
			uint64_t seed = vdev_session_table_seed(sizes[i], chances[j]);

			assert_true(seed >= half / 2 && seed < half);
		}
		assert_true(vdev_session_table_seed(sizes[i], 5) !=
			    vdev_session_table_seed(sizes[i], 6));
		vdev_session_table_fini(&table);
	}
}

/* Serials do not wrap: behind the last one there is none, for this table or any other. */
static void serials_end(void **state)
{
	uint64_t counter = (UINT64_MAX >> 1) - 1, id;
	struct vdev_session_table table, next;

	assert_int_equal(vdev_session_table_init(&table, 2, 1, 1, &counter), 0);
	for (unsigned int i = 0; i < 2; i++) {
		id = create(&table);
		assert_true(id >> 1 == (UINT64_MAX >> 1) - 1 + i);
		assert_true(drop(&table, id));
	}
	/* A slot is free, but there is no number left for it. */
	for (unsigned int i = 0; i < 5; i++)
		assert_null(vdev_session_table_reserve(&table));
	assert_int_equal(vdev_session_table_init(&next, 2, 1, 1, &counter), 0);
	assert_null(vdev_session_table_reserve(&next));
	vdev_session_table_fini(&next);
	vdev_session_table_fini(&table);
}

/* A counter that somebody spoilt gives no session with the id 0, and no slot is lost by it. */
static void serial_of_zero(void **state)
{
	struct vdev_session_table table;
	uint64_t counter = 0;

	assert_int_equal(vdev_session_table_init(&table, 2, 1, 7, &counter), 0);
	assert_int_equal(counter, 7);
	counter = 0;
	assert_int_equal(create(&table), 0);
	assert_int_equal(create(&table), 1u << 1);
	assert_int_equal(create(&table), 2u << 1 | 1);
	vdev_session_table_fini(&table);
}

/*
 * Two tables on one counter, as two workers have at an upgrade: the second is made while the first
 * one is in use, and both go on.
 */
static void tables_share_a_counter(void **state)
{
	struct vdev_session_table first, second;
	uint64_t counter = 0, ids[300];
	unsigned int n = 0;

	assert_int_equal(vdev_session_table_init(&first, 2, 1, 5, &counter), 0);
	for (; n < 100; n++) {
		ids[n] = create(&first);
		assert_true(drop(&first, ids[n]));
	}
	assert_int_equal(vdev_session_table_init(&second, 2, 1, 5, &counter), 0);
	while (n < 300) {
		ids[n++] = create(&first);
		ids[n++] = create(&second);
		assert_true(drop(&first, ids[n - 2]));
		assert_true(drop(&second, ids[n - 1]));
	}
	assert_true(create(&second));
	for (unsigned int i = 0; i < n; i++) {
		assert_true(ids[i] != 0);
		assert_null(vdev_session_table_find(&second, ids[i]));
		for (unsigned int j = 0; j < i; j++)
			assert_true(ids[i] != ids[j]);
	}
	vdev_session_table_fini(&second);
	vdev_session_table_fini(&first);
}

/* A session that was found in a section is there until the section ends, and no longer. */
static void section_outlives_removal(void **state)
{
	struct vdev_session_table table;
	struct vdev_slot *slot;
	uint64_t id;

	assert_int_equal(vdev_session_table_init(&table, 1, 1, 1, NULL), 0);
	id = create(&table);
	vdev_section_begin(&table, 0);
	slot = vdev_session_table_find(&table, id);
	assert_non_null(slot);
	assert_true(vdev_session_table_remove(&table, id));
	assert_int_equal(table.live, 0);
	assert_int_equal(tokens, 1);
	assert_int_equal(((struct token *)slot->session)->alive, 1);
	assert_null(vdev_session_table_find(&table, id));
	assert_int_equal(create(&table), 0); /* its slot is not free yet */
	vdev_section_end(&table, 0, ALL);
	assert_int_equal(tokens, 0);
	assert_true(create(&table));
	vdev_section_begin(&table, 0);
	vdev_session_table_clear(&table);
	assert_int_equal(tokens, 1);
	vdev_section_end(&table, 0, ALL);
	assert_int_equal(tokens, 0);
	vdev_session_table_fini(&table);
}

/* Whoever is last of those who may have found it frees it, in whatever order they end. */
static void last_section_frees(void **state)
{
	for (unsigned int last = 0; last < 3; last++) {
		struct vdev_session_table table;
		uint64_t id;

		assert_int_equal(vdev_session_table_init(&table, 2, 3, 1, NULL), 0);
		id = create(&table);
		for (unsigned int i = 0; i < 3; i++)
			vdev_section_begin(&table, i);
		assert_true(vdev_session_table_remove(&table, id));
		for (unsigned int i = 0; i < 3; i++)
			if (i != last)
				vdev_section_end(&table, i, ALL);
		assert_int_equal(tokens, 1);
		vdev_section_end(&table, last, ALL);
		assert_int_equal(tokens, 0);
		vdev_session_table_fini(&table);
	}
}

/* A section that began after a session had ended does not keep it, nor those before it. */
static void later_section_keeps_nothing(void **state)
{
	struct vdev_session_table table;
	uint64_t first, second;

	assert_int_equal(vdev_session_table_init(&table, 2, 2, 1, NULL), 0);
	first = create(&table);
	second = create(&table);
	vdev_section_begin(&table, 0);
	assert_true(vdev_session_table_remove(&table, first));
	vdev_section_begin(&table, 1);
	assert_null(vdev_session_table_find(&table, first));
	assert_non_null(vdev_session_table_find(&table, second));
	vdev_section_end(&table, 0, ALL);
	assert_int_equal(tokens, 1);
	/* The second one section 1 may have, and does. */
	assert_true(vdev_session_table_remove(&table, second));
	assert_int_equal(tokens, 1);
	vdev_section_end(&table, 1, ALL);
	assert_int_equal(tokens, 0);
	assert_true(create(&table) && create(&table));
	vdev_session_table_fini(&table);
	assert_int_equal(tokens, 0);
}

/* What a section's end frees is bounded; what it leaves, others free, in the order of retirement.
 */
static void budgets(void **state)
{
	struct vdev_session_table table;
	uint64_t ids[200];

	assert_int_equal(vdev_session_table_init(&table, 200, 2, 1, NULL), 0);
	for (unsigned int i = 0; i < 200; i++)
		ids[i] = create(&table);
	/* None while a section is outstanding that may use them, not even with budget. */
	vdev_section_begin(&table, 0);
	vdev_section_begin(&table, 1);
	assert_int_equal(vdev_session_table_clear(&table), 200);
	assert_int_equal(table.live, 0);
	assert_int_equal(vdev_section_end(&table, 1, ALL), 0);
	assert_int_equal(vdev_session_table_reclaim(&table, ALL), 0);
	assert_int_equal(tokens, 200);
	/* As many as the budget says, by whichever section. */
	assert_int_equal(vdev_section_end(&table, 0, 4), 4);
	assert_int_equal(tokens, 196);
	vdev_section_begin(&table, 1);
	assert_int_equal(vdev_section_end(&table, 1, 0), 0);
	assert_int_equal(tokens, 196);
	vdev_section_begin(&table, 1);
	assert_int_equal(vdev_section_end(&table, 1, 7), 7);
	assert_int_equal(vdev_session_table_reclaim(&table, 16), 16);
	assert_int_equal(tokens, 173);
	/* The slots of those that were freed, no others, can be had. */
	for (unsigned int i = 0; i < 27; i++)
		assert_true(create(&table));
	assert_int_equal(create(&table), 0);
	/* Later ones come last, and only they wait for a later section. */
	vdev_section_begin(&table, 0);
	assert_int_equal(vdev_session_table_clear(&table), 27);
	assert_int_equal(vdev_session_table_reclaim(&table, ALL), 173);
	assert_int_equal(tokens, 27);
	assert_int_equal(vdev_section_end(&table, 0, ALL), 27);
	assert_int_equal(tokens, 0);
	assert_int_equal(vdev_session_table_reclaim(&table, ALL), 0);
	for (unsigned int i = 0; i < 200; i++)
		assert_null(vdev_session_table_find(&table, ids[i]));
	vdev_session_table_fini(&table);
}

/* Slots that are free, or whose session is being removed, are not ended. */
static void clear_finds_what_is_there(void **state)
{
	struct vdev_session_table table;
	uint64_t ids[130], epoch;

	assert_int_equal(vdev_session_table_init(&table, 200, 1, 1, NULL), 0);
	epoch = table.epoch;
	assert_int_equal(vdev_session_table_clear(&table), 0);
	for (unsigned int i = 0; i < 130; i++)
		ids[i] = create(&table);
	for (unsigned int i = 0; i < 130; i++)
		assert_true(i % 3 == 0 || drop(&table, ids[i]));
	assert_int_equal(tokens, 44);
	assert_non_null(vdev_session_table_reserve(&table));
	assert_int_equal(table.epoch, epoch + 86);
	assert_int_equal(vdev_session_table_clear(&table), 44);
	/* One epoch for all of them; none for nothing. */
	assert_int_equal(table.epoch, epoch + 87);
	assert_int_equal(vdev_session_table_clear(&table), 0);
	assert_int_equal(table.epoch, epoch + 87);
	assert_int_equal(table.live, 0);
	assert_int_equal(vdev_session_table_reclaim(&table, ALL), 44);
	assert_int_equal(tokens, 0);
	vdev_session_table_fini(&table);
}

static void walk(void **state)
{
	static const struct eng_alg cipher, mac;
	struct vdev_session_table table;
	const struct eng_alg *one, *other;
	uint32_t cursor = 0;
	uint64_t ids[3], id;

	assert_int_equal(vdev_session_table_init(&table, 3, 1, 1, NULL), 0);
	for (unsigned int i = 0; i < 3; i++) {
		struct eng_session *session = token_new();

		session->cipher = i == 2 ? NULL : &cipher;
		session->mac = i == 2 ? &mac : NULL;
		ids[i] =
		    vdev_session_table_publish(&table, vdev_session_table_reserve(&table), session);
	}
	assert_true(drop(&table, ids[1]));
	assert_true(vdev_session_table_next(&table, &cursor, &id, &one, &other));
	assert_true(id == ids[0] && one == &cipher && !other);
	assert_true(vdev_session_table_next(&table, &cursor, &id, &one, &other));
	assert_true(id == ids[2] && !one && other == &mac);
	assert_false(vdev_session_table_next(&table, &cursor, &id, &one, &other));
	vdev_session_table_fini(&table);
}

/* Ids have room for 8 slots, and the table has 5: what names one behind them reads none (ASan). */
static void slots_that_are_not_there(void **state)
{
	struct vdev_session_table table;
	uint64_t id;

	assert_int_equal(vdev_session_table_init(&table, 5, 1, 1, NULL), 0);
	id = create(&table);
	assert_int_equal(id & 7, 0);
	for (uint64_t slot = 1; slot < 8; slot++)
		assert_null(vdev_session_table_find(&table, id | slot));
	assert_non_null(vdev_session_table_find(&table, id));
	vdev_session_table_fini(&table);
}

static void largest_table(void **state)
{
	struct vdev_session_table table;
	uint64_t id;

	assert_int_equal(vdev_session_table_init(&table, VDEV_SESSION_TABLE_MAX, 1, 12345, NULL),
			 0);
	for (unsigned int i = 0; i < VDEV_SESSION_TABLE_MAX; i++) {
		struct vdev_slot *slot = vdev_session_table_reserve(&table);

		assert_non_null(slot);
		id = vdev_session_table_publish(&table, slot, NULL);
		assert_ptr_equal(vdev_session_table_find(&table, id), slot);
	}
	assert_null(vdev_session_table_reserve(&table));
	vdev_session_table_fini(&table);
}

/* Threads: create, use, remove and clear over a small table, all ids shared. */
#define THREADS 4
#define SHARED_IDS 16
#define ROUNDS 60000

struct stress {
	struct vdev_session_table table;
	_Atomic(uint64_t) ids[SHARED_IDS];
	_Atomic(uint64_t) used;
	_Atomic(unsigned int) threads;
};

/* In a section: it is the right one, and stays alive. */
static struct token *use(struct stress *stress, uint64_t id)
{
	struct vdev_slot *slot = vdev_session_table_find(&stress->table, id);
	struct token *token;
	uint64_t expected = 0;

	if (!slot)
		return NULL;
	token = (struct token *)slot->session;
	assert_int_equal(atomic_load(&token->alive), 1);
	/* The first user stamps it; every later one must find the same id. */
	if (!atomic_compare_exchange_strong(&token->id, &expected, id))
		assert_true(expected == id);
	atomic_fetch_add(&stress->used, 1);
	return token;
}

/* Walk the table beside all the others. */
static void list(struct stress *stress)
{
	const struct eng_alg *cipher, *mac;
	uint32_t cursor = 0;
	uint64_t id;

	while (vdev_session_table_next(&stress->table, &cursor, &id, &cipher, &mac))
		assert_true(id && !cipher && !mac);
}

static void step(struct stress *stress, struct test_random *random, struct token **found)
{
	_Atomic(uint64_t) *shared = &stress->ids[test_random_below(random, SHARED_IDS)];
	uint64_t id;

	switch (test_random_below(random, 16)) {
	case 0:
	case 1:
		id = create(&stress->table);
		if (id)
			id = atomic_exchange(shared, id);
		/* May be gone already, or have been removed by somebody else. */
		vdev_session_table_remove(&stress->table, id);
		break;
	case 2:
		vdev_session_table_remove(&stress->table, atomic_load(shared));
		break;
	case 3:
		if (!test_random_below(random, 50))
			vdev_session_table_clear(&stress->table);
		else if (!test_random_below(random, 10))
			list(stress);
		break;
	default:
		*found = use(stress, atomic_load(shared));
	}
}

/* Sections of a few steps; what one has found it looks at again before it ends. */
static void *stress_thread(void *arg)
{
	struct stress *stress = arg;
	unsigned int number = atomic_fetch_add(&stress->threads, 1);
	struct test_random random = {number + 1};

	for (unsigned int i = 0; i < ROUNDS;) {
		unsigned int steps = 1 + (unsigned int)test_random_below(&random, 8);
		struct token *found[8] = {NULL};

		vdev_section_begin(&stress->table, number);
		for (unsigned int k = 0; k < steps; k++)
			step(stress, &random, &found[k]);
		for (unsigned int k = 0; k < steps; k++)
			assert_true(!found[k] || atomic_load(&found[k]->alive) == 1);
		vdev_section_end(&stress->table, number, test_random_below(&random, 6));
		i += steps;
	}
	return NULL;
}

static void threads(void **state)
{
	static struct stress stress;
	pthread_t thread[THREADS];

	assert_int_equal(vdev_session_table_init(&stress.table, SHARED_IDS / 2, THREADS, 99, NULL),
			 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, stress_thread, &stress), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_true(stress.used > 0);
	/* Counted and actual sessions agree, and every slot is usable again. */
	vdev_session_table_reclaim(&stress.table, ALL);
	assert_int_equal(stress.table.live, tokens);
	vdev_session_table_clear(&stress.table);
	vdev_session_table_reclaim(&stress.table, ALL);
	assert_int_equal(stress.table.live, 0);
	assert_int_equal(tokens, 0);
	for (size_t i = 0; i < SHARED_IDS / 2; i++)
		assert_true(create(&stress.table));
	assert_int_equal(create(&stress.table), 0);
	vdev_session_table_fini(&stress.table);
	assert_int_equal(tokens, 0);
}

/* The same with a thread for each table, each of which makes, drops and makes its table again. */
#define SHARERS 4
#define SHARER_TABLES 20
#define SHARER_IDS 500

struct sharer {
	uint64_t *counter;
	uint64_t ids[SHARER_TABLES * SHARER_IDS];
};

static void *sharer_thread(void *arg)
{
	struct sharer *sharer = arg;
	unsigned int n = 0;

	for (unsigned int i = 0; i < SHARER_TABLES; i++) {
		struct vdev_session_table table;

		assert_int_equal(vdev_session_table_init(&table, 16, 1, 1 + i, sharer->counter), 0);
		for (unsigned int k = 0; k < SHARER_IDS; k++) {
			sharer->ids[n] = create(&table);
			drop(&table, sharer->ids[n++]);
		}
		vdev_session_table_fini(&table);
	}
	return NULL;
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void threads_share_a_counter(void **state)
{
	static struct sharer sharers[SHARERS];
	static uint64_t all[SHARERS * SHARER_TABLES * SHARER_IDS];
	const size_t each = SHARER_TABLES * SHARER_IDS;
	pthread_t thread[SHARERS];
	uint64_t counter = 0;

	for (size_t i = 0; i < SHARERS; i++) {
		sharers[i].counter = &counter;
		assert_int_equal(pthread_create(&thread[i], NULL, sharer_thread, &sharers[i]), 0);
	}
	for (size_t i = 0; i < SHARERS; i++) {
		pthread_join(thread[i], NULL);
		memcpy(all + i * each, sharers[i].ids, sizeof(sharers[i].ids));
	}
	qsort(all, SHARERS * each, sizeof(all[0]), compare_ids);
	assert_true(all[0] != 0);
	for (size_t i = 1; i < SHARERS * each; i++)
		assert_true(all[i] != all[i - 1]);
	assert_int_equal(tokens, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_and_limit),
	    cmocka_unit_test(foreign_ids),
	    cmocka_unit_test(no_id_twice),
	    cmocka_unit_test(seeds),
	    cmocka_unit_test(serials_end),
	    cmocka_unit_test(serial_of_zero),
	    cmocka_unit_test(tables_share_a_counter),
	    cmocka_unit_test(section_outlives_removal),
	    cmocka_unit_test(last_section_frees),
	    cmocka_unit_test(later_section_keeps_nothing),
	    cmocka_unit_test(budgets),
	    cmocka_unit_test(clear_finds_what_is_there),
	    cmocka_unit_test(walk),
	    cmocka_unit_test(slots_that_are_not_there),
	    cmocka_unit_test(largest_table),
	    cmocka_unit_test(threads),
	    cmocka_unit_test(threads_share_a_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
