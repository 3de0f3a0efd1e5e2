/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters.c - statistics. Each thread counts on cache lines of its own (struct vdev_counters)
 * without locked instructions. A snapshot adds the counters up; it is exact while no thread
 * executes.
 */
#include "device/state.h"

static uint64_t get(const _Atomic(uint64_t) *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void vdev_stats_get(const struct vdev *device, struct vdev_stats *stats)
{
	*stats = (struct vdev_stats){
	    .sessions_live = get(&device->table.live),
	};
	for (unsigned int i = 0; i < device->options.threads; i++) {
		const struct vdev_counters *counters = device->threads[i].batch.counters;

		stats->requests += get(&counters->requests);
		for (size_t s = 0; s < VCD_S_COUNT; s++)
			stats->status[s] += get(&counters->status[s]);
		stats->crypt += get(&counters->crypt);
		stats->bytes += get(&counters->bytes);
		stats->batches += get(&counters->batches);
		stats->sessions_created += get(&counters->sessions_created);
	}
}

uint64_t vdev_cost(const struct vdev *device, const struct iovec *in, unsigned int in_count)
{
	return vdev_charge_of(device, vdev_iov_total(in, in_count));
}

void vdev_usage_get(const struct vdev *device, unsigned int thread, struct vdev_usage *usage)
{
	*usage = device->threads[thread].usage;
}

const char *vdev_status_name(uint32_t status)
{
	static const char *const names[VCD_S_COUNT] = {
	    [VCD_S_OK] = "OK",	       [VCD_S_INVALID] = "INVALID", [VCD_S_NOTSUPP] = "NOTSUPP",
	    [VCD_S_STALE] = "STALE",   [VCD_S_NOALG] = "NOALG",	    [VCD_S_BADKEY] = "BADKEY",
	    [VCD_S_BADMSG] = "BADMSG", [VCD_S_NOSPACE] = "NOSPACE", [VCD_S_NOMEM] = "NOMEM",
	    [VCD_S_BUSY] = "BUSY",     [VCD_S_TOOBIG] = "TOOBIG",   [VCD_S_NOSTATE] = "NOSTATE",
	    [VCD_S_IO] = "IO",	       [VCD_S_VERSION] = "VERSION", [VCD_S_NOKEY] = "NOKEY",
	    [VCD_S_DENIED] = "DENIED", [VCD_S_SLOW] = "SLOW",
	};

	return status < VCD_S_COUNT ? names[status] : "?";
}
