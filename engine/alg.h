/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alg.h - the algorithm table and what is derived from it, for the backends.
 */
#ifndef ENG_ALG_H
#define ENG_ALG_H

#include "engine/engine.h"

/** Entries of eng_algs[]. */
#define ENG_ALG_COUNT 33

/** The table, in the order of numbers. All pointers to a struct eng_alg point into it. */
extern const struct eng_alg eng_algs[ENG_ALG_COUNT];

/** eng_alg_index - position of @alg in eng_algs[], to key a backend's own array. */
static inline size_t eng_alg_index(const struct eng_alg *alg)
{
	return (size_t)(alg - eng_algs);
}

/** enum eng_mode - how a cipher continues from one block, and one job, to the next. */
enum eng_mode {
	ENG_MODE_NONE, /* no IV: ECB, NULL, and what is not a cipher */
	ENG_MODE_CBC,
	ENG_MODE_CTR,
	ENG_MODE_CFB,
	ENG_MODE_OFB,
	ENG_MODE_XTS,
	ENG_MODE_AEAD,
};

/** eng_alg_mode - mode of @alg; NULL gives ENG_MODE_NONE. */
enum eng_mode eng_alg_mode(const struct eng_alg *alg);

/**
 * eng_aead_lengths_ok - whether an AEAD's algorithm allows the lengths of @job.
 *
 * These are nonce, tag and message: CCM counts its bytes in 15 - nonce bytes, and no backend takes
 * more than an int.
 */
bool eng_aead_lengths_ok(const struct eng_job *job);

/**
 * eng_alg_driver_name - "openssl" and "cbc(aes)" make "openssl-cbc-aes".
 * @buf: result, always terminated
 * @size: bytes at @buf
 */
void eng_alg_driver_name(const struct eng_alg *alg, const char *backend, char *buf, size_t size);

#endif /* ENG_ALG_H */
