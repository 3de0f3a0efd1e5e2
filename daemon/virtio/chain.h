/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain.h - one descriptor chain as lists of iovecs.
 */
#ifndef VCD_DAEMON_VIRTIO_CHAIN_H
#define VCD_DAEMON_VIRTIO_CHAIN_H

#include <linux/virtio_ring.h>
#include <stdint.h>
#include <sys/uio.h>

#include "daemon/virtio/memory.h"

/**
 * struct chain_source - where chains are read from.
 * @memory: guest memory
 * @cursor: for translation
 * @desc: descriptor table, in guest memory
 * @num: its entries
 * @max_segments: iovecs beyond which a direction is not translated any further
 */
struct chain_source {
	const struct memory *memory;
	struct memory_cursor *cursor;
	const struct vring_desc *desc;
	unsigned int num;
	unsigned int max_segments;
};

/**
 * struct chain - one chain.
 * @in: readable part
 * @out: writable part, after it
 * @in_count: iovecs in @in
 * @out_count: iovecs in @out
 * @bytes: total length of all descriptors that were translated
 * @table: where its indirect table lies, to be fetched sooner next time; NULL: not known
 */
struct chain {
	struct iovec *in;
	struct iovec *out;
	unsigned int in_count;
	unsigned int out_count;
	uint64_t bytes;
	const void *table;
};

/** CHAIN_ROOM - iovecs that chain_walk() may need at @iov. */
#define CHAIN_ROOM(max_segments) (2u * ((max_segments) + 1u))

/**
 * chain_walk - read a chain and translate it.
 * @source: see there
 * @head: index of its first descriptor, as the guest gave it
 * @iov: room for CHAIN_ROOM(max_segments) iovecs
 * @chain: out: the chain, pointing into @iov; undefined on error
 *
 * Each descriptor is read once. A chain that has more than max_segments pieces
 * in one direction is cut off there and has max_segments + 1 of them: enough to
 * be refused by the device, with a reply.
 *
 * Return: 0, or what is wrong with the ring: -EINVAL an index out of range,
 * -ELOOP more descriptors than the queue has, -EFAULT an address out of memory,
 * -EBADMSG a readable descriptor after a writable one, -EPROTO a bad indirect
 * table or a flag that is not defined for it.
 */
int chain_walk(const struct chain_source *source, uint16_t head, struct iovec *iov,
	       struct chain *chain);

/**
 * chain_prefetch - have the CPU fetch what chain_walk() will read first.
 *
 * Decides nothing: what is read here is forgotten. Any @head is allowed.
 */
void chain_prefetch(const struct chain_source *source, uint16_t head);

#endif /* VCD_DAEMON_VIRTIO_CHAIN_H */
