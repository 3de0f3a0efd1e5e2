/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task.c - operations on their way: rate, store, answer. See server.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/util.h"
#include "keeper/server.h"

static struct task *task_new(struct server *server, const struct peer *peer,
			     const struct keeper_request *r, const uint8_t *payload,
			     struct key *key, uint32_t room)
{
	const size_t size = sizeof(struct task) + r->len + room;
	struct task *task;

	if (peer->outstanding >= KEEPER_MAX_OUTSTANDING || server->tasks >= SERVER_MAX_TASKS)
		return NULL;
	task = OPENSSL_malloc(size);
	if (!task)
		return NULL;
	memset(task, 0, sizeof(*task));
	task->number = ++server->last_id;
	task->peer = peer->id;
	task->generation = peer->generation;
	task->request = *r;
	task->key = key_get(key);
	task->start = task->ready = now_ns();
	task->size = size;
	memcpy(task->vm, peer->vm, sizeof(task->vm));
	if (payload)
		memcpy(task->bytes, payload, r->len);
	task->op.request = &task->request;
	task->op.in = task->bytes;
	task->result.out = task->bytes + r->len;
	task->result.size = room;
	return task;
}

static void task_free(struct task *task)
{
	key_put(task->key);
	OPENSSL_clear_free(task, task->size);
}

/* What an operation is called in the log. */
static const char *verb(const struct keeper_request *r)
{
	switch (r->type) {
	case KEEPER_SIGN:
		return "sign";
	case KEEPER_DECRYPT:
		return "decrypt";
	case KEEPER_DERIVE:
		return "derive";
	default:
		return r->flags & KEEPER_F_DECRYPT  ? "decrypt"
		       : r->flags & KEEPER_F_VERIFY ? "verify"
						    : "encrypt or MAC";
	}
}

static const char *scheme_word(const struct task *task)
{
	const struct scheme *scheme = scheme_find(task->request.scheme);

	return scheme ? scheme->name : task->key->policy.alg ? task->key->policy.alg->cli_name : "";
}

static void audit(const struct task *task, const char *outcome)
{
	log_msg(LOG_NOTICE, "audit: vm %s key %s %s %s %u bytes: %s", task->vm,
		task->key->info.label, verb(&task->request), scheme_word(task), task->request.len,
		outcome);
}

/* The answers that the VM of a task got before; NULL: no memory. */
static struct repeats *repeats_of(struct server *server, const char *vm)
{
	struct vm_repeats *r = server->repeats;

	while (r && strcmp(r->vm, vm) != 0)
		r = r->next;
	if (r)
		return r->repeats;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->repeats = calloc(1, sizeof(*r->repeats));
	if (!r->repeats) {
		free(r);
		return NULL;
	}
	(void)snprintf(r->vm, sizeof(r->vm), "%s", vm);
	r->next = server->repeats;
	server->repeats = r;
	return r->repeats;
}

static void answer(struct server *server, struct peer *peer, const struct task *task)
{
	struct keeper_reply reply = {.type = task->request.type,
				     .status = task->result.status,
				     .id = task->request.id,
				     .len = task->result.status ? 0 : task->result.len};

	if (!reply.status)
		memcpy(reply.iv, task->result.iv, sizeof(reply.iv));
	peer_reply(server, peer, &reply, task->result.out);
}

/* Whether the request was answered before; if so, it is again. */
static bool repeat(struct server *server, struct peer *peer, struct task *task)
{
	struct repeats *repeats;
	const struct answer *before;

	if (!task->request.token)
		return false;
	repeats = repeats_of(server, task->vm);
	if (!repeats ||
	    repeat_asked(task->key->info.check, &task->request, task->bytes, task->asked))
		return false;
	before = repeat_find(repeats, task->request.token, task->asked);
	if (!before || before->len > task->result.size)
		return false;
	task->meter->repeated++;
	task->all->repeated++;
	task->result.status = before->status;
	task->result.len = before->len;
	memcpy(task->result.iv, before->iv, sizeof(task->result.iv));
	if (before->len)
		memcpy(task->result.out, before->out, before->len);
	answer(server, peer, task);
	return true;
}

static void remember(struct server *server, const struct task *task)
{
	struct repeats *repeats = task->request.token ? repeats_of(server, task->vm) : NULL;
	struct answer kept = {
	    .token = task->request.token,
	    .status = task->result.status,
	    .len = task->result.len,
	    .out = task->result.out,
	};

	/* What failed may well be tried again. */
	if (!repeats || task->result.status == KEEPER_S_IO)
		return;
	memcpy(kept.asked, task->asked, sizeof(kept.asked));
	memcpy(kept.iv, task->result.iv, sizeof(kept.iv));
	repeat_keep(repeats, &kept);
}

/* To where the key is. */
static void dispatch(struct server *server, struct task *task)
{
	if (task->key->revoked) {
		task->result.status = KEEPER_S_STALE;
		task_finish(server, task);
	} else if (task->key->policy.store == STORE_PKCS11)
		module_put(server, task);
	else
		pool_put(&server->pool, task);
}

/* Tasks wait in the order of their time. */
static void wait_for_rate(struct server *server, struct task *task)
{
	struct task **at = &server->waiting;

	while (*at && (*at)->ready <= task->ready)
		at = &(*at)->next;
	task->next = *at;
	*at = task;
}

static void refuse(struct server *server, struct peer *peer, struct task *task, uint16_t status,
		   const char *why)
{
	task->meter->refused++;
	task->all->refused++;
	log_limited(LOG_WARN, "vm %s, key %s: %s refused: %s", task->vm, task->key->info.label,
		    verb(&task->request), why);
	peer_status(server, peer, &task->request, status);
	server->tasks--;
	peer->outstanding--;
	task_free(task);
}

