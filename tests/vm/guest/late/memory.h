/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.h - whether any byte of the program's memory has changed.
 */
#ifndef TESTS_VM_GUEST_LATE_MEMORY_H
#define TESTS_VM_GUEST_LATE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * memory_own - room for what the caller has to write between memory_note() and
 * memory_changed(); it is not looked at, like the stack.
 *
 * Return: @size bytes of zeros, or NULL.
 */
void *memory_own(size_t size);

/**
 * memory_note - copy all private memory that can be written to: data of the program and its
 * libraries, the heap, mappings.
 *
 * From here to memory_changed() the program may make system calls, and nothing of the C
 * library's that keeps state.
 *
 * Return: false when it could not (too much memory).
 */
bool memory_note(void);

/**
 * memory_changed - compare with the copy.
 * @where: out, the address of the first byte that is not the same
 *
 * Return: how many bytes are not the same.
 */
size_t memory_changed(const void **where);

#endif
