/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.h - the process that holds the connection while workers come and go.
 */
#ifndef VCD_DAEMON_SUPERVISOR_SUPERVISOR_H
#define VCD_DAEMON_SUPERVISOR_SUPERVISOR_H

#include "daemon/options.h"

/**
 * supervise - serve front ends through worker processes.
 * @options: command line
 * @argv: it, as main() got it, for the workers
 *
 * Return: 0 after SIGTERM or SIGINT, or after the one connection of a connected
 * socket is gone; a negative errno, logged, when it cannot start or go on.
 */
int supervise(const struct options *options, char **argv);

#endif /* VCD_DAEMON_SUPERVISOR_SUPERVISOR_H */
