/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - the policy in force with its keys, in the server.
 *
 * A table is filled from what the loader sends (inner.h), then put in force as a whole, and does not
 * change after that but for revocations and for what tokens tell of their keys. Open handles have
 * references of their own to keys, and outlive the table.
 */
#ifndef VCD_KEEPER_TABLE_H
#define VCD_KEEPER_TABLE_H

#include <sys/types.h>

#include "keeper/key.h"
#include "keeper/policy.h"

/**
 * struct table - a policy with its keys.
 * @text: the policy file while it arrives, then NULL
 * @text_len: its bytes
 * @policy: policy
 * @keys: by its indices; NULL: it could not be loaded, or was revoked
 * @modules: by token: id of the process that has its module
 */
struct table {
	char *text;
	size_t text_len;
	struct policy *policy;
	struct key **keys;
	unsigned int *modules;
};

/** table_new - an empty one. NULL: no memory. */
struct table *table_new(void);

/** table_free - NULL is fine. Return: NULL. */
struct table *table_free(struct table *table);

/** table_add_text - more of the policy file. Return: 0 or -ENOMEM. */
int table_add_text(struct table *table, const void *text, size_t len);

/** table_parse - all of the file is there. Return: 0, -EINVAL or -ENOMEM. */
int table_parse(struct table *table);

/** table_add_key - key @index, from a file with these bytes. Return: 0 or -EINVAL. */
int table_add_key(struct table *table, unsigned int index, const uint8_t *bytes, size_t len);

/**
 * table_vm - a VM, if that user may be it.
 * @table: table
 * @name: the VM
 * @uid: user of the process that connected
 * @user: its name when it did, "": none
 *
 * Return: the VM, or NULL.
 */
const struct policy_vm *table_vm(const struct table *table, const char *name, uid_t uid,
				 const char *user);

/**
 * table_find - a key that a VM can see.
 * @table: table
 * @vm: the VM, or NULL: one that sees nothing
 * @label: label
 * @ticket: ticket
 * @ticket_len: its bytes, 0: none
 *
 * Takes as long for a label that is not the VM's, that is nobody's, or whose ticket is another.
 *
 * Return: the key, without a reference of its own, or NULL.
 */
struct key *table_find(const struct table *table, const struct policy_vm *vm, const char *label,
		       const uint8_t *ticket, size_t ticket_len);

/** table_revoke - take a key out. Return: whether there was one. */
bool table_revoke(struct table *table, const char *label);

#endif /* VCD_KEEPER_TABLE_H */
