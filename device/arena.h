/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - the scratch memory of one thread.
 *
 * It holds twice the largest request. Blocks are taken from front to back, and all of them are
 * given back at once.
 */
#ifndef VDEV_ARENA_H
#define VDEV_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct vdev_arena - scratch memory.
 * @size: bytes at @memory, a multiple of the alignment of blocks
 * @used: bytes taken, likewise a multiple
 * @touched: the most bytes that were taken since the last wipe
 */
struct vdev_arena {
	uint8_t *memory;
	size_t size;
	size_t used;
	size_t touched;
};

/** vdev_arena_init - make an arena for requests of @max_request bytes. Return: 0 or -ENOMEM. */
int vdev_arena_init(struct vdev_arena *arena, uint32_t max_request);

/** vdev_arena_fini - wipe and free the memory. */
void vdev_arena_fini(struct vdev_arena *arena);

/** vdev_arena_fits - whether blocks of @a and of @b bytes can be taken. */
bool vdev_arena_fits(const struct vdev_arena *arena, size_t a, size_t b);

/** vdev_arena_take - take a block of @size bytes. Return: NULL when less is left. */
uint8_t *vdev_arena_take(struct vdev_arena *arena, size_t size);

/** vdev_arena_empty - give back all blocks. */
void vdev_arena_empty(struct vdev_arena *arena);

/** vdev_arena_wipe - give back all blocks and erase what was in them. */
void vdev_arena_wipe(struct vdev_arena *arena);

#endif /* VDEV_ARENA_H */
