/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_ledger.c - a ledger with arbitrary contents, as a worker that was taken over may
 * leave it, and what the next worker does with it first.
 *
 * Input: records, as many as there are: area, offset / 4 (2 bytes), length, bytes, which are
 * written there. Areas, % 4: head, lines of the queues, lines of the threads (near their
 * start), saved input.
 *
 * What is checked, beside what sanitizers see: a spoilt head is refused, and put right
 * by the supervisor; no record is left; strikes are counted on existing queues only;
 * what is not guest memory is not touched.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "daemon/vm/vm.h"
#include "daemon/recovery/ledger.h"
#include "daemon/virtio/undo.h"
#include "common/log.h"
#include "daemon/operate/counters.h"

#define QUEUES 2u
#define THREADS 2u
#define UNDO 4096u
#define REGIONS 2u
#define BYTES 4096u
#define GPA 0x10000u

/* A head, and the pieces of a record that one input can reach. */
#define NEAR 1024u

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static const struct ledger_shape shape = {QUEUES, THREADS, UNDO};
static struct memory memory;

/* Guest memory: neighbours, each a block of its own for sanitizers. */
static void make_memory(void)
{
	unsigned int i;

	memory.count = REGIONS;
	for (i = 0; i < REGIONS; i++) {
		memory.regions[i].guest_addr = GPA + i * BYTES;
		memory.regions[i].size = BYTES;
		memory.regions[i].host = calloc(1, BYTES);
		CHECK(memory.regions[i].host);
	}
}

static void free_memory(void)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++)
		free(memory.regions[i].host);
}

struct area {
	void *start;
	size_t size;
};

static struct area area_of(const struct ledger *ledger, unsigned int number)
{
	switch (number % 4) {
	case 0:
		return (struct area){ledger->head, sizeof(*ledger->head)};
	case 1:
		return (struct area){ledger->queue, QUEUES * sizeof(*ledger->queue)};
	case 2:
		return (struct area){&ledger->thread[(number >> 2) % THREADS], NEAR};
	default:
		return (struct area){ledger->undo, THREADS * UNDO};
	}
}

static void spoil(const struct ledger *ledger, const uint8_t *data, size_t size)
{
	while (size >= 4) {
		struct area area = area_of(ledger, data[0]);
		size_t offset = (size_t)(data[1] | data[2] << 8) * 4 % area.size;
		size_t len = MIN(MIN((size_t)data[3], size - 4), area.size - offset);

		memcpy((uint8_t *)area.start + offset, data + 4, len);
		data += 4 + len;
		size -= 4 + len;
	}
}

/* What a worker that serves does with its lines: go on, count, tell the operator. */
static void go_on(struct ledger *ledger)
{
	/* Not on the stack: AddressSanitizer's of gcc 12 aligns to 32 bytes only. */
	static struct queue queues[QUEUES];
	struct vm vm = {.num_queues = QUEUES, .ledger = ledger, .queues = queues};
	struct stats stats = {.engine = "none"};
	char *text = NULL;
	size_t len;
	unsigned int i;
	FILE *file;

	for (i = 0; i < QUEUES; i++) {
		queue_init(&queues[i], i, &ledger->queue[i]);
		/* It says so aloud when it stops a queue, which would be most of the output. */
		ledger->queue[i].strikes = MIN(ledger->queue[i].strikes, LEDGER_STRIKES - 1);
		queue_resume(&queues[i], &vm.memory);
		CHECK(!queues[i].active && !queues[i].broken);
	}
	vm_stats_get(&vm, &stats.vm);
	CHECK(stats.vm.published == ledger->queue[0].done + ledger->queue[1].done);
	file = open_memstream(&text, &len);
	CHECK(file);
	stats_derive(&stats);
	stats_print(&stats, file);
	CHECK(fclose(file) == 0 && strlen(text) == len);
	free(text);
	for (i = 0; i < QUEUES; i++)
		queue_destroy(&queues[i]);
}

/* A batch of the new worker, in place, whose worker dies as well: its input comes back. */
static void die_again(struct ledger *ledger)
{
	uint8_t *host = memory.regions[0].host;
	struct iovec iov = {host + 64, 512};
	struct vdev_request request = {.in = &iov, .in_count = 1, .out = &iov, .out_count = 1};
	struct undo undo = undo_of(ledger, 0);
	uint8_t before[512];

	memcpy(before, iov.iov_base, sizeof(before));
	undo_begin(&undo, 1, ledger->queue[1].done, &memory, &request, 1);
	memset(iov.iov_base, 0xee, sizeof(before));
	undo_recover(ledger, &memory);
	CHECK(memcmp(before, iov.iov_base, sizeof(before)) == 0);
	CHECK(ledger->queue[1].strike_done == ledger->queue[1].done);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger ledger;
	struct ledger next;
	unsigned int i;
	int err;

	log_set_level(LOG_ERROR);
	make_memory();
	CHECK(ledger_create(&ledger, &shape) == 0);
	spoil(&ledger, data, size);
	err = ledger_open(&next, fcntl(ledger.fd, F_DUPFD_CLOEXEC, 0), &shape);
	CHECK(err == 0 || err == -EPROTO);
	ledger_close(&next);
	ledger_mend(&ledger);
	CHECK(ledger_open(&next, fcntl(ledger.fd, F_DUPFD_CLOEXEC, 0), &shape) == 0);
	CHECK(next.counters);
	undo_recover(&next, &memory);
	for (i = 0; i < THREADS; i++)
		CHECK(next.thread[i].queue == 0);
	go_on(&next);
	die_again(&next);
	ledger_close(&next);
	ledger_close(&ledger);
	free_memory();
	return 0;
}
