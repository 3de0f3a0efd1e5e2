/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.c - what survives a worker process: the file, and undo. See ledger.h.
 */
#include "daemon/recovery/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/recovery/crash.h"
#include "common/util.h"
#include "device/iov.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* ---- layout --------------------------------------------------------------------------- */

static size_t align(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

/* Offsets of the parts. All of @shape is ours, and small: nothing overflows. */
struct layout {
	size_t queue;
	size_t thread;
	size_t counters;
	size_t undo;
	size_t size;
};

static struct layout layout_of(const struct ledger_shape *shape, size_t counters_size)
{
	struct layout l;

	l.queue = align(sizeof(struct ledger_head));
	l.thread = l.queue + shape->queues * sizeof(struct ledger_queue);
	l.counters = l.thread + shape->threads * sizeof(struct ledger_thread);
	l.undo = align(l.counters + shape->threads * counters_size);
	l.size = l.undo + shape->threads * shape->undo_size;
	return l;
}

static void place(struct ledger *ledger, const struct layout *layout,
		  const struct ledger_shape *shape)
{
	uint8_t *base = (uint8_t *)ledger->head;

	ledger->size = layout->size;
	ledger->queues = shape->queues;
	ledger->threads = shape->threads;
	ledger->queue = (void *)(base + layout->queue);
	ledger->thread = (void *)(base + layout->thread);
	ledger->counters = (void *)(base + layout->counters);
	ledger->undo = shape->undo_size ? base + layout->undo : NULL;
	ledger->undo_size = shape->undo_size;
}

void ledger_mend(struct ledger *ledger)
{
	struct ledger_head *head = ledger->head;

	head->magic = LEDGER_MAGIC;
	head->version = LEDGER_VERSION;
	head->queues = ledger->queues;
	head->threads = ledger->threads;
	head->counters_size = sizeof(struct vcd_device_counters);
	head->undo_size = ledger->undo_size;
	/* Used up, or as good as that: the next device begins at a number of its own. */
	if (ledger->max_serial &&
	    __atomic_load_n(&head->serial, __ATOMIC_RELAXED) > ledger->max_serial)
		__atomic_store_n(&head->serial, 0, __ATOMIC_RELAXED);
}

int ledger_private(struct ledger *ledger, const struct ledger_shape *shape)
{
	const struct ledger_shape without = {shape->queues, shape->threads, 0};
	struct layout layout = layout_of(&without, sizeof(struct vcd_device_counters));

	*ledger = (struct ledger){.fd = -1};
	ledger->head = aligned_alloc(64, align(layout.size));
	if (!ledger->head)
		return -ENOMEM;
	memset(ledger->head, 0, layout.size);
	place(ledger, &layout, &without);
	ledger_mend(ledger);
	ledger->head->begin = now_ns();
	return 0;
}

static int map(struct ledger *ledger, size_t size)
{
	void *p =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, ledger->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	/* There is the guest's plaintext in it. */
	(void)madvise(p, size, MADV_DONTDUMP);
	ledger->head = p;
	ledger->size = size;
	return 0;
}

int ledger_create(struct ledger *ledger, const struct ledger_shape *shape)
{
	struct layout layout = layout_of(shape, sizeof(struct vcd_device_counters));
	int err;

	*ledger = (struct ledger){.fd = -1};
	ledger->fd = memfd_create("vhost-user-cryptodev", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (ledger->fd < 0 || ftruncate(ledger->fd, (off_t)layout.size) < 0 ||
	    fcntl(ledger->fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
		return -errno;
	err = map(ledger, layout.size);
	if (err)
		return err;
	place(ledger, &layout, shape);
	ledger_mend(ledger);
	ledger->head->begin = now_ns();
	return 0;
}

/* Whether the head, a copy, is that of a ledger of this shape and @size bytes. */
static bool fits(const struct ledger_head *head, const struct ledger_shape *shape, off_t size)
{
	if (head->magic != LEDGER_MAGIC || head->version != LEDGER_VERSION ||
	    head->queues != shape->queues || head->threads != shape->threads ||
	    head->undo_size != shape->undo_size || head->counters_size > 65536)
		return false;
	return (off_t)layout_of(shape, head->counters_size).size == size;
}

int ledger_open(struct ledger *ledger, int fd, const struct ledger_shape *shape)
{
	struct ledger_head head;
	struct layout layout;
	struct stat st;
	int seals;
	int err;

	*ledger = (struct ledger){.fd = fd};
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((seals & SEALS) != SEALS || st.st_size < (off_t)sizeof(head))
		return -EPROTO;
	err = map(ledger, (size_t)st.st_size);
	if (err)
		return err;
	memcpy(&head, ledger->head, sizeof(head));
	if (!fits(&head, shape, st.st_size))
		return -EPROTO;
	layout = layout_of(shape, head.counters_size);
	place(ledger, &layout, shape);
	if (head.counters_size != sizeof(struct vcd_device_counters))
		ledger->counters = NULL;
	return 0;
}

void ledger_close(struct ledger *ledger)
{
	if (ledger->head && ledger->fd >= 0)
		munmap(ledger->head, ledger->size);
	else
		free(ledger->head);
	close_fd(&ledger->fd);
	*ledger = (struct ledger){.fd = -1};
}

uint64_t ledger_done(const struct ledger *ledger)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < ledger->queues; i++)
		sum += __atomic_load_n(&ledger->queue[i].done, __ATOMIC_RELAXED);
	return sum;
}

/* ---- saving --------------------------------------------------------------------------- */

struct undo ledger_undo(const struct ledger *ledger, unsigned int number)
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
						   const struct vcd_request *request, size_t *used)
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
	return vcd_overlap(a->iov_base, a->iov_len, b->iov_base, b->iov_len);
}

/* Whether output lies on input: of the two shapes that requests mostly have; of others, perhaps. */
static bool may_overlap(const struct vcd_request *request)
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
		const struct vcd_request *requests, unsigned int n)
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

void ledger_recover(struct ledger *ledger, const struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < ledger->threads; i++) {
		struct undo undo = ledger_undo(ledger, i);
		uint32_t index = __atomic_load_n(&undo.thread->queue, __ATOMIC_ACQUIRE);

		if (index > 0 && index <= ledger->queues &&
		    undo.thread->done == ledger->queue[index - 1].done)
			recover_thread(&undo, &ledger->queue[index - 1], memory);
		__atomic_store_n(&undo.thread->queue, 0, __ATOMIC_RELEASE);
	}
}
