/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ledger.c - daemon/recovery/ledger.c: what a worker does with the ledger of a dead one,
 * and that it believes no length, index or address in it.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/recovery/ledger.h"
#include "daemon/virtio/undo.h"

#define QUEUES 2u
#define THREADS 2u
#define UNDO 8192u
#define BYTES 4096u
#define GPA 0x10000u

static const struct ledger_shape shape = {QUEUES, THREADS, UNDO};

/* Guest memory: two regions with a gap; each a block of its own, for sanitizers. */
static struct memory memory;
static struct ledger ledger;

static int setup(void **state)
{
	unsigned int i;

	memory = (struct memory){.count = 2};
	for (i = 0; i < 2; i++) {
		uint8_t *host = malloc(BYTES);

		if (!host)
			return -1;
		memset(host, 0x11, BYTES);
		memory.regions[i].guest_addr = GPA + i * 2 * BYTES;
		memory.regions[i].size = BYTES;
		memory.regions[i].host = host;
	}
	return ledger_create(&ledger, &shape);
}

static int teardown(void **state)
{
	ledger_close(&ledger);
	free(memory.regions[0].host);
	free(memory.regions[1].host);
	return 0;
}

/* As the next worker opens it. */
static int reopen(struct ledger *other, const struct ledger_shape *as)
{
	return ledger_open(other, dup(ledger.fd), as);
}

static void assert_opens(int want)
{
	struct ledger other;

	assert_int_equal(reopen(&other, &shape), want);
	ledger_close(&other);
}

static void assert_memory(unsigned int region, uint8_t value)
{
	for (unsigned int i = 0; i < BYTES; i++)
		assert_int_equal(memory.regions[region].host[i], value);
}

static void test_opened_again(void **state)
{
	struct ledger other;

	ledger.queue[1].done = 77;
	ledger.counters[1].requests = 5;
	assert_int_equal(reopen(&other, &shape), 0);
	assert_int_equal(ledger_done(&other), 77);
	assert_int_equal(other.counters[1].requests, 5);
	assert_int_equal(other.size, ledger.size);
	ledger_close(&other);
}

static void test_other_shapes(void **state)
{
	static const struct ledger_shape shapes[] = {
	    {QUEUES + 1, THREADS, UNDO}, {QUEUES, THREADS + 1, UNDO}, {QUEUES, THREADS, UNDO + 64}};
	struct ledger other;

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		assert_int_equal(reopen(&other, &shapes[i]), -EPROTO);
		ledger_close(&other);
	}
}

/* Every field of the head that says what it is; and the supervisor puts them right. */
static void test_spoilt_head(void **state)
{
	struct ledger_head *head = ledger.head;
	struct {
		void *field;
		size_t size;
	} fields[] = {
	    {&head->magic, sizeof(head->magic)},
	    {&head->version, sizeof(head->version)},
	    {&head->queues, sizeof(head->queues)},
	    {&head->threads, sizeof(head->threads)},
	    {&head->counters_size, sizeof(head->counters_size)},
	    {&head->undo_size, sizeof(head->undo_size)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		memset(fields[i].field, 0xff, fields[i].size);
		assert_opens(-EPROTO);
		memset(fields[i].field, 0, fields[i].size);
		assert_opens(-EPROTO);
		ledger_mend(&ledger);
		assert_opens(0);
	}
}

/* Another version may have counters of another size; they are not looked at then. */
static void test_other_counters(void **state)
{
	struct ledger other;

	/* Within the rounding of the layout, so that the file's size still fits. */
	ledger.head->counters_size -= 8;
	assert_int_equal(reopen(&other, &shape), 0);
	assert_null(other.counters);
	ledger_close(&other);
}

static void test_unsealed(void **state)
{
	struct ledger other;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)ledger.size), 0);
	assert_int_equal(pwrite(fd, ledger.head, ledger.size, 0), (ssize_t)ledger.size);
	assert_int_equal(ledger_open(&other, fd, &shape), -EPROTO);
	ledger_close(&other);
	/* And what can be no file of that kind. */
	assert_true(ledger_open(&other, dup(STDERR_FILENO), &shape) < 0);
	ledger_close(&other);
	/* Nobody can make a real one shorter. */
	assert_int_equal(ftruncate(ledger.fd, 4096), -1);
}

