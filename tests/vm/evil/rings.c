/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rings.c - virtqueues of a device that answers one request at a time, in no order.
 */
#include <endian.h>
#include <errno.h>
#include <linux/virtio_config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

int evil_ring_locate(struct evil_host *host, struct evil_queue *q, const struct vu_vring_addr *a)
{
	q->desc = memory_user(&host->memory, a->desc_user, q->num * sizeof(struct vring_desc));
	q->avail = memory_user(&host->memory, a->avail_user, 6 + q->num * 2ull);
	q->used = memory_user(&host->memory, a->used_user, 6 + q->num * 8ull);
	if (!q->desc || !q->avail || !q->used || !q->num)
		return -EFAULT;
	q->used_idx = le16toh(q->used->idx);
	q->deaf = false;
	q->spoilt = false;
	return 0;
}

void evil_ring_signal(struct evil_queue *q)
{
	const uint64_t one = 1;

	if (q->call_fd >= 0 && write(q->call_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		perror("evil-host: signal");
}

void evil_ring_push(struct evil_queue *q, uint32_t id, uint32_t len)
{
	struct vring_used_elem *at = &q->used->ring[q->used_idx & (q->num - 1)];

	at->id = htole32(id);
	at->len = htole32(len);
	q->used_idx++;
	__atomic_store_n(&q->used->idx, htole16(q->used_idx), __ATOMIC_SEQ_CST);
	evil_ring_signal(q);
}

static uint16_t avail_idx(const struct evil_queue *q)
{
	return le16toh(__atomic_load_n(&q->avail->idx, __ATOMIC_SEQ_CST));
}

void evil_ring_serve(struct evil_host *host, struct evil_queue *q)
{
	static struct iovec iov[CHAIN_ROOM(EVIL_SEGMENTS)];
	struct chain_source source = {.memory = &host->memory,
				      .cursor = &q->cursor,
				      .desc = q->desc,
				      .num = q->num,
				      .max_segments = EVIL_SEGMENTS};

	if (!q->desc)
		return;
	for (;;) {
		struct vdev_request request = {0};
		struct chain chain;
		uint16_t head;

		if (q->event_idx && !q->deaf)
			*(volatile uint16_t *)&q->used->ring[q->num] = htole16(q->last_avail);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (!q->desc || avail_idx(q) == q->last_avail)
			return;
		/* More than fit: the driver has taken back what it had there, before it says so. */
		if ((uint16_t)(avail_idx(q) - q->last_avail) > q->num)
			return;
		head = le16toh(q->avail->ring[q->last_avail & (q->num - 1)]);
		q->last_avail++;
		if (chain_walk(&source, head, iov, &chain)) {
			if (q->spoilt)
				continue;
			fprintf(stderr, "evil-host: the driver made a bad chain\n");
			exit(3);
		}
		request.in = chain.in;
		request.in_count = chain.in_count;
		request.out = chain.out;
		request.out_count = chain.out_count;
		evil_answer(host, q, head, &request);
	}
}
