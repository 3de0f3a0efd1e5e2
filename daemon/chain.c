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
 * - A descriptor is copied to the stack once; nothing is read from it again. Of an
 *   indirect table the first COPIED are copied together, needed or not: a table
 *   that is not in guest memory to that point is an error even so.
 * - Every index is compared with its table's size before use.
 * - At most `num` descriptors are visited in all, the ones in the indirect table
 *   included, whatever the links say: a loop ends.
 * - Writable descriptors come behind readable ones, so that both parts are
 *   contiguous in the caller's array.
 */
#include "daemon/chain.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/param.h>

/* A descriptor in private memory and host order. */
struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/* Descriptors at the head of an indirect table that are copied at once: drivers use few. */
#define COPIED 8u

/* Where we are: in the queue's own table, or in an indirect one. */
struct walk {
	bool indirect;
	uint64_t table; /* guest address of the indirect table */
	unsigned int entries;
	unsigned int visited;
	unsigned int copied; /* entries of the indirect table that are in copy[] */
	struct vring_desc copy[COPIED];
};

/* At the queue's own table. The copies are not set: none counts. */
static void walk_begin(struct walk *walk, const struct chain_source *source)
{
	walk->indirect = false;
	walk->entries = source->num;
	walk->visited = 0;
	walk->copied = 0;
}

static int desc_read(const struct chain_source *source, const struct walk *walk, uint16_t index,
		     struct desc *desc)
{
	struct vring_desc raw;
	int err;

	if (index >= walk->entries)
		return -EINVAL;
	if (index < walk->copied) {
		raw = walk->copy[index];
	} else if (walk->indirect) {
		/* index * 16 fits easily; the sum was checked in enter_indirect(). */
		err = memory_read(source->memory, source->cursor,
				  walk->table + (uint64_t)index * sizeof(raw), &raw, sizeof(raw));
		if (err)
			return err;
	} else {
		memcpy(&raw, &source->desc[index], sizeof(raw));
		/* From here on the copy counts, for the compiler too. */
		__asm__ volatile("" ::: "memory");
	}
	desc->addr = le64toh(raw.addr);
	desc->len = le32toh(raw.len);
	desc->flags = le16toh(raw.flags);
	desc->next = le16toh(raw.next);
	return 0;
}

static int enter_indirect(const struct chain_source *source, struct walk *walk,
			  const struct desc *desc, struct chain *chain)
{
	uint8_t *host;
	uint64_t end;

	/* Not nested, last of its chain; WRITE is to be ignored here (2.7.5.3.2). */
	if (walk->indirect || (desc->flags & VRING_DESC_F_NEXT))
		return -EPROTO;
	if (desc->len == 0 || desc->len % sizeof(struct vring_desc) ||
	    desc->len / sizeof(struct vring_desc) > source->num)
		return -EPROTO;
	if (__builtin_add_overflow(desc->addr, desc->len, &end))
		return -EFAULT;
	walk->indirect = true;
	walk->table = desc->addr;
	walk->entries = desc->len / (unsigned int)sizeof(struct vring_desc);
	walk->copied = MIN(walk->entries, COPIED);
	if (memory_last(source->memory, source->cursor, walk->table, sizeof(walk->copy[0]), &host))
		chain->table = host;
	return memory_read(source->memory, source->cursor, walk->table, walk->copy,
			   walk->copied * sizeof(walk->copy[0]));
}

static int add_data(const struct chain_source *source, struct chain *chain, const struct desc *desc)
{
	const unsigned int room = source->max_segments + 1;
	bool writable = desc->flags & VRING_DESC_F_WRITE;
	unsigned int *count = writable ? &chain->out_count : &chain->in_count;
	struct iovec *iov;
	int n;

	if (writable && !chain->out)
		chain->out = chain->in + chain->in_count;
	if (!writable && chain->out)
		return -EBADMSG;
	if (desc->len == 0 || *count == room)
		return 0;

	iov = (writable ? chain->out : chain->in) + *count;
	n = memory_iov(source->memory, source->cursor, desc->addr, desc->len, iov, room - *count);
	if (n == -ENOSPC)
		n = (int)(room - *count);
	if (n < 0)
		return n;
	*count += (unsigned int)n;
	chain->bytes += desc->len;
	return 0;
}

void chain_prefetch(const struct chain_source *source, uint16_t head)
{
	struct walk walk;
	struct iovec iov;
	struct desc desc;

	walk_begin(&walk, source);
	if (desc_read(source, &walk, head, &desc) == 0 && (desc.flags & VRING_DESC_F_INDIRECT) &&
	    memory_iov(source->memory, source->cursor, desc.addr, sizeof(struct vring_desc), &iov,
		       1) == 1)
		__builtin_prefetch(iov.iov_base, 0);
}

int chain_walk(const struct chain_source *source, uint16_t head, struct iovec *iov,
	       struct chain *chain)
{
	uint16_t index = head;
	struct walk walk;
	struct desc desc;
	int err;

	walk_begin(&walk, source);
	*chain = (struct chain){.in = iov};
	for (;;) {
		if (walk.visited++ == source->num)
			return -ELOOP;
		err = desc_read(source, &walk, index, &desc);
		if (err)
			return err;
		if (desc.flags & VRING_DESC_F_INDIRECT) {
			err = enter_indirect(source, &walk, &desc, chain);
			if (err)
				return err;
			/* The descriptor that names the table is not one of the chain's. */
			walk.visited--;
			index = 0;
			continue;
		}
		err = add_data(source, chain, &desc);
		if (err)
			return err;
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return 0;
		index = desc.next;
	}
}
