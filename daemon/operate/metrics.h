/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h - the counters in the text format of Prometheus.
 */
#ifndef VCD_DAEMON_OPERATE_METRICS_H
#define VCD_DAEMON_OPERATE_METRICS_H

#include <stdio.h>

#include "daemon/operate/stats.h"

/**
 * metrics_print - write @stats to @file as Prometheus' text exposition format, 0.0.4.
 *
 * Names begin with virtio_cryptodev_; units are seconds and bytes, as its naming
 * rules ask. Where the VM has a name, each has the label vm: then those of several
 * daemons can be collected together.
 */
void metrics_print(const struct stats *stats, FILE *file);

#endif /* VCD_DAEMON_OPERATE_METRICS_H */
