/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_finish.c - what can be checked only when all of a policy is read. See policy.h. */
#include <string.h>

#include "common/util.h"
#include "keeper/policy_internal.h"
#include "keeper/scheme.h"

static void find_token(struct parser *p, struct policy_key *key)
{
	size_t len;
	_cleanup_free_ char *name = policy_uri_part(key->source, "token", &len);
	_cleanup_free_ char *object = policy_uri_part(key->source, "object", &len);
	_cleanup_free_ char *id = policy_uri_part(key->source, "id", &len);

	if (!object && !id)
		policy_error(p->errors, key->line, "[key %s]: its URI needs object or id",
			     key->label);
	for (unsigned int i = 0; name && i < p->policy->token_count; i++)
		if (!strcmp(p->policy->tokens[i].name, name)) {
			key->token = i;
			return;
		}
	policy_error(p->errors, key->line, "[key %s]: its URI names no [token] of this file",
		     key->label);
}

/* The rights that an algorithm has a meaning for. */
static uint32_t alg_use(const struct eng_alg *alg)
{
	return alg->kind == ENG_ALG_MAC ? KEEPER_USE_SIGN | KEEPER_USE_VERIFY
					: KEEPER_USE_ENCRYPT | KEEPER_USE_DECRYPT;
}

static void check_symmetric(struct parser *p, struct policy_key *key)
{
	if (key->schemes || key->form)
		policy_error(p->errors, key->line,
			     "[key %s]: schemes and form are for private keys, alg for symmetric "
			     "ones",
			     key->label);
	if (key->use & ~alg_use(key->alg))
		policy_error(p->errors, key->line, "[key %s]: use: %s is not for this algorithm",
			     key->label,
			     key->alg->kind == ENG_ALG_MAC ? "encrypt, decrypt or derive"
							   : "sign, verify or derive");
	if (key->store == STORE_PKCS11)
		policy_error(p->errors, key->line,
			     "[key %s]: a symmetric key comes from a file: tokens are for private "
			     "keys",
			     key->label);
	if (key->passphrase || key->passphrase_credential)
		policy_error(p->errors, key->line,
			     "[key %s]: a symmetric key's file has no passphrase", key->label);
	if (key->iv_guest && key->alg->kind != ENG_ALG_AEAD)
		policy_error(p->errors, key->line, "[key %s]: iv is for AEADs", key->label);
}

static void check_private(struct parser *p, struct policy_key *key)
{
	const uint32_t use = schemes_use(key->schemes);

	if (!key->schemes)
		policy_error(p->errors, key->line, "[key %s]: schemes or alg is missing",
			     key->label);
	else if (key->use & ~use)
		policy_error(p->errors, key->line, "[key %s]: no scheme is for the right \"%s\"",
			     key->label, use_name(key->use & ~use & -(key->use & ~use)));
	else if (use & ~key->use)
		policy_error(p->errors, key->line, "[key %s]: a scheme needs the right \"%s\"",
			     key->label, use_name(use & ~key->use & -(use & ~key->use)));
	if (key->worker)
		policy_error(p->errors, key->line,
			     "[key %s]: a private key never leaves the keeper: hold = worker is "
			     "for symmetric keys",
			     key->label);
	if (key->iv_guest)
		policy_error(p->errors, key->line, "[key %s]: iv is for AEADs", key->label);
	if (key->form && !(key->use & KEEPER_USE_SIGN))
		policy_error(p->errors, key->line, "[key %s]: form is for keys that sign",
			     key->label);
}

static void check_key(struct parser *p, struct policy_key *key)
{
	if (key->faulty)
		return;
	if (!key->source) {
		policy_error(p->errors, key->line, "[key %s]: source is missing", key->label);
		return;
	}
	if (!key->use)
		policy_error(p->errors, key->line, "[key %s]: use is missing", key->label);
	if (key->store == STORE_PKCS11) {
		find_token(p, key);
		if (key->passphrase || key->passphrase_credential)
			policy_error(p->errors, key->line, "[key %s]: a passphrase is for a file",
				     key->label);
	}
	if (key->alg)
		check_symmetric(p, key);
	else
		check_private(p, key);
}

static void check_token(struct parser *p, const struct policy_token *token)
{
	if (token->faulty)
		return;
	if (!token->module)
		policy_error(p->errors, token->line, "[token %s]: module is missing", token->name);
	/* One process serves all tokens of a module, with one number of threads. */
	for (const struct policy_token *other = p->policy->tokens; other < token; other++)
		if (other->module && token->module && !strcmp(other->module, token->module) &&
		    (other->threads != token->threads || other->timeout_ms != token->timeout_ms))
			policy_error(p->errors, token->line,
				     "[token %s]: threads and timeout differ from those of [token "
				     "%s], which has the same module",
				     token->name, other->name);
}

static int by_label(const void *a, const void *b)
{
	return strcmp(((const struct policy_key *)a)->label, ((const struct policy_key *)b)->label);
}

static int by_number(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

static void resolve_labels(struct parser *p, struct policy_vm *vm, char *labels)
{
	const char *label;

	vm->keys = calloc(KEEPER_MAX_LABELS, sizeof(*vm->keys));
	if (!vm->keys) {
		policy_error(p->errors, vm->line, "out of memory");
		return;
	}
	while (labels && (label = policy_next(&labels))) {
		int key = policy_key_find(p->policy, label);

		if (key < 0) {
			policy_error(p->errors, vm->line, "[vm %s]: there is no [key %.63s]",
				     vm->name, label);
		} else if (vm->key_count == KEEPER_MAX_LABELS) {
			policy_error(p->errors, vm->line, "[vm %s]: more than %d keys", vm->name,
				     KEEPER_MAX_LABELS);
			return;
		} else {
			vm->keys[vm->key_count++] = (unsigned int)key;
		}
	}
	if (vm->key_count)
		qsort(vm->keys, vm->key_count, sizeof(*vm->keys), by_number);
	for (unsigned int i = 1; i < vm->key_count; i++)
		if (vm->keys[i] == vm->keys[i - 1])
			policy_error(p->errors, vm->line, "[vm %s]: %s is listed twice", vm->name,
				     p->policy->keys[vm->keys[i]].label);
}

/* Where "hold" is not said: ciphers and AEADs are for the worker, MACs stay. */
static void set_defaults(struct parser *p)
{
	for (unsigned int i = 0; i < p->policy->key_count; i++) {
		struct policy_key *key = &p->policy->keys[i];

		if (key->hold_said)
			continue;
		key->worker = key->alg && key->alg->kind != ENG_ALG_MAC;
	}
}

void policy_finish(struct parser *p)
{
	struct policy *policy = p->policy;

	if (policy->key_count)
		qsort(policy->keys, policy->key_count, sizeof(*policy->keys), by_label);
	set_defaults(p);
	for (unsigned int i = 0; i < policy->token_count; i++)
		check_token(p, &policy->tokens[i]);
	for (unsigned int i = 0; i < policy->key_count; i++)
		check_key(p, &policy->keys[i]);
	for (unsigned int i = 0; i < policy->vm_count; i++)
		resolve_labels(p, &policy->vms[i], p->vm_labels[i]);
}
