/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.h - requests of clients, from packet to reply.
 *
 * Theory of operation
 * -------------------
 * The server is the process that clients talk to. It has no files, starts nothing, and is confined as
 * a worker of the daemon is. Its parts:
 *
 *     loop.c       sockets and time; the one thread that touches what is in this file
 *     server.c     what each request does: handles, policy, limits, replies
 *     task.c       operations on their way: rate, store, answer
 *     admin.c      what the administrator asks; tables that come from the loader
 *     pool.c       threads that compute with keys from files
 *     module.c     operations that go to the process of a PKCS#11 module
 *
 * An operation is a task. It waits for its rate, then goes to a thread or a module, comes back, and
 * is answered. A task has a reference to its key and its client's number, no pointer to the client:
 * the client may be gone when it comes back, or may have sent RESET, which makes its generation
 * another. The answer is dropped then; the operation is counted.
 *
 * Invariants
 * - A request has exactly one reply, but for those of an earlier generation.
 * - A peer has at most KEEPER_MAX_OUTSTANDING tasks, all peers together SERVER_MAX_TASKS.
 * - A task that comes back whose handle was revoked meanwhile is answered STALE: what was computed with
 *   a revoked key does not leave.
 * - Numbers of handles and peers are never used again.
 */
#ifndef VCD_KEEPER_SERVER_H
#define VCD_KEEPER_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "keeper/key.h"
#include "keeper/meter.h"
#include "keeper/module.h"
#include "keeper/pool.h"
#include "keeper/repeat.h"
#include "keeper/request.h"
#include "keeper/table.h"

#define SERVER_MAX_PEERS 800u
#define SERVER_MAX_TASKS 4096u
/** An operation has this long, waiting for its rate included, in ns. */
#define SERVER_PATIENCE UINT64_C(10000000000)

/**
 * struct handle - a key that a client opened.
 * @id: number; a peer's handles are in its order
 * @key: reference
 * @meter: the VM's use of the key
 * @all: everybody's use of it
 * @alg: what OPEN asked for
 */
struct handle {
	uint64_t id;
	struct key *key;
	struct meter *meter;
	struct meter *all;
};

/**
 * struct packet - a reply that did not fit into the socket yet.
 */
struct packet {
	struct packet *next;
	size_t len;
	uint8_t bytes[];
};

/**
 * struct peer - a connection.
 * @next: of struct server
 * @id: number
 * @fd: socket; -1: in tests
 * @uid: user that connected
 * @user: its name then, "": none
 * @vm: name that HELLO gave; "": none yet
 * @generation: of its replies: RESET makes it another
 * @outstanding: tasks of this generation
 * @reloading: RELOAD's id while the loader works on it; valid if @waits
 * @waits: RELOAD is to be answered
 * @handles: open keys
 * @handle_count: how many
 * @handle_room: how many fit
 * @out: replies to be sent, in order
 * @out_last: where the next one goes
 * @gone: to be closed
 */
struct peer {
	struct peer *next;
	uint64_t id;
	int fd;
	uid_t uid;
	char user[KEEPER_LABEL_LEN];
	char vm[KEEPER_LABEL_LEN];
	unsigned int generation;
	unsigned int outstanding;
	uint64_t reloading;
	bool waits;
	struct handle *handles;
	unsigned int handle_count;
	unsigned int handle_room;
	struct packet *out;
	struct packet **out_last;
	bool gone;
};

/**
 * struct task - an operation on its way.
 * @next: in the list where it is
 * @number: its own, never used again
 * @peer: number of its client
 * @generation: of its client's replies
 * @request: head
 * @op: operation
 * @result: outcome
 * @key: reference
 * @meter: the VM's use of the key
 * @all: everybody's
 * @vm: the VM's name
 * @asked: what identifies the request, if it has a token
 * @start: CLOCK_MONOTONIC, ns, at which it came
 * @ready: at which its rate lets it go
 * @uri: token: which key
 * @module: token: id of the process
 * @expect: token: check value that the key must have
 * @size: bytes of all of it
 * @finds: it asks a module what kind of key it has, for OPEN and INFO
 * @bytes: payload, then room for the output
 */
struct task {
	struct task *next;
	uint64_t number;
	uint64_t peer;
	unsigned int generation;
	struct keeper_request request;
	struct operation op;
	struct result result;
	struct key *key;
	struct meter *meter;
	struct meter *all;
	char vm[KEEPER_LABEL_LEN];
	uint8_t asked[32];
	uint64_t start;
	uint64_t ready;
	char uri[512];
	unsigned int module;
	size_t size;
	bool finds;
	uint8_t bytes[];
};

/** struct vm_repeats - repeats.h by VM. */
struct vm_repeats {
	struct vm_repeats *next;
	char vm[KEEPER_LABEL_LEN];
	struct repeats *repeats;
};

