/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - the policy in force with its keys. See table.h. */
#include "keeper/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/log.h"

struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (unsigned int i = 0; table->keys && i < table->policy->key_count; i++)
		key_put(table->keys[i]);
	free(table->text);
	free(table->keys);
	free(table->modules);
	policy_free(table->policy);
	free(table);
	return NULL;
}

int table_add_text(struct table *table, const void *text, size_t len)
{
	char *longer;

	if (table->policy || table->text_len + len > POLICY_MAX_BYTES)
		return -EINVAL;
	longer = realloc(table->text, table->text_len + len + 1);
	if (!longer)
		return -ENOMEM;
	memcpy(longer + table->text_len, text, len);
	table->text = longer;
	table->text_len += len;
	return 0;
}

/* A key in a token is there at once; what kind it is, the module tells later. */
static int make_token_keys(struct table *table)
{
	char why[200];

	for (unsigned int i = 0; i < table->policy->key_count; i++) {
		if (table->policy->keys[i].store != STORE_PKCS11)
			continue;
		table->keys[i] = key_new(&table->policy->keys[i], NULL, 0, why, sizeof(why));
		if (!table->keys[i])
			return -ENOMEM;
	}
	return 0;
}

int table_parse(struct table *table)
{
	struct policy_errors errors = {0};

	if (table->policy)
		return -EINVAL;
	table->policy = policy_parse(table->text ? table->text : "", table->text_len, &errors);
	free(table->text);
	table->text = NULL;
	if (!table->policy)
		return -EINVAL;
	/* One more than needed: nothing is no allocation. */
	table->keys = calloc(table->policy->key_count + 1, sizeof(struct key *));
	table->modules = calloc(table->policy->token_count + 1, sizeof(*table->modules));
	if (!table->keys || !table->modules)
		return -ENOMEM;
	return make_token_keys(table);
}

int table_add_key(struct table *table, unsigned int index, const uint8_t *bytes, size_t len)
{
	char why[200];

	if (!table->policy || index >= table->policy->key_count || table->keys[index])
		return -EINVAL;
	table->keys[index] = key_new(&table->policy->keys[index], bytes, len, why, sizeof(why));
	if (!table->keys[index])
		log_msg(LOG_ERROR, "key %s: %s", table->policy->keys[index].label, why);
	return table->keys[index] ? 0 : -EINVAL;
}

const struct policy_vm *table_vm(const struct table *table, const char *name, uid_t uid,
				 const char *user)
{
	const struct policy_vm *vm = table->policy ? policy_vm_find(table->policy, name) : NULL;
	char number[24];

	if (!vm || !vm->user)
		return vm;
	(void)snprintf(number, sizeof(number), "%u", (unsigned int)uid);
	return !strcmp(vm->user, number) || (*user && !strcmp(vm->user, user)) ? vm : NULL;
}

struct key *table_find(const struct table *table, const struct policy_vm *vm, const char *label,
		       const uint8_t *ticket, size_t ticket_len)
{
	static const struct key nobodys = {.policy.has_ticket = true};
	static const uint8_t no_ticket[KEEPER_TICKET_LEN];
	char wanted[KEEPER_LABEL_LEN] = "";
	struct key *found = NULL;
	bool ticket_fits;

	memcpy(wanted, label, strnlen(label, sizeof(wanted) - 1));
	for (unsigned int i = 0; vm && i < vm->key_count; i++) {
		struct key *key = table->keys[vm->keys[i]];

		if (key && !CRYPTO_memcmp(key->info.label, wanted, sizeof(wanted)))
			found = key;
	}
	/* A hash is computed in any case. */
	ticket_fits =
	    key_ticket_ok(found && found->policy.has_ticket ? found : &nobodys,
			  ticket_len == KEEPER_TICKET_LEN ? ticket : no_ticket, KEEPER_TICKET_LEN);
	if (found && !found->policy.has_ticket)
		return ticket_len ? NULL : found;
	return found && ticket_fits && ticket_len == KEEPER_TICKET_LEN ? found : NULL;
}

bool table_revoke(struct table *table, const char *label)
{
	int index = table->policy ? policy_key_find(table->policy, label) : -1;

	if (index < 0 || !table->keys[index])
		return false;
	key_put(table->keys[index]);
	table->keys[index] = NULL;
	return true;
}
