/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper.h - commands for vcrypto-keeper, over the socket that VMs use.
 */
#ifndef VCD_CTL_KEEPER_H
#define VCD_CTL_KEEPER_H

/**
 * keeper_command - carry out a command of the keeper's.
 * @path: its socket
 * @words: "keys", then "list", "reload" or "revoke" and a label; or "metrics"; NULL at the end
 * @answer: out: what it said, to be freed; NULL: nothing
 *
 * Return: 0; -ENOSYS there is no such command; -EINVAL it refused, @answer may tell why; -ENOKEY there
 * is no such key; -EACCES only root and its user may; or the errno of the connection.
 */
int keeper_command(const char *path, char *const words[], char **answer);

#endif /* VCD_CTL_KEEPER_H */
