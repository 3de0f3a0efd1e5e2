/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iv.h - the IV that the next job continues with.
 *
 * Every backend computes it here, from the data, because neither libcrypto nor a host's /dev/crypto
 * reports it in the same way for all modes. The definition:
 *
 *   CBC, CFB  the last whole block of ciphertext, in both directions
 *   OFB       the last whole block of key stream
 *   CTR       the counter, advanced by the blocks used, a trailing part of a
 *             block counted as one; 128 bits big-endian, wrapping
 *   XTS       the IV with which the rest of the same data unit is processed (xts.h)
 *   AEAD      the nonce, unchanged
 *
 * In CFB and OFB a trailing part of a block does not count: the IV is that of the last block
 * boundary, or the job's own IV when no whole block was processed. So in every mode, data that is
 * cut at multiples of the block size (16 where that is 1) into several jobs gives the result of a
 * single job.
 */
#ifndef ENG_IV_H
#define ENG_IV_H

#include "engine/alg.h"

/** struct eng_iv_saved - input that eng_iv_next() needs and that a job in place overwrites. */
struct eng_iv_saved {
	uint8_t block[VCD_MAX_IV_LEN];
};

/** eng_iv_save - save it, before the cipher runs. */
void eng_iv_save(struct eng_iv_saved *saved, const struct eng_job *job);

/**
 * eng_iv_next - after the cipher ran, put the IV to continue with into @job->iv.
 *
 * Not for XTS, which needs the key: eng_xts_advance().
 */
void eng_iv_next(const struct eng_iv_saved *saved, struct eng_job *job);

#endif /* ENG_IV_H */
