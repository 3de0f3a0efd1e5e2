/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters.h - the counters of the daemon: one table, printed as JSON, as lines, and for Prometheus.
 */
#ifndef VCD_DAEMON_OPERATE_COUNTERS_H
#define VCD_DAEMON_OPERATE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/vm/vm.h"
#include "device/device.h"

/** Percentiles of the service time in struct stats. */
enum stats_percentile { STATS_P50, STATS_P99, STATS_P999, STATS_PERCENTILES };

/**
 * struct stats - everything that is counted.
 * @engine: name of the engine
 * @vm_name: of the virtual machine, as the operator calls it, or NULL
 * @supervisor: the supervisor's version, or NULL: it did not tell
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
 * @errors: requests whose status is not OK; set by stats_derive(), as the rest
 * @service_ns: time from taking a request to answering it, by enum stats_percentile
 */
struct stats {
	const char *engine;
	const char *vm_name;
	const char *supervisor;
	uint64_t up_s;
	uint64_t queues;
	uint64_t workers;
	uint64_t front_ends;
	uint64_t protocol_errors;
	struct vdev_stats device;
	struct vm_stats vm;
	struct limit limits[LIMIT_KINDS];
	uint64_t limit_waits;
	uint64_t limit_waited_ns;
	uint64_t errors;
	uint64_t service_ns[STATS_PERCENTILES];
};

/** stats_derive - fill in what follows from the other members. */
void stats_derive(struct stats *stats);

/** stats_print - write @stats to @file as one JSON object. */
void stats_print(const struct stats *stats, FILE *file);

/** stats_print_status - a summary of @stats as one JSON object. @served: queues are served. */
void stats_print_status(const struct stats *stats, bool served, FILE *file);

/** stats_print_lines - the counters of stats_print() as lines "NAME VALUE". */
void stats_print_lines(const struct stats *stats, FILE *file);

/**
 * metrics_print - write @stats to @file as Prometheus' text exposition format, 0.0.4.
 *
 * Names begin with virtio_cryptodev_; units are seconds and bytes, as its naming
 * rules ask. Where the VM has a name, each has the label vm: then those of several
 * daemons can be collected together.
 */
void metrics_print(const struct stats *stats, FILE *file);

#endif /* VCD_DAEMON_OPERATE_COUNTERS_H */
