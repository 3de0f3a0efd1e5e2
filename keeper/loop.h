/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h - the server's process: confinement, sockets, time.
 */
#ifndef VCD_KEEPER_LOOP_H
#define VCD_KEEPER_LOOP_H

#include "daemon/confine/sandbox.h"

/**
 * serve - be the server, until the loader is gone.
 * @loader: socket to it
 * @sandbox: mode, and what is in force already
 * @owner: user that may give orders
 * @threads: that compute
 *
 * Return: 0 or a negative errno.
 */
int serve(int loader, struct sandbox *sandbox, uid_t owner, unsigned int threads);

#endif /* VCD_KEEPER_LOOP_H */
