/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scheme.h - the facts of keys and schemes: one table for policy, checks and stores.
 */
#ifndef VCD_KEEPER_SCHEME_H
#define VCD_KEEPER_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keeper/link.h"

/** enum scheme_family - how a scheme is carried out. */
enum scheme_family {
	FAMILY_RSA_PKCS1,
	FAMILY_RSA_PSS,
	FAMILY_ECDSA,
	FAMILY_PURE, /* Ed25519, ML-DSA: the message itself */
	FAMILY_OAEP,
	FAMILY_ECDH,
};

/**
 * struct scheme - one scheme.
 * @name: as the policy has it
 * @id: enum keeper_scheme
 * @family: how it is carried out
 * @kind: what key it takes
 * @use: the right that it needs, KEEPER_USE_*
 * @digest: libcrypto's name of the digest, or NULL
 * @digest_len: its bytes
 */
struct scheme {
	const char *name;
	enum keeper_scheme id;
	enum scheme_family family;
	enum keeper_kind kind;
	uint32_t use;
	const char *digest;
	size_t digest_len;
};

/** scheme_find - the scheme with this number, or NULL. */
const struct scheme *scheme_find(unsigned int id);

/** scheme_named - the scheme of that name, or NULL. */
const struct scheme *scheme_named(const char *name);

/** scheme_at - entry @i of the table, NULL behind the last. */
const struct scheme *scheme_at(size_t i);

/** schemes_of - bit map of the schemes that a key of @kind could have. */
uint64_t schemes_of(enum keeper_kind kind);

/** schemes_use - the rights that the schemes of the bit map @schemes are for. */
uint32_t schemes_use(uint64_t schemes);

/** kind_name - "rsa", "ec-p256", "symmetric"; for messages. */
const char *kind_name(enum keeper_kind kind);

/** kind_bytes - bytes of a coordinate of a curve, 0 for what is none. */
size_t kind_bytes(enum keeper_kind kind);

/** kind_max_out - the most bytes that an operation of a key of @kind and @bits puts out. */
size_t kind_max_out(enum keeper_kind kind, unsigned int bits);

/** use_named - the right of that name, KEEPER_USE_*; 0: none. */
uint32_t use_named(const char *name);

/** use_name - the name of one right. */
const char *use_name(uint32_t use);

/** form_name - "any", "tls13-server", "tls13-client". */
const char *form_name(enum keeper_form form);

/** form_named - the form of that name, or KEEPER_FORM_COUNT. */
enum keeper_form form_named(const char *name);

/**
 * form_holds - whether a message to be signed has the form that the policy demands.
 *
 * The CertificateVerify of TLS 1.3: 64 blanks, a context string, a 0, and a transcript hash of 32
 * or 48 bytes.
 */
bool form_holds(enum keeper_form form, const uint8_t *message, size_t len);

#endif /* VCD_KEEPER_SCHEME_H */
