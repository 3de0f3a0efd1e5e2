/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server.c - what each request of a VM does. See server.h. */
#include "keeper/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/util.h"

/* ---- peers ----------------------------------------------------------------------------- */

int server_init(struct server *server, unsigned int threads)
{
	int err;

	*server = (struct server){.begun = now_ns(), .owner = geteuid(), .epoch = 1};
	server->pool.event = -1;
	server->table = table_new();
	if (!server->table)
		return -ENOMEM;
	err = eng_open("openssl", threads ? threads : 1, &server->engine);
	return err ? err : pool_init(&server->pool, threads);
}

static void free_list(struct task *task)
{
	while (task) {
		struct task *next = task->next;

		key_put(task->key);
		OPENSSL_clear_free(task, task->size);
		task = next;
	}
}

void server_end(struct server *server)
{
	while (server->peers)
		server_close(server, server->peers);
	if (server->pool.event >= 0)
		pool_end(&server->pool);
	free_list(server->pool.todo);
	free_list(server->pool.done);
	free_list(server->waiting);
	for (struct module *m = server->modules.list; m; m = m->next)
		m->used = false;
	server->tasks = 0;
	modules_sweep(server);
	while (server->repeats) {
		struct vm_repeats *next = server->repeats->next;

		repeats_free(server->repeats->repeats);
		free(server->repeats);
		server->repeats = next;
	}
	server->table = table_free(server->table);
	server->coming = table_free(server->coming);
	server->engine = eng_close(server->engine);
	meters_free(&server->meters);
	free(server->admin_text);
	server->admin_text = NULL;
}

struct peer *server_connect(struct server *server, int fd, uid_t uid, const char *user)
{
	struct peer *peer;

	if (server->peer_count >= SERVER_MAX_PEERS) {
		log_limited(LOG_WARN, "a client was turned away: there are %u already",
			    server->peer_count);
		return NULL;
	}
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->id = ++server->last_id;
	peer->fd = fd;
	peer->uid = uid;
	(void)snprintf(peer->user, sizeof(peer->user), "%s", user);
	peer->out_last = &peer->out;
	peer->next = server->peers;
	server->peers = peer;
	server->peer_count++;
	return peer;
}

static void free_packets(struct peer *peer)
{
	while (peer->out) {
		struct packet *next = peer->out->next;

		OPENSSL_clear_free(peer->out, sizeof(*peer->out) + peer->out->len);
		peer->out = next;
	}
	peer->out_last = &peer->out;
}

void server_close(struct server *server, struct peer *peer)
{
	struct peer **at = &server->peers;

	while (peer->handle_count)
		handle_drop(server, peer, &peer->handles[peer->handle_count - 1], false);
	free_packets(peer);
	free(peer->handles);
	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	server->peer_count--;
	close_fd(&peer->fd);
	free(peer);
}

struct peer *peer_find(struct server *server, uint64_t id)
{
	struct peer *peer = server->peers;

	while (peer && peer->id != id)
		peer = peer->next;
	return peer;
}

/* ---- replies --------------------------------------------------------------------------- */

static void queue_packet(struct peer *peer, const void *bytes, size_t len)
{
	struct packet *packet = OPENSSL_malloc(sizeof(*packet) + len);

	/* A client that misses a reply cannot go on. */
	if (!packet) {
		peer->gone = true;
		return;
	}
	packet->next = NULL;
	packet->len = len;
	memcpy(packet->bytes, bytes, len);
	*peer->out_last = packet;
	peer->out_last = &packet->next;
}

void server_flush(struct server *server, struct peer *peer)
{
	while (peer->out && !peer->gone) {
		struct packet *packet = peer->out;

		if (!server->send(server, peer, packet->bytes, packet->len))
			return;
		peer->out = packet->next;
		if (!peer->out)
			peer->out_last = &peer->out;
		OPENSSL_clear_free(packet, sizeof(*packet) + packet->len);
	}
}

void peer_reply(struct server *server, struct peer *peer, struct keeper_reply *reply,
		const void *payload)
{
	static uint8_t packet[KEEPER_MAX_PACKET];

	reply->epoch = server->epoch;
	memcpy(packet, reply, sizeof(*reply));
	if (reply->len)
		memcpy(packet + sizeof(*reply), payload, reply->len);
	if (peer->out || !server->send(server, peer, packet, sizeof(*reply) + reply->len))
		queue_packet(peer, packet, sizeof(*reply) + reply->len);
	if (reply->len)
		OPENSSL_cleanse(packet, sizeof(*reply) + reply->len);
}

void peer_status(struct server *server, struct peer *peer, const struct keeper_request *request,
		 uint16_t status)
{
	struct keeper_reply reply = {.type = request->type, .status = status, .id = request->id};

	peer_reply(server, peer, &reply, NULL);
}

/* ---- handles --------------------------------------------------------------------------- */

