/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.h - the guest memory that the front end shares.
 */
#ifndef VCD_DAEMON_VIRTIO_MEMORY_H
#define VCD_DAEMON_VIRTIO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/** Most regions at one time; QEMU's own limit with CONFIGURE_MEM_SLOTS. */
#define MEMORY_MAX_REGIONS 512

/**
 * struct memory_region - one mapped piece of guest memory.
 * @guest_addr: guest-physical address of its first byte
 * @size: bytes; guest_addr + size and user_addr + size do not wrap
 * @user_addr: its address in the front end, which ring addresses are given in
 * @host: address of its first byte in this process
 * @map: what mmap() returned
 * @map_len: and its length in bytes
 * @guard: of the mapping, see guard.h
 */
struct memory_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint8_t *host;
	void *map;
	size_t map_len;
	unsigned int guard;
};

struct dirty_log;

/**
 * struct memory - the memory map, regions in order of guest_addr, not overlapping.
 * @log: where to note what is written, or NULL: nowhere (dirty_log.h)
 * @count: regions
 * @regions: the regions
 */
struct memory {
	const struct dirty_log *log;
	unsigned int count;
	struct memory_region regions[MEMORY_MAX_REGIONS];
};

/**
 * struct memory_cursor - a copy of where the region of the last translation lies.
 * @guest_addr: of the region, as @host
 * @size: of the region; 0: there was none
 * @region: its index
 *
 * Requests of one queue mostly lie in one region. No cursor lives longer than its thread
 * holds a lock that keeps the map as it is.
 */
struct memory_cursor {
	uint64_t guest_addr;
	uint64_t size;
	uint8_t *host;
	unsigned int region;
};

/**
 * memory_region_map - map a region that a front end describes.
 * @region: guest_addr, size and user_addr filled in; the rest is output
 * @fd: the file; still the caller's
 * @offset: where in the file the region begins
 *
 * Return: 0, -EINVAL when the numbers wrap, are zero, or exceed the file,
 * -ENOTSUP when @fd is not a regular file (memfd included), or mmap()'s error.
 */
int memory_region_map(struct memory_region *region, int fd, uint64_t offset);

/** memory_region_unmap - undo memory_region_map(); allowed on a zeroed region. */
void memory_region_unmap(struct memory_region *region);

/**
 * memory_add - put a mapped region into the map, which owns it then.
 *
 * Return: 0, -EEXIST when it overlaps another one, -ENOSPC.
 */
int memory_add(struct memory *memory, const struct memory_region *region);

/**
 * memory_remove - take a region out of the map.
 * @memory: map
 * @key: guest_addr, size and user_addr of the region
 * @removed: out: the region, the caller's to unmap
 *
 * Return: 0 or -ENOENT.
 */
int memory_remove(struct memory *memory, const struct memory_region *key,
		  struct memory_region *removed);

/**
 * memory_lost - whether a region's file, or that of the log, became shorter than the mapping.
 *
 * Private memory of zeros takes its place. Cheap when no region was lost.
 */
bool memory_lost(const struct memory *memory);

/** memory_clear - unmap everything. */
void memory_clear(struct memory *memory);

/**
 * memory_user - the address here of @len bytes at the front end's address @user_addr.
 *
 * Return: the address, or NULL unless all of it lies within one region.
 */
void *memory_user(const struct memory *memory, uint64_t user_addr, uint64_t len);

/**
 * memory_cursor - a cursor at the region of that index.
 *
 * Any index is allowed: the map may have changed since the cursor's index was noted.
 */
static inline struct memory_cursor memory_cursor(const struct memory *memory, unsigned int region)
{
	const struct memory_region *r;

	if (region >= memory->count)
		return (struct memory_cursor){0};
	r = &memory->regions[region];
	return (struct memory_cursor){
	    .guest_addr = r->guest_addr,
	    .size = r->size,
	    .host = r->host,
	    .region = region,
	};
}

/**
 * memory_last - translate what lies in the region that was used last.
 * @host: out: where it lies in our address space
 *
 * Return: whether that region holds all @len bytes, not 0, at @guest_addr.
 */
static inline bool memory_last(const struct memory_cursor *cursor, uint64_t guest_addr,
			       uint64_t len, uint8_t **host)
{
	uint64_t offset = guest_addr - cursor->guest_addr;

	if (len > cursor->size || offset > cursor->size - len)
		return false;
	*host = cursor->host + offset;
	return true;
}

/**
 * memory_iov_search - translate a guest-physical range, wherever it lies.
 * @memory: map
 * @cursor: of the caller
 * @guest_addr: start
 * @len: bytes, not 0
 * @iov: out: the range in our address space, in order
 * @max: room in @iov
 *
 * A range may go over from one region into the next when there is no gap
 * between them; it is in several pieces then. All of it is translated or none.
 * For what memory_last() does not find.
 *
 * Return: pieces, -EFAULT when a byte of it is not in the map, -ENOSPC.
 */
int __attribute__((cold))
memory_iov_search(const struct memory *memory, struct memory_cursor *cursor, uint64_t guest_addr,
		  uint64_t len, struct iovec *iov, unsigned int max);

/**
 * memory_at - translate what is to lie in one region.
 * @host: out: where it lies in our address space
 *
 * Return: 0, -EFAULT when a byte of it is not in the map, -ENOSPC when it lies in several regions.
 */
static inline int memory_at(const struct memory *memory, struct memory_cursor *cursor,
			    uint64_t guest_addr, uint64_t len, uint8_t **host)
{
	struct iovec iov;
	int n;

	if (memory_last(cursor, guest_addr, len, host))
		return 0;
	n = memory_iov_search(memory, cursor, guest_addr, len, &iov, 1);
	if (n < 0)
		return n;
	*host = iov.iov_base;
	return 0;
}

/**
 * memory_guest - the guest-physical address of a pointer that a translation gave.
 *
 * Return: whether it is in the map.
 */
bool memory_guest(const struct memory *memory, const void *host, uint64_t *guest_addr);

/**
 * memory_read - copy guest memory to private memory.
 *
 * Every byte is read once. The compiler cannot re-read guest memory, so a value checked in the copy
 * cannot change afterwards.
 *
 * Return: 0 or -EFAULT.
 */
int memory_read(const struct memory *memory, struct memory_cursor *cursor, uint64_t guest_addr,
		void *dst, size_t len);

#endif /* VCD_DAEMON_VIRTIO_MEMORY_H */