/* A batch that works in place, cut off: its input comes back. */
static void test_put_back(void **state)
{
	struct iovec iov = {memory.regions[0].host + 100, 200};
	struct vdev_request request = {.in = &iov, .in_count = 1, .out = &iov, .out_count = 1};
	struct undo undo = undo_of(&ledger, 1);
	struct ledger next;

	ledger.queue[1].done = 9;
	undo_begin(&undo, 1, 9, &memory, &request, 1);
	memset(iov.iov_base, 0x22, iov.iov_len);
	assert_int_equal(reopen(&next, &shape), 0);
	undo_recover(&next, &memory);
	assert_memory(0, 0x11);
	assert_int_equal(next.queue[1].strikes, 1);
	assert_int_equal(next.thread[1].queue, 0);
	/* Once: the record is void then. */
	memset(iov.iov_base, 0x22, iov.iov_len);
	undo_recover(&next, &memory);
	assert_int_equal(memory.regions[0].host[100], 0x22);
	assert_int_equal(next.queue[1].strikes, 1);
	ledger_close(&next);
}

/* Iovec @i of @n, 64 bytes each with as many between them, at @at on. */
static void spread(struct iovec *iov, unsigned int n, uint8_t *at)
{
	for (unsigned int i = 0; i < n; i++)
		iov[i] = (struct iovec){at + i * 128, 64};
}

/* A request of which one piece of output shares @shift's bytes with one piece of input. */
static void put_back_shape(unsigned int ins, unsigned int outs, unsigned int i, unsigned int k,
			   int shift)
{
	struct iovec in[3], out[3];
	struct vdev_request request = {.in = in, .in_count = ins, .out = out, .out_count = outs};
	struct undo undo = undo_of(&ledger, 0);

	spread(in, ins, memory.regions[0].host + 64);
	spread(out, outs, memory.regions[1].host);
	out[k].iov_base = (uint8_t *)in[i].iov_base + shift;
	undo_begin(&undo, 0, 0, &memory, &request, 1);
	assert_int_equal(undo.thread->pieces, shift > -64 && shift < 64);
	memset(out[k].iov_base, 0x22, out[k].iov_len);
	undo_recover(&ledger, &memory);
	for (unsigned int b = 0; b < 64; b++)
		assert_int_equal(((uint8_t *)in[i].iov_base)[b], 0x11);
	memset(memory.regions[0].host, 0x11, BYTES);
}

/* Whichever of the pieces of input lies under whichever of the output, and however little. */
static void test_shapes_of_requests(void **state)
{
	static const int shifts[] = {-64, -63, 0, 1, 63, 64};

	for (unsigned int ins = 1; ins <= 3; ins++)
		for (unsigned int outs = 1; outs <= 3; outs++)
			for (unsigned int at = 0; at < ins * outs; at++)
				for (size_t s = 0; s < ARRAY_SIZE(shifts); s++)
					put_back_shape(ins, outs, at / outs, at % outs, shifts[s]);
}

/* A batch that was finished is none to undo. */
static void test_finished(void **state)
{
	struct iovec iov = {memory.regions[0].host, 64};
	struct vdev_request request = {.in = &iov, .in_count = 1, .out = &iov, .out_count = 1};
	struct undo undo = undo_of(&ledger, 0);

	undo_begin(&undo, 0, 0, &memory, &request, 1);
	memset(iov.iov_base, 0x22, iov.iov_len);
	ledger.queue[0].done = 1;
	undo_recover(&ledger, &memory);
	assert_int_equal(memory.regions[0].host[0], 0x22);
	assert_int_equal(ledger.queue[0].strikes, 0);
}

