/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.h - the process that holds the connection while workers come and go.
 */
#ifndef VCD_DAEMON_SUPERVISOR_SUPERVISOR_H
#define VCD_DAEMON_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/unix_socket.h"
#include "daemon/confine/sandbox.h"
#include "daemon/recovery/ledger.h"

/**
 * struct supervisor_options - what the supervisor has to know of the command line.
 * @socket_path: where front ends connect, or NULL
 * @fd: a socket that is open already, or -1
 * @access: of @socket_path
 * @control: where the operator connects, or NULL
 * @keeper: socket of the key service, or NULL
 * @vm: what the VM is called there
 * @queues: queues of the device
 * @shape: of the ledger
 * @max_serial: see struct ledger
 * @sandbox: mode and filter
 * @devices: the engine opens devices of the host, which may be root's
 * @argv: of main(), for the workers
 * @worker_option: the option that makes a program a worker, for spawn_worker()
 */
struct supervisor_options {
	const char *socket_path;
	int fd;
	struct unix_socket_access access;
	const char *control;
	const char *keeper;
	const char *vm;
	unsigned int queues;
	struct ledger_shape shape;
	uint64_t max_serial;
	struct sandbox sandbox;
	bool devices;
	char **argv;
	const char *worker_option;
};

/**
 * supervise - serve front ends through worker processes.
 *
 * Return: 0 after SIGTERM or SIGINT, or after the one connection of a connected
 * socket is gone; a negative errno, logged, when it cannot start or go on.
 */
int supervise(const struct supervisor_options *options);

#endif /* VCD_DAEMON_SUPERVISOR_SUPERVISOR_H */
