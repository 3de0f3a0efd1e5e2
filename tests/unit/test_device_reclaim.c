/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_reclaim.c - how many sessions one call of the device frees.
 *
 * To free a session takes longer than most requests. Whatever a guest has ended elsewhere, a
 * batch frees few of it, a worker that holds a lock of others the fewest, and none is forgotten.
 * What counts is the number of sessions that the engine was told to free: no clock is read.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"

#define REPLY sizeof(struct vcd_reply)
#define SESSIONS 60

static const uint8_t key[32] = {2, 7, 1, 8};
static struct devtest test;
static struct eng_ops ops;
static const struct eng_ops *real_ops;
static size_t freed;

/* What is to happen while a job runs, hence within the batch of another worker. */
static void (*meanwhile)(void);

static void count_free(struct eng_session *session)
{
	freed++;
	real_ops->session_free(session);
}

static void run_and_more(struct engine *engine, unsigned int worker, struct eng_job *const jobs[],
			 size_t n)
{
	void (*now)(void) = meanwhile;

	meanwhile = NULL;
	if (now)
		now();
	real_ops->run(engine, worker, jobs, n);
}

static void open_with(unsigned int inline_threads)
{
	const struct vdev_options options = {
	    .num_queues = 1,
	    .inline_threads = inline_threads,
	    .max_sessions = SESSIONS,
	};

	devtest_open(&test, 3, &options);
	real_ops = test.engine->ops;
	ops = *real_ops;
	ops.session_free = count_free;
	ops.run = run_and_more;
	test.engine->ops = &ops;
	freed = 0;
	meanwhile = NULL;
}

static int setup(void **state)
{
	open_with(0);
	return 0;
}

static int setup_inline(void **state)
{
	open_with(1);
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

static uint64_t create(void)
{
	return devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
}

/* Fill the table. Return: one of the sessions. */
static uint64_t fill(void)
{
	uint64_t id = 0;

	for (unsigned int i = 0; i < SESSIONS; i++)
		id = create();
	return id;
}

/* A HELLO by worker @worker. Return: how many sessions that has freed. */
static size_t hello(unsigned int worker)
{
	struct vcd_req_hello req = {
	    .opcode = htole16(VCD_OP_HELLO),
	    .min_version = htole32(1),
	    .max_version = htole32(1),
	};
	size_t before = freed;

	test.thread = worker;
	assert_int_equal(devtest_send(&test, &req, NULL, 0, REPLY)->status, VCD_S_OK);
	return freed - before;
}

/* A look at a session that there is not, by worker @worker. Return: the same. */
static size_t look(unsigned int worker)
{
	size_t before = freed;

	test.thread = worker;
	assert_int_equal(devtest_simple(&test, VCD_OP_SESSION_INFO, 1, REPLY + 272)->status,
			 VCD_S_STALE);
	return freed - before;
}

static size_t tidy(void)
{
	size_t before = freed;
	bool some = vdev_tidy(test.device);

	assert_true(some == (freed > before));
	return freed - before;
}

static void hello_frees_what_it_ended(void **state)
{
	fill();
	assert_int_equal(hello(0), SESSIONS);
	assert_true(vdev_is_tidy(test.device));
	assert_int_equal(tidy(), 0);
	assert_int_equal(hello(0), 0);
	/* That is over: what others end later is not its business. */
	fill();
	vdev_end_sessions(test.device);
	assert_int_equal(look(0), VDEV_RECLAIM_SHARE);
}

static size_t freed_by_hello;

static void hello_by_another(void)
{
	struct devtest saved = test;

	freed_by_hello = hello(1);
	test = saved;
}

/* Worker 1 ends all sessions while worker 0 uses one: worker 0 does not pay for that. */
static void others_free_a_few(void **state)
{
	uint64_t id = fill();
	uint8_t iv[16] = {0};
	size_t left = SESSIONS;

	test.thread = 0;
	meanwhile = hello_by_another;
	assert_int_equal(devtest_crypt(&test, id, 0, iv, 16, key, 32, 32)->status, VCD_S_OK);
	assert_int_equal(freed_by_hello, 0);
	assert_int_equal(freed, VDEV_RECLAIM_SHARE);
	left -= freed;
	assert_false(vdev_is_tidy(test.device));
	/* Nor does anybody else. */
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(look(2 * (i % 2)), VDEV_RECLAIM_SHARE);
		left -= VDEV_RECLAIM_SHARE;
	}
	/* Worker 1 does: it continues where it was kept from it. */
	assert_int_equal(look(1), left);
	assert_true(vdev_is_tidy(test.device));
}

