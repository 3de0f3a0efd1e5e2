/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - the scratch memory of one thread.
 *
 * It holds twice the largest request. Blocks are taken from front to back, and all of them are
 * given back at once.
 */
#ifndef VCD_DEVICE_ARENA_H
#define VCD_DEVICE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct vcd_arena - scratch memory.
 * @size: bytes at @memory, a multiple of the alignment of blocks
 * @used: bytes taken, likewise a multiple
 * @touched: the most bytes that were taken since the last wipe
 */
struct vcd_arena {
	uint8_t *memory;
	size_t size;
	size_t used;
	size_t touched;
};

/** vcd_arena_init - make an arena for requests of up to @max_request bytes. Return: 0 or -ENOMEM. */
int vcd_arena_init(struct vcd_arena *arena, uint32_t max_request);

/** vcd_arena_fini - wipe and free the memory. */
void vcd_arena_fini(struct vcd_arena *arena);

/** vcd_arena_fits - whether blocks of @a and of @b bytes can be taken. */
bool vcd_arena_fits(const struct vcd_arena *arena, size_t a, size_t b);

/** vcd_arena_take - take a block of @size bytes. Return: NULL when less is left. */
uint8_t *vcd_arena_take(struct vcd_arena *arena, size_t size);

/** vcd_arena_empty - give back all blocks. */
void vcd_arena_empty(struct vcd_arena *arena);

/** vcd_arena_wipe - give back all blocks and erase what was in them. */
void vcd_arena_wipe(struct vcd_arena *arena);

#endif /* VCD_DEVICE_ARENA_H */
