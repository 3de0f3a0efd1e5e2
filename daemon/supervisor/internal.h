/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - the state of the supervisor, and what its files ask of each other;
 * theory in supervisor.c.
 */
#ifndef VCD_DAEMON_SUPERVISOR_INTERNAL_H
#define VCD_DAEMON_SUPERVISOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/supervisor/setup.h"
#include "daemon/recovery/ledger.h"
#include "daemon/base/listener.h"
#include "daemon/vhost_user/message.h"
#include "daemon/options.h"
#include "daemon/confine/sandbox.h"
#include "daemon/supervisor/spawn.h"

/* After so many deaths of workers that did nothing, the device is reported broken. */
#define GIVE_UP 8u

/* For a worker that was asked to end, or anything else while we end; then it is killed. */
#define END_MS 10000u

enum worker_state {
	GONE,
	STARTING,
	READY,
	REPLAYING,
	SERVING,
	ENDING,
};

/**
 * struct child - a worker process.
 * @state: see child.c
 * @pid: its id
 * @link: our end of its link, or -1
 * @reader: what was received of its next answer
 * @started: when it was started, in ns
 * @deadline: when it is killed unless it has answered, in ns; 0: nothing is due
 * @program: what it was started from; of the second worker only
 * @has_config: it has said what it can do:
 * @config: its config space
 */
struct child {
	enum worker_state state;
	pid_t pid;
	int link;
	struct vu_reader reader;
	uint64_t started;
	uint64_t deadline;
	struct program program;
	bool has_config;
	struct vcd_config config;
};

/**
 * enum op - what the worker was told last and has not answered.
 */
enum op {
	OP_NONE,
	OP_REPLAY,  /* a message of the setup */
	OP_RESUME,  /* CHANNEL_RESUME */
	OP_FORWARD, /* the front end's message */
	OP_RESET,   /* CHANNEL_RESET */
	OP_CONTROL, /* CHANNEL_CONTROL */
};

/** Clients of the control socket that the worker has not got yet. */
#define CLIENTS_MAX 8

/**
 * struct client - a client of the control socket.
 * @fd: its connection
 * @heard: it wants something of the worker, which is to get it
 */
struct client {
	int fd;
	bool heard;
};

/**
 * struct clients - those the worker has not got yet.
 * @client: these, in the order they came
 * @count: how many
 * @upgrade: who waits for the outcome of an upgrade, or -1
 */
struct clients {
	struct client client[CLIENTS_MAX];
	unsigned int count;
	int upgrade;
};

/**
 * struct supervisor - all of it.
 * @options: command line
 * @sandbox: what confines us
 * @program: what workers are started from
 * @ledger: what survives workers
 * @setup: what the front end has set up
 * @listener: where front ends come from
 * @control: listening socket of the operator, or -1
 * @clients: clients of it that are to be passed on
 * @control_file: its file, to be removed at the end
 * @remover: who removes the files, when we cannot, or -1
 * @owner: the user who started us
 * @notify: the service manager, or -1
 * @signals: signalfd
 * @epoll: what the loop waits in
 * @front: the front end, or -1
 * @front_watched: it is listened to
 * @front_since: when it connected, in ns
 * @front_owner: it has sent SET_OWNER
 * @listener_rests: the next front end is accepted when this one, which has hung up, is gone
 * @accept_after: accept() failed: when it is tried again, in ns, or 0
 * @listener_watched: the listening socket is
 * @control_watched: the operator's is
 * @reader: what was received of its next message
 * @worker: the worker
 * @second: the one that is to follow it, on request
 * @op: see there
 * @cursor: in the setup, with OP_REPLAY
 * @replayed: the request that is told with it
 * @refusals: workers in a row that could not be brought into the former state
 * @has_config: some worker has said what it can do:
 * @config: what front ends may have been told
 * @second_error: why the second worker is killed, or NULL
 * @pending: @reader holds a message whose outcome the front end waits for
 * @want_reset: the worker has yet to be told that the front end is gone
 * @ending: we are to end; the front end is gone, or will be let go
 * @served: some worker has got so far as to serve
 * @lost: when the device ceased to be served, in ns, or 0
 * @upgrading: a second worker takes over that was asked for
 * @failures: deaths in a row without a request finished in between
 * @done: requests that were finished when the worker was started
 * @retry: when to start a worker, in ns; 0: not by the clock
 * @error: why we end, or 0
 */