/* As many as a batch destroys it frees, so that nothing piles up. */
static void destroyed_in_a_batch(void **state)
{
	struct vcd_req reqs[SESSIONS] = {0};
	struct vcd_reply replies[SESSIONS];
	struct iovec in[SESSIONS], out[SESSIONS];
	struct vdev_request requests[SESSIONS], *list[SESSIONS];

	for (unsigned int i = 0; i < SESSIONS; i++) {
		reqs[i].opcode = htole16(VCD_OP_SESSION_DESTROY);
		reqs[i].session = htole64(create());
		in[i] = (struct iovec){&reqs[i], sizeof(reqs[i])};
		out[i] = (struct iovec){&replies[i], sizeof(replies[i])};
		requests[i] = (struct vdev_request){&in[i], &out[i], 1, 1, 0};
		list[i] = &requests[i];
	}
	vdev_execute(test.device, 2, list, SESSIONS);
	assert_int_equal(freed, SESSIONS);
	assert_true(vdev_is_tidy(test.device));
}

/* Who holds a lock leaves it to others, even a HELLO of its own. */
static void inline_worker(void **state)
{
	size_t left = SESSIONS;

	fill();
	assert_int_equal(hello(0), VDEV_RECLAIM_SHARE);
	left -= VDEV_RECLAIM_SHARE;
	assert_int_equal(look(0), VDEV_RECLAIM_SHARE);
	left -= VDEV_RECLAIM_SHARE;
	while (left > VDEV_TIDY_SHARE) {
		assert_int_equal(tidy(), VDEV_TIDY_SHARE);
		left -= VDEV_TIDY_SHARE;
	}
	assert_int_equal(tidy(), left);
	assert_int_equal(tidy(), 0);
	/* A worker with no lock frees what its HELLO ended. */
	fill();
	assert_int_equal(hello(1), SESSIONS);
}

/* The sessions that are still to be freed are in nobody's way: a table that was full has room. */
static void room_behind_a_hello(void **state)
{
	fill();
	assert_int_equal(hello(0), VDEV_RECLAIM_SHARE);
	test.thread = 0;
	fill();
	assert_int_equal(devtest_create(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0)->status,
			 VCD_S_NOSPACE);
	assert_int_equal(devtest_live(&test), SESSIONS);
	assert_int_equal(freed, SESSIONS);
}

/* A reset frees, the other way to end all sessions does not. */
static void resets(void **state)
{
	fill();
	vdev_end_sessions(test.device);
	assert_int_equal(devtest_live(&test), 0);
	assert_int_equal(freed, 0);
	assert_int_equal(tidy(), VDEV_TIDY_SHARE);
	vdev_reset(test.device);
	assert_int_equal(freed, SESSIONS);
	fill();
	vdev_reset(test.device);
	assert_int_equal(freed, 2 * SESSIONS);
	/* The device's end frees what is left, ended or not. */
	fill();
	vdev_end_sessions(test.device);
	create();
}

static int teardown_all_freed(void **state)
{
	test.device = vdev_free(test.device);
	assert_int_equal(freed, 3 * SESSIONS + 1);
	return teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(hello_frees_what_it_ended, setup, teardown),
	    cmocka_unit_test_setup_teardown(others_free_a_few, setup, teardown),
	    cmocka_unit_test_setup_teardown(destroyed_in_a_batch, setup, teardown),
	    cmocka_unit_test_setup_teardown(inline_worker, setup_inline, teardown),
	    cmocka_unit_test_setup_teardown(room_behind_a_hello, setup_inline, teardown),
	    cmocka_unit_test_setup_teardown(resets, setup, teardown_all_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
