/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nist.h - the parts of cryptodev-nist.
 */
#ifndef TESTS_VM_GUEST_NIST_H
#define TESTS_VM_GUEST_NIST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../dev.h"
#include "../ref.h"
#include "tests/lib/rsp.h"

#define NIST_MAX (1u << 20) /* longest value of any file */

/**
 * struct nist - one file being run.
 * @name: its name without folders
 * @rsp: its reader
 * @fd: the device
 * @vectors: vectors run
 * @failed: of those, wrong
 * @inapplicable: vectors that the interface cannot express
 */
struct nist {
	const char *name;
	struct rsp *rsp;
	int fd;
	unsigned int vectors, failed, inapplicable;
};

/**
 * typedef nist_run_t - run all vectors of a file.
 * @n: file
 * @id: algorithm, where the file's name tells it
 *
 * Return: 0, -ENOTSUP when the device lacks the algorithm, another negative
 * errno when the file was not understood. Wrong answers are counted, not
 * returned.
 */
typedef int nist_run_t(struct nist *n, uint32_t id);

nist_run_t nist_cipher;	    /* AES and triple DES: known answers and multi block messages */
nist_run_t nist_monte;	    /* AES: Monte Carlo */
nist_run_t nist_xts;	    /* AES-XTS */
nist_run_t nist_hash;	    /* SHA: short and long messages */
nist_run_t nist_hash_monte; /* SHA: Monte Carlo */
nist_run_t nist_hmac;	    /* HMAC */
nist_run_t nist_gcm;	    /* AES-GCM, either direction */
nist_run_t nist_ccm;	    /* AES-CCM: generation */
nist_run_t nist_ccm_verify; /* AES-CCM: DVPT */

/** nist_wrong - count the present vector as wrong and say so; @got may be NULL. */
void nist_wrong(struct nist *n, const char *what, const uint8_t *got, const uint8_t *want,
		size_t len);

/** nist_wrong_errno - the same for a call that returned @err instead of @want. */
void nist_wrong_errno(struct nist *n, const char *what, int err, int want);

/**
 * nist_expect - count the vector as wrong unless @err is 0 and @len bytes are equal.
 * Return: whether all is well.
 */
bool nist_expect(struct nist *n, const char *what, int err, const uint8_t *got, const uint8_t *want,
		 size_t len);

#endif
