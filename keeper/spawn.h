/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spawn.h - starting the keeper's other processes. */
#ifndef VCD_KEEPER_SPAWN_H
#define VCD_KEEPER_SPAWN_H

#include "keeper/options.h"

/* Namespaces that a server has when it begins. */
#define SPAWN_PID_NS 1
#define SPAWN_USER_NS 2

/**
 * spawn_server - start the server.
 * @options: command line
 * @fd: out: socket to it
 *
 * Return: its process id, or a negative errno.
 */
pid_t spawn_server(const struct options *options, int *fd);

/** spawn_module - start the process of a PKCS#11 module. As spawn_server(). */
pid_t spawn_module(const struct options *options, int *fd);

#endif /* VCD_KEEPER_SPAWN_H */
