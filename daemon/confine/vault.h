/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault.h - memory for keys, and for all that libcrypto derives from them.
 */
#ifndef VCD_DAEMON_CONFINE_VAULT_H
#define VCD_DAEMON_CONFINE_VAULT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct vault_state - what could be had.
 * @size: bytes that can be in use
 * @locked: bytes, those that are used first, that are never swapped out
 * @undumpable: left out of core dumps
 * @wiped_on_fork: a child process finds zeros: the kernel sees to that, or else the C
 *                 library's fork()
 */
struct vault_state {
	size_t size;
	size_t locked;
	bool undumpable;
	bool wiped_on_fork;
};

/**
 * vault_open - reserve it, and have libcrypto use it for everything.
 * @size: bytes that may be in use, in blocks that are powers of two; memory is used when it is
 *	touched
 * @state: out
 *
 * Before the first use of libcrypto in the process. It lasts to the process' end; no
 * child that goes on without exec can use libcrypto.
 *
 * Return: 0 or a negative errno; -EBUSY libcrypto was used before.
 */
int vault_open(size_t size, struct vault_state *state);

/**
 * vault_alloc - memory, wiped by vault_free().
 *
 * Return: @size bytes, aligned to 16, not zeroed; NULL when the vault has no block that is large
 * enough, or for more than 32 MiB less 16 bytes.
 */
void *vault_alloc(size_t size);

/** vault_resize - as realloc(); the old block is wiped. */
void *vault_resize(void *p, size_t size);

/** vault_free - wipe and free; NULL is allowed. */
void vault_free(void *p);

/** vault_holds - whether @p lies in the vault. */
bool vault_holds(const void *p);

/** vault_used - bytes of the blocks that are taken; each is a power of two. */
size_t vault_used(void);

#endif /* VCD_DAEMON_CONFINE_VAULT_H */
