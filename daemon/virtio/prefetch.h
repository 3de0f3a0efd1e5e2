/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefetch.h - what a batch will read is fetched before it is needed (decision 66).
 *
 * Descriptor, indirect table and header of a chain each say where the next of them is, and each
 * has to come from another processor's cache. Asked for at once, they come in the time of one.
 * Where they lie is remembered from the last time, by head: drivers use the same descriptors,
 * tables and headers again.
 *
 * One function for each stage of a batch, in this order. Nothing is decided here, and any head is
 * allowed: the functions can be taken out. They are inline, because a call would cost as much as
 * they gain.
 */
#ifndef VCD_DAEMON_VIRTIO_PREFETCH_H
#define VCD_DAEMON_VIRTIO_PREFETCH_H

#include "common/util.h"
#include "daemon/virtio/chain.h"

/** Chains that are remembered; a power of two. */
#define PREFETCH_HINTS 256

/** Chains ahead of the one that is walked that are fetched from where they lay last time. */
#define PREFETCH_CHAINS_AHEAD 12u

/**
 * Chains ahead whose indirect table is fetched from where it lies now. All of a batch at once is
 * more than a processor can fetch: it would wait before the first.
 */
#define PREFETCH_TABLES_AHEAD 6u

/** All of so many requests is fetched at once: there is little else to do until it comes. */
#define PREFETCH_SMALL_BATCH 4u

/**
 * struct prefetch_hint - where a chain lay last time; each is NULL or was in guest memory.
 * @table: its indirect table
 * @in: its first readable byte, the header
 * @out: its first writable byte, the reply
 */
struct prefetch_hint {
	const void *table;
	const void *in;
	const void *out;
};

/**
 * struct prefetch - a queue's memory of its chains.
 * @last_head: the head that was taken last
 * @hints: by head
 */
struct prefetch {
	uint16_t last_head;
	struct prefetch_hint hints[PREFETCH_HINTS];
};

static inline void prefetch_chain(const struct prefetch *p, const struct vring_desc *desc,
				  unsigned int num, uint16_t head)
{
	__builtin_prefetch(&desc[head & (num - 1)], 0);
	__builtin_prefetch(p->hints[head % PREFETCH_HINTS].table, 0);
}

static inline void prefetch_request(const struct prefetch *p, uint16_t head)
{
	const struct prefetch_hint *hint = &p->hints[head % PREFETCH_HINTS];

	__builtin_prefetch(hint->in, 0);
	prefetch_write(hint->out);
}

/** prefetch_same - @pending requests are there: a driver with few mostly uses the same head again. */
static inline void prefetch_same(const struct prefetch *p, const struct vring_desc *desc,
				 unsigned int num, unsigned int pending)
{
	if (pending > PREFETCH_SMALL_BATCH)
		return;
	prefetch_chain(p, desc, num, p->last_head);
	prefetch_request(p, p->last_head);
}

/** prefetch_heads - the @n heads of the batch were read. */
static inline void prefetch_heads(const struct prefetch *p, const struct vring_desc *desc,
				  unsigned int num, const uint16_t *heads, unsigned int n)
{
	for (unsigned int i = 0; i < n && i < PREFETCH_CHAINS_AHEAD; i++) {
		prefetch_chain(p, desc, num, heads[i]);
		if (n <= PREFETCH_SMALL_BATCH)
			prefetch_request(p, heads[i]);
	}
}

/** prefetch_ahead - chain @i of the batch is walked next. */
static inline void prefetch_ahead(const struct prefetch *p, const struct chain_source *source,
				  const uint16_t *heads, unsigned int i, unsigned int n)
{
	if (i + PREFETCH_CHAINS_AHEAD < n)
		prefetch_chain(p, source->desc, source->num, heads[i + PREFETCH_CHAINS_AHEAD]);
	if (i + PREFETCH_TABLES_AHEAD < n)
		chain_prefetch(source, heads[i + PREFETCH_TABLES_AHEAD]);
}

/** prefetch_walked - the chain was walked; its request is read when the batch is complete. */
static inline void prefetch_walked(struct prefetch *p, uint16_t head, const struct chain *chain)
{
	const void *in = chain->in_count ? chain->in[0].iov_base : NULL;
	const void *out = chain->out_count ? chain->out[0].iov_base : NULL;

	p->last_head = head;
	p->hints[head % PREFETCH_HINTS] = (struct prefetch_hint){chain->table, in, out};
	if (in)
		__builtin_prefetch(in, 0);
	if (out)
		prefetch_write(out);
}

/** prefetch_next - the batch of @n was executed; entry @next of the ring is looked at soon. */
static inline void prefetch_next(const struct vring_avail *avail, unsigned int next, unsigned int n)
{
	if (n <= PREFETCH_SMALL_BATCH)
		return;
	__builtin_prefetch(&avail->idx, 0);
	__builtin_prefetch(&avail->ring[next], 0);
}

#endif /* VCD_DAEMON_VIRTIO_PREFETCH_H */