/**
 * struct server - all of it.
 * @table: policy in force
 * @coming: the one that the loader is sending, or NULL
 * @engine: for symmetric keys
 * @pool: threads
 * @modules: processes of PKCS#11 modules
 * @peers: connections
 * @peer_count: how many
 * @last_id: last number of a handle or peer
 * @epoch: changes with each table and revocation
 * @tasks: how many there are
 * @waiting: tasks that wait for their rate, in the order of @ready
 * @meters: counters
 * @repeats: answers to tokens
 * @owner: the keeper's user, who may give orders
 * @send: sends a packet to a peer; true: done, false: it does not fit now
 * @to_loader: asks the loader for something; inner.h
 * @admin_text: what KEYS or METRICS gave last, so that its pages fit together
 * @admin_len: its bytes
 * @begun: CLOCK_MONOTONIC, ns
 * @refused: requests for labels that are not there, or tickets that are wrong
 * @reloads: tables that were put in force
 */
struct server {
	struct table *table;
	struct table *coming;
	struct engine *engine;
	struct pool pool;
	struct modules modules;
	struct peer *peers;
	unsigned int peer_count;
	uint64_t last_id;
	uint64_t epoch;
	unsigned int tasks;
	struct task *waiting;
	struct meters meters;
	struct vm_repeats *repeats;
	uid_t owner;
	bool (*send)(struct server *server, struct peer *peer, const void *packet, size_t len);
	void (*to_loader)(struct server *server, unsigned int type, uint64_t value,
			  const void *text, size_t len);
	char *admin_text;
	size_t admin_len;
	uint64_t begun;
	uint64_t refused;
	uint64_t reloads;
};

/**
 * server_init - an empty policy, engine and threads.
 * @server: out
 * @threads: how many; 0: operations are done at once, in the calling thread
 *
 * Return: 0 or a negative errno.
 */
int server_init(struct server *server, unsigned int threads);

/** server_end - answer nothing more, and free all. */
void server_end(struct server *server);

/** server_connect - a new client; takes @fd over. Return: the peer, or NULL: too many. */
struct peer *server_connect(struct server *server, int fd, uid_t uid, const char *user);

/** server_close - end a client's connection and free the peer. */
void server_close(struct server *server, struct peer *peer);

/** server_packet - a packet of a client. Sets @peer->gone if the connection is to be closed. */
void server_packet(struct server *server, struct peer *peer, const void *packet, size_t len);

/** server_flush - send what waits in the peer's line. */
void server_flush(struct server *server, struct peer *peer);

/** server_timeout - ms until server_timer() has something to do; -1: nothing. */
int server_timeout(const struct server *server, uint64_t now);

/** server_timer - tasks whose time has come, modules that are late. */
void server_timer(struct server *server, uint64_t now);

/** server_done - take what the pool's threads have finished. */
void server_done(struct server *server);

/** server_install - put the table that the loader has sent in force. */
void server_install(struct server *server);

/** server_reloaded - the loader has done what RELOAD asked for: 0, or why not. */
void server_reloaded(struct server *server, uint64_t peer, const char *why, size_t len);

/* ---- between the files of the server ---------------------------------------------------- */

/** peer_reply - answer a request. @payload may be NULL when @reply->len is 0. */
void peer_reply(struct server *server, struct peer *peer, struct keeper_reply *reply,
		const void *payload);

/** peer_status - answer with a status and nothing else. */
void peer_status(struct server *server, struct peer *peer, const struct keeper_request *request,
		 uint16_t status);

/** peer_find - the peer with that number, or NULL. */
struct peer *peer_find(struct server *server, uint64_t id);

/** handle_find - a peer's handle, or NULL. */
struct handle *handle_find(struct peer *peer, uint64_t id);

/** handle_drop - close a handle; @notice: tell the client that it is revoked. */
void handle_drop(struct server *server, struct peer *peer, struct handle *handle, bool notice);

/** open_reply - answer OPEN or INFO with a key that the client may see. */
void open_reply(struct server *server, struct peer *peer, const struct keeper_request *request,
		struct key *key);

/** task_begin - an operation: check it, and have it carried out. */
void task_begin(struct server *server, struct peer *peer, const struct keeper_request *request,
		const uint8_t *payload);

/** task_find - have a module say what kind of key @key is, then answer OPEN or INFO. */
void task_find(struct server *server, struct peer *peer, const struct keeper_request *request,
	       struct key *key);

/** task_finish - an operation that came back. Frees the task. */
void task_finish(struct server *server, struct task *task);

/** admin_request - KEYS, RELOAD, REVOKE, METRICS. */
void admin_request(struct server *server, struct peer *peer, const struct keeper_request *request,
		   const uint8_t *payload);

/** revoke_label - take a key away from all who have it. Return: whether there was one. */
bool revoke_label(struct server *server, const char *label);

/** report_keys - the text of KEYS. NULL: no memory. */
char *report_keys(const struct server *server, size_t *len);

/** report_metrics - the text of METRICS. NULL: no memory. */
char *report_metrics(const struct server *server, size_t *len);

#endif /* VCD_KEEPER_SERVER_H */
