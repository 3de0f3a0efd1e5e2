/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nist.h - the parts of cryptodev-nist.
 */
#ifndef TESTS_VM_GUEST_NIST_H
#define TESTS_VM_GUEST_NIST_H

#include <stdbool.h>
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
 * @composed: of those, of a mode that the interface lacks; see composed.c
 * @inapplicable: vectors that the interface cannot express
 */
struct nist {
	const char *name;
	struct rsp *rsp;
	int fd;
	unsigned int vectors, failed, composed, inapplicable;
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
nist_run_t nist_composed;   /* triple DES ECB, AES CFB8; the ID is of the mode they are made of */
nist_run_t nist_xts;	    /* AES-XTS */
nist_run_t nist_hash;	    /* SHA: short and long messages */
nist_run_t nist_hash_monte; /* SHA: Monte Carlo */
nist_run_t nist_hmac;	    /* HMAC */
nist_run_t nist_gcm;	    /* AES-GCM, either direction */
nist_run_t nist_ccm;	    /* AES-CCM: generation */
nist_run_t nist_ccm_verify; /* AES-CCM: DVPT */

/**
 * struct nist_vector - a vector of a block cipher's mode.
 * @key: key, @keylen bytes of it
 * @iv: IV, when @has_iv
 * @decrypt: the vector's direction
 * @input: what goes in, @len bytes
 * @expected: what has to come out, as many
 *
 * Both point to memory of the reader's that lasts until it reads the next vector.
 */
struct nist_vector {
	uint8_t key[64], iv[16];
	ssize_t keylen;
	bool decrypt, has_iv;
	const uint8_t *input, *expected;
	size_t len;
};

/**
 * nist_read_vector - read the present vector of a block cipher's mode.
 * @n: file
 * @v: out
 * @block: lengths are a multiple of it
 * Return: 0 or -EINVAL.
 */
int nist_read_vector(struct nist *n, struct nist_vector *v, size_t block);

/** nist_session - a session for a vector's key. -ENOTSUP: the device has no such cipher. */
int nist_session(struct nist *n, uint32_t id, const uint8_t *key, size_t keylen, uint32_t *ses);

#define NIST_XTS_MAX 4096 /* longest data unit with stealing, and a block */

/**
 * nist_xts_steal - XTS of a data unit that does not end with a block.
 * @n: file
 * @ses: AES-XTS session
 * @decrypt: direction
 * @iv: data unit's number
 * @in: data; behind the last bit anything
 * @bits: its length, more than a block
 * @out: as long; zeros behind the last bit
 * Return: 0 or negative errno.
 */
int nist_xts_steal(struct nist *n, uint32_t ses, bool decrypt, const uint8_t iv[16],
		   const uint8_t *in, size_t bits, uint8_t *out);

/** struct nist_gcm - what goes into GCM beside the text; @len: bytes of the text. */
struct nist_gcm {
	const uint8_t *key, *iv, *aad;
	size_t keylen, ivlen, aadlen, len;
};

/**
 * nist_gcm_compose - GCM with a nonce of any length.
 * @n: file
 * @g: parameters
 * @open: decrypt
 * @in: text, @g->len bytes of it
 * @out: as many
 * @tag: out: the tag that belongs to it
 * Return: 0 or negative errno.
 */
int nist_gcm_compose(struct nist *n, const struct nist_gcm *g, bool open, const uint8_t *in,
		     uint8_t *out, uint8_t tag[16]);

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
