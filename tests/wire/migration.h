/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migration.h - what a front end does while its VM migrates: a log of dirty pages, and a copy.
 *
 * The copy is what a destination would have. Any page may be copied at any time; a page that is
 * written after that must have a bit in the log. So when the device has stopped and the pages with a
 * bit were copied once more, the copy is the memory. The driver's own writes are not in the log (a
 * hypervisor learns of them otherwise): the driver writes nothing between migration_copy_all() and
 * migration_differs().
 *
 * Every function here asserts.
 */
#ifndef TESTS_WIRE_MIGRATION_H
#define TESTS_WIRE_MIGRATION_H

#include "tests/wire/rig.h"

#define MIGRATION_PAGE 4096u

/**
 * struct migration - a front end whose VM migrates.
 * @front: the front end
 * @memfd: the log's file
 * @size: bytes of the log
 * @log: the log, mapped
 * @copy: of guest memory, as front->memory
 */
struct migration {
	struct front *front;
	int memfd;
	size_t size;
	uint8_t *log;
	uint8_t *copy;
};

/** migration_open - make a log that covers all of the front end's memory; nothing is sent. */
void migration_open(struct migration *m, struct front *front);

/** migration_close - undo migration_open(); the device may still have the log. */
void migration_close(struct migration *m);

/** migration_set_log - SET_LOG_BASE with the first @size bytes of the log. Return: the answer. */
uint64_t migration_set_log(const struct migration *m, uint64_t size);

/** migration_log_all - SET_FEATURES with or without VHOST_F_LOG_ALL. */
void migration_log_all(const struct migration *m, bool on);

/** migration_log_ring - SET_VRING_ADDR of a queue, to log its used ring at @guest_addr; 0: not. */
void migration_log_ring(const struct front_queue *queue, uint64_t guest_addr);

/** migration_start - what QEMU sends when a migration begins: log, feature, addresses of rings. */
void migration_start(const struct migration *m);

/** migration_marked - whether the page at @p has a bit. */
bool migration_marked(const struct migration *m, const void *p);

/** migration_count - how many pages of guest memory have a bit. */
unsigned int migration_count(const struct migration *m);

/** migration_copy_all - clear the log, then copy all of guest memory. */
void migration_copy_all(const struct migration *m);

/** migration_copy_marked - clear the log, and copy the pages that had a bit. */
void migration_copy_marked(const struct migration *m);

/** migration_differs - a page in which the copy is not the memory, or NULL. */
const void *migration_differs(const struct migration *m);

#endif /* TESTS_WIRE_MIGRATION_H */
