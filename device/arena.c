/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.c - the scratch memory of one thread, see arena.h.
 *
 * vdev_arena_take() checks the bounds itself: memory safety depends on no limit that is enforced
 * elsewhere.
 */
#include "device/arena.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "device/device.h"

/* Blocks start on a cache line. */
#define ALIGN ((size_t)64)

/* Bytes that all blocks of one request may have beside its payload. */
#define SLACK (VDEV_MAX_AAD + 4 * ALIGN)

int vdev_arena_init(struct vdev_arena *arena, uint32_t max_request)
{
	/* Twice the largest request, so that not every large request ends the batch. */
	size_t size = 2 * ((size_t)max_request + SLACK);

	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	arena->memory = aligned_alloc(ALIGN, size);
	if (!arena->memory)
		return -ENOMEM;
	arena->size = size;
	arena->used = arena->touched = 0;
	return 0;
}

void vdev_arena_fini(struct vdev_arena *arena)
{
	vdev_arena_wipe(arena);
	free(arena->memory);
	*arena = (struct vdev_arena){0};
}

bool vdev_arena_fits(const struct vdev_arena *arena, size_t a, size_t b)
{
	size_t left = arena->size - arena->used;

	/* Each block may be followed by up to ALIGN - 1 unused bytes. */
	return a <= left && b <= left - a && left - a - b >= 2 * ALIGN;
}

uint8_t *vdev_arena_take(struct vdev_arena *arena, size_t size)
{
	size_t left = arena->size - arena->used;
	uint8_t *block = arena->memory + arena->used;

	if (size > left)
		return NULL;
	arena->used += size + (ALIGN - size % ALIGN) % ALIGN;
	if (arena->touched < arena->used)
		arena->touched = arena->used;
	return block;
}

void vdev_arena_empty(struct vdev_arena *arena)
{
	arena->used = 0;
}

void vdev_arena_wipe(struct vdev_arena *arena)
{
	if (arena->touched)
		OPENSSL_cleanse(arena->memory, arena->touched);
	arena->used = arena->touched = 0;
}
