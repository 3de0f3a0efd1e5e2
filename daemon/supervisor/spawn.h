/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spawn.h - starting worker processes.
 */
#ifndef VCD_DAEMON_SUPERVISOR_SPAWN_H
#define VCD_DAEMON_SUPERVISOR_SPAWN_H

#include <linux/limits.h>
#include <sys/types.h>

#include "daemon/confine/sandbox.h"

/* What a worker is told of the namespaces that it was started in. */
#define SPAWN_PID_NS 1
#define SPAWN_USER_NS 2

/**
 * struct program - the program that workers are started from.
 * @fd: the file that was opened last, and that workers died or live from; a file
 *	that is put in its place does not change it
 * @path: where it was
 * @dir: that directory, for a user who cannot come to it by name
 * @argv: arguments for it, those of our own main()
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
 * program_next - open the program that is at the place of ours now.
 * @program: ours
 * @next: out: that one; program_close() in either case
 *
 * Return: 0 or a negative errno.
 */
int program_next(const struct program *program, struct program *next);

/** program_close - close its file; fine when fd is -1. */
void program_close(struct program *program);

/**
 * spawn_worker - start a worker.
 * @program: program
 * @sandbox: ours
 * @ledger: descriptor of the ledger
 * @link: out: our end of its link
 *
 * The worker gets standard input, output and error, the ledger and its end of the
 * link, and is killed when we die. That the program could not be executed shows by
 * its end.
 *
 * Return: its process id, or a negative errno.
 */
pid_t spawn_worker(const struct program *program, const struct sandbox *sandbox, int ledger,
		   int *link);

#endif /* VCD_DAEMON_SUPERVISOR_SPAWN_H */
