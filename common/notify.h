/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify.h - telling a service manager how we are, as sd_notify(3) describes.
 *
 * The protocol is a datagram of lines to the socket that $NOTIFY_SOCKET names; it is
 * stable and documented for programs that do not want libsystemd in their address
 * space. The socket is opened once, while the file system is still there.
 */
#ifndef VCD_COMMON_NOTIFY_H
#define VCD_COMMON_NOTIFY_H

/**
 * notify_open - open the socket that the environment names.
 *
 * Return: a descriptor, -1 when no service manager asks, or a negative errno below -1
 * (-EPERM counts as -EACCES) when it does and cannot be reached.
 */
int notify_open(void);

/**
 * notify_socket - the socket that a service manager has opened for this process, as
 * sd_listen_fds(3) describes.
 *
 * Return: its descriptor; -1 when there is none; -EINVAL when there are several.
 */
int notify_socket(void);

/** notify_send - send lines such as "READY=1\n"; @fd of notify_open(), -1: nothing happens. */
void notify_send(int fd, const char *lines);

#endif /* VCD_COMMON_NOTIFY_H */
