/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * janitor.h - a process that does what needs the file system, for one that has none.
 */
#ifndef VCD_DAEMON_JANITOR_H
#define VCD_DAEMON_JANITOR_H

#include <stddef.h>
#include <sys/types.h>

/** Most bytes of a statistics file. */
#define JANITOR_MAX_STATS 65536

/** enum janitor_socket_kind - the sockets whose files it removes. */
enum janitor_socket_kind {
	JANITOR_SERVER,
	JANITOR_CONTROL,
	JANITOR_SOCKETS,
};

/**
 * struct janitor_paths - what it may touch.
 * @stats: file that janitor_stats() replaces, or NULL
 * @socket: files that it removes at the end, once janitor_socket() told which, or NULL
 */
struct janitor_paths {
	const char *stats;
	const char *socket[JANITOR_SOCKETS];
};

/**
 * struct janitor - our end.
 * @pid: the process, 0: none
 * @socket: what it is told things through, -1: none
 */
struct janitor {
	pid_t pid;
	int socket;
};

/**
 * janitor_start - start it, before anything is open that it should not have.
 * @janitor: out
 * @paths: what for; with nothing in it, there is no janitor
 *
 * Return: 0 or a negative errno.
 */
int janitor_start(struct janitor *janitor, const struct janitor_paths *paths);

/** janitor_socket - it is our socket that is at the path now. Return: 0 or a negative errno. */
int janitor_socket(struct janitor *janitor, enum janitor_socket_kind kind, dev_t dev, ino_t ino);

/**
 * janitor_stats - replace the statistics file in one step.
 *
 * Return: 0, or the negative errno of writing it; -EPIPE when the janitor is gone.
 */
int janitor_stats(struct janitor *janitor, const char *text, size_t len);

/** janitor_end - have it clean up, and wait for that. Fine when there is none. */
void janitor_end(struct janitor *janitor);

#endif /* VCD_DAEMON_JANITOR_H */
