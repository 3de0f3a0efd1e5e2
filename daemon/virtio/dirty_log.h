/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dirty_log.h - which pages of guest memory were written, for live migration.
 *
 * Theory of operation
 * -------------------
 * While a VM migrates, its front end shares a log: one bit for each 4096 bytes of guest-physical
 * address space, in the order of vhost-user (byte page / 8, bit page % 8). It clears bits and copies
 * their pages, again and again. So a bit is set after the page was written. A bit that is set before
 * may be cleared, and its page copied, before the write.
 *
 * A batch is logged before its position is stored in the ledger: a worker that dies in between leaves
 * a batch that the next worker executes and logs again.
 *
 * Everything writable of a request is logged, whatever the device wrote of it.
 *
 * Invariants
 * - The log changes under the locks of all queues, like guest memory (vm/vm.c).
 * - A page beyond the log's end is not marked. Queues are not served while the log does not cover all
 *   of guest memory (queue.c).
 * - The front end may make the log's file shorter. It is then lost like guest memory (guard.c).
 */
#ifndef VCD_DAEMON_VIRTIO_DIRTY_LOG_H
#define VCD_DAEMON_VIRTIO_DIRTY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/virtio/memory.h"

/** Bytes of guest memory that a bit stands for. */
#define DIRTY_LOG_PAGE 4096u

/**
 * struct dirty_log - a mapped log.
 * @map: the log as a region that begins at guest address 0; without a mapping: there is no log
 */
struct dirty_log {
	struct memory_region map;
};

/**
 * dirty_log_map - map a log that a front end describes.
 * @fd: the file; still the caller's
 * @size: bytes of the log
 * @offset: where in the file it begins
 *
 * Return: as memory_region_map().
 */
int dirty_log_map(struct dirty_log *log, int fd, uint64_t size, uint64_t offset);

/** dirty_log_unmap - undo dirty_log_map(); allowed on a zeroed log. */
void dirty_log_unmap(struct dirty_log *log);

/** dirty_log_mapped - whether there is a log. */
bool dirty_log_mapped(const struct dirty_log *log);

/** dirty_log_covers - whether there are bits for the @len bytes at @guest_addr. */
bool dirty_log_covers(const struct dirty_log *log, uint64_t guest_addr, uint64_t len);

/** dirty_log_covers_all - whether there are bits for all of guest memory. */
bool dirty_log_covers_all(const struct dirty_log *log, const struct memory *memory);

/** dirty_log_mark - the @len bytes at @guest_addr were written. */
void dirty_log_mark(const struct dirty_log *log, uint64_t guest_addr, uint64_t len);

/** dirty_log_note - the same for @len bytes at @host, which lie in one region; @memory has a log. */
void __attribute__((cold))
dirty_log_note(const struct memory *memory, const void *host, size_t len);

/** dirty_log_written - dirty_log_note() if writes to @memory are logged. */
static inline void dirty_log_written(const struct memory *memory, const void *host, size_t len)
{
	if (__builtin_expect(memory->log != NULL, 0))
		dirty_log_note(memory, host, len);
}

#endif /* VCD_DAEMON_VIRTIO_DIRTY_LOG_H */
