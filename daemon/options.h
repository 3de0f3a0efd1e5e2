/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the command line.
 */
#ifndef VCD_DAEMON_OPTIONS_H
#define VCD_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/recovery/rate_limits.h"
#include "common/log.h"
#include "daemon/confine/sandbox.h"

/* Exit status of the program; documented in the manual page. */
enum exit_status {
	STATUS_OK = 0,	    /* ended as it should */
	STATUS_FAILURE = 1, /* could not start, or cannot go on */
	STATUS_USAGE = 2,   /* bad command line */
};

/** Longest name of a virtual machine (--vm-name). */
#define OPTIONS_VM_NAME 64

/** Name of a virtual machine that has none, for the keeper. */
#define OPTIONS_NO_VM_NAME "default"

/** Most CPUs of --cpus: as many as there can be workers. */
#define OPTIONS_MAX_CPUS 64

/**
 * struct options - the command line, checked.
 * @socket_path: where to listen, or NULL
 * @fd: a socket that is there already, or -1
 * @socket_mode: access to the file at @socket_path, 0: as the umask has it
 * @socket_group: group of that file, a name or a number, or NULL
 * @vm_name: what the operator calls the virtual machine, or NULL
 * @keeper: socket of the key service, or NULL
 * @engine: engine, for eng_open()
 * @print_engine: describe it and end
 * @num_queues: queues, without the slow ones
 * @slow_queues: slow queues behind them; each has a thread of its own
 * @workers: worker threads, without those
 * @poll_us: longest time to poll an empty ring
 * @poll_cpu: percent of a CPU that a worker may poll without success
 * @cpus: CPUs that workers are pinned to, in turn
 * @cpu_count: how many, 0: not pinned
 * @max_sessions: sessions at one time, 0: the device's default
 * @max_request: payload bytes of one request, 0: the device's default
 * @control: where to listen for vcryptoctl, or NULL
 * @limits: of the VM, by enum limit_kind
 * @sandbox: how much of a sandbox
 * @seccomp: what happens at a system call that is not allowed
 * @seccomp_given: it was on the command line
 * @level: messages up to it are printed
 * @link: this is a worker, and its end of the link to the supervisor; else -1
 * @ledger: with @link: the ledger's descriptor
 * @namespaces: with @link: what sandbox_fork() did, as SPAWN_* bits (spawn.h)
 * @namespaces_err: with @link: sandbox.own_user_err
 */
struct options {
	const char *socket_path;
	int fd;
	mode_t socket_mode;
	const char *socket_group;
	const char *vm_name;
	const char *keeper;
	const char *engine;
	bool print_engine;
	unsigned int num_queues;
	unsigned int slow_queues;
	unsigned int workers;
	unsigned int poll_us;
	unsigned int poll_cpu;
	uint16_t cpus[OPTIONS_MAX_CPUS];
	unsigned int cpu_count;
	uint32_t max_sessions;
	uint32_t max_request;
	const char *control;
	struct limit limits[LIMIT_KINDS];
	enum sandbox_mode sandbox;
	enum seccomp_mode seccomp;
	bool seccomp_given;
	enum log_level level;
	int link;
	int ledger;
	int namespaces;
	int namespaces_err;
};

/** The option by which a supervisor starts a worker; its numbers: see spawn.c. */
#define OPTIONS_WORKER "worker"

/** Status of options_parse() when there is nothing left to do. */
#define OPTIONS_RUN (-1)

/**
 * options_parse - read the command line.
 * @argc: of main()
 * @argv: of main(); the strings stay in use
 * @options: out
 *
 * Prints what --help, --version and --print-capabilities ask for, and what is
 * wrong with the command line.
 *
 * Return: OPTIONS_RUN, or an enum exit_status to end with now.
 */
int options_parse(int argc, char **argv, struct options *options);

#endif /* VCD_DAEMON_OPTIONS_H */
