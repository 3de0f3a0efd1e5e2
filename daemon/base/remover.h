/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remover.h - removes the sockets' files at the end of a daemon that was started by root.
 *
 * Such a supervisor becomes an ordinary user and may not remove files that root made. So a
 * process that stays root waits for its request: one byte.
 */
#ifndef VCD_DAEMON_BASE_REMOVER_H
#define VCD_DAEMON_BASE_REMOVER_H

#include <sys/types.h>

#define REMOVER_FILES 2

/**
 * struct remover_file - a file to be removed.
 * @path: its name, or NULL
 * @dev: device of the file, as it was made
 * @ino: and inode: a successor's file of the same name stays
 */
struct remover_file {
	const char *path;
	dev_t dev;
	ino_t ino;
};

/** remover_file - remove it, if it is still the one that was made. */
void remover_file(const struct remover_file *file);

/**
 * remover_start - start the process, as an orphan: all children of the supervisor are workers.
 *
 * Return: what remover_end() takes, or a negative errno.
 */
int remover_start(const struct remover_file files[REMOVER_FILES]);

/**
 * remover_end - have it remove the files, and wait until that is done.
 *
 * Without it the files stay; a daemon that is started again replaces them.
 */
void remover_end(int remover);

#endif /* VCD_DAEMON_BASE_REMOVER_H */
