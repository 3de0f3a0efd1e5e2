/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.h - the counters of the daemon, as text.
 */
#ifndef VCD_DAEMON_OPERATE_STATS_H
#define VCD_DAEMON_OPERATE_STATS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/vm/vm.h"
#include "device/device.h"

/**
 * struct stats - everything that is counted.
 * @engine: name of the engine
 * @vm_name: of the virtual machine, as the operator calls it, or NULL
 * @supervisor: the supervisor's version, "none" without one, or NULL: it did not tell
 * @up_s: seconds since the start
 * @queues: queues of the device
 * @workers: worker threads
 * @front_ends: front ends that connected
 * @protocol_errors: connections that ended because the front end broke the protocol
 * @device: requests, sessions
 * @vm: kicks, notifications
 * @limits: by enum limit_kind
 * @limit_waits: times that a limit made a worker wait
 * @limit_waited_ns: for how long in all
 */
struct stats {
	const char *engine;
	const char *vm_name;
	const char *supervisor;
	uint64_t up_s;
	unsigned int queues;
	unsigned int workers;
	uint64_t front_ends;
	uint64_t protocol_errors;
	struct vdev_stats device;
	struct vm_stats vm;
	struct limit limits[LIMIT_KINDS];
	uint64_t limit_waits;
	uint64_t limit_waited_ns;
};

/** stats_print - write @stats to @file as one JSON object. */
void stats_print(const struct stats *stats, FILE *file);

/** stats_print_status - a summary of @stats as one JSON object. @served: queues are served. */
void stats_print_status(const struct stats *stats, bool served, FILE *file);

/** stats_print_lines - the same as lines "NAME VALUE". */
void stats_print_lines(const struct stats *stats, FILE *file);

#endif /* VCD_DAEMON_OPERATE_STATS_H */