/* Where the key is, and what the module has to know. False: it is in none. */
static bool address(struct server *server, struct task *task)
{
	const struct policy *policy = server->table->policy;
	int index;

	if (task->key->policy.store != STORE_PKCS11)
		return true;
	index = policy ? policy_key_find(policy, task->key->info.label) : -1;
	if (index < 0 || policy->keys[index].store != STORE_PKCS11)
		return false;
	(void)snprintf(task->uri, sizeof(task->uri), "%s", policy->keys[index].source);
	task->module = server->table->modules[policy->keys[index].token];
	return true;
}

static void begin(struct server *server, struct peer *peer, struct task *task)
{
	const struct policy_key *policy = &task->key->policy;
	const char *why = "";
	uint16_t status = key_check(task->key, &task->op, &why);
	uint64_t wait;

	if (status) {
		refuse(server, peer, task, status, why);
		return;
	}
	if (repeat(server, peer, task)) {
		server->tasks--;
		peer->outstanding--;
		task_free(task);
		return;
	}
	wait = meter_wait(task->all, policy->rate, policy->burst, task->start, SERVER_PATIENCE / 2);
	if (wait) {
		task->meter->limited++;
		task->all->limited++;
	}
	if (wait == UINT64_MAX || !address(server, task)) {
		refuse(server, peer, task, KEEPER_S_BUSY,
		       wait == UINT64_MAX ? "over its rate" : "the policy has it elsewhere now");
		return;
	}
	task->ready += wait;
	if (wait)
		wait_for_rate(server, task);
	else
		dispatch(server, task);
}

void task_begin(struct server *server, struct peer *peer, const struct keeper_request *r,
		const uint8_t *payload)
{
	struct handle *handle = handle_find(peer, r->handle);
	struct operation about = {.request = r};
	struct task *task;

	if (!handle) {
		peer_status(server, peer, r, KEEPER_S_STALE);
		return;
	}
	task = task_new(server, peer, r, payload, handle->key, key_room(handle->key, &about));
	if (!task) {
		peer_status(server, peer, r, KEEPER_S_BUSY);
		return;
	}
	task->meter = handle->meter;
	task->all = handle->all;
	server->tasks++;
	peer->outstanding++;
	begin(server, peer, task);
}

void task_find(struct server *server, struct peer *peer, const struct keeper_request *r,
	       struct key *key)
{
	/* The label is checked, the ticket fits: neither is needed any more. */
	struct keeper_request head = *r;
	struct task *task;

	head.len = 0;
	task = task_new(server, peer, &head, NULL, key, KEY_MAX_PUBLIC);
	if (!task || !address(server, task)) {
		if (task)
			task_free(task);
		peer_status(server, peer, r, KEEPER_S_BUSY);
		return;
	}
	task->finds = true;
	server->tasks++;
	peer->outstanding++;
	module_put(server, task);
}

/* The module has said what kind of key it is; or somebody else's task has had that answer already. */
static void finish_find(struct server *server, struct peer *peer, struct task *task)
{
	struct key *key = task->key;

	if (!task->result.status && key->info.kind == KEEPER_KIND_NONE &&
	    key_set_public(key, task->result.out, task->result.len)) {
		log_msg(LOG_ERROR,
			"key %s: what the token has under this name is no key that the schemes of "
			"the policy fit",
			key->info.label);
		task->result.status = KEEPER_S_IO;
	}
	if (!peer)
		return;
	if (task->result.status)
		peer_status(server, peer, &task->request, KEEPER_S_IO);
	else
		open_reply(server, peer, &task->request, key);
}

static void count(const struct task *task)
{
	const bool failed = task->result.status && task->result.status != KEEPER_S_BADMSG;

	task->meter->done += !failed;
	task->all->done += !failed;
	task->meter->failed += failed;
	task->all->failed += failed;
	if (task->key->policy.audit == AUDIT_ALL)
		audit(task, failed ? "failed" : task->result.status ? "not authentic" : "done");
}

static void finish_operation(struct server *server, struct peer *peer, struct task *task)
{
	if (task->result.status == KEEPER_S_STALE && !task->key->revoked) {
		log_msg(LOG_ERROR, "key %s: the token has another key under this name: revoked",
			task->key->info.label);
		(void)revoke_label(server, task->key->info.label);
	}
	count(task);
	if (task->key->revoked) {
		task->result.status = KEEPER_S_STALE;
		task->result.len = 0;
	} else {
		remember(server, task);
	}
	if (peer)
		answer(server, peer, task);
}

void task_finish(struct server *server, struct task *task)
{
	struct peer *peer = peer_find(server, task->peer);

	if (peer && peer->generation != task->generation)
		peer = NULL;
	server->tasks--;
	if (peer)
		peer->outstanding--;
	if (task->finds)
		finish_find(server, peer, task);
	else
		finish_operation(server, peer, task);
	task_free(task);
}

void server_done(struct server *server)
{
	struct task *task = pool_take(&server->pool);

	while (task) {
		struct task *next = task->next;

		task_finish(server, task);
		task = next;
	}
}

int server_timeout(const struct server *server, uint64_t now)
{
	uint64_t at = modules_deadline(server);

	if (server->waiting && server->waiting->ready < at)
		at = server->waiting->ready;
	if (at == UINT64_MAX)
		return -1;
	/* Rounded up: it must have something to do then. */
	return at <= now ? 0 : (int)((at - now + 999999) / 1000000);
}

void server_timer(struct server *server, uint64_t now)
{
	while (server->waiting && server->waiting->ready <= now) {
		struct task *task = server->waiting;

		server->waiting = task->next;
		dispatch(server, task);
	}
	modules_timer(server, now);
}
