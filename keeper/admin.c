/* SPDX-License-Identifier: GPL-2.0-or-later */
/* admin.c - what the administrator asks, and tables that come from the loader. See server.h. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "keeper/inner.h"
#include "keeper/server.h"

/* A page of the text, which is made anew for the first one. */
static void text_page(struct server *server, struct peer *peer, const struct keeper_request *r)
{
	struct keeper_reply reply = {.type = r->type, .id = r->id};
	size_t len;

	if (!r->arg) {
		free(server->admin_text);
		server->admin_len = 0;
		server->admin_text = (r->type == KEEPER_KEYS ? report_keys : report_metrics)(
		    server, &server->admin_len);
	}
	if (!server->admin_text || r->arg > server->admin_len) {
		peer_status(server, peer, r, KEEPER_S_INVALID);
		return;
	}
	len = server->admin_len - r->arg;
	reply.len = len < KEEPER_MAX_PAYLOAD ? (uint32_t)len : KEEPER_MAX_PAYLOAD;
	reply.handle = server->admin_len;
	peer_reply(server, peer, &reply, server->admin_text + r->arg);
}

bool revoke_label(struct server *server, const char *label)
{
	int index = server->table->policy ? policy_key_find(server->table->policy, label) : -1;
	struct key *key = index < 0 ? NULL : server->table->keys[index];

	if (!key)
		return false;
	server->epoch++;
	key_get(key);
	(void)table_revoke(server->table, label);
	/* Handles may still have a former key of that name, of a table before. */
	for (struct peer *peer = server->peers; peer; peer = peer->next)
		for (unsigned int i = peer->handle_count; i-- > 0;) {
			struct handle *handle = &peer->handles[i];

			if (strcmp(handle->key->info.label, label) != 0)
				continue;
			handle->key->revoked = true;
			handle_drop(server, peer, handle, true);
		}
	key->revoked = true;
	key_put(key);
	return true;
}

static void do_revoke(struct server *server, struct peer *peer, const struct keeper_request *r,
		      const uint8_t *payload)
{
	char label[KEEPER_LABEL_LEN];

	if (!request_name(r, payload, label) || !policy_label_ok(label)) {
		peer_status(server, peer, r, KEEPER_S_INVALID);
		return;
	}
	if (!revoke_label(server, label)) {
		peer_status(server, peer, r, KEEPER_S_NOKEY);
		return;
	}
	log_msg(LOG_NOTICE, "audit: key %s: revoked by user %u", label, (unsigned int)peer->uid);
	server->to_loader(server, INNER_REVOKE, 0, label, strlen(label));
	peer_status(server, peer, r, KEEPER_S_OK);
}

void admin_request(struct server *server, struct peer *peer, const struct keeper_request *r,
		   const uint8_t *payload)
{
	if (peer->uid != 0 && peer->uid != server->owner) {
		log_limited(LOG_WARN, "user %u asked for what only root and the keeper's user may",
			    (unsigned int)peer->uid);
		peer_status(server, peer, r, KEEPER_S_DENIED);
	} else if (r->type == KEEPER_REVOKE) {
		do_revoke(server, peer, r, payload);
	} else if (r->type == KEEPER_RELOAD) {
		if (peer->waits) {
			peer_status(server, peer, r, KEEPER_S_BUSY);
			return;
		}
		peer->waits = true;
		peer->reloading = r->id;
		server->to_loader(server, INNER_RELOAD, peer->id, NULL, 0);
	} else {
		text_page(server, peer, r);
	}
}

void server_reloaded(struct server *server, uint64_t id, const char *why, size_t len)
{
	struct peer *peer = peer_find(server, id);
	struct keeper_reply reply = {.type = KEEPER_RELOAD};

	if (!peer || !peer->waits)
		return;
	peer->waits = false;
	reply.id = peer->reloading;
	reply.status = len ? KEEPER_S_INVALID : KEEPER_S_OK;
	reply.len = len < KEEPER_MAX_PAYLOAD ? (uint32_t)len : KEEPER_MAX_PAYLOAD;
	peer_reply(server, peer, &reply, why);
}

