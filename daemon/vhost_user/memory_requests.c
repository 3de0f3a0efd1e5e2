/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_requests.c - messages about guest memory: the whole table at once, or
 * region by region. A new map is made beside the one in use (vm->next_memory), replaces it in
 * one step (vm_set_memory()), and the old one is unmapped afterwards. The same holds for the log of
 * dirty pages.
 */
#include "daemon/vhost_user/handlers.h"

#include <string.h>

#include "common/log.h"
#include "common/util.h"

static_assert(VU_MAX_REGIONS == MEMORY_MAX_REGIONS, "the supervisor keeps as many as we map");

static int map_region(struct memory *memory, const struct vu_region *from, int fd)
{
	struct memory_region region = {
	    .guest_addr = from->guest_addr,
	    .size = from->size,
	    .user_addr = from->user_addr,
	};
	int err;

	err = memory_region_map(&region, fd, from->mmap_offset);
	if (err)
		return err;
	err = memory_add(memory, &region);
	if (err)
		memory_region_unmap(&region);
	return err;
}

static void region_refused(const struct vu_region *region, int err)
{
	log_limited(LOG_WARN,
		    "memory region at 0x%llx, %llu bytes at file offset %llu, refused: %s",
		    (unsigned long long)region->guest_addr, (unsigned long long)region->size,
		    (unsigned long long)region->mmap_offset, strerror(-err));
}

enum outcome vu_do_set_mem_table(struct vhost_user *vu, struct vu_message *m)
{
	struct memory *next = &vu->vm->next_memory;
	const struct vu_memory *table = &m->payload.memory;
	unsigned int i;
	int err;

	/* User-mode Linux always sends two regions' worth of bytes. */
	if (table->count > VU_MAX_FDS ||
	    m->header.size <
		offsetof(struct vu_memory, regions) + table->count * sizeof(table->regions[0]))
		return vu_violation(m, VU_VIOLATION_REGION_COUNT);
	if (m->fd_count != table->count)
		return vu_violation(m, VU_VIOLATION_REGION_FDS);

	next->count = 0;
	for (i = 0; i < table->count; i++) {
		err = map_region(next, &table->regions[i], m->fds[i]);
		if (err) {
			region_refused(&table->regions[i], err);
			memory_clear(next);
			return vu_violation(m, VU_VIOLATION_REGION_UNMAPPABLE);
		}
	}
	vm_set_memory(vu->vm);
	memory_clear(next);
	return DONE;
}

enum outcome vu_do_get_max_mem_slots(struct vhost_user *vu, struct vu_message *m)
{
	return vu_answer_u64(m, MEMORY_MAX_REGIONS);
}

enum outcome vu_do_add_mem_reg(struct vhost_user *vu, struct vu_message *m)
{
	struct memory *next = &vu->vm->next_memory;
	int err;

	*next = vu->vm->memory;
	err = map_region(next, &m->payload.one.region, m->fds[0]);
	if (err) {
		region_refused(&m->payload.one.region, err);
		next->count = 0;
		return REFUSE;
	}
	vm_set_memory(vu->vm);
	/* The old map's regions are in the new map as well. */
	next->count = 0;
	return DONE;
}

enum outcome vu_do_rem_mem_reg(struct vhost_user *vu, struct vu_message *m)
{
	struct memory *next = &vu->vm->next_memory;
	const struct memory_region key = {
	    .guest_addr = m->payload.one.region.guest_addr,
	    .size = m->payload.one.region.size,
	    .user_addr = m->payload.one.region.user_addr,
	};
	struct memory_region removed;

	*next = vu->vm->memory;
	if (memory_remove(next, &key, &removed) < 0) {
		log_limited(LOG_WARN, "REM_MEM_REG names an unknown region");
		next->count = 0;
		return REFUSE;
	}
	vm_set_memory(vu->vm);
	memory_region_unmap(&removed);
	next->count = 0;
	return DONE;
}

/* The answer tells the front end that the former log is not written any more. */
enum outcome vu_do_set_log_base(struct vhost_user *vu, struct vu_message *m)
{
	const struct vu_log log = m->payload.log;
	struct dirty_log next;
	int err = dirty_log_map(&next, m->fds[0], log.size, log.offset);

	if (err) {
		log_limited(
		    LOG_WARN, "log of dirty pages, %llu bytes at file offset %llu, refused: %s",
		    (unsigned long long)log.size, (unsigned long long)log.offset, strerror(-err));
		return vu_violation(m, VU_VIOLATION_LOG_UNMAPPABLE);
	}
	vm_set_log(vu->vm, &next);
	dirty_log_unmap(&next);
	return vu_answer_u64(m, 0);
}

/*
 * A descriptor to signal when the log has changed. No front end that is known waits for that: they
 * read the log when they want to. It is accepted and closed.
 */
enum outcome vu_do_set_log_fd(struct vhost_user *vu, struct vu_message *m)
{
	close_fd(&m->fds[0]);
	return DONE;
}
