/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_batches.c - how many requests make a batch; and large requests in place, many at a time,
 * when the worker dies behind them.
 *
 * A batch that was executed and not published is executed again by the next worker, so
 * all input that it wrote over has to be put back, however large the batch was. The sessions are
 * gone by then: a request comes back STALE, and its buffer must be as the driver filled it.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "tests/lib/split.h"
#include "tests/wire/crash.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#define MOST 24
#define LONGEST (256u * 1024)

static const char *crash_daemon;

/**
 * struct large - a request in place.
 * @header: its header
 * @reply: its reply
 * @data: input, then output
 * @input: what is in @data before
 * @len: bytes
 */
struct large {
	struct vcd_req *header;
	struct vcd_reply *reply;
	uint8_t *data;
	uint8_t *input;
	uint32_t len;
};

static void make_large(struct front *front, struct test_random *random, struct large *l)
{
	l->header = front_alloc(front, sizeof(*l->header));
	l->reply = front_alloc(front, sizeof(*l->reply));
	l->data = front_alloc(front, LONGEST);
	l->input = malloc(LONGEST);
	assert_true(l->header && l->reply && l->data && l->input);
	for (size_t i = 0; i < LONGEST; i += 8) {
		uint64_t word = test_random_next(random);

		memcpy(l->input + i, &word, 8);
	}
}

static void submit(struct front_queue *queue, struct large *l, uint64_t session)
{
	const struct front_buf bufs[4] = {
	    {front_gpa(queue->front, l->header), sizeof(*l->header)},
	    {front_gpa(queue->front, l->data), l->len},
	    {front_gpa(queue->front, l->reply), sizeof(*l->reply)},
	    {front_gpa(queue->front, l->data), l->len},
	};

	*l->header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(l->len),
	    .session = htole64(session),
	    .iv_len = 16,
	};
	memset(l->reply, 0xff, sizeof(*l->reply));
	memcpy(l->data, l->input, l->len);
	assert_int_equal(front_queue_add(queue, bufs, 2, 2, l), 0);
}

/* All of @large at once; how many came back STALE. Those have their input still. */
static unsigned int round_of(struct rig *rig, struct large *large, unsigned int n, uint64_t session)
{
	struct front_queue *queue = &rig->front->queue[0];
	unsigned int stale = 0, back = 0;
	uint32_t used;
	void *token;

	for (unsigned int i = 0; i < n; i++)
		submit(queue, &large[i], session);
	front_queue_kick(queue);
	while (back < n) {
		const struct large *l;

		assert_int_equal(front_queue_wait(queue), 0);
		if (front_queue_reap(queue, &token, &used) != 1)
			continue;
		back++;
		l = token;
		if (le32toh(l->reply->status) == VCD_S_STALE) {
			assert_memory_equal(l->data, l->input, l->len);
			stale++;
			continue;
		}
		assert_int_equal(le32toh(l->reply->status), VCD_S_OK);
		assert_memory_not_equal(l->data, l->input, l->len);
	}
	return stale;
}

/* Rounds of these lengths; the worker dies behind the batch that is executed after @quiet of
 * them. */
static void lengths_and_a_death(const uint32_t lengths[], unsigned int n, unsigned int quiet)
{
	const struct front_options options = {.memory = (MOST + 8) * LONGEST};
	struct test_random random = {.state = n};
	const char *daemon = rig_daemon;
	struct large large[MOST];
	struct crash_file crash;
	uint64_t session;
	struct rig rig;

	crash_file_make(&crash);
	rig_daemon = crash_daemon;
	rig_start(&rig, &options, NULL);
	rig_daemon = daemon;
	for (unsigned int i = 0; i < n; i++) {
		make_large(rig.front, &random, &large[i]);
		large[i].len = lengths[i];
	}
	session = rig_session(&rig, &rig.front->queue[0]);
	for (unsigned int i = 0; i < quiet; i++)
		assert_int_equal(round_of(&rig, large, n, session), 0);
	crash_file_set(&crash, CRASH_EXECUTED, 1, 1);
	assert_true(round_of(&rig, large, n, session) > 0);
	assert_int_equal(crash_file_left(&crash), 0);
	rig_check(&rig);
	rig_stop(&rig);
	for (unsigned int i = 0; i < n; i++)
		free(large[i].input);
	crash_file_remove(&crash);
}

/* Just less than what ends a batch, and then the longest request. */
static void test_longest_last(void **state)
{
	static const uint32_t lengths[] = {16384, 16384, 16384, 16384,
					   16384, 16384, 16384, LONGEST};

	lengths_and_a_death(lengths, 8, 0);
}

/* Batches that have grown, as they take little time. */
static void test_lanes_full(void **state)
{
	uint32_t lengths[MOST];

	for (unsigned int i = 0; i < MOST; i++)
		lengths[i] = i % 6 == 5 ? LONGEST : 65536;
	lengths_and_a_death(lengths, MOST, 12);
}

/* @n small requests, sent by one store of the index; how many batches they were executed in. */
static uint64_t batches_of(struct rig *rig, struct front_request *requests, unsigned int n,
			   uint64_t session)
{
	static const uint8_t iv[16];
	struct front_queue *queue = &rig->front->queue[0];
	unsigned int back = 0;
	uint64_t before;
	uint32_t used;
	void *token;

	rig_report(rig);
	before = rig_stat(rig, "batches");
	for (unsigned int i = 0; i < n; i++) {
		front_prepare_crypt(&requests[i], session, 0, 16, iv, sizeof(iv));
		assert_int_equal(front_submit(queue, &requests[i], 16, 16), 0);
	}
	front_queue_kick(queue);
	while (back < n) {
		assert_int_equal(front_queue_wait(queue), 0);
		while (front_queue_reap(queue, &token, &used) == 1) {
			assert_int_equal(front_status(token), VCD_S_OK);
			back++;
		}
	}
	rig_report(rig);
	return rig_stat(rig, "batches") - before;
}

/* Half of what is outstanding, so that the driver gets something to do; but not of a few. */
static void test_half(void **state)
{
	struct front_request requests[64];
	uint64_t session;
	struct rig rig;

	rig_start(&rig, NULL, (const char *const[]){"--engine=openssl", NULL});
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(front_request_init(rig.front, &requests[i], 16, 16), 0);
	session = rig_session(&rig, &rig.front->queue[0]);
	assert_int_equal(batches_of(&rig, requests, 8, session), 1);
	assert_int_equal(batches_of(&rig, requests, 64, session), 2);
	assert_int_equal(batches_of(&rig, requests, 8, session), 1);
	assert_int_equal(batches_of(&rig, requests, 16, session), 2);
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "starting another one",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_half),
	    cmocka_unit_test(test_longest_last),
	    cmocka_unit_test(test_lanes_full),
	};

	said_begin();
	if (argc != 3)
		return 2;
	rig_daemon = argv[1];
	crash_daemon = argv[2];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