/* A record of a worker that was taken over. */
static void forge(uint32_t queue, uint32_t pieces, uint64_t guest_addr, uint32_t len)
{
	struct ledger_thread *thread = &ledger.thread[0];

	thread->queue = queue;
	thread->done = 0;
	thread->pieces = pieces;
	for (unsigned int i = 0; i < LEDGER_PIECES; i++)
		thread->piece[i] = (struct ledger_piece){.guest_addr = guest_addr, .len = len};
	memset(ledger.undo, 0x33, UNDO);
	undo_recover(&ledger, &memory);
	assert_int_equal(thread->queue, 0);
}

static void test_forged_records(void **state)
{
	/* No such queue. */
	forge(QUEUES + 1, 1, GPA, 16);
	forge(UINT32_MAX, 1, GPA, 16);
	/* More bytes than were saved; none in guest memory; an address that wraps. */
	forge(1, 1, GPA, UNDO + 1);
	forge(1, 1, GPA, UINT32_MAX);
	forge(1, 1, GPA + BYTES, 16);
	forge(1, 1, UINT64_MAX, 2);
	/* Its end is not. */
	forge(1, 1, GPA + BYTES - 8, 16);
	/* No bytes at all, and more records than there is room for. */
	forge(1, UINT32_MAX, GPA, 0);
	assert_memory(0, 0x11);
	assert_memory(1, 0x11);
	/* What is left of the saved bytes is what counts, for the second piece as well. */
	forge(1, 2, GPA + 2 * BYTES, BYTES);
	assert_memory(0, 0x11);
	assert_memory(1, 0x33);
	forge(1, UINT32_MAX, GPA, UNDO / 3);
	assert_memory(1, 0x33);
}

/* Strikes count deaths at one position. */
static void test_strikes(void **state)
{
	struct ledger_queue *queue = &ledger.queue[0];

	for (uint32_t i = 1; i <= LEDGER_STRIKES; i++) {
		forge(1, 0, 0, 0);
		assert_int_equal(queue->strikes, i);
	}
	queue->done = 1;
	forge(1, 0, 0, 0);
	assert_int_equal(queue->strikes, LEDGER_STRIKES);
	ledger.thread[0].queue = 1;
	ledger.thread[0].done = 1;
	undo_recover(&ledger, &memory);
	assert_int_equal(queue->strikes, 1);
	assert_int_equal(queue->strike_done, 1);
}

/* More input than there is room for is not saved, and nothing is written behind it. */
static void test_too_much_to_save(void **state)
{
	struct iovec iov = {memory.regions[0].host, BYTES};
	struct vdev_request request = {.in = &iov, .in_count = 1, .out = &iov, .out_count = 1};
	struct vdev_request requests[4] = {request, request, request, request};
	struct undo undo = undo_of(&ledger, 0);

	memset(ledger.undo + UNDO, 0x44, UNDO);
	undo_begin(&undo, 0, 0, &memory, requests, 4);
	assert_int_equal(ledger.thread[0].pieces, UNDO / BYTES);
	for (unsigned int i = 0; i < UNDO; i++)
		assert_int_equal(ledger.undo[UNDO + i], 0x44);
}

static void test_private(void **state)
{
	struct iovec iov = {memory.regions[0].host, BYTES};
	struct vdev_request request = {.in = &iov, .in_count = 1, .out = &iov, .out_count = 1};
	struct ledger own;
	struct undo undo;

	assert_int_equal(ledger_private(&own, &shape), 0);
	assert_null(own.undo);
	undo = undo_of(&own, 1);
	undo_begin(&undo, 0, 0, &memory, &request, 1);
	assert_int_equal(own.thread[1].pieces, 0);
	undo_recover(&own, &memory);
	assert_memory(0, 0x11);
	ledger_close(&own);
	ledger_close(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_opened_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_shapes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_spoilt_head, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_counters, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unsealed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_put_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shapes_of_requests, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_finished, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_forged_records, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_strikes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_much_to_save, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_private, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
