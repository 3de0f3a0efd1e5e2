/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.h - a daemon as a child process.
 */
#ifndef TESTS_WIRE_PROCESS_H
#define TESTS_WIRE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/**
 * struct process - a child.
 * @pid: its id, 0 when there is none
 */
struct process {
	pid_t pid;
};

/** process_user - whom process_start() makes its child before it executes the program; 0: who we
 * are. */
extern uid_t process_user;

/** Most arguments of process_start(). */
#define PROCESS_MAX_ARGS 32

/**
 * process_start - start a program.
 * @process: out
 * @path: the program
 * @args: its arguments, NULL-ended, without argv[0]; NULL for none
 * @pass_fd: descriptor that it inherits, under the same number; -1: none
 * @output: out: what can be read from its standard output and standard error; NULL: they are ours
 *
 * Other descriptors that are not close-on-exec are the caller's business.
 *
 * Return: 0 or a negative errno, that of exec too.
 */
int process_start(struct process *process, const char *path, const char *const *args, int pass_fd,
		  int *output);

/**
 * process_start_daemon - start vhost-user-cryptodev on a socketpair.
 * @process: out
 * @path: the program
 * @args: more arguments, NULL-ended, or NULL
 * @socket: out: our end
 */
int process_start_daemon(struct process *process, const char *path, const char *const *args,
			 int *socket);

/**
 * process_wait - wait for it to end.
 *
 * Return: its exit status, 128 + signal, or -ETIMEDOUT after a minute: then it
 * was killed.
 */
int process_wait(struct process *process);

/** process_stop - SIGTERM, then process_wait(). */
int process_stop(struct process *process);

/**
 * process_children - what processes a process has started that are still there.
 * @pid: parent
 * @children: out: their ids
 * @max: room there
 *
 * Return: how many.
 */
unsigned int process_children(pid_t pid, pid_t *children, unsigned int max);

/**
 * process_worker - the worker of a daemon, once it has started one.
 *
 * Return: its process id, 0 when there is none.
 */
pid_t process_worker(const struct process *daemon);

#endif /* TESTS_WIRE_PROCESS_H */
