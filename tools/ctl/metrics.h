/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h - the metrics of every daemon of this machine.
 */
#ifndef VCD_CTL_METRICS_H
#define VCD_CTL_METRICS_H

#include <stdio.h>

/** How long a daemon may take for its answer, ms, before it counts as down. */
#define METRICS_TIMEOUT_MS 5000

/**
 * metrics_all - ask every daemon, and write one page of all answers.
 * @out: where the page goes
 *
 * A daemon that does not answer, or not as it should, is told on standard error; the page
 * has virtio_cryptodev_up 0 for it and nothing else.
 *
 * Return: how many of these there were, or -ENOMEM.
 */
int metrics_all(FILE *out);

#endif /* VCD_CTL_METRICS_H */
