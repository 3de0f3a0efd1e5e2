/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.c - what survives a worker process: the file. See ledger.h.
 */
#include "daemon/recovery/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

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
	head->counters_size = sizeof(struct vdev_counters);
	head->undo_size = ledger->undo_size;
	/* Used up, or as good as that: the next device begins at a number of its own. */
	if (ledger->max_serial &&
	    __atomic_load_n(&head->serial, __ATOMIC_RELAXED) > ledger->max_serial)
		__atomic_store_n(&head->serial, 0, __ATOMIC_RELAXED);
}

int ledger_private(struct ledger *ledger, const struct ledger_shape *shape)
{
	const struct ledger_shape without = {shape->queues, shape->threads, 0};
	struct layout layout = layout_of(&without, sizeof(struct vdev_counters));

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
	struct layout layout = layout_of(shape, sizeof(struct vdev_counters));
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
	if (head.counters_size != sizeof(struct vdev_counters))
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
