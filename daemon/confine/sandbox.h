/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.h - the process takes away from itself what it does not need.
 *
 * A process that a hostile guest has taken over can do what it does anyway, work on that guest's
 * memory, and nothing else. Each stage is a
 * function; sandbox.c says what they do and why in this order:
 *
 *     sandbox_begin()       descriptors and core dumps; the first thing of all
 *     ...                   open what needs a name: sockets, files, the engine
 *     sandbox_isolate()     user, namespaces, root directory; one thread only
 *     sandbox_drop()        capabilities, Landlock; threads inherit it
 *     ...                   make the threads
 *     sandbox_lock()        limits and the filter of system calls, on all threads
 *
 * A stage that cannot do a part of it says so. With SANDBOX_AUTO the process then
 * goes on with the rest, as containers often forbid a part; with SANDBOX_STRICT it
 * does not.
 */
#ifndef VCD_DAEMON_CONFINE_SANDBOX_H
#define VCD_DAEMON_CONFINE_SANDBOX_H

#include <sys/types.h>

#include "daemon/confine/measure.h"

/**
 * sandbox_default_mode - the mode when the command line names none.
 *
 * SANDBOX_AUTO; in builds with sanitizers or coverage SANDBOX_NONE, as their
 * runtimes open files and trace the process when it ends.
 */
enum sandbox_mode sandbox_default_mode(void);

/**
 * sandbox_begin - what concerns a process from its start.
 * @sandbox: sandbox
 * @keep: descriptors to keep open beside standard error; -1 is ignored
 * @n: number of @keep
 *
 * Closes all other descriptors, which the parent process may have left open, puts
 * /dev/null in place of standard input and output, and switches core dumps off. That last part is
 * done in every mode: a core of this process holds keys.
 *
 * Return: 0 or a negative errno, logged.
 */
int sandbox_begin(struct sandbox *sandbox, const int *keep, unsigned int n);

/**
 * sandbox_fork - fork(), with a PID namespace for the child where that can be had.
 * @sandbox: sandbox
 *
 * For a parent that starts workers: the child, number 1 of its namespace, sees no
 * process but itself, and dies with the parent's thread. One thread only; the
 * child has not gone through any stage that the parent has not.
 *
 * Return: as fork().
 */
pid_t sandbox_fork(struct sandbox *sandbox);

/**
 * sandbox_isolate - another user, own namespaces, an empty root directory.
 *
 * Switches root to the user nobody. After this call no path can be opened: everything needed must
 * be open already.
 *
 * Return: 0 or a negative errno, logged.
 */
int sandbox_isolate(struct sandbox *sandbox);

/**
 * sandbox_drop - capabilities, and the ways to get any; Landlock; no tracing.
 *
 * Return: 0 or a negative errno, logged.
 */
int sandbox_drop(struct sandbox *sandbox);

/**
 * sandbox_lock - limits, and the filter of system calls for a worker process.
 *
 * All threads are there, and are filtered too. The last stage: afterwards the
 * process opens nothing, starts nothing, and maps no code.
 *
 * Return: 0 or a negative errno, logged.
 */
int sandbox_lock(struct sandbox *sandbox);

/**
 * sandbox_unroot - a supervisor that is root becomes the user nobody, or gives up what it can.
 * @sandbox: sandbox
 * @program: what workers are executed from
 * @devices: workers have to open devices that may be root's
 *
 * Nobody has no capability and none in its bounding set; its workers get theirs with a user
 * namespace. Where the user nobody could not start a worker that confines itself as root's does, it stays
 * root, with the capabilities that this takes and no other; that is said, as a warning.
 *
 * Return: 0 or a negative errno, logged.
 */
int sandbox_unroot(struct sandbox *sandbox, int program, bool devices);

/**
 * sandbox_parent - the last stage of a process that starts workers.
 *
 * It stays able to fork, to exec and to do all of the above in the child; what
 * neither needs is filtered away (tracing, kernel modules, BPF and the like), and
 * it is not traceable.
 *
 * Return: 0 or a negative errno, logged.
 */
int sandbox_parent(struct sandbox *sandbox);

/**
 * capabilities_pass_on - have the program that is executed next keep what it needs to confine
 * itself.
 *
 * Whoever is not root in its user namespace loses all capabilities when it executes a program,
 * those that came with the namespace too. The ambient ones stay. capabilities_clear() ends it.
 *
 * Return: 0, or a negative errno, which is in errno as well.
 */
int capabilities_pass_on(void);

/** capabilities_clear - none left, nor any to be had, for this thread. */
int capabilities_clear(void);

#endif /* VCD_DAEMON_CONFINE_SANDBOX_H */
