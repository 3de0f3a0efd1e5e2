/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keyset.h - a policy with all that it needs from files; in the loader, and for --check-policy.
 *
 * All or nothing: a policy whose keys cannot all be loaded is not put in force.
 */
#ifndef VCD_KEEPER_KEYSET_H
#define VCD_KEEPER_KEYSET_H

#include <sys/types.h>

#include "engine/key.h"
#include "keeper/policy.h"

/**
 * struct module_config - what one process of a PKCS#11 module is told.
 * @path: the module; the policy's string
 * @threads: operations at a time
 * @timeout_ms: without an answer after which it hangs
 * @packets: what is sent to it: struct p11_request with what follows, each with its length (size_t)
 *	in front; in libcrypto's memory
 */
struct module_config {
	const char *path;
	unsigned int threads;
	unsigned int timeout_ms;
	struct eng_key packets;
};

/**
 * struct keyset - a policy with its keys.
 * @text: the file
 * @policy: the policy
 * @bytes: by key: PKCS #8 in DER, or the bytes; empty for those in tokens
 * @module_of: by token: index in @modules
 * @modules: one for each module
 * @module_count: how many
 */
struct keyset {
	struct eng_key text;
	struct policy *policy;
	struct eng_key *bytes;
	unsigned int *module_of;
	struct module_config *modules;
	unsigned int module_count;
};

/**
 * keyset_load - read a policy and its files.
 * @path: the policy
 * @errors: where errors go
 *
 * Return: the keyset, or NULL: errors were reported.
 */
struct keyset *keyset_load(const char *path, struct policy_errors *errors);

/** keyset_free - wipe and free; NULL is fine. Return: NULL. */
struct keyset *keyset_free(struct keyset *keyset);

#endif /* VCD_KEEPER_KEYSET_H */
