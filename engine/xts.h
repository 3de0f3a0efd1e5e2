/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xts.h - continuing in the middle of an XTS data unit.
 *
 * XTS (IEEE 1619, SP 800-38E) processes block j of a data unit with the tweak E(K2, IV) * a^j in
 * GF(2^128). A data unit that is longer than a job can be takes several jobs. The IV of the next
 * job is
 *
 *     IV' = D(K2, E(K2, IV) * a^n)        n: blocks of the job before
 *
 * because then E(K2, IV') * a^j = E(K2, IV) * a^(n+j). An XTS job leaves that IV, so a data unit
 * cut at multiples of 16 bytes gives the result of a single job, as in every other mode. A caller
 * that starts a new data unit brings its own IV.
 */
#ifndef ENG_XTS_H
#define ENG_XTS_H

#include <openssl/evp.h>

#include "engine/engine.h"

/** Longest data unit in bytes, IEEE 1619-2007, 5.1: 2^20 blocks. */
#define ENG_XTS_MAX_LEN (16u << 20)

/** struct eng_xts - the tweak key of one session, for one thread. */
struct eng_xts;

/**
 * eng_xts_new - make one.
 * @ecb: AES in ECB mode with the key size of one half of the XTS key; borrowed
 * @key2: second half of the XTS key
 *
 * Return: the object, or NULL for lack of memory.
 */
struct eng_xts *eng_xts_new(const EVP_CIPHER *ecb, const uint8_t *key2);

/** eng_xts_free - wipe and free; NULL is allowed. */
void eng_xts_free(struct eng_xts *xts);

/** eng_xts_advance - replace @iv by the IV @blocks later. Return: 0 or -EIO. */
int eng_xts_advance(struct eng_xts *xts, uint8_t iv[VCD_MAX_IV_LEN], uint64_t blocks);

#endif /* ENG_XTS_H */
