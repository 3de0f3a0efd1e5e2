/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader.h - the process that was started: files, the listening socket, the other processes.
 *
 * Theory of operation
 * -------------------
 *     loader     policy, key files, PINs on their way; listens; starts and ends the others
 *     server     clients, keys; confined (server.h)
 *     module     one for each PKCS#11 module: vendor's code, PINs (p11.h)
 *
 * The loader reads no byte that a client has sent. It accepts connections, asks the kernel
 * which user connected, and passes them to the server. All other processes are executed anew,
 * have nothing of its memory, and end when it does.
 *
 * A server that dies is started anew with the same policy, and so are the modules' processes, whose
 * sockets it had. Clients find their connections closed and connect again. A module's process that dies
 * or hangs is started anew alone, after 100 ms, then twice as long each time up to 10 s; one that
 * ran for 30 s begins from the start.
 *
 * A revoked label is written to the file of --revoked, if there is one, before the administrator gets
 * the answer, and stays revoked until somebody takes it out there and reloads. Without that
 * file it is remembered until the keeper ends.
 */
#ifndef VCD_KEEPER_LOADER_H
#define VCD_KEEPER_LOADER_H

#include "keeper/options.h"

/** loader_run - be the keeper. Return: 0 or a negative errno, logged. */
int loader_run(const struct options *options);

/** loader_check - --check-policy: report all errors. Return: whether there was none. */
bool loader_check(const struct options *options);

#endif /* VCD_KEEPER_LOADER_H */
