/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dirty_log.c - which pages of guest memory were written. See dirty_log.h. */
#include "daemon/virtio/dirty_log.h"

int dirty_log_map(struct dirty_log *log, int fd, uint64_t size, uint64_t offset)
{
	*log = (struct dirty_log){.map = {.size = size}};
	return memory_region_map(&log->map, fd, offset);
}

void dirty_log_unmap(struct dirty_log *log)
{
	memory_region_unmap(&log->map);
}

bool dirty_log_mapped(const struct dirty_log *log)
{
	return log->map.map != NULL;
}

bool dirty_log_covers(const struct dirty_log *log, uint64_t guest_addr, uint64_t len)
{
	uint64_t last;

	if (len == 0)
		return true;
	return !__builtin_add_overflow(guest_addr, len - 1, &last) &&
	       last / DIRTY_LOG_PAGE / 8 < log->map.size;
}

bool dirty_log_covers_all(const struct dirty_log *log, const struct memory *memory)
{
	const struct memory_region *last;

	if (memory->count == 0)
		return true;
	last = &memory->regions[memory->count - 1];
	return dirty_log_covers(log, last->guest_addr, last->size);
}

void dirty_log_mark(const struct dirty_log *log, uint64_t guest_addr, uint64_t len)
{
	uint64_t first = guest_addr / DIRTY_LOG_PAGE;
	uint64_t last;

	if (len == 0 || !dirty_log_covers(log, guest_addr, len))
		return;
	last = (guest_addr + len - 1) / DIRTY_LOG_PAGE;
	for (uint64_t byte = first / 8; byte <= last / 8; byte++) {
		unsigned int bits = 0xff;

		if (byte == first / 8)
			bits &= 0xffu << first % 8;
		if (byte == last / 8)
			bits &= 0xffu >> (7 - last % 8);
		/* Sequentially consistent, because the front end must see what was written before the bit. */
		__atomic_fetch_or(&log->map.host[byte], (uint8_t)bits, __ATOMIC_SEQ_CST);
	}
}

void dirty_log_note(const struct memory *memory, const void *host, size_t len)
{
	uint64_t guest_addr;

	if (memory_guest(memory, host, &guest_addr))
		dirty_log_mark(memory->log, guest_addr, len);
}
