/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_internal.h - between the files of the loader. */
#ifndef VCD_KEEPER_LOADER_INTERNAL_H
#define VCD_KEEPER_LOADER_INTERNAL_H

#include <sys/stat.h>

#include "keeper/keyset.h"
#include "keeper/loader.h"

/**
 * struct child - the process of a PKCS#11 module.
 * @id: its number for the server; never used again
 * @config: index in the keyset's modules; -1: the policy does not have it any more
 * @pid: process, 0: none
 * @since: CLOCK_MONOTONIC, ns, of its start
 * @due: when it is to be started
 * @pause: ns before it is started again, after the last death
 */
struct child {
	unsigned int id;
	int config;
	pid_t pid;
	uint64_t since;
	uint64_t due;
	uint64_t pause;
};

/**
 * struct loader - the process.
 * @options: command line
 * @set: policy in force
 * @server: socket to the server, or -1
 * @server_pid: its process, 0: none
 * @server_since: CLOCK_MONOTONIC, ns, of its start
 * @restart_at: when it is started, if there is none
 * @pause: ns between its last death and the next start
 * @ready: it serves
 * @listener: listening socket
 * @socket: its file
 * @signals: signalfd
 * @epoll: epoll
 * @notify: service manager's socket, or -1
 * @ending: it is time to end
 * @err: why, a negative errno
 * @children: processes of modules
 * @child_count: how many
 * @last_id: last number of one
 * @module_ids: by the keyset's modules: number of the process
 * @revoked: labels
 * @revoked_count: how many
 * @why: what was wrong with the policy that was loaded last
 * @why_len: its bytes
 */
struct loader {
	const struct options *options;
	struct keyset *set;
	int server;
	pid_t server_pid;
	uint64_t server_since;
	uint64_t restart_at;
	uint64_t pause;
	bool ready;
	int listener;
	struct stat socket;
	int signals;
	int epoll;
	int notify;
	bool ending;
	int err;
	struct child *children;
	unsigned int child_count;
	unsigned int last_id;
	unsigned int module_ids[POLICY_MAX_TOKENS];
	char **revoked;
	unsigned int revoked_count;
	char why[8192];
	size_t why_len;
};

/** modules_match - which processes go on with the new policy, which are to be started, which to end. */
void modules_match(struct loader *loader, const struct keyset *before);

/** modules_start - start those whose time has come, and tell the server. */
void modules_start(struct loader *loader);

/** modules_stop - end all of them; they are started with the next server. */
void modules_stop(struct loader *loader);

/** modules_free - forget all, which have ended. */
void modules_free(struct loader *loader);

/** modules_due - CLOCK_MONOTONIC, ns, at which modules_start() has something to do. */
uint64_t modules_due(const struct loader *loader);

/** module_kill - the server says that it hangs. */
void module_kill(struct loader *loader, unsigned int id);

/** module_ended - a child that is not the server has. */
void module_ended(struct loader *loader, pid_t pid, int status);

/** revoked_load - read the file of --revoked. Return: 0 or a negative errno, logged. */
int revoked_load(struct loader *loader);

/** revoked_add - remember a label, and write it down. */
void revoked_add(struct loader *loader, const char *label);

#endif /* VCD_KEEPER_LOADER_INTERNAL_H */
