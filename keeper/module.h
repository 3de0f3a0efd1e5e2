/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module.h - the server's end of the processes that have PKCS#11 modules.
 *
 * Theory of operation
 * -------------------
 * The loader starts a process for each module and passes its socket. Tasks are sent as they come; the
 * process has threads that take them off the socket. While there is no process, because it died
 * and is started anew, tasks wait. A task that got no answer within SERVER_PATIENCE has failed.
 *
 * A process that has tasks and answers none of them for its time-out hangs. All that it has
 * has failed, the socket is closed, and the loader is told to kill it. Nothing else notices.
 */
#ifndef VCD_KEEPER_MODULE_H
#define VCD_KEEPER_MODULE_H

#include <stdbool.h>
#include <stdint.h>

struct server;
struct task;

/**
 * struct module - one process.
 * @next: of struct modules
 * @id: number that the loader gave it
 * @fd: socket, or -1
 * @timeout: ns without an answer after which it hangs
 * @progress: CLOCK_MONOTONIC, ns: its last answer, or when it got something to do
 * @sent: tasks that it has
 * @waiting: tasks to be sent, in order
 * @waiting_last: where the next one goes
 * @done: answers that it gave
 * @failures: times that it hung or died
 * @used: the table in force has it
 */
struct module {
	struct module *next;
	unsigned int id;
	int fd;
	uint64_t timeout;
	uint64_t progress;
	struct task *sent;
	struct task *waiting;
	struct task **waiting_last;
	uint64_t done;
	uint64_t failures;
	bool used;
};

/**
 * struct modules - all of them.
 * @list: modules
 * @watch: called when one has a new socket; NULL: nobody cares
 */
struct modules {
	struct module *list;
	void (*watch)(struct server *server, struct module *module);
};

/** module_get - the module with that number, made if need be. NULL: no memory. */
struct module *module_get(struct modules *modules, unsigned int id);

/** module_connect - it has a process now; @fd is taken over. */
void module_connect(struct server *server, unsigned int id, int fd, uint64_t timeout);

/** module_put - a task for a module. */
void module_put(struct server *server, struct task *task);

/** module_input - answers of a module. */
void module_input(struct server *server, struct module *module, uint64_t now);

/** modules_timer - tasks that are too late, modules that hang. */
void modules_timer(struct server *server, uint64_t now);

/** modules_deadline - when modules_timer() has something to do; UINT64_MAX: never. */
uint64_t modules_deadline(const struct server *server);

/** modules_sweep - drop those that no table uses. */
void modules_sweep(struct server *server);

#endif /* VCD_KEEPER_MODULE_H */