struct handle *handle_find(struct peer *peer, uint64_t id)
{
	unsigned int low = 0, high = peer->handle_count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (peer->handles[middle].id == id)
			return &peer->handles[middle];
		if (peer->handles[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void handle_drop(struct server *server, struct peer *peer, struct handle *handle, bool notice)
{
	struct keeper_reply reply = {.type = KEEPER_REVOKED, .handle = handle->id};
	struct handle *end = peer->handles + peer->handle_count;

	key_put(handle->key);
	memmove(handle, handle + 1, (size_t)(end - handle - 1) * sizeof(*handle));
	peer->handle_count--;
	if (notice)
		peer_reply(server, peer, &reply, NULL);
}

static struct handle *handle_new(struct server *server, struct peer *peer, struct key *key)
{
	struct meter *meter = meter_of(&server->meters, peer->vm, key->info.label);
	struct meter *all = meter_of(&server->meters, "", key->info.label);
	struct handle *handle;

	if (!meter || !all)
		return NULL;
	if (peer->handle_count == peer->handle_room) {
		unsigned int room = peer->handle_room ? 2 * peer->handle_room : 8;
		struct handle *more = realloc(peer->handles, room * sizeof(*more));

		if (!more)
			return NULL;
		peer->handles = more;
		peer->handle_room = room;
	}
	meter->opened++;
	all->opened++;
	handle = &peer->handles[peer->handle_count++];
	*handle = (struct handle){++server->last_id, key_get(key), meter, all};
	return handle;
}

/* ---- requests -------------------------------------------------------------------------- */

static void do_hello(struct server *server, struct peer *peer, const struct keeper_request *r,
		     const uint8_t *payload)
{
	struct keeper_reply reply = {.type = KEEPER_HELLO, .id = r->id, .handle = KEEPER_VERSION};
	char name[KEEPER_LABEL_LEN];

	if (peer->vm[0]) {
		peer->gone = true;
		return;
	}
	if (!request_name(r, payload, name)) {
		peer_status(server, peer, r, KEEPER_S_INVALID);
		return;
	}
	if (r->arg < KEEPER_VERSION) {
		peer_status(server, peer, r, KEEPER_S_VERSION);
		return;
	}
	memcpy(peer->vm, name, sizeof(peer->vm));
	if (!table_vm(server->table, name, peer->uid, peer->user))
		log_limited(
		    LOG_NOTICE,
		    "vm \"%s\", user %u: the policy has no such VM, or another user for it: "
		    "it sees no key",
		    name, (unsigned int)peer->uid);
	else
		log_msg(LOG_INFO, "vm %s, user %u %s: connected", name, (unsigned int)peer->uid,
			peer->user);
	peer_reply(server, peer, &reply, NULL);
}

static void do_reset(struct server *server, struct peer *peer, const struct keeper_request *r)
{
	while (peer->handle_count)
		handle_drop(server, peer, &peer->handles[peer->handle_count - 1], false);
	free_packets(peer);
	peer->generation++;
	peer->outstanding = 0;
	peer_status(server, peer, r, KEEPER_S_OK);
}

void open_reply(struct server *server, struct peer *peer, const struct keeper_request *r,
		struct key *key)
{
	struct keeper_reply reply = {.type = r->type, .id = r->id, .len = sizeof(key->info)};
	const bool fetch = r->flags & KEEPER_F_FETCH;
	uint8_t payload[sizeof(key->info) + KEY_MAX_PUBLIC];
	const struct handle *handle;

	if ((r->alg && r->alg != key->info.alg) || (fetch && !key->policy.worker)) {
		peer_status(server, peer, r, KEEPER_S_DENIED);
		return;
	}
	if (r->flags & KEEPER_F_CHECK && memcmp(r->iv, key->info.check, sizeof(r->iv)) != 0) {
		log_limited(LOG_WARN, "vm %s, key %s: it is another key than it was: not opened",
			    peer->vm, key->info.label);
		peer_status(server, peer, r, KEEPER_S_NOKEY);
		return;
	}
	if (r->type == KEEPER_OPEN) {
		handle =
		    peer->handle_count < KEEPER_MAX_HANDLES ? handle_new(server, peer, key) : NULL;
		if (!handle) {
			peer_status(server, peer, r, KEEPER_S_BUSY);
			return;
		}
		reply.handle = handle->id;
		log_limited(LOG_NOTICE, "audit: vm %s, key %s: opened%s", peer->vm, key->info.label,
			    fetch ? ", its bytes given to the worker" : "");
	}
	memcpy(reply.iv, key->info.check, sizeof(reply.iv));
	memcpy(payload, &key->info, sizeof(key->info));
	if (fetch) {
		memcpy(payload + reply.len, key->bytes.bytes, key->bytes.len);
		reply.len += (uint32_t)key->bytes.len;
	} else if (r->type == KEEPER_INFO) {
		memcpy(payload + reply.len, key->public_key, key->public_len);
		reply.len += (uint32_t)key->public_len;
	}
	peer_reply(server, peer, &reply, payload);
	OPENSSL_cleanse(payload, reply.len);
}

/* OPEN, and INFO by label. */
static void do_open(struct server *server, struct peer *peer, const struct keeper_request *r,
		    const uint8_t *payload)
{
	const struct policy_vm *vm = table_vm(server->table, peer->vm, peer->uid, peer->user);
	char label[KEEPER_LABEL_LEN];
	struct key *key;

	if ((r->aux_len && r->aux_len != KEEPER_TICKET_LEN) || !request_name(r, payload, label)) {
		peer_status(server, peer, r, KEEPER_S_INVALID);
		return;
	}
	key = table_find(server->table, vm, label, payload + r->len - r->aux_len, r->aux_len);
	if (!key) {
		server->refused++;
		if (policy_label_ok(label))
			log_limited(LOG_WARN, "vm %s: no key %s for it%s", peer->vm, label,
				    r->aux_len ? ", or the ticket is wrong" : "");
		else
			log_limited(LOG_WARN, "vm %s: asked for what is no label", peer->vm);
		peer_status(server, peer, r, KEEPER_S_NOKEY);
		return;
	}
	if (key->info.kind == KEEPER_KIND_NONE)
		task_find(server, peer, r, key);
	else
		open_reply(server, peer, r, key);
}

static void do_info(struct server *server, struct peer *peer, const struct keeper_request *r,
		    const uint8_t *payload)
{
	const struct handle *handle;

	if (r->len && !r->handle) {
		do_open(server, peer, r, payload);
		return;
	}
	handle = r->len ? NULL : handle_find(peer, r->handle);
	if (handle)
		open_reply(server, peer, r, handle->key);
	else
		peer_status(server, peer, r, r->len ? KEEPER_S_INVALID : KEEPER_S_STALE);
}

static void do_close(struct server *server, struct peer *peer, const struct keeper_request *r)
{
	struct handle *handle = handle_find(peer, r->handle);

	if (handle)
		handle_drop(server, peer, handle, false);
	peer_status(server, peer, r, handle ? KEEPER_S_OK : KEEPER_S_STALE);
}

static void do_list(struct server *server, struct peer *peer, const struct keeper_request *r)
{
	const struct policy_vm *vm = table_vm(server->table, peer->vm, peer->uid, peer->user);
	struct keeper_reply reply = {.type = KEEPER_LIST, .id = r->id};
	struct keeper_key page[KEEPER_LIST_PAGE];
	unsigned int n = 0;

	for (unsigned int i = 0; vm && i < vm->key_count; i++) {
		const struct key *key = server->table->keys[vm->keys[i]];

		if (!key || key->policy.has_ticket)
			continue;
		if (reply.handle >= r->arg && n < KEEPER_LIST_PAGE)
			page[n++] = key->info;
		reply.handle++;
	}
	reply.len = (uint32_t)(n * sizeof(page[0]));
	peer_reply(server, peer, &reply, page);
}

static void do_request(struct server *server, struct peer *peer, const struct keeper_request *r,
		       const uint8_t *payload)
{
	switch (r->type) {
	case KEEPER_RESET:
		do_reset(server, peer, r);
		break;
	case KEEPER_OPEN:
		do_open(server, peer, r, payload);
		break;
	case KEEPER_CLOSE:
		do_close(server, peer, r);
		break;
	case KEEPER_LIST:
		do_list(server, peer, r);
		break;
	case KEEPER_INFO:
		do_info(server, peer, r, payload);
		break;
	default:
		task_begin(server, peer, r, payload);
	}
}

static bool has_payload(uint16_t type)
{
	return type != KEEPER_RESET && type != KEEPER_CLOSE && type != KEEPER_LIST &&
	       type != KEEPER_KEYS && type != KEEPER_RELOAD && type != KEEPER_METRICS;
}

void server_packet(struct server *server, struct peer *peer, const void *packet, size_t len)
{
	struct keeper_request r;
	const uint8_t *payload = request_take(packet, len, &r);

	if (!payload) {
		log_limited(LOG_WARN, "a client, vm \"%s\", broke the protocol: cut off", peer->vm);
		peer->gone = true;
	} else if (!request_valid(&r) || (r.len && !has_payload(r.type))) {
		peer_status(server, peer, &r, KEEPER_S_INVALID);
	} else if (r.type == KEEPER_HELLO) {
		do_hello(server, peer, &r, payload);
	} else if (r.type > KEEPER_TYPE_VM_LAST) {
		admin_request(server, peer, &r, payload);
	} else if (!peer->vm[0]) {
		log_limited(LOG_WARN, "a client did not say which VM it is: cut off");
		peer->gone = true;
	} else {
		do_request(server, peer, &r, payload);
	}
}
