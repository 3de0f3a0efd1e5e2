/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.h - mapped files that become shorter while they are used.
 */
#ifndef VCD_DAEMON_VIRTIO_GUARD_H
#define VCD_DAEMON_VIRTIO_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/** guard_install - handle SIGBUS, once for the process. Return: 0 or a negative errno. */
int guard_install(void);

/**
 * guard_add - from now on, a SIGBUS within the mapping is survived.
 * @map: as mmap() returned it, writable
 * @len: of the mapping, whole pages
 *
 * Return: a handle, not 0; 0 when there are too many: then it is not guarded.
 */
unsigned int guard_add(void *map, size_t len);

/** guard_remove - before the mapping is unmapped; fine on 0. */
void guard_remove(unsigned int handle);

/** guard_any_lost - whether any guarded mapping was lost; cheap. */
bool guard_any_lost(void);

/** guard_lost - whether this one was. */
bool guard_lost(unsigned int handle);

#endif /* VCD_DAEMON_VIRTIO_GUARD_H */
