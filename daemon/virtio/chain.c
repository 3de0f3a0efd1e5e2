/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain.c - reading a descriptor chain (virtio 1.x, 2.7.5: split virtqueues).
 *
 * Theory of operation
 * -------------------
 * A chain is a list of descriptors in the queue's table, linked by `next`; the
 * last of them may name an indirect table in guest memory in which the list goes
 * on. struct walk says which table we are in. The guest can change all of it
 * under us, hence
 *
 * Invariants
 * - A descriptor is read once, into registers; nothing is read from it again.
 * - Every index is compared with its table's size before use.
 * - At most `num` descriptors are visited in all, the ones in the indirect table
 *   included, whatever the links say: a loop ends.
 * - Writable descriptors come after readable ones, so that both parts are
 *   contiguous in the caller's array.
 */
#include "daemon/virtio/chain.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A descriptor in private memory and host order. */
struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/**
 * struct walk - where we are.
 * @host: where the table that we are in lies in our memory; NULL: not in one piece
 * @entries: of that table
 * @indirect: it is an indirect one
 * @guest: guest address of an indirect table
 * @left: descriptors that may yet come
 * @in: where the readable part's iovecs are
 * @writable: the writable part has begun
 * @out: its iovecs
 * @next: the next iovec
 * @end: after the last iovec that the part may have
 * @bytes: of all descriptors
 */
struct walk {
	const struct vring_desc *host;
	unsigned int entries;
	bool indirect;
	uint64_t guest;
	unsigned int left;
	struct iovec *in;
	bool writable;
	struct iovec *out;
	struct iovec *next;
	struct iovec *end;
	uint64_t bytes;
};

/*
 * Read entry @index of the table at @table, once. The two halves of the entry pass through
 * registers of which the compiler does not know that they could be had again.
 */
static struct desc desc_load(const struct vring_desc *table, uint16_t index)
{
	uint64_t half[2];

	memcpy(half, (const uint8_t *)table + index * sizeof(*table), sizeof(half));
	__asm__ volatile("" : "+r"(half[0]), "+r"(half[1]));
	half[1] = le64toh(half[1]);
	return (struct desc){
	    .addr = le64toh(half[0]),
	    .len = (uint32_t)half[1],
	    .flags = (uint16_t)(half[1] >> 32),
	    .next = (uint16_t)(half[1] >> 48),
	};
}

static_assert(sizeof(struct vring_desc) == 16 && offsetof(struct vring_desc, len) == 8 &&
		  offsetof(struct vring_desc, flags) == 12 &&
		  offsetof(struct vring_desc, next) == 14,
	      "desc_load() knows the layout");

/* Read entry @index of an indirect table that lies in several pieces. */
static int __attribute__((cold))
desc_gather(const struct chain_source *source, uint64_t table, uint16_t index, struct desc *desc)
{
	struct vring_desc copy;
	int err;

	/* index * 16 fits easily; the sum was checked in enter_indirect(). */
	err = memory_read(source->memory, source->cursor, table + (uint64_t)index * sizeof(copy),
			  &copy, sizeof(copy));
	if (!err)
		*desc = desc_load(&copy, 0);
	return err;
}

static int desc_read(const struct chain_source *source, const struct walk *walk, uint16_t index,
		     struct desc *desc)
{
	if (index >= walk->entries)
		return -EINVAL;
	if (!walk->host)
		return desc_gather(source, walk->guest, index, desc);
	*desc = desc_load(walk->host, index);
	return 0;
}

static int enter_indirect(const struct chain_source *source, struct walk *walk,
			  const struct desc *desc)
{
	uint8_t *table;
	uint64_t end;
	int err;

	/* Not nested, last of its chain; WRITE is to be ignored here (2.7.5.3.2). */
	if (walk->indirect || (desc->flags & VRING_DESC_F_NEXT))
		return -EPROTO;
	if (desc->len == 0 || desc->len % sizeof(struct vring_desc) ||
	    desc->len / sizeof(struct vring_desc) > source->num)
		return -EPROTO;
	if (__builtin_add_overflow(desc->addr, desc->len, &end))
		return -EFAULT;
	err = memory_at(source->memory, source->cursor, desc->addr, desc->len, &table);
	/* Also if no entry is used. Whether it goes on in a second region is seen when it is read. */
	if (err == -EFAULT)
		return err;
	walk->indirect = true;
	walk->guest = desc->addr;
	walk->entries = desc->len / (unsigned int)sizeof(struct vring_desc);
	/* Else it goes over from one region into the next. */
	walk->host = err ? NULL : (const void *)table;
	return 0;
}

/* What lies in another region than the one that was used last, or in more than one. */
static int __attribute__((cold))
add_elsewhere(const struct chain_source *source, struct walk *walk, const struct desc *desc)
{
	unsigned int room = (unsigned int)(walk->end - walk->next);
	int n = memory_iov_search(source->memory, source->cursor, desc->addr, desc->len, walk->next,
				  room);

	if (n == -ENOSPC)
		n = (int)room;
	if (n < 0)
		return n;
	walk->next += n;
	return 0;
}

static int add_data(const struct chain_source *source, struct walk *walk, const struct desc *desc)
{
	uint8_t *at;

	if (desc->flags & VRING_DESC_F_WRITE) {
		if (!walk->writable) {
			walk->writable = true;
			walk->out = walk->next;
			walk->end = walk->next + source->max_segments + 1;
		}
	} else if (walk->writable) {
		return -EBADMSG;
	}
	if (desc->len == 0 || walk->next == walk->end)
		return 0;

	walk->bytes += desc->len;
	if (!memory_last(source->cursor, desc->addr, desc->len, &at))
		return add_elsewhere(source, walk, desc);
	*walk->next++ = (struct iovec){.iov_base = at, .iov_len = desc->len};
	return 0;
}

void chain_prefetch(const struct chain_source *source, uint16_t head)
{
	struct desc desc;
	uint8_t *table;

	if (head >= source->num)
		return;
	desc = desc_load(source->desc, head);
	if ((desc.flags & VRING_DESC_F_INDIRECT) &&
	    memory_at(source->memory, source->cursor, desc.addr, sizeof(struct vring_desc),
		      &table) == 0)
		__builtin_prefetch(table, 0);
}

int chain_walk(const struct chain_source *source, uint16_t head, struct iovec *iov,
	       struct chain *chain)
{
	struct walk walk = {
	    .host = source->desc,
	    .entries = source->num,
	    .left = source->num,
	    .in = iov,
	    .next = iov,
	    .end = iov + source->max_segments + 1,
	};
	uint16_t index = head;
	struct desc desc;
	int err;

	for (;;) {
		if (walk.left == 0)
			return -ELOOP;
		err = desc_read(source, &walk, index, &desc);
		if (err)
			return err;
		if (desc.flags & VRING_DESC_F_INDIRECT) {
			/* The descriptor that names the table is not one of the chain's. */
			err = enter_indirect(source, &walk, &desc);
			if (err)
				return err;
			index = 0;
			continue;
		}
		walk.left--;
		err = add_data(source, &walk, &desc);
		if (err)
			return err;
		if (!(desc.flags & VRING_DESC_F_NEXT))
			break;
		index = desc.next;
	}
	if (!walk.writable)
		walk.out = walk.next;
	*chain = (struct chain){
	    .in = walk.in,
	    .out = walk.out,
	    .in_count = (unsigned int)(walk.out - walk.in),
	    .out_count = (unsigned int)(walk.next - walk.out),
	    .bytes = walk.bytes,
	    .table = walk.indirect ? walk.host : NULL,
	};
	return 0;
}
