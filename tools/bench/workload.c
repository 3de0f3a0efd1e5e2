/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.c - names and checks of workloads, for the command line.
 */
#include "tools/bench/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"

/* AAD of a record of TLS 1.2. */
#define USUAL_AAD 13

/* Most sessions of all threads together: as many as a device can have. */
#define MAX_SESSIONS_TOTAL ((1u << 20) - 1)

static const char *const submit_names[] = {
    [BENCH_SUBMIT_SYNC] = "sync",
    [BENCH_SUBMIT_BATCH] = "batch",
    [BENCH_SUBMIT_ASYNC] = "async",
};

static const struct eng_alg *find(const char *name)
{
	const struct eng_alg *alg;
	size_t i;

	for (i = 0; (alg = eng_alg_at(i)) != NULL; i++)
		if (strcmp(alg->cli_name, name) == 0)
			return alg;
	return NULL;
}

/* "aes-128-cbc": "aes-cbc" and 128. NULL: it is not like that. */
static const struct eng_alg *find_with_bits(const char *text, unsigned long *bits)
{
	const char *first = strchr(text, '-');
	const char *second = first ? strchr(first + 1, '-') : NULL;
	char name[64];
	char *end;

	if (!second)
		return NULL;
	*bits = strtoul(first + 1, &end, 10);
	if (end != second || *bits == 0 || *bits > 4096)
		return NULL;
	(void)snprintf(name, sizeof(name), "%.*s%s", (int)(first - text), text, second);
	return find(name);
}

enum cli_result workload_parse_alg(struct cli_state *state, const char *text, struct workload *work)
{
	unsigned long bits = 0;
	const struct eng_alg *alg = find(text);

	if (!alg)
		alg = find_with_bits(text, &bits);
	if (!alg)
		return cli_bad(
		    state, "--alg=%s: no such algorithm; try aes-128-cbc, and see --list", text);
	work->alg = alg;
	work->name = text;
	if (bits)
		work->key_len = bits / 8 * (alg->id == CRYPTO_AES_XTS ? 2 : 1);
	else if (alg->id == CRYPTO_BLF_CBC)
		work->key_len = 16;
	else if (alg->kind == ENG_ALG_MAC && alg->id != CRYPTO_AES_CMAC)
		work->key_len = alg->digest_len;
	else
		work->key_len = alg->key_max;
	/* Either the bits are part of the name, or there is but one key size that is usual. */
	if (bits % 8 || !eng_alg_key_ok(alg, work->key_len) || (!bits && alg->key_step > 1))
		return cli_bad(state, "--alg=%s: name a key size, as in aes-128-cbc", text);
	if (bits && (alg->kind == ENG_ALG_HASH || work->key_len > BENCH_KEY_MAX))
		return cli_bad(state, "--alg=%s: there is no key of that size; --list has all",
			       text);
	return CLI_RUN;
}

static enum cli_result settle_op(struct cli_state *state, struct workload *work,
				 enum workload_op op)
{
	bool hash = bench_is_hash(work);

	if (op != WORKLOAD_ANY && hash != (op == WORKLOAD_DIGEST))
		return cli_bad(state, "--op: %s %s", work->name,
			       hash ? "makes digests, and does not encrypt" : "makes no digests");
	work->decrypt = op == WORKLOAD_DECRYPT;
	return CLI_RUN;
}

static enum cli_result settle_aead(struct cli_state *state, struct workload *work)
{
	bool aead = bench_is_aead(work);

	if (!aead && (work->aad_len != WORKLOAD_UNSET || work->tag_len != WORKLOAD_UNSET))
		return cli_bad(state,
			       "--aad and --tag are for authenticated encryption, and %s is none",
			       work->name);
	if (work->aad_len == WORKLOAD_UNSET)
		work->aad_len = aead ? USUAL_AAD : 0;
	if (work->tag_len == WORKLOAD_UNSET)
		work->tag_len = aead ? work->alg->digest_len : 0;
	if (aead && !eng_alg_tag_ok(work->alg, work->tag_len))
		return cli_bad(state, "--tag=%u: %s has no tag of that size", work->tag_len,
			       work->name);
	return CLI_RUN;
}

enum cli_result workload_settle(struct cli_state *state, struct workload *work, enum workload_op op)
{
	if (settle_op(state, work, op) != CLI_RUN || settle_aead(state, work) != CLI_RUN)
		return CLI_BAD;
	if ((uint64_t)work->threads * work->sessions > MAX_SESSIONS_TOTAL)
		return cli_bad(state,
			       "%u threads with %u sessions each: at most %u sessions in all",
			       work->threads, work->sessions, MAX_SESSIONS_TOTAL);
	return CLI_RUN;
}

enum cli_result workload_check_size(struct cli_state *state, const struct workload *work,
				    uint32_t size)
{
	if (size % work->alg->block_size == 0)
		return CLI_RUN;
	return cli_bad(state, "--size=%u: %s works on blocks of %u bytes", size, work->name,
		       work->alg->block_size);
}

const char *workload_op_name(const struct workload *work)
{
	if (work->sign)
		return "sign";
	if (bench_is_hash(work))
		return "digest";
	return work->decrypt ? "decrypt" : "encrypt";
}

const char *workload_submit_name(enum bench_submit submit)
{
	return submit_names[submit];
}
