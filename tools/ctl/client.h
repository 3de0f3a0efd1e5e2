/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - the client's side of the daemon's control socket (daemon/operate/control.h).
 */
#ifndef VCD_CTL_CLIENT_H
#define VCD_CTL_CLIENT_H

#include <stddef.h>

/** Longest answer that is taken from a daemon. */
#define CLIENT_MAX_ANSWER (64u << 20)

/**
 * client_connect - connect to the daemon at @path.
 * @path: its control socket
 * @timeout_ms: how long client_ask() waits for the next piece of an answer; 0: for ever
 *
 * Return: a descriptor or a negative errno.
 */
int client_connect(const char *path, unsigned int timeout_ms);

/**
 * client_ask - send a command and fetch the answer.
 * @fd: of client_connect()
 * @command: the command, without the newline
 * @text: out: the answer or, for -EINVAL, what the daemon says is wrong; 0-terminated,
 *	to be freed
 * @len: out: bytes of it
 *
 * Return: 0; -EINVAL the daemon refused, *@text tells why; -EPROTO it does not speak the
 * protocol; -EPIPE it has gone; -ETIMEDOUT it does not answer; another negative
 * errno. *@text is NULL for all but the first two. The text has nothing in it that a terminal
 * would act upon (text.h).
 */
int client_ask(int fd, const char *command, char **text, size_t *len);

#endif /* VCD_CTL_CLIENT_H */
