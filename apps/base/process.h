/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h - how a program of this folder begins and ends. */
#ifndef APPS_BASE_PROCESS_H
#define APPS_BASE_PROCESS_H

/**
 * process_fill_streams() - open the standard streams that the caller left closed
 *
 * A closed standard stream would be the number of the next socket. It is filled with something
 * that behaves as closed: empty for reading, an error for writing.
 *
 * Return: 0, or -errno.
 */
int process_fill_streams(void);

/** process_die_of() - end by signal @sig as if it had not been caught, so that a shell sees why */
void process_die_of(int sig);

#endif /* APPS_BASE_PROCESS_H */
