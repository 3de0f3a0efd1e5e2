/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alg.c - the engines' table of algorithms, and the rules that are not in a table. */
#include "engine/alg.h"

#include <assert.h>
#include <stdio.h>

#include "algorithms.h"
#include "cryptodev.h"

/* clang-format off */
#define CIPHER(number, kernel, cli, block, iv, min, max, step)                                     \
	{.id = (number), .kind = ENG_ALG_CIPHER, .name = (kernel), .cli_name = (cli),              \
	 .block_size = (block), .iv_len = (iv), .key_min = (min), .key_max = (max),                \
	 .key_step = (step)},
#define HASH(number, kernel, cli, digest)                                                          \
	{.id = (number), .kind = ENG_ALG_HASH, .name = (kernel), .cli_name = (cli),                \
	 .block_size = 1, .digest_len = (digest)},
#define MAC(number, kernel, cli, digest, min, max, step)                                           \
	{.id = (number), .kind = ENG_ALG_MAC, .name = (kernel), .cli_name = (cli),                 \
	 .block_size = 1, .digest_len = (digest), .key_min = (min), .key_max = (max),              \
	 .key_step = (step)},
#define AEAD(number, kernel, cli, nonce, iv, tag, min, max, step)                                  \
	{.id = (number), .kind = ENG_ALG_AEAD, .name = (kernel), .cli_name = (cli),                \
	 .block_size = 1, .iv_len = (nonce), .digest_len = (tag), .key_min = (min),                \
	 .key_max = (max), .key_step = (step)},
/* clang-format on */

const struct eng_alg eng_algs[] = {VCD_ALGORITHMS(CIPHER, HASH, MAC, AEAD)};

static_assert(sizeof(eng_algs) / sizeof(eng_algs[0]) == ENG_ALG_COUNT, "count the table");

const struct eng_alg *eng_alg_at(size_t i)
{
	return i < ENG_ALG_COUNT ? &eng_algs[i] : NULL;
}

const struct eng_alg *eng_alg_find(uint32_t id)
{
	const struct eng_alg *alg;

	for (size_t i = 0; (alg = eng_alg_at(i)); i++)
		if (alg->id == id)
			return alg;
	return NULL;
}

bool eng_alg_key_ok(const struct eng_alg *alg, size_t len)
{
	if (len < alg->key_min || len > alg->key_max)
		return false;
	if (!alg->key_step)
		return len == alg->key_min;
	return (len - alg->key_min) % alg->key_step == 0;
}

bool eng_alg_iv_ok(const struct eng_alg *alg, size_t len)
{
	if (alg->id == CRYPTO_AES_CCM) /* SP 800-38C: n of 7 to 13 */
		return len >= 7 && len <= 13;
	return len == alg->iv_len;
}

bool eng_alg_tag_ok(const struct eng_alg *alg, size_t len)
{
	if (alg->kind != ENG_ALG_AEAD || len < 1 || len > alg->digest_len)
		return false;
	switch (alg->id) {
	case CRYPTO_AES_GCM: /* SP 800-38D, 5.2.1.2 */
		return len == 4 || len == 8 || len >= 12;
	case CRYPTO_AES_CCM: /* SP 800-38C, A.1 */
		return len >= 4 && len % 2 == 0;
	default:
		return true;
	}
}

enum eng_mode eng_alg_mode(const struct eng_alg *alg)
{
	if (!alg)
		return ENG_MODE_NONE;
	if (alg->kind == ENG_ALG_AEAD)
		return ENG_MODE_AEAD;
	switch (alg->id) {
	case CRYPTO_DES_CBC:
	case CRYPTO_3DES_CBC:
	case CRYPTO_BLF_CBC:
	case CRYPTO_AES_CBC:
	case CRYPTO_CAMELLIA_CBC:
		return ENG_MODE_CBC;
	case CRYPTO_AES_CTR:
		return ENG_MODE_CTR;
	case CRYPTO_AES_CFB:
		return ENG_MODE_CFB;
	case CRYPTO_AES_OFB:
		return ENG_MODE_OFB;
	case CRYPTO_AES_XTS:
		return ENG_MODE_XTS;
	default:
		return ENG_MODE_NONE;
	}
}

bool eng_aead_lengths_ok(const struct eng_job *job)
{
	const struct eng_alg *aead = job->session->cipher;
	unsigned int counter_bits;

	if (!eng_alg_iv_ok(aead, job->iv_len) || !eng_alg_tag_ok(aead, job->mac_len))
		return false;
	if (job->len > INT32_MAX || job->aad_len > INT32_MAX)
		return false;
	counter_bits = 8 * (15u - job->iv_len);
	return aead->id != CRYPTO_AES_CCM || counter_bits >= 32 ||
	       job->len < UINT32_C(1) << counter_bits;
}

void eng_alg_driver_name(const struct eng_alg *alg, const char *backend, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s-%s", backend, alg->name);
	char *out = buf;

	if (n < 0) {
		buf[0] = 0;
		return;
	}
	for (const char *in = buf; *in; in++) {
		if (*in == ')')
			continue;
		*out++ = *in == '(' || *in == ',' ? '-' : *in;
	}
	*out = 0;
}
