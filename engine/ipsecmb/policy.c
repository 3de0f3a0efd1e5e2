/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.c - which jobs the library is faster for. See internal.h.
 *
 * The numbers come from measurements of CPU time, of the same bursts on the engines openssl and
 * ipsec-mb in turn: docs/performance.md has the ratios and the command. The table is shipped and
 * not measured at each start. So a job takes the same path on every machine with the same CPU
 * features, and a busy moment of the host decides nothing. Where the gain is below a tenth,
 * openssl gets the job, because its code is the more widely reviewed.
 *
 * There are two sets: with vector AES (and AVX512), and without. For hashes the sets are with and
 * without the SHA instructions. libcrypto uses these, too; they replace the lanes.
 */
#include "engine/ipsecmb/internal.h"

#include "cryptodev.h"

/** struct measured - a row of each set. */
struct measured {
	uint32_t alg;
	bool decrypt;
	struct eng_mb_row wide;	  /* vector AES; hashes: the SHA instructions */
	struct eng_mb_row narrow; /* without */
};

/* Up to 32, 128, 512, 2048 bytes, more. 0: never. */
static const struct measured table[] = {
    {CRYPTO_AES_CBC, false, {{32, 4, 2, 2, 2}}, {{4, 3, 2, 2, 2}}},
    {CRYPTO_AES_CBC, true, {{2, 2, 1, 1, 1}}, {{2, 2, 2, 2, 0}}},
    {CRYPTO_AES_CTR, false, {{1, 1, 1, 1, 1}}, {{1, 1, 1, 1, 0}}},
    {CRYPTO_AES_CTR, true, {{1, 1, 1, 1, 1}}, {{1, 1, 1, 1, 0}}},
    {CRYPTO_AES_ECB, false, {{0, 0, 0, 2, 1}}, {{0, 0, 0, 0, 0}}},
    {CRYPTO_AES_ECB, true, {{0, 0, 0, 2, 1}}, {{0, 0, 0, 0, 0}}},
    {CRYPTO_AES_GCM, false, {{1, 1, 1, 1, 1}}, {{1, 1, 1, 1, 0}}},
    {CRYPTO_AES_GCM, true, {{1, 1, 1, 1, 1}}, {{1, 1, 1, 1, 0}}},
    {CRYPTO_AES_CCM, false, {{32, 12, 2, 2, 2}}, {{1, 2, 2, 2, 2}}},
    {CRYPTO_AES_CCM, true, {{1, 1, 1, 2, 2}}, {{1, 1, 1, 2, 2}}},
    {CRYPTO_CHACHA20_POLY1305, false, {{1, 1, 1, 1, 1}}, {{2, 2, 0, 0, 0}}},
    {CRYPTO_CHACHA20_POLY1305, true, {{1, 1, 1, 1, 1}}, {{1, 1, 1, 0, 0}}},
    {CRYPTO_SHA1, false, {{0, 0, 16, 8, 8}}, {{8, 6, 6, 6, 6}}},
    {CRYPTO_SHA2_224, false, {{6, 2, 2, 2, 2}}, {{6, 4, 4, 4, 4}}},
    {CRYPTO_SHA2_256, false, {{6, 2, 2, 2, 2}}, {{6, 4, 4, 4, 4}}},
    {CRYPTO_SHA2_384, false, {{8, 8, 8, 8, 8}}, {{8, 8, 8, 8, 8}}},
    {CRYPTO_SHA2_512, false, {{8, 8, 8, 8, 8}}, {{8, 8, 8, 8, 8}}},
    {CRYPTO_SHA1_HMAC, false, {{6, 6, 6, 8, 8}}, {{3, 4, 4, 4, 6}}},
    {CRYPTO_SHA2_224_HMAC, false, {{1, 1, 1, 2, 2}}, {{4, 4, 4, 4, 4}}},
    {CRYPTO_SHA2_256_HMAC, false, {{1, 1, 1, 2, 2}}, {{4, 4, 4, 4, 4}}},
    {CRYPTO_SHA2_384_HMAC, false, {{3, 4, 4, 8, 8}}, {{3, 4, 4, 8, 8}}},
    {CRYPTO_SHA2_512_HMAC, false, {{3, 4, 4, 8, 8}}, {{3, 4, 4, 8, 8}}},
};

struct eng_mb_row eng_mb_policy_row(const struct eng_mb_group *group, const struct eng_mb_cpu *cpu,
				    enum eng_mb_policy policy)
{
	bool hash = group->service == ENG_MB_SHA || group->service == ENG_MB_HMAC;
	bool wide = hash ? cpu->sha_ni && cpu->hash == ENG_MB_AVX2 : cpu->aes == ENG_MB_VAES;

	if (policy == ENG_MB_ALWAYS)
		return (struct eng_mb_row){{1, 1, 1, 1, 1}};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].alg == group->alg && table[i].decrypt == group->decrypt)
			return wide ? table[i].wide : table[i].narrow;
	return (struct eng_mb_row){{0}};
}
