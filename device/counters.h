/* SPDX-License-Identifier: GPL-2.0-or-later */
/* counters.h - how a thread counts. counters.c adds the threads' counters up. */
#ifndef VDEV_COUNTERS_H
#define VDEV_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

/** vdev_count - add @n to a counter that only the calling thread writes. */
static inline void vdev_count(_Atomic(uint64_t) *counter, uint64_t n)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	/* With one writer this needs no locked instruction. */
	atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

#endif /* VDEV_COUNTERS_H */
