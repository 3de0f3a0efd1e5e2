/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_policy.c - arbitrary text as a keeper's policy.
 *
 * What is checked, beside what sanitizers see: a policy that is accepted holds what policy.h says,
 * and one that is not was complained of.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "keeper/policy.h"
#include "keeper/scheme.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static void check_key(const struct policy *policy, unsigned int i)
{
	const struct policy_key *key = &policy->keys[i];

	CHECK(policy_label_ok(key->label) && policy_key_find(policy, key->label) == (int)i);
	CHECK(key->source && key->use && key->line);
	CHECK(!i || strcmp(policy->keys[i - 1].label, key->label) < 0);
	/* Every right has a scheme or an algorithm, and no private key leaves. */
	CHECK(key->alg || (key->use == schemes_use(key->schemes) && !key->worker));
	CHECK(!key->alg || (!key->schemes && key->store == STORE_FILE));
	CHECK(key->store != STORE_PKCS11 || key->token < policy->token_count);
	CHECK(key->form < KEEPER_FORM_COUNT && key->rate <= POLICY_MAX_RATE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_errors errors = {0};
	struct policy *policy = policy_parse((const char *)data, size, &errors);

	CHECK(!policy == (errors.count > 0));
	for (unsigned int i = 0; policy && i < policy->key_count; i++)
		check_key(policy, i);
	for (unsigned int i = 0; policy && i < policy->vm_count; i++) {
		const struct policy_vm *vm = &policy->vms[i];

		CHECK(policy_vm_find(policy, vm->name) == vm);
		for (unsigned int j = 0; j < vm->key_count; j++)
			CHECK(vm->keys[j] < policy->key_count &&
			      (!j || vm->keys[j - 1] < vm->keys[j]));
	}
	for (unsigned int i = 0; policy && i < policy->token_count; i++)
		CHECK(policy->tokens[i].module[0] == '/' && policy->tokens[i].threads);
	policy_free(policy);
	return 0;
}
