/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inner.h - what the loader and the server say to each other.
 *
 * A SOCK_SEQPACKET socket. The loader is the process that was started: it has files, the listening
 * socket and child processes, and never reads a byte of a client's. The server has the clients
 * and the keys, and nothing else.
 *
 *     server                                loader
 *     INNER_READY                     -->
 *                                     <--   INNER_POLICY... INNER_KEY... INNER_TOKEN...
 *                                     <--   INNER_INSTALL
 *                                     <--   INNER_MODULE, with a socket, as processes are started
 *                                     <--   INNER_CLIENT, with a socket, for each one that connects
 *     INNER_RELOAD                    -->
 *                                     <--   ... INNER_INSTALL
 *                                     <--   INNER_RELOADED
 *     INNER_REVOKE                    -->   (written down)
 *     INNER_HUNG                      -->   (killed, and started anew)
 */
#ifndef VCD_KEEPER_INNER_H
#define VCD_KEEPER_INNER_H

#include <stddef.h>
#include <stdint.h>

/**
 * enum inner_type - messages.
 * @INNER_READY: the server is confined and serves
 * @INNER_POLICY: a piece of the policy file
 * @INNER_KEY: @index: key; its bytes
 * @INNER_TOKEN: @index: token; @value: number of its module's process
 * @INNER_INSTALL: put what was sent in force
 * @INNER_MODULE: @index: number of a module's process; @value: its time-out in ms; a socket
 * @INNER_CLIENT: @value: user that connected; its name, if it has one; a socket
 * @INNER_RELOAD: @value: peer that asks
 * @INNER_RELOADED: @value: that peer; why it was not done, empty: it was
 * @INNER_REVOKE: label
 * @INNER_HUNG: @value: number of a module's process
 */
enum inner_type {
	INNER_READY = 1,
	INNER_POLICY,
	INNER_KEY,
	INNER_TOKEN,
	INNER_INSTALL,
	INNER_MODULE,
	INNER_CLIENT,
	INNER_RELOAD,
	INNER_RELOADED,
	INNER_REVOKE,
	INNER_HUNG,
};

/** Most bytes of a message. */
#define INNER_MAX 70000

/** struct inner - head of a message. */
struct inner {
	uint32_t type;
	uint32_t index;
	uint64_t value;
};

/**
 * inner_send - send a message.
 * @fd: socket
 * @head: head
 * @data: what follows
 * @len: its bytes
 * @pass: descriptor to pass, or -1
 *
 * Return: 0 or a negative errno.
 */
int inner_send(int fd, const struct inner *head, const void *data, size_t len, int pass);

/**
 * inner_receive - receive a message.
 * @fd: socket
 * @head: out
 * @data: out: what follows, INNER_MAX bytes
 * @len: out: its bytes
 * @passed: out: descriptor that came along, or -1
 * @flags: of recvmsg()
 *
 * Return: 0; -EPIPE the other end is gone; or another negative errno.
 */
int inner_receive(int fd, struct inner *head, void *data, size_t *len, int *passed, int flags);

#endif /* VCD_KEEPER_INNER_H */
