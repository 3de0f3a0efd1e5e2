/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - mapping and translating the guest memory that the front end shares.
 *
 * Theory of operation
 * -------------------
 * The front end names regions by a file, an offset and a size, and by two
 * addresses: the guest-physical one, which descriptors use, and its own virtual
 * one, which it uses to tell where the rings are. Each region is mapped for
 * itself; neighbours in guest-physical space are not neighbours here.
 *
 * Invariants
 * - regions[] is in order of guest_addr without overlap, and no region wraps.
 *   The check of a range is a comparison of the offset with size - length, which
 *   cannot overflow.
 * - The map is changed by the control thread only, while it holds the lock of
 *   every queue (queue.c); workers translate under their queue's lock.
 * - A file may become shorter at any time; then its region is lost (guard.c).
 * - All addresses and lengths that come in are hostile.
 */
#include "daemon/virtio/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/virtio/dirty_log.h"
#include "daemon/virtio/guard.h"
#include "common/log.h"

/* The granule in which a file can be mapped: its huge page size on hugetlbfs. */
static uint64_t map_granule(int fd)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC && fs.f_bsize > 0)
		return MAX(page, (uint64_t)fs.f_bsize);
	return page;
}

static int region_check(const struct memory_region *region, int fd, uint64_t offset)
{
	uint64_t end;
	struct stat st;

	if (region->size == 0 || __builtin_add_overflow(region->guest_addr, region->size, &end) ||
	    __builtin_add_overflow(region->user_addr, region->size, &end) ||
	    __builtin_add_overflow(offset, region->size, &end))
		return -EINVAL;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	/* Beyond the end of the file there would be SIGBUS instead of memory. */
	if (st.st_size < 0 || end > (uint64_t)st.st_size)
		return -EINVAL;
	return 0;
}

int memory_region_map(struct memory_region *region, int fd, uint64_t offset)
{
	uint64_t granule = map_granule(fd);
	uint64_t skip = offset % granule;
	void *map;
	int err;

	err = region_check(region, fd, offset);
	if (err)
		return err;
	/* skip + size <= offset + size, which does not wrap. */
	if (region->size + skip > (uint64_t)SSIZE_MAX - granule)
		return -EINVAL;
	region->map_len = (size_t)((region->size + skip + granule - 1) / granule * granule);

	map = mmap(NULL, region->map_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
		   (off_t)(offset - skip));
	if (map == MAP_FAILED)
		return -errno;
	region->map = map;
	region->host = (uint8_t *)map + skip;
	region->guard = guard_add(map, region->map_len);
	if (!(fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK))
		log_limited(LOG_DEBUG, "the file of the guest's memory is not sealed: the front "
				       "end can make it shorter");

	/*
	 * Guest memory is not ours to lock or to dump. Neither failure matters:
	 * it only means that there was nothing to undo.
	 */
	(void)munlock(map, region->map_len);
	(void)madvise(map, region->map_len, MADV_DONTDUMP);
	return 0;
}

void memory_region_unmap(struct memory_region *region)
{
	guard_remove(region->guard);
	if (region->map)
		munmap(region->map, region->map_len);
	*region = (struct memory_region){0};
}

