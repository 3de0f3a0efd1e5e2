/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper_link.h - the supervisor's connection to vcrypto-keeper.
 *
 * The supervisor connects and says which VM it is, because a worker could name another VM and, in its
 * own user namespace, has no user that the keeper would know. It sends nothing else, and reads nothing
 * but the answer to that. Each worker gets a copy of the connected socket. When the keeper closes
 * it, the supervisor connects again: at once, then after longer and longer pauses, up to a second.
 *
 * Nothing in here blocks.
 */
#ifndef VCD_DAEMON_SUPERVISOR_KEEPER_LINK_H
#define VCD_DAEMON_SUPERVISOR_KEEPER_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct keeper_link - the connection.
 * @path: of the keeper's socket; NULL: there is to be no connection
 * @vm: name of the VM
 * @fd: the socket, or -1
 * @up: the keeper knows who the VM is: workers may have @fd
 * @at_ns: CLOCK_MONOTONIC, when the answer is due, or when to connect again; 0: neither
 * @pause_ms: before the next attempt
 */
struct keeper_link {
	const char *path;
	const char *vm;
	int fd;
	bool up;
	uint64_t at_ns;
	unsigned int pause_ms;
};

/** keeper_link_init - no connection yet; keeper_link_tick() makes it. */
void keeper_link_init(struct keeper_link *link, const char *path, const char *vm);

/** keeper_link_poll - fill in what to wait for. */
void keeper_link_poll(const struct keeper_link *link, struct pollfd *p);

/** keeper_link_event - what was waited for has happened. Return: whether it is up now. */
bool keeper_link_event(struct keeper_link *link);

/** keeper_link_tick - at any time; connects when it is time to, and ends a connection that hangs. */
void keeper_link_tick(struct keeper_link *link);

/** keeper_link_copy - a copy of the socket, the caller's; -1: it is not up, or there is no descriptor. */
int keeper_link_copy(struct keeper_link *link);

/** keeper_link_close - end it. */
void keeper_link_close(struct keeper_link *link);

#endif /* VCD_DAEMON_SUPERVISOR_KEEPER_LINK_H */
