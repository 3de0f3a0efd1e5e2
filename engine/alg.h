/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alg.h - the algorithm table and what is derived from it, for the backends.
 */
#ifndef VCD_ALG_H
#define VCD_ALG_H

#include "engine/engine.h"

/** Entries of vcd_algs[]. */
#define VCD_ALG_COUNT 33

/** The table, ordered by number. vcd_alg pointers anywhere point into it. */
extern const struct vcd_alg vcd_algs[VCD_ALG_COUNT];

/** vcd_alg_index - position of @alg in vcd_algs[], to key a backend's own array. */
static inline size_t vcd_alg_index(const struct vcd_alg *alg)
{
	return (size_t)(alg - vcd_algs);
}

/** enum vcd_mode - how a cipher goes from one block, and one job, to the next. */
enum vcd_mode {
	VCD_MODE_NONE, /* no IV: ECB, NULL; and everything that is no cipher */
	VCD_MODE_CBC,
	VCD_MODE_CTR,
	VCD_MODE_CFB,
	VCD_MODE_OFB,
	VCD_MODE_XTS,
	VCD_MODE_AEAD,
};

/** vcd_alg_mode - mode of @alg; NULL gives VCD_MODE_NONE. */
enum vcd_mode vcd_alg_mode(const struct vcd_alg *alg);

/**
 * vcd_aead_lengths_ok - whether an AEAD job's lengths are some that its algorithm has.
 *
 * Nonce, tag, and the message: CCM counts its bytes in 15 - nonce bytes, no backend
 * takes more than an int.
 */
bool vcd_aead_lengths_ok(const struct vcd_job *job);

/**
 * vcd_alg_driver_name - "openssl" and "cbc(aes)" make "openssl-cbc-aes".
 * @buf: result, always terminated
 * @size: bytes at @buf
 */
void vcd_alg_driver_name(const struct vcd_alg *alg, const char *backend, char *buf, size_t size);

#endif /* VCD_ALG_H */
