/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keyset.c - a policy with all that it needs from files. See keyset.h. */
#include "keeper/keyset.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/util.h"
#include "keeper/key.h"
#include "keeper/p11.h"
#include "keeper/store.h"

static int open_directory(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed at the end of its scope */
	return copy ? open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static int open_credentials(void)
{
	const char *path = getenv("CREDENTIALS_DIRECTORY");

	return path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* ---- keys ------------------------------------------------------------------------------ */

/* Load each key, and make it once as the server will. */
static void load_keys(struct keyset *set, const struct store *store, struct key **made,
		      struct policy_errors *errors)
{
	for (unsigned int i = 0; i < set->policy->key_count; i++) {
		const struct policy_key *key = &set->policy->keys[i];
		char why[300] = "";

		if (key->store != STORE_FILE)
			continue;
		if (store_load(store, key, &set->bytes[i], why, sizeof(why))) {
			policy_error(errors, key->line, "[key %s]: %s: %s", key->label, key->source,
				     why);
			continue;
		}
		made[i] = key_new(key, set->bytes[i].bytes, set->bytes[i].len, why, sizeof(why));
		if (!made[i])
			policy_error(errors, key->line, "[key %s]: %s: %s", key->label, key->source,
				     why);
	}
}

static void check_crossed(const struct policy *policy, struct key *const *made,
			  struct policy_errors *errors)
{
	for (unsigned int i = 0; i < policy->key_count; i++)
		for (unsigned int j = 0; made[i] && made[i]->policy.alg && j < i; j++)
			if (made[j] && key_cross_used(made[i], made[j]))
				policy_error(errors, policy->keys[i].line,
					     "[key %s]: it shares bytes with [key %s], which has "
					     "another algorithm: one key is for one algorithm",
					     policy->keys[i].label, policy->keys[j].label);
}

static void take_keys(struct keyset *set, const struct store *store, struct policy_errors *errors)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers */
	struct key **made = calloc(set->policy->key_count + 1, sizeof(*made));

	if (!made) {
		policy_error(errors, 0, "out of memory");
		return;
	}
	load_keys(set, store, made, errors);
	check_crossed(set->policy, made, errors);
	for (unsigned int i = 0; i < set->policy->key_count; i++)
		key_put(made[i]);
	free(made);
}

/* ---- modules --------------------------------------------------------------------------- */

/* One more packet for a module's process. */
static int add_packet(struct module_config *module, const struct p11_request *head,
		      const char *name, const struct eng_key *pin)
{
	const size_t name_len = strlen(name), pin_len = pin ? pin->len : 0;
	const size_t len = sizeof(*head) + name_len + pin_len;
	struct eng_key more = {.len = module->packets.len + sizeof(len) + len};
	uint8_t *at;

	more.bytes = OPENSSL_secure_malloc(more.len);
	if (!more.bytes)
		return -ENOMEM;
	at = more.bytes;
	if (module->packets.len)
		memcpy(at, module->packets.bytes, module->packets.len);
	at += module->packets.len;
	memcpy(at, &len, sizeof(len));
	memcpy(at + sizeof(len), head, sizeof(*head));
	at += sizeof(len) + sizeof(*head);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its length is in the head */
	memcpy(at, name, name_len);
	if (pin_len)
		memcpy(at + name_len, pin->bytes, pin_len);
	eng_key_wipe(&module->packets);
	module->packets = more;
	return 0;
}

/* The module's place in the list, which it gets if it is new. */
static unsigned int module_of(struct keyset *set, const struct policy_token *token)
{
	struct module_config *module;
	unsigned int i;

	for (i = 0; i < set->module_count; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): each module has a path */
		if (!strcmp(set->modules[i].path, token->module))
			return i;
	module = &set->modules[set->module_count++];
	module->path = token->module;
	module->threads = token->threads;
	module->timeout_ms = token->timeout_ms;
	return i;
}

static int add_token(struct keyset *set, const struct store *store, unsigned int i,
		     struct policy_errors *errors)
{
	const struct policy_token *token = &set->policy->tokens[i];
	struct p11_request head = {.type = P11_MODULE};
	struct module_config *module;
	struct eng_key pin = {0};
	char why[200] = "";
	int err = 0;

	if (access(token->module, R_OK) < 0)
		policy_error(errors, token->line, "[token %s]: %s: %s", token->name, token->module,
			     strerror(errno));
	if (store_secret(store, token->pin, token->pin_credential, &pin, why, sizeof(why)))
		policy_error(errors, token->line, "[token %s]: its PIN: %s: %s", token->name,
			     token->pin ? token->pin : token->pin_credential, why);
	set->module_of[i] = module_of(set, token);
	module = &set->modules[set->module_of[i]];
	if (!module->packets.len) {
		head.scheme = module->threads;
		head.uri_len = (uint32_t)strlen(module->path);
		err = add_packet(module, &head, module->path, NULL);
	}
	head = (struct p11_request){.type = P11_TOKEN,
				    .uri_len = (uint32_t)strlen(token->name),
				    .in_len = (uint32_t)pin.len,
				    .aux_len = (uint32_t)pin.len};
	if (!err)
		err = add_packet(module, &head, token->name, &pin);
	eng_key_wipe(&pin);
	return err;
}

static void take_tokens(struct keyset *set, const struct store *store, struct policy_errors *errors)
{
	const struct p11_request serve = {.type = P11_SERVE};
	int err = 0;

	for (unsigned int i = 0; !err && i < set->policy->token_count; i++)
		err = add_token(set, store, i, errors);
	for (unsigned int i = 0; !err && i < set->module_count; i++)
		err = add_packet(&set->modules[i], &serve, "", NULL);
	if (err)
		policy_error(errors, 0, "%s", strerror(-err));
}

/* ---- all of it ------------------------------------------------------------------------- */

static bool allocate(struct keyset *set)
{
	const struct policy *policy = set->policy;

	set->bytes = calloc(policy->key_count + 1, sizeof(*set->bytes));
	set->module_of = calloc(policy->token_count + 1, sizeof(*set->module_of));
	set->modules = calloc(policy->token_count + 1, sizeof(*set->modules));
	return set->bytes && set->module_of && set->modules;
}

static void fill(struct keyset *set, const char *path, struct policy_errors *errors)
{
	struct store store = {-1, -1};
	char why[200] = "";

	if (store_read(AT_FDCWD, path, false, POLICY_MAX_BYTES, &set->text, why, sizeof(why))) {
		policy_error(errors, 0, "%s", why);
		return;
	}
	set->policy = policy_parse((const char *)set->text.bytes, set->text.len, errors);
	if (!set->policy)
		return;
	if (!allocate(set)) {
		policy_error(errors, 0, "out of memory");
		return;
	}
	store.directory = open_directory(path);
	store.credentials = open_credentials();
	take_keys(set, &store, errors);
	take_tokens(set, &store, errors);
	close_fd(&store.directory);
	close_fd(&store.credentials);
}

struct keyset *keyset_load(const char *path, struct policy_errors *errors)
{
	struct keyset *set = calloc(1, sizeof(*set));
	unsigned int before = errors->count;

	if (!set) {
		policy_error(errors, 0, "out of memory");
		return NULL;
	}
	fill(set, path, errors);
	return errors->count == before ? set : keyset_free(set);
}

struct keyset *keyset_free(struct keyset *set)
{
	if (!set)
		return NULL;
	for (unsigned int i = 0; set->bytes && i < set->policy->key_count; i++)
		eng_key_wipe(&set->bytes[i]);
	for (unsigned int i = 0; i < set->module_count; i++)
		eng_key_wipe(&set->modules[i].packets);
	eng_key_wipe(&set->text);
	free(set->bytes);
	free(set->module_of);
	free(set->modules);
	policy_free(set->policy);
	free(set);
	return NULL;
}