struct supervisor {
	const struct options *options;
	struct sandbox sandbox;
	struct program program;
	struct ledger ledger;
	struct setup setup;
	struct listener listener;
	int control;
	struct clients clients;
	struct remover_file control_file;
	int remover;
	uid_t owner;
	int notify;
	int signals;
	int epoll;
	int front;
	bool front_watched;
	uint64_t front_since;
	bool front_owner;
	bool listener_rests;
	uint64_t accept_after;
	bool listener_watched;
	bool control_watched;
	struct vu_reader reader;
	struct child worker;
	struct child second;
	enum op op;
	unsigned int cursor;
	uint32_t replayed;
	unsigned int refusals;
	bool has_config;
	struct vcd_config config;
	const char *second_error;
	bool pending;
	bool want_reset;
	bool ending;
	bool served;
	uint64_t lost;
	bool upgrading;
	unsigned int failures;
	uint64_t done;
	uint64_t retry;
	int error;
};

/* ---- supervisor.c --------------------------------------------------------------------- */

/** supervisor_accept_failed - log why nobody could be accepted; it is tried again in a second. */
void supervisor_accept_failed(struct supervisor *s, int err);

/** supervisor_give_up - log what failed, with a negative errno, and end. */
void supervisor_give_up(struct supervisor *s, const char *what, int err);

/** supervisor_watch - listen to a descriptor, or cease to. */
void supervisor_watch(struct supervisor *s, int fd, bool on);

/**
 * supervisor_watch_while - the same for one that is listened to now and then.
 * @s: supervisor
 * @fd: descriptor, or -1
 * @on: whether it is to be listened to
 * @is: whether it is now; changed
 */
void supervisor_watch_while(struct supervisor *s, int fd, bool on, bool *is);

/* ---- child.c --------------------------------------------------------------- */

/** child_start_worker - start the worker; when that fails, it is tried again later. */
void child_start_worker(struct supervisor *s);

/** child_kill - kill one that does not keep to what vhost_user/channel.h says, is late, or closed its end. */
void child_kill(struct supervisor *s, struct child *child);

/** child_ask_to_end - let it finish what it has begun; it is killed after END_MS. */
void child_ask_to_end(struct child *child);

/** child_reap - see which of them are gone, and to the next worker. At SIGCHLD. */
void child_reap(struct supervisor *s);

/**
 * child_upgrade - start a second worker from the program as it is on disk now.
 *
 * Return: NULL; or what is wrong, which was logged: a string that stays until the next call.
 */
const char *child_upgrade(struct supervisor *s);

/** child_input - read from its link. */
void child_input(struct supervisor *s, struct child *child);

/** child_deadlines - kill who is late, and start a worker, or accept again, when it is time to. */
void child_deadlines(struct supervisor *s);

/** child_timeout_ms - how long to sleep, in ms; -1: until something happens. */
int child_timeout_ms(const struct supervisor *s);

/* ---- operation.c ----------------------------------------------------------- */

/** operation_reset - tell the worker that the front end is gone. */
void operation_reset(struct supervisor *s);

/** operation_replay - tell a new worker the next message of the setup, or to go on. */
void operation_replay(struct supervisor *s);

/** operation_next - give a worker that serves and waits the next thing to do. */
void operation_next(struct supervisor *s);

/** operation_answered - the worker has answered what it was told last. */
void operation_answered(struct supervisor *s, struct vu_message *reply);

/* ---- control.c ------------------------------------------------------------- */

/** clients_init - none. */
void clients_init(struct clients *clients);

/** clients_room - whether another client can be accepted. */
bool clients_room(const struct supervisor *s);

/** clients_accept - take the client that waits at the control socket, if it may give orders. */
void clients_accept(struct supervisor *s);

/** clients_input - look at what a client wants. Return: whether @fd is one's. */
bool clients_input(struct supervisor *s, int fd);

/** clients_next - the next one that the worker is to have, or -1. */
int clients_next(const struct supervisor *s);

/** clients_passed - the worker has that one. */
void clients_passed(struct supervisor *s);

/**
 * clients_upgraded - tell whoever waits for it how the upgrade ended.
 * @s: supervisor
 * @error: why it failed, or NULL
 * @text: what there is to say when it did not
 */
void clients_upgraded(struct supervisor *s, const char *error, const char *text);

/** clients_close - let all go. */
void clients_close(struct supervisor *s);

/* ---- front_end.c ----------------------------------------------------------- */

/** front_end_begin - a front end has connected. */
void front_end_begin(struct supervisor *s, int socket);

/**
 * front_end_leave - forget the front end, if there is one.
 * @s: supervisor
 * @reason: -ECONNRESET: it left; another negative errno: why we close; 0: we end
 */
void front_end_leave(struct supervisor *s, int reason);

/**
 * front_end_accept - take the front end that waits at the listening socket.
 *
 * One at a time: another one is turned away, so that it knows; unless the one that is there has
 * said nothing for long, which then makes room.
 */
void front_end_accept(struct supervisor *s);

/** front_end_input - read its next message, which is then to be passed on. */
void front_end_input(struct supervisor *s);

/** front_end_answer - note the outcome of its message, and pass the answer on. */
void front_end_answer(struct supervisor *s, struct vu_message *reply);

#endif /* VCD_DAEMON_SUPERVISOR_INTERNAL_H */
