/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.h - a guest under qtest: its memory, its device, and what a driver does with that.
 */
#ifndef TESTS_QEMU_GUEST_H
#define TESTS_QEMU_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "function.h"
#include "tests/lib/split.h"

/** Bytes of memory; QEMU's arguments have to say the same. */
#define GUEST_RAM (32ull << 20)
/** Entries of our queues. */
#define GUEST_NUM 64u

/* Guest memory: 64 KiB for each queue's rings, requests behind them. */
#define GUEST_RINGS QTEST_RAM_BEGIN
#define GUEST_RINGS_STEP 0x10000ull
#define GUEST_DATA 0x800000ull
#define GUEST_DATA_SIZE 0x100000ull

#define GUEST_F_INDIRECT (1ull << 28)
#define GUEST_F_EVENT_IDX (1ull << 29)
#define GUEST_F_VERSION_1 (1ull << 32)
#define GUEST_F_RING_RESET (1ull << 40)

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };

/** struct desc - a descriptor, as it lies in memory. */
struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/**
 * struct guest - one.
 * @qtest: its QEMU
 * @function: its device
 * @id: virtio's number for that
 * @chance: what it does follows from
 * @session: one that the device has, if all went well
 * @sound: which queues are set up as they should be, and work until somebody breaks them
 * @stopped: that the device wants to be reset has been seen
 * @own: requests that were right on purpose, and answered
 * @stops: times that the device has stopped
 * @lost: times that a sound queue's end was not to be seen
 */
struct guest {
	struct qtest qtest;
	struct function function;
	unsigned int id;
	struct test_random chance;
	uint64_t session;
	bool sound[64];
	bool stopped;
	uint64_t own;
	uint64_t stops;
	uint64_t lost;
};

/** struct guest_counters - what the device itself has counted since it was made. */
struct guest_counters {
	uint64_t taken; /* off the rings, without those that stopped it */
	uint64_t ok;
};

/** guest_begin - start QEMU with these arguments, and find virtio device @id. */
void guest_begin(struct guest *g, char *const argv[], unsigned int id);

/** guest_end - end QEMU, which must be well. */
void guest_end(struct guest *g);

/* Where the parts of a queue are. */
uint64_t guest_desc(unsigned int queue);
uint64_t guest_avail(unsigned int queue);
uint64_t guest_used(unsigned int queue);

/** guest_used_index, guest_avail_index - of a queue, as memory has it. */
uint16_t guest_used_index(struct guest *g, unsigned int queue);
uint16_t guest_avail_index(struct guest *g, unsigned int queue);

/** guest_reset - reset the device; no queue is set up then. */
void guest_reset(struct guest *g);

/** guest_reset_machine - the machine is reset, the device found again. */
void guest_reset_machine(struct guest *g);

/** guest_queue - set a queue up as it should be; its rings are empty. */
void guest_queue(struct guest *g, unsigned int queue);

/** guest_clear - a queue's rings are empty. */
void guest_clear(struct guest *g, unsigned int queue);

/** guest_go - the driver is ready. */
void guest_go(struct guest *g);

/** guest_has_stopped - whether the device wants to be reset; counted once for each time. */
bool guest_has_stopped(struct guest *g);

/**
 * guest_check - reset the device, set queue 0 up, and have known requests answered right.
 *
 * Otherwise the test has failed. @session is one that is left there.
 */
void guest_check(struct guest *g);

/** guest_session - make a session by queue 0, without a reset; false: there was no answer. */
bool guest_session(struct guest *g);

/** guest_count - ask the device. */
void guest_count(struct guest *g, struct guest_counters *counters);

#endif /* TESTS_QEMU_GUEST_H */
