/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - the state of the supervisor, between supervisor.c, which decides, and loop.c, which
 * waits for events and reports them.
 */
#ifndef VCD_DAEMON_SUPERVISOR_INTERNAL_H
#define VCD_DAEMON_SUPERVISOR_INTERNAL_H

#include "daemon/supervisor/clients.h"
#include "daemon/supervisor/endpoints.h"
#include "daemon/supervisor/front_end.h"
#include "daemon/supervisor/keeper_link.h"
#include "daemon/supervisor/operations.h"
#include "daemon/supervisor/setup.h"
#include "daemon/supervisor/supervisor.h"
#include "daemon/supervisor/worker_process.h"

/**
 * struct supervisor - the supervisor.
 * @program: what workers are started from
 * @next_program: what the successor was started from
 * @cursor: in @setup, while it is replayed
 * @replayed: the request that was replayed last
 * @refusals: workers in a row that did not accept the set-up
 * @has_config: a worker has reported @config, its config space; front ends may have read it
 * @upgrade_error: why the successor is killed, or NULL
 * @upgrade_text: why the last successor could not be started
 * @upgrading: a successor has taken over, and does not serve yet
 * @ending: the daemon ends; the front end is gone, or will be closed
 * @served: some worker has come to serve
 * @lost_ns: when the device ceased to be served, 0: it is served
 * @failures: deaths in a row without a request finished in between
 * @done: requests that were finished when the worker was started
 * @retry_ns: when to start a worker; 0: none waits for that
 * @accept_ns: when to accept connections again; 0: now
 * @error: why the daemon ends, or 0
 */
struct supervisor {
	const struct supervisor_options *options;
	struct sandbox sandbox;
	struct ledger ledger;
	struct setup setup;
	struct endpoints endpoints;
	struct clients clients;
	struct front_end front;
	struct keeper_link keeper;
	struct operations operations;
	struct worker_process worker;
	struct worker_process successor;
	struct program program;
	struct program next_program;
	unsigned int cursor;
	uint32_t replayed;
	unsigned int refusals;
	bool has_config;
	struct vcd_config config;
	const char *upgrade_error;
	char upgrade_text[PATH_MAX + 128];
	bool upgrading;
	bool ending;
	bool served;
	uint64_t lost_ns;
	unsigned int failures;
	uint64_t done;
	uint64_t retry_ns;
	uint64_t accept_ns;
	int error;
};

/** supervisor_event - carry out what the tables say about @event of worker @w. */
void supervisor_event(struct supervisor *s, struct worker_process *w, enum worker_event event);

/** supervisor_settle - raise the events whose conditions hold. Return: whether the daemon goes on. */
bool supervisor_settle(struct supervisor *s);

/** supervisor_start - start the first worker. */
void supervisor_start(struct supervisor *s);

/** supervisor_accept_failed - accept() failed with a negative errno: try again later. */
void supervisor_accept_failed(struct supervisor *s, int err);

/** supervisor_accepted - a front end has connected. */
void supervisor_accepted(struct supervisor *s, int fd);

/** supervisor_keeper_event - something happened on the connection to the keeper. */
void supervisor_keeper_event(struct supervisor *s);

/** supervisor_front_end_input - the front end has sent something. */
void supervisor_front_end_input(struct supervisor *s);

/**
 * supervisor_upgrade - start a successor from the program as it is on disk now.
 *
 * Return: NULL, or why there is none; logged, and valid until the next call.
 */
const char *supervisor_upgrade(struct supervisor *s);

/** supervisor_waits - whether there is no worker, and the clock says when to start one. */
bool supervisor_waits(const struct supervisor *s);

/** supervisor_give_up - end the daemon, with a negative errno. */
void supervisor_give_up(struct supervisor *s, int err);

#endif /* VCD_DAEMON_SUPERVISOR_INTERNAL_H */
