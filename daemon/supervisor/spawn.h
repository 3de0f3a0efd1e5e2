/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spawn.h - starting worker processes.
 */
#ifndef VCD_DAEMON_SUPERVISOR_SPAWN_H
#define VCD_DAEMON_SUPERVISOR_SPAWN_H

#include <linux/limits.h>
#include <sys/types.h>

#include "daemon/confine/sandbox.h"

/* The namespaces that a worker was started in. */
#define SPAWN_PID_NS 1
#define SPAWN_USER_NS 2

/**
 * struct program - the program that workers are started from.
 * @fd: the file; another file that is put at @path does not change it
 * @path: where it was
 * @dir: that directory, for a user who may not search its path
 * @argv: arguments for it, of the supervisor's main()
 * @worker_option: the option that makes it a worker; its numbers: see spawn.c
 */
struct program {
	int fd;
	int dir;
	char path[PATH_MAX];
	char **argv;
	const char *worker_option;
};

/** program_open - remember our own program. Return: 0 or a negative errno. */
int program_open(struct program *program, char **argv, const char *worker_option);

/**
 * program_next - open the program that is at @program's path now.
 * @program: ours
 * @next: out: that one; program_close() in either case
 *
 * Return: 0 or a negative errno.
 */
int program_next(const struct program *program, struct program *next);

/** program_close - close its file; allowed when fd is -1. */
void program_close(struct program *program);

/**
 * spawn_worker - start a worker.
 * @program: program
 * @sandbox: the supervisor's
 * @ledger: descriptor of the ledger
 * @channel: out: the supervisor's end of its channel
 *
 * The worker inherits standard input, output and error, the ledger and its end of the channel, and
 * is killed when the supervisor dies. A program that cannot be executed exits.
 *
 * Return: its process id, or a negative errno.
 */
pid_t spawn_worker(const struct program *program, const struct sandbox *sandbox, int ledger,
		   int *channel);

#endif /* VCD_DAEMON_SUPERVISOR_SPAWN_H */
