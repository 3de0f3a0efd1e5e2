/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters.c - statistics. Each worker counts on cache lines of its own (struct
 * vcd_device_counters) without locked instructions; a snapshot adds them up, and is
 * exact whenever the workers stand still.
 */
#include "device/state.h"

static uint64_t get(const _Atomic(uint64_t) *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void vcd_device_stats_get(const struct vcd_device *device, struct vcd_device_stats *stats)
{
	*stats = (struct vcd_device_stats){
	    .sessions_live = get(&device->table.live),
	};
	for (unsigned int i = 0; i < device->options.workers; i++) {
		const struct vcd_device_counters *counters = device->workers[i].batch.counters;

		stats->requests += get(&counters->requests);
		for (size_t s = 0; s < VCD_S_COUNT; s++)
			stats->status[s] += get(&counters->status[s]);
		stats->crypt += get(&counters->crypt);
		stats->bytes += get(&counters->bytes);
		stats->batches += get(&counters->batches);
		stats->sessions_created += get(&counters->sessions_created);
	}
}

uint64_t vcd_device_cost(const struct vcd_device *device, const struct iovec *in,
			 unsigned int in_count)
{
	return vcd_charge_of(device, vcd_iov_total(in, in_count));
}

void vcd_device_usage_get(const struct vcd_device *device, unsigned int worker,
			  struct vcd_device_usage *usage)
{
	*usage = device->workers[worker].usage;
}

const char *vcd_status_name(uint32_t status)
{
	static const char *const names[VCD_S_COUNT] = {
	    [VCD_S_OK] = "OK",	       [VCD_S_INVALID] = "INVALID", [VCD_S_NOTSUPP] = "NOTSUPP",
	    [VCD_S_STALE] = "STALE",   [VCD_S_NOALG] = "NOALG",	    [VCD_S_BADKEY] = "BADKEY",
	    [VCD_S_BADMSG] = "BADMSG", [VCD_S_NOSPACE] = "NOSPACE", [VCD_S_NOMEM] = "NOMEM",
	    [VCD_S_BUSY] = "BUSY",     [VCD_S_TOOBIG] = "TOOBIG",   [VCD_S_NOSTATE] = "NOSTATE",
	    [VCD_S_IO] = "IO",	       [VCD_S_VERSION] = "VERSION",
	};

	return status < VCD_S_COUNT ? names[status] : "?";
}
