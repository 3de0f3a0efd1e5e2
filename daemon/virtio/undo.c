/* SPDX-License-Identifier: GPL-2.0-or-later */
/* undo.c - input that a batch overwrites is saved, and put back after a worker's death. See undo.h. */
#include "daemon/virtio/undo.h"

#include <stdbool.h>
#include <string.h>
#include <sys/param.h>

#include "common/util.h"
#include "daemon/recovery/crash.h"
#include "daemon/virtio/dirty_log.h"
#include "device/iov.h"

/* ---- saving --------------------------------------------------------------------------- */

struct undo undo_of(const struct ledger *ledger, unsigned int number)
{
	return (struct undo){
	    .thread = &ledger->thread[number],
	    .bytes = ledger->undo ? ledger->undo + number * ledger->undo_size : NULL,
	    .size = ledger->undo_size,
	};
}

/* The least range that holds all of @count iovecs. */
static void bounds(const struct iovec *iov, unsigned int count, uintptr_t *low, uintptr_t *high)
{
	unsigned int i;

	*low = UINTPTR_MAX;
	*high = 0;
	for (i = 0; i < count; i++) {
		uintptr_t start = (uintptr_t)iov[i].iov_base;

		*low = MIN(*low, start);
		*high = MAX(*high, start + iov[i].iov_len);
	}
}

/* Save what of @in lies in @out. */
static void save_piece(struct undo *undo, const struct memory *memory, const struct iovec *in,
		       const struct iovec *out, size_t *used)
{
	struct ledger_thread *thread = undo->thread;
	uintptr_t low = MAX((uintptr_t)in->iov_base, (uintptr_t)out->iov_base);
	uintptr_t high =
	    MIN((uintptr_t)in->iov_base + in->iov_len, (uintptr_t)out->iov_base + out->iov_len);
	struct ledger_piece *piece = &thread->piece[thread->pieces];
	uint64_t guest_addr;
	size_t len;

	if (low >= high)
		return;
	len = high - low;
	if (len > undo->size - *used || thread->pieces == LEDGER_PIECES ||
	    !memory_guest(memory, (const void *)low, &guest_addr))
		return;
	*piece = (struct ledger_piece){.guest_addr = guest_addr, .len = (uint32_t)len};
	memcpy(undo->bytes + *used, (const void *)low, len);
	*used += len;
	thread->pieces++;
}

/* Not inlined: hardly any request needs it, and each is asked. */
static void __attribute__((noinline)) save_request(struct undo *undo, const struct memory *memory,
						   const struct vdev_request *request, size_t *used)
{
	uintptr_t low, high;
	unsigned int i, k;

	bounds(request->out, request->out_count, &low, &high);
	for (i = 0; i < request->in_count; i++) {
		const struct iovec *in = &request->in[i];

		if ((uintptr_t)in->iov_base >= high || (uintptr_t)in->iov_base + in->iov_len <= low)
			continue;
		for (k = 0; k < request->out_count; k++)
			save_piece(undo, memory, in, &request->out[k], used);
	}
}

static bool overlap(const struct iovec *a, const struct iovec *b)
{
	return vdev_overlap(a->iov_base, a->iov_len, b->iov_base, b->iov_len);
}

/* Whether output lies on input: of the two shapes that requests mostly have; of others, perhaps. */
static bool may_overlap(const struct vdev_request *request)
{
	const struct iovec *in = request->in, *out = request->out;

	if (request->in_count == 1 && request->out_count == 1)
		return overlap(in, out);
	if (request->in_count != 2 || request->out_count != 2)
		return true;
	return overlap(&in[0], &out[0]) || overlap(&in[0], &out[1]) || overlap(&in[1], &out[0]) ||
	       overlap(&in[1], &out[1]);
}

void undo_begin(struct undo *undo, unsigned int queue, uint64_t done, const struct memory *memory,
		const struct vdev_request *requests, unsigned int n)
{
	struct ledger_thread *thread = undo->thread;
	size_t used = 0;
	unsigned int i;

	__atomic_store_n(&thread->queue, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	thread->pieces = 0;
	thread->done = done;
	if (undo->bytes)
		for (i = 0; i < n; i++)
			if (may_overlap(&requests[i]))
				save_request(undo, memory, &requests[i], &used);
	crash_point(CRASH_SAVED);
	__atomic_store_n(&thread->queue, queue + 1, __ATOMIC_RELEASE);
}

/* ---- recovery ------------------------------------------------------------------------- */

/* Copy @len saved bytes to guest memory, if it is there. */
static void put_back(const struct memory *memory, const struct ledger_piece *piece,
		     const uint8_t *bytes)
{
	struct memory_cursor cursor = {0};
	struct iovec iov[4];
	int n;
	int i;

	if (piece->len == 0)
		return;
	/* It lay in one region, and a region lies in one piece. */
	n = memory_iov_search(memory, &cursor, piece->guest_addr, piece->len, iov, ARRAY_SIZE(iov));
	for (i = 0; i < n; i++) {
		memcpy(iov[i].iov_base, bytes, iov[i].iov_len);
		dirty_log_written(memory, iov[i].iov_base, iov[i].iov_len);
		bytes += iov[i].iov_len;
	}
}

static void recover_thread(const struct undo *undo, struct ledger_queue *queue,
			   const struct memory *memory)
{
	struct ledger_thread *thread = undo->thread;
	unsigned int pieces = __atomic_load_n(&thread->pieces, __ATOMIC_RELAXED);
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < pieces && i < LEDGER_PIECES; i++) {
		struct ledger_piece piece = thread->piece[i];

		/* What is checked is the copy. */
		__asm__ volatile("" : "+m"(piece));
		if (!undo->bytes || piece.len > undo->size - used)
			break;
		put_back(memory, &piece, undo->bytes + used);
		used += piece.len;
	}
	crash_point(CRASH_RECOVERED);
	queue->strikes = queue->strike_done == thread->done ? queue->strikes + 1 : 1;
	queue->strike_done = thread->done;
}

void undo_recover(struct ledger *ledger, const struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < ledger->threads; i++) {
		struct undo undo = undo_of(ledger, i);
		uint32_t index = __atomic_load_n(&undo.thread->queue, __ATOMIC_ACQUIRE);

		if (index > 0 && index <= ledger->queues &&
		    undo.thread->done == ledger->queue[index - 1].done)
			recover_thread(&undo, &ledger->queue[index - 1], memory);
		__atomic_store_n(&undo.thread->queue, 0, __ATOMIC_RELEASE);
	}
}
