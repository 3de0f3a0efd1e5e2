/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * find.h - where the daemons of this machine have their control sockets.
 *
 * The systemd unit puts them at /run/vhost-user-cryptodev/NAME/control. NAME.control in the
 * same directory, of daemons that were started by hand, is found as well. The environment
 * variable VCRYPTOCTL_DIR names another directory.
 */
#ifndef VCD_CTL_FIND_H
#define VCD_CTL_FIND_H

#include <stdbool.h>
#include <stddef.h>

/** Where control sockets are looked for, as told to people. */
#define FIND_SOCKETS "/run/vhost-user-cryptodev/*/control"

/**
 * struct found - a control socket.
 * @name: of the VM, or rather the unit's instance
 * @path: of the socket
 */
struct found {
	char *name;
	char *path;
};

/**
 * find_all - every control socket there is.
 * @list: out: sorted by name; to be freed by find_free()
 * @n: out: how many
 *
 * Return: 0, also when there is none, or -ENOMEM.
 */
int find_all(struct found **list, size_t *n);

/** find_free - free what find_all() returned. */
void find_free(struct found *list, size_t n);

/** find_good_name - whether @name can be that of a VM: nothing that leads out of the directory. */
bool find_good_name(const char *name);

/**
 * find_vm - the control socket of a VM.
 * @name: its name, a good one
 * @path: out: to be freed
 *
 * Return: 0; -ENOENT: no socket, *@path tells where one would be;
 * -ENOMEM.
 */
int find_vm(const char *name, char **path);

/**
 * find_front_end - where the front end of a VM connects to.
 * @name: of the unit's instance, a good one
 * @path: out: to be freed
 *
 * That of vhost-user-cryptodev@NAME.socket, unless a daemon runs that listens in its own directory.
 *
 * Return: 0 or -ENOMEM.
 */
int find_front_end(const char *name, char **path);

#endif /* VCD_CTL_FIND_H */