/* Index of the first region that ends after @guest_addr; or the count. */
static unsigned int memory_search(const struct memory *memory, uint64_t guest_addr)
{
	unsigned int low = 0;
	unsigned int high = memory->count;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		const struct memory_region *r = &memory->regions[mid];

		if (r->guest_addr + r->size > guest_addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

int memory_add(struct memory *memory, const struct memory_region *region)
{
	unsigned int i = memory_search(memory, region->guest_addr);

	if (i < memory->count && memory->regions[i].guest_addr < region->guest_addr + region->size)
		return -EEXIST;
	if (memory->count == MEMORY_MAX_REGIONS)
		return -ENOSPC;
	memmove(&memory->regions[i + 1], &memory->regions[i],
		(memory->count - i) * sizeof(memory->regions[0]));
	memory->regions[i] = *region;
	memory->count++;
	return 0;
}

int memory_remove(struct memory *memory, const struct memory_region *key,
		  struct memory_region *removed)
{
	unsigned int i = memory_search(memory, key->guest_addr);
	struct memory_region *r = &memory->regions[i];

	if (i == memory->count || r->guest_addr != key->guest_addr || r->size != key->size ||
	    r->user_addr != key->user_addr)
		return -ENOENT;
	*removed = *r;
	memory->count--;
	memmove(r, r + 1, (memory->count - i) * sizeof(*r));
	return 0;
}

bool memory_lost(const struct memory *memory)
{
	unsigned int i;

	if (!guard_any_lost())
		return false;
	for (i = 0; i < memory->count; i++)
		if (guard_lost(memory->regions[i].guard))
			return true;
	return memory->log && guard_lost(memory->log->map.guard);
}

void memory_clear(struct memory *memory)
{
	while (memory->count > 0)
		memory_region_unmap(&memory->regions[--memory->count]);
}

void *memory_user(const struct memory *memory, uint64_t user_addr, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];
		uint64_t offset = user_addr - r->user_addr;

		if (user_addr >= r->user_addr && len <= r->size && offset <= r->size - len)
			return r->host + offset;
	}
	return NULL;
}

/* The region that holds @guest_addr, for the cursor too, or NULL. */
static const struct memory_region *memory_find(const struct memory *memory,
					       struct memory_cursor *cursor, uint64_t guest_addr)
{
	unsigned int i = memory_search(memory, guest_addr);
	const struct memory_region *r = &memory->regions[i];

	if (i == memory->count || r->guest_addr > guest_addr)
		return NULL;
	*cursor = memory_cursor(memory, i);
	return r;
}

int memory_iov_search(const struct memory *memory, struct memory_cursor *cursor,
		      uint64_t guest_addr, uint64_t len, struct iovec *iov, unsigned int max)
{
	unsigned int n = 0;

	while (len > 0) {
		const struct memory_region *r = memory_find(memory, cursor, guest_addr);
		uint64_t offset;
		uint64_t part;

		if (!r)
			return -EFAULT;
		if (n == max)
			return -ENOSPC;
		offset = guest_addr - r->guest_addr;
		part = MIN(len, r->size - offset);
		iov[n].iov_base = r->host + offset;
		iov[n].iov_len = part;
		n++;
		len -= part;
		/* Cannot wrap: no region does, and at its end the next must begin. */
		guest_addr += part;
	}
	return (int)n;
}

bool memory_guest(const struct memory *memory, const void *host, uint64_t *guest_addr)
{
	unsigned int i;

	for (i = 0; i < memory->count; i++) {
		const struct memory_region *r = &memory->regions[i];
		uintptr_t offset = (uintptr_t)host - (uintptr_t)r->host;

		if ((uintptr_t)host >= (uintptr_t)r->host && offset < r->size) {
			*guest_addr = r->guest_addr + offset;
			return true;
		}
	}
	return false;
}

int memory_read(const struct memory *memory, struct memory_cursor *cursor, uint64_t guest_addr,
		void *dst, size_t len)
{
	uint8_t *to = dst;
	uint8_t *at;

	if (memory_last(cursor, guest_addr, len, &at)) {
		memcpy(dst, at, len);
		len = 0;
	}
	while (len > 0) {
		const struct memory_region *r = memory_find(memory, cursor, guest_addr);
		uint64_t offset;
		size_t part;

		if (!r)
			return -EFAULT;
		offset = guest_addr - r->guest_addr;
		part = (size_t)MIN((uint64_t)len, r->size - offset);
		memcpy(to, r->host + offset, part);
		to += part;
		len -= part;
		guest_addr += part;
	}
	/* The compiler may not read guest memory again in place of the copy. */
	__asm__ volatile("" ::: "memory");
	return 0;
}