/* ---- tables ---------------------------------------------------------------------------- */

/* Symmetric keys that the keeper computes with get their session. */
static void open_sessions(struct server *server, struct table *table)
{
	for (unsigned int i = 0; i < table->policy->key_count; i++) {
		struct key *key = table->keys[i];

		if (!key || !key->policy.alg || key->policy.worker)
			continue;
		if (!key_open_session(key, server->engine))
			continue;
		log_msg(LOG_ERROR, "key %s: libcrypto does not have %s here", key->info.label,
			key->policy.alg->cli_name);
		(void)table_revoke(table, key->info.label);
	}
}

/* What a token said of its key holds for the new table, too. */
static void keep_public(const struct table *before, struct table *table)
{
	for (unsigned int i = 0; i < table->policy->key_count; i++) {
		struct key *key = table->keys[i];
		int was = before->policy && key && key->policy.store == STORE_PKCS11
			      ? policy_key_find(before->policy, key->info.label)
			      : -1;
		const struct key *old = was < 0 ? NULL : before->keys[was];

		if (!old || old->policy.store != STORE_PKCS11 || !old->public_len ||
		    strcmp(before->policy->keys[was].source, table->policy->keys[i].source) != 0)
			continue;
		(void)key_set_public(key, old->public_key, old->public_len);
	}
}

/* Whether an open handle may go on, with the key that the new table has. */
static struct key *successor(struct server *server, const struct peer *peer,
			     const struct handle *handle)
{
	const struct policy_vm *vm = table_vm(server->table, peer->vm, peer->uid, peer->user);

	for (unsigned int i = 0; vm && i < vm->key_count; i++) {
		struct key *key = server->table->keys[vm->keys[i]];

		if (key && !strcmp(key->info.label, handle->key->info.label))
			return key_same(key, handle->key) ? key : NULL;
	}
	return NULL;
}

static void move_handles(struct server *server, struct peer *peer)
{
	for (unsigned int i = peer->handle_count; i-- > 0;) {
		struct handle *handle = &peer->handles[i];
		struct key *key = successor(server, peer, handle);

		if (key) {
			key_get(key);
			key_put(handle->key);
			handle->key = key;
		} else {
			log_msg(LOG_NOTICE,
				"audit: vm %s, key %s: open handle revoked: the policy has changed",
				peer->vm, handle->key->info.label);
			handle_drop(server, peer, handle, true);
		}
	}
}

/* Keys of the table before that are no more, or are others: results on their way do not leave. */
static void revoke_gone(const struct table *before, const struct table *table)
{
	for (unsigned int i = 0; before->policy && i < before->policy->key_count; i++) {
		struct key *old = before->keys[i];
		int now = old ? policy_key_find(table->policy, old->info.label) : -1;

		if (old && (now < 0 || !table->keys[now] || !key_same(old, table->keys[now])))
			old->revoked = true;
	}
}

static void use_modules(struct server *server)
{
	const struct table *table = server->table;

	for (struct module *m = server->modules.list; m; m = m->next)
		m->used = false;
	for (unsigned int i = 0; i < table->policy->token_count; i++) {
		struct module *module = module_get(&server->modules, table->modules[i]);

		if (module)
			module->used = true;
	}
	modules_sweep(server);
}

void server_install(struct server *server)
{
	struct table *before = server->table;

	if (!server->coming || !server->coming->policy) {
		log_msg(LOG_ERROR, "the loader sent no policy: the one in force stays");
		server->coming = table_free(server->coming);
		return;
	}
	open_sessions(server, server->coming);
	keep_public(before, server->coming);
	server->table = server->coming;
	server->coming = NULL;
	server->epoch++;
	server->reloads++;
	revoke_gone(before, server->table);
	for (struct peer *peer = server->peers; peer; peer = peer->next)
		move_handles(server, peer);
	use_modules(server);
	table_free(before);
	log_msg(LOG_NOTICE, "policy in force: %u keys, %u VMs", server->table->policy->key_count,
		server->table->policy->vm_count);
}
